"""Expectations about the waits of clients that try to come back."""

from __future__ import annotations

from functools import partial

from ..checks import History
from ..checks.backoff import waits_follow_ladder
from .decorator import keyword
from .expectation import Expectation
from .kit import Kit
from .reconnecting import ReconnectingKeywords


class BackingOffKeywords:
    """Whoever cannot get in knocks less and less often, and not without end."""

    def __init__(self, kit: Kit, expectation: Expectation, reconnecting: ReconnectingKeywords) -> None:
        self._kit = kit
        self._expect = expectation
        self._reconnecting = reconnecting

    @keyword(tags=("Expectation", "Sessions"))
    def waits_should_follow_the_ladder(self, client: str | None = None) -> None:
        """Whoever tried to come back in this test waited before each try as `Set Reconnect Ladder` says.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        What a client chose to wait lies between the rung less ``jitter`` and the rung plus ``jitter``; what it did wait, from the end of
        its connection or of its last try, was no shorter. It may have been longer: machines are late. With `Reconnect` the first try
        comes at once and the ladder begins behind it; clients that come back by themselves wait before the first try too. Nobody tried more
        often than ``tries``, and who gave up although the target had not said no for good tried as often. Say the ladder before the first
        try, and do not change it between. Records ``ladder_tries``, ``ladder_tries_most`` and ``ladder_wait_longest`` (s). Violations:
        disagreement, stalled; vacuous where nobody had to wait.

        | `Set Reconnect Ladder` | first=0.1 s | factor=2 | cap=2 s | jitter=0 | tries=5 |
        | `Reconnect` | alice |
        | `Waits Should Follow The Ladder` | alice |
        """
        kit, clients, ladder = self._kit, self._kit.clients(client), self._reconnecting.ladder
        at_once = any(one.by_itself is None for one in clients)
        tried = History(kit.engine.journal.slice(kit.scope.cursor, {one.alias for one in clients}), [])  # what is under way changes no wait
        self._expect.judge(tried, [partial(waits_follow_ladder, rungs=ladder.rungs, jitter=ladder.jitter, at_once=at_once)])
