"""The queue of a user holds what it may hold, and whoever is turned away is turned away for a reason."""

from __future__ import annotations

from collections.abc import Iterator

from . import wording
from .doors import FULL, NEVER, Attempt, Depth, Door, reason
from .events import Event, Kind
from .history import History
from .snapshots import AGENT_STATE, QUEUE_CAPACITY, QUEUE_STATE, snapshots
from .verdict import Verdict
from .violations import Code


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
    for _, attempt in _attempts(history):
        named = _number((attempt.refused.details or {}).get("capacity")) if attempt.refused else None
        verdict.exercised += named is not None
        if named is not None and named != capacity:
            verdict.violated(
                Code.DISAGREEMENT,
                f"the refusal of {_named(history, attempt)} says that there are {named} places, where {capacity} were promised",
                attempt.send, attempt.refused,
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
    for door, attempt in _attempts(history):
        told = _number((attempt.refused.details or {}).get("queue_depth")) if attempt.refused else None
        if told is not None and attempt.refused is not None:
            yield (f"the refusal of {_named(history, attempt)}", attempt.send, attempt.refused), told, _depth(door, attempt), False


def depth_derived_within(history: History, normal_places: int, high_places: int, workers: int = 1) -> Verdict:
    """No message is let in while as many wait as have places (*over_capacity*), counted from what was let in and answered.

    So many wait at least as were surely let in before, less those answered by then, less `workers` being worked on. If that is
    exceeded and not one message was refused for lack of room, there is *no_backpressure*. Only where what is said on a connection
    arrives in the order of its effects. O(n log n). Source: bounded queue, counted from outside.
    """
    verdict = Verdict("queue stays within its capacity, as counted")
    deepest = 0
    for user, door in history.doors.items():
        worst: tuple[int, Attempt] | None = None
        for attempt in door.attempts:
            if not attempt.let_in:
                continue
            verdict.exercised += 1
            waiting, places = _depth(door, attempt).least - workers, _places(attempt, normal_places, high_places)
            deepest = max(deepest, waiting + 1)
            if waiting >= places:
                worst = max(worst or (waiting, attempt), (waiting, attempt), key=lambda item: item[0])
                verdict.violated(
                    Code.OVER_CAPACITY,
                    f"{_named(history, attempt)} was let in although at least {waiting} messages waited, where {places} may",
                    attempt.send, attempt.accepted, attempt.left,
                )
        if worst is not None and not any(attempt.full for attempt in door.attempts):
            verdict.violated(
                Code.NO_BACKPRESSURE,
                f"{user}'s queue grew to at least {worst[0] + 1} messages, where {high_places} may wait, and not one message was refused",
                worst[1].send,
            )
    verdict.measured("queue_depth_counted", deepest, "messages", verdict.exercised)
    return verdict.concluded()


def admission_exact(history: History, normal_places: int, high_places: int, until: int = NEVER) -> Verdict:
    """While nothing leaves the queue, exactly those are refused for whose class there is no place.

    Let in without a place: *over_capacity*. Refused although there is a place: *slow_recovery*; an urgent one refused with places
    left that are kept for urgent ones: *priority_inverted*. For an agent that was held before the first sending of this history;
    `until` is the journal index at which it was released. What was decided on later is not judged, nor what follows an answer.
    O(n log n). Source: the admission rule, simulated.
    """
    verdict = Verdict("admission follows the rule")
    taken_in = turned_away = 0
    for door, attempt in _attempts(history):
        by = attempt.decided
        if not (attempt.let_in or attempt.full) or by >= until or (door.departures and door.departures[0] < by):
            continue
        verdict.exercised += 1
        taken_in += attempt.let_in
        turned_away += attempt.full
        _judge_admission(history, verdict, door, attempt, (normal_places, high_places))
    verdict.measured("taken_in_while_held", taken_in, "messages", verdict.exercised)
    verdict.measured("refused_while_held", turned_away, "messages", verdict.exercised)
    return verdict.concluded()


def _judge_admission(history: History, verdict: Verdict, door: Door, attempt: Attempt, all_places: tuple[int, int]) -> None:
    depth, places = _depth(door, attempt), _places(attempt, *all_places)
    if attempt.full:
        _judge_refusal(history, verdict, attempt, depth.most, all_places)
    elif depth.least >= places:
        verdict.violated(
            Code.OVER_CAPACITY,
            f"{_named(history, attempt)} was let in although {depth.least} messages waited, where {places} may",
            attempt.send, attempt.accepted, attempt.left,
        )


def _judge_refusal(history: History, verdict: Verdict, attempt: Attempt, waiting: int, all_places: tuple[int, int]) -> None:
    """Reports a refusal for lack of room when at most so many messages waited that there was a place."""
    places = _places(attempt, *all_places)
    if waiting < places:
        kept = attempt.high and waiting >= all_places[0]
        verdict.violated(
            Code.PRIORITY_INVERTED if kept else Code.SLOW_RECOVERY,
            f"{_named(history, attempt)} was refused for lack of room although at most {wording.counted(waiting, 'message')} waited, "
            f"where {places} may" + (f" ({places - all_places[0]} of these places are kept for urgent messages)" if kept else ""),
            attempt.send, attempt.refused,
        )


def refusals_justified(history: History, normal_places: int, high_places: int) -> Verdict:
    """Each refusal for lack of room came while all places may have been taken, for whatever reason the agent was slow.

    At most so many messages waited as may have been let in before, less those answered before the refused one was sent. Fewer than
    there are places: *slow_recovery*; an urgent one refused with places left that are kept for urgent ones: *priority_inverted*.
    A place that became free on the way is no fault. O(n log n). Source: bounded queue, counted from outside.
    """
    verdict = Verdict("refusals are justified")
    for door, attempt in _attempts(history):
        if attempt.full:
            verdict.exercised += 1
            _judge_refusal(history, verdict, attempt, _depth(door, attempt).most, (normal_places, high_places))
    verdict.measured("refused_for_lack_of_room", verdict.exercised, "messages", verdict.exercised)
    return verdict.concluded()


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
    for _, attempt in _attempts(history):
        if attempt.full and attempt.refused is not None:
            verdict.exercised += 1
            _judge_explanation(history, verdict, attempt, attempt.refused, retry_hint=retry_hint)
    return verdict.concluded()


def first_refusal_within(history: History, limit: float) -> Verdict:
    """The first message of each user that finds no place is refused within `limit` seconds of its sending (*too_slow*).

    O(n). Source: time to the first signal of overload.
    """
    verdict = Verdict("overload is signalled in time")
    first: dict[str, tuple[Attempt, Event]] = {}
    for _, attempt in _attempts(history):
        if attempt.full and attempt.refused is not None:
            first.setdefault(attempt.send.user, (attempt, attempt.refused))
    longest = 0.0
    for attempt, refused in first.values():
        verdict.exercised += 1
        took = refused.time - attempt.send.time
        longest = max(longest, took)
        if took > limit:
            verdict.violated(
                Code.TOO_SLOW,
                f"the refusal of {_named(history, attempt)}, the first for lack of room, took {1000 * took:.0f} ms, "
                f"where {1000 * limit:.0f} ms are agreed",
                attempt.send, refused,
            )
    verdict.measured("first_refusal", 1000 * longest, "ms", verdict.exercised)
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


def refused_again_accepted(history: History) -> Verdict:
    """A message that was refused for lack of room and is sent again while nothing waits is let in (*slow_recovery*).

    Nothing waits when everything that may have been let in before was answered before it was sent again; with any capacity there
    is a place then. O(n log n). Source: recovery time.
    """
    verdict = Verdict("refused messages are accepted later")
    refused: dict[tuple[str, str | None], Attempt] = {}
    let_in = 0
    for door, attempt in _attempts(history):
        key = attempt.send.user, attempt.send.message_id
        before = refused.get(key)
        if before is not None:
            verdict.exercised += 1
            let_in += attempt.let_in
            if attempt.full and _depth(door, attempt).most == 0:
                verdict.violated(
                    Code.SLOW_RECOVERY,
                    f"{_named(history, attempt)} was refused again for lack of room although nothing waited any more",
                    before.refused, attempt.send, attempt.refused,
                )
        if attempt.full:
            refused[key] = attempt
    verdict.measured("sent_again", verdict.exercised, "messages", verdict.exercised)
    verdict.measured("accepted_when_sent_again", let_in, "messages", verdict.exercised)
    return verdict.concluded()


def accepted_is_final(history: History) -> Verdict:
    """What was accepted is not turned away later for lack of room: its place is its own (*lost*).

    O(n). Source: acknowledged write of Jepsen.
    """
    verdict = Verdict("accepted is final")
    for _, attempt in _attempts(history):
        if attempt.accepted is None:
            continue
        verdict.exercised += 1
        if attempt.full and attempt.refused is not None:
            verdict.violated(
                Code.LOST,
                f"{_named(history, attempt)} was accepted {wording.at(history, attempt.accepted)} and yet refused for lack of room "
                f"{wording.at(history, attempt.refused)}",
                attempt.send, attempt.accepted, attempt.refused,
            )
    return verdict.concluded()


def _attempts(history: History) -> Iterator[tuple[Door, Attempt]]:
    return ((door, attempt) for door in history.doors.values() for attempt in door.attempts)


def _depth(door: Door, attempt: Attempt) -> Depth:
    """How deep the queue was when this attempt was dealt with."""
    return door.depth(attempt.send, attempt.decided)


def _places(attempt: Attempt, normal_places: int, high_places: int) -> int:
    return high_places if attempt.high else normal_places


def _named(history: History, attempt: Attempt) -> str:
    kind = "urgent message" if attempt.high else "message"
    return f"{wording.owner(attempt.send)}'s {kind} {attempt.send.message_id} (sent {wording.at(history, attempt.send)})"


def _number(value: object) -> float | None:
    """A figure that the server told; None where it told none."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
