"""Expectations about what agents say of their own accord: it waits while nobody is there, and then arrives once, or is said to be lost."""

from __future__ import annotations

import asyncio
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from ..arguments import Count, Duration, MaybeCount, MaybeNumber, Number
from ..checks import Code, Verdict
from ..checks.events import Kind
from ..checks.growth import grows_at_most_linearly
from ..checks.offsets import offsets_agree, offsets_without_gap
from ..checks.recovery import recovers_within
from ..checks.waiting import agents_are_heard_in_order, agents_are_heard_once, deliveries, losses_are_told, queue_stays_within
from ..engine.client import Client
from ..engine.sending import HANG_GUARD
from ..engine.speaking import Spoken, depth_of
from ..errors import UsageError
from ..targets.guarantees import Outbound
from .decorator import keyword
from .expectation import Check, Expectation
from .kit import Kit
from .speaking import LOOK_EVERY, queue_told

NONE = Number(0)
TOPIC = "waiting"

# As in arguments.py: Robot needs the bare type, the type checker must know of None.
if TYPE_CHECKING:
    MaybeSpoken = Spoken | None
else:
    MaybeSpoken = Spoken


class WaitingKeywords:
    """The outbound queue of a session, judged by what comes out of it."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("Expectation", "Sessions"))
    def outbound_queue_should_hold(self, depth: Number, client: str | None = None, *, expired: MaybeNumber = None) -> None:
        """So many messages wait for a client, by the target's word, and so many have waited too long.

        | =Argument= | =Meaning=                                                      |
        | depth      | how many, 0 or more                                            |
        | client     | alias; none: the only client                                   |
        | expired    | how many have expired since the session began; none: any number |

        Whether they arrive is for `Waiting Messages Should Arrive Once And In Order`. Violations: over_capacity (more wait), lost (fewer),
        miscounted (its figures contradict each other, or other messages have expired). Left out where the target does not offer ``waiting``.

        | `Outbound Queue Should Hold`    1    alice
        """
        if not self._expect.offered("waiting", "the depth of the outbound queue"):
            return
        told = self._kit.engine.run(queue_told(self._kit, self._kit.client(client)))
        verdict = Verdict("the outbound queue holds what it should", exercised=1)
        held = int(told["depth"])
        if held != depth:
            verdict.violated(Code.OVER_CAPACITY if held > depth else Code.LOST, f"the target tells of {held} waiting messages, where {depth} must wait")
        if sum((told.get("by_priority") or {"any": held}).values()) != held:
            verdict.violated(Code.MISCOUNTED, f"the target tells of {held} waiting messages, and of {told['by_priority']} by priority")
        if expired is not None and int(told.get("expired") or 0) != expired:
            verdict.violated(Code.MISCOUNTED, f"the target tells of {told.get('expired')} expired messages, where {expired} have expired")
        self._expect.conclude([(TOPIC, verdict)])

    @keyword(tags=("Waiting", "Sessions"))
    def wait_until_nothing_waits_any_more(self, client: str | None = None) -> None:
        """Waits until the target has nothing left for a client of what agents have said. Judges nothing.

        | =Argument= | =Meaning=                                                       |
        | client     | alias of a client that is connected; none: the only open client |

        `Waiting Messages Should Arrive Once And In Order` waits by itself. After 30 s the wait ends.

        | `Reconnect`    alice
        | `Wait Until Nothing Waits Any More`    alice
        """
        self._nothing_is_left_for(self._kit.client(client))

    @keyword(tags=("Expectation", "Sessions"))
    def the_outbound_queue_should_have_stayed_within(self, size: Count, client: str | None = None) -> None:
        """Behind none of the messages that agents said with ``watched=yes`` more messages waited than there are places.

        | =Argument= | =Meaning=                    |
        | size       | so many messages             |
        | client     | alias; none: the only client |

        Records ``outbound_depth`` (messages, the highest). Violation: over_capacity. Fails as vacuous if nobody looked.

        | `Let Agents Speak`    alice    10    watched=yes
        | `The Outbound Queue Should Have Stayed Within`    5    alice
        """
        self._expect.holds(partial(queue_stays_within, size=int(size)), client=client)

    @keyword(tags=("Expectation", "Sessions", "Delivery", "Order"))
    def waiting_messages_should_arrive_once_and_in_order(
        self, client: str | None = None, *, newest: MaybeCount = None, oldest: MaybeCount = None, only: MaybeSpoken = None,
    ) -> None:
        """What agents have said to a client in this test arrived once, as it was said, the urgent first and the rest in the order of speaking.

        | =Argument= | =Meaning=                                                                                     |
        | client     | alias of a client that is connected; none: the only open client                               |
        | newest     | of all that was said exactly the last so many arrived                                         |
        | oldest     | exactly the first so many                                                                     |
        | only       | exactly what `Let Agents Speak` returned here; none of the three: all that was not refused at once |

        Waits until the target has nothing left for the client. Words, agent, number, priority and the time at which the agent spoke must be
        those of then; whatever is missing must have been said to be lost. Records ``messages_lost`` and ``messages_repeated``. Violations:
        lost, duplicated, reordered, priority_inverted, corrupted, disagreement, phantom, leaked_to_other_user, aborted_effect (what was
        given up came all the same), unsound_resume (lost without a word), miscounted, gap.

        | `Waiting Messages Should Arrive Once And In Order`    alice
        | `Waiting Messages Should Arrive Once And In Order`    alice    newest=3
        """
        kit, one = self._kit, self._kit.client(client)
        self._nothing_is_left_for(one)
        said = [event for event in kit.engine.journal.slice(kit.scope.cursor) if event.kind is Kind.SPOKEN]
        mine = [str(event.message_id) for event in said if event.client == one.alias]
        due = mine[-newest:] if newest else mine[:oldest] if oldest else only.message_ids if only else None
        strangers = {str(event.message_id): event.user for event in said}
        promised = self._promised
        checks: list[Check] = [
            partial(agents_are_heard_once, due=due, strangers=strangers),
            partial(agents_are_heard_in_order, priorities=promised.priorities, order=promised.order),
        ]
        beside: list[Check] = [losses_are_told] if self._expect.offered("loss_notice", [losses_are_told]) else []
        if kit.target.file.guarantees.offsets == "continuous":
            beside += [offsets_without_gap, offsets_agree]
        self._expect.holds(*checks, client=one.alias, beside=beside)

    @keyword(tags=("Expectation", "Sessions", "Delivery"))
    def what_was_lost_should_be_said(
        self, client: str | None = None, *, expired: Number = NONE, dropped: Number = NONE, rejected: Number = NONE,
    ) -> None:
        """The user was told, before anything else that had waited, how many messages of agents are lost and why; no more and no fewer.

        | =Argument= | =Meaning=                                         |
        | client     | alias of a client that is connected; none: the only open client |
        | expired    | so many had waited too long                       |
        | dropped    | so many had to give way where the queue was full  |
        | rejected   | so many were not let in                           |

        Violations: unsound_resume (nothing was said, too little or too late), miscounted. Fails as vacuous if nothing was lost. Left out
        where the target does not offer ``loss_notice``.

        | `What Was Lost Should Be Said`    alice    dropped=2
        """
        if self._expect.offered("loss_notice", [losses_are_told]):
            one = self._kit.client(client)
            self._nothing_is_left_for(one)
            expected = {"expired": int(expired), "dropped": int(dropped), "rejected": int(rejected)}
            self._expect.holds(partial(losses_are_told, expected=expected), client=one.alias)

    @keyword(tags=("Expectation", "Sessions", "Figures"))
    def waiting_messages_should_have_arrived_within(self, limit: Duration, client: str | None = None) -> None:
        """From the first try to come back until the last message that had waited was there, as the median of five or more returns of this test.

        | =Argument= | =Meaning=                                         |
        | limit      | such as ``2 s``                                   |
        | client     | alias; none: the only open client                 |

        Records ``delivery_mean``, ``delivery_median`` and ``delivery_max`` (ms). Violations: too_slow; vacuous with fewer than five returns
        to waiting messages. Void (test skipped as *invalid*) when the generator itself was late.

        | `Waiting Messages Should Have Arrived Within`    2 s    alice
        """
        history = self._expect.history(client)
        verdict = recovers_within([whole for _, _, whole in deliveries(history)], limit, "delivery")
        self._expect.conclude([("delivery", verdict)], history, self._expect.invalid_reason(history.events))

    @keyword(tags=("Expectation", "Sessions", "Figures"))
    def delivery_time_should_grow_at_most_linearly(self, client: str | None = None) -> None:
        """Over the returns of this test the time from the greeting to the last waiting message grows at most with the number of messages.

        | =Argument= | =Meaning=                                         |
        | client     | alias; none: the only open client                 |

        Needs three or more different numbers of waiting messages, each in three or more returns. The exponent of the growth is the median
        slope over all pairs of returns, with its interval; it is too steep when it is above 1.25 for certain (n log n has 1.15, n² has 2).
        Records ``delivery_exponent`` and ``delivery_longest`` (ms). Violation: too_slow; vacuous with fewer returns. Void (test skipped as
        *invalid*) when the generator itself was late. Source: Theil, Sen.

        | `Delivery Time Should Grow At Most Linearly`    alice
        """
        history = self._expect.history(client)
        verdict = grows_at_most_linearly([(number, took) for number, took, _ in deliveries(history)])
        self._expect.conclude([("delivery", verdict)], history, self._expect.invalid_reason(history.events))

    @property
    def _promised(self) -> Outbound:
        return self._kit.target.file.guarantees.outbound or Outbound()

    def _nothing_is_left_for(self, one: Client) -> None:
        """The barrier: the target has nothing waiting for this client, and what left before has arrived."""
        if not one.is_connected:
            raise UsageError(f"{one.alias} is not connected, so that messages may still wait; use 'Reconnect    {one.alias}' first")
        self._kit.engine.run(self._drained(one))

    async def _drained(self, one: Client) -> None:
        target, deadline = self._kit.target, monotonic() + HANG_GUARD
        while target.offers("waiting") and await depth_of(target, one.account.user, one.session.id):
            if monotonic() > deadline:
                break  # what still waits is judged as missing
            await asyncio.sleep(LOOK_EVERY)
        if self._kit.fence is not None:
            await one.ask(self._kit.fence, HANG_GUARD)
