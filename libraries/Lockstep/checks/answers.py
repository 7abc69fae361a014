"""Every message is answered, once, with its own content."""

from __future__ import annotations

from . import bulk, wording
from .events import Event, Kind, LedgerRow
from .history import History
from .messages import attempts_meant
from .names import NOTHING
from .picked import Picked
from .verdict import Verdict
from .violations import Code

ANSWERS = (Kind.REPLY, Kind.DUPLICATE, Kind.ACCEPTED, Kind.REFUSED)
"""What a server may say about a message."""


def nothing_lost(history: History, *, silent: bool = False) -> Verdict:
    """Every message that was sent has an answer; behind a barrier a missing one is *lost*.

    A message counts as lost when no attempt has a reply, and one that was not refused waits on a connection that lives. Answered
    only as a duplicate is lost too, unless an attempt is of unknown fate: its reply may have been lost with a connection. Then a
    server that keeps ``silent`` about duplicates need not answer either. O(n). Source: total-queue checker of Jepsen.
    """
    verdict = Verdict("nothing is lost", exercised=len(history.journal.sends))
    lost = 0
    for position, total, message in history.journal.unanswered():
        if not message.waiting or (message.unknowns and (silent or message.duplicates)):
            continue
        lost += 1
        send, others = message.send, [*message.duplicates, *message.acceptances]
        if message.unknowns:
            found = f"was sent again when its fate was unknown (attempt {message.waiting[-1].attempt}), and that was never answered"
        elif message.duplicates:
            found = "was answered only as a duplicate, never with a reply"
        else:
            found = "was accepted but never answered" if others else "was never answered"
        verdict.violated(
            Code.LOST,
            f"{wording.message(send)} {found} (message {position} of {total}, sent {wording.at(history, send)})",
            send, *others[:1],
        )
    verdict.measured("lost", lost, "messages", verdict.exercised)
    return verdict.concluded()


def nothing_answered_twice(history: History) -> Verdict:
    """No message has more than one processed reply (*duplicated*); answers that say "duplicate" do not count.

    Under the guarantee that duplicates are replayed, ask `duplicates_accounted` instead. O(n). Source: total-queue of Jepsen.
    """
    verdict = Verdict("nothing is answered twice", exercised=len(history.journal.replies))
    twice = 0
    for message in history.journal.unusual():
        replies = message.replies
        if len(replies) > 1:
            twice += 1
            first, last = replies[0], replies[-1]
            verdict.violated(
                Code.DUPLICATED,
                f"{wording.message(first)} was sent {wording.counted(len(message.sends), 'time')} and should have 1 reply, "
                f"but got {len(replies)}: the first {wording.at(history, first)}, the last {wording.at(history, last)}",
                message.send, *replies,
            )
    verdict.measured("answered_twice", twice, "messages", verdict.exercised)
    return verdict.concluded()


def no_phantom_replies(history: History) -> Verdict:
    """Every answer names a message and attempt that this user had sent before, with its sequence id (*phantom*).

    An answer to a message that only another user sent is *leaked_to_other_user*. O(n). Source: queue checker of Jepsen.
    """
    verdict = Verdict("no phantom replies")
    journal = history.journal
    verdict.exercised = len(journal.replies)
    phantoms = 0
    for event in journal.unasked:
        if event.kind in ANSWERS:
            phantoms += 1
            verdict.exercised += 1
            _report_unasked(history, verdict, event)
    further = [event for event in journal.rest if event.kind in ANSWERS]
    verdict.exercised += len(journal.acceptances) + len(further)
    for answer in (*_other_echoes(history, journal.replies), *_other_echoes(history, journal.acceptances), *further):
        phantoms += _judge_echo(history, verdict, answer)
    verdict.measured("phantoms", phantoms, "messages", verdict.exercised)
    return verdict.concluded()


def _other_echoes(history: History, answers: Picked[Event]) -> Picked[Event]:
    """The answers that name another attempt or sequence id than the first sending of their message had."""
    events, origins = history.events, history.journal.origins_of(answers)
    others = {
        position
        for column in (events.attempts, events.sequences)
        for position in bulk.chosen(
            answers.positions, bulk.negated(bulk.equal(bulk.taken(column, answers.positions), bulk.taken(column, origins.positions)))
        )
        if column[position] != NOTHING
    }
    return events.at(sorted(others))


def _judge_echo(history: History, verdict: Verdict, answer: Event) -> bool:
    """Reports an answer whose attempt or sequence id, where it names them, are not those of an attempt sent before it."""
    message = history.message(answer.user, answer.message_id)
    sends = [send for send in message.sends if send.index < answer.index] if message else []
    meant = attempts_meant(answer, sends)
    if not meant:
        wrong = f"names attempt {answer.attempt}, which had not been sent"
    elif answer.sequence_id is None or any(send.sequence_id in (None, answer.sequence_id) for send in meant):
        return False
    else:
        wrong = f"names sequence id {answer.sequence_id}, but {meant[0].sequence_id} was sent"
    verdict.violated(
        Code.PHANTOM, f"{wording.message(answer)}: the {answer.kind} {wording.at(history, answer)} {wrong}", answer, *meant, *sends[:1]
    )
    return True


def _report_unasked(history: History, verdict: Verdict, answer: Event) -> None:
    who, when = wording.owner(answer), wording.at(history, answer)
    stranger = history.sender_of(answer.message_id, other_than=answer.user)
    if stranger is not None:
        verdict.violated(
            Code.LEAKED_TO_OTHER_USER,
            f"{who} got a {answer.kind} to message {answer.message_id} {when}, which only {wording.owner(stranger)} had sent",
            answer, stranger,
        )
    else:
        verdict.violated(
            Code.PHANTOM,
            f"{who} got a {answer.kind} to message {answer.message_id} {when}, which had not been sent",
            answer,
        )


def contents_intact(history: History) -> Verdict:
    """The digest of each reply equals the digest of what was sent (*corrupted*).

    Replies or messages without a digest are not exercised. O(n). Source: end-to-end check sums.
    """
    verdict = Verdict("contents intact")
    journal = history.journal
    replies, digests = journal.replies.positions, history.events.digests
    said, sent = bulk.taken(digests, replies), bulk.taken(digests, journal.origins.positions)
    known = bulk.negated(bulk.either(bulk.equal(said, 0), bulk.equal(sent, 0)))
    exercised = known.count(1)
    suspects = bulk.chosen(replies, bulk.both(known, bulk.negated(bulk.equal(said, sent))))
    corrupted = sum(_judge_content(history, verdict, reply) for reply in history.events.at(suspects))
    for message in journal.unusual():
        for reply in message.replies[1:] if message.send.digest is not None else ():
            if reply.digest is not None:
                exercised += 1
                corrupted += _judge_content(history, verdict, reply)
    verdict.exercised = exercised
    verdict.measured("corrupted", corrupted, "messages", exercised)
    return verdict.concluded()


def _judge_content(history: History, verdict: Verdict, reply: Event) -> bool:
    """Reports a reply to a content that no attempt of its message had."""
    message = history.message(reply.user, reply.message_id)
    sent = {send.digest for send in message.sends} if message else set()
    if None in sent or reply.digest in sent:
        return False
    verdict.violated(
        Code.CORRUPTED,
        f"{wording.message(reply)} arrived with another content: sent was {wording.listed(sorted(filter(None, sent)))}, the reply "
        f"{wording.at(history, reply)} is about {reply.digest}",
        *(message.sends if message else ()), reply,
    )
    return True


def nothing_refused_was_processed(history: History) -> Verdict:
    """A refused attempt has no effect: no reply, no processed row in the ledger (*aborted_effect*).

    O(n). Source: aborted read (G1a) of Adya and of Jepsen's kafka checker.
    """
    verdict = Verdict("nothing refused was processed")
    for message in history.journal.unusual():
        refusals = message.refusals
        if not refusals:
            continue
        verdict.exercised += len(refusals)
        sends, not_refused = message.sends, message.not_refused
        effects: list[Event | LedgerRow] = [*message.replies, *history.processed.of(message.send)]
        for effect in effects:
            if attempts_meant(effect, sends) and not attempts_meant(effect, not_refused):
                seen = f"a reply came {wording.at(history, effect)}" if isinstance(effect, Event) else f"ledger row {effect.index} processed it"
                verdict.violated(
                    Code.ABORTED_EFFECT,
                    f"{wording.message(message.send)} was refused {wording.at(history, refusals[0])}, and yet {seen}",
                    *refusals, effect,
                )
    verdict.measured("refused", verdict.exercised, "messages", verdict.exercised)
    return verdict.concluded()
