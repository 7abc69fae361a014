"""Expectations about sessions that go on over several connections: who is let in, what is still there, what is left behind."""

from __future__ import annotations

import asyncio
from functools import partial
from time import monotonic
from typing import Any

from ..checks.continuity import conversation_as_held, conversation_unchanged, memory_reads_include_updates, memory_unchanged
from ..checks.events import Kind
from ..checks.guessing import ENOUGH_IDS, ids_unguessable
from ..checks.offsets import offsets_agree, offsets_without_gap
from ..checks.resume import resumes_are_sound
from ..checks.rights import resume_refused, session_kept, session_replaced, sessions_stay_with_their_user
from ..checks.sessions import every_end_cleaned, exactly_one_live, nothing_reaches_ghosts
from ..checks.verdict import Verdict
from ..engine.client import Client
from ..engine.resume_attempt import ResumeAttempt
from ..errors import UsageError
from .decorator import keyword
from .expectation import Expectation
from .kit import Kit

NOTICED_WITHIN = 10.0
"""s that a target may take to notice that a connection has ended, on however busy a machine; it only decides until when to look."""
LOOK_EVERY = 0.05


class ResumingKeywords:
    """What must hold for sessions."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("Expectation", "Sessions"))
    def the_session_should_be_kept(self, client: str | None = None) -> None:
        """Each time a client came back to its session, it got that session, with its context.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Whether anything that was sent meanwhile is missing is for `Nothing Should Be Missing After The Resume`. Violations: context_lost,
        leaked_to_other_user. Fails as vacuous if nobody came back.

        | `Reconnect` | alice |
        | `The Session Should Be Kept` | alice |
        """
        self._expect.holds(session_kept, sessions_stay_with_their_user, client=client)

    @keyword(tags=("Expectation", "Sessions"))
    def the_session_should_be_a_new_one(self, client: str | None = None) -> None:
        """When a client came back last, its session had ended: it got another one, and was told so and why.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client |

        Violation: unsound_resume. Fails as vacuous if nobody came back.

        | `The Session Should Be A New One` | alice |
        """
        self._expect.holds(session_replaced, resumes_are_sound, client=client)

    @keyword(tags=("Expectation", "Sessions", "Delivery"))
    def nothing_should_be_missing_after_the_resume(self, client: str | None = None) -> None:
        """What the target said of each resume is true, and nothing is missing without a word.

        *Recovered* brings all that was missed, once and in order, up to the head it named; *not recovered* says why and begins a new numbering.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Records ``resumes_recovered`` (sessions) and ``replayed`` (messages). Violations: unsound_resume, gap, duplicated, disagreement,
        ghost_session. Fails as vacuous if nobody came back to a session.

        | `Nothing Should Be Missing After The Resume` | alice |
        """
        numbered = [offsets_without_gap, offsets_agree] if self._kit.target.file.guarantees.offsets == "continuous" else []
        self._expect.holds(resumes_are_sound, client=client, beside=[*numbered, nothing_reaches_ghosts])

    @keyword(tags=("Expectation", "Sessions", "Isolation"))
    def the_resume_should_be_refused(self, attempt: ResumeAttempt, reason: str | None = None) -> None:
        """Who tried to get into a session without the right to it was not let in, and found nothing of it.

        | =Argument= | =Meaning=                                                                             |
        | attempt    | what `Try To Resume` returned                                                         |
        | reason     | the reason that the target must give, such as ``unknown_session``; none: any           |

        The owner who asks for what never was, such as a wrong epoch, may be let into the session, but not as if nothing were missing.
        Violations: not_refused, leaked_to_other_user, unsound_resume.

        | ${attempt} =    `Try To Resume`    ${session.id}    bob
        | `The Resume Should Be Refused`    ${attempt}    reason=unknown_session
        """
        asked, journal = str(attempt.asked["session"]), self._kit.engine.journal
        greetings = [event for event in journal.events[: attempt.since].of(Kind.CONNECTED) if event.user == attempt.user]
        own = any((greeting.details or {}).get("session") == asked for greeting in greetings)
        remembered = len((attempt.history or {}).get("messages") or ())
        verdict = resume_refused(attempt.client, asked, attempt.told if attempt.connected else None, own=own, remembered=remembered, reason=reason)
        self._expect.conclude([("rights", verdict)])

    @keyword(tags=("Expectation", "State", "Sessions"))
    def the_conversation_history_should_be_unchanged(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        """The conversation is the same as before: how many entries, which, in which order, who said what and when; none twice.

        | =Argument= | =Meaning=                                          |
        | before     | what `Read The Conversation History` returned then |
        | after      | what it returned later                             |

        Violations: context_lost, went_back, duplicated, phantom, reordered, miscounted. Fails as vacuous if nothing had been said before.

        | ${before} =    `Read The Conversation History`    alice
        | `Reconnect`    alice
        | ${after} =    `Read The Conversation History`    alice
        | `The Conversation History Should Be Unchanged`    ${before}    ${after}
        """
        self._expect.conclude([("continuity", conversation_unchanged(before, after))])

    @keyword(tags=("Expectation", "State", "Sessions"))
    def the_conversation_history_should_be_what_was_said(self, told: dict[str, Any], client: str | None = None) -> None:
        """The conversation is the one that this client has held in this test: each answered message once, word for word, in order.

        | =Argument= | =Meaning=                                                |
        | told       | what `Read The Conversation History` returned            |
        | client     | alias; none: the only open client                        |

        For a session that began in this test, with one client. Where the target tells the latest entries only, those before them are not
        looked for. Violations: context_lost, corrupted, duplicated, phantom, reordered. Fails as vacuous if nothing was answered.

        | ${told} =    `Read The Conversation History`    alice
        | `The Conversation History Should Be What Was Said`    ${told}    alice
        """
        self._expect.holds(partial(conversation_as_held, told), client=client)

    @keyword(tags=("Expectation", "State", "Sessions"))
    def the_agent_memory_should_be_unchanged(self, before: dict[str, Any], after: dict[str, Any], acknowledged: int | None = None) -> None:
        """The agent keeps the same in mind as before: preferences, variables, steps and what tools have said, at no older version.

        | =Argument=   | =Meaning=                                                                              |
        | before       | what `Read The Agent Memory` returned then                                             |
        | after        | what it returned later                                                                 |
        | acknowledged | the version that `Update The Agent Memory` returned last; none: that of ``before``      |

        Violations: context_lost, went_back, stale_read. Fails as vacuous if there was nothing in mind before.

        | `The Agent Memory Should Be Unchanged`    ${before}    ${after}
        """
        self._expect.conclude([("continuity", memory_unchanged(before, after, acknowledged))])

    @keyword(tags=("Expectation", "State", "Sessions"))
    def nothing_that_was_confirmed_should_be_forgotten(self, client: str | None = None) -> None:
        """Whatever was read of the agent's memory was no older than the last update confirmed before, and never went back.

        | =Argument= | =Meaning=                                                                         |
        | client     | alias; none: the only open client; ``everyone``: all clients, over all connections |

        Looks at `Update The Agent Memory` and `Read The Agent Memory` of this test. Violations: stale_read, went_back. Fails as vacuous
        if nothing was read behind an update.

        | `Nothing That Was Confirmed Should Be Forgotten` | alice |
        """
        self._expect.holds(memory_reads_include_updates, client=client)

    @keyword(tags=("Expectation", "Sessions", "Isolation"))
    def session_ids_should_be_unguessable(self, ids: list[str]) -> None:
        """Who knows some session ids cannot work out another one: 64 bits or more, all different, in no order, and none near another.

        | =Argument= | =Meaning=                                                            |
        | ids        | ten or more, in the order in which the sessions began                |

        Counted are the places in which ids differ, by the letters that occur there. Records ``id_bits``. Violation: unsound_resume.

        | `Session Ids Should Be Unguessable` | ${ids} |
        """
        if len(ids) < ENOUGH_IDS:
            raise UsageError(f"{len(ids)} session ids show nothing; give {ENOUGH_IDS} or more, in the order in which the sessions began")
        self._expect.conclude([("guessing", ids_unguessable([str(one) for one in ids]))])

    @keyword(tags=("Expectation", "Sessions"))
    def exactly_one_session_should_be_live(self, client: str | None = None) -> None:
        """The target lists exactly one live session and one connection for each client that is connected, and one agent for its user.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Looks again for up to 10 s while the target may still have to notice that a connection has ended. Records ``live_sessions`` (for
        each client) and ``agent_instances``. Violations: ghost_session, disagreement. Left out, and noted as *not offered*, where the
        target has no list of sessions; connections and agents likewise.

        | `Exactly One Session Should Be Live` | alice |
        """
        if not self._expect.offered("session_list", [exactly_one_live]):
            return
        kit = self._kit
        lists = [name for name in ("connection_list", "agent_list") if self._expect.offered(name, name.replace("_", " "))]
        clients = [one for one in kit.clients(client) if one.is_connected]
        if not clients:
            raise UsageError("no client is connected, so no session can be live; use 'Reconnect' or 'Connect As' first")
        for user in dict.fromkeys(one.account.user for one in clients):
            mine = [one for one in kit.engine.clients.values() if one.account.user == user and one.is_connected]
            self._expect.conclude([("sessions", kit.engine.run(self._looked_at(user, mine, lists)))])

    async def _looked_at(self, user: str, clients: list[Client], lists: list[str]) -> Verdict:
        target, deadline = self._kit.target, monotonic() + NOTICED_WITHIN
        own = [one.session.id for one in clients if one.session.id]
        while True:
            verdict = exactly_one_live(
                user, await target.sessions(user), await target.connections(user) if "connection_list" in lists else None,
                await target.agents(user) if "agent_list" in lists else None, due=len(clients), own=own,
            )
            if verdict.ok or monotonic() > deadline:
                return verdict
            await asyncio.sleep(LOOK_EVERY)

    @keyword(tags=("Expectation", "Sessions"))
    def nothing_should_be_left_of_earlier_connections(self, client: str | None = None) -> None:
        """The target says of each connection of this test that ended, that what it held was cleaned up.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Looks again for up to 10 s while the target may still be at it. Records ``cleaned`` (connections). Violation: ghost_session. Fails as
        vacuous if no connection ended. Left out, and noted as *not offered*, where the target does not list what happens to sessions.

        | `Nothing Should Be Left Of Earlier Connections` | alice |
        """
        if not self._expect.offered("session_events", [every_end_cleaned]):
            return
        kit = self._kit
        for user in dict.fromkeys(one.account.user for one in kit.clients(client)):
            self._expect.conclude([("sessions", kit.engine.run(self._cleaned(user)))])

    async def _cleaned(self, user: str) -> Verdict:
        deadline = monotonic() + NOTICED_WITHIN
        while True:
            verdict = every_end_cleaned(await self._kit.target.events(), user)
            if verdict.ok or monotonic() > deadline:
                return verdict
            await asyncio.sleep(LOOK_EVERY)
