"""How a server that prints no ready line is started: its port, its secret, the address that says when it is there."""

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import yaml

from Lockstep.errors import EnvironmentSetupError
from Lockstep.targets import lifecycle, load_target

SERVER = """\
import http.server, os, sys, time

port, secret, late = int(sys.argv[1]), sys.argv[2], time.monotonic() + float(os.environ["LATE"])
print("not a ready line")

class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        right = self.headers["Authorization"] == f"token {secret}"
        self.send_response(503 if time.monotonic() < late else 200 if right else 403)
        self.end_headers()

    def log_message(self, *_): pass

http.server.HTTPServer(("127.0.0.1", port), Health).serve_forever()
"""


@pytest.fixture
def server(tmp_path):
    """A target with a server of ours; keys of its lifecycle may be replaced."""
    (tmp_path / "server.py").write_text(SERVER)
    opened = []

    def make(late=0.0, **keys):
        start = {
            "start": ["{python}", str(tmp_path / "server.py"), "{free_port}", "{secret}"], "environment": {"LATE": str(late), "HOME_OF_ALL": "{folder}"},
            "ready": {"url": "http://127.0.0.1:{free_port}/health", "headers": {"Authorization": "token {secret}"}}, "stop": "terminate", **keys,
        }
        file = {
            "schema": 1, "name": "desk", "lifecycle": start, "connect": {"url": "ws://127.0.0.1:{free_port}/ws", "auth": {"token": {"from": "lifecycle"}}},
            "messages": {"send": {"id": "{message_id}"}, "reply": {"where": {"type": "answer"}, "message_id": "id"}},
        }
        (tmp_path / "desk.yaml").write_text(yaml.safe_dump(file))
        opened.append(load_target(tmp_path / "desk.yaml"))
        return opened[-1]

    yield make
    for target in opened:
        target.close()


def test_it_is_ready_when_its_address_answers(server):
    desk = server(late=0.6)
    begun = time.monotonic()
    desk.open()
    assert time.monotonic() - begun > 0.6
    port, pid = desk.fill("{free_port}"), desk.process.pid
    assert desk.server.pid == pid
    assert desk.handshake(None, {})[0] == f"ws://127.0.0.1:{port}/ws"
    socket.create_connection(("127.0.0.1", int(port)), 5).close()
    secret = desk.fill("{secret}")
    desk.restart(gracefully=True)
    assert desk.process.pid != pid
    assert desk.fill("{secret}") == secret, "what it has signed or given away is still good"


@pytest.fixture
def answer():
    """Makes an address of this process that always answers with one status: it is there at once, however busy the machine is."""
    servers = []

    def make(status):
        class Always(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_):
                pass

        servers.append(HTTPServer(("127.0.0.1", 0), Always))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return {"ready": {"url": f"http://127.0.0.1:{servers[-1].server_port}/health"}, "ready_within": "0.8 s"}

    yield make
    for each in servers:
        each.shutdown()
        each.server_close()


def test_one_that_never_gets_ready_is_told_with_its_last_answer(server, answer):
    with pytest.raises(EnvironmentSetupError, match=r"^environment: target 'desk' did not get ready within 0\.8 s: http://127\.0\.0\.1:\d+/health answered HTTP 503; it wrote"):
        server(**answer(503)).open()


def test_one_that_refuses_us_is_told(server, answer):
    with pytest.raises(EnvironmentSetupError, match=r"/health answered HTTP 403"):
        server(**answer(403)).open()


def test_one_that_ends_is_told_at_once_with_its_last_words(server):
    begun = time.monotonic()
    with pytest.raises(EnvironmentSetupError, match=r"^environment: target 'desk' ended with code 3 before it was ready; its last words: no licence$"):
        server(start=["{python}", "-c", "import sys; print('no licence', file=sys.stderr); sys.exit(3)"], ready_within="60 s").open()
    assert time.monotonic() - begun < 30


def test_an_address_that_is_none_is_told(server):
    with pytest.raises(EnvironmentSetupError, match=r": desk/health is no address such as http://127\.0\.0\.1:\{free_port\}/health"):
        server(ready={"url": "desk/health"}).open()


def test_a_port_that_somebody_else_took_is_replaced(server, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken, free = other.getsockname()[1], lifecycle.free_port()
        ports = iter([taken, free])
        monkeypatch.setattr(lifecycle, "free_port", lambda: next(ports))
        desk = server()
        desk.open()
    assert desk.fill("{free_port}") == str(free)


def test_a_missing_package_names_the_file_and_the_command(server):
    desk = server(needs={"modules": ["json", "no_such_package", "no_such.module"], "requirements": "requirements-desk.txt"})
    with pytest.raises(EnvironmentSetupError) as error:
        desk.open()
    assert str(error.value) == (
        "environment: target 'desk' needs no_such_package and no_such.module, which this Python has not; install requirements-desk.txt with: "
        "python -m pip install -r requirements-desk.txt"
    )
    assert desk.process is None


def test_it_is_started_with_room_for_as_many_clients_as_a_suite_wants(server):
    desk = server(room=["--clients", "{clients}"])
    assert desk.file.limits.clients is None
    desk.make_room(321)
    desk.open()
    assert desk.server.cmdline()[-2:] == ["--clients", "321"]
    assert desk.file.limits.clients == 321


def test_where_a_file_says_nothing_of_room_its_own_limit_stays(server):
    desk = server()
    desk.make_room(321)
    desk.open()
    assert "321" not in desk.server.cmdline()
    assert desk.file.limits.clients is None
