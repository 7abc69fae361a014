"""One effect and one end through faults and kills: told by hand, and against the obvious questions about each message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import strategies as st
from random_histories import against_oracle, choices, codes, expect, meant, told
from told_histories import Story

from Lockstep.checks import Event, History, Kind, LedgerRow
from Lockstep.checks.durability import confirmed_survives_kills, every_message_has_one_end


def cut(*, recovered: bool | None, accepted: bool = False) -> Story:
    """Alice's connection breaks while message a is under way; then she comes back."""
    story = Story()
    story.connected()
    story.send("a", attempt=1)
    if accepted:
        story.accepted("a", attempt=1)
    story.add(Kind.CLOSE)
    story.unknown("a", attempt=1)
    story.add(Kind.CONNECTED, connection=7, details={"session": "s-1", "recovered": recovered})
    return story


def answered_after_all(story: Story) -> None:
    story.row("a")
    story.reply("a", attempt=1, connection=7)


def called_a_duplicate(story: Story) -> None:
    story.row("a")
    story.send("a", attempt=2, connection=7)
    story.duplicate("a", attempt=2, connection=7)


def processed_in_silence(story: Story) -> None:
    story.row("a")


def refused_at_last(story: Story) -> None:
    story.send("a", attempt=2, connection=7)
    story.refused("a", attempt=2, connection=7)


def sent_again_in_vain(story: Story) -> None:
    story.send("a", attempt=2, connection=7)


def died_again(story: Story) -> None:
    called_a_duplicate(story)
    story.add(Kind.CLOSE, connection=7)


def nothing_more(story: Story) -> None:
    pass


@pytest.mark.parametrize(
    ("recovered", "end", "words"),
    [
        (True, answered_after_all, ""),
        (False, answered_after_all, ""),
        (True, called_a_duplicate, "was called a duplicate and never answered, although the session lives on"),
        (False, called_a_duplicate, ""),
        (None, called_a_duplicate, ""),
        (True, died_again, ""),
        (True, processed_in_silence, "was processed (ledger row 1) and never answered, although the session lives on"),
        (False, processed_in_silence, ""),
        (True, refused_at_last, ""),
        (True, sent_again_in_vain, "was never answered"),
        (False, sent_again_in_vain, "was never answered"),
        (True, nothing_more, ""),
    ],
)
def test_each_message_has_an_end_that_its_session_allows(recovered: bool | None, end: Callable[[Story], None], words: str) -> None:
    story = cut(recovered=recovered)
    end(story)
    verdict = every_message_has_one_end(story.history)
    assert verdict.counts == ({"lost": 1} if words else {})
    assert all(violation.sentence.startswith(f"alice's message a {words}") for violation in verdict.violations), verdict.violations


def sent_again_in_vain_though_processed(story: Story) -> None:
    story.row("a")
    sent_again_in_vain(story)


def sent_again_in_vain_while_another_was_processed(story: Story) -> None:
    sent_again_in_vain(story)
    story.exchange("b", connection=7)


@pytest.mark.parametrize(
    ("recovered", "end", "lost"),
    [
        (False, sent_again_in_vain_though_processed, 0),                # its answer was given up, and copies are answered with silence
        (True, sent_again_in_vain_though_processed, 1),
        (False, sent_again_in_vain_while_another_was_processed, 1),     # the ledger knows nothing of it: it was no copy
        (False, sent_again_in_vain, 0),                                 # there is no ledger that could tell
    ],
)
def test_a_target_that_says_nothing_to_duplicates_may_leave_one_unanswered(recovered: bool, end: Callable[[Story], None], lost: int) -> None:
    story = cut(recovered=recovered)
    end(story)
    assert every_message_has_one_end(story.history, answer="silent").counts.get("lost", 0) == lost
    assert every_message_has_one_end(story.history, answer="reject").counts.get("lost", 0) == 1


def test_an_acceptance_is_no_end() -> None:
    story = cut(recovered=True)
    story.send("a", attempt=2, connection=7)
    story.accepted("a", attempt=2, connection=7)
    verdict = every_message_has_one_end(story.history)
    assert verdict.violations[0].sentence == "alice's message a was accepted but never answered (message 1 of 1, sent at +0.100 s)"


def test_what_was_delivered_is_a_share_of_what_is_known() -> None:
    story = Story().exchange("a", "b", "c")
    story.send("refused")
    story.refused("refused")
    story.send("lost")
    story.send("unknown")
    story.add(Kind.CLOSE)
    story.unknown("unknown")
    figures = {figure.name: (figure.value, figure.unit, figure.samples) for figure in every_message_has_one_end(story.history).measurements}
    assert figures == {"delivered": (75.0, "%", 4), "lost": (1, "messages", 6)}


def test_without_messages_nothing_was_delivered() -> None:
    verdict = every_message_has_one_end(History([]))
    assert (verdict.counts, [figure.name for figure in verdict.measurements]) == ({"vacuous": 1}, ["lost"])


def test_the_end_of_a_connection_left_behind_is_not_the_end_of_the_client() -> None:
    story = cut(recovered=True)
    called_a_duplicate(story)
    story.add(Kind.CLOSE, connection=1)
    assert every_message_has_one_end(story.history).counts == {"lost": 1}


# kills ------------------------------------------------------------------------------------------------------------------------


def killed(story: Story, **details: object) -> None:
    story.add(Kind.FAULT, user="target", details={"fault": "kill", "state": "done", **details})


def accepted_and_lost(story: Story) -> None:
    story.send("b")
    story.accepted("b")
    killed(story)


def answered_and_lost(story: Story) -> None:
    story.send("b")
    story.reply("b")
    killed(story)


def answered_twice(story: Story) -> None:
    story.exchange("b")
    killed(story)
    story.send("b", attempt=2)
    story.reply("b", attempt=2)


def processed_twice(story: Story) -> None:
    story.exchange("b")
    killed(story)
    story.send("b", attempt=2)
    story.row("b", attempt=2)


def called_a_duplicate_behind_it(story: Story) -> None:
    story.exchange("b")
    killed(story)
    story.send("b", attempt=2)
    story.duplicate("b", attempt=2)


def accepted_and_answered_behind_it(story: Story) -> None:
    story.send("b")
    story.accepted("b")
    killed(story)
    story.row("b")
    story.send("b", attempt=2)
    story.duplicate("b", attempt=2)
    story.reply("b", attempt=1)


def answered_twice_before_it(story: Story) -> None:
    story.exchange("b")
    story.send("b", attempt=2)
    story.reply("b", attempt=2)
    killed(story)


@pytest.mark.parametrize(
    ("happens", "words"),
    [
        (accepted_and_lost, "was confirmed before the process was killed, and the ledger never processed it"),
        (answered_and_lost, "was confirmed before the process was killed, and the ledger never processed it"),
        (answered_twice, "was answered at +0.300 s, the process was killed at +0.400 s, and sent again at +0.500 s it was answered once more"),
        (processed_twice, "was answered at +0.300 s, the process was killed at +0.400 s, and sent again at +0.500 s it was processed 2 times in all"),
        (called_a_duplicate_behind_it, ""),
        (accepted_and_answered_behind_it, ""),
        (answered_twice_before_it, ""),
    ],
)
def test_what_was_confirmed_has_its_one_effect_behind_a_kill(happens: Callable[[Story], None], words: str) -> None:
    story = Story().exchange("a")
    happens(story)
    verdict = confirmed_survives_kills(story.history)
    assert (verdict.exercised, verdict.counts) == (2, {"not_durable": 1} if words else {})
    assert all(violation.sentence == f"alice's message b {words}" for violation in verdict.violations), verdict.violations


@pytest.mark.parametrize("details", [{"state": "planned"}, {"fault": "reset"}])
def test_without_a_kill_nothing_is_judged(details: dict[str, str]) -> None:
    story = Story().exchange("a")
    killed(story, **details)
    assert confirmed_survives_kills(story.history).counts == {"vacuous": 1}


# oracles ----------------------------------------------------------------------------------------------------------------------

KINDS = (
    *(Kind.SEND,) * 5, *(Kind.REPLY,) * 2, Kind.DUPLICATE, Kind.DUPLICATE, Kind.ACCEPTED, Kind.REFUSED, Kind.SEND_UNKNOWN, Kind.SEND_UNKNOWN, Kind.CONNECTED,
    Kind.CLOSE, Kind.FAULT,
)


@st.composite
def troubled(draw: st.DrawFn) -> History:
    """Messages, cuts, greetings and kills in any order, and some processed rows."""
    count, made = draw(choices(2, 14, 7))
    events: list[Event] = []
    attempts: Counter[str] = Counter()
    connection = 1
    for index in range(count):
        kind, message_id = made.pick(*KINDS), made.pick("m1", "m1", "m2")
        fields: dict = {}
        if kind is Kind.CONNECTED:
            connection += 1
            fields = {"details": {"recovered": made.pick(True, True, False, None)}}
        elif kind is Kind.FAULT:
            fields = {"details": {"fault": made.pick("kill", "kill", "reset"), "state": made.pick("done", "done", "planned")}}
        elif kind is not Kind.CLOSE:
            attempts[message_id] += kind is Kind.SEND
            fields = {"message_id": message_id, "attempt": attempts[message_id] if kind is Kind.SEND else made.pick(*range(1, max(attempts[message_id], 1) + 1), None)}
        events.append(Event(index * 2, float(index), kind, "c", connection - (kind is Kind.CLOSE and made.pick(False, False, True)), "alice", **fields))
    rows = [
        LedgerRow(number, 0.0, "alice", "s", "c", made.pick("m1", "m2"), made.pick(1, 2), None, "", "a", made.pick("processed", "processed", "accepted"))
        for number in range(made.pick(0, 1, 1, 2, 3))
    ]
    return History(events, rows)


def sent(history: History) -> list[Event]:
    """The first sending of each message."""
    sends = [e for e in history.events if e.kind is Kind.SEND]
    return [e for place, e in enumerate(sends) if e.message_id not in [one.message_id for one in sends[:place]]]


def lives_on(history: History, since: Event) -> bool:
    current = None
    for event in history.events:
        if event.kind is Kind.CONNECTED:
            current = event.connection
            if event.index > since.index and event.details["recovered"] is not True:
                return False
        elif event.kind is Kind.CLOSE and current in (None, event.connection):
            current = 0
    return current != 0


def is_lost(history: History, send: Event, answer: str) -> bool:
    def of(kind: Kind) -> list[Event]:
        return told(history, kind, send)

    message = history.message("alice", send.message_id)
    if of(Kind.REPLY) or (not message.not_refused and not message.promised):
        return False
    last = of(Kind.SEND)[-1]
    ends = [e for kind in (Kind.DUPLICATE, Kind.REFUSED, Kind.SEND_UNKNOWN) for e in of(kind) if e.index > last.index and meant(e, [last])]
    processed = [row for row in history.ledger if row.what == "processed" and row.message_id == send.message_id]
    if of(Kind.DUPLICATE):
        return lives_on(history, send)
    if answer == "silent" and len(of(Kind.SEND)) > 1 and not lives_on(history, send) and (processed or not history.ledger):
        return False
    return not ends or (bool(processed) and lives_on(history, send))


@against_oracle(troubled(), st.sampled_from(["reject", "silent"]), number=300)
def test_each_end_is_asked_for(history: History, answer: str) -> None:
    verdict = every_message_has_one_end(history, answer)
    assert (verdict.exercised, codes(verdict)) == (len(sent(history)), expect(*["lost" for send in sent(history) if is_lost(history, send, answer)]))


@against_oracle(troubled(), number=200)
def test_each_confirmation_before_a_kill_is_looked_up(history: History) -> None:
    kills = [e for e in history.events if e.kind is Kind.FAULT and e.details == {"fault": "kill", "state": "done"}]
    found, exercised = [], 0
    for send in sent(history) if kills else ():
        replies, sends = told(history, Kind.REPLY, send), told(history, Kind.SEND, send)
        confirmed = [e for e in [*told(history, Kind.ACCEPTED, send)[:1], *replies[:1]] if e.index < kills[-1].index]
        processed = [row for row in history.ledger if row.what == "processed" and row.message_id == send.message_id]
        exercised += bool(confirmed)
        found += ["not_durable"] * (bool(confirmed) and not processed)
        kill = next((e for e in kills if replies and e.index > replies[0].index), None)
        again = kill and any(e.index > kill.index for e in sends)
        found += ["not_durable"] * bool(again and (len(processed) > 1 or any(e.index > kill.index for e in replies)))
    verdict = confirmed_survives_kills(history)
    assert (verdict.exercised, codes(verdict)) == (exercised, expect(*found))
