"""Streams: told by hand, and against the obvious way to put segments together."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from random_histories import Choices, against_oracle, codes, expect
from told_histories import Story

from Lockstep.checks import Event, Kind
from Lockstep.checks.streams import streams_complete, streams_go_on_within, streams_stay_with_their_user

SIZE = 10


class Streaming(Story):
    """Streams of chunks of ten bytes each."""

    def begun(self, stream: str = "s", user: str = "alice", chunks: int | None = 4, **fields: Any) -> Event:
        said = {"question": "start_stream", "fields": {"stream": stream, "chunks": chunks}}
        return self.add(Kind.ANSWER, user, f"q-{stream}", details=said, **fields)

    def chunks(self, *numbers: int, stream: str = "s", user: str = "alice", **fields: Any) -> Streaming:
        for number in numbers:
            self.chunk(number, stream, user, **fields)
        return self

    def chunk(self, number: int, stream: str = "s", user: str = "alice", position: int | None = -1, text: str = "", **fields: Any) -> Event:
        details = {"position": number * SIZE if position == -1 else position, "bytes": SIZE}
        return self.add(Kind.CHUNK, user, stream, sequence_id=number, digest=text or f"chunk {number}", details=details, **fields)

    def wanted(self, index: object, stream: str = "s", request: str = "r", **fields: Any) -> Event:
        return self.add(Kind.QUERY, "alice", request, details={"question": "resume_stream", "stream": stream, "index": index}, **fields)

    def lost(self, first: object, last: object, stream: str = "s") -> Event:
        return self.add(Kind.STREAM_LOST, "alice", stream, details={"first": first, "last": last})

    def end(self, chunks: int | None = 4, whole: str = "sum", stream: str = "s", size: int | None = -1, digest: str | None = "sum", **fields: Any) -> Event:
        size = SIZE * (chunks or 0) if size == -1 else size
        details = {"chunks": chunks, "bytes": size, "whole": whole}
        return self.add(Kind.STREAM_END, fields.pop("user", "alice"), stream, digest=digest, details=details, **fields)


def told() -> Streaming:
    story = Streaming()
    story.query("q0")
    story.begun()
    return story


def found(story: Streaming, **given: Any) -> tuple[Any, list[str]]:
    verdict = streams_complete(story.history, **given)
    return codes(verdict), [violation.sentence for violation in verdict.violations]


def test_a_stream_over_three_connections_is_whole() -> None:
    story = told()
    story.chunks(0, 1)
    story.wanted(2, connection=7)
    story.answer("r", {"stream": "s", "index": 2}, connection=7)
    story.chunks(2, connection=7)
    story.wanted(3, connection=8)
    story.chunks(3, connection=8)
    story.end(connection=8)
    verdict = streams_complete(story.history, ["s"])
    assert (verdict.exercised, verdict.violations) == (1, [])
    assert [(one.name, one.value, one.unit, one.samples) for one in verdict.measurements] == [
        ("stream_chunks", 4, "chunks", 1), ("stream_chunks_lost", 0, "chunks", 1), ("streams_completed", 100, "%", 1),
    ]


def test_several_streams_may_be_mixed_and_only_those_that_are_meant_count() -> None:
    story = told()
    story.begun("t")
    story.chunks(0).chunks(0, 1, stream="t").chunks(1, 2, 3).chunks(2, stream="t")
    story.end()
    assert found(story)[0] == expect("incomplete_stream")
    assert found(story, only=["s"])[0] == expect()


def test_an_end_may_be_asked_for_again() -> None:
    story = told()
    story.chunks(0, 1, 2, 3)
    story.end()
    story.wanted(4, connection=7)
    story.end(connection=7)
    assert found(story)[0] == expect()


def test_chunks_before_the_answer_that_announces_them_are_taken() -> None:
    story = Streaming()
    story.chunks(0)
    story.begun()
    story.chunks(1, 2, 3)
    story.end()
    assert found(story)[0] == expect()


def gap(story: Streaming) -> None:
    story.chunks(0, 3)
    story.end()


def small_gap(story: Streaming) -> None:
    story.chunks(0, 2, 3)
    story.end()


def again(story: Streaming) -> None:
    story.chunks(0, 1, 1, 2, 3)
    story.end()


def from_the_beginning(story: Streaming) -> None:
    story.chunks(0, 1)
    story.wanted(2, connection=7)
    story.chunks(0, 1, 2, 3, connection=7)
    story.end(connection=7)


def behind_what_was_asked_for(story: Streaming) -> None:
    story.chunks(0, 1)
    story.wanted(2, connection=7)
    story.chunks(3, connection=7)
    story.end(connection=7)


def nothing_but_the_end(story: Streaming) -> None:
    story.chunks(0, 1)
    story.wanted(2, connection=7)
    story.end(connection=7)


def unasked(story: Streaming) -> None:
    story.chunks(0, 1)
    story.chunks(2, 3, connection=7)
    story.end(connection=7)


def ends_twice(story: Streaming) -> None:
    story.chunks(0, 1, 2, 3)
    story.end()
    story.end()


def goes_on_behind_its_end(story: Streaming) -> None:
    story.chunks(0, 1, 2, 3)
    story.end()
    story.chunks(4)


def ends_too_early(story: Streaming) -> None:
    story.chunks(0, 1)
    story.end()


def never_ends(story: Streaming) -> None:
    story.chunks(0, 1, 2, 3)


def is_refused(story: Streaming) -> None:
    story.chunks(0)
    story.wanted(1, connection=7)
    story.add(Kind.ERROR, "alice", "r", connection=7, details={"reason": "unknown_stream"})


def ends_with_another_count(story: Streaming) -> None:
    story.chunks(0, 1, 2)
    story.end(3)


def has_another_sum(story: Streaming) -> None:
    story.chunks(0, 1, 2, 3)
    story.end(whole="other")


def has_another_size(story: Streaming) -> None:
    story.chunks(0, 1, 2, 3)
    story.end(size=41)


def changes_a_chunk(story: Streaming) -> None:
    story.chunks(0, 1)
    story.wanted(1, connection=7)
    story.chunk(1, text="other", connection=7)
    story.chunks(2, 3, connection=7)
    story.end(connection=7)


def misplaces_a_chunk(story: Streaming) -> None:
    story.chunks(0)
    story.chunk(1, position=11)
    story.chunk(2, position=20)
    story.chunks(3)
    story.end()


def loses(story: Streaming) -> None:
    story.chunks(0)
    story.lost(1, 2)
    story.chunks(3)
    story.end(whole="other")


def loses_something_else(story: Streaming) -> None:
    story.chunks(0, 1)
    story.lost(0, 2)
    story.chunks(2, 3)
    story.end()


def loses_nobody_knows_what(story: Streaming) -> None:
    story.chunks(0, 1)
    story.lost(None, 2)
    story.chunks(2, 3)
    story.end()


@pytest.mark.parametrize(
    ("happens", "code", "said"),
    [
        (gap, ["gap"], "alice's stream s at +0.300 s: behind 0 came 3: chunk 1 to 2 is left out"),
        (small_gap, ["gap"], "alice's stream s at +0.300 s: behind 0 came 2: chunk 1 is left out"),
        (again, ["duplicated"], "alice's stream s at +0.400 s: chunk 1 came again where 2 was due"),
        (from_the_beginning, ["duplicated"], "alice's stream s at +0.500 s: chunk 0 came although 2 was asked for"),
        (behind_what_was_asked_for, ["unsound_resume"], "alice's stream s at +0.500 s: asked for chunk 2, the client got 3: chunk 2 is left out"),
        (nothing_but_the_end, ["unsound_resume"], "alice's stream s at +0.500 s: its end speaks of 4 chunks and came where 2 was asked for"),
        (unasked, ["unsound_resume"], "alice's stream s at +0.400 s: chunk 2 came on a new connection before the client had said what it wants"),
        (ends_twice, ["incomplete_stream"], "alice's stream s at +0.700 s: its end came twice"),
        (goes_on_behind_its_end, ["incomplete_stream"], "alice's stream s at +0.700 s: chunk 4 came behind the end"),
        (ends_too_early, ["incomplete_stream"], "alice's stream s at +0.400 s: its end speaks of 4 chunks and came where 2 was due"),
        (never_ends, ["incomplete_stream"], "alice's stream s at +0.500 s: 4 of 4 chunks came and no end"),
        (is_refused, ["incomplete_stream"], "alice's stream s at +0.200 s: 1 of 4 chunks came and no end; it was refused to go on: unknown_stream"),
        (ends_with_another_count, ["incomplete_stream"], "alice's stream s at +0.500 s: 4 chunks were announced, its end speaks of 3"),
        (has_another_sum, ["corrupted"], "alice's stream s at +0.600 s: what came has digest other, its end says sum"),
        (has_another_size, ["corrupted"], "alice's stream s at +0.600 s: its end speaks of 41 bytes, 40 came"),
        (changes_a_chunk, ["corrupted"], "alice's stream s at +0.500 s: chunk 1 is another than it was before"),
        (misplaces_a_chunk, ["corrupted", "corrupted"], "alice's stream s at +0.300 s: chunk 1 says that it begins at byte 11, but it is byte 10"),
        (loses, ["incomplete_stream"], "alice's stream s at +0.100 s: 2 chunks of it were lost, as the server says"),
        (loses_something_else, ["unsound_resume"], "alice's stream s at +0.400 s: chunks 0 to 2 are said to be lost where 2 was due"),
        (loses_nobody_knows_what, ["unsound_resume"], "alice's stream s at +0.400 s: chunks None to 2 are said to be lost where 2 was due"),
    ],
)
def test_what_is_wrong_is_told(happens: Any, code: list[str], said: str) -> None:
    story = told()
    happens(story)
    assert found(story) == (expect(*code), [said, *found(story)[1][1:]])
    completed = {one.name: one.value for one in streams_complete(story.history).measurements}["streams_completed"]
    assert completed == 0


def test_a_loss_that_is_told_may_be_allowed_if_enough_came() -> None:
    story = told()
    loses(story)
    assert found(story, loss_allowed=True)[0] == expect()
    assert found(story, loss_allowed=True, at_least=20)[0] == expect()
    assert found(story, loss_allowed=True, at_least=21) == (
        expect("incomplete_stream"), ["alice's stream s at +0.100 s: 20 bytes of it came, at least 21 were to be kept"],
    )


def test_a_stream_of_which_nothing_came_is_incomplete() -> None:
    assert found(Streaming(), only=["s"]) == (expect("incomplete_stream"), ["stream s was begun, and nothing of it came"])
    story = Streaming()
    story.begun(chunks=None)
    assert found(story) == (expect("incomplete_stream"), ["alice's stream s at +0.000 s: 0 chunks came and no end"])


def test_a_target_that_says_little_is_judged_by_what_it_says() -> None:
    story = Streaming()
    story.chunk(0, position=None)
    story.chunk(1, position=None)
    story.end(chunks=None, size=None, digest=None)
    assert found(story)[0] == expect()


def test_a_resume_of_which_nobody_knows_the_chunk_counts_from_what_was_due() -> None:
    story = told()
    story.chunks(0)
    story.wanted("1", connection=7)
    story.chunks(1, 2, 3, connection=7)
    story.end(connection=7)
    assert found(story)[0] == expect()


def test_questions_about_streams_that_nobody_began_are_not_streams() -> None:
    story = told()
    story.wanted(0, stream="t", request="r1")
    story.add(Kind.ERROR, "alice", "r1", details={"reason": "unknown_stream"})
    story.add(Kind.ERROR, "alice", "m1", details={"reason": "queue_full"})
    story.chunks(0, 1, 2, 3)
    story.end()
    assert found(story)[0] == expect()


def test_no_stream_is_vacuous() -> None:
    assert streams_complete(Streaming().history).counts == {"vacuous": 1}


def test_a_stream_that_reaches_another_user_leaks() -> None:
    story = told()
    story.chunks(0)
    story.chunks(1, user="bob")
    story.end(user="bob")
    story.lost(2, 3)
    story.chunks(0, stream="nobody knows", user="bob")
    verdict = streams_stay_with_their_user(story.history)
    assert (verdict.exercised, codes(verdict), [one.sentence for one in verdict.violations]) == (
        5, expect("leaked_to_other_user", "leaked_to_other_user"),
        ["bob got chunk 1 of stream s at +0.300 s, which alice had asked for", "bob got the end of stream s at +0.400 s, which alice had asked for"],
    )


def test_a_loss_of_another_is_a_leak_too() -> None:
    story = Streaming()
    story.begun(user="bob")
    story.lost(0, 1)
    assert [one.sentence for one in streams_stay_with_their_user(story.history).violations] == [
        "alice got the loss of stream s at +0.100 s, which bob had asked for",
    ]


def test_how_fast_a_stream_goes_on_is_the_median() -> None:
    story = told()
    story.chunks(0)
    for connection, wait in ((7, 0.1), (8, 0.9), (9, 0.4)):
        story.wanted(1, connection=connection)
        story.wait(wait - 0.1)
        story.chunks(1, 2, connection=connection)
    story.wanted(1, connection=10)
    assert streams_go_on_within(story.history, 0.41).counts == {}
    verdict = streams_go_on_within(story.history, 0.39)
    assert (verdict.exercised, codes(verdict), [one.sentence for one in verdict.violations]) == (
        3, expect("slow_recovery"), ["3 streams went on after 400 ms (median), where 390 ms are allowed; the slowest after 900 ms at +0.600 s"],
    )
    assert [(one.name, round(one.value), one.samples) for one in verdict.measurements] == [("stream_resume", 400, 3)]
    assert streams_go_on_within(told().history, 1).counts == {"vacuous": 1}


# Against the obvious

STEPS = ("chunk", "chunk", "chunk", "next", "next", "next", "next", "next", "next", "end", "end", "ask", "ask", "right ask", "right ask", "right ask")


@st.composite
def histories(draw: st.DrawFn) -> tuple[Streaming, list[tuple[str, int, int]]]:
    """A stream of three chunks on up to three connections, and what happened in short: what, connection, number."""
    choices = Choices(draw(st.binary(min_size=40, max_size=40)))
    story, short, due, connection = Streaming(), list[tuple[str, int, int]](), 0, 1
    story.begun(chunks=3)
    for _ in range(choices.pick(4, 5, 6, 7, 8, 9, 10)):
        step = choices.pick(*STEPS)
        if step == "next" and due == 3:
            step = "end"
        if step in ("ask", "right ask"):
            connection = choices.pick(1, 7, 8) if step == "ask" else connection + 1
            number = choices.pick(0, 1, 2, 3) if step == "ask" else due
            story.wanted(number, connection=connection)
            due = number if step == "right ask" else due
        elif step == "end":
            number = 3
            story.end(3, connection=connection)
        else:
            number = due if step == "next" else choices.pick(0, 1, 2)
            story.chunks(number, connection=connection)
            due = number + 1
        short.append(("ask" if step == "right ask" else "chunk" if step == "next" else step, connection, number))
    return story, short


def is_right(short: list[tuple[str, int, int]]) -> bool:
    """Each run of frames begins where it was asked for, has the next number each time, and ends at most once, behind the last; one does."""
    runs, known, begins = [(0, list[int]())], {1}, dict[int, int]()
    for what, connection, number in short:
        if what == "ask":
            begins[connection] = number
            known.add(connection)
            continue
        if connection not in known:
            return False
        if connection in begins:
            runs.append((begins.pop(connection), []))
        runs[-1][1].append(number)
    whole = [(start, list(range(start, 4))) for start in range(4)]
    ends = [run for run in runs if run in whole]
    return bool(ends) and all(numbers == list(range(start, 4))[: len(numbers)] for start, numbers in runs)


@against_oracle(histories(), number=1500)
def test_a_stream_is_whole_when_its_runs_are(drawn: tuple[Streaming, list[tuple[str, int, int]]]) -> None:
    story, short = drawn
    counts = {code for code in codes(streams_complete(story.history)) if code != "corrupted"}
    assert (not counts) == is_right(short), (short, streams_complete(story.history).violations)
