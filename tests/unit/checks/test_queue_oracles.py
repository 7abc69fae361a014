"""The queue: each check against a count over all pairs of events, for servers of which some decide wrongly."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from model_server import ModelServer
from random_histories import Choices, against_oracle, choices, codes, examples, expect
from told_histories import Story
from wrong_queues import (
    Boasts,
    CountsTheLast,
    CountsWhatRuns,
    Evicts,
    HighLikeNormal,
    Lies,
    NeverRecovers,
    OneTooMany,
    OtherPlaces,
    RefusesEarly,
    Silent,
    Unbounded,
)

from Lockstep.checks import Event, History, Kind, Verdict
from Lockstep.checks.queue.admission import (
    accepted_is_final,
    admission_exact,
    depth_derived_within,
    refusals_justified,
    refused_again_accepted,
)
from Lockstep.checks.queue.told import depth_reported_truly, depth_reported_within, refusals_explained

N, H = ModelServer.normal_places, ModelServer.high_places
NEVER = float("inf")
SERVERS = (ModelServer, CountsWhatRuns, OneTooMany, Unbounded, Lies, RefusesEarly, NeverRecovers, HighLikeNormal, Evicts, Silent, Boasts, OtherPlaces)


class Seen:
    """The obvious questions to a history in which the server says which attempt it means."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.sends = [e for e in history.events if e.kind is Kind.SEND]
        self.said = {s.index: [e for e in history.events if e.kind is not Kind.SEND and same(e, s)] for s in self.sends}
        self.pairs = [
            (q, a) for a in history.events if a.kind is Kind.ANSWER
            for q in history.events if q.kind is Kind.QUERY and q.message_id == a.message_id
        ]
        self.when = {s.index: self.decided(s) for s in self.sends}

    def first(self, send: Event, *kinds: Kind, reason: str | None = None) -> Event | None:
        return next((e for e in self.said[send.index] if e.kind in kinds and (e.details or {}).get("reason") == reason), None)

    def full(self, send: Event) -> Event | None:
        return self.first(send, Kind.REFUSED, reason="queue_full")

    def accepted(self, send: Event) -> Event | None:
        return self.first(send, Kind.ACCEPTED)

    def left(self, send: Event) -> float:
        gone = self.first(send, Kind.REPLY) or self.first(send, Kind.REFUSED, reason="processing_failed")
        return gone.index if gone else NEVER

    def decided(self, at: Event) -> float:
        """By when the server had dealt with what was sent: the first thing said about it, or about anything sent later on its connection."""
        later = [e.index for s in self.sends if s.connection == at.connection and s.index >= at.index for e in self.said[s.index]]
        later += [a.index for q, a in self.pairs if q.connection == at.connection and q.index >= at.index]
        return min(later, default=NEVER)

    def may_be_in(self, send: Event) -> bool:
        return not self.full(send) and not self.first(send, Kind.DUPLICATE)

    def let_in(self, send: Event) -> bool:
        return self.may_be_in(send) and self.when[send.index] < NEVER

    def depth(self, asked: Event, by: float) -> tuple[int, int]:
        """So many waited at least and at most when the server dealt with what was asked."""
        inside = [s for s in self.sends if s.user == asked.user and self.may_be_in(s)]
        near = [s for s in inside if s.connection == asked.connection and s.index < asked.index]
        far = [s for s in inside if s.connection != asked.connection and s.index < by]
        least = sum(self.let_in(s) and self.left(s) >= by for s in near)
        return least, sum(self.left(s) >= asked.index for s in near + far)


def same(event: Event, send: Event) -> bool:
    return (event.user, event.message_id, event.attempt) == (send.user, send.message_id, send.attempt)


def high(send: Event) -> bool:
    return bool(send.details)


def places(send: Event) -> int:
    return H if high(send) else N


def compared(verdict: Verdict, exercised: int, *found: str) -> None:
    assert (verdict.exercised, codes(verdict)) == (exercised, expect(*found))


@st.composite
def served(draw: st.DrawFn, *kinds: type[ModelServer]) -> Seen:
    """A burst, and once it has been dealt with some more; every second server is right."""
    kind = draw(st.sampled_from((*(ModelServer,) * len(kinds), *kinds)))
    server = kind(draw(st.integers(0, 10**9)), users=draw(st.sampled_from((("alice",), ("alice", "bob")))), connections=draw(st.integers(1, 2)))
    for _ in range(7):
        server.maybe_send()
    server.run(30, send=3, ask=2, fail=1)
    if draw(st.booleans()):
        server.settle()
    return Seen(server.run(25, send=1, again=4, ask=1).history)


@examples(60)
@given(served(*SERVERS))
def test_each_attempt_has_its_depth_and_the_moment_of_its_decision(seen: Seen) -> None:
    for door in seen.history.doors.values():
        for attempt in door.attempts:
            by = seen.when[attempt.send.index]
            assert attempt.decided == by or (attempt.decided > len(seen.history.events) and by == NEVER)
            assert door.depth(attempt.send, attempt.decided) == seen.depth(attempt.send, by)
            assert attempt.let_in == seen.let_in(attempt.send)
    codes(depth_derived_within(seen.history, N, H))


@against_oracle(served(Unbounded, OneTooMany), number=60)
def test_let_in_without_a_place_is_over_capacity(seen: Seen) -> None:
    let_in = [s for s in seen.sends if seen.let_in(s)]
    over = [s for s in let_in if seen.depth(s, seen.when[s.index])[0] - 1 >= places(s)]
    unsignalled = [user for user in {s.user for s in over} if not any(seen.full(s) for s in seen.sends if s.user == user)]
    verdict = depth_derived_within(seen.history, N, H)
    compared(verdict, len(let_in), *["over_capacity"] * len(over), *["no_backpressure"] * len(unsignalled))


@against_oracle(served(RefusesEarly, HighLikeNormal, NeverRecovers, CountsWhatRuns), number=60)
def test_a_refusal_is_justified_when_as_many_may_have_waited_as_have_places(seen: Seen) -> None:
    refused = [s for s in seen.sends if seen.full(s)]
    found = []
    for send in refused:
        most = seen.depth(send, seen.when[send.index])[1]
        if most < places(send):
            found.append("priority_inverted" if high(send) and most >= N else "slow_recovery")
    compared(refusals_justified(seen.history, N, H), len(refused), *found)


@against_oracle(served(NeverRecovers), number=60)
def test_nothing_is_refused_again_when_nothing_waits(seen: Seen) -> None:
    again = [s for s in seen.sends if any(seen.full(o) for o in seen.sends if o.message_id == s.message_id and o.index < s.index)]
    wrong = [s for s in again if seen.full(s) and seen.depth(s, seen.when[s.index])[1] == 0]
    compared(refused_again_accepted(seen.history), len(again), *["slow_recovery"] * len(wrong))


@against_oracle(served(Evicts), number=60)
def test_what_was_accepted_is_not_refused(seen: Seen) -> None:
    accepted = [s for s in seen.sends if seen.accepted(s)]
    compared(accepted_is_final(seen.history), len(accepted), *["lost" for s in accepted if seen.full(s)])


@against_oracle(served(Lies, Boasts, CountsTheLast), number=60)
def test_each_depth_that_is_told_lies_between_what_must_and_what_can_wait(seen: Seen) -> None:
    told: list[tuple[float, int, int]] = []
    for query, answer in seen.pairs:
        fields = answer.details["fields"]
        if any(s.user == answer.user for s in seen.sends):
            least, most = seen.depth(query, answer.index)
            told += [(fields["queue_size"], least - 1, most)] if "queue_size" in fields else []
            told += [(fields["pending"], least, most + 1)] if "pending" in fields else []
    for send in seen.sends:
        if refusal := seen.full(send):
            least, most = seen.depth(send, refusal.index)
            told.append((refusal.details["queue_depth"], least - 1, most))
    queues = [a.details["fields"] for _, a in seen.pairs if a.details["question"] == "queue_state"]
    wrong = sum(not least <= depth <= most for depth, least, most in told) + sum(q["high"] + q["normal"] != q["queue_size"] for q in queues)
    compared(depth_reported_truly(seen.history), len(told), *["miscounted"] * wrong)


@against_oracle(served(OtherPlaces, OneTooMany, Unbounded), number=60)
def test_what_is_told_of_the_places_is_what_was_promised(seen: Seen) -> None:
    fields = [a.details["fields"] for _, a in seen.pairs if a.details["question"].startswith("queue")]
    over = [each for each in fields if each.get("queue_size", 0) > H]
    named = [seen.full(send).details["capacity"] for send in seen.sends if seen.full(send)]
    other = [each for each in (*(each.get("max_capacity", each.get("capacity")) for each in fields), *named) if each != H]
    compared(depth_reported_within(seen.history, H), len(fields) + len(named), *["over_capacity"] * len(over), *["disagreement"] * len(other))


@against_oracle(served(RefusesEarly, OneTooMany, HighLikeNormal), st.integers(0, 60), number=60)
def test_until_something_leaves_or_the_agent_is_released_the_rule_is_exact(seen: Seen, until: int) -> None:
    found, exercised = [], 0
    for send in seen.sends:
        by = seen.when[send.index]
        gone = any(seen.left(s) < by for s in seen.sends if s.user == send.user)
        if by < until and not gone and (seen.let_in(send) or seen.full(send)):
            exercised += 1
            least, most = seen.depth(send, by)
            if seen.full(send) and most < places(send):
                found.append("priority_inverted" if high(send) and most >= N else "slow_recovery")
            elif not seen.full(send) and least >= places(send):
                found.append("over_capacity")
    compared(admission_exact(seen.history, N, H, until), exercised, *found)


@st.composite
def refused(draw: st.DrawFn) -> list[Event]:
    """Messages that are refused in more or less helpful words, and errors that name no message."""
    count, made = draw(choices(1, 10, 8))
    events: list[Event] = []
    for number in range(count):
        said = words(made)
        if made.pick(*(True,) * 7, False):
            for kind, details in ((Kind.SEND, None), (made.pick(Kind.REFUSED, Kind.REFUSED, Kind.REPLY), said)):
                events.append(Event(len(events), 0.0, kind, "c", 1, "alice", f"m{number}", 1, details=details))
        else:
            events.append(Event(len(events), 0.0, Kind.ERROR, "c", 1, "alice", details=said))
    return events


def words(made: Choices) -> dict[str, Any]:
    hint, depth, capacity = made.pick(0.5, 0.5, 0.5, 0.5, 2, 0, None, "soon"), made.pick(1, 3, 4, None), made.pick(4, 4, 3, None)
    return {"reason": made.pick("queue_full", "queue_full", "processing_failed"), "retry_after": hint, "queue_depth": depth, "capacity": capacity}


@against_oracle(refused(), st.booleans())
def test_a_refusal_names_its_message_and_when_to_try_again(events: list[Event], hinted: bool) -> None:
    found, exercised = [], 0
    for event in events:
        if event.kind in (Kind.REFUSED, Kind.ERROR) and event.details["reason"] == "queue_full":
            exercised += 1
            hint, depth, capacity = (event.details[name] for name in ("retry_after", "queue_depth", "capacity"))
            if event.kind is Kind.ERROR:
                found.append("phantom")
                continue
            found += ["phantom"] * (hinted and hint in (0, None, "soon"))
            found += ["over_capacity"] * (None not in (depth, capacity) and depth > capacity)
    compared(refusals_explained(History(events), retry_hint=hinted), exercised, *found)


def test_only_a_lack_of_room_that_cannot_be_is_reported() -> None:
    story = Story()
    for name in ("a", "b"):
        story.send(name)
    story.accepted("a")
    story.refused("b", attempt=1, details={"reason": "queue_full"})
    story.refused("a", attempt=1, details={"reason": "not allowed"})
    compared(accepted_is_final(story.history), 1)
    story.send("a", attempt=2)
    story.accepted("a", attempt=2)
    compared(refused_again_accepted(story.history), 0)
    story.send("b", attempt=2)
    story.refused("b", attempt=2, details={"reason": "queue_full"})
    compared(refused_again_accepted(story.history), 1)
