"""Tables of malformed input: what the kit brings along, the frames that it makes of them, and mistakes in tables of others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from Lockstep.errors import UsageError
from Lockstep.malformed_inputs import Input, Inputs, named, read_inputs
from Lockstep.places import RESOURCES

TABLES = ("malformed_json", "malformed_messages", "malformed_nesting", "malformed_encodings")
SUITES = RESOURCES.parent / "suites" / "3__websocket_resilience" / "08__malformed"


def encode(parts):
    return json.dumps({"type": "user_message", "message_id": "m", "content": "hello", "sequence_id": 7} | dict(parts)).encode()


def made(**said):
    return Input(**said).frames(encode)


@pytest.mark.parametrize("table", TABLES)
def test_each_input_of_the_kits_tables_stands_in_a_suite(table):
    rows = " ".join(" ".join(file.read_text("utf-8").split()) for file in SUITES.glob("*.robot"))
    for name in read_inputs(table).inputs:
        assert f" {table} {name} " in rows + " ", name


@pytest.mark.parametrize("table", TABLES)
def test_each_input_can_be_sent_and_is_what_its_table_says(table):
    good = {"type": "user_message", "message_id": "m", "content": "hello", "sequence_id": 7, "attempt": 1, "timestamp": 1.5}
    for name, one in read_inputs(table).inputs.items():
        frames = one.frames(lambda parts: json.dumps(good | dict(parts), separators=(",", ":")).encode())
        assert frames, name
        if table == "malformed_encodings":
            with pytest.raises(UnicodeDecodeError):
                b"".join(frames).decode()
        elif table == "malformed_messages":
            json.loads(frames[0])


def test_a_part_is_replaced_by_a_value_or_by_what_is_written():
    assert made(part="message_id", value={"a": None}) == [encode({"message_id": {"a": None}})]
    assert made(part="sequence_id", value=float("nan")) == [encode({"sequence_id": 8}).replace(b"8", b"NaN")]
    assert made(part="sequence_id", written="007") == [encode({"sequence_id": 8}).replace(b"8", b"007")]


def test_a_part_stands_twice():
    assert b'"content":"first","content":"second"' in made(twice="content")[0]


def test_levels_are_counted_with_the_message_itself():
    assert json.loads(made(levels=1)[0])["nested"] == 0
    assert json.loads(made(levels=3)[0])["nested"] == [[0]]
    assert json.loads(made(levels=3, of="objects")[0])["nested"] == {"a": {"a": 0}}
    assert made(levels=3, closed=False)[0].endswith(b',"nested":[[0}')


def test_bytes_stand_alone_or_in_a_part_and_in_one_frame_or_several():
    assert made(hex="22 ff") == [b'"\xff']
    assert made(hex=["22 ff", "22"]) == [b'"\xff', b'"']
    before, after = encode({"content": "|"}).split(b"|")
    assert made(part="content", hex="ff") == [before + b"\xff" + after]
    assert made(part="content", hex=["f0", "9f", "61"]) == [before + b"\xf0", b"\x9f", b"a" + after]


@pytest.mark.parametrize("said", [{"part": "colour", "value": 1}, {"part": "colour", "hex": "ff"}, {"twice": "colour"}])
def test_a_part_that_messages_do_not_have_is_told(said):
    with pytest.raises(UsageError, match=r"^usage: the messages of this target have no part 'colour' \('messages\.send' in its file\), so it cannot be replaced$"):
        Input(**said).frames(lambda _: b'{"content": "hello"}')


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("a: {text: x, levels: 3}", "'inputs.a' must say one of text, hex, part, twice, levels, not text and levels"),
        ("a: {binary: true}", "'inputs.a' must say one of text, hex, part, twice, levels, not none"),
        ("a: {hex: xyz}", "'inputs.a.hex' must be bytes in hexadecimal digits such as '22 ff 22', or a list of such fragments, not 'xyz'"),
        ("a: {txt: x}", "unknown key 'inputs.a.txt'"),
    ],
)
def test_a_table_that_is_wrong_is_told(tmp_path: Path, rows, sentence):
    table = tmp_path / "mine.yaml"
    table.write_text(f"schema: 1\ntitle: Mine\nrefused: not_json\ninputs:\n  {rows}\n", encoding="utf-8")
    with pytest.raises(UsageError) as told:
        read_inputs(str(table))
    assert sentence in str(told.value)


def test_an_input_that_is_not_there_is_told():
    inputs = Inputs.model_validate({"schema": 1, "title": "Mine", "refused": "not_json", "inputs": {"bare_key": {"text": "{a: 1}"}}})
    with pytest.raises(UsageError, match=r"^usage: 'mine' has no input 'bare_kye'; did you mean bare_key\? It has: bare_key$"):
        named(inputs, "mine", "bare_kye")
