"""Expectations about what the agent says of itself."""

from __future__ import annotations

from functools import partial
from typing import Any

from profiles.nearest import did_you_mean

from ..arguments import Count, Duration, MaybeNumber
from ..checks.state import (
    counter_within_interval,
    processed_ids_once,
    reads_include_own_writes,
    state_equals,
    state_never_goes_back,
)
from ..engine import client as clients
from ..errors import UsageError
from .decorator import keyword
from .expectation import Check, Expectation
from .kit import Kit

HANG_GUARD = Duration(clients.HANG_GUARD)


class StateKeywords:
    """Correlated snapshots of the agent's state."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("State",))
    def take_state_snapshot(self, *fields: str, client: str | None = None, within: Duration = HANG_GUARD) -> dict[str, Any]:
        """Asks the agent for its state and returns the answer to exactly this question.

        | =Argument= | =Meaning=                                                                        |
        | fields     | names of the fields that are needed, such as ``message_count``; none: all of them |
        | client     | alias; none: the only open client                                                |
        | within     | how long to wait for the answer                                                  |

        Returns a dictionary with the fields that the target file maps, such as ``message_count``, ``last_sequence_id``, ``version``,
        ``pending``. Does not wait for messages under way. Fails if no answer comes in time, and if the target file maps no such field.

        | ${state} =    `Take State Snapshot`    message_count    version
        """
        kit = self._kit
        kit.must_offer("agent_state")
        mapped = kit.target.file.questions["agent_state"].answer.fields
        if strange := [field for field in fields if field not in mapped]:
            raise UsageError(
                f"{kit.target.path} maps no field '{strange[0]}' of the agent's state{did_you_mean(strange[0], sorted(mapped))} "
                f"Its 'questions.agent_state.answer.fields' are: {', '.join(sorted(mapped))}"
            )
        answer = kit.engine.run(kit.client(client).ask("agent_state", within))
        told = dict((answer.details or {})["fields"])
        return {field: told[field] for field in fields} if fields else told

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
        self.take_state_snapshot(client=client)
        self._expect.holds(exact, client=client, beside=consistent)
