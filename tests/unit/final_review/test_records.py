"""Records are read tolerantly, but only those of this run."""

from __future__ import annotations

import json
from pathlib import Path

from final_review.records import Records, read_records

GOOD = {"schema": 1, "run": "r1", "kind": "measurement", "case": "rms-1", "name": "lost", "value": 0, "unit": "messages", "samples": 20, "valid": True}


def written(folder: Path, *lines: object, tail: str = "") -> Records:
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    (folder / "1.jsonl").write_text(text + tail)
    return read_records(folder, "r1")


def test_measurements_are_read(tmp_path: Path) -> None:
    records = written(tmp_path, GOOD | {"case": "rms-1, rms-b", "test": "S.T", "valid": False, "crowded": True}, GOOD)
    one, plain = records.measurements
    assert (one.crowded, plain.valid, plain.crowded) == (True, True, False)
    assert (one.name, one.value, one.unit, one.samples, one.cases, one.test, one.valid) == ("lost", 0, "messages", 20, ("rms-1", "rms-b"), "S.T", False)


def test_records_of_another_run_are_never_read(tmp_path: Path) -> None:
    assert written(tmp_path, GOOD | {"run": "r2"}, {key: value for key, value in GOOD.items() if key != "run"}).measurements == []


def test_a_torn_last_line_is_counted_and_the_rest_is_kept(tmp_path: Path) -> None:
    records = written(tmp_path, GOOD, tail='{"schema": 1, "run": "r1", "kind": "measu')
    assert (len(records.measurements), records.torn) == (1, 1)


def test_bytes_that_are_no_text_cost_one_line_only(tmp_path: Path) -> None:
    (tmp_path / "1.jsonl").write_bytes(b'\xff\xfe{"\n' + json.dumps(GOOD).encode() + b"\n")
    records = read_records(tmp_path, "r1")
    assert (len(records.measurements), records.torn) == (1, 1)


def test_line_separators_inside_a_text_do_not_tear_a_line(tmp_path: Path) -> None:
    (tmp_path / "1.jsonl").write_text(json.dumps(GOOD | {"test": "a\u2028b\u0085c"}, ensure_ascii=False) + "\n", encoding="utf-8")
    records = read_records(tmp_path, "r1")
    assert (len(records.measurements), records.torn) == (1, 0)


def test_unknown_kinds_and_odd_values_do_no_harm(tmp_path: Path) -> None:
    odd = [{"value": None}, {"value": "3"}, {"value": True}, {"value": 10**400}, {"samples": None}, {"samples": "many"}]
    records = written(tmp_path, GOOD | {"kind": "weather"}, "[]", "7", *(GOOD | change for change in odd), '{"run":"r1","kind":"measurement","samples":NaN}')
    assert not any(one.usable for one in records.measurements)
    assert (len(records.measurements), records.torn) == (7, 0)


def test_all_processes_are_read_and_no_folder_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "2.jsonl").write_text(json.dumps(GOOD) + "\n")
    assert len(written(tmp_path, GOOD).measurements) == 2
    assert read_records(tmp_path / "none", "r1").measurements == []


def test_checks_made_and_not_offered_are_counted_per_test(tmp_path: Path) -> None:
    base = {"run": "r1", "case": "rms-1", "test": "S.T"}
    records = written(
        tmp_path,
        *(base | {"kind": "verdict", "check": check} for check in ("order", "order", "loss", "digest")),
        *(base | {"kind": "not_offered", "check": check, "reason": "no ledger"} for check in ("ledger", "audit", "")),
        base | {"kind": "invalid", "reason": "peak: invalid: late"},
    )
    assert records.checks_of("S.T") == (3, 5)
    assert records.checks_of("S.Other") == (0, 0)
    assert records.disturbed == {"rms-1": "peak: late"}
