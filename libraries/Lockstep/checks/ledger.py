"""The server's own account agrees with what the clients saw."""

from __future__ import annotations

from . import wording
from .history import History
from .verdict import Verdict
from .violations import Code


def ledger_agrees_with_journal(history: History) -> Verdict:
    """Each reply has a processed row (*disagreement*) of equal digest (*corrupted*); no row without a message sent (*phantom*).

    Rows of users who sent nothing here are not looked at. O(n). Source: two independent accounts of one fact.
    """
    verdict = Verdict("ledger agrees with journal", exercised=len(history.journal.replies))
    first = history.processed.first
    missing = 0
    for send, reply in zip(history.journal.origins, history.journal.replies, strict=True):
        row = first[send.user].get(send.message_id)
        digest = reply.digest or send.digest
        if row is None:
            missing += 1
            verdict.violated(
                Code.DISAGREEMENT,
                f"{wording.message(send)} was answered {wording.at(history, reply)}, but the ledger never processed it",
                send, reply,
            )
        elif digest and row.digest and digest != row.digest and digest not in [each.digest for each in history.processed.of(send)]:
            verdict.violated(
                Code.CORRUPTED,
                f"{wording.message(send)} was answered {wording.at(history, reply)} for the content {digest}, but the ledger "
                f"processed {row.digest} (row {row.index})",
                send, reply, row,
            )
    phantoms = _judge_rows(history, verdict)
    verdict.measured("missing_in_ledger", missing, "messages", verdict.exercised)
    verdict.measured("phantoms", phantoms, "messages", verdict.exercised)
    return verdict.concluded()


def _judge_rows(history: History, verdict: Verdict) -> int:
    """Reports processed rows of messages that were never sent; returns how many."""
    phantoms = 0
    for user in history.users:
        sent = history.journal.by_user[user]
        rows = history.processed.first[user]
        verdict.exercised += len(rows)
        for message_id in rows.keys() - sent.keys():
            phantoms += 1
            row = rows[message_id]
            verdict.violated(
                Code.PHANTOM,
                f"the ledger processed {user}'s message {message_id} (row {row.index}), which {user} never sent",
                row,
            )
    return phantoms


def everything_sent_was_processed(history: History) -> Verdict:
    """Each message sent and not refused has a processed row, also where its fate was unknown to the client (*lost*).

    For a client that closed cleanly right behind its burst: TCP delivered everything, so nothing may be missing.
    O(n). Source: total-queue checker of Jepsen, read from the server's own account.
    """
    verdict = Verdict("everything sent was processed", exercised=len(history.journal.sends))
    lost = 0
    for position, total, message in history.unprocessed():
        if not message.not_refused:
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


def nothing_acknowledged_was_lost(history: History) -> Verdict:
    """Each message that the server acknowledged has a processed row, also after a restart (*not_durable*).

    Acknowledged is a message that was accepted, answered, or called a duplicate. O(n). Source: lost write of Jepsen.
    """
    verdict = Verdict("nothing acknowledged was lost", exercised=len(history.journal.sends))
    lost = 0
    for _, _, message in history.unprocessed():
        promises = [*message.acceptances, *message.replies, *message.duplicates]
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
