"""Where records go, and what happens when they cannot."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from Lockstep import records
from Lockstep.errors import EnvironmentSetupError

LIBRARIES = Path(records.__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    monkeypatch.delenv(records.RUN, raising=False)
    monkeypatch.delenv(records.RUN_ID, raising=False)


def lines(folder):
    return [json.loads(line) for line in (folder / "records" / f"{os.getpid()}.jsonl").read_text().splitlines()]


def test_alone_records_go_to_the_output_folder_with_an_id_of_their_own(tmp_path):
    one, other = records.Records(tmp_path), records.Records(tmp_path)
    assert list(tmp_path.iterdir()) == []
    one.write("measurement", name="lost", value=0)
    one.write("fault", name="cut")
    first, second = lines(tmp_path)
    assert first.pop("time") <= second.pop("time")
    assert first == {"schema": 1, "run": one.run, "kind": "measurement", "name": "lost", "value": 0}
    assert second["kind"] == "fault"
    assert one.run != other.run


def test_the_runner_says_where_and_which_run(tmp_path, monkeypatch):
    monkeypatch.setenv(records.RUN, str(tmp_path / "2026-x"))
    assert (records.Records(tmp_path).folder, records.Records(tmp_path).run) == (tmp_path / "2026-x", "2026-x")
    monkeypatch.setenv(records.RUN_ID, "abc")
    assert records.Records(tmp_path).run == "abc"


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "records").write_text("in the way")
    with pytest.raises(EnvironmentSetupError, match=r"^environment: .*/records/\d+\.jsonl could not be written \(File exists\); free some space or choose"):
        records.Records(tmp_path).write("fault")


FULL = """
import resource, sys
from pathlib import Path
from Lockstep.records import Records
records = Records(Path(sys.argv[1]))
records.write("measurement", name="kept")
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    while True:
        records.write("measurement", name="x" * 50)
except Exception as error:
    print(error)
"""


def test_a_full_disk_is_a_sentence_and_keeps_what_was_written(tmp_path):
    assert resource.RLIMIT_FSIZE is not None
    said = subprocess.run([sys.executable, "-c", FULL, tmp_path], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(LIBRARIES)})
    assert said.stdout.startswith("environment: ")
    assert "could not be written (File too large)" in said.stdout
    assert said.stdout.strip().endswith("what was written before is kept")
    assert said.stderr == ""
    (file,) = (tmp_path / "records").iterdir()
    assert json.loads(file.read_text().splitlines()[0])["name"] == "kept"
