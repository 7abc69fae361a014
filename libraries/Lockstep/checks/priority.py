"""Urgent messages go first, and the others still get through."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from . import bulk, wording
from .bulk import NEVER as NOWHERE
from .events import Event
from .history import History
from .messages import FAILED
from .names import NOTHING
from .queue.attempts import Attempt, Attempts
from .queue.doors import Door
from .rows import Rows
from .verdict import Measured, Verdict
from .violations import Code


def high_never_refused_behind_normal(history: History, reserve: int = 0, workers: int = 1) -> Verdict:
    """No urgent message is refused for lack of room while a normal one, sent later on its connection, is let in (*priority_inverted*).

    A normal one may be let in once the queue has shrunk by more than `reserve`, the places that are kept for urgent messages. It
    shrinks by what is answered in between, and by what the `workers` have taken and not answered yet; it grows by what is let in.
    O(n log n). Source: admission by reserve.
    """
    verdict = Verdict("urgent messages are not refused behind normal ones")
    for door in history.doors.values():
        attempts = door.attempts
        refused, judged = bulk.both(bytes(attempts.high), bytes(attempts.full)), bulk.either(attempts.let_in, bytes(attempts.full))
        verdict.exercised += bulk.both(bytes(attempts.high), judged).count(1)
        for places in door.lanes.values():
            if 1 in bulk.taken(refused, places):
                _judge_lane(history, verdict, door, places, workers - reserve)
    verdict.measurements += high_figures(history)
    return verdict.concluded()


def _judge_lane(history: History, verdict: Verdict, door: Door, places: array[int], least: int) -> None:
    """`least`: by so much the queue must surely have changed since the refusal for a normal message to have no place."""
    attempts = door.attempts
    lane, inside, high = _Levels(door, places), attempts.let_in, attempts.high
    let_in = floor = 0
    refused: int | None = None
    for place in places:
        if high[place]:
            if attempts.full[place]:
                level = let_in - lane.surely_gone(attempts.sends[place], attempts.refused[place])
                if refused is None or level < floor:
                    floor, refused = level, place
        elif inside[place] and refused is not None and let_in - lane.perhaps_gone(attempts.decided[place]) - floor >= least:
            behind, attempt = attempts[refused], attempts[place]
            verdict.violated(
                Code.PRIORITY_INVERTED,
                f"{_named(behind)} was refused for lack of room {_when(history, behind.refused)}, and yet {_named(attempt)}, sent "
                f"later ({_when(history, attempt.send)}), was let in",
                behind.send, behind.refused, attempt.send, attempt.accepted, attempt.left,
            )
        let_in += inside[place]


class _Levels:
    """How many messages can have left a user's queue, beside one connection of which all is known in its order.

    What is not known so is counted as all of the user's less what is: a lane costs what is on it, however many others there are.
    """

    def __init__(self, door: Door, places: array[int]) -> None:
        attempts, self._all = door.attempts, door
        known = bulk.chosen(places, bulk.negated(bytes(bulk.taken(attempts.doubtful, places))))
        self._possible = bulk.chosen(bulk.taken(attempts.sends, known), bulk.taken(attempts.may_be_in, known))
        self._gone = bulk.happened(bulk.taken(attempts.left, known))

    def surely_gone(self, asked: int, told: int) -> int:
        """By the moment at which what was asked was dealt with."""
        return bisect_left(self._gone, told) + bisect_left(self._all.departures, asked) - bisect_left(self._gone, asked)

    def perhaps_gone(self, told: int) -> int:
        """By then, at most."""
        return bisect_left(self._gone, told) + bisect_left(self._all.possible, told) - bisect_left(self._possible, told)


def overtaking_bounded(history: History, workers: int = 1, high_in_a_row: int = 9) -> Verdict:
    """While an urgent message waits, a normal one is begun only after `high_in_a_row` urgent ones in a row (*priority_inverted*).

    A message was begun after the one before it was answered (with more `workers`: the one so many before), for messages of a user
    end in the order in which they are begun. One that may have been begun before the urgent one was let in is not reported. The
    ledger says when; without one the replies do, if they leave in the order of the work (a server may also hold back those of
    one class): then users whose messages went over several connections, or of whom it is not known which attempt was answered,
    are not judged. O(n log n). Source: non-preemptive priority queue.
    """
    verdict = Verdict("urgent messages go first")
    overtaken = 0
    for attempts, choices in _turns(history, workers):
        for choice in choices:
            verdict.exercised += 1
            if not attempts.high[choice.begun] and choice.highs_before < high_in_a_row and not choice.highs_only:
                overtaken += 1
                begun, high = attempts[choice.begun], attempts[choice.high]
                verdict.violated(
                    Code.PRIORITY_INVERTED,
                    f"{_named(begun)} was begun while {_named(high)} waited, which had been let in before "
                    f"({_when(history, high.send)}); {wording.counted(choice.highs_before, 'urgent message')} had gone before it, "
                    f"where {high_in_a_row} in a row give a normal one its turn",
                    high.send, high.accepted, begun.send, begun.left, high.left,
                )
    verdict.measured("overtaken", overtaken, "messages", verdict.exercised)
    return verdict.concluded()


def normals_not_starved(history: History, workers: int = 1, high_in_a_row: int = 9) -> Verdict:
    """While a normal message waits, at most `high_in_a_row` urgent ones are begun before one of the normal ones (*starved*).

    When a message was begun is known as for `overtaking_bounded`. O(n log n). Source: bounded bypass.
    """
    verdict = Verdict("no message starves")
    longest = 0
    for attempts, choices in _turns(history, workers):
        verdict.exercised += len(choices)
        for _, turn in groupby(choices, key=attrgetter("normals_before")):
            passed = [choice for choice in turn if attempts.high[choice.begun]]
            longest = max(longest, len(passed))
            if len(passed) > high_in_a_row:
                victim = attempts[passed[0].normal]
                verdict.violated(
                    Code.STARVED,
                    f"{_named(victim)} waited (sent {_when(history, victim.send)}) while {len(passed)} urgent messages in a row were "
                    f"begun, where {high_in_a_row} are the most",
                    victim.send, victim.accepted, attempts[passed[high_in_a_row].begun].left, victim.left,
                )
    verdict.measured("urgent_in_a_row", longest, "messages", verdict.exercised)
    return verdict.concluded()


def high_figures(history: History) -> tuple[Measured, ...]:
    """The share of urgent messages that were answered, in %; empty where none was sent. O(n)."""
    sent = processed = 0
    for door in history.doors.values():
        attempts, high = door.attempts, bytes(door.attempts.high)
        sent += len(set(bulk.chosen(attempts.messages, high)))
        processed += len(set(bulk.chosen(attempts.messages, bulk.both(high, bulk.negated(bulk.equal(attempts.left, NOWHERE))))))
    return (Measured("high_processed_share", 100 * processed / sent, "%", sent),) if sent else ()


class _Stay(NamedTuple):
    """A message in the queue of its user: when it was there for certain, and when it was done, on one line of time."""

    since: int
    until: int
    attempt: int
    """Its place among its user's attempts."""


class _Choice(NamedTuple):
    """A message was begun while messages of both classes waited for certain, itself among them."""

    begun: int
    """Its place, as those of the others, among its user's attempts."""
    high: int
    """The oldest urgent message that waited."""
    normal: int
    """The oldest normal message that waited."""
    highs_before: int
    """So many urgent ones had been begun directly before it."""
    normals_before: int
    """So many normal ones had been begun before it."""
    highs_only: bool
    """Nothing else is known to have been begun before, so that there may have been more."""


def _turns(history: History, workers: int) -> Iterator[tuple[Attempts, list[_Choice]]]:
    """For each user: what was begun while messages of both classes waited for certain, in the order of beginning."""
    of_both = [door.attempts for door in history.doors.values() if {*door.attempts.high} == {0, 1}]
    by_ledger = _stays_by_ledger(history.ledger) if history.ledger and of_both else None
    for attempts in of_both:
        stays = _stays_seen(attempts) if by_ledger is None else list(_named_by_ledger(attempts, *by_ledger))
        yield attempts, list(_choices(sorted(stays, key=attrgetter("since")), attempts.high, workers))


def _stays_by_ledger(ledger: Rows) -> tuple[dict[tuple[int, int], int], dict[tuple[int, int], int]]:
    """Message and attempt -> the position of the row that let it in, and of the one that says it is done."""
    keys = list(zip(ledger.messages, ledger.attempts, strict=True))
    done = ledger.where(lambda what, why: what == "processed" or why == FAILED)
    return {keys[position]: position for position in ledger.positions("accepted")}, {keys[position]: position for position in done}


def _named_by_ledger(attempts: Attempts, let_in: dict[tuple[int, int], int], done: dict[tuple[int, int], int]) -> Iterator[_Stay]:
    numbers = bulk.taken(attempts.events.attempts, attempts.sends)
    for place, (message, number) in enumerate(zip(attempts.messages, numbers, strict=True)):
        key = message, number if number not in (0, NOTHING) else 1
        if key in let_in:
            yield _Stay(let_in[key], done.get(key, NOWHERE), place)


def _stays_seen(attempts: Attempts) -> list[_Stay]:
    """As replies show it, where they leave in the order of the work; nothing where what was said may be about another attempt."""
    inside = bulk.places(attempts.let_in)
    sources = attempts.events.names.sources
    positions = [position for column in (attempts.sends, attempts.left) for position in bulk.taken(column, inside) if position != NOWHERE]
    connections = {sources[source].connection for source in set(bulk.taken(attempts.events.sources, array("I", positions)))}
    if len(connections) > 1 or 1 in attempts.doubtful:
        return []
    return [_Stay(attempts.decided[place], attempts.left[place], place) for place in inside]


def _choices(stays: list[_Stay], is_high: Sequence[int], workers: int) -> Iterator[_Choice]:
    """`stays` in the order in which they were let in."""
    ended = sorted((stay for stay in stays if stay.until != NOWHERE), key=attrgetter("until"))
    high = deque(stay for stay in stays if is_high[stay.attempt])
    normal = deque(stay for stay in stays if not is_high[stay.attempt])
    in_a_row = normals = 0
    for position, begun in enumerate(ended):
        after = ended[position - workers].until if position >= workers else -1
        for queue in (high, normal):
            while queue and queue[0].until < begun.until:
                queue.popleft()
        if high and normal and max(high[0].since, normal[0].since) < after:
            yield _Choice(begun.attempt, high[0].attempt, normal[0].attempt, in_a_row, normals, highs_only=not normals)
        in_a_row = in_a_row + 1 if is_high[begun.attempt] else 0
        normals += not is_high[begun.attempt]


def _named(attempt: Attempt) -> str:
    return f"{wording.owner(attempt.send)}'s {'urgent' if attempt.high else 'normal'} message {attempt.send.message_id}"


def _when(history: History, event: Event | None) -> str:
    return wording.at(history, event) if event else "at an unknown moment"
