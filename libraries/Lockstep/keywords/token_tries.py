"""What is known of the tokens of a test, and what was tried with them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from robot.api.types import Secret

from ..engine.attempts import Shown, TokenAttempt, paced, together
from .auditing import audit_begins
from .kit import Kit

SECRET = 20
"""Characters from which on something may be a secret; less could be found anywhere."""


class TokenTries:
    """Of the running test; what belongs to the one before is forgotten."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._test = 0
        self._facts: dict[str, dict[str, Any]] = {}
        self._made: list[TokenAttempt] = []
        self._users: dict[str, str] = {}

    def known(self, token: Secret, title: str, *, valid: bool) -> Secret:
        """Remembers what kind of a token this is, as long as the test goes on."""
        self._begin()
        self._facts[token.value] = {"token": title, "valid": valid}
        if len(token.value) >= SECRET:
            self._kit.scope.secrets.add(token.value)
        return token

    def facts_of(self, token: Secret) -> Mapping[str, Any]:
        """What the journal may keep of it."""
        self._begin()
        return self._facts.get(token.value, {"token": "a token of the test's own", "valid": True})

    def run(self, shown: list[Shown], *, every: float = 0.0, at_once: bool = False) -> list[TokenAttempt]:
        """Shows tokens one after the other, or all at once."""
        self._begin()
        kit, first = self._kit, len(self._made) + 1
        for one in shown:
            self._users[one.account.user or one.account.login] = one.account.role
        work = together if at_once else partial(paced, every=every)
        attempts = kit.engine.run(work(kit.engine, kit.target, shown, first, kit.fence))
        self._made += attempts
        return attempts

    @property
    def clients(self) -> set[str]:
        """The aliases under which the journal keeps the attempts."""
        self._begin()
        return {attempt.client for attempt in self._made}

    @property
    def users(self) -> Mapping[str, str]:
        """Whose tokens were shown: id at the target -> role."""
        self._begin()
        return self._users

    def _begin(self) -> None:
        if self._test != self._kit.scope.number:
            self._test = self._kit.scope.number
            self._facts, self._made, self._users = {}, [], {}
            audit_begins(self._kit)
