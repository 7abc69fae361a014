"""The agent remembers the conversation as it was: what it says about it is compared with a model of the kit's own.

The model is what the guarantee says: with each processed message the version rises by one, the digest of the context is chained
with the digest of the content, and the topic joins the list of topics. It needs the history from a user's first message on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import zip_longest
from typing import Any, TypeVar

from . import wording
from .events import Event, Kind
from .history import History
from .snapshots import Snapshot, snapshots
from .verdict import Verdict
from .violations import Code

Item = TypeVar("Item")
TOPICS_KEPT = 20
"""So many topics an agent lists, the newest last."""
OTHER = "general"
"""The topic of what is about none of the known ones."""


def chained(digest: str, content: str) -> str:
    """The digest of a context to which a content of this digest is added."""
    return sha256((digest + content).encode()).hexdigest()[:16]


class Memory:
    """What the agent of one user must remember at each version, as far as it is known which message made which version."""

    def __init__(self, made: Mapping[int, tuple[Event, Event]], labels: Mapping[str, str], told: Collection[str]) -> None:
        """`made`: version to the message that made it, as the sending that was processed and its reply. `told`: the fields to be compared."""
        self.messages: list[Event] = []
        """The messages of versions 1, 2, 3 and so on, as far as none is unknown."""
        self.digests = [""]
        """By version."""
        self.last_sequence: list[int | None] = [None]
        """By version: the last sequence id."""
        while (found := made.get(len(self.digests))) is not None:
            send, reply = found
            self.messages.append(send)
            self.digests.append(chained(self.digests[-1], reply.digest or send.digest or ""))
            self.last_sequence.append(send.sequence_id if send.sequence_id is not None else self.last_sequence[-1])
        self.ids = [send.message_id for send in self.messages]
        self.topics = [labels.get(str(message_id), OTHER) for message_id in self.ids]
        self._told = told

    @property
    def newest(self) -> int:
        """The last version of which everything is known."""
        return len(self.messages)

    def at(self, version: int, fields: Mapping[str, Any]) -> dict[str, Any]:
        """What a snapshot with these fields must say at this version.

        Lists may be cut to the last few entries, and each of the recent texts to its beginning.
        """
        last = self.messages[version - 1] if version else None
        title = (last.details or {}).get("conversation") if last is not None else None
        expected = {
            "version": version,
            "message_count": version,
            "last_sequence_id": self.last_sequence[version],
            "context_digest": self.digests[version],
            "processed_message_ids": _last(self.ids, version, fields.get("processed_message_ids")),
            "topics": self.topics[max(0, version - TOPICS_KEPT) : version],
            "topic": self.topics[version - 1] if version else None,
            "conversation": title,
            "recent": self._beginnings(version, fields.get("recent")),
        }
        if title is None:  # untitled messages: what then stands there is the target's own affair
            del expected["conversation"]
        return {field: value for field, value in expected.items() if field in self._told and (field != "recent" or value is not None)}

    def _beginnings(self, version: int, listed: Sequence[str] | None) -> list[str] | None:
        """The texts of the last messages, each cut like the listed one; None where not all of them are known."""
        texts = [(message.details or {}).get("content") for message in _last(self.messages, version, listed)]
        known = [text for text in texts if text is not None]
        if len(known) < len(texts):
            return None
        return [text[: len(shown) or None] for text, shown in zip_longest(known, (listed or ())[: len(known)], fillvalue="")]

    def other_version(self, field: str, fields: Mapping[str, Any]) -> int | None:
        """A version of which this field would be right, the newest of several; None if there is none.

        Version 0 is none of them: who says that nothing was ever said has forgotten it all.
        """
        versions = range(self.newest, 0, -1)
        return next((version for version in versions if self.at(version, fields).get(field) == fields.get(field)), None)


def memories(history: History, labels: Mapping[str, str] | None = None) -> dict[str, Memory]:
    """The memory of each user's agent.

    Which message made which version is what the replies say; where they do not, the order of the replies of a user who used only
    one connection.
    """
    told = {field for taken in snapshots(history) for field, value in taken.fields.items() if value is not None}
    made: dict[str, dict[int, tuple[Event, Event]]] = {user: {} for user in history.users}
    counted: dict[str, dict[int, tuple[Event, Event]]] = {user: {} for user in history.users}
    connections: dict[str, set[int]] = {user: set() for user in history.users}
    # a message that was refused first may have been sent in another form then
    again = {message.send.index: message.not_refused[0] for message in history.journal.unusual() if message.refusals and message.not_refused}
    for first, reply in zip(history.journal.origins, history.journal.replies, strict=True):
        send = again.get(first.index, first)
        user, version = send.user, (reply.details or {}).get("version")
        connections[user] |= {send.connection, reply.connection}
        counted[user][len(counted[user]) + 1] = send, reply
        if isinstance(version, int):
            made[user].setdefault(version, (send, reply))
    return {
        user: Memory(mine or (counted[user] if len(connections[user]) == 1 else {}), labels or {}, told) for user, mine in made.items()
    }


def context_as_modelled(history: History, labels: Mapping[str, str]) -> Verdict:
    """Each snapshot says of the conversation what the kit's model says at its version (*context_lost*).

    Compared are topic, topics, context_digest, processed_message_ids, the title of the conversation and the beginnings of recent
    texts, as far as any snapshot tells them. `labels`: message id to its topic; others are "general". If what is wrong would be right at another version, the snapshot is torn (*torn_snapshot*).
    O(n + answers). Source: model of the guarantee.
    """
    verdict = Verdict("context as modelled")
    compared = ("topic", "topics", "context_digest", "processed_message_ids", "conversation", "recent")
    for taken, memory, version in _dated(history, labels):
        expected = {field: value for field, value in memory.at(version, taken.fields).items() if field in compared}
        verdict.exercised += bool(expected)
        wrong = [field for field, value in expected.items() if (taken.fields.get(field) or None) != (value or None)]
        if wrong:
            field = wrong[0]
            other = memory.other_version(field, taken.fields)
            torn = f", which was right at version {other}" if other is not None else ""
            verdict.violated(
                Code.CONTEXT_LOST if other is None else Code.TORN_SNAPSHOT,
                f"{wording.snapshot(history, taken)}, version {version}, says {_field(field, taken.fields.get(field))}{torn}; "
                f"{_value(expected[field])} is right" + (f" ({', '.join(wrong[1:])} wrong as well)" if wrong[1:] else ""),
                taken.query, taken.answer,
            )
    verdict.measured("snapshots", verdict.exercised, "snapshots", verdict.exercised)
    return verdict.concluded()


def snapshots_whole(history: History) -> Verdict:
    """All fields of a snapshot are of one moment (*torn_snapshot*).

    A field is torn when it is not what the model says at the snapshot's version and would be right at another one; what is right
    at no version belongs to other checks. Compared are version, message_count, last_sequence_id, context_digest and
    processed_message_ids, where the snapshot has two or more of them. O(n + answers). Source: read atomicity.
    """
    verdict = Verdict("snapshots are whole")
    compared = ("message_count", "last_sequence_id", "context_digest", "processed_message_ids")
    for taken, memory, version in _dated(history):
        expected = {field: value for field, value in memory.at(version, taken.fields).items() if field in compared}
        verdict.exercised += len(expected) > ("version" not in taken.fields)
        for field, value in expected.items():
            if (taken.fields.get(field) or None) == (value or None):
                continue
            other = memory.other_version(field, taken.fields)
            if other is not None:
                verdict.violated(
                    Code.TORN_SNAPSHOT,
                    f"{wording.snapshot(history, taken)} is of two moments: it is version {version}, but its "
                    f"{_field(field, taken.fields.get(field))} was right at version {other}; {_value(value)} is right",
                    taken.query, taken.answer,
                )
    return verdict.concluded()


def complete_only_at_end(history: History) -> Verdict:
    """A conversation is called complete when the last processed message ended it, and at no other time (*incomplete_stream*).

    A message ends a conversation when it was sent as final (details "final"). O(n + answers). Source: terminal marker exactly once.
    """
    verdict = Verdict("conversation complete only at its end")
    for taken, memory, version in _dated(history):
        said = taken.fields.get("conversation_complete")
        if said is None:
            continue
        verdict.exercised += 1
        last = memory.messages[version - 1] if version else None
        if said != bool(last and (last.details or {}).get("final")):
            after = f"after message {last.message_id}" if last else "before the first message"
            verdict.violated(
                Code.INCOMPLETE_STREAM,
                f"{wording.snapshot(history, taken)} calls the conversation {'complete' if said else 'not complete'} {after}, which "
                f"{'does not end' if said else 'ends'} it",
                taken.query, taken.answer, last,
            )
    return verdict.concluded()


def versions_without_gap(history: History) -> Verdict:
    """Each processed message has a version of its own (*disagreement*), and no version is left out (*gap*).

    Looks at the versions that replies carry. A version may be missing for each message whose fate is unknown or open.
    O(n log n). Source: unique ids and dense versions.
    """
    verdict = Verdict("versions without gap")
    open_: dict[str, int] = dict.fromkeys(history.users, 0)
    for _, _, message in history.journal.unanswered():
        open_[message.send.user] += len(message.not_refused)
    carried: dict[str, dict[int, Event]] = {user: {} for user in history.users}
    again = (event for event in history.journal.rest if event.kind is Kind.REPLY)
    for reply in (*history.journal.replies, *again):
        version = (reply.details or {}).get("version")
        if not isinstance(version, int):
            open_[reply.user] += 1
            continue
        verdict.exercised += 1
        before = carried[reply.user].setdefault(version, reply)
        if before.message_id != reply.message_id:
            verdict.violated(
                Code.DISAGREEMENT,
                f"{wording.message(before)} and message {reply.message_id} were both answered with version {version} "
                f"({wording.at(history, before)} and {wording.at(history, reply)})",
                before, reply,
            )
    for user, versions in carried.items():
        missing = max(versions, default=0) - min(versions, default=1) + 1 - len(versions)
        if missing > open_[user]:
            last = versions[max(versions)]
            verdict.violated(
                Code.GAP,
                f"{user}'s replies carry {wording.counted(len(versions), 'version')} from {min(versions)} to {max(versions)}, so that {missing} "
                f"are left out, where {wording.counted(open_[user], 'message')} may account for them",
                versions[min(versions)], last,
            )
    return verdict.concluded()


def objects_within(history: History, limit: int) -> Verdict:
    """Each snapshot says that the agent holds fewer than `limit` objects (*leak*). O(answers). Source: object gauge."""
    verdict = Verdict("objects held")
    most = 0
    for taken in snapshots(history):
        held = taken.fields.get("total_objects")
        if held is None:
            continue
        verdict.exercised += 1
        most = max(most, held)
        if held >= limit:
            verdict.violated(
                Code.LEAK,
                f"{wording.snapshot(history, taken)} says that the agent holds {held} objects, where fewer than {limit} are allowed",
                taken.query, taken.answer,
            )
    verdict.measured("objects_held", most, "objects", verdict.exercised)
    return verdict.concluded()


def _dated(history: History, labels: Mapping[str, str] | None = None) -> Iterator[tuple[Snapshot, Memory, int]]:
    """Each snapshot of a version of which everything is known, with the memory of its user's agent."""
    known = memories(history, labels)
    for taken in snapshots(history):
        version = taken.fields.get("version", taken.fields.get("message_count"))
        memory = known.get(taken.answer.user)
        if memory is not None and isinstance(version, int) and 0 <= version <= memory.newest:
            yield taken, memory, version


def _last(items: Sequence[Item], version: int, listed: object) -> Sequence[Item]:
    """As many of the items up to a version as are listed, at least one where there is one."""
    return items[max(0, version - max(1, len(listed) if isinstance(listed, Sequence) else 1)) : version]


def _field(name: str, value: object) -> str:
    return f"{name} {_value(value)}"


def _value(value: object) -> str:
    """A value, cut where it is long."""
    text = wording.listed(value, 5) if isinstance(value, list) else str(value)
    return text if text and value is not None else "nothing"
