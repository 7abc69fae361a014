"""How the process starts, complains and ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

LIBRARIES = Path(__file__).resolve().parents[3] / "libraries"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(LIBRARIES)}


def refused(*arguments, **changes):
    """Runs a platform that cannot start; its one line on standard error."""
    result = subprocess.run(
        [sys.executable, "-m", "reference_platform", *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False, env={**ENVIRONMENT, **changes},
    )  # fmt: skip
    assert result.returncode == 3, result
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("max_conections: 5", "there is no key max_conections; did you mean max_connections?"),
        ("zzz: 5", "there is no key zzz; allowed: max_connections, "),
        ("max_connections: many", "max_connections is 'many'; allowed: a valid integer"),
        ("max_queue_size: 0", "max_queue_size is 0; allowed: greater than or equal to 1"),
        ("max_connections: 0", "max_connections is 0; allowed: greater than or equal to 1"),
        ("duplicate_window: -1", "duplicate_window is -1; allowed: greater than 0"),
        ("duplicate_window: .nan", "duplicate_window is nan; allowed: "),
        ("memory_limit: 100 XB", "memory_limit is '100 XB'; allowed: "),
        ("- a list", "a configuration file is a list of `key: value` lines, this one is a list"),
        ("a: [", "the configuration file is not valid YAML"),
    ],
)
def test_bad_configuration(tmp_path, text, sentence):
    file = tmp_path / "config.yaml"
    file.write_text(text)
    line = refused("serve", "--config", str(file))
    assert sentence in line
    assert str(file) in line


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("max_connections", "--set max_connections is no setting; give KEY=VALUE such as max_connections=500"),
        ("max_conections=5", "--set: there is no key max_conections; did you mean max_connections?"),
        ("max_connections=many", "--set: max_connections is 'many'; allowed: a valid integer"),
    ],
)
def test_bad_setting(setting, sentence):
    assert sentence in refused("serve", "--set", setting)


def test_more_connections_than_the_system_gives_descriptors():
    resource = pytest.importorskip("resource")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    line = refused("serve", "--set", f"max_connections={hard}")
    assert f"max_connections {hard} needs {hard + 128} descriptors, this system allows {hard}; lower it or run 'ulimit -Hn {hard + 128}' first" in line


def test_it_takes_the_descriptors_that_it_needs(serve):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
    try:
        platform = serve("--set", "max_connections=150")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert psutil.Process(platform.process.pid).rlimit(psutil.RLIMIT_NOFILE)[0] == 278


def test_a_setting_lies_over_the_file(serve, tmp_path):
    (tmp_path / "config.yaml").write_text("max_connections: 2\nmax_queue_size: 7\n")
    platform = serve("--config", str(tmp_path / "config.yaml"), "--set", "max_connections=3", "--set", "memory_limit=5 MB")
    limits = platform.connect().greeting["limits"]
    assert [limits[key] for key in ("max_connections", "max_queue_size", "memory_limit")] == [3, 7, 5_000_000]


def test_configuration_file_is_missing(tmp_path):
    assert "cannot be read (no such file or directory)" in refused("serve", "--config", str(tmp_path / "none.yaml"))


@pytest.mark.parametrize("option", ["--port", "--backend-port"])
def test_port_in_use(option):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"port {port} on 127.0.0.1 cannot be opened" in refused("serve", option, port)


def test_no_port():
    assert "70000 is no port; allowed: 0 to 65535" in refused("serve", "--port", "70000")


def test_store_in_a_folder_that_is_not_there(tmp_path):
    assert "cannot be written" in refused("serve", "--store", str(tmp_path / "none" / "store"))


def test_store_that_is_no_store(tmp_path):
    (tmp_path / "store").write_text("hello " * 1000)
    assert "cannot be opened" in refused("serve", "--store", str(tmp_path / "store"))


def test_store_in_use(serve, tmp_path):
    serve("--store", str(tmp_path / "store"))
    assert "is in use by another platform" in refused("serve", "--store", str(tmp_path / "store"))


def test_unknown_defect_and_quirk():
    line = refused("serve", "--defect", "r2_no_dedupe")
    assert "there is no defect r2_no_dedupe; did you mean r2_no_dedup? known: audit_alert_always, " in line
    assert "there is no quirk r2_no_dedup" in refused("serve", "--quirk", "r2_no_dedup")


def test_two_defects_of_one_port():
    assert "replaces duplicates, which" in refused("serve", "--defect", "r2_no_dedup", "--defect", "r2_window_too_short")


def test_defect_from_a_file(serve, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "from reference_platform.policies import Agents, Port\n\n"
        "class Loud(Agents):\n    name = 'LOUD'\n\nclass Nothing:\n    pass\n\nclass NoPort(Port):\n    pass\n"
    )
    client = serve("--defect", f"{file}:Loud").connect()
    client.send("m")
    assert client.receive()["agent"] == "LOUD"
    assert "has no class Nothing that replaces a port" in refused("serve", "--defect", f"{file}:Nothing")
    assert "has no class Missing" in refused("serve", "--defect", f"{file}:Missing")
    assert "NoPort is no subclass of a port; the ports are Wire, Gate, " in refused("serve", "--defect", f"{file}:NoPort")
    assert "there is no file" in refused("serve", "--defect", f"{tmp_path}/none.py:Loud")
    file.write_text("1 / 0\n")
    assert "cannot be loaded (ZeroDivisionError: division by zero)" in refused("serve", "--defect", f"{file}:Loud")


def test_token_secret_from_the_environment(serve, tmp_path):
    (tmp_path / "config.yaml").write_text("token_secret_from: DESK_SECRET\n")
    line = refused("serve", "--config", str(tmp_path / "config.yaml"), DESK_SECRET="short")
    assert "DESK_SECRET, which must hold 32 characters or more" in line
    assert "short" not in line


def test_no_command_and_help():
    assert "--help" in refused()
    text = subprocess.run([sys.executable, "-m", "reference_platform", "serve", "--help"], capture_output=True, text=True, env=ENVIRONMENT, check=True).stdout
    for word in ("--config", "--port", "--store", "--defect", "--quirk", "--no-control", "--seed", "standard input", "examples:"):
        assert word in text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_says_1001_and_ends_with_0(serve, number):
    platform = serve()
    client = platform.connect()
    client.send_many([{"message_id": f"m{each}"} for each in range(50)])
    assert client.receive()["message_id"] == "m0"
    platform.process.send_signal(number)
    list(client.socket)
    assert client.socket.close_code == 1001
    assert platform.process.wait(10) == 0
    assert platform.process.stderr.read() == ""


def test_end_of_input_ends_it_and_removes_the_temporary_store(serve):
    platform = serve()
    files = [file.path for file in psutil.Process(platform.process.pid).open_files()]
    store = Path(next(path for path in files if path.endswith("store.sqlite")))
    assert store.exists()
    assert platform.end() == 0
    assert not store.parent.exists()


def test_dev_null_as_input_does_not_end_it():
    process = subprocess.Popen([sys.executable, "-m", "reference_platform", "serve"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=ENVIRONMENT)
    try:
        assert process.stdout.readline().startswith(b'{"event": "ready"')
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
    finally:
        process.terminate()
        assert process.wait(10) == 0
        process.stdout.close()


def test_it_is_ready_within_a_second_of_cpu_time(serve):
    platform = serve()
    times = psutil.Process(platform.process.pid).cpu_times()
    assert times.user + times.system < 3


def test_neither_secret_nor_token_is_logged(serve):
    platform = serve()
    token = platform.account("alice")["token"]
    platform.ask(platform.ready["backend_url"] + "/control/wrong/status")
    started = time.monotonic()
    platform.end()
    assert time.monotonic() - started < 10
    assert platform.errors == ""
    assert token not in str(platform.ready)
