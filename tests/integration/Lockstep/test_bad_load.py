"""Load that cannot be, and targets that cannot bear it: one clear sentence each, nothing left behind, and figures so far kept."""

import asyncio
import itertools
import re
import signal
import ssl
import subprocess
import sys
from time import monotonic

import orjson
import pytest
import yaml

from Lockstep.targets.mapping import digest_of

HEAD = """*** Settings ***
Resource          RESOURCES/lockstep.resource
Library           beside.py
%s
*** Test Cases ***
"""
REFERENCE = HEAD % """Suite Setup       Start Target    reference
Suite Teardown    Stop Target
"""
BESIDE = '''
import resource
import sys
from time import time


def step_the_clock_in_the_next_phase_by(seconds):
    """The clock of the day jumps after the phase has read it for the first time; the monotonic one does not."""
    readings = iter([0.0])
    sys.modules["Lockstep.engine.load.shard"].time = lambda: time() + next(readings, float(seconds))


def allow_descriptors(number, most=None):
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(number), int(most) if most else resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def fill_the_disk_up_to(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
'''
READY = {"wait_for": {"type": "hello"}}
MESSAGES = {
    "send": {"type": "chat", "id": "{message_id}", "s": "{sequence_id}", "text": "{content}"},
    "reply": {"where": {"type": "answer"}, "message_id": "id", "sequence_id": "s", "digest": "digest"},
}


@pytest.fixture
def suite(robot):
    (robot.folder / "beside.py").write_text(BESIDE)
    return robot


def right(text):
    message = orjson.loads(text)
    return orjson.dumps({"type": "answer", "id": message["id"], "s": message["s"], "digest": digest_of(message["text"])})


ABSURD = {
    "Zero": ("rate=0 msg/s    lasting=1 s", "usage: rate must be more than 0 msg/s, not '0 msg/s' (argument of 'Run Load')"),
    "Negative": ("rate=-5    lasting=1 s", "usage: rate must be more than 0 msg/s, not '-5' (argument of 'Run Load')"),
    "Infinite": ("rate=inf    lasting=1 s", "usage: rate must be a rate such as '50 msg/s', not 'inf' (argument of 'Run Load')"),
    "No Number": ("rate=nan    lasting=1 s", "usage: rate must be a rate such as '50 msg/s', not 'nan' (argument of 'Run Load')"),
    "No Connection": ("rate=5    lasting=1 s    connections=0", "usage: connections must be a whole number, 1 or more, not 0 (argument of 'Run Load')"),
    "All At Once": ("count=1000000000", ("usage: 1,000,000,000 messages without an answer at the same time are more than a load keeps in mind; "
                                        "give at most 1,000,000, over all connections, with in_flight=... (or count=...)")),
}


def test_numbers_that_cannot_be(suite):
    suite.run(REFERENCE + "".join(f"\n{name}\n    Run Load    x    {arguments}\n" for name, (arguments, _) in ABSURD.items()) + """
Few Descriptors
    Allow Descriptors    150
    Run Load    x    in_flight=1    count=100    connections=100
Fewer Than May Be Had
    Allow Descriptors    150    160
    Run Load    x    in_flight=1    count=100    connections=100
""")
    for name, (_, sentence) in ABSURD.items():
        assert suite.messages[name] == ("FAIL", sentence)
    needed = "environment: 100 connections need 164 descriptors, but this process has {} of 150 left; {}"
    left, advice = r"(\d+)", r"raise the limit with 'ulimit -n (\d+)' in the shell that starts the run"
    found = re.fullmatch(needed.format(left, advice), suite.messages["Few Descriptors"][1])
    assert found, suite.messages["Few Descriptors"]
    assert int(found[2]) >= 100 + 150 - int(found[1]), "room for the connections beside what is open"
    advice = r"this account may raise that to 160 only, so ask the administrator for 'nofile' \d+, or ask for fewer connections"
    assert re.fullmatch(needed.format(left, advice), suite.messages["Fewer Than May Be Had"][1]), suite.messages["Fewer Than May Be Had"]


async def polite(socket, pause=0.0):
    await socket.send('{"type": "hello"}')
    async for text in socket:
        await asyncio.sleep(pause)
        await socket.send(right(text), text=True)


async def slow(socket):
    await polite(socket, 0.02)


def every_second():
    doors = itertools.count()

    async def serve(socket):
        if next(doors) % 2:
            await socket.close(1013, "full")
        else:
            await polite(socket)

    return serve


@pytest.fixture
def certificates(tmp_path):
    """A certificate authority of this test, and a server's certificate that it has signed."""

    def openssl(*words):
        done = subprocess.run(["openssl", *words], check=False, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *key, "-days", "2", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test authority")
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    (tmp_path / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "server.pem")
    return tmp_path


@pytest.fixture
def targets(peers, desk, certificates):
    """Target files by name: servers that cannot bear the load, one far away, and one behind TLS with an authority of its own."""

    def written(name, connect, **keys):
        path = certificates / f"{name}.yaml"
        path.write_text(yaml.safe_dump({"schema": 1, "name": name, "title": f"The {name} desk", "messages": MESSAGES, "connect": connect, **keys}))
        return path

    def peer(name, serve, **options):
        return written(name, {"url": f"ws://127.0.0.1:{peers.websocket(serve, **options)}/ws", "ready": READY})

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    secret = {"url": f"wss://127.0.0.1:{peers.websocket(polite, ssl=tls)}/ws", "ready": READY}
    up = certificates / "up.py"
    up.write_text("import json, sys; print(json.dumps({'event': 'ready'}), flush=True); sys.stdin.read()")
    return {
        "half": peer("half", every_second()), "slow": peer("slow", slow), "strict": peer("strict", polite, max_size=1000),
        "far": written("far", {"url": "wss://desk.example.test/ws"}, lifecycle={"start": ["{python}", str(up)]}),
        "trusted": written("trusted", secret | {"ca": str(certificates / "ca.pem")}), "strange": written("strange", secret),
    }


TESTS = {
    "Half": ("half", "Run Load    x    rate=20 msg/s    lasting=100 s    connections=10"),
    "Too Long": ("half", "Run Load    x    count=5    size=1000000000000"),
    **{f"Slow {attempt}": ("slow", "${load} =    Run Load    slow    rate=100 msg/s    lasting=1 s", "Load Should Be Lossless And Ordered    ${load}",
                           "Throughput Should Be At Least    95 msg/s    ${load}") for attempt in (1, 2, 3)},
    "Large": ("strict", "${load} =    Run Load    x    in_flight=1    count=5    size=2 KiB", "Load Should Be Lossless And Ordered    ${load}"),
    "Far": ("far", "Run Load    x    rate=10    lasting=1 s"),
    "Trusted": ("trusted", "${load} =    Run Load    x    in_flight=8    count=400    connections=4    shards=2", "Load Should Be Lossless And Ordered    ${load}",
                "Should Be Equal As Integers    ${load.answered}    400"),
    "Strange": ("strange", "Run Load    x    in_flight=8    count=400    connections=4"),
    "Step": ("trusted", "Step The Clock In The Next Phase By    5", "${load} =    Run Load    stepped    rate=50 msg/s    lasting=1 s",
             "Load Should Be Lossless And Ordered    ${load}", "Latency Percentile Should Be Below    p95    0.001 ms    ${load}"),
}
SAID = {
    "Half": ("FAIL", ("environment: 5 of 10 connections to The half desk could not be opened: 5 times: the connection was closed by the target with code 1013 (full) "
                     "before it was ready; what the others carry would say nothing of all; ask for fewer, or let the target take more")),
    "Too Long": ("FAIL", "usage: texts of 1,000,000,000,000 bytes are more than a load can send; give at most 16,777,216 with size=..., or use 'Send Burst'"),
    "Far": ("SKIP", ("not offered: The far desk is not on this machine and its file does not permit load (permissions.load); where its owner agrees, "
                    "write there what is allowed, such as {rate: 50, connections: 10}")),
    "Trusted": ("PASS", ""),
}


def test_targets_that_cannot_bear_the_load(suite, targets):
    suite.run(HEAD % "" + "".join(
        f"{name}\n    [Setup]    Start Target    {targets[target]}\n" + "".join(f"    {step}\n" for step in steps) + "    [Teardown]    Stop Target\n"
        for name, (target, *steps) in TESTS.items()))
    assert "Traceback" not in suite.said
    assert suite.left_behind == []
    found = suite.messages
    assert {name: found[name] for name in SAID} == SAID
    figures = {record["name"]: record for record in suite.records() if record["kind"] == "measurement"}

    status, message = found["Large"]
    assert status == "FAIL"
    assert message.startswith("violation: 1 of 1 connections ended during 'x'; connection 1 was closed by the target with code 1009"), message
    assert "; it takes no message of this size: send smaller ones, or name its limit as 'limits.message_size' in its file [wrong_close]" in message

    status, message = found["Strange"]
    assert status == "FAIL"
    assert message.startswith("environment: 4 of 4 connections to The strange desk could not be opened: 4 times: no connection to wss://127.0.0.1"), message
    assert "certificate" in message

    assert found["Step"][0] == "SKIP"
    assert re.fullmatch(r"invalid: (the clock of this machine stepped by \+5\.\d\d s during the phase|the generator sent late .*)", found["Step"][1])
    assert (figures["stepped_p95"]["valid"], figures["stepped_lost"]["valid"]) == (False, True)

    slow = [found[name] for name in found if name.startswith("Slow")]
    assert all(status == "FAIL" or "the generator sent late" in message for status, message in slow), slow
    for message in (message for status, message in slow if status == "FAIL"):
        assert re.match(r"limit missed: 100 of 100 messages, offered at 100 a second, were answered, at [1-5]?\d\.\d a second, where 95 are the least\.\n"
                        r"  \[rate_not_sustained\]", message), message


def test_a_disk_that_fills_up_is_told_with_its_place_and_what_was_measured_stays(suite, tmp_path):
    run = tmp_path / "run"
    suite.run(REFERENCE + """
Full
    Run Load    first    count=20
    Fill The Disk Up To    3000
    Run Load    second    count=20
    Run Load    third    count=20
    Run Load    fourth    count=20
""", "--output", "none", LOCKSTEP_RUN=str(run))
    assert suite.code == 1
    told = re.search(r"environment: (\S+) could not be written \(File too large\); free some space or choose another results folder", suite.said)
    assert told, suite.said
    assert told[1].startswith(str(run))
    assert "Traceback" not in suite.said
    names = {record["name"] for record in suite.records(run) if record["kind"] == "measurement"}
    assert {"first", "first_p99", "first_lost"} <= names
    assert suite.left_behind == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("shards", [1, 2])
def test_ctrl_c_in_a_phase_ends_everything_and_keeps_its_figures(suite, shards):
    process = suite.start(REFERENCE + f"Long\n    Run Load    long    rate=100 msg/s    lasting=300 s    connections=4    shards={shards}\n")
    progress = suite.output / "progress"
    deadline = monotonic() + 60
    while not any(b'"done"' in file.read_bytes() for file in progress.glob("*.json")):
        assert monotonic() < deadline
        assert process.poll() is None, process.stdout.read()
        process.poll()
        asyncio.run(asyncio.sleep(0.05))
    begun = monotonic()
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert monotonic() - begun < 5
    assert suite.left_behind == []
    assert suite.messages["Long"] == ("FAIL", "Execution terminated by signal")
    assert re.search(r"long: invalid: interrupted after [\d.]+ s of 300 s; what was measured until then is kept", said), said
    figures = {record["name"]: record for record in suite.records() if record["kind"] == "measurement"}
    assert 50 < figures["long"]["value"] < 150
    assert figures["long_p99"]["samples"] > 20
    assert not figures["long"]["valid"]
    assert not list(progress.iterdir())
