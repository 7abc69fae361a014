"""What the server tells of a user's queue is true: its depth, its places, and why somebody was turned away."""

from __future__ import annotations

from collections.abc import Iterator

from .. import wording
from ..events import Event, Kind
from ..history import History
from ..snapshots import AGENT_STATE, QUEUE_CAPACITY, QUEUE_STATE, snapshots
from ..verdict import Verdict
from ..violations import Code
from .attempts import FULL, Attempt, reason
from .doors import Depth, Door


def depth_reported_within(history: History, capacity: int) -> Verdict:
    """No answer about the queue shows more waiting messages than places (*over_capacity*) or other places (*disagreement*).

    Looks at queue_state (queue_size, max_capacity), queue_capacity (capacity) and the capacity that refusals name; what an answer
    lacks is not looked at. O(answers). Source: bounded queue.
    """
    verdict = Verdict("queue stays within its capacity, as reported")
    deepest: float = 0
    for taken in (*snapshots(history, QUEUE_STATE), *snapshots(history, QUEUE_CAPACITY)):
        size = _number(taken.fields.get("queue_size"))
        named = _number(taken.fields.get("max_capacity", taken.fields.get("capacity")))
        verdict.exercised += size is not None or named is not None
        deepest = max(deepest, size or 0)
        if size is not None and not 0 <= size <= capacity:
            verdict.violated(
                Code.OVER_CAPACITY,
                f"{wording.snapshot(history, taken)} says that {size} messages wait, where there are {capacity} places",
                taken.query, taken.answer,
            )
        if named is not None and named != capacity:
            verdict.violated(
                Code.DISAGREEMENT,
                f"{wording.snapshot(history, taken)} says that there are {named} places, where {capacity} were promised",
                taken.query, taken.answer,
            )
    for _, _, attempt, refused in _refused(history):
        named = _number((refused.details or {}).get("capacity"))
        verdict.exercised += named is not None
        if named is not None and named != capacity:
            verdict.violated(
                Code.DISAGREEMENT,
                f"the refusal of {_named(history, attempt)} says that there are {named} places, where {capacity} were promised",
                attempt.send, refused,
            )
    verdict.measured("queue_depth_reported", deepest, "messages", verdict.exercised)
    return verdict.concluded()


def depth_reported_truly(history: History, workers: int = 1) -> Verdict:
    """Each depth that the server tells lies between what can and what must wait by then (*miscounted*).

    Told are queue_size (which must also be high + normal, where both are named) in answers, queue_depth in refusals, and pending
    in the agent's state, which counts messages being worked on as well. At most `workers` are. O(n log n). Source: counter checker
    of Jepsen.
    """
    verdict = Verdict("depth of the queue reported truly")
    for who, told, depth, at_work in _told_depths(history):
        verdict.exercised += 1
        least, most = (depth.least, depth.most + workers) if at_work else (max(depth.least - workers, 0), depth.most)
        if not least <= told <= most:
            expected = f"{least}" if least == most else f"{least} to {most}"
            verdict.violated(Code.MISCOUNTED, f"{who[0]} says that {told} messages wait, where {expected} is right", *who[1:])
    for taken in snapshots(history, QUEUE_STATE):
        size, high, normal = (_number(taken.fields.get(name)) for name in ("queue_size", "high", "normal"))
        if size is not None and high is not None and normal is not None and high + normal != size:
            verdict.violated(
                Code.MISCOUNTED,
                f"{wording.snapshot(history, taken)} says that {size} messages wait, of which {high} are urgent and {normal} are not",
                taken.query, taken.answer,
            )
    return verdict.concluded()


def _told_depths(history: History) -> Iterator[tuple[tuple[str, Event, Event], float, Depth, bool]]:
    """Each depth that was told: in which words and by which events, the figure, what it can be, whether work in hand counts."""
    for question, field, at_work in ((QUEUE_STATE, "queue_size", False), (AGENT_STATE, "pending", True)):
        for taken in snapshots(history, question):
            told = _number(taken.fields.get(field))
            door = history.doors.get(taken.answer.user)
            if told is not None and door is not None:
                who = wording.snapshot(history, taken), taken.query, taken.answer
                yield who, told, door.depth(taken.query, taken.answer.index), at_work
    for door, _, attempt, refused in _refused(history):
        told = _number((refused.details or {}).get("queue_depth"))
        if told is not None:  # by its own arrival: an urgent reply may have overtaken what was said before it
            yield (f"the refusal of {_named(history, attempt)}", attempt.send, refused), told, door.depth(attempt.send, refused.index), False


def refusals_explained(history: History, *, retry_hint: bool = True) -> Verdict:
    """Each refusal for lack of room names its message and a time after which to try again (*phantom*).

    It also names a depth that is not above the capacity it names (*over_capacity*), where it names both. `retry_hint`: whether
    such a time is promised. O(n). Source: error contract.
    """
    verdict = Verdict("refusals are explained")
    for event in history.journal.others[Kind.ERROR]:
        if reason(event) == FULL:
            verdict.exercised += 1
            verdict.violated(
                Code.PHANTOM, f"{wording.owner(event)} was told {wording.at(history, event)} that the queue is full, but not for which message", event
            )
    for _, _, attempt, refused in _refused(history):
        if attempt.full:
            verdict.exercised += 1
            _judge_explanation(history, verdict, attempt, refused, retry_hint=retry_hint)
    return verdict.concluded()


def _judge_explanation(history: History, verdict: Verdict, attempt: Attempt, refused: Event, *, retry_hint: bool) -> None:
    details = refused.details or {}
    hint, depth, capacity = (_number(details.get(name)) for name in ("retry_after", "queue_depth", "capacity"))
    if retry_hint and (hint is None or hint <= 0):
        found = f"says to try again after {hint:g} s" if hint is not None else "does not say when to try again"
        verdict.violated(Code.PHANTOM, f"the refusal of {_named(history, attempt)} {found}", attempt.send, refused)
    if depth is not None and capacity is not None and depth > capacity:
        verdict.violated(
            Code.OVER_CAPACITY,
            f"the refusal of {_named(history, attempt)} says that {depth} messages wait, and that there are {capacity} places",
            attempt.send, refused,
        )


def _number(value: object) -> float | None:
    """A figure that the server told; None where it told none."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _refused(history: History) -> Iterator[tuple[Door, int, Attempt, Event]]:
    """Each attempt that was turned away, with its place among its user's attempts, and the refusal."""
    for door in history.doors.values():
        attempts = door.attempts
        for place in attempts.turned_away:
            yield door, place, attempts[place], attempts.events[attempts.refused[place]]


def _named(history: History, attempt: Attempt) -> str:
    return wording.sent(history, attempt.send, urgent=attempt.high)
