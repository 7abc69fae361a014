"""What the agent says about its state agrees with what the clients did and saw."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from . import wording
from .bounds import Bounds
from .events import Event
from .history import History
from .snapshots import AGENT_STATE, Snapshot, snapshots
from .verdict import Verdict
from .violations import Code

RISING = ("version", "message_count")
"""The fields that never fall."""


def counter_within_interval(history: History, base: int = 0) -> Verdict:
    """message_count lies between the replies seen before the question and the messages sent before its answer (*miscounted*).

    Both are counted per user over all their clients; refused messages never count. `base` is the count before the first
    message of this history. O(n). Source: counter checker of Jepsen.
    """
    verdict = Verdict("message count within its interval")
    bounds = history.bounds
    taken = [snapshot for snapshot in snapshots(history) if "message_count" in snapshot.fields]
    verdict.exercised = len(taken)
    for position, snapshot in enumerate(taken, 1):
        user, found = snapshot.answer.user, snapshot.fields["message_count"]
        least = base + bounds.answered(user, snapshot.query)
        most = base + bounds.attempted(user, snapshot.answer)
        if not least <= found <= most:
            expected = f"{least}" if least == most else f"{least} to {most}"
            verdict.violated(
                Code.MISCOUNTED,
                f"{_named(history, snapshot, position, len(taken))} says message_count {found}, where {expected} is right",
                snapshot.query, snapshot.answer,
            )
    verdict.measured("snapshots", verdict.exercised, "snapshots", verdict.exercised)
    return verdict.concluded()


def reads_include_own_writes(history: History, base: int = 0) -> Verdict:
    """A snapshot asked for after a reply includes that reply's message (*stale_read*).

    Read from whichever fields the snapshot has: message_count, version (where replies carry one in their details) and
    processed_message_ids, which may be cut to the last few. `base` is the count before the first message of this history.
    O(n). Source: read-your-writes.
    """
    verdict = Verdict("reads include own writes")
    bounds = history.bounds
    taken = snapshots(history)
    for position, snapshot in enumerate(taken, 1):
        newest = bounds.newest(snapshot.answer.user, snapshot.query)
        if newest is None:
            continue
        verdict.exercised += 1
        stale = _stale(snapshot, newest, bounds, base)
        if stale:
            verdict.violated(
                Code.STALE_READ,
                f"{_named(history, snapshot, position, len(taken))} {stale}; message {newest.message_id} had been answered "
                f"{wording.at(history, newest)}, before the question",
                newest, snapshot.query, snapshot.answer,
            )
    verdict.measured("snapshots", verdict.exercised, "snapshots", verdict.exercised)
    return verdict.concluded()


def _stale(snapshot: Snapshot, newest: Event, bounds: Bounds, base: int) -> str:
    """Which field shows that a snapshot is older than the newest reply before it; empty where none does."""
    user, fields = snapshot.answer.user, snapshot.fields
    answered = bounds.answered(user, snapshot.query)
    if fields.get("message_count", base + answered) < base + answered:
        return f"says message_count {fields['message_count']}, where at least {base + answered} were answered"
    version = (newest.details or {}).get("version")
    if version is not None and fields.get("version", version) < version:
        return f"says version {fields['version']}, where a reply had already said {version}"
    listed = fields.get("processed_message_ids")
    if listed is not None and newest.message_id not in listed:
        since = bounds.attempted(user, snapshot.answer) - answered
        if not listed or since < len(listed):  # else newer messages may have pushed it out of the list
            return "does not list it among the processed messages"
    return ""


def state_never_goes_back(history: History) -> Verdict:
    """For one client, version and message_count never fall from one snapshot to a later one (*went_back*).

    Later means asked for after the earlier was answered; snapshots that overlap may come in either order.
    O(n). Source: monotonic reads.
    """
    verdict = Verdict("state never goes back")
    highest: defaultdict[str, dict[str, Snapshot]] = defaultdict(dict)
    floors: dict[int, dict[str, Snapshot]] = {}
    for moment, snapshot in _moments(snapshots(history)):
        known = highest[moment.client]
        if moment is snapshot.query:
            floors[moment.index] = dict(known)
            continue
        floor = floors[snapshot.query.index]
        for field in RISING:
            found = snapshot.fields.get(field)
            if found is None:
                continue
            if field in floor:
                verdict.exercised += 1
                _judge_fall(history, verdict, field, floor[field], snapshot)
            if field not in known or found > known[field].fields[field]:
                known[field] = snapshot
    verdict.measured("values_compared", verdict.exercised, "values", verdict.exercised)
    return verdict.concluded()


def _moments(taken: list[Snapshot]) -> list[tuple[Event, Snapshot]]:
    """The questions and answers of all snapshots, in journal order."""
    moments = [(event, snapshot) for snapshot in taken for event in (snapshot.query, snapshot.answer)]
    return sorted(moments, key=lambda moment: moment[0].index)


def _judge_fall(history: History, verdict: Verdict, field: str, before: Snapshot, after: Snapshot) -> None:
    was, found = before.fields[field], after.fields[field]
    if found < was:
        verdict.violated(
            Code.WENT_BACK,
            f"{wording.owner(after.answer)}'s {field} went back from {was} ({wording.at(history, before.answer)}) to {found} "
            f"({wording.at(history, after.answer)}), asked for {wording.at(history, after.query)}",
            before.answer, after.query, after.answer,
        )


def state_equals(history: History, expected: Mapping[str, object], question: str = AGENT_STATE) -> Verdict:
    """The last answer to the question holds these values (*miscounted*); fields that are not named are not looked at.

    For the state at rest, behind a barrier. O(n). Source: exact accounting.
    """
    verdict = Verdict(f"{question.removeprefix('agent_').replace('_', ' ')} equals")
    taken = snapshots(history, question)
    for field, value in expected.items() if taken else ():
        last = taken[-1]
        verdict.exercised += 1
        found = last.fields.get(field, "nothing")
        if found != value:
            verdict.violated(
                Code.MISCOUNTED,
                f"{_named(history, last, len(taken), len(taken))} says {field} {found}, where {value} is right",
                last.query, last.answer,
            )
    return verdict.concluded()


def processed_ids_once(history: History) -> Verdict:
    """No snapshot lists a processed message twice (*duplicated*).

    O(ids listed). Source: unique-ids checker of Maelstrom.
    """
    verdict = Verdict("processed ids once")
    taken = [snapshot for snapshot in snapshots(history) if snapshot.fields.get("processed_message_ids")]
    for position, snapshot in enumerate(taken, 1):
        listed: list[Any] = snapshot.fields["processed_message_ids"]
        verdict.exercised += len(listed)
        if len(set(listed)) == len(listed):
            continue
        for message_id, count in Counter(listed).items():
            if count > 1:
                verdict.violated(
                    Code.DUPLICATED,
                    f"{_named(history, snapshot, position, len(taken))} lists message {message_id} as processed {count} times",
                    snapshot.answer,
                )
    return verdict.concluded()


def _named(history: History, snapshot: Snapshot, position: int, total: int) -> str:
    answer = snapshot.answer
    return f"{wording.owner(answer)}'s state {wording.at(history, answer)} (snapshot {position} of {total})"
