"""The server's own account agrees with what the clients saw."""

from __future__ import annotations

from . import bulk, wording
from .bulk import NEVER
from .events import Event
from .history import History
from .messages import Message
from .verdict import Verdict
from .violations import Code


def ledger_agrees_with_journal(history: History) -> Verdict:
    """Each reply has a processed row (*disagreement*) of equal digest (*corrupted*); no row without a message sent (*phantom*).

    Rows of users who sent nothing here are not looked at. O(n). Source: two independent accounts of one fact.
    """
    journal, events, ledger = history.journal, history.events, history.ledger
    verdict = Verdict("ledger agrees with journal", exercised=len(journal.replies))
    replies, origins = journal.replies.positions, journal.origins.positions
    rows = bulk.taken(history.processed.first, bulk.taken(events.messages, replies))
    never = bulk.equal(rows, NEVER)
    missing = never.count(1)
    for reply, send in zip(events.at(bulk.chosen(replies, never)), events.at(bulk.chosen(origins, never)), strict=True):
        verdict.violated(
            Code.DISAGREEMENT,
            f"{wording.message(send)} was answered {wording.at(history, reply)}, but the ledger never processed it",
            send, reply,
        )
    found = bulk.negated(never)
    replies, origins, rows = bulk.chosen(replies, found), bulk.chosen(origins, found), bulk.chosen(rows, found)
    other = bulk.negated(bulk.equal(bulk.taken(events.digests, replies), bulk.taken(ledger.digests, rows)))
    for reply, send in zip(events.at(bulk.chosen(replies, other)), events.at(bulk.chosen(origins, other)), strict=True):
        _judge_digest(history, verdict, reply, send)
    phantoms = _judge_rows(history, verdict)
    verdict.measured("missing_in_ledger", missing, "messages", verdict.exercised)
    verdict.measured("phantoms", phantoms, "messages", verdict.exercised)
    return verdict.concluded()


def _judge_digest(history: History, verdict: Verdict, reply: Event, send: Event) -> None:
    """Reports a reply whose content none of the message's processed rows had, where both name it."""
    digest, rows = reply.digest or send.digest, history.processed.of(send)
    if digest and rows[0].digest and digest not in [row.digest for row in rows]:
        verdict.violated(
            Code.CORRUPTED,
            f"{wording.message(send)} was answered {wording.at(history, reply)} for the content {digest}, but the ledger "
            f"processed {rows[0].digest} (row {rows[0].index})",
            send, reply, rows[0],
        )


def _judge_rows(history: History, verdict: Verdict) -> int:
    """Reports processed rows of messages that were never sent; returns how many."""
    rows, ledger = history.processed.rows.positions, history.ledger
    ours = ledger.mask(history.users, rows)
    verdict.exercised += ours.count(1)
    never = bulk.equal(bulk.taken(history.journal.sent, bulk.taken(ledger.messages, rows)), NEVER)
    phantoms = ledger.at(bulk.chosen(rows, bulk.both(ours, never)))
    for row in phantoms:
        verdict.violated(
            Code.PHANTOM,
            f"the ledger processed {row.user}'s message {row.message_id} (row {row.index}), which {row.user} never sent",
            row,
        )
    return len(phantoms)


def everything_sent_was_processed(history: History) -> Verdict:
    """Each message sent and not refused has a processed row, also where its fate was unknown to the client (*lost*).

    For a client that closed cleanly right behind its burst: TCP delivered everything, so nothing may be missing. Where a connection
    broke, a message may have never arrived: it was sent again, and that attempt counts; if it was refused, nothing is due.
    O(n). Source: total-queue checker of Jepsen, read from the server's own account.
    """
    verdict = Verdict("everything sent was processed", exercised=len(history.journal.sends))
    lost = 0
    for position, total, message in history.unprocessed():
        if not message.not_refused or _turned_away_at_last(message):
            verdict.exercised -= 1
            continue
        lost += 1
        verdict.violated(
            Code.LOST,
            f"{wording.message(message.send)} was never processed, says the ledger (message {position} of {total}, "
            f"sent {wording.at(history, message.send)})",
            *message.events,
        )
    verdict.measured("lost", lost, "messages", verdict.exercised)
    return verdict.concluded()


def _turned_away_at_last(message: Message) -> bool:
    """Whether the last attempt was refused, and nobody ever heard of those before, whose connections ended."""
    heard_of = message.promised or message.replies or message.duplicates
    return not (heard_of or message.waiting or message.sends[-1] in message.not_refused)


def nothing_acknowledged_was_lost(history: History) -> Verdict:
    """Each message that the server acknowledged has a processed row, also after a restart (*not_durable*).

    Acknowledged is a message that was accepted, answered, or called a duplicate. O(n). Source: lost write of Jepsen.
    """
    verdict = Verdict("nothing acknowledged was lost", exercised=len(history.journal.sends))
    lost = 0
    for _, _, message in history.unprocessed():
        promises = [*message.promised, *message.replies, *message.duplicates]
        if not promises:
            verdict.exercised -= 1
            continue
        lost += 1
        verdict.violated(
            Code.NOT_DURABLE,
            f"{wording.message(message.send)} was acknowledged ({promises[0].kind}) {wording.at(history, promises[0])}, but the "
            "ledger never processed it",
            message.send, promises[0],
        )
    verdict.measured("acknowledged_lost", lost, "messages", verdict.exercised)
    return verdict.concluded()
