"""Who shows a bad token stays outside and is told nothing; who shows a good one gets in; and the line between them is where it was declared."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from . import wording
from .events import Event, Kind
from .history import History
from .refusals import OURS
from .verdict import Verdict
from .violations import Code


class Attempt(NamedTuple):
    """One try to get in with a token that the kit has made or fetched. The CONNECT event says which (``token``) and what it deserves (``valid``)."""

    begun: Event
    ended: Event | None
    """How the target ended it; None where it let it in."""
    told: Event | None
    """The first thing that the target said on it, beside refusing."""
    after: float | None
    """The target's clock when the attempt was over (s), where it was read."""

    @property
    def token(self) -> str:
        """In the words of the suite."""
        return str((self.begun.details or {})["token"])

    @property
    def valid(self) -> bool:
        """The target has to let it in."""
        return bool((self.begun.details or {}).get("valid"))

    @property
    def way(self) -> str:
        """In which way it was refused."""
        said = (self.ended.details if self.ended else None) or {}
        if self.ended is not None and self.ended.kind is Kind.CLOSE:
            return f"close {said.get('code')}"
        return str(said.get("way") or "no word")

    @property
    def title(self) -> str:
        """Whose attempt and with what."""
        return f"{self.begun.client} with {self.token}"


def attempts(history: History) -> Iterator[Attempt]:
    """All attempts of this history in the order in which they began. O(n)."""
    begun = {event.connection: event for event in history.events.of(Kind.CONNECT) if "token" in (event.details or {})}
    ends: dict[int, Event] = {}
    told: dict[int, Event] = {}
    clock: dict[int, float] = {}
    for event in history.events if begun else ():
        if event.connection not in begun:
            continue
        said = event.details or {}
        if event.kind is Kind.CONNECT_FAILED or (event.kind is Kind.CLOSE and said.get("by") != "us"):
            ends.setdefault(event.connection, event)
        elif event.kind is Kind.MARK and "clock" in said:
            clock[event.connection] = said["clock"]
        elif event.kind not in OURS:
            told.setdefault(event.connection, event)
    for connection, connect in begun.items():
        yield Attempt(connect, ends.get(connection), told.get(connection), clock.get(connection))


def tokens_judged_rightly(history: History, ways: Collection[str], *, all_bad: bool = False, count: int | None = None) -> Verdict:
    """Each attempt with a bad token is refused (*not_refused*), in one of these ways (*wrong_close*), and before anything is told
    (*data_before_auth*); each with a good one is let in (*token_window*). ``all_bad``: no token of this history is good. Where a ``count`` is
    said, there are so many attempts, no fewer and no more (*miscounted*). O(n).
    """
    verdict = Verdict("tokens are judged rightly")
    promised, refused, bad, admitted, good = " or ".join(ways), 0, 0, 0, 0
    for attempt in attempts(history):
        verdict.exercised += 1
        if attempt.valid and not all_bad:
            good += 1
            admitted += attempt.ended is None
            if attempt.ended is not None:
                verdict.violated(Code.TOKEN_WINDOW, f"{attempt.title} was refused by {attempt.way}, and should have been let in", attempt.begun, attempt.ended)
            continue
        bad += 1
        refused += attempt.ended is not None
        if attempt.ended is None:
            verdict.violated(Code.NOT_REFUSED, f"{attempt.title} was let in, where {promised} is promised", attempt.begun, attempt.told)
            continue
        if attempt.way not in ways:
            verdict.violated(Code.WRONG_CLOSE, f"{attempt.title} was refused by {attempt.way}, where {promised} is promised", attempt.ended)
        if attempt.told is not None:
            verdict.violated(
                Code.DATA_BEFORE_AUTH, f"{attempt.title} was told something {wording.at(history, attempt.told)}, before it was refused", attempt.told, attempt.ended
            )
    if count is not None and verdict.exercised != count:
        verdict.violated(Code.MISCOUNTED, f"{wording.counted(verdict.exercised, 'attempt')} to get in were seen, where {count} were to be made")
    if bad:
        verdict.measured("tokens_refused", 100 * refused / bad, "%", bad)
    if good:
        verdict.measured("tokens_admitted", 100 * admitted / good, "%", good)
    return verdict.concluded()


def attempts_of_all(history: History, count: int) -> Verdict:
    """So many attempts were made (*miscounted*), all with bad tokens, and none was let in (*not_refused*); in which way is judged elsewhere. O(n)."""
    verdict = Verdict("bad tokens of all shares are refused")
    made = list(attempts(history))
    verdict.exercised = len(made)
    for attempt in made:
        if attempt.ended is None:
            verdict.violated(Code.NOT_REFUSED, f"{attempt.title} was let in", attempt.begun)
    if len(made) != count:
        verdict.violated(Code.MISCOUNTED, f"{wording.counted(len(made), 'attempt')} to get in were seen, where {count} were to be made")
    if made:
        verdict.measured("tokens_refused", 100 * sum(attempt.ended is not None for attempt in made) / len(made), "%", len(made))
        verdict.measured("attempts_spread", 1000 * (made[-1].begun.time - made[0].begun.time), "ms", len(made))
    return verdict.concluded()


def boundary_where_declared(history: History, leeway: float) -> Verdict:
    """A token counts from its beginning to its end by the target's clock, and ``leeway`` s around that, no more and no less (*token_window*).

    The clock was read before and after each attempt, so that the target has decided between these: let in although the token was over before
    it began, or refused although it was still good behind the end, is wrong; what is between is not judged. Both sides must have been tried.
    O(n).
    """
    verdict = Verdict("tokens end when they say")
    sides = {True: 0, False: 0}
    for attempt in attempts(history):
        said = attempt.begun.details or {}
        before, after = said.get("clock"), attempt.after
        if before is None or after is None or ("expires" not in said and "begins" not in said):
            continue
        ends, begins = said.get("expires", float("inf")) + leeway, said.get("begins", float("-inf")) - leeway
        good, bad = before >= begins and after < ends, after < begins or before >= ends
        if not (good or bad):
            continue
        sides[good] += 1
        if bad and attempt.ended is None:
            late = f"{before - ends:.3f} s late" if before >= ends else f"{begins - after:.3f} s early"
            verdict.violated(Code.TOKEN_WINDOW, f"{attempt.title} was let in {late}, with a leeway of {leeway:g} s", attempt.begun, attempt.told)
        elif good and attempt.ended is not None:
            verdict.violated(
                Code.TOKEN_WINDOW, f"{attempt.title} was refused by {attempt.way}, although it was good for {ends - after:.3f} s more", attempt.begun, attempt.ended
            )
    verdict.exercised = sum(sides.values()) if all(sides.values()) else 0
    return verdict.concluded()


def nobody_got_in(users: Mapping[str, str], sessions: Iterable[Mapping[str, Any]], connections: Iterable[Mapping[str, Any]]) -> Verdict:
    """None of these users (id at the target -> role) has a session or a connection there, since all were refused (*ghost_session*). O(n)."""
    verdict = Verdict("nobody got in", exercised=len(users))
    for what, found in (("session", sessions), ("connection", connections)):
        for one in found:
            if one.get("user") in users:
                verdict.violated(Code.GHOST_SESSION, f"{users[str(one['user'])]} was refused, and has the {what} {one.get(what)} all the same")
    return verdict.concluded()
