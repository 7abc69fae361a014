"""What one connection has sent and what came of it: order, duplicates, gaps, strangers and contents, checked reply by reply.

Only what is unanswered is kept; everything else is a count or a time in a column. So a phase of an hour needs no more memory than
one of a second, and whether an id was answered before is known all the same: it is one of ours, was sent, and no longer waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...checks.events import Kind
from ...checks.violations import Code
from ...targets.mapping import Adapter, Decoded
from .columns import Columns
from .reading import Read, Reply

Sent = tuple[int, bool, float, float]
"""A message that waits for its answer: its number, whether it is urgent, when it should have left and when it left."""


class Tally:
    """The account of one connection; times are seconds of the monotonic clock."""

    def __init__(self, name: str, prefix: str, columns: Columns, read: Read, adapter: Adapter, *,
                 continuous: bool, ordered: bool, answer: str) -> None:
        self.name = name
        self.prefix = prefix
        self.waiting: dict[str, Sent] = {}
        self.copies: dict[str, int] = {}
        self.times: list[int] = []          # us from the intended time, since the columns were last folded
        self.sent = self.answered = self.refused = self.lost = 0
        self.next_offset: int | None = None
        self.last_arrival = 0.0
        """When the last answer to a message came; pushes that nobody asked for do not count."""
        self.target_is_idle: bool | None = None
        """Whether the answer to the last question said that the target works on nothing of this user any more; None: no answer yet."""
        self._columns = columns
        self._read = read
        self._adapter = adapter
        self._continuous = continuous
        self._ordered = ordered
        self._answer = answer
        self._newest = [-1, -1]             # of normal and of urgent messages: these may overtake each other
        self._digests = columns.contents.digests

    def took(self, payloads: Sequence[bytes], arrived: float) -> int:
        """Checks what arrived; returns how many messages have got their end with it."""
        before, copies = len(self.waiting), len(self.copies)
        replies = self._read(payloads)
        if replies is not None:
            self._settle(replies, arrived)
        else:
            self._one_by_one(payloads, arrived)
        ended = before - len(self.waiting)
        if ended or copies != len(self.copies):
            self.last_arrival = arrived
        return ended

    def _one_by_one(self, payloads: Sequence[bytes], arrived: float) -> None:
        """Something is among them that is no plain reply."""
        for payload in payloads:
            reply = self._read((payload,))
            if reply is not None:
                self._settle(reply, arrived)
            else:
                for decoded in self._adapter.decode(payload):
                    self._unusual(decoded, arrived)

    def _settle(self, replies: Iterable[Reply], arrived: float) -> None:
        """All checks of a reply. One loop over many: every name looked up once instead of a hundred thousand times a second."""
        take, newest, columns = self.waiting.pop, self._newest, self._columns
        ordered, digests, texts = self._ordered, self._digests, len(self._digests)
        times, services = self.times, columns.services
        next_offset, answered, due, late = self.next_offset, 0, None, 0
        for reply in replies:
            offset = reply.offset
            if offset is not None:
                if offset != next_offset:
                    self._gap(offset, next_offset)
                next_offset = offset + 1
            sent = take(reply.message_id, None)
            if sent is None:
                self._stray(reply.message_id, reply.attempt)
                continue
            number, urgent, intended, left = sent
            answered += 1
            if number >= newest[urgent]:
                newest[urgent] = number
            elif ordered:
                self._violated(Code.REORDERED, f"message {number} was answered after message {newest[urgent]}, sent later")
            if reply.digest != digests[number % texts] or reply.sequence_id != number:
                self._doubted(number, reply.sequence_id, reply.digest)
            if intended is not due:  # messages of one write have the very same time
                due, late = intended, int((arrived - intended) * 1e6)
            times.append(late)
            if intended is not left:
                services.append(int((arrived - left) * 1e6))
        self.next_offset = next_offset
        self.answered += answered

    def _doubted(self, number: int, sequence: int | None, digest: str | None) -> None:
        """Not the digest and number that were expected: the target may also not say them."""
        if digest is None:
            self._columns.without_digest += 1
        elif digest != self._digests[number % len(self._digests)]:
            self._violated(Code.CORRUPTED, f"the reply to message {number} has the digest of another text ({digest})")
            return
        if sequence is not None and sequence != number:
            self._violated(Code.CORRUPTED, f"the reply to message {number} says that it was number {sequence}")

    def _gap(self, offset: int, due: int | None) -> None:
        if self._continuous and due is not None:
            self._violated(Code.GAP if offset > due else Code.REORDERED, f"push {offset} came where {due} was due")

    def _stray(self, message_id: str, attempt: int | None) -> None:
        """A reply to no message that waits."""
        if message_id in self.copies and self._answer == "replay":
            self._copy_answered(message_id)
        elif (number := self._own_number(message_id)) is not None:
            again = f" (attempt {attempt})" if attempt not in {None, 1} else ""
            self._violated(Code.DUPLICATED, f"message {number} was answered again{again}")
        elif message_id.rpartition(".")[0] + "." in self._columns.prefixes - {self.prefix}:
            self._violated(Code.LEAKED_TO_OTHER_USER, f"a reply came that belongs to another connection ({message_id})")
        else:
            self._violated(Code.PHANTOM, f"a reply came to a message that was never sent ({message_id[:80]})")

    def _unusual(self, decoded: Decoded, arrived: float) -> None:
        kind, message_id = decoded.kind, decoded.message_id
        if decoded.offset is not None and kind is not Kind.REPLY:
            if decoded.offset != self.next_offset:
                self._gap(decoded.offset, self.next_offset)
            self.next_offset = decoded.offset + 1
        if kind is Kind.REPLY and message_id is not None:
            self._settle([Reply(message_id, decoded.attempt, decoded.sequence_id, decoded.offset, decoded.digest)], arrived)
        elif kind is Kind.DUPLICATE and message_id is not None:
            self._rejected(message_id)
        elif kind is Kind.REFUSED and message_id is not None:
            self._refused(message_id, decoded, arrived)
        elif kind is Kind.ANSWER:
            fields = (decoded.details or {}).get("fields") or {}
            self.target_is_idle = fields.get("pending") == 0
        elif kind is not Kind.ACCEPTED:
            self._columns.others[str((decoded.details or {}).get("reason", kind))] += 1

    def _rejected(self, message_id: str) -> None:
        if message_id in self.copies:
            self._copy_answered(message_id)
            if self._answer != "reject":
                self._violated(Code.MISCOUNTED_DUPLICATES, f"the copy of {message_id} was rejected, where '{self._answer}' is promised")
        elif message_id in self.waiting:
            self._violated(Code.MISCOUNTED_DUPLICATES, f"{message_id} was taken for a duplicate at its first sending")
            del self.waiting[message_id]
            self.refused += 1
        else:
            self._violated(Code.PHANTOM, f"{message_id[:80]} was rejected as a duplicate, but no copy of it waits for an answer")

    def _refused(self, message_id: str, decoded: Decoded, arrived: float) -> None:
        if message_id in self.copies:  # message or copy: what is left of the two decides what becomes of the message
            self._copy_answered(message_id)
        elif (sent := self.waiting.pop(message_id, None)) is not None:
            self.refused += 1
            self._columns.refusals.append(int((arrived - sent[3]) * 1e6))
            self._columns.reasons[str((decoded.details or {}).get("reason", "no reason"))] += 1
        else:
            self._violated(Code.PHANTOM, f"{message_id[:80]} was refused, but no such message waits for an answer")

    def _copy_answered(self, message_id: str) -> None:
        left = self.copies.pop(message_id) - 1
        if left:
            self.copies[message_id] = left
        self._columns.copies_answered += 1

    def _own_number(self, message_id: str) -> int | None:
        number = message_id.removeprefix(self.prefix)
        return int(number) if number != message_id and number.isdecimal() and int(number) < self.sent else None

    # the end

    @property
    def is_settled(self) -> bool:
        """Nothing waits any more."""
        return not self.waiting and (not self.copies or self._answer == "silent")

    def write_off(self) -> int:
        """What still waits never comes: counts it as lost; returns how many messages."""
        for message_id, sent in self.waiting.items():
            self.lost += 1
            self._violated(Code.LOST, f"message {sent[0]} ({message_id}) was never answered")
        if self._answer != "silent" and self.copies:
            missing = sum(self.copies.values())
            self._violated(Code.MISCOUNTED_DUPLICATES, f"{missing} copies were never answered, the first is {next(iter(self.copies))}")
        lost = len(self.waiting)
        self.waiting.clear()
        self.copies.clear()
        return lost

    def _violated(self, code: Code, sentence: str) -> None:
        self._columns.violated(code, f"{self.name}: {sentence}")

