"""Urgent messages go first, and the others still get through."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from . import wording
from .doors import NEVER, Attempt, Door
from .events import Event
from .history import History
from .messages import FAILED
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
        for attempts in door.lanes.values():
            _judge_lane(history, verdict, door, attempts, workers - reserve)
    verdict.measurements += high_figures(history)
    return verdict.concluded()


def _judge_lane(history: History, verdict: Verdict, door: Door, attempts: list[Attempt], least: int) -> None:
    """`least`: by so much the queue must surely have changed since the refusal for a normal message to have no place."""
    lane = _Levels(door, attempts[0].send.connection)
    let_in = floor = 0
    refused: Attempt | None = None
    for attempt in attempts:
        if attempt.high and attempt.let_in:
            verdict.exercised += 1
        elif attempt.high and attempt.full and attempt.refused:
            verdict.exercised += 1
            level = let_in - lane.surely_gone(attempt.send, attempt.refused)
            if refused is None or level < floor:
                floor, refused = level, attempt
        elif attempt.let_in and refused is not None and let_in - lane.perhaps_gone(attempt.decided) - floor >= least:
            verdict.violated(
                Code.PRIORITY_INVERTED,
                f"{_named(refused)} was refused for lack of room {_when(history, refused.refused)}, and yet {_named(attempt)}, sent "
                f"later ({_when(history, attempt.send)}), was let in",
                refused.send, refused.refused, attempt.send, attempt.accepted, attempt.left,
            )
        let_in += attempt.let_in


class _Levels:
    """How many messages can have left a user's queue, beside one connection of which all is known in its order."""

    def __init__(self, door: Door, connection: int) -> None:
        own = [each for each in door.attempts if each.send.connection == connection and not each.doubtful]
        others = [each for each in door.attempts if each.send.connection != connection or each.doubtful]
        self._gone = sorted(each.left.index for each in own if each.left)
        self._others = [each.send.index for each in others if each.may_be_in]
        self._others_gone = sorted(each.left.index for each in others if each.left)

    def surely_gone(self, asked: Event, told: Event) -> int:
        """By the moment at which what was asked was dealt with."""
        return bisect_left(self._gone, told.index) + bisect_left(self._others_gone, asked.index)

    def perhaps_gone(self, told: int) -> int:
        """By then, at most."""
        return bisect_left(self._gone, told) + bisect_left(self._others, told)


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
    for choices in _turns(history, workers):
        for choice in choices:
            verdict.exercised += 1
            begun, high = choice.begun, choice.high
            if not begun.high and choice.highs_before < high_in_a_row and not choice.highs_only:
                overtaken += 1
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
    for choices in _turns(history, workers):
        verdict.exercised += len(choices)
        for _, turn in groupby(choices, key=attrgetter("normals_before")):
            passed = [choice for choice in turn if choice.begun.high]
            longest = max(longest, len(passed))
            if len(passed) > high_in_a_row:
                victim = passed[0].normal
                verdict.violated(
                    Code.STARVED,
                    f"{_named(victim)} waited (sent {_when(history, victim.send)}) while {len(passed)} urgent messages in a row were "
                    f"begun, where {high_in_a_row} are the most",
                    victim.send, victim.accepted, passed[high_in_a_row].begun.left, victim.left,
                )
    verdict.measured("urgent_in_a_row", longest, "messages", verdict.exercised)
    return verdict.concluded()


def high_figures(history: History) -> tuple[Measured, ...]:
    """The share of urgent messages that were answered, in %; empty where none was sent. O(n)."""
    sent = processed = 0
    for door in history.doors.values():
        high = {attempt.send.message_id for attempt in door.attempts if attempt.high}
        sent += len(high)
        processed += len({attempt.send.message_id for attempt in door.attempts if attempt.high and attempt.left})
    return (Measured("high_processed_share", 100 * processed / sent, "%", sent),) if sent else ()


class _Stay(NamedTuple):
    """A message in the queue of its user: when it was there for certain, and when it was done, on one line of time."""

    attempt: Attempt
    since: int
    until: int


class _Choice(NamedTuple):
    """A message was begun while messages of both classes waited for certain, itself among them."""

    begun: Attempt
    high: Attempt
    """The oldest urgent message that waited."""
    normal: Attempt
    """The oldest normal message that waited."""
    highs_before: int
    """So many urgent ones had been begun directly before it."""
    normals_before: int
    """So many normal ones had been begun before it."""
    highs_only: bool
    """Nothing else is known to have been begun before, so that there may have been more."""


def _turns(history: History, workers: int) -> Iterator[list[_Choice]]:
    """For each user: what was begun while messages of both classes waited for certain, in the order of beginning."""
    if not history.ledger:
        for door in history.doors.values():
            yield list(_choices(_stays_seen(door), workers))
        return
    let_in: dict[tuple[str, str, int], int] = {}
    done: dict[tuple[str, str, int], int] = {}
    for row in history.ledger:
        if row.what == "accepted":
            let_in[row.user, row.message_id, row.attempt] = row.index
        elif row.what == "processed" or row.reason == FAILED:
            done[row.user, row.message_id, row.attempt] = row.index
    for user, door in history.doors.items():
        stays = []
        for attempt in door.attempts:
            key = (user, attempt.send.message_id or "", attempt.send.attempt or 1)
            if key in let_in:
                stays.append(_Stay(attempt, let_in[key], done.get(key, NEVER)))
        yield list(_choices(sorted(stays, key=attrgetter("since")), workers))


def _stays_seen(door: Door) -> list[_Stay]:
    """As replies show it, where they leave in the order of the work; nothing where what was said may be about another attempt."""
    inside = [attempt for attempt in door.attempts if attempt.let_in]
    connections = {event.connection for each in inside for event in (each.send, each.left) if event}
    if len(connections) > 1 or any(attempt.doubtful for attempt in door.attempts):
        return []
    return [_Stay(attempt, attempt.decided, attempt.left.index if attempt.left else NEVER) for attempt in inside]


def _choices(stays: list[_Stay], workers: int) -> Iterator[_Choice]:
    """`stays` in the order in which they were let in."""
    ended = sorted((stay for stay in stays if stay.until < NEVER), key=attrgetter("until"))
    high = deque(stay for stay in stays if stay.attempt.high)
    normal = deque(stay for stay in stays if not stay.attempt.high)
    in_a_row = normals = 0
    for position, begun in enumerate(ended):
        after = ended[position - workers].until if position >= workers else -1
        for queue in (high, normal):
            while queue and queue[0].until < begun.until:
                queue.popleft()
        if high and normal and max(high[0].since, normal[0].since) < after:
            yield _Choice(begun.attempt, high[0].attempt, normal[0].attempt, in_a_row, normals, highs_only=not normals)
        in_a_row = in_a_row + 1 if begun.attempt.high else 0
        normals += not begun.attempt.high


def _named(attempt: Attempt) -> str:
    return f"{wording.owner(attempt.send)}'s {'urgent' if attempt.high else 'normal'} message {attempt.send.message_id}"


def _when(history: History, event: Event | None) -> str:
    return wording.at(history, event) if event else "at an unknown moment"
