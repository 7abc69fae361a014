"""Expectations about overload: what is let in, and what is refused. The places come from the target file."""

from __future__ import annotations

from functools import partial

from ..arguments import Count, Duration, Number
from ..checks.answers import nothing_lost, nothing_refused_was_processed
from ..checks.events import NEVER, Kind
from ..checks.queue.admission import (
    accepted_is_final,
    admission_exact,
    depth_derived_within,
    first_refusal_within,
    refusals_justified,
    refused_again_accepted,
)
from ..checks.queue.ledger import depth_by_ledger_within
from ..checks.queue.told import depth_reported_truly, depth_reported_within, refusals_explained
from ..checks.violations import Code
from ..engine.sending import HANG_GUARD
from ..errors import EnvironmentSetupError, UsageError
from .decorator import keyword
from .expectation import Expectation, violated
from .kit import Kit
from .sending import HIGH, SendingKeywords

FAILED = "processing_failed"
"""The reason that a target gives for a message on which its agent failed."""


class QueueingKeywords:
    """The queue of a user, seen from outside and as the target tells it."""

    def __init__(self, kit: Kit, expectation: Expectation, sending: SendingKeywords) -> None:
        self._kit = kit
        self._expect = expectation
        self._sending = sending
        self._filled_from = 0

    @keyword(tags=("Waiting", "Backpressure"))
    def wait_until_everything_is_accepted_or_refused(self, client: str | None = None) -> None:
        """Waits until the target has said of every message whether it takes it in; the messages need ``acknowledge=yes``.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Nothing has to be answered, so that this works while the agent is held. After 30 s the wait ends with a warning.

        | `Wait Until Everything Is Accepted Or Refused` |
        """
        self._expect.while_held(client)

    @keyword(tags=("Expectation", "Backpressure"))
    def refusals_should_follow_the_admission_rule(self, client: str | None = None) -> None:
        """While the agent was held, exactly those messages were refused for which the target promises no place.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client |

        Hold the agent before the first message; what came after `Release The Agent` is not judged. Records ``accepted_while_held`` and
        ``refused_while_held`` (messages). Violations: over_capacity, slow_recovery, priority_inverted.

        | `Refusals Should Follow The Admission Rule` |
        """
        normal, high = places(self._kit)
        until = self._kit.scope.released.get(self._kit.client(client).account.user, NEVER)
        self._expect.judge(self._expect.while_held(client), [partial(admission_exact, normal_places=normal, high_places=high, until=until)])

    @keyword(tags=("Expectation", "Backpressure"))
    def refusals_should_be_justified(self, client: str | None = None) -> None:
        """Each refusal came while all places may have been taken, however slow the agent was.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Fails as vacuous if nothing was refused. Violations: slow_recovery, priority_inverted.

        | `Refusals Should Be Justified` |
        """
        normal, high = places(self._kit)
        self._expect.holds(partial(refusals_justified, normal_places=normal, high_places=high), client=client)

    @keyword(tags=("Expectation", "Backpressure"))
    def refusals_should_name_message_and_retry(self, client: str | None = None) -> None:
        """Each refusal for lack of room says which message it means and when to try again, and no accepted message is refused later.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Fails as vacuous if nothing was refused. Violations: phantom, over_capacity, lost.

        | `Refusals Should Name Message And Retry` |
        """
        self._expect.holds(refusals_explained, client=client, beside=[accepted_is_final])

    @keyword(tags=("Expectation", "Backpressure", "Figures"))
    def overload_should_be_signalled_within(self, limit: Duration, client: str | None = None) -> None:
        """The first message that finds no place is refused soon.

        | =Argument= | =Meaning=                                                    |
        | limit      | such as ``500 ms``, from the sending of that message         |
        | client     | alias; none: the only open client; ``everyone``: all clients, each by its own first refusal |

        Records ``first_refusal`` (ms). Violation: too_slow. Void (test skipped as *invalid*) when the generator was late.

        | `Overload Should Be Signalled Within` | 500 ms |
        """
        self._expect.holds(partial(first_refusal_within, limit=float(limit)), client=client, timing=True)

    @keyword(tags=("Expectation", "Backpressure"))
    def the_queue_should_stay_within_its_capacity(self, client: str | None = None) -> None:
        """At no moment more messages waited than have a place: by what the target told of its queue, and by what was let in and answered.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        What was let in and answered is counted in the ledger where the target has one. Records ``queue_depth_reported`` and
        ``queue_depth_counted`` (messages). Violations: over_capacity, no_backpressure, disagreement, miscounted. What the target
        told is left out where it cannot be asked for ``queue_state``.

        | `The Queue Should Stay Within Its Capacity` |
        """
        normal, high = places(self._kit)
        ledger = self._kit.target.offers("ledger")
        counted = partial(depth_by_ledger_within if ledger else depth_derived_within, normal_places=normal, high_places=high, workers=workers(self._kit))
        told = [partial(depth_reported_within, capacity=high), partial(depth_reported_truly, workers=workers(self._kit))]
        offered = self._expect.offered("queue_state", told)
        self._expect.holds(counted, client=client, ledger=ledger, beside=told if offered else [])

    @keyword(tags=("Expectation", "Backpressure"))
    def the_queue_should_be_empty(self, client: str | None = None) -> None:
        """Once everything is answered, the target says that nothing waits and nothing is being worked on.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client |

        Violations: slow_recovery, miscounted, over_capacity. Fails if the target does not offer ``queue_state``.

        | `The Queue Should Be Empty` |
        """
        kit, one = self._kit, self._kit.client(client)
        kit.must_offer("queue_state")
        self._expect.history(one.alias)
        fields = (kit.engine.run(one.ask("queue_state", HANG_GUARD)).details or {})["fields"]
        if left := {name: fields[name] for name in ("queue_size", "running") if fields.get(name)}:
            told = ", ".join(f"{name} {value}" for name, value in left.items())
            violated(kit, "the queue is empty", Code.SLOW_RECOVERY, f"{one.alias}'s queue should be empty, but the target says {told}")
        self._expect.holds(partial(depth_reported_truly, workers=workers(self._kit)), client=one.alias)

    @keyword(tags=("Sending", "Backpressure"))
    def fill_the_queue(self, client: str | None = None) -> None:
        """Sends to a held agent first normal messages, then urgent ones, until there is no place left for either.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client |

        `Hold The Agent` comes first, `The Queue Should Hold` afterwards. Fails if the target does not offer ``acknowledgement``.

        | `Fill The Queue` |
        """
        normal, high = places(self._kit)
        one = self._kit.client(client)
        self._filled_from = self._kit.engine.journal.cursor
        self._sending.send_burst(Count(normal + 20), client=one.alias, acknowledge=True)
        self._expect.while_held(one.alias)
        if self._kit.target.offers("priorities"):
            self._sending.send_burst(Count(high - normal + 20), client=one.alias, acknowledge=True, priority=HIGH)
            self._expect.while_held(one.alias)

    @keyword(tags=("Expectation", "Backpressure"))
    def the_queue_should_hold(self, places: Count, client: str | None = None) -> None:
        """Of what `Fill The Queue` has just sent, exactly so many messages were taken in.

        | =Argument= | =Meaning=                                |
        | places     | how many messages can wait, such as ``500`` |
        | client     | alias; none: the only open client        |

        Records ``queue_accepted`` (messages). Violations: over_capacity (more), slow_recovery (fewer).

        | `The Queue Should Hold` | 500 |
        """
        kit, one = self._kit, self._kit.client(client)
        events = kit.engine.journal.slice(self._filled_from, {one.alias})
        sent = len({event.message_id for event in events if event.kind is Kind.SEND})
        taken = len({event.message_id for event in events if event.kind is Kind.ACCEPTED})
        kit.record("measurement", name="queue_accepted", value=taken, unit="messages", samples=sent, repetition=1, valid=True)
        if taken != places:
            code = Code.OVER_CAPACITY if taken > places else Code.SLOW_RECOVERY
            violated(kit, "capacity of the queue", code, f"{one.alias}'s queue took {taken} of {sent} messages, where {places} have a place")

    @keyword(tags=("Expectation", "Backpressure"))
    def refused_messages_should_be_accepted_after_the_drain(self, client: str | None = None) -> None:
        """What `Send The Refused Messages Again` sent while nothing waited was taken in.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Records ``sent_again`` and ``accepted_when_sent_again`` (messages). Violation: slow_recovery.

        | `Refused Messages Should Be Accepted After The Drain` |
        """
        self._expect.holds(refused_again_accepted, client=client)

    @keyword(tags=("Expectation", "Backpressure"))
    def no_message_should_be_refused(self, client: str | None = None) -> None:
        """Nothing of these clients was refused; works while the agent is held, too.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Violation: slow_recovery.

        | `No Message Should Be Refused` | client=bob |
        """
        history = self._expect.while_held(client)
        refused = [event for event in history.events if event.kind is Kind.REFUSED]
        if refused:
            why = (refused[0].details or {}).get("reason", "no reason given")
            violated(self._kit, "nothing is refused", Code.SLOW_RECOVERY,
                     self._kit.in_suite_words(f"{len(refused)} messages were refused, the first of them {refused[0].message_id} of {refused[0].client}: {why}"))

    @keyword(tags=("Expectation", "Backpressure"))
    def the_message_should_have_been_refused(self, message_id: str, because: str, client: str | None = None) -> None:
        """The target refused this message for this reason, and it had no effect.

        | =Argument= | =Meaning=                                                             |
        | message_id | what the sending keyword returned                                     |
        | because    | the reason as the target names it, such as ``unknown_agent``          |
        | client     | alias; none: the only open client                                     |

        Violations: not_refused, aborted_effect.

        | `The Message Should Have Been Refused` | ${id} | because=unknown_agent |
        """
        one = self._kit.client(client)
        history = self._expect.history(one.alias)
        message = history.message(one.account.user, message_id)
        if message is None:
            raise UsageError(f"{one.alias} sent no message '{message_id}' in this test; give what the sending keyword returned")
        reasons = [str((refusal.details or {}).get("reason", "no reason given")) for refusal in message.refusals]
        if because not in reasons:
            found = f"refused because of {', '.join(reasons)}" if reasons else "answered" if message.reply else "neither answered nor refused"
            sentence = f"{one.alias}'s message {message_id} should have been refused because of {because}, but it was {found}"
            violated(self._kit, "the message is refused", Code.NOT_REFUSED, self._kit.in_suite_words(sentence))
        self._expect.judge(history, [nothing_refused_was_processed])

    @keyword(tags=("Expectation", "Backpressure"))
    def failed_messages_should_have_no_effect(self, count: Number, client: str | None = None) -> None:
        """The agent failed on exactly so many messages; it said so of each, and none of them had an effect.

        | =Argument= | =Meaning=                                             |
        | count      | how many, as `Let Messages Fail` was told             |
        | client     | alias; none: the only open client                     |

        Violations: aborted_effect, lost. Fails if another number of messages failed than was asked for.

        | `Failed Messages Should Have No Effect` | 40 |
        """
        history = self._expect.history(client)
        self._expect.judge(history, [nothing_lost])
        failed = sum(event.kind is Kind.REFUSED and (event.details or {}).get("reason") == FAILED for event in history.events)
        if failed != count:
            raise EnvironmentSetupError(f"{count} messages were to fail, but the target said so of {failed}; was 'Let Messages Fail' used with this number?")
        self._expect.judge(history, [], beside=[nothing_refused_was_processed])


def places(kit: Kit) -> tuple[int, int]:
    """How many normal messages may wait at the target, and how many of any kind."""
    kit.must_offer("bounded_queue")
    limits = kit.target.file.limits
    queue = limits.queue_capacity or 0
    return limits.normal_capacity or queue, queue


def workers(kit: Kit) -> int:
    """How many messages of a user the target works on at a time."""
    priorities = kit.target.file.guarantees.priorities
    return priorities.workers if priorities is not None else 1
