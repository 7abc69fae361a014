"""Who gets into which session: the one who has the right to it, into that one, and nobody else."""

from __future__ import annotations

from . import wording
from .events import Event, Kind
from .history import History
from .sessions import Row
from .verdict import Verdict
from .violations import Code


def sessions_stay_with_their_user(history: History) -> Verdict:
    """Nobody gets into the session of another user by asking for it (*leaked_to_other_user*). O(n). Source: session fixation."""
    verdict = Verdict("sessions stay with their user")
    owners: dict[str, Event] = {}
    asked = {one.connected.connection: one.asked["session"] for one in history.reconnections if one.connected and one.asked}
    for greeting in history.events.of(Kind.CONNECTED):
        session = (greeting.details or {}).get("session")
        wanted = asked.get(greeting.connection)
        owner = owners.setdefault(session, greeting) if session is not None else greeting
        verdict.exercised += wanted is not None
        if wanted is not None and wanted == session and owner.user != greeting.user:
            verdict.violated(
                Code.LEAKED_TO_OTHER_USER,
                f"{wording.owner(greeting)} asked for session {session} of {wording.owner(owner)} and got it {wording.at(history, greeting)}",
                owner, greeting,
            )
    return verdict.concluded()


def session_kept(history: History) -> Verdict:
    """Whoever asked for a session got that one, with its context (*context_lost*). What was missed is for another check. O(n)."""
    verdict = Verdict("the session is kept")
    for one in history.reconnections:
        if one.asked and one.connected is not None:
            verdict.exercised += 1
            asked, session, why = one.asked["session"], one.told.get("session"), one.told.get("reason") or "no reason given"
            who = f"{wording.owner(one.first)} came back to session {asked} {wording.at(history, one.first)}"
            if session != asked:
                verdict.violated(Code.CONTEXT_LOST, f"{who} and got session {session} instead ({why})", one.first, one.connected)
            elif one.told.get("context_available") is False:
                verdict.violated(Code.CONTEXT_LOST, f"{who}, and its context is no longer there ({why})", one.first, one.connected)
    return verdict.concluded()


def session_replaced(history: History) -> Verdict:
    """Whoever asked last for a session that had ended got another one, said to be not recovered, and was told why (*unsound_resume*). O(n)."""
    verdict = Verdict("the session is a new one")
    asked = [one for one in history.reconnections if one.asked and one.connected is not None]
    for one in asked[-1:]:
        verdict.exercised += 1
        wrong = [
            *([f"was let into it (session {one.told.get('session')})"] if one.told.get("session") == one.asked["session"] else ()),
            *(["was told that it is recovered"] if one.told.get("recovered") is True else ()),
            *(["was not told why it is over"] if not one.told.get("reason") else ()),
        ]
        if wrong:
            verdict.violated(
                Code.UNSOUND_RESUME, f"{wording.owner(one.first)} came back to session {one.asked['session']}, which had ended, and {' and '.join(wrong)}", one.first, one.connected,
            )
    return verdict.concluded()


def resume_refused(who: str, asked: str, told: Row | None, *, own: bool, remembered: int = 0, reason: str | None = None) -> Verdict:
    """Who asked for a session without the right to it did not get it (*not_refused*), nor anything of it (*leaked_to_other_user*).

    `told` is what the greeting said; None where there was none, which is a refusal too. `own`: it is a session of the same user, who may
    be let into it but not as if nothing were missing. `remembered`: how many entries the conversation had that was found instead. The
    refusal has a reason, and if one is expected, that one (*unsound_resume*). O(1).
    """
    verdict = Verdict("the resume is refused", exercised=1)
    if told is None:
        return verdict
    if told.get("recovered") is True or (told.get("session") == asked and not own):
        how = "was told that it is recovered" if told.get("recovered") is True else "was let into it"
        verdict.violated(Code.NOT_REFUSED, f"{who} asked for session {asked} without the right to it and {how}")
    elif not own and (remembered or told.get("context_available") is True):
        found = wording.counted(remembered, "entry") if remembered else "a context"
        verdict.violated(Code.LEAKED_TO_OTHER_USER, f"{who} asked for session {asked}, was refused, and found {found} of a conversation all the same")
    elif not told.get("reason") or (reason is not None and told.get("reason") != reason):
        given = told.get("reason") or "no reason"
        verdict.violated(Code.UNSOUND_RESUME, f"{who} asked for session {asked} and was refused with {given}, where {reason or 'a reason'} is due")
    return verdict
