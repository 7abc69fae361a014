"""The memory of a conversation: a correct server is never reported, each defect is by its code."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_server import Account, ModelServer, Sent, digest_of, label_of
from random_histories import codes, examples
from told_histories import Story

from Lockstep.checks import History, Kind, Verdict
from Lockstep.checks.context import (
    complete_only_at_end,
    context_as_modelled,
    objects_within,
    snapshots_whole,
    versions_without_gap,
)
from Lockstep.checks.state import counter_within_interval, reads_include_own_writes, state_equals, state_never_goes_back


def labels(history: History) -> dict[str, str]:
    return {event.message_id: label_of(event.message_id) for event in history.events if event.kind is Kind.SEND}


CHECKS: dict[str, Callable[[History], Verdict]] = {
    "modelled": lambda history: context_as_modelled(history, labels(history)),
    "whole": snapshots_whole,
    "complete": complete_only_at_end,
    "versions": versions_without_gap,
    "objects": partial(objects_within, limit=16),
    "counted": counter_within_interval,
    "own writes": reads_include_own_writes,
    "never back": state_never_goes_back,
}


def found(history: History) -> dict[str, set[str]]:
    return {name: set(wrong) for name, check in CHECKS.items() if (wrong := codes(check(history)))}


@examples(80)
@given(st.integers(0, 10**9), st.sampled_from((1, 2)), st.booleans(), st.booleans())
def test_a_correct_server_is_never_reported(seed: int, connections: int, echo: bool, faults: bool) -> None:
    server = ModelServer(seed, users=("alice", "bob")[: 1 + seed % 2], connections=connections, echo=echo)
    server.run(150, send=1, say=3, end=1, again=1, ask=4, fail=1, **({"copy": 1, "drop": 1} if faults else {}))
    assert found(server.history) == {}
    assert found(server.settle().history) == {}


class Asking(ModelServer):
    """Answers about the state of the agent are changed on the way."""

    def agent_state(self, account: Account) -> dict[str, Any]:
        state = super().agent_state(account)
        if len(account.processed) > 2:
            self.change(account, state)
        return state

    def change(self, account: Account, state: dict[str, Any]) -> None:
        raise NotImplementedError


class ForgetsMiddle(Asking):
    def change(self, account: Account, state: dict[str, Any]) -> None:
        del state["topics"][len(state["topics"]) // 2]
        state["topics"].insert(0, "nonsense")


class ForgetsIds(Asking):
    def change(self, account: Account, state: dict[str, Any]) -> None:
        del state["processed_message_ids"][1]


class ForgetsAll(Asking):
    def change(self, account: Account, state: dict[str, Any]) -> None:
        state["topics"] = []


class OtherDigest(Asking):
    def change(self, account: Account, state: dict[str, Any]) -> None:
        state["context_digest"] = digest_of("another conversation")


class OldDigest(Asking):
    def change(self, account: Account, state: dict[str, Any]) -> None:
        chain = ""
        for sent in account.processed[:-1]:
            chain = digest_of(chain + sent.digest)
        state["context_digest"] = chain


class OldSequence(Asking):
    def change(self, account: Account, state: dict[str, Any]) -> None:
        state["last_sequence_id"] = account.processed[-2].sequence_id


class OldCount(Asking):
    def change(self, account: Account, state: dict[str, Any]) -> None:
        state["message_count"] -= 1


class CompleteEarly(Asking):
    def change(self, account: Account, state: dict[str, Any]) -> None:
        state["conversation_complete"] = True


class NeverComplete(Asking):
    def change(self, account: Account, state: dict[str, Any]) -> None:
        state["conversation_complete"] = False


class ForgetsTitle(Asking):
    def change(self, account: Account, state: dict[str, Any]) -> None:
        state["conversation"] = state["conversation"] if len(account.processed) % 3 else None


class OtherTitle(Asking):
    def change(self, account: Account, state: dict[str, Any]) -> None:
        state["conversation"] = "another"


class OldBeginnings(Asking):
    def change(self, account: Account, state: dict[str, Any]) -> None:
        state["recent"] = [sent.details.get("content", "never noted")[:9] for sent in account.processed[-3:-1]]


class OtherBeginning(Asking):
    def change(self, account: Account, state: dict[str, Any]) -> None:
        state["recent"][0] = "nonsense"


class EmptyBeginnings(Asking):
    def change(self, account: Account, state: dict[str, Any]) -> None:
        state["recent"] = []


class Hoards(Asking):
    def change(self, account: Account, state: dict[str, Any]) -> None:
        state["total_objects"] = 3 * len(account.processed)


class Skips(ModelServer):
    def apply(self, account: Account, sent: Sent) -> dict[str, Any]:
        details = super().apply(account, sent)
        return {**details, "version": details["version"] + (details["version"] > 5)}


class Twice(ModelServer):
    def apply(self, account: Account, sent: Sent) -> dict[str, Any]:
        details = super().apply(account, sent)
        return {**details, "version": details["version"] - (details["version"] == 6)}


@pytest.mark.parametrize(("defect", "check", "code"), [
    (ForgetsMiddle, "modelled", "context_lost"), (ForgetsIds, "modelled", "context_lost"), (ForgetsAll, "modelled", "context_lost"),
    (OtherDigest, "modelled", "context_lost"), (OldDigest, "modelled", "torn_snapshot"), (OldDigest, "whole", "torn_snapshot"),
    (OldSequence, "whole", "torn_snapshot"), (OldCount, "whole", "torn_snapshot"), (CompleteEarly, "complete", "incomplete_stream"),
    (NeverComplete, "complete", "incomplete_stream"), (Hoards, "objects", "leak"), (Skips, "versions", "gap"),
    (Twice, "versions", "disagreement"), (ForgetsTitle, "modelled", "context_lost"), (OtherTitle, "modelled", "context_lost"),
    (OldBeginnings, "modelled", "torn_snapshot"), (OtherBeginning, "modelled", "context_lost"), (EmptyBeginnings, "modelled", "context_lost"),
])
def test_a_defect_is_reported_by_its_code(defect: type[ModelServer], check: str, code: str) -> None:
    assert code in found(defect(4711).run(250, say=4, end=4 if check == "complete" else 0, ask=4).settle().history)[check]


@examples(40)
@given(st.integers(0, 10**9), st.sampled_from((ModelServer, OldDigest, OtherDigest, ForgetsIds, ForgetsAll)))
def test_a_snapshot_is_wrong_where_a_fold_over_all_messages_says_so(seed: int, kind: type[ModelServer]) -> None:
    server = kind(seed).run(120, send=4, again=1, ask=4)
    history, ids = server.history, [sent.message_id for sent in server.users["alice"].processed]
    replied = {event.details["version"] for event in history.events if event.kind is Kind.REPLY}
    digests = {event.message_id: event.digest for event in history.events if event.kind is Kind.SEND}
    exercised = wrong = 0
    for answer in history.events:
        if answer.kind is Kind.ANSWER and answer.details["question"] == "agent_state":
            fields = answer.details["fields"]
            version = fields["version"]
            chain = ""
            for message_id in ids[:version]:
                chain = digest_of(chain + digests[message_id])
            listed = fields["processed_message_ids"]
            assert set(range(1, version + 1)) <= replied
            exercised += 1
            wrong += (
                fields["context_digest"] != chain or fields["topics"] != [label_of(each) for each in ids[:version]][-20:]
                or listed != ids[max(0, version - len(listed)) : version]
            )
    verdict = context_as_modelled(history, labels(history))
    assert (verdict.exercised, verdict.counts.get("context_lost", 0) + verdict.counts.get("torn_snapshot", 0)) == (exercised, wrong)


def told(fields: dict[str, Any], *, version: bool = True, **last: Any) -> History:
    """Three messages, and a snapshot after them."""
    story = Story()
    for number in (1, 2, 3):
        story.add(Kind.SEND, "alice", f"m{number}", attempt=1, sequence_id=number, digest=digest_of(f"{number}"), **last)
        story.add(Kind.REPLY, "alice", f"m{number}", details={"version": number} if version else None)
    story.snapshot("q1", fields)
    return story.history


def test_where_replies_carry_no_version_their_order_counts() -> None:
    right = digest_of(digest_of(digest_of("" + digest_of("1")) + digest_of("2")) + digest_of("3"))
    for fields, expected in (
        ({"message_count": 3, "context_digest": right}, {}),
        ({"message_count": 3, "context_digest": "0" * 16}, {"context_lost": 1}),
        ({"message_count": 7, "context_digest": "0" * 16}, {}),
        ({"context_digest": "0" * 16}, {}),
    ):
        assert codes(context_as_modelled(told(fields, version=False), {})) == expected
    history = told({"message_count": 3, "context_digest": "0" * 16}, version=False)
    story = [event._replace(connection=event.index) for event in history.events]
    assert context_as_modelled(History(story), {}).counts == {"vacuous": 1}, "over several connections no order is known"


def test_a_user_who_sent_nothing_has_no_memory_to_compare() -> None:
    story = Story()
    story.snapshot("q1", {"version": 0})
    assert snapshots_whole(story.history).counts == {"vacuous": 1}


def test_a_message_of_unknown_fate_may_have_taken_a_version() -> None:
    story = Story()
    for number, version in ((1, 1), (2, None), (3, 3)):
        story.send(f"m{number}")
        if version:
            story.reply(f"m{number}", details={"version": version})
        else:
            story.unknown(f"m{number}", attempt=1)
    assert codes(versions_without_gap(story.history)) == {}
    story.send("m4")
    story.reply("m4", details={"version": 5})
    assert codes(versions_without_gap(story.history)) == {"gap": 1}
    story.send("m5")
    story.reply("m5")
    story.reply("m5", details={"version": 5})
    assert codes(versions_without_gap(story.history)) == {"disagreement": 1}


def test_a_snapshot_that_says_nothing_of_it_is_not_judged() -> None:
    history = told({"version": 3, "conversation_complete": None})
    assert complete_only_at_end(history).counts == {"vacuous": 1}
    assert objects_within(history, 5).counts == {"vacuous": 1}


def test_a_field_of_the_state_at_rest_is_compared_for_any_question() -> None:
    story = Story()
    story.add(Kind.QUERY, "alice", "q1", details={"question": "queue_state"})
    story.add(Kind.ANSWER, "alice", "q1", details={"question": "queue_state", "fields": {"queue_size": 2}})
    assert codes(state_equals(story.history, {"queue_size": 0}, question="queue_state")) == {"miscounted": 1}


def test_the_sentences_name_version_found_and_right() -> None:
    fields = {"version": 3, "message_count": 2, "topics": ["sales", "sales", "sales"], "topic": "sales", "conversation_complete": True,
              "total_objects": 12}
    history = told(fields)
    said = [
        violation.sentence
        for check in (partial(context_as_modelled, labels={"m1": "sales", "m2": "regions", "m3": "alerts"}), snapshots_whole, complete_only_at_end,
                      partial(objects_within, limit=12))
        for violation in check(history).violations
    ]
    assert said == [
        "alice's agent state at +0.700 s, version 3, says topics sales, sales, sales; sales, regions, alerts is right (topic wrong as well)",
        "alice's agent state at +0.700 s is of two moments: it is version 3, but its message_count 2 was right at version 2; 3 is right",
        "alice's agent state at +0.700 s calls the conversation complete after message m3, which does not end it",
        "alice's agent state at +0.700 s says that the agent holds 12 objects, where fewer than 12 are allowed",
    ]


def test_a_message_that_was_completed_counts_as_it_was_completed() -> None:
    """The incomplete form, sent first under the same id, was refused: it ends nothing and says nothing."""
    story = Story()
    story.add(Kind.SEND, "alice", "m1", attempt=1, sequence_id=1, digest=digest_of("incomplete"))
    story.add(Kind.REFUSED, "alice", "m1", attempt=1, details={"reason": "invalid_message"})
    story.add(Kind.SEND, "alice", "m1", attempt=2, sequence_id=1, digest=digest_of("all"), details={"final": True, "conversation": "t", "content": "all"})
    story.add(Kind.REPLY, "alice", "m1", attempt=2, details={"version": 1})
    right = {"version": 1, "conversation_complete": True, "conversation": "t", "recent": ["al"], "context_digest": digest_of(digest_of("all"))}
    story.snapshot("q1", right)
    assert complete_only_at_end(story.history).ok
    assert context_as_modelled(story.history, {}).ok
    story.snapshot("q2", {**right, "recent": ["ol"]})
    assert codes(context_as_modelled(story.history, {})) == {"context_lost": 1}
