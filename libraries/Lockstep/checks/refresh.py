"""Tokens are renewed without a break: who may have a new one gets it, who may not gets none, and nothing is lost meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from statistics import median
from typing import Any, NamedTuple

from . import wording
from .events import Event, Kind
from .history import History
from .verdict import Verdict
from .violations import Code

ENOUGH = 5
"""Renewals below which a median is noise."""


class Renewal(NamedTuple):
    """One try to get a new token or to go on with one; the journal keeps it as a MARK when it is over."""

    event: Event
    what: str
    """In the words of the suite, such as ``a used refresh token``."""
    by: str
    """``http`` or ``in_band``."""
    valid: bool
    """The target has to grant it,"""
    accepted: bool
    """and has."""
    way: str
    """How it was refused, such as ``http 401`` or ``error token_refused``; empty where it was not."""
    troubled: bool
    """The service was not there to judge: it had an error, or answered too late."""
    took: float
    """s."""
    expires: float | None
    """When the new token is over, by the target's clock (s)."""
    counted: int | None
    """How many renewals the target counts on this connection."""
    race: int | None
    """Number of the race that it was run in."""
    flaw: str = ""
    """What is wrong with the new tokens: ``of another user``, ``the old ones``."""


def renewals(history: History) -> Iterator[Renewal]:
    """All renewals of this history, in the order in which they were over. O(n)."""
    for event in history.events.of(Kind.MARK):
        said: Mapping[str, Any] | None = (event.details or {}).get("renewal")
        if said is not None:
            yield Renewal(event, **said)


def renewals_judged_rightly(history: History, ways: Collection[str]) -> Verdict:
    """A good token is renewed (*token_window*), a bad one is not (*not_refused*), and is refused in one of these ways (*wrong_close*).
    New tokens are of the same user (*leaked_to_other_user*) and not the old ones (*token_window*).

    Of a race, and of a service in trouble, other checks speak. On one connection the target counts its renewals from 1 (*miscounted*). O(n).
    """
    verdict = Verdict("renewals are judged rightly")
    promised, counts = " or ".join(ways), dict[int, int]()
    for one in renewals(history):
        if one.race is not None or one.troubled:
            continue
        verdict.exercised += 1
        what = f"{wording.owner(one.event)}'s renewal by {one.what} {wording.at(history, one.event)}"
        if one.valid and not one.accepted:
            verdict.violated(Code.TOKEN_WINDOW, f"{what} was refused by {one.way}, and should have been granted", one.event)
        elif one.accepted and not one.valid:
            verdict.violated(Code.NOT_REFUSED, f"{what} was granted, where {promised} is promised", one.event)
        elif not one.accepted and one.way not in ways:
            verdict.violated(Code.WRONG_CLOSE, f"{what} was refused by {one.way}, where {promised} is promised", one.event)
        if one.flaw:
            verdict.violated(Code.LEAKED_TO_OTHER_USER if "user" in one.flaw else Code.TOKEN_WINDOW, f"{what} brought tokens that are {one.flaw}", one.event)
        if one.accepted and one.counted is not None:
            counts[one.event.connection] = counts.get(one.event.connection, 0) + 1
            if one.counted != counts[one.event.connection]:
                verdict.violated(Code.MISCOUNTED, f"{what} was number {counts[one.event.connection]} on its connection, and was called {one.counted}", one.event)
    return verdict.concluded()


def one_winner(history: History) -> Verdict:
    """Of those who renew the same token at once, one succeeds: no more (*duplicated*), and not nobody (*lost*). O(n)."""
    verdict = Verdict("a race has one winner")
    races: dict[int, list[Renewal]] = {}
    for one in renewals(history):
        if one.race is not None:
            races.setdefault(one.race, []).append(one)
    for racers in races.values():
        verdict.exercised += len(racers)
        won = [one.event for one in racers if one.accepted]
        if len(won) != 1:
            how = "nobody" if not won else f"{len(won)} of them"
            verdict.violated(Code.LOST if not won else Code.DUPLICATED, f"of {len(racers)} renewals of one token at once, {how} succeeded", *won)
    return verdict.concluded()


def renewals_within(history: History, limit: float, nearly_all: float | None = None) -> Verdict:
    """Half of the renewals took less than ``limit`` s, and 95 of 100 less than ``nearly_all`` s: of five or more, since a single one would be
    noise (*too_slow*). Records ``refresh_median``, ``refresh_p95`` and ``refresh_max`` (ms). O(n log n).
    """
    verdict = Verdict("renewals are fast")
    took = sorted(one.took for one in renewals(history) if one.accepted)
    if len(took) < ENOUGH:
        return verdict.concluded()
    verdict.exercised = len(took)
    half, most = median(took), took[-(-len(took) * 95 // 100) - 1]
    for name, value in (("median", half), ("p95", most), ("max", took[-1])):
        verdict.measured(f"refresh_{name}", 1000 * value, "ms", len(took))
    for share, value, agreed in (("half", half, limit), ("the slowest twentieth", most, nearly_all)):
        if agreed is not None and value >= agreed:
            verdict.violated(Code.TOO_SLOW, f"{share} of {len(took)} renewals took {1000 * value:.1f} ms or more, where {1000 * agreed:g} ms are agreed")
    return verdict.concluded()


def stayed_with_the_new_token(history: History, now: float, expired: Collection[str]) -> Verdict:
    """A connection whose token was renewed is not ended by the target before the new one is over: neither because the old one was
    (*token_window*; ``expired`` says how the target ends those), nor otherwise (*wrong_close*). ``now`` is the target's clock (s). A connection
    to which a fault was done is not judged. O(n).
    """
    verdict = Verdict("the connection goes on with its new token")
    newest: dict[int, Renewal] = {one.event.connection: one for one in renewals(history) if one.accepted and one.by == "in_band"}
    ends: dict[int, Event] = {}
    for event in history.events.of(Kind.CLOSE, Kind.FAULT):
        ends.setdefault(event.connection, event)
    for connection, one in newest.items():
        end = ends.get(connection)
        if end is not None and end.kind is Kind.FAULT:
            continue
        verdict.exercised += 1
        said = (end.details if end is not None else None) or {"by": "us"}
        if said.get("by") == "us" or (one.expires is not None and now >= one.expires):
            continue
        way = f"close {said.get('code')}"
        code = Code.TOKEN_WINDOW if way in expired else Code.WRONG_CLOSE
        left = "" if one.expires is None else f", although its new token is good for {one.expires - now:.0f} s more"
        verdict.violated(code, f"{wording.owner(one.event)}'s connection {connection} was ended by {way}{left}", one.event, end)
    return verdict.concluded()


def old_tokens_dead(history: History) -> Verdict:
    """Nobody gets in with a token that was replaced or revoked (*token_window*): a CONNECT that says ``retired`` fails. O(n)."""
    verdict = Verdict("old tokens are dead")
    tries = {event.connection: event for event in history.events.of(Kind.CONNECT) if (event.details or {}).get("retired")}
    refused = {event.connection for event in history.events.of(Kind.CONNECT_FAILED)}
    for event in history.events.of(Kind.CLOSE):
        if (event.details or {}).get("by") != "us":
            refused.add(event.connection)
    for connection, event in tries.items():
        verdict.exercised += 1
        if connection not in refused:
            verdict.violated(Code.TOKEN_WINDOW, f"{wording.owner(event)} got in {wording.at(history, event)} with a token that had been replaced or revoked", event)
    return verdict.concluded()
