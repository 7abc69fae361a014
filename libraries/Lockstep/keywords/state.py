"""Expectations about what the agent says of itself."""

from __future__ import annotations

from functools import partial
from typing import Any

from profiles.nearest import did_you_mean

from ..arguments import Count, Duration, MaybeNumber
from ..checks.context import complete_only_at_end, context_as_modelled, objects_within, snapshots_whole, versions_without_gap
from ..checks.isolation import nothing_leaked
from ..checks.state import (
    counter_within_interval,
    processed_ids_once,
    reads_include_own_writes,
    state_equals,
    state_never_goes_back,
)
from ..engine import sending
from ..errors import UsageError
from .decorator import keyword
from .expectation import Check, Expectation
from .kit import Kit

HANG_GUARD = Duration(sending.HANG_GUARD)


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
        | client        | alias; none: the only open client; ``everyone``: all clients of the one user |

        Violations: miscounted, stale_read, went_back, duplicated. Not offered where the agent cannot be asked for its state.

        | `The Agent Should Have Processed` | 20 | last_sequence=19 |
        """
        spared = sum(account.spared for account in self._kit.accounts(client))  # what the target was not sent, since it does not take so much
        expected: dict[str, object] = {"message_count": count - spared}
        exact: Check = partial(state_equals, expected=expected)
        consistent: list[Check] = [counter_within_interval, reads_include_own_writes, state_never_goes_back, processed_ids_once]
        if not self._expect.offered("agent_state", [exact, *consistent]) or not self._expect.offered("message_count", [exact, *consistent]):
            return
        if last_sequence is not None and self._expect.offered("last_sequence", "number of the last message"):
            expected["last_sequence_id"] = last_sequence - spared
        self._final_snapshots(client)
        self._expect.holds(exact, client=client, beside=consistent)

    @keyword(tags=("Expectation", "State"))
    def the_agent_should_remember_the_conversation(self, client: str | None = None) -> None:
        """Each snapshot says of the conversation what the kit's own model says: topics, contents in order, counters.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        The model is made of the messages and of the payload's labels, which were never sent. A last snapshot is taken first. Records
        ``context_violations`` (observations). Violations: context_lost, torn_snapshot, stale_read, miscounted, went_back, duplicated,
        disagreement, gap, leaked_to_other_user. Where the agent tells counters and nothing of what was said (``context``), only the counters
        are judged.

        | `The Agent Should Remember The Conversation` |
        """
        modelled: Check = partial(context_as_modelled, labels=self._kit.scope.labels)
        told = [modelled] if self._expect.offered("context", [modelled]) else []
        self._final_snapshots(client)
        canaries = {account.user: account.canary for account in self._kit.scope.accounts.values()}
        self._expect.holds(
            *told, counter_within_interval, state_never_goes_back, client=client,
            beside=[reads_include_own_writes, processed_ids_once, versions_without_gap, partial(nothing_leaked, canaries=canaries)],
        )

    @keyword(tags=("Expectation", "State"))
    def snapshots_should_be_whole(self, client: str | None = None) -> None:
        """All fields of a snapshot belong to one moment, and no later snapshot is older than an earlier one.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Name all clients of a user: messages of a client that is left out would be missing in the model. Violations: torn_snapshot,
        went_back, stale_read.

        | `Snapshots Should Be Whole` |
        """
        self._final_snapshots(client)
        self._expect.holds(snapshots_whole, state_never_goes_back, client=client, beside=[reads_include_own_writes])

    @keyword(tags=("Expectation", "State"))
    def the_conversation_should_be_complete_only_at_the_end(self, client: str | None = None) -> None:
        """The agent calls the conversation complete behind the message that ended it, and at no other moment.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Violation: incomplete_stream. Left out where the agent is not told, or does not tell, what ends a conversation (``completion``).

        | `The Conversation Should Be Complete Only At The End` |
        """
        if self._expect.offered("completion", [complete_only_at_end]):
            self._final_snapshots(client)
            self._expect.holds(complete_only_at_end, client=client)

    @keyword(tags=("Expectation", "State"))
    def the_agent_should_hold_fewer_objects_than(self, limit: Count, client: str | None = None) -> None:
        """By its own account the agent keeps little in memory for this user, in every snapshot.

        | =Argument= | =Meaning=                                                    |
        | limit      | objects, such as ``10000``                                   |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Violation: leak. Left out where the agent does not tell it (``memory_usage``).

        | `The Agent Should Hold Fewer Objects Than` | 10000 |
        """
        check: Check = partial(objects_within, limit=int(limit))
        if self._expect.offered("memory_usage", [check]):
            self._final_snapshots(client)
            self._expect.holds(check, client=client)

    def _final_snapshots(self, client: str | None) -> None:
        """One snapshot behind the barrier, so that there is something to judge and the end is judged too."""
        self._kit.must_offer("agent_state")
        self._expect.history(client)
        for one in self._kit.clients(client):
            if one.connection is not None and one.connection.is_open:
                self.take_state_snapshot(client=one.alias)
