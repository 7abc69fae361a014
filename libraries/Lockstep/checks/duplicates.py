"""Repeating a message changes nothing, and the server says so as its guarantee has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Literal

from . import wording
from .events import Kind
from .history import History
from .messages import Message
from .verdict import Verdict
from .violations import Code

ANSWERS = (Kind.REPLY, Kind.DUPLICATE, Kind.REFUSED)
"""What settles one attempt."""

Answer = Literal["reject", "silent", "replay"]
"""How a target answers a duplicate: says so, says nothing, or sends the first reply again."""


def duplicates_accounted(history: History, answer: Answer = "reject", only: Collection[str] | None = None) -> Verdict:
    """Of k attempts of one message exactly one is processed and k - 1 are answered as promised (*miscounted_duplicates*).

    Promised is: "reject" 1 reply and k - 1 duplicate answers, each to its own attempt where the server names attempts;
    "silent" 1 reply and nothing else; "replay" k replies with equal content. Refused attempts do not count among the k, and an
    attempt of unknown fate may or may not be answered. Looks at messages with two or more attempts; `only` narrows that to
    these message ids. O(n). Source: exact accounting.
    """
    verdict = Verdict("duplicates accounted for")
    expected = rejected = as_promised = 0
    wanted = None if only is None else frozenset(only)
    for message in history.journal.unusual():
        if wanted is not None and message.send.message_id not in wanted:
            continue
        account = _Account(message)
        if account.sent < 2:
            continue
        verdict.exercised += 1
        expected += max(account.open - 1, 0)
        rejected += account.duplicates
        wrong = [*account.wrong_counts(answer), *(account.wrong_attempts() if answer != "silent" else ())]
        if not wrong:
            as_promised += max(account.open - 1, 0)
        else:
            verdict.violated(
                Code.MISCOUNTED_DUPLICATES,
                f"{wording.message(message.send)} was sent {account.sent} times, first {wording.at(history, message.send)}: "
                + "; ".join(wrong),
                *account.events,
            )
    verdict.measured("duplicates_expected", expected, "messages", verdict.exercised)
    verdict.measured("duplicates_rejected", rejected, "messages", verdict.exercised)
    if expected:
        verdict.measured("duplicates_as_promised", 100 * as_promised / expected, "%", expected)
    return verdict.concluded()


class _Account:
    """How often a message was sent and what came of each attempt."""

    def __init__(self, message: Message) -> None:
        self.events = message.events
        kinds = [event.kind for event in self.events]
        self.sent = kinds.count(Kind.SEND)
        self.open = max(self.sent - kinds.count(Kind.REFUSED), 0)
        self.unknown = min(kinds.count(Kind.SEND_UNKNOWN), self.open)
        self.replies = kinds.count(Kind.REPLY)
        self.duplicates = kinds.count(Kind.DUPLICATE)

    def wrong_counts(self, answer: Answer) -> list[str]:
        """What was promised and what came instead; empty where both agree."""
        replies = self.open if answer == "replay" else min(self.open, 1)
        duplicates = max(self.open - 1, 0) if answer == "reject" else 0
        missing = replies + duplicates - self.replies - self.duplicates
        wrong = []
        if self.replies > replies or self.duplicates > duplicates or missing > self.unknown:
            spared = f", of which {self.unknown} may be missing since a connection was lost" if self.unknown else ""
            wrong.append(
                f"expected {wording.counted(replies, 'reply')} and {wording.counted(duplicates, 'duplicate answer')}{spared}, "
                f"but got {self.replies} and {self.duplicates}"
            )
        contents = {event.digest for event in self.events if event.kind is Kind.REPLY}
        if answer == "replay" and len(contents) > 1:
            wrong.append(f"the replies should be equal, but have {len(contents)} different contents")
        return wrong

    def wrong_attempts(self) -> list[str]:
        """Attempts without an answer or with several, where the server names attempts."""
        answers = [event.attempt for event in self.events if event.kind in ANSWERS]
        if None in answers:
            return []
        sent = Counter(event.attempt for event in self.events if event.kind is Kind.SEND)
        answered = Counter(answers)
        spared = Counter(event.attempt for event in self.events if event.kind is Kind.SEND_UNKNOWN)
        silent = sorted((sent - answered - spared).elements(), key=str)
        return [
            *([f"no answer to attempt {wording.listed(silent)}"] if silent else ()),
            *(
                f"{wording.counted(count, 'answer')} to attempt {attempt}, which was sent {wording.counted(sent[attempt], 'time')}"
                for attempt, count in answered.items() if count > sent[attempt]
            ),
        ]


def processed_once_in_ledger(history: History) -> Verdict:
    """The ledger processed each message once (*duplicated*), and each accepted or answered one at all (*lost*).

    Rows of users who sent nothing here are not looked at. O(n). Source: total-queue checker of Jepsen, read from the
    server's own account.
    """
    verdict = Verdict("processed once in the ledger")
    processed = history.processed
    users = history.users
    twice = lost = 0
    for number in processed.again:
        rows = processed.numbered(number)
        if rows[0].user in users:
            twice += 1
            verdict.violated(
                Code.DUPLICATED,
                f"{rows[0].user}'s message {rows[0].message_id} should be processed once, but has {len(rows)} processed rows in the "
                f"ledger (rows {wording.listed([row.index for row in rows])})",
                *rows,
            )
    verdict.exercised = len(history.journal.sends)
    for _, _, message in history.unprocessed():
        promises = [*message.replies, *message.promised]
        if not promises:
            verdict.exercised -= 1
            continue
        lost += 1
        verdict.violated(
            Code.LOST,
            f"{wording.message(message.send)} has a {promises[0].kind} {wording.at(history, promises[0])}, but the ledger never "
            "processed it",
            message.send, promises[0],
        )
    verdict.measured("processed_twice", twice, "messages", verdict.exercised)
    verdict.measured("lost", lost, "messages", verdict.exercised)
    return verdict.concluded()


def processed_so_often(history: History, message_id: str, times: int) -> Verdict:
    """One message was answered exactly so many times (*miscounted_duplicates*): again, say, once its duplicate window is over.

    O(n). Source: exact accounting.
    """
    verdict = Verdict("processed so often")
    replies = [event for event in history.events if event.kind is Kind.REPLY and event.message_id == message_id]
    sends = [event for event in history.events if event.kind is Kind.SEND and event.message_id == message_id]
    verdict.exercised = len(sends)
    if sends and len(replies) != times:
        verdict.violated(
            Code.MISCOUNTED_DUPLICATES,
            f"{wording.message(sends[0])} should have been processed {wording.counted(times, 'time')}, but it was answered "
            f"{wording.counted(len(replies), 'time')}",
            *sends, *replies,
        )
    return verdict.concluded()
