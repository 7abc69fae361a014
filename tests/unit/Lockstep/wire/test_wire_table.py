"""The conformance table: what is in it, what its mistakes are called, and that suite and table say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from Lockstep.errors import UsageError
from Lockstep.wire.frames import ClientFrame, masked, server_frames
from Lockstep.wire.table import FILE, read_table

SUITE = Path(__file__).parents[4] / "suites/3__websocket_resilience/08__malformed/6__wire.robot"
MESSAGE = 'lockstep wire-1 Grün'.encode()


def test_every_row_of_the_table_is_a_row_of_the_suite_with_its_section_as_tag():
    rows = re.findall(r"^\S.*\n    \[Tags\]    rfc6455-(.+)\n    (.+)$", SUITE.read_text(encoding="utf-8"), re.MULTILINE)
    table = read_table()
    assert sorted((row.row, row.rfc) for row in table.rows) == sorted((name, section) for section, name in rows)
    assert len(table.rows) >= 60
    assert {row.family for row in table.rows} == {"framing", "reserved bits", "opcodes", "control frames", "fragments", "text", "closing", "handshake"}
    assert table.find("First Reserved Bit") is table.find("first reserved bit")


def test_each_row_says_what_is_sent_and_each_expectation_is_used():
    table = read_table()
    for row in table.rows:
        assert row.send or row.request is not None, row.row
        assert all(frame.octets for frame in row.frames(MESSAGE))
    assert {row.expect for row in table.rows} == set(table.expectations)


@pytest.mark.parametrize(("change", "said"), [
    ({"row": "opcode 7"}, "a row is called 'opcode 7' twice"),
    ({"expect": "nothing"}, "row 'opcode 3' expects 'nothing', which is none of"),
    ({"send": [{"opcode": 16}]}, "16"), ({"send": [{"text": "x", "ping": "x"}]}, "a frame is one of"), ({"sends": []}, "unknown key"),
    ({"send": [{"text": {"hex": "xy"}}]}, "rows"),
])
def test_mistakes_are_sentences(tmp_path, change, said):
    data = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    next(row for row in data["rows"] if row["row"] == "opcode 3").update(change)
    (tmp_path / "table.yaml").write_text(yaml.safe_dump(data))
    with pytest.raises(UsageError, match=re.escape(said)):
        read_table(tmp_path / "table.yaml")


def test_what_is_no_table_and_what_is_no_way(tmp_path):
    data = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    data["expectations"]["bad text"]["strict"] = ["close it"]
    (tmp_path / "table.yaml").write_text(yaml.safe_dump(data))
    with pytest.raises(UsageError, match="must be what a server can do"):
        read_table(tmp_path / "table.yaml")
    with pytest.raises(UsageError, match="cannot be read"):
        read_table(tmp_path / "none.yaml")
    with pytest.raises(UsageError, match="did you mean first reserved bit"):
        read_table().find("first reserved bits")


@pytest.mark.parametrize(("frame", "octets"), [
    (ClientFrame(1, b"hi"), "81 82 11 22 33 44 79 4b"), (ClientFrame(1, b"hi", final=False, reserved=4), "41 82 11 22 33 44 79 4b"),
    (ClientFrame(9, b"", masked=False), "89 00"), (ClientFrame(1, b"hi", length_bits=16), "81 fe 00 02 11 22 33 44 79 4b"),
    (ClientFrame(1, b"hi", length_bits=64), "81 ff 00 00 00 00 00 00 00 02 11 22 33 44 79 4b"),
    (ClientFrame(1, b"", announced=2**63), "81 ff 80 00 00 00 00 00 00 00 11 22 33 44"),
])
def test_frames_are_what_they_say(frame, octets):
    assert frame.octets.hex(" ") == octets


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
@pytest.mark.parametrize("is_masked", [True, False])
def test_frames_are_read_as_they_were_written_however_they_are_cut(size, is_masked):
    frame = ClientFrame(2, b"x" * size, masked=is_masked)
    data, seen = bytearray(), []
    for begin in range(0, len(frame.octets), 1000 if size > 1000 else 1):
        data += frame.octets[begin : begin + (1000 if size > 1000 else 1)]
        seen += server_frames(data)
    assert [(one.first, one.payload, one.masked) for one in seen] == [(0x82, masked(b"x" * size) if is_masked else b"x" * size, is_masked)]
    assert not data
    assert bool(seen[0].fault) is is_masked
