"""Expectations about messages and their answers. Each reaches the barrier first, then judges everything since the test began."""

from __future__ import annotations

from functools import partial

from ..arguments import Count, Share
from ..checks.answers import (
    contents_intact,
    no_phantom_replies,
    nothing_answered_twice,
    nothing_lost,
    nothing_refused_was_processed,
)
from ..checks.duplicates import duplicates_accounted, processed_once_in_ledger, processed_so_often
from ..checks.fairness import users_served_fairly
from ..checks.isolation import nothing_leaked
from ..checks.ledger import everything_sent_was_processed, ledger_agrees_with_journal
from ..checks.offsets import offsets_agree, offsets_without_gap
from ..checks.order import Scope, processed_in_send_order, replies_in_send_order
from ..engine.sending import Burst
from .decorator import keyword
from .expectation import Check, Expectation
from .kit import Kit

SCOPES: dict[str, Scope] = {"per_connection": "connection", "per_user": "user", "none": "none"}
SHARE = Share(0.95)


class CheckingKeywords:
    """What must be true of the conversation."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("Waiting",))
    def wait_until_everything_is_answered(self, client: str | None = None, *, of: Burst | None = None) -> None:
        """Waits until nothing that was sent is under way any more. Judges nothing: a lost message only ends the wait.

        | =Argument= | =Meaning=                                                                              |
        | client     | alias; none: the only open client; ``everyone``: all clients                           |
        | of         | a burst: only its messages are awaited, whatever else is under way, such as an activity |

        | `Wait Until Everything Is Answered` |
        """
        self._expect.drained(client, of)

    @keyword(tags=("Expectation", "Delivery"))
    def every_message_should_be_answered_exactly_once(self, client: str | None = None, since: Burst | None = None) -> None:
        """No message is lost, none is answered twice, and no answer belongs to a message that was never sent.

        | =Argument= | =Meaning=                                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients                 |
        | since      | a burst: only what was sent from it on counts; none: everything of this test |

        Records ``lost``, ``answered_twice`` and ``phantoms`` (messages). Violations: lost, duplicated, phantom, leaked_to_other_user,
        and gap where the target promises to number what it sends.

        | `Every Message Should Be Answered Exactly Once` |
        """
        promised = self._kit.target.file.guarantees
        lost = partial(nothing_lost, silent=promised.duplicates.answer == "silent")
        checks: list[Check] = [lost, nothing_answered_twice, no_phantom_replies]
        if promised.offsets == "continuous":
            checks += [offsets_without_gap, offsets_agree]
        self._holds(*checks, client=client, since=since)

    @keyword(tags=("Expectation", "Delivery"))
    def contents_should_arrive_unchanged(self, client: str | None = None) -> None:
        """The target saw every text exactly as it was sent, compared by digest.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Records ``corrupted`` (messages). Violation: corrupted. Not offered where the target does not tell which text it saw.

        | `Contents Should Arrive Unchanged` |
        """
        if self._expect.offered("contents", [contents_intact]):
            self._holds(contents_intact, client=client)

    @keyword(tags=("Expectation", "Order"))
    def replies_should_arrive_in_send_order(self, client: str | None = None) -> None:
        """The first reply to each message arrives in the order in which the messages were sent, in the scope that the target promises.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Records ``order_violations`` (messages). Violation: reordered.

        | `Replies Should Arrive In Send Order` |
        """
        self._holds(partial(replies_in_send_order, scope=self._scope()), client=client)

    @keyword(tags=("Expectation", "Order", "Ledger"))
    def messages_should_be_processed_in_send_order(self, client: str | None = None) -> None:
        """The server's ledger shows that messages took effect in the order in which they were sent, each exactly once.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Records ``order_violations`` (messages). Violations: reordered, lost, duplicated, disagreement, corrupted, phantom. Not offered
        where the target has no ledger.

        | `Messages Should Be Processed In Send Order` |
        """
        order = partial(processed_in_send_order, scope=self._scope())
        self._holds(order, processed_once_in_ledger, ledger_agrees_with_journal, client=client, ledger=True)

    @keyword(tags=("Expectation", "Delivery", "Ledger"))
    def every_message_should_be_processed_exactly_once(self, client: str | None = None) -> None:
        """The server's ledger shows every message that was sent, also those whose answer the client could not wait for.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Violations: lost, duplicated, phantom. Not offered where the target has no ledger.

        | `Every Message Should Be Processed Exactly Once` |
        """
        self._holds(everything_sent_was_processed, processed_once_in_ledger, ledger_agrees_with_journal, client=client, ledger=True)

    @keyword(tags=("Expectation", "Idempotency"))
    def only_one_copy_should_be_processed(self, message_id: str | None = None, client: str | None = None) -> None:
        """Of the copies of a message exactly one is processed, and each other one is answered as the target promises.

        | =Argument= | =Meaning=                                                          |
        | message_id | one message; none: every message of this test                      |
        | client     | alias; none: the only open client; ``everyone``: all clients       |

        What the target promises (reject, stay silent, answer again) stands in its target file. Records ``duplicates_expected``,
        ``duplicates_rejected`` and ``answered_twice`` (messages). Violations: miscounted_duplicates, duplicated, lost.

        | `Only One Copy Should Be Processed`    ${id}
        """
        answer = self._kit.target.file.guarantees.duplicates.answer
        only = [message_id] if message_id else None
        checks: list[Check] = [partial(duplicates_accounted, answer=answer, only=only)]
        if answer != "replay":
            checks.append(nothing_answered_twice)
        self._holds(*checks, no_phantom_replies, client=client)

    @keyword(tags=("Expectation", "Idempotency", "Ledger"))
    def the_ledger_should_show_each_message_once(self, client: str | None = None) -> None:
        """However often a message was sent, the server's ledger shows one effect.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Records ``processed_more_than_once`` (messages). Violations: duplicated, lost. Not offered where the target has no ledger.

        | `The Ledger Should Show Each Message Once` |
        """
        self._holds(processed_once_in_ledger, client=client, ledger=True)

    @keyword(tags=("Expectation", "Idempotency"))
    def the_message_should_have_been_processed(self, message_id: str, times: Count, client: str | None = None) -> None:
        """A message took effect exactly so often: once within the target's duplicate window, again when the window is over.

        | =Argument= | =Meaning=                                                    |
        | message_id | what the sending keyword returned                            |
        | times      | how often, 1 or more                                         |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Violation: miscounted_duplicates.

        | `The Message Should Have Been Processed`    ${id}    times=2
        """
        self._holds(partial(processed_so_often, message_id=message_id, times=times), client=client)

    @keyword(tags=("Waiting", "Backpressure"))
    def wait_until_a_message_is_refused(self, client: str | None = None) -> str:
        """Waits until the target refuses a message of this test and returns its id.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client |

        Fails if nothing is refused within 30 s.

        | ${id} =    `Wait Until A Message Is Refused`
        """
        return self._expect.first_refused(client)

    @keyword(tags=("Expectation", "Backpressure"))
    def refused_messages_should_have_no_effect(self, client: str | None = None) -> None:
        """A message that the target refused was not processed, neither by its answers nor by its ledger.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Violation: aborted_effect. Fails as vacuous if nothing was refused.

        | `Refused Messages Should Have No Effect` |
        """
        self._holds(nothing_refused_was_processed, client=client, ledger=self._kit.target.offers("ledger"))

    @keyword(tags=("Expectation", "Isolation"))
    def users_should_not_see_each_other(self) -> None:
        """Nothing that one user wrote, and no answer to it, reaches another user.

        Every text carries a word that belongs to its user alone. Violation: leaked_to_other_user.

        | `Connect Users` | 10 |
        | `Send Burst` | 20 | client=everyone |
        | `Users Should Not See Each Other` |
        """
        canaries = {account.user: account.canary for account in self._kit.scope.accounts.values()}
        self._holds(partial(nothing_leaked, canaries=canaries), client="everyone")

    @keyword(tags=("Expectation", "Fairness"))
    def users_should_be_served_fairly(self, at_least: Share = SHARE) -> None:
        """Users who send the same amount at the same time are served at nearly the same rate.

        | =Argument= | =Meaning=                                                                              |
        | at_least   | Jain's fairness index, 1 is perfectly fair, 1/n is one user who gets everything         |

        Records ``jain`` (share). Violation: unfair. Void when the generator itself was late. Source of the index: R. Jain, D. Chiu,
        W. Hawe, DEC-TR-301 (1984).

        | `Users Should Be Served Fairly` |
        """
        self._holds(partial(users_served_fairly, at_least=float(at_least)), client="everyone", timing=True)

    def _scope(self) -> Scope:
        return SCOPES[self._kit.target.file.guarantees.order]

    def _holds(self, *checks: Check, client: str | None = None, since: Burst | None = None, ledger: bool = False, timing: bool = False) -> None:
        self._expect.holds(*checks, client=client, since=since.since if since else None, ledger=ledger, timing=timing)
