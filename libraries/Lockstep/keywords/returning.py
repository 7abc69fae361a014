"""Expectations about many returns to a session: when the context was there again, and whether returns become slower."""

from __future__ import annotations

from ..arguments import Duration
from ..checks.recovery import recovers_within
from ..checks.returns import context_times, returns_do_not_slow_down
from ..engine.reconnect import Reconnection
from .decorator import keyword
from .expectation import Expectation
from .kit import Kit

TOPIC = "recovery"


class ReturningKeywords:
    """Times of several returns, void where this machine was late."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("Expectation", "Sessions", "Figures"))
    def the_context_should_have_been_back_within(self, limit: Duration, client: str | None = None) -> None:
        """From the first try to reconnect until conversation or memory were there again, as the median of five or more returns of this test.

        | =Argument= | =Meaning=                                                    |
        | limit      | such as ``1 s``                                              |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Behind each return the conversation or the memory has to be read (`Read The Conversation History`); the time before the client asks
        does not count. Records ``context_mean``, ``context_median`` and ``context_max`` (ms). Violations: too_slow; vacuous with fewer than
        five. Void (test skipped as *invalid*) when the generator itself was late.

        | `The Context Should Have Been Back Within` | 1 s | alice |
        """
        history = self._expect.history(client)
        verdict = recovers_within(context_times(history), limit, "context")
        self._expect.conclude([(TOPIC, verdict)], history, self._expect.invalid_reason(history.events))

    @keyword(tags=("Expectation", "Sessions", "Figures"))
    def reconnecting_should_not_become_slower(self, reconnections: list[Reconnection], client: str | None = None) -> None:
        """From the first of these reconnections to the last it did not take longer and longer: by less than 50 ms in all.

        | =Argument=    | =Meaning=                                                      |
        | reconnections | a list of what `Reconnect` returned, in order; five or more     |
        | client        | whose they are; none: the only open client                     |

        Records ``reconnect_rise`` (ms). Violation: too_slow; vacuous with fewer than five. Void (test skipped as *invalid*) when the generator
        itself was late. Source: Theil, Sen.

        | `Reconnecting Should Not Become Slower`    ${reconnections}    alice
        """
        history = self._expect.history(client)
        verdict = returns_do_not_slow_down([one.took for one in reconnections])
        self._expect.conclude([(TOPIC, verdict)], history, self._expect.invalid_reason(history.events))
