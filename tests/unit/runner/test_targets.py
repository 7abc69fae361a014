"""Which target a run takes, and whether a service that runs already answers."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from runner import targets
from runner.errors import StartError

REFERENCE = targets.TargetFacts("reference", "reference", "Reference platform", reference=True, started_by_us=True, endpoints=())
DESK = targets.TargetFacts("desk", "desk", "Desk", reference=False, started_by_us=False, endpoints=())


@pytest.mark.parametrize(
    ("option", "environment", "expected"),
    [
        (None, {}, "reference"),
        (None, {"RAPID_MESSAGE_TEST_MODE": "real"}, "real"),
        (None, {"RAPID_MESSAGE_TEST_MODE": "mock", "SKIP_REAL_SERVICES": "true"}, "reference"),
        ("desk", {"RAPID_MESSAGE_TEST_MODE": "real"}, "desk"),
        ("desk", {}, "desk"),
    ],
)
def test_the_option_before_the_mode_before_the_reference_platform(option, environment, expected):
    assert targets.choose(option, environment) == expected


def test_a_target_file_is_found_from_every_folder(tmp_path, monkeypatch):
    (tmp_path / "desk.yaml").touch()
    monkeypatch.chdir(tmp_path)
    assert targets.choose("desk.yaml", {}) == str(tmp_path / "desk.yaml")


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"RAPID_MESSAGE_TEST_MODE": "raal"}, "RAPID_MESSAGE_TEST_MODE is 'raal': it can be real, or reference (mock means the same). Correct or unset it."),
        ({"SKIP_REAL_SERVICES": "yes"}, "SKIP_REAL_SERVICES is 'yes': it can be true or false. Correct or unset it."),
        (
            {"RAPID_MESSAGE_TEST_MODE": "real", "SKIP_REAL_SERVICES": "true"},
            "RAPID_MESSAGE_TEST_MODE=real and SKIP_REAL_SERVICES=true contradict each other: unset one of them.",
        ),
    ],
)
def test_contradictory_and_unknown_mode_variables_are_sentences(environment, sentence):
    with pytest.raises(StartError) as error:
        targets.choose(None, environment)
    assert str(error.value) == sentence


def test_the_facts_of_a_target_come_from_its_file():
    file = SimpleNamespace(reference=False, lifecycle=None)
    target = SimpleNamespace(name="desk", title="Desk", file=file, endpoints=lambda: [("websocket", "ws://x", None)])
    facts = targets.describe("desk", lambda given: target)
    assert (facts.started_by_us, facts.endpoints) == (False, (("websocket", "ws://x", None),))


def test_defects_and_quirks_become_words_of_the_start_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("from reference_platform.policies.workers import Workers\n\n\nclass Slow(Workers):\n    pass\n")
    words = targets.start_arguments(["r2_no_dedup", "mine.py:Slow"], [], REFERENCE)
    assert words == ["--defect", "r2_no_dedup", "--defect", f"{tmp_path / 'mine.py'}:Slow"]


def test_an_unknown_defect_is_a_sentence_with_the_list():
    with pytest.raises(StartError) as error:
        targets.start_arguments(["r2_no_dedupe"], [], REFERENCE)
    assert str(error.value).startswith("The reference platform cannot be started so: there is no defect r2_no_dedupe; ")
    assert "r2_window_too_short" in str(error.value)


def test_a_defect_in_somebody_elses_server_is_a_sentence():
    with pytest.raises(StartError, match="--defect r1 works with the reference platform only, not with the target desk"):
        targets.start_arguments(["r1"], [], DESK)


class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_error(401)

    def log_message(self, *words):
        """Silence."""


@pytest.fixture
def service():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def silent():
    """Accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def garbage():
    """Answers something that is not HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"SSH-2.0-OpenSSH\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def closed():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


def test_any_http_answer_is_an_answer(service):
    assert targets.probe(f"ws://{service}/ws", 5) is None
    assert targets.probe(f"http://{service}", 5) is None


def test_what_does_not_answer_is_told_apart(silent, garbage, closed):
    assert targets.probe(f"http://{closed}", 5) == "connection refused"
    assert targets.probe(f"http://{silent}", 0.1) == "no answer within 0.1 s"
    assert targets.probe(f"http://{garbage}", 5) == "something answers there that does not speak HTTP"
    assert targets.probe("localhost:8000", 5) == "not an address; write ws://host:port/path or http://host:port"
    assert targets.probe("ws://localhost:99999/ws", 5) == "not an address; write ws://host:port/path or http://host:port"


def test_every_endpoint_that_fails_is_named_at_once(service, closed, silent):
    target = targets.TargetFacts(
        "real", "real", "Real", reference=False, started_by_us=False,
        endpoints=(
            ("websocket", f"ws://{closed}/ws", "E2E_WEBSOCKET_URL"),
            ("backend", f"http://{silent}", "E2E_BACKEND_URL"),
            ("auth", f"http://{service}", "E2E_AUTH_SERVICE_URL"),
        ),
    )
    with pytest.raises(StartError) as error:
        targets.preflight(target, patience=0.3)
    assert str(error.value) == (
        "The target real cannot be reached, 2 of 3 endpoints failed:\n"
        f"  websocket  ws://{closed}/ws  (E2E_WEBSOCKET_URL): connection refused\n"
        f"  backend  http://{silent}  (E2E_BACKEND_URL): no answer within 0.3 s\n"
        "Start the services or correct the addresses."
    )


def test_a_target_that_answers_passes(service):
    targets.preflight(
        targets.TargetFacts("x", "x", "X", reference=False, started_by_us=False, endpoints=(("websocket", f"ws://{service}/ws", None),))
    )
