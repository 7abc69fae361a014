"""The waits of clients that try to come back: never shorter than their ladder says, never chosen longer, and not without end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from . import wording
from .events import Event, Kind
from .history import History
from .verdict import Verdict
from .violations import Code

GRAIN = 1e-5
"""s; so much less is as long: the journal keeps chosen waits to a millionth."""


class Try(NamedTuple):
    """One try to come back, of a ladder whose first try this history shows."""

    connect: Event
    number: int
    """From 1."""
    chosen: float
    """s that the client chose to wait before it."""
    waited: float | None
    """s since its connection or its try before had ended; None where this history does not show that."""
    place: int
    """Which rung it stands on, from 0; -1 where the first try came at once, and the ladder begins behind it."""


def waits_follow_ladder(history: History, rungs: Sequence[float], jitter: float = 0.0, *, at_once: bool = True) -> Verdict:
    """Each client waits before each try to come back as its ladder says, and gives up behind the last one (*disagreement*).

    `rungs` are waits in s, one for each try; each may be longer or shorter by `jitter` of itself. What a client chose must lie within
    that; what it did must not be shorter: longer it may be, for machines are late. With `at_once` a first try may come without a wait,
    and the ladder begins behind it. Who gives up although the target did not say no for good must have made every try (*stalled*).
    Measures ladder_tries (of all clients together), ladder_tries_most (the highest number of one) and ladder_wait_longest (s, as chosen).
    O(n). Source: truncated exponential backoff, IEEE 802.3, RFC 8961.
    """
    verdict = Verdict("waits follow the ladder")
    found = list(_tries(history, at_once=at_once))
    verdict.exercised = sum(one.place >= 0 for one in found)
    for one in found:
        if one.number > len(rungs):
            verdict.violated(Code.DISAGREEMENT, f"{_named(history, one)} was one more than the ladder has ({len(rungs)})", one.connect)
        elif one.place >= 0:
            _judge_wait(verdict, history, one, rungs[one.place], jitter)
    for end in history.events.of(Kind.MARK):
        said = end.details or {}
        if said.get("gave_up_after", len(rungs)) < len(rungs) and not said.get("final"):
            tries = wording.counted(said["gave_up_after"], "try")
            verdict.violated(Code.STALLED, f"{wording.owner(end)} gave up after {tries} {wording.at(history, end)}, where the ladder has {len(rungs)}", end)
    if found:
        verdict.measured("ladder_tries", len(found), "tries", len(found))
        verdict.measured("ladder_tries_most", max(one.number for one in found), "tries", len(found))
        verdict.measured("ladder_wait_longest", max(one.chosen for one in found), "s", len(found))
    return verdict.concluded()


def _judge_wait(verdict: Verdict, history: History, one: Try, rung: float, jitter: float) -> None:
    least, most = rung * (1 - jitter), rung * (1 + jitter)
    waited = one.chosen if one.waited is None else min(one.chosen, one.waited)
    if waited < least - GRAIN:
        verdict.violated(Code.DISAGREEMENT, f"{_named(history, one)} came after a wait of {waited:.3f} s, where the ladder says {least:.3f} s or more", one.connect)
    if one.chosen > most + GRAIN:
        verdict.violated(Code.DISAGREEMENT, f"{_named(history, one)} was put off by {one.chosen:.3f} s, where the ladder says {most:.3f} s at most", one.connect)


def _tries(history: History, *, at_once: bool) -> Iterator[Try]:
    """In the order of the journal."""
    ended: dict[str, Event] = {}
    skipped: dict[str, int] = {}
    for event in history.events.of(Kind.CONNECT, Kind.CONNECT_FAILED, Kind.CLOSE):
        client, said = event.client, event.details or {}
        if event.kind is not Kind.CONNECT:
            ended[client] = event
            continue
        if "try" not in said:  # a connection that was asked for, and not a way back
            skipped.pop(client, None)
            continue
        number, chosen, before = said["try"], said["waited"], ended.get(client)
        if number == 1:
            skipped[client] = int(at_once and not chosen)
        if client in skipped:
            yield Try(event, number, chosen, event.time - before.time if before else None, number - 1 - skipped[client])


def _named(history: History, one: Try) -> str:
    return f"try {one.number} of {wording.owner(one.connect)} {wording.at(history, one.connect)}"
