"""What happens at the borders of suites and tests. A listener must never raise: what it cannot do it says as a warning."""

from __future__ import annotations

import re
from typing import Any

from robot.api import logger

from .keywords.kit import Kit, TestScope

_CASE = re.compile(r"(rms|hvt|wsr)-[0-9b][0-9-]*")


class TestListener:
    """Gives each test fresh accounts and a fresh slice of the journal, and closes what it forgot to close."""

    ROBOT_LISTENER_API_VERSION = 3
    __test__ = False  # pytest: not a test class

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._tests = 0
        self._before_suite: list[frozenset[str]] = []

    def start_suite(self, data: Any, result: Any) -> None:  # noqa: ARG002 - Robot's interface
        """Remembers which clients belong to outer suites."""
        self._before_suite.append(frozenset(self._kit.engine.clients))
        self._kit.scope = TestScope(number=self._tests, name=data.full_name, cursor=self._kit.engine.journal.cursor)

    def start_test(self, data: Any, result: Any) -> None:
        """A new test begins: new accounts, new message ids, an empty slice."""
        self._tests += 1
        cases = ",".join(sorted(tag for tag in map(str, result.tags) if _CASE.fullmatch(tag)))
        self._kit.scope = TestScope(
            number=self._tests, name=data.full_name, cases=cases, cursor=self._kit.engine.journal.cursor,
            outer_clients=frozenset(self._kit.engine.clients),
            criterion=next((tag for tag in map(str, result.tags) if tag.startswith("fr-")), ""),
        )

    def end_test(self, data: Any, result: Any) -> None:  # noqa: ARG002 - Robot's interface
        """Saves the journal of a failed test, closes its clients and says what could not be checked."""
        scope = self._kit.scope
        try:
            if result.failed and self._kit.engine.journal.cursor > scope.cursor:
                name = re.sub(r"[^A-Za-z0-9]+", "-", scope.name)[-80:].strip("-")
                self._kit.engine.journal.save(self._kit.records.folder / "journals" / f"{name}.jsonl", scope.cursor)
            if result.passed and scope.not_offered:
                done, all_checks = scope.checks_done, scope.checks_done + len(scope.not_offered)
                note = f"{done} of {all_checks} checks; not offered by the target: {', '.join(scope.not_offered)}."
                result.message = f"{result.message}\n{note}".strip()
            self._close(frozenset(self._kit.engine.clients) - scope.outer_clients)
        except Exception as error:  # noqa: BLE001 - a listener must not end the run
            logger.warn(f"Tidying up after '{scope.name}' failed: {error}")

    def end_suite(self, data: Any, result: Any) -> None:  # noqa: ARG002 - Robot's interface
        """Closes what the suite's setup opened."""
        try:
            before = self._before_suite.pop() if self._before_suite else frozenset[str]()
            self._close(frozenset(self._kit.engine.clients) - before)
        except Exception as error:  # noqa: BLE001 - a listener must not end the run
            logger.warn(f"Tidying up after the suite failed: {error}")

    def close(self) -> None:
        """The run ends: stops a target that a failed suite left behind, and the loop thread."""
        try:
            if self._kit.has_target:
                self._kit.target.close()
            self._kit.engine.stop()
        except Exception as error:  # noqa: BLE001 - a listener must not end the run
            logger.warn(f"Tidying up at the end of the run failed: {error}")

    def _close(self, aliases: frozenset[str]) -> None:
        if aliases:
            self._kit.engine.run(self._kit.engine.close(aliases))
