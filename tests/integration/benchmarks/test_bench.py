"""``run.py bench`` at a tiny size: it measures, writes its file, and leaves nothing running."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from websockets.sync.client import connect

from benchmarks import bench
from benchmarks.rows import Row
from benchmarks.stage import Failed
from runner.project import Project

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def measured():
    """A tiny run, its rows, and its folder taken away at the end."""
    before = {process.pid for process in psutil.process_iter()}
    words = [sys.executable, "-m", "runner", "bench", "--only", "ping vs *", "--rounds", "1", "--seconds", "0.3", "--peers", "no"]
    done = subprocess.run(words, cwd=ROOT, env=Project.here().environment(), capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    file = ROOT / done.stdout.splitlines()[-1]
    yield done, json.loads(file.read_text("utf-8")), before
    shutil.rmtree(file.parent)


def test_a_tiny_run_has_both_sides_in_its_file_and_leaves_nothing_behind(measured):
    done, rows, before = measured
    (row,) = rows
    assert set(row) == {"name", "ours", "other", "ratio", "unit", "rounds"}
    assert (row["name"], row["unit"], len(row["rounds"])) == ("ping vs websockets", "msg/s", 1)
    assert row["ours"] > 0
    assert row["other"] > 0
    assert row["ratio"] == pytest.approx(row["ours"] / row["other"])
    assert "| ping vs websockets | " in done.stdout
    ours = [process for process in psutil.process_iter(["cmdline"]) if process.pid not in before and _is_of_a_benchmark(process)]
    assert ours == []


def _is_of_a_benchmark(process):
    words = " ".join(process.info["cmdline"] or [])
    return str(ROOT / "tests" / "benchmarks") in words and "bench.py" not in words


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--only", "nothing"], "--only nothing fits no benchmark. They are: c100x16 vs websockets, "),
        (["--rounds", "0"], "Argument --rounds: '0' must be a whole number, 1 or more"),
        (["--seconds", "-1"], "Argument --seconds: '-1' must be a number above 0"),
        (["--peers", "maybe"], "Argument --peers: invalid choice: 'maybe'"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_code_3(words, sentence, capsys):
    assert bench.main(words) == 3
    assert sentence in capsys.readouterr().err


def test_what_fails_on_our_own_side_is_said_and_the_rest_is_measured_all_the_same(monkeypatch, tmp_path, capsys):
    def fails(rounds, seconds, tell):
        raise Failed("3 messages were lost")

    def holds(rounds, seconds, tell):
        row = Row("open 500", "s")
        row.add(0.5, 1.0)
        return [row]

    monkeypatch.setattr(bench, "SINGLES", {"paced 10000": bench.Single(fails, 1, 1), "open 500": bench.Single(holds, 1, 1)})
    monkeypatch.setattr(bench, "NAMES", ("paced 10000", "open 500"))
    monkeypatch.setattr(bench.run_folder, "create", lambda results: tmp_path)
    assert bench.main([]) == 2
    first, second = json.loads((tmp_path / "bench.json").read_text("utf-8"))
    assert (first["name"], first["missing"]) == ("paced 10000", "our own side failed: 3 messages were lost")
    assert (second["name"], second["ratio"]) == ("open 500", 0.5)


def test_the_echo_server_has_nothing_to_do_when_it_is_asked():
    words = [sys.executable, str(ROOT / "tests" / "benchmarks" / "echo_server.py")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        try:
            with connect(json.loads(server.stdout.readline())["websocket_url"]) as client:
                client.recv()
                client.send('{"type": "user_message", "message_id": "m", "sequence_id": 0, "content": "x"}')
                client.send('{"type": "get_agent_state", "request_id": "q"}')
                reply, answer = json.loads(client.recv()), json.loads(client.recv())
        finally:
            server.stdin.close()
    assert (reply["type"], reply["message_id"], reply["offset"]) == ("ai_response", "m", 1)
    assert (answer["type"], answer["request_id"], answer["pending"], answer["offset"]) == ("agent_state", "q", 0, 2)
