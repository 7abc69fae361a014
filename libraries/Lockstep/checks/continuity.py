"""What belongs to a session is what was said, and the same after a reconnection as before it: the conversation, and what the agent keeps in mind."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import wording
from .events import Event
from .history import History
from .snapshots import Snapshot, snapshots, whole
from .verdict import Verdict
from .violations import Code

HISTORY, MEMORY, UPDATE = "conversation_history", "agent_context", "update_agent_context"
SAID = ("content", "digest", "timestamp", "sequence_id")
"""What an entry of the conversation says beside its message id and its role."""
KEPT = ("preferences", "variables", "workflow", "tool_calls", "pending_operations", "results")
"""What the agent keeps in mind. When it was last active is no part of it."""

Fields = Mapping[str, Any]
Entry = tuple[str, str]
"""Message id and role: a message and the answer to it are two entries."""


def conversation_unchanged(before: Fields, after: Fields) -> Verdict:
    """The conversation is the same before and after: entries, their order, what they say, and how many there are in all.

    Missing or changed entries are *context_lost*, an earlier state of the conversation *went_back*, an entry that is there once more
    *duplicated*, one that nobody had seen *phantom*, another order *reordered*, another count of equal entries *miscounted*.
    `before` and `after`: count and messages, as the target told them. O(entries). Source: equality of snapshots.
    """
    verdict = Verdict("the conversation is unchanged")
    earlier, later = _entries(before), _entries(after)
    was, found = list(earlier), list(later)
    stood, stands = Counter(map(_key, _listed(before))), Counter(map(_key, _listed(after)))
    verdict.exercised = len(was)
    for key in found:
        if stands[key] > stood[key] > 0:
            verdict.violated(Code.DUPLICATED, f"{_named(key)} stood in the conversation {wording.counted(stood[key], 'time')} before, and {stands[key]} times after")
        elif key not in earlier:
            verdict.violated(Code.PHANTOM, f"{_named(key)} stands in the conversation after, and was not there before")
        for part in SAID if key in earlier else ():
            if earlier[key].get(part) != later[key].get(part):
                verdict.violated(Code.CONTEXT_LOST, f"{_named(key)} had the {part} {_told(earlier[key].get(part))} before, and {_told(later[key].get(part))} after")
    missing = [key for key in was if key not in later]
    if missing and found and was[: len(found)] == found:
        verdict.violated(Code.WENT_BACK, f"the conversation is that of an earlier moment: of {len(was)} entries the last {len(missing)} are missing")
    elif missing:
        verdict.violated(Code.CONTEXT_LOST, f"of {wording.counted(len(was), 'entry')} before {len(missing)} are missing after: {wording.listed([_named(key) for key in missing])}")
    common = [key for key in found if key in earlier]
    if common != [key for key in was if key in later]:
        verdict.violated(Code.REORDERED, "the entries of the conversation stand in another order than before")
    if stood == stands and before.get("count") != after.get("count"):
        verdict.violated(Code.MISCOUNTED, f"the conversation had {before.get('count')} entries before and has {after.get('count')} after, and the same ones are told")
    return verdict.concluded()


def conversation_as_held(told: Fields, history: History) -> Verdict:
    """The conversation is the one that was held: each answered message once in each role, as it was sent, in the order of the answers.

    Missing ones are *context_lost*, another digest is *corrupted*, an entry that stands there again *duplicated*, one of a message that
    was never sent *phantom*, another order *reordered*. Where the target tells the latest entries only (count is larger), those before
    them are not looked for. `told`: count and messages; `history`: all that was sent in the session. O(entries + n). Source: model
    of the guarantee.
    """
    verdict = Verdict("the conversation is what was said")
    sent = {str(send.message_id): send for send in history.journal.sends}
    answered = [each for each in dict.fromkeys(str(reply.message_id) for reply in history.journal.replies) if each in sent]
    known = set(answered)
    entries = _listed(told)
    times, digests = Counter(map(_key, entries)), defaultdict[str, set[object]](set)
    for said in entries:
        digests[_key(said)[0]].add(said.get("digest"))
    stand = [each for each in digests if each in known]
    due = answered if whole(told.get("count")) == len(entries) else answered[answered.index(stand[0]) if stand else len(answered) :]
    roles = sorted({role for _, role in times}) or ["whoever says it"]
    verdict.exercised = len(due)
    for key, often in times.items():
        if key[0] not in sent:
            verdict.violated(Code.PHANTOM, f"{_named(key)} stands in the conversation, and was never sent")
        elif often > 1:
            verdict.violated(Code.DUPLICATED, f"{_named(key)} stands in the conversation {often} times", sent[key[0]])
    for message_id in due:
        missing = [role for role in roles if not times[message_id, role]]
        if missing:
            verdict.violated(Code.CONTEXT_LOST, f"{_named((message_id, missing[0]))} was answered, and does not stand in the conversation", sent[message_id])
        elif digests[message_id] != {None} and sent[message_id].digest not in digests[message_id]:
            verdict.violated(Code.CORRUPTED, f"message {message_id} stands in the conversation with other words than it was sent with", sent[message_id])
    if stand != [each for each in answered if each in digests]:
        verdict.violated(Code.REORDERED, "the messages stand in the conversation in another order than they were answered")
    return verdict.concluded()


def _entries(told: Fields) -> dict[Entry, Fields]:
    """The first entry of each message and role."""
    entries: dict[Entry, Fields] = {}
    for said in _listed(told):
        entries.setdefault(_key(said), said)
    return entries


def _listed(told: Fields) -> list[Fields]:
    listed = told.get("messages")
    return [said for said in listed if isinstance(said, Mapping)] if isinstance(listed, list) else []


def _key(said: Fields) -> Entry:
    return str(said.get("message_id")), str(said.get("role"))


def _named(key: Entry) -> str:
    return f"message {key[0]} ({key[1]})"


def memory_unchanged(before: Fields, after: Fields, acknowledged: int | None = None) -> Verdict:
    """The agent keeps the same in mind before and after (*context_lost*), at no older version (*went_back*).

    `acknowledged` is the version of the last update that was confirmed: an older one is a *stale_read*. O(values). Source:
    monotonic reads, read-your-writes.
    """
    verdict = Verdict("the agent's memory is unchanged")
    verdict.exercised = sum(bool(before.get(field)) for field in KEPT)
    was, version = whole(before.get("version")), whole(after.get("version"))
    if was is not None and (version is None or version < was):
        verdict.violated(Code.WENT_BACK, f"the agent's memory was at version {was} before, and is at {_told(version)} after")
    if acknowledged is not None and (version is None or version < acknowledged):
        verdict.violated(Code.STALE_READ, f"the agent's memory is at version {_told(version)}, where version {acknowledged} had been confirmed")
    for place, one, other in (found for field in KEPT for found in _differences(field, before.get(field), after.get(field))):
        verdict.violated(Code.CONTEXT_LOST, f"{place} was {_told(one)} before, and is {_told(other)} after")
    return verdict.concluded()


def _differences(place: str, one: object, other: object) -> Iterator[tuple[str, object, object]]:
    """Where two values differ: in which of their parts, if both have parts."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in dict.fromkeys([*one, *other]):
            yield from _differences(f"{place}.{name}", one.get(name), other.get(name))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (mine, theirs) in enumerate(zip(one, other, strict=True), 1):
            yield from _differences(f"{place}.{number}", mine, theirs)
    elif one != other:
        yield place, one, other


def _told(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def memory_reads_include_updates(history: History) -> Verdict:
    """What the agent keeps for a session is never older than an update confirmed before the question (*stale_read*), nor than what was
    read before it (*went_back*), whichever connection asks.

    Versions are compared within one session of one user; a new session begins anew. O(n log n). Source: read-your-writes, monotonic reads.
    """
    verdict = Verdict("memory reads include updates")
    confirmed, read = _versions(history, UPDATE), _versions(history, MEMORY)
    for session, taken in read.items():
        updates, reads = _Highest(confirmed.get(session, ())), _Highest(taken)
        for snapshot in taken:
            version = snapshot.fields["version"]
            for before, code, what in ((updates, Code.STALE_READ, "confirmed"), (reads, Code.WENT_BACK, "read")):
                newest = before.until(snapshot.query)
                if newest is None:
                    continue
                verdict.exercised += 1
                if version < newest.fields["version"]:
                    verdict.violated(
                        code,
                        f"{wording.snapshot(history, snapshot)} says version {version}, but version {newest.fields['version']} had been {what} "
                        f"{wording.at(history, newest.answer)}, before the question",
                        newest.answer, snapshot.query, snapshot.answer,
                    )
    return verdict.concluded()


def _versions(history: History, question: str) -> dict[tuple[str, str], list[Snapshot]]:
    """User and session -> the answers that say a version, in the order in which they came."""
    found: defaultdict[tuple[str, str], list[Snapshot]] = defaultdict(list)
    for snapshot in snapshots(history, question):
        if whole(snapshot.fields.get("version")) is not None:
            found[snapshot.answer.user, history.stream(snapshot.answer).session].append(snapshot)
    return found


class _Highest:
    """The highest version among answers, by when it was there."""

    def __init__(self, taken: Sequence[Snapshot]) -> None:
        self._times = [snapshot.answer.index for snapshot in taken]
        self._highest: list[Snapshot] = []
        for snapshot in taken:
            highest = self._highest[-1] if self._highest else snapshot
            self._highest.append(max(highest, snapshot, key=lambda one: one.fields["version"]))

    def until(self, event: Event) -> Snapshot | None:
        """The highest that had come before this event; None where none had."""
        count = bisect_left(self._times, event.index)
        return self._highest[count - 1] if count else None
