"""Streamed documents, put together: told by hand, and against documents that are broken in one known way."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from hypothesis import strategies as st
from random_histories import against_oracle, codes, expect

from Lockstep.checks import Verdict
from Lockstep.checks.documents import json_holds, json_lines_hold, multipart_holds

PARTS = ["summary", "analysis", "recommendations"]
TYPE = "multipart/mixed; boundary=part-7"


def one(number: int, **other: object) -> dict[str, object]:
    return {"id": f"o-{number}", "sequence": number, "timestamp": 1_700_000_000 + number, "data": "", **other}


def told(verdict: Verdict) -> list[tuple[str, str]]:
    return [(str(violation.code), violation.sentence) for violation in verdict.violations]


# JSON


@pytest.mark.parametrize("whole", [[one(0), one(1)], {"objects": [one(0), one(1)]}, {"count": 2, "objects": [one(0), one(1)]}])
def test_a_list_holds_alone_and_in_an_object(whole: object) -> None:
    verdict = json_holds(json.dumps(whole), 2)
    assert (verdict.exercised, verdict.counts) == (2, {})
    assert [(figure.name, figure.value, figure.unit) for figure in verdict.measurements] == [("json_objects", 2, "objects")]


def test_half_a_text_is_no_json() -> None:
    verdict = json_holds('{"objects": [{"id": "o-0"', 1)
    assert verdict.exercised == 1
    assert told(verdict) == [("corrupted", "the text of 25 characters is no JSON: Expecting ',' delimiter: line 1 column 26 (char 25)")]


@pytest.mark.parametrize(("objects", "due", "found"), [
    ([one(0)], 2, ("incomplete_stream", "1 objects came, 2 are due")),
    ([one(0), one(1), one(2)], 2, ("duplicated", "3 objects came, 2 are due")),
    ([one(0), one(2)], 2, ("corrupted", "in place 1 stands the object with sequence 2")),
    ([one(0), one(1, id="o-0")], 2, ("duplicated", "object 1 has the id o-0, which another one has")),
    ([one(0), {"id": "o-1", "sequence": 1}], 2, ("corrupted", "object 1 has no timestamp")),
    ([one(0), "o-1"], 2, ("corrupted", "object 1 has no id, sequence, timestamp")),
    ([], 1, ("incomplete_stream", "0 objects came, 1 are due")),
])
def test_what_is_wrong_with_a_list_is_named(objects: list[object], due: int, found: tuple[str, str]) -> None:
    assert told(json_holds(json.dumps(objects), due)) == [found]


@pytest.mark.parametrize("whole", ["7", '"text"', "{}", '{"a": 1}'])
def test_a_document_without_a_list_has_no_objects(whole: str) -> None:
    assert json_holds(whole, 3).counts == {"incomplete_stream": 1}


def test_an_empty_list_shows_nothing_and_other_fields_may_be_asked_for() -> None:
    assert json_holds("[]", 0).counts == {"vacuous": 1}
    assert json_holds('[{"name": "a"}]', 1, fields=["name"]).ok
    assert json_holds('[{"name": "a"}, {"name": "a", "id": 3}]', 2, fields=["name", "id"]).counts == {"corrupted": 1}


def test_each_chunk_is_an_object_by_itself() -> None:
    assert json_lines_hold({1: json.dumps(one(1)), 0: json.dumps(one(0)) + "\n"}, 2).ok
    halves = {0: json.dumps(one(0))[:20], 1: json.dumps(one(0))[20:]}
    verdict = json_lines_hold(halves, 1)
    assert [code for code, _ in told(verdict)] == ["corrupted", "corrupted", "corrupted", "corrupted", "duplicated"]
    assert told(verdict)[0][1].startswith("chunk 0 is no JSON: ")
    without = {0: json.dumps({"id": "o", "sequence": 0, "timestamp": 1})}
    assert told(json_lines_hold(without, 1)) == [("corrupted", "object 0 has no data")]


@against_oracle(st.lists(st.sampled_from(["right", "right", "right", "no id", "moved", "no object"]), max_size=6), st.integers(0, 6), number=200)
def test_each_object_is_looked_at(kinds: list[str], due: int) -> None:
    made = {"right": one, "no id": lambda place: one(place, id=None), "moved": lambda place: one(place, sequence=place + 10), "no object": lambda _: 7}
    verdict = json_holds(json.dumps([made[kind](place) for place, kind in enumerate(kinds)]), due)
    wrong = ["corrupted"] * sum(kind != "right" for kind in kinds)
    wrong += ["incomplete_stream"] * (len(kinds) < due) + ["duplicated"] * (len(kinds) > due)
    assert codes(verdict) == expect(*wrong)


# multipart


def part(name: str, content: str = "words\r\nand more", *, digest: str = "", footer: str | None = None, more: str = "") -> str:
    size = len(content.encode())
    digest = digest or sha256(content.encode()).hexdigest()[:16]
    end = f"[end of {name}: {size} bytes]" if footer is None else footer
    head = f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nContent-ID: <{name}>\r\n{more}X-Digest: {digest}\r\n"
    return f"--part-7\r\n{head}\r\n{content}\r\n{end}\r\n"


def report(*parts: str, end: str = "--part-7--\r\n") -> str:
    return "".join(parts) + end


def three(**instead: str) -> str:
    return report(*(instead.get(name, part(name)) for name in PARTS))


def test_three_parts_hold() -> None:
    verdict = multipart_holds(three(summary=part("summary", "Größe 東京")), TYPE, PARTS, {"summary": 14})
    assert (verdict.exercised, verdict.counts) == (3, {})
    assert [(figure.name, figure.value) for figure in verdict.measurements] == [("multipart_parts", 3)]


@pytest.mark.parametrize(("text", "found"), [
    (three(analysis=part("analysis", digest="0" * 16)), ("corrupted", "part analysis: its content has digest ")),
    (three(analysis=part("analysis", footer="[end of analysis: 3 bytes]")), ("corrupted", "part analysis: its footer is '[end of analysis: 3 bytes]' behind 15 bytes")),
    (three(analysis=part("analysis", footer="")), ("corrupted", "part analysis: its footer is '' behind 15 bytes")),
    (three(analysis=part("analysis", more="Content-Type: text/html\r\n")), ("corrupted", "part analysis: the header Content-Type stands there twice")),
    (three(summary=part("summary", "short")), ("corrupted", "part summary: it has 5 bytes, 15 are due")),
    (three(recommendations=""), ("incomplete_stream", "the parts are summary, analysis, they should be summary, analysis, recommendations")),
    (three(analysis=part("analysis") * 2), ("duplicated", "the parts are summary, analysis, analysis, recommendations, they should be")),
    (three(summary=part("analysis"), analysis=part("summary")), ("corrupted", "the parts are analysis, summary, recommendations, they should be")),
    (report(*map(part, PARTS), end=""), ("corrupted", "the text is no complete multipart body: CloseBoundaryNotFoundDefect")),
])
def test_what_is_wrong_with_parts_is_named(text: str, found: tuple[str, str]) -> None:
    (code, sentence), *_ = told(multipart_holds(text, TYPE, PARTS, {"summary": 15}))
    assert (code, sentence.startswith(found[1])) == (found[0], True), sentence


def test_a_text_without_boundaries_has_no_parts() -> None:
    assert [code for code, _ in told(multipart_holds("words", TYPE, PARTS))] == ["corrupted", "incomplete_stream"]
    assert told(multipart_holds("words", "text/plain", PARTS))[0] == ("corrupted", "the text is no complete multipart body: it has no parts")


def test_half_a_boundary_joins_two_parts() -> None:
    whole = three()
    cut = whole.index("--part-7", 10)
    broken = whole[:cut] + whole[cut + 5 :]
    assert multipart_holds(broken, TYPE, PARTS).counts.keys() >= {"incomplete_stream", "corrupted"}


@against_oracle(st.sampled_from(range(len(three()))), st.integers(1, 40), st.booleans(), number=200)
def test_no_piece_can_be_missing_or_come_twice(place: int, size: int, twice: bool) -> None:
    whole = three()
    piece = whole[place : place + size]
    text = whole[:place] + (piece * 2 if twice else "") + whole[place + size :]
    verdict = multipart_holds(text, TYPE, PARTS, dict.fromkeys(PARTS, 15))
    codes(verdict)
    in_a_name = not verdict.counts  # what no reader of the parts can notice: white space, or a header that says the same
    assert not in_a_name or _same(text, whole), (place, size, twice)


def _same(text: str, whole: str) -> bool:
    """Whether what was done to a text leaves each part's content, name and digest."""
    return all(name in text for name in PARTS) and text.count("words\r\nand more") == whole.count("words\r\nand more")
