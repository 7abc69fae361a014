"""The server's own account of a load, compared with what its connections sent while the rows stream by.

A load has more messages than anybody wants to keep, but id, text and digest of each follow from its connection and its number. So a
byte for each message is all that is remembered of the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from . import bulk, wording
from .events import LedgerRow
from .verdict import Verdict
from .violations import Code


class Sender(NamedTuple):
    """What one connection of a load tells: its messages have the ids ``prefix`` and a number from 0, and each had one end."""

    name: str
    user: str
    prefix: str
    sent: int
    answered: int
    refused: int


PROCESSED, ACCEPTED, REFUSED, COPY_REFUSED = 1, 2, 4, 8


class _Account:
    """What the ledger says of one sender: the fate of each message, and the newest one processed of normal and of urgent ones."""

    __slots__ = ("aborted", "fates", "newest", "sender")

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self.fates = bytearray(sender.sent)
        self.newest = [-1, -1]
        self.aborted = 0


class LoadLedger:
    """Each message of a load was processed exactly once unless it was refused, in send order, with its own text, for its own user.

    It takes the rows in the order of the server. Violations: *duplicated* (processed again), *reordered* (after one of the same user
    and priority class that was sent later), *corrupted* (with another text or number), *leaked_to_other_user*, *aborted_effect*
    (although refused), *phantom* (never sent), *lost* (accepted and never processed), *disagreement* (fewer processed than answered).
    O(rows), a byte for each message. Source: two independent accounts of one fact; total-queue checker of Jepsen.
    """

    def __init__(self, senders: Iterable[Sender], digests: Sequence[str], *, ordered: bool = True, once: bool = True,
                 is_urgent: Callable[[int], bool] | None = None) -> None:
        """``digests`` are those of the texts that each connection sends in turn; not ``once``: copies may take effect as well."""
        self._accounts = {sender.prefix: _Account(sender) for sender in senders}
        self._users = {account.sender.user for account in self._accounts.values()}
        self._digests, self._ordered, self._once, self._is_urgent = digests, ordered, once, is_urgent
        self._ledger, self._order, self._isolation = (Verdict(f"ledger of the load: {topic}") for topic in ("ledger", "order", "isolation"))
        self.first = self.last = 0.0
        """When the first and the last message were processed, by the server's clock (s)."""
        self.processed = 0
        """Rows that say that a message of the load was processed."""

    def take(self, rows: Iterable[LedgerRow]) -> None:
        """The next rows of the ledger; those of other messages are passed over."""
        accounts = self._accounts
        for row in rows:
            what = row.what
            if what in {"received", "answered", "duplicate"}:
                continue
            prefix, dot, digits = row.message_id.rpartition(".")
            account = accounts.get(prefix + dot)
            number = int(digits) if account is not None and digits.isdecimal() else -1
            if account is None or not 0 <= number < account.sender.sent:
                if what == "processed" and (account is not None or row.user in self._users):
                    self._ledger.violated(Code.PHANTOM, f"the ledger processed {row.user}'s message {row.message_id} (row {row.index}), which was never sent", row)
            elif what == "processed":
                self._processed(account, number, row)
            elif what == "accepted":
                account.fates[number] |= ACCEPTED
            else:
                account.fates[number] |= _refusal_of(row)

    def _processed(self, account: _Account, number: int, row: LedgerRow) -> None:
        sender, fate = account.sender, account.fates[number]
        self.processed += 1
        self.first, self.last = self.first or row.time, row.time
        account.fates[number] = fate | PROCESSED
        if row.user != sender.user:
            self._isolation.violated(Code.LEAKED_TO_OTHER_USER, f"{_told(sender, number)} was processed for {row.user} (ledger row {row.index})", row)
        digest = self._digests[number % len(self._digests)]
        if (row.digest and row.digest != digest) or (isinstance(row.sequence_id, int) and row.sequence_id != number):
            what = f"the text {row.digest}" if row.digest and row.digest != digest else f"the number {row.sequence_id}"
            self._ledger.violated(Code.CORRUPTED, f"{_told(sender, number)} was processed with {what} (ledger row {row.index})", row)
        if fate & PROCESSED:
            if self._once:
                self._ledger.violated(Code.DUPLICATED, f"{_told(sender, number)} was processed again (ledger row {row.index})", row)
            return
        if fate & _refusal_of(row):
            account.aborted += 1
            self._ledger.violated(Code.ABORTED_EFFECT, f"{_told(sender, number)} was refused and processed all the same (ledger row {row.index})", row)
        urgent = self._is_urgent is not None and self._is_urgent(number)
        if number > account.newest[urgent]:
            account.newest[urgent] = number
        elif self._ordered:
            later = account.newest[urgent]
            self._order.violated(Code.REORDERED, f"{_told(sender, number)} was processed after message {later}, sent later (ledger row {row.index})", row)

    def verdicts(self) -> dict[str, Verdict]:
        """What came of it, by topic; the ledger has been read to its end."""
        ledger, lost = self._ledger, 0
        for account in self._accounts.values():
            lost += self._judge_end(account)
            ledger.exercised += account.sender.sent
        self._order.exercised = self._isolation.exercised = self.processed
        ledger.measured("lost", lost, "messages", ledger.exercised)
        self._order.measured("order_violations", sum(self._order.counts.values()), "messages", self.processed)
        return {"ledger": ledger.concluded(), "order": self._order.concluded(), "isolation": self._isolation.concluded()}

    def _judge_end(self, account: _Account) -> int:
        """Compares the fates of a sender's messages with what it was told; returns how many were accepted and never processed."""
        sender, fates = account.sender, bytes(account.fates)
        lost = bulk.places(fates.translate(_LOST))
        for number in lost:
            self._ledger.violated(Code.LOST, f"{_told(sender, number)} was accepted and never processed, says the ledger")
        processed = fates.translate(_PROCESSED).count(1)
        if processed < sender.answered:
            self._count(Code.DISAGREEMENT, sender.answered - processed,
                        f"{sender.name}: {wording.counted(sender.answered, 'message')} were answered, but the ledger processed only {processed}")
        not_refused = sender.sent - sender.refused
        if processed > not_refused + account.aborted:
            self._count(Code.ABORTED_EFFECT, processed - not_refused - account.aborted,
                        f"{sender.name}: {sender.refused} of {wording.counted(sender.sent, 'message')} were refused, but the ledger processed {processed}")
        return len(lost)

    def _count(self, code: Code, messages: int, sentence: str) -> None:
        """One sentence for several messages, of which it is not known which they are."""
        self._ledger.violated(code, sentence)
        self._ledger.counts[code] += messages - 1


def _refusal_of(row: LedgerRow) -> int:
    """The mark of a refusal of the attempt that a row is about: a copy may be taken in where the message itself was refused."""
    return COPY_REFUSED if row.attempt and row.attempt > 1 else REFUSED


def _told(sender: Sender, number: int) -> str:
    return f"{sender.name}: message {number}"


_PROCESSED = bytes(fate & PROCESSED for fate in range(256))
_LOST = bytes(fate & (ACCEPTED | PROCESSED | REFUSED | COPY_REFUSED) == ACCEPTED for fate in range(256))
