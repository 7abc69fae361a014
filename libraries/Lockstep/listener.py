"""What happens at the borders of suites and tests. A listener must never raise: what it cannot do it says as a warning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from robot.api import logger

from .engine.activity import Name
from .keywords.kit import Kit, TestScope

ENDS_WITHIN = 5.0
"""s for what a test left going on; then it is cut off."""
MARKUP = "*HTML*"
"""Robot shows a message that begins like this as HTML. A failure may begin with what a server said, such as in `Should Be Equal`."""
_CASE = re.compile(r"(rms|hvt|wsr)-[0-9b][0-9-]*")


class TestListener:
    """Gives each test fresh accounts and a fresh slice of the journal, and closes what it forgot to close."""

    ROBOT_LISTENER_API_VERSION = 3
    __test__ = False  # pytest: not a test class

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._scopes = 0
        self._before_suite: list[tuple[frozenset[str], frozenset[Name]]] = []

    def start_suite(self, data: Any, result: Any) -> None:  # noqa: ARG002 - Robot's interface
        """Remembers which clients and activities belong to outer suites."""
        self._before_suite.append((self._clients(), self._activities()))
        self._kit.scope = self._scope(data.full_name)
        self._kit.tests = tuple(str(test.name) for test in data.tests)

    def start_test(self, data: Any, result: Any) -> None:
        """A new test begins: new accounts, new message ids, an empty slice."""
        tags = [str(tag) for tag in result.tags]
        self._kit.scope = scope = self._scope(data.full_name)
        scope.cases = ",".join(sorted(tag for tag in tags if _CASE.fullmatch(tag)))
        scope.criterion = next((tag for tag in tags if tag.startswith("fr-")), "")
        scope.outer_clients = self._clients()
        scope.outer_activities = self._activities()

    def end_test(self, data: Any, result: Any) -> None:  # noqa: ARG002 - Robot's interface
        """Saves the journal of a failed test, closes its clients and says what could not be checked."""
        scope = self._kit.scope
        if result.failed and self._kit.engine.journal.cursor > scope.cursor:
            with _only_warning(f"The journal of '{scope.name}' could not be saved"):
                self._save(scope)
        if result.passed and scope.not_offered:
            done, left_out = scope.checks_done, scope.not_offered
            note = f"{done} of {done + len(left_out)} checks; not offered by the target: {', '.join(left_out)}."
            result.message = f"{result.message}\n{note}".strip()
        if result.passed and scope.not_measured:
            smaller = "; ".join(dict.fromkeys(scope.not_measured))
            result.status, result.message = "SKIP", f"not measured: {smaller}. What was sent broke no promise.\n{result.message}".strip()
        if scope.rows_skipped and not result.failed:  # one row met and another without a figure: the criterion is not met
            result.status, result.message = "SKIP", scope.rows_skipped[0]
        with _only_warning(f"The faults of '{scope.name}' could not be ended"):
            self._kit.end_faults()
        with _only_warning(f"Closing what '{scope.name}' left open failed"):
            self._end(self._activities() - scope.outer_activities)
            self._close(self._clients() - scope.outer_clients)
        with _only_warning(f"What '{scope.name}' had set for the users to come could not be taken back"):
            self._kit.take_back()
        if scope.loads:
            with _only_warning(f"The load of '{scope.name}' could not be drawn"):
                self._draw(scope)
        result.message = result.message.removeprefix(MARKUP)

    def end_keyword(self, data: Any, result: Any) -> None:  # noqa: ARG002 - Robot's interface
        """No failure is shown as markup."""
        result.message = result.message.removeprefix(MARKUP)

    def log_message(self, message: Any) -> None:
        """No failure is shown as markup."""
        if message.level in {"FAIL", "SKIP"}:
            message.html = False

    def end_suite(self, data: Any, result: Any) -> None:  # noqa: ARG002 - Robot's interface
        """Closes what the suite's setup opened."""
        result.message = result.message.removeprefix(MARKUP)
        clients, activities = self._before_suite.pop() if self._before_suite else (frozenset[str](), frozenset[Name]())
        with _only_warning("Closing what the suite left open failed"):
            self._end(self._activities() - activities)
            self._close(self._clients() - clients)

    def close(self) -> None:
        """The run ends: stops a target that a failed suite left behind, and the loop thread."""
        if self._kit.has_target:
            with _only_warning("Ending the target that the run left behind failed"):
                self._kit.end_target()
        with _only_warning("Ending the engine failed"):
            self._kit.engine.stop()

    def _scope(self, name: str) -> TestScope:
        """A scope with a number of its own: logins are made of it, and no two scopes may share one."""
        self._scopes += 1
        return TestScope(number=self._scopes, name=name, cursor=self._kit.engine.journal.cursor)

    def _clients(self) -> frozenset[str]:
        return frozenset(self._kit.engine.clients)

    def _activities(self) -> frozenset[Name]:
        return self._kit.engine.activities.names

    def _end(self, activities: frozenset[Name]) -> None:
        """Nobody will stop these any more, so an error in one of them is told here."""
        if activities:
            for sentence in self._kit.engine.run(self._kit.engine.activities.stop_all(sorted(activities), ENDS_WITHIN)):
                logger.warn(sentence)

    def _save(self, scope: TestScope) -> None:
        name = re.sub(r"[^A-Za-z0-9]+", "-", scope.name)[-80:].strip("-")
        self._kit.engine.journal.save(self._kit.records.folder / "journals" / f"{name}.jsonl", scope.cursor)

    @staticmethod
    def _draw(scope: TestScope) -> None:
        """Here, since nothing of the test is measured any more; the library that draws is imported with the first picture."""
        from .telling.plots import load_picture  # noqa: PLC0415

        logger.info(load_picture(scope.loads, scope.knee), html=True)

    def _close(self, aliases: frozenset[str]) -> None:
        if aliases:
            self._kit.engine.run(self._kit.engine.close(aliases))


@contextmanager
def _only_warning(what: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001 - a listener must not end the run
        logger.warn(f"{what}: {error}")
