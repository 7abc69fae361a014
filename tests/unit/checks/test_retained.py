"""What a server says of streams that it keeps."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from random_histories import against_oracle, codes, expect

from Lockstep.checks.retained import Wanted, agents_wait, losses_signalled, retained

KEPT = {"stream": "s", "chunks": 4, "written": 4, "bytes_retained": 40, "lost": 0, "agent": "done"}
WANTED = {"s": Wanted(2, 4, 20)}


def test_what_is_kept_in_full_is_right() -> None:
    verdict = retained([KEPT], WANTED, 40)
    assert (verdict.exercised, verdict.counts, verdict.measurements[0].value) == (1, {}, 40)
    assert retained([{"stream": "s"}], {"s": Wanted(2, None, 20)}).counts == {}
    assert retained([], {}).counts == {"vacuous": 1}


@pytest.mark.parametrize(
    ("said", "most", "code", "sentence"),
    [
        ([], None, "incomplete_stream", "stream s is not kept, although chunk 2 of it is wanted"),
        ([KEPT | {"lost": 3}], None, "incomplete_stream", "stream s has lost 3 chunks"),
        ([KEPT | {"chunks": 5}], None, "disagreement", "stream s is said to have 5 chunks, 4 were announced"),
        ([KEPT | {"written": 1}], None, "disagreement", "stream s is said to be written up to chunk 1, but 2 were received"),
        ([KEPT | {"bytes_retained": 19}], 40, "incomplete_stream", "stream s has 19 bytes kept where 20 are missing"),
        ([KEPT], 39, "over_capacity", "40 bytes of streams are kept, 39 are allowed"),
    ],
)
def test_what_is_wrong_is_told(said: Any, most: int | None, code: str, sentence: str) -> None:
    verdict = retained(said, WANTED, most)
    assert (codes(verdict), [violation.sentence for violation in verdict.violations]) == (expect(code), [sentence])


def test_less_is_kept_where_not_everything_fits_or_something_may_be_lost() -> None:
    assert retained([KEPT | {"bytes_retained": 10}], WANTED, 19).counts == {}
    assert retained([KEPT | {"bytes_retained": 10, "agent": "waits"}], WANTED, 40).counts == {}
    assert retained([KEPT | {"bytes_retained": 10, "lost": 3}], WANTED, 40, loss_allowed=True).counts == {}


def test_some_agent_has_to_wait() -> None:
    assert agents_wait([KEPT, KEPT | {"agent": "waits"}]).counts == {}
    verdict = agents_wait([KEPT, KEPT])
    assert (codes(verdict), verdict.violations[0].sentence) == (
        expect("no_backpressure"), "2 streams were written to their end while nobody read; 80 bytes of them are kept",
    )
    assert agents_wait([]).counts == {"vacuous": 1}


def test_losses_are_those_that_the_client_was_told_of() -> None:
    said = [KEPT | {"lost": 3}, KEPT | {"stream": "t"}]
    assert losses_signalled(said, {"s": 3}).counts == {}
    assert [one.sentence for one in losses_signalled(said, {"s": 2, "t": 1}).violations] == [
        "of stream s 3 chunks are lost, the client was told of 2", "of stream t 0 chunks are lost, the client was told of 1",
    ]
    assert losses_signalled([KEPT], {}).counts == {"vacuous": 1}


@against_oracle(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=4), number=200)
def test_every_stream_is_compared_with_what_was_told(losses: list[tuple[int, int]]) -> None:
    said = [{"stream": f"s{place}", "lost": lost} for place, (lost, _) in enumerate(losses)]
    told = {f"s{place}": known for place, (_, known) in enumerate(losses)}
    assert codes(losses_signalled(said, told)) == expect(*["unsound_resume"] * sum(lost != known for lost, known in losses))
