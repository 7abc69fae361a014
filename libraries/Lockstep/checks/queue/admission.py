"""The queue of a user holds what it may hold, and whoever is turned away is turned away for a reason."""

from __future__ import annotations

from bisect import bisect_left
from operator import itemgetter

from .. import bulk, wording
from ..bulk import NEVER as NOWHERE
from ..events import NEVER
from ..history import History
from ..verdict import Verdict
from ..violations import Code
from .attempts import Attempt
from .doors import Door


def depth_derived_within(history: History, normal_places: int, high_places: int, workers: int = 1) -> Verdict:
    """No message is let in while as many wait as have places (*over_capacity*), counted from what was let in and answered.

    So many wait at least as were surely let in before, less those answered by then, less `workers` being worked on. If that is
    exceeded and not one message was refused for lack of room, there is *no_backpressure*. Only where what is said on a connection
    arrives in the order of its effects. O(n log n). Source: bounded queue, counted from outside.
    """
    verdict = Verdict("queue stays within its capacity, as counted")
    deepest = 0
    for user, door in history.doors.items():
        attempts, worst = door.attempts, None
        inside = bulk.chosen(door.least, attempts.let_in)
        verdict.exercised += len(inside)
        deepest = max(deepest, max(inside, default=-1) - workers + 1)
        for place in bulk.places(attempts.let_in) if deepest > min(normal_places, high_places) else ():
            waiting, places = door.least[place] - workers, high_places if attempts.high[place] else normal_places
            if waiting >= places:
                worst = max(worst or (waiting, place), (waiting, place), key=itemgetter(0))
                _let_in_without_a_place(history, verdict, attempts[place], f"at least {waiting}", places)
        if worst is not None and 1 not in attempts.full:
            verdict.violated(
                Code.NO_BACKPRESSURE,
                f"{user}'s queue grew to at least {worst[0] + 1} messages, where {high_places} may wait, and not one message was refused",
                attempts[worst[1]].send,
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
    for door in history.doors.values():
        attempts = door.attempts
        let_in, decided, full, high = attempts.let_in, attempts.decided, attempts.full, attempts.high
        end = min([bisect_left(attempts.events.indexes, until, 0, len(attempts.events)), *(position + 1 for position in door.departures[:1])])
        for place in bulk.places(bulk.either(let_in, bytes(full))):
            if decided[place] >= end:
                continue
            verdict.exercised += 1
            taken_in += let_in[place]
            turned_away += full[place]
            if full[place]:
                _judge_refusal(history, verdict, door, place, (normal_places, high_places))
            elif door.least[place] >= (places := high_places if high[place] else normal_places):
                _let_in_without_a_place(history, verdict, attempts[place], f"{door.least[place]}", places)
    verdict.measured("taken_in_while_held", taken_in, "messages", verdict.exercised)
    verdict.measured("refused_while_held", turned_away, "messages", verdict.exercised)
    return verdict.concluded()


def refusals_justified(history: History, normal_places: int, high_places: int) -> Verdict:
    """Each refusal for lack of room came while all places may have been taken, for whatever reason the agent was slow.

    At most so many messages waited as may have been let in before, less those answered before the refused one was sent. Fewer than
    there are places: *slow_recovery*; an urgent one refused with places left that are kept for urgent ones: *priority_inverted*.
    A place that became free on the way is no fault. O(n log n). Source: bounded queue, counted from outside.
    """
    verdict = Verdict("refusals are justified")
    for door in history.doors.values():
        for place in door.attempts.refused_for_lack_of_room:
            verdict.exercised += 1
            _judge_refusal(history, verdict, door, place, (normal_places, high_places))
    verdict.measured("refused_for_lack_of_room", verdict.exercised, "messages", verdict.exercised)
    return verdict.concluded()


def first_refusal_within(history: History, limit: float) -> Verdict:
    """The first message of each user that finds no place is refused within `limit` seconds of its sending (*too_slow*).

    O(n). Source: time to the first signal of overload.
    """
    verdict = Verdict("overload is signalled in time")
    longest = 0.0
    for door in history.doors.values():
        for attempt in map(door.attempts.__getitem__, door.attempts.refused_for_lack_of_room[:1]):
            verdict.exercised += 1
            took = attempt.refused.time - attempt.send.time if attempt.refused else 0.0
            longest = max(longest, took)
            if took > limit:
                verdict.violated(
                    Code.TOO_SLOW,
                    f"the refusal of {_named(history, attempt)}, the first for lack of room, took {1000 * took:.0f} ms, "
                    f"where {1000 * limit:.0f} ms are agreed",
                    attempt.send, attempt.refused,
                )
    verdict.measured("first_refusal", 1000 * longest, "ms", verdict.exercised)
    return verdict.concluded()


def refused_again_accepted(history: History) -> Verdict:
    """A message that was refused for lack of room and is sent again while nothing waits is let in (*slow_recovery*).

    Nothing waits when everything that may have been let in before was answered before it was sent again; with any capacity there
    is a place then. O(n log n). Source: recovery time.
    """
    verdict = Verdict("refused messages are accepted later")
    accepted = 0
    for door in history.doors.values():
        attempts, messages = door.attempts, door.attempts.messages
        ever = {messages[place] for place in attempts.refused_for_lack_of_room}
        refused: dict[int, int] = {}
        for place, message in enumerate(messages) if ever else ():
            if message in refused:
                verdict.exercised += 1
                accepted += attempts.let_in[place]
                if attempts.full[place] and door.depth_of(place).most == 0:
                    before, attempt = attempts[refused[message]], attempts[place]
                    verdict.violated(
                        Code.SLOW_RECOVERY,
                        f"{_named(history, attempt)} was refused again for lack of room although nothing waited any more",
                        before.refused, attempt.send, attempt.refused,
                    )
            if attempts.full[place]:
                refused[message] = place
    verdict.measured("sent_again", verdict.exercised, "messages", verdict.exercised)
    verdict.measured("accepted_when_sent_again", accepted, "messages", verdict.exercised)
    return verdict.concluded()


def accepted_is_final(history: History) -> Verdict:
    """What was accepted is not turned away later for lack of room: its place is its own (*lost*).

    O(n). Source: acknowledged write of Jepsen.
    """
    verdict = Verdict("accepted is final")
    for door in history.doors.values():
        verdict.exercised += bulk.equal(door.attempts.accepted, NOWHERE).count(0)
        for attempt in map(door.attempts.__getitem__, door.attempts.refused_for_lack_of_room):
            if attempt.accepted is not None and attempt.refused is not None:
                verdict.violated(
                    Code.LOST,
                    f"{_named(history, attempt)} was accepted {wording.at(history, attempt.accepted)} and yet refused for lack of room "
                    f"{wording.at(history, attempt.refused)}",
                    attempt.send, attempt.accepted, attempt.refused,
                )
    return verdict.concluded()


def _let_in_without_a_place(history: History, verdict: Verdict, attempt: Attempt, waiting: str, places: int) -> None:
    verdict.violated(
        Code.OVER_CAPACITY,
        f"{_named(history, attempt)} was let in although {waiting} messages waited, where {places} may",
        attempt.send, attempt.accepted, attempt.left,
    )


def _judge_refusal(history: History, verdict: Verdict, door: Door, place: int, all_places: tuple[int, int]) -> None:
    """Reports a refusal for lack of room when at most so many messages waited that there was a place."""
    waiting, places = door.depth_of(place).most, all_places[door.attempts.high[place]]
    if waiting < places:
        attempt = door.attempts[place]
        kept = attempt.high and waiting >= all_places[0]
        verdict.violated(
            Code.PRIORITY_INVERTED if kept else Code.SLOW_RECOVERY,
            f"{_named(history, attempt)} was refused for lack of room although at most {wording.counted(waiting, 'message')} waited, "
            f"where {places} may" + (f" ({places - all_places[0]} of these places are kept for urgent messages)" if kept else ""),
            attempt.send, attempt.refused,
        )


def _named(history: History, attempt: Attempt) -> str:
    return wording.sent(history, attempt.send, urgent=attempt.high)
