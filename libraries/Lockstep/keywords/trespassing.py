"""Keywords of somebody who wants a session to which he has no right."""

from __future__ import annotations

from ..arguments import Number
from ..engine.resume_attempt import ResumeAttempt, try_to_resume
from .decorator import keyword
from .kit import Kit

NOTHING_YET = Number(0)
FAR_TOO_LONG = 4000
"""Characters of a session id that no target makes."""


class TrespassingKeywords:
    """What a stranger does."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    @keyword(tags=("Sessions", "Isolation"))
    def try_to_resume(self, session: str, role: str, *, epoch: str = "1", offset: Number = NOTHING_YET) -> ResumeAttempt:
        """Asks for a session as this user, whoever it belongs to, and returns what the target said; nobody's session here changes.

        | =Argument= | =Meaning=                                                                     |
        | session    | id of the session, such as that of another user, or a guess                   |
        | role       | the user who asks, such as ``bob``; need not be connected                     |
        | epoch      | the epoch to ask for                                                          |
        | offset     | the last offset that is said to have been received                            |

        The connection is closed again once a question has been answered behind everything that the target sends by itself. The result
        has ``connected``, ``recovered``, ``reason``, ``session`` and ``epoch`` (those that the target gave), ``same_session``,
        ``received`` (how many numbered events came), ``history`` (what the conversation history says, where it is offered) and
        ``refusal`` (how the connection was refused, else empty). Fails if the target does not offer ``resume``.

        | ${session} =    `Get Session`    alice
        | ${attempt} =    `Try To Resume`    ${session.id}    bob    epoch=${session.epoch}
        """
        kit = self._kit
        kit.must_offer("resume")
        asked = {"session": session, "epoch": int(epoch) if epoch.isdecimal() else epoch, "offset": int(offset)}
        return kit.engine.run(try_to_resume(kit.engine, kit.account(role), kit.target, asked, fence=kit.fence))

    @keyword(tags=("Sessions", "Isolation"))
    def guess_session_ids(self, session: str) -> list[str]:
        """What somebody may try who has seen the id of a session: its neighbours, parts of it, and what a database might misunderstand.

        | =Argument= | =Meaning=                                             |
        | session    | id of a real session, such as ``${session.id}``       |

        Returns a list of ids, none of which is the one that was given, for `Try To Resume`.

        | ${session} =    `Get Session`    alice
        | @{guesses} =    `Guess Session Ids`    ${session.id}
        """
        shorter, last = session[:-1], session[-1:]
        neighbour = shorter + ("1" if last == "0" else "0")
        guesses = [
            neighbour, f"{session}0", shorter, session.swapcase(), session.rpartition("-")[2], f" {session}", "session-1", "0",
            "' OR '1'='1", f"../../{session}", f"{session}%00", "x" * FAR_TOO_LONG,
        ]
        return [guess for guess in dict.fromkeys(guesses) if guess not in {"", session}]
