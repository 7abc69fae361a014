"""The catalogue told by hand: quirks of correct servers that no check may report, and defects with the one code each must yield."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from told_histories import Story

from Lockstep.checks import History, Kind, Verdict
from Lockstep.checks.answers import (
    contents_intact,
    no_phantom_replies,
    nothing_answered_twice,
    nothing_lost,
    nothing_refused_was_processed,
)
from Lockstep.checks.duplicates import duplicates_accounted, processed_once_in_ledger
from Lockstep.checks.durability import confirmed_survives_kills, every_message_has_one_end
from Lockstep.checks.fairness import users_served_fairly
from Lockstep.checks.isolation import nothing_leaked
from Lockstep.checks.ledger import everything_sent_was_processed, ledger_agrees_with_journal, nothing_acknowledged_was_lost
from Lockstep.checks.offsets import offsets_agree, offsets_without_gap
from Lockstep.checks.order import processed_in_send_order, replies_in_send_order
from Lockstep.checks.progress import no_stall
from Lockstep.checks.resume import resumes_are_sound
from Lockstep.checks.rights import session_kept, sessions_stay_with_their_user
from Lockstep.checks.sessions import nothing_reaches_ghosts
from Lockstep.checks.state import (
    counter_within_interval,
    processed_ids_once,
    reads_include_own_writes,
    state_equals,
    state_never_goes_back,
)

Check = Callable[[History], Verdict]

EVERY: dict[str, Check] = {
    check.__name__: check
    for check in (
        nothing_lost, nothing_answered_twice, no_phantom_replies, contents_intact, nothing_refused_was_processed,
        replies_in_send_order, processed_in_send_order, duplicates_accounted, processed_once_in_ledger, offsets_without_gap,
        offsets_agree, counter_within_interval, reads_include_own_writes, state_never_goes_back, processed_ids_once,
        ledger_agrees_with_journal, everything_sent_was_processed, nothing_acknowledged_was_lost, resumes_are_sound, nothing_reaches_ghosts,
        sessions_stay_with_their_user, every_message_has_one_end, confirmed_survives_kills,
    )
}
EVERY["nothing_leaked"] = partial(nothing_leaked, canaries={"alice": "canary-alice", "bob": "canary-bob"})
EVERY["no_stall"] = partial(no_stall, longest=2.0)


def found(history: History, **instead: Check) -> dict[str, set[str]]:
    """What each check reports, the vacuous ones left out: they have nothing to say about this history."""
    verdicts = {name: check(history) for name, check in {**EVERY, **instead}.items()}
    return {name: set(map(str, v.counts)) for name, v in verdicts.items() if v.counts and v.exercised}


def ten() -> list[str]:
    return [f"m{number}" for number in range(10)]


# quirks -----------------------------------------------------------------------------------------------------------------------


def n1_slow_but_in_order(story: Story) -> None:
    for message_id in ten():
        story.send(message_id)
    for message_id in ten():
        story.wait(0.8)
        story.reply(message_id)
        story.row(message_id)


def n2_reply_lost_in_a_fault_then_resent(story: Story) -> None:
    story.connected(epoch=1)
    story.send("a", attempt=1)
    story.row("a")
    story.add(Kind.FAULT)
    story.unknown("a", attempt=1)
    story.add(Kind.CLOSE, details={"code": 1006})
    story.connected(session="s-2", connection=7)
    story.send("b", connection=7)
    story.reply("b", connection=7, attempt=1, offset=1)
    story.row("b", session="s-2")
    story.send("a", attempt=2, connection=7)
    story.reply("a", attempt=2, connection=7, offset=2)


def cut_and_back(story: Story, told: dict, *, offset: int, connection: int = 7) -> None:
    """Alice's connection breaks, and she asks for her session, having this offset."""
    story.add(Kind.FAULT, details={"fault": "reset", "state": "done"})
    story.add(Kind.CLOSE, details={"code": 1006})
    story.add(Kind.CONNECT, connection=connection, details={"session": "s-1", "epoch": 1, "offset": offset})
    story.add(Kind.CONNECTED, connection=connection, details=told)


RECOVERED = {"session": "s-1", "epoch": 1, "offset": 1, "recovered": True, "head": 2}
NOT_RECOVERED = {"session": "s-1", "epoch": 2, "offset": 0, "recovered": False, "reason": "restarted", "head": 0}


def n2_reply_lost_and_replayed(story: Story) -> None:
    story.connected()
    story.send("a")
    story.reply("a", offset=1)
    story.send("b")
    for message_id in "ab":
        story.row(message_id)
    story.unknown("b", attempt=1)
    cut_and_back(story, RECOVERED, offset=1)
    story.reply("b", offset=2, connection=7)


def n3_not_recovered_and_a_new_epoch(story: Story) -> None:
    story.connected()
    story.send("a")
    story.row("a")
    story.unknown("a", attempt=1)
    cut_and_back(story, NOT_RECOVERED, offset=0)
    story.send("a", attempt=2, connection=7)
    story.duplicate("a", attempt=2, connection=7, offset=1)


def n14_replay_before_the_greeting(story: Story) -> None:
    story.connected()
    story.send("a")
    story.reply("a", offset=1)
    story.send("b")
    for message_id in "ab":
        story.row(message_id)
    story.unknown("b", attempt=1)
    story.add(Kind.CLOSE)
    story.add(Kind.CONNECT, connection=7, details={"session": "s-1", "epoch": 1, "offset": 1})
    story.reply("b", offset=2, connection=7)
    story.add(Kind.CONNECTED, connection=7, details=RECOVERED)


def n4_duplicate_ignored(story: Story) -> None:
    for attempt in (1, 2, 3):
        story.send("a", attempt=attempt)
    story.reply("a")
    story.row("a")


def n7_jitter(story: Story) -> None:
    story.send("m0")
    for before, after, jitter in zip(ten(), ten()[1:], (0.08, 0.0, 0.03) * 3, strict=False):
        story.send(after)
        story.wait(jitter)
        story.reply(before)
        story.row(before)
    story.reply("m9")
    story.row("m9")


def n8_priority_classes_interleave(story: Story) -> None:
    for message_id, priority in (("n1", "normal"), ("n2", "normal"), ("h1", "high"), ("h2", "high")):
        story.send(message_id, details={"priority": priority})
    for message_id in ("h1", "n1", "h2", "n2"):
        story.row(message_id)
        story.reply(message_id)


def n9_snapshot_among_sends(story: Story) -> None:
    for count in range(3):
        story.exchange(f"m{count}")
        story.send(f"x{count}")
        story.query(f"q{count}")
        story.send(f"y{count}")
        story.answer(f"q{count}", {"message_count": 3 * count + (1, 2, 3)[count], "version": 3 * count + 1})
        for message_id in (f"x{count}", f"y{count}"):
            story.row(message_id)
            story.reply(message_id)


def n10_close_without_a_code(story: Story) -> None:
    story.connected()
    story.exchange("a")
    story.add(Kind.CLOSE, details={"code": 1006, "reason": "", "by": "server"})


def n11_unknown_types_and_fields(story: Story) -> None:
    story.connected()
    story.send("a")
    story.add(Kind.OTHER, offset=1, details={"type": "weather", "unknown": [1, {"two": None}]})
    story.reply("a", offset=2, details={"mood": "fine"})
    story.row("a")
    story.row("a", what="invented later")


def n14_replay_before_connected(story: Story) -> None:
    story.connected(connection=1)
    for message_id in ("a", "b"):
        story.send(message_id)
        story.row(message_id)
    story.reply("a", offset=1)
    story.add(Kind.CLOSE)
    story.reply("b", offset=2, connection=5)
    story.connected(connection=5, offset=2)
    story.send("c", connection=5)
    story.row("c")
    story.reply("c", offset=3, connection=5)


def n16_channels_overtake_each_other(story: Story) -> None:
    for message_id, connection in (("shell", 1), ("iopub", 2)):
        story.connected(session=f"s-{connection}", connection=connection)
        story.send(message_id, connection=connection)
    for message_id, connection in (("iopub", 2), ("shell", 1)):
        story.row(message_id, session=f"s-{connection}")
        story.reply(message_id, connection=connection, offset=1)


def n17_refused_in_a_race_then_accepted(story: Story) -> None:
    story.send("a", attempt=1)
    story.send("b")
    story.refused("a", attempt=1, details={"reason": "queue_full"})
    story.row("b")
    story.reply("b")
    story.send("a", attempt=2)
    story.row("a", attempt=2)
    story.reply("a", attempt=2)
    story.snapshot("q", {"message_count": 2})


@pytest.mark.parametrize(
    ("quirk", "instead"),
    [
        (n1_slow_but_in_order, {}), (n2_reply_lost_in_a_fault_then_resent, {}), (n2_reply_lost_and_replayed, {}),
        (n3_not_recovered_and_a_new_epoch, {}), (n14_replay_before_the_greeting, {}),
        (n4_duplicate_ignored, {"duplicates_accounted": partial(duplicates_accounted, answer="silent")}),
        (n7_jitter, {}), (n8_priority_classes_interleave, {}), (n9_snapshot_among_sends, {}), (n10_close_without_a_code, {}),
        (n11_unknown_types_and_fields, {}), (n14_replay_before_connected, {}), (n16_channels_overtake_each_other, {}),
        (n17_refused_in_a_race_then_accepted, {}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_quirk_is_no_violation(quirk: Callable[[Story], None], instead: dict[str, Check]) -> None:
    story = Story()
    quirk(story)
    assert found(story.history, **instead) == {}
    assert nothing_lost(story.history).exercised


# defects ----------------------------------------------------------------------------------------------------------------------


def sent(*message_ids: str) -> Story:
    story = Story()
    for number, message_id in enumerate(message_ids):
        story.send(message_id, sequence_id=number)
    return story


def answered(story: Story, *message_ids: str) -> Story:
    for message_id in message_ids:
        story.row(message_id)
        story.reply(message_id)
    return story


def r1_swap_adjacent() -> Story:
    return answered(sent("a", "b", "c"), "a", "c", "b")


def r1_drop_every_n() -> Story:
    story = sent("a", "b", "c")
    story.accepted("b")
    return answered(story, "a", "c")


def r1_drop_last() -> Story:
    story = answered(sent("a", "b"), "a")
    story.unknown("b", attempt=1)
    return story


def r1_dup_reply() -> Story:
    story = answered(sent("a"), "a")
    story.reply("a")
    return story


def r1_wrong_correlation() -> Story:
    story = sent("a", "b")
    story.reply("a", sequence_id=1, digest="d-b")
    story.reply("b", sequence_id=0, digest="d-a")
    return story


def r1_seq_off_by_one() -> Story:
    story = answered(sent("a", "b"), "a", "b")
    story.snapshot("q", {"message_count": 2, "last_sequence_id": 2})
    return story


def r1_truncate_64k() -> Story:
    story = sent("a")
    story.row("a", digest="d-cut")
    story.reply("a", digest="d-cut")
    return story


def copies(*outcomes: str, processed: int = 1) -> Story:
    story = Story()
    for attempt, _ in enumerate(outcomes, 1):
        story.send("a", attempt=attempt)
    for attempt, outcome in enumerate(outcomes, 1):
        if outcome:
            story.add(Kind(outcome), "alice", "a", attempt=attempt, digest="d-a" if outcome == "reply" else None)
    for attempt in range(1, processed + 1):
        story.row("a", attempt=attempt)
    return story


def r2_no_dedup() -> Story:
    return copies("reply", "reply", "duplicate", processed=2)


def r2_dedup_lost_on_restart() -> Story:
    story = Story()
    story.exchange("a")
    story.accepted("b")
    story.send("b")
    story.accepted("b")
    return story


def r2_dedup_global_across_users() -> Story:
    story = Story().exchange("a", user="bob")
    story.send("a", user="alice")
    story.duplicate("a", user="alice")
    return story


def r2_reject_then_process() -> Story:
    story = copies("reply", "duplicate", processed=2)
    story.snapshot("q", {"message_count": 2})
    return story


def r2_dup_missing_reply() -> Story:
    return copies("reply", "duplicate", "")


def refused_then_processed() -> Story:
    story = sent("a", "b")
    story.refused("a")
    return answered(story, "a", "b")


def numbered(*offsets: int, digests: str = "") -> Story:
    story = Story()
    story.connected()
    for number, offset in enumerate(offsets):
        story.add(Kind.OTHER, offset=offset, digest=digests[number:])
    return story


def snapshots(*counts: int, ids: tuple[str, ...] = ()) -> Story:
    story = Story().exchange("a", "b")
    for number, count in enumerate(counts):
        story.snapshot(f"q{number}", {"message_count": count, "processed_message_ids": ids or ("a", "b")})
    return story


def leaking() -> Story:
    return Story().exchange("a", details={"content": "canary-bob"})


def unfair() -> Story:
    story = sent("a", "b")
    story.send("a", "bob")
    answered(story, "a", "b")
    story.wait(30).reply("a", "bob")
    return story


def stalling() -> Story:
    story = sent("a", "b")
    story.reply("a")
    story.wait(5).reply("b")
    return story


def extra_row() -> Story:
    story = Story().exchange("a")
    story.row("never sent")
    return story


def missing_row() -> Story:
    story = Story().exchange("a")
    story.send("b")
    story.reply("b")
    return story


def other_digest_in_ledger() -> Story:
    story = sent("a")
    story.row("a", digest="d-other")
    story.reply("a")
    return story


def phantom_of_nobody() -> Story:
    story = sent("a")
    story.reply(None)
    return story


def phantom_attempt() -> Story:
    story = sent("a")
    story.reply("a", attempt=2)
    return story


def leaked_reply() -> Story:
    story = Story().exchange("a", user="bob")
    story.reply("a", user="alice", details={"content": "canary-bob"})
    return story


def x1_resume_of_another_user() -> Story:
    story = Story()
    story.connected()
    story.add(Kind.CONNECT, "bob", details={"session": "s-1", "epoch": 1, "offset": 0})
    story.add(Kind.CONNECTED, "bob", details={**RECOVERED, "head": 0})
    return story


def x1_context_lost() -> Story:
    story = Story()
    story.connected()
    cut_and_back(story, {**NOT_RECOVERED, "session": "s-2", "epoch": 1}, offset=0)
    return story


def x2_gap() -> Story:
    story = numbered(1)
    cut_and_back(story, {**RECOVERED, "head": 3}, offset=1)
    story.add(Kind.OTHER, offset=3, connection=7)
    return story


def x6_ghost_delivery() -> Story:
    story = numbered(1)
    story.add(Kind.CONNECT, connection=7, details={"session": "s-1", "epoch": 1, "offset": 1})
    story.add(Kind.CONNECTED, connection=7, details={**RECOVERED, "head": 1})
    story.add(Kind.OTHER, offset=2)
    return story


def x9_into_the_dead_path() -> Story:
    story = Story()
    story.connected()
    story.send("a")
    story.row("a")
    story.unknown("a", attempt=1)
    cut_and_back(story, {**RECOVERED, "head": 0}, offset=0)
    return story


def t3_ack_before_durable() -> Story:
    story = sent("a")
    story.accepted("a")
    story.add(Kind.FAULT, details={"fault": "kill", "state": "done"})
    return story


DEFECTS: list[tuple[Callable[[], Story], Check, str]] = [
    (r1_swap_adjacent, replies_in_send_order, "reordered"),
    (r1_swap_adjacent, processed_in_send_order, "reordered"),
    (r1_drop_every_n, nothing_lost, "lost"),
    (r1_drop_every_n, everything_sent_was_processed, "lost"),
    (r1_drop_every_n, nothing_acknowledged_was_lost, "not_durable"),
    (r1_drop_every_n, processed_once_in_ledger, "lost"),
    (r1_drop_last, everything_sent_was_processed, "lost"),
    (r1_dup_reply, nothing_answered_twice, "duplicated"),
    (r1_wrong_correlation, no_phantom_replies, "phantom"),
    (r1_wrong_correlation, contents_intact, "corrupted"),
    (r1_seq_off_by_one, partial(state_equals, expected={"message_count": 2, "last_sequence_id": 1}), "miscounted"),
    (r1_truncate_64k, contents_intact, "corrupted"),
    (r2_no_dedup, nothing_answered_twice, "duplicated"),
    (r2_no_dedup, processed_once_in_ledger, "duplicated"),
    (r2_no_dedup, duplicates_accounted, "miscounted_duplicates"),
    (r2_dedup_lost_on_restart, nothing_acknowledged_was_lost, "not_durable"),
    (r2_dedup_global_across_users, nothing_lost, "lost"),
    (r2_dedup_global_across_users, EVERY["nothing_leaked"], "leaked_to_other_user"),
    (r2_reject_then_process, processed_once_in_ledger, "duplicated"),
    (r2_reject_then_process, counter_within_interval, "miscounted"),
    (r2_dup_missing_reply, duplicates_accounted, "miscounted_duplicates"),
    (refused_then_processed, nothing_refused_was_processed, "aborted_effect"),
    (partial(numbered, 1, 2, 4), offsets_without_gap, "gap"),
    (partial(numbered, 1, 2, 2), offsets_without_gap, "duplicated"),
    (partial(numbered, 1, 2, 2, digests="xyz"), offsets_agree, "disagreement"),
    (partial(snapshots, 2, 1), reads_include_own_writes, "stale_read"),
    (partial(snapshots, 2, 1), state_never_goes_back, "went_back"),
    (partial(snapshots, 2, ids=("a", "b", "a")), processed_ids_once, "duplicated"),
    (partial(snapshots, 2, ids=("x", "a")), reads_include_own_writes, "stale_read"),
    (leaking, EVERY["nothing_leaked"], "leaked_to_other_user"),
    (leaked_reply, EVERY["nothing_leaked"], "leaked_to_other_user"),
    (leaked_reply, no_phantom_replies, "leaked_to_other_user"),
    (unfair, users_served_fairly, "unfair"),
    (stalling, EVERY["no_stall"], "stalled"),
    (missing_row, ledger_agrees_with_journal, "disagreement"),
    (extra_row, ledger_agrees_with_journal, "phantom"),
    (other_digest_in_ledger, ledger_agrees_with_journal, "corrupted"),
    (phantom_of_nobody, no_phantom_replies, "phantom"),
    (phantom_attempt, no_phantom_replies, "phantom"),
    (x1_resume_of_another_user, sessions_stay_with_their_user, "leaked_to_other_user"),
    (x1_context_lost, session_kept, "context_lost"),
    (x2_gap, resumes_are_sound, "unsound_resume"),
    (x2_gap, offsets_without_gap, "gap"),
    (x6_ghost_delivery, nothing_reaches_ghosts, "ghost_session"),
    (x9_into_the_dead_path, every_message_has_one_end, "lost"),
    (t3_ack_before_durable, confirmed_survives_kills, "not_durable"),
]


@pytest.mark.parametrize(("defect", "check", "code"), DEFECTS)
def test_a_defect_yields_exactly_its_code(defect: Callable[[], Story], check: Check, code: str) -> None:
    verdict = check(defect().history)
    assert set(verdict.counts) == {code}, [violation.sentence for violation in verdict.violations]
    assert all(violation.evidence or violation.ledger for violation in verdict.violations)
    assert all("  " not in violation.sentence and "None" not in violation.sentence.replace("message None", "") for violation in verdict.violations)


@pytest.mark.parametrize("check", EVERY.values(), ids=EVERY.keys())
def test_a_check_that_saw_nothing_is_vacuous(check: Check) -> None:
    verdict = check(History([]))
    assert (dict(verdict.counts), verdict.exercised) == ({"vacuous": 1}, 0)
