"""What goes wrong on the client's side is one sentence with cause and next step, and the library works on behind it."""

import ssl
from pathlib import Path

import pytest

from integration.Lockstep.session_desk import KEYS, READY, RESUME, SessionDesk
from Lockstep.engine.handshake import Refused
from Lockstep.errors import EnvironmentSetupError
from Lockstep.faults.route import Route

PEM = str(Path(__file__).with_name("desk_example.pem"))
NAME = "desk.example.test"


@pytest.fixture
def secure_port(peers):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    return peers.websocket(SessionDesk().serve, ssl=context)


@pytest.fixture
def refused(desk, connect):
    def refused(url, **keys):
        with pytest.raises(Refused) as refusal:
            connect(desk(9, connect={"url": url, "within": "5 s", "ready": READY, **keys}, **KEYS))
        return str(refusal.value)

    return refused


def test_a_name_that_nobody_knows(refused):
    assert refused("ws://desk.invalid/ws").startswith("no connection to ws://desk.invalid/ws (its name is not known: ")
    assert refused("ws://desk.invalid/ws").endswith("); see 'connect.url' in its file")


@pytest.mark.parametrize("url", ["http://127.0.0.1/ws", f"ws://{'x' * 64}.test/ws"])
def test_what_is_no_address_of_a_websocket(refused, url):
    assert refused(url) == f"{url} is no address of a WebSocket; 'connect.url' in its file must be such as ws://127.0.0.1:8000/ws"


def test_an_address_of_another_machine_to_come_from(engine, desk, peers):
    from Lockstep.engine.account import Account

    target = desk(peers.websocket(SessionDesk().serve), **KEYS)
    with pytest.raises(Refused, match=r"\); is 192\.0\.2\.1 an address of this machine\?$"):
        engine.run(engine.connect("alice", Account("alice", "a"), target, tries=1, pause=0, source="192.0.2.1"))


def test_a_certificate_that_nobody_vouches_for(refused, secure_port):
    said = refused(f"wss://localhost:{secure_port}/ws")
    assert said.startswith(f"no connection to wss://localhost:{secure_port}/ws (its certificate is not trusted: self")
    assert said.endswith("); name who signed it with 'connect.ca' in its file")


def test_a_certificate_of_somebody_else(refused, secure_port):
    assert "(its certificate is not trusted: Hostname mismatch" in refused(f"wss://localhost:{secure_port}/ws", ca=PEM)


def test_a_server_without_tls(refused, peers):
    port = peers.websocket(SessionDesk().serve)
    assert refused(f"wss://127.0.0.1:{port}/ws").endswith("; use ws: in 'connect.url' if it speaks no TLS")


def test_a_server_with_tls_that_is_spoken_to_without(refused, secure_port):
    assert refused(f"ws://127.0.0.1:{secure_port}/ws").startswith(("it hung up during the handshake", "what it answered"))


@pytest.mark.parametrize("key", ["ca", "client_certificate"])
def test_a_certificate_that_is_not_there_or_none(connect, desk, tmp_path, key):
    (tmp_path / "no.pem").write_text("this is no certificate")
    for file, said in (("nowhere.pem", f"there is no file '.*nowhere.pem', which 'connect.{key}' in the target file names; correct the path"),
                       ("no.pem", "names a file that is no certificate .*; it must be PEM")):
        with pytest.raises(EnvironmentSetupError, match=said):
            connect(desk(9, connect={"url": "wss://127.0.0.1:9/ws", key: str(tmp_path / file)}, **KEYS))


def test_a_route_leaves_the_name_that_the_certificate_must_have(engine, desk, connect, secure_port):
    engine.routes.way = lambda _alias, _number: Route("127.0.0.1", secure_port)
    target = desk(9, connect={"url": f"wss://{NAME}:7443/ws?user={{user}}", "within": "5 s", "ready": READY, "resume": RESUME, "ca": PEM}, **KEYS)
    assert connect(target).is_connected


FILE = """
schema: 1
extends: reference
name: refused
title: The desk
connect: {url: "ws://127.0.0.1:9/ws"}
"""
SUITE = """*** Settings ***
Resource          RESOURCES/lockstep.resource
Test Setup        Set Connect Policy    tries=1    pause=0
Test Teardown     Stop Target

*** Test Cases ***
Refused
    Start Target    refused.yaml
    Connect As    alice

Still Usable
    Start Target
    Connect As    alice    resumable=yes
    Set Reconnect Ladder    tries=1
    Expect Errors With A Client That Is There
    Connect As    alice    resumable=yes
    Send Burst    5
    Every Message Should Be Answered Exactly Once
    ${back} =    Reconnect    alice    source=127.0.0.2
    Should Be True    ${back.recovered} and ${back.session_kept}
    Send Burst    5
    Every Message Should Be Answered Exactly Once
    Let Clients Reconnect By Themselves
    Expect Errors With A Client That Comes Back By Itself
    ${reconnections} =    Stop Reconnecting By Themselves
    Should Be Empty    ${reconnections}
    ${session} =    Get Session
    ${attempt} =    Try To Resume    ${session.id}    bob    epoch=${session.epoch}
    Should Be True    not ${attempt.recovered} and not ${attempt.same_session}
    Should Be Equal    ${attempt.reason}    unknown_session
    Send Burst    5
    Every Message Should Be Answered Exactly Once
    Forget Session
    ${back} =    Reconnect
    Should Be True    not ${back.session_kept}
    Disconnect
    Send After Close


*** Keywords ***
Send After Close
    Fails    usage: alice is disconnected; use 'Connect As    Send Message    Hello
    Fails    environment: 'Take State Snapshot' needs an open connection: the connection of alice was closed by us with code 1000
    ...    Take State Snapshot
    Fails    usage: alice is not connected; use 'Reconnect    Resend The Unanswered

Expect Errors With A Client That Is There
    Fails    usage: no client is called 'bob'; known are: alice. Use 'Connect As    Reconnect    bob
    Fails    usage: alice does not come back by itself; use 'Let Clients Reconnect By Themselves
    ...    Wait Until Reconnected
    Fails    usage: alice was not let to come back by itself; use 'Let Clients Reconnect By Themselves
    ...    Stop Reconnecting By Themselves    alice
    Fails    usage: tries must be a whole number, 1 or more, not 0 (argument of 'Set Reconnect Ladder')    Set Reconnect Ladder    tries=0
    Fails    usage: cap must be at least first (2 s), not 1 s;    Set Reconnect Ladder    first=2 s    cap=1 s
    Fails    usage: jitter must be a part of a wait such as '10 %', 0 to 100 %, not '150 %' (argument of 'Set Reconnect Ladder')
    ...    Set Reconnect Ladder    jitter=150 %
    Fails    usage: factor must be a number of 1 or more, such as 2, not '0.5' (argument of 'Set Reconnect Ladder')
    ...    Set Reconnect Ladder    factor=0.5
    Fails    usage: source must be an IP address of this machine, such as 127.0.0.2, not 'here' (argument of 'Reconnect')
    ...    Reconnect    source=here
    Disconnect
    Connect As    alice
    Fails    usage: alice has no session to come back to: connect with 'Connect As    Reconnect
    Fails    usage: alice has no session to come back to: connect with 'Connect As
    ...    Let Clients Reconnect By Themselves
    Disconnect

Expect Errors With A Client That Comes Back By Itself
    Fails    usage: alice comes back by itself; use 'Wait Until Reconnected', or 'Stop Reconnecting By Themselves' first    Reconnect
    Fails    usage: alice was let to come back by itself already; use 'Stop Reconnecting By Themselves' before that is begun again
    ...    Let Clients Reconnect By Themselves
    Fails    environment: alice came back 0 of 1 times within 0.1 s    Wait Until Reconnected    within=100 ms

Fails
    [Arguments]    ${said}    ${keyword}    @{arguments}    &{named}
    Run Keyword And Expect Error    STARTS: ${said}    ${keyword}    @{arguments}    &{named}
"""


def test_each_error_of_a_client_is_a_sentence_and_the_library_works_on(robot, tmp_path):
    (tmp_path / "refused.yaml").write_text(FILE)
    found = robot.run(SUITE).messages
    status, message = found.pop("Refused")
    assert status == "FAIL"
    assert message.startswith("environment: alice could not connect to The desk: no connection to ws://127.0.0.1:9/ws (")
    assert message.endswith("nobody listens there: is it running, and is 'connect.url' in its file right?")
    assert found == {"Still Usable": ("PASS", "")}
    assert "Traceback" not in robot.said
    assert robot.left_behind == []
