"""Expectations about what the agent says of itself."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..arguments import Count, MaybeNumber
from ..checks.state import (
    counter_within_interval,
    processed_ids_once,
    reads_include_own_writes,
    state_equals,
    state_never_goes_back,
)
from ..engine.client import HANG_GUARD
from ..errors import EnvironmentSetupError
from .decorator import keyword
from .expectation import Check, Expectation
from .kit import Kit


class StateKeywords:
    """Correlated snapshots of the agent's state."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("State",))
    def take_state_snapshot(self, client: str | None = None) -> dict[str, Any]:
        """Asks the agent for its state and returns the answer to exactly this question.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client |

        Returns a dictionary with the fields that the target file maps, such as ``message_count``, ``last_sequence_id``, ``version``,
        ``pending``. Does not wait for messages under way. Fails if no answer comes within 30 s.

        | ${state} =    `Take State Snapshot`
        """
        kit = self._kit
        one = kit.client(client)
        try:
            answer = kit.engine.run(one.ask("agent_state", HANG_GUARD))
        except TimeoutError:
            raise EnvironmentSetupError(f"{kit.target.title} did not answer {one.alias}'s question for the agent's state within {HANG_GUARD:g} s{kit.obituary()}") from None
        return dict((answer.details or {})["fields"])

    @keyword(tags=("Expectation", "State"))
    def the_agent_should_have_processed(self, count: Count, last_sequence: MaybeNumber = None, client: str | None = None) -> None:
        """The agent's own counters are exact once everything is answered, and no earlier snapshot contradicts them.

        | =Argument=    | =Meaning=                                                               |
        | count         | how many messages the agent must have processed for this user           |
        | last_sequence | number of the last message (the first has 0); none: not looked at       |
        | client        | alias; none: the only open client                                       |

        Violations: miscounted, stale_read, went_back, duplicated. Not offered where the agent cannot be asked for its state.

        | `The Agent Should Have Processed` | 20 | last_sequence=19 |
        """
        spared = self._kit.client(client).account.spared  # what the target was not sent, since it does not take so much
        expected: dict[str, object] = {"message_count": count - spared}
        exact: Check = partial(state_equals, expected=expected)
        consistent: list[Check] = [counter_within_interval, reads_include_own_writes, state_never_goes_back, processed_ids_once]
        if not self._expect.offered("agent_state", [exact, *consistent]) or not self._expect.offered("message_count", [exact, *consistent]):
            return
        if last_sequence is not None and self._expect.offered("last_sequence", "number of the last message"):
            expected["last_sequence_id"] = last_sequence - spared
        self._expect.history(client)  # the barrier: from here the counters are final
        self.take_state_snapshot(client)
        self._expect.holds(exact, client=client, beside=consistent)
