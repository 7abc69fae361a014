"""Times of streams: told by hand, and against a plain search."""

from __future__ import annotations

from hypothesis import strategies as st
from random_histories import against_oracle, choices, codes, expect
from told_histories import Story

from Lockstep.checks import Kind
from Lockstep.checks.stream_times import streams_end_within


def begun(story: Story, stream: str, user: str = "alice") -> None:
    story.add(Kind.ANSWER, user, f"begin-{stream}", details={"question": "start_stream", "fields": {"stream": stream}})


def asked(story: Story, stream: str) -> None:
    story.add(Kind.QUERY, "alice", "q", details={"question": "resume_stream", "stream": stream, "index": 3})


def ended(story: Story, stream: str) -> None:
    story.add(Kind.STREAM_END, "alice", stream)


def test_time_counts_from_the_last_question() -> None:
    story = Story()
    begun(story, "a")
    story.wait(100)
    asked(story, "a")
    story.wait(3)
    ended(story, "a")
    asked(story, "a")
    verdict = streams_end_within(story.history, 4)
    assert (verdict.exercised, verdict.counts) == (1, {})
    assert [(one.name, round(one.value), one.unit, one.samples) for one in verdict.measurements] == [("stream_completion", 3100, "ms", 1)]
    assert [violation.sentence for violation in streams_end_within(story.history, 2).violations] == [
        "alice's stream a, asked for at +100.100 s, took 3.100 s, where 2 s are allowed",
    ]


def test_a_stream_that_was_never_interrupted_counts_from_its_beginning_and_one_without_an_end_is_too_slow() -> None:
    story = Story()
    begun(story, "a")
    begun(story, "b")
    ended(story, "a")
    story.snapshot("q1", {})
    assert [violation.sentence for violation in streams_end_within(story.history, 1).violations] == [
        "alice's stream b, asked for at +0.100 s, has not ended, where 1 s are allowed",
    ]
    assert streams_end_within(story.history, 1, only=["a"]).ok
    assert streams_end_within(story.history, 1, only=["c"]).counts == {"vacuous": 1}
    assert streams_end_within(Story().history, 1).counts == {"vacuous": 1}


@st.composite
def stories(draw: st.DrawFn) -> Story:
    count, made = draw(choices(1, 9, 3))
    story = Story()
    for _ in range(count):
        made.pick(begun, asked, asked, ended, ended)(story, made.pick("a", "b"))
        story.wait(made.pick(0.0, 0.0, 1.0))
    return story


@against_oracle(stories(), number=250)
def test_each_stream_is_measured_by_itself(story: Story) -> None:
    wrong, streams = [], 0
    for stream in "ab":
        ends = [event for event in story.events if event.kind is Kind.STREAM_END and event.message_id == stream]
        before = [event for event in story.events if not ends or event.index < ends[0].index]
        questions = [event for event in before if event.kind is Kind.QUERY and event.details["stream"] == stream]
        beginnings = [event for event in story.events if event.kind is Kind.ANSWER and event.message_id == f"begin-{stream}"]
        since = questions[-1:] or beginnings[:1]
        streams += bool(since)
        if since and (not ends or ends[0].time - since[0].time > 0.95):
            wrong.append("slow_recovery")
    verdict = streams_end_within(story.history, 0.95)
    assert (verdict.exercised, codes(verdict)) == (streams, expect(*wrong))
