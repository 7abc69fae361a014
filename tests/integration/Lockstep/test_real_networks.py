"""Real network namespaces: what the kernel does when a link goes down, and that nothing of them stays behind."""

import asyncio
import fcntl
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios

import psutil
import pytest

from Lockstep.errors import EnvironmentSetupError, UsageError
from Lockstep.faults import sockets
from Lockstep.faults.catalogue import Direction, Fault
from Lockstep.faults.device import Device, NotHere
from Lockstep.faults.injection import Injection
from Lockstep.faults.proxy import FaultProxy

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="network namespaces are Linux's")
ESTABLISHED = 1


@pytest.fixture
def device():
    try:
        one = Device(["home", "mobile", "wifi"])
    except NotHere as reason:
        pytest.skip(f"not available here: {reason}")
    yield one
    one.close()


@pytest.fixture
def door(device):
    with device.bound(0) as listener:
        listener.listen()
        listener.settimeout(20)
        yield listener


def connection(device, door):
    """Both ends of a connection over the link of now, on which something has been heard."""
    here = device.made("device")
    here.settimeout(20)
    here.connect((device.gateway, door.getsockname()[1]))
    there, (address, _) = door.accept()
    there.settimeout(20)
    assert address == device.address
    here.sendall(b"?")
    assert there.recv(1) == b"?"
    there.sendall(b"!")
    assert here.recv(1) == b"!"
    return here, there


def kernel_says(one):
    """The state of a connection, an error that waits to be told, and the bytes that the other end has not acknowledged."""
    state = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    unacknowledged = struct.unpack("i", fcntl.ioctl(one, termios.TIOCOUTQ, b"\0" * 4))[0]
    return state, one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), unacknowledged


def test_a_link_that_goes_down_gives_no_sign_and_never_revives(device, door):
    old = connection(device, door)
    first = device.address
    assert device.leave()["packets"] > 4
    for end in old:
        end.sendall(b"into the dead path")
    for network in ("mobile", "home"):
        device.enter(network)
        assert device.network == network
        new = connection(device, door)  # what was to come over the old link had time
        assert [kernel_says(end) for end in old] == [(ESTABLISHED, 0, 18)] * 2
        assert [kernel_says(end) for end in new] == [(ESTABLISHED, 0, 0)] * 2
        for end in old:
            end.settimeout(0)
            with pytest.raises(BlockingIOError):
                end.recv(1)
        for end in new:
            end.close()
        device.leave()
    assert device.address != first
    for end in old:
        end.close()


def test_a_link_that_stays_up_is_no_link_that_went_down(device, tmp_path, monkeypatch):
    forgetful = tmp_path / "ip"
    forgetful.write_text(f"#!/bin/sh\ngrep -v ' down$\\|flush' | exec {shutil.which('ip', path='/usr/sbin:/sbin:/usr/bin:/bin')} \"$@\"\n")
    forgetful.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    other = Device(["home", "mobile"])
    with pytest.raises(EnvironmentSetupError, match=r"^environment: link1 was taken down, and 10\.0\.0\.5 can be reached all the same$"):
        other.leave()
    other.close()


def test_a_device_names_the_networks_that_it_has(device):
    assert device.other(["mobile", "wifi"]) == "mobile"
    device.leave()
    device.enter("mobile")
    assert device.other(["mobile", "wifi"]) == "wifi"
    with pytest.raises(UsageError, match=r"^usage: to must be one of home, mobile, wifi, the networks of this client, not '127\.0\.0\.2'$"):
        device.other(["127.0.0.2"])
    with pytest.raises(UsageError, match=r"^usage: the client is in mobile already; its other networks are: home, wifi$"):
        device.other(["mobile"])


def test_a_device_has_no_address_of_this_machine(device, door):
    route = device.route(door.getsockname()[1])
    with pytest.raises(OSError, match="Cannot assign requested address"):
        asyncio.run(route.opened("127.0.0.2"))
    with asyncio.run(route.opened(device.address)) as here:
        assert here.getpeername() == (device.gateway, route.port)


def test_this_machine_keeps_its_own_networks_and_nothing_stays_behind(device, door):
    before = sorted(psutil.net_if_addrs())
    ends = connection(device, door)
    assert sorted(psutil.net_if_addrs()) == before
    assert psutil.pid_exists(device.pid)
    device.close()
    assert not psutil.pid_exists(device.pid), "not even a zombie"
    for end in ends:
        end.close()


def test_its_door_is_the_gateway_and_ends_with_it(device):
    states = []

    async def story(port):
        proxy = FaultProxy(lambda: ("127.0.0.1", 1), lambda _client, _connection, said: states.append(said["state"]), lambda _: 0, 1)
        gate = await proxy.opened("alice", port, device)
        assert (gate.route.host, gate.route.port) == (device.gateway, port)
        await gate.inject(Injection(Fault.REFUSE, Direction.BOTH))
        assert psutil.pid_exists(device.pid)
        await proxy.close({"alice"})

    with sockets.bound(0) as of_this_machine:  # somebody else has the port here, and does not refuse
        of_this_machine.listen()
        asyncio.run(story(of_this_machine.getsockname()[1]))
    assert states == ["planned", "done"]
    assert not psutil.pid_exists(device.pid)


def test_ctrl_c_is_for_the_kit_which_still_has_something_to_end(device):
    os.kill(device.pid, signal.SIGINT)
    assert device.leave()["packets"] >= 0


def test_it_ends_with_a_kit_that_is_killed(device):
    script = "from Lockstep.faults.device import Device\nd = Device(['home', 'mobile'])\nprint(d.pid, flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=with_libraries()) as kit:
        program = psutil.Process(int(kit.stdout.readline()))
        kit.send_signal(signal.SIGKILL)
        psutil.wait_procs([program], timeout=60)
        assert not program.is_running()


def test_what_the_kernel_refuses_is_said_in_its_words(device):
    if shutil.which("unshare") is None:
        pytest.skip("'unshare', with which the kernel can be made to refuse, is not here")
    refusing = "echo 0 > /proc/sys/user/max_user_namespaces && echo 0 > /proc/sys/user/max_net_namespaces && exec \"$@\""
    script = "from Lockstep.faults.device import Device, NotHere\ntry: Device(['a', 'b'])\nexcept NotHere as no: print(no)"
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", refusing, "-", sys.executable, "-c", script], capture_output=True, text=True,
        env=with_libraries(), check=False,
    )
    assert done.stdout == ("this system does not let a user make network namespaces (unshare: No space left on device): its setting "
                           "user.max_user_namespaces is 0; who administers it can change that\n"), done.stderr


def with_libraries():
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


SUITE = """*** Settings ***
Resource          RESOURCES/lockstep.resource
Suite Setup       Start Target
Suite Teardown    Stop Target
Test Setup        Come Over A Real Link

*** Test Cases ***
Moved With Something Under Way
    Hold The Agent
    Send Burst    3
    Switch Network    to=mobile, wifi    old_path=blackholed
    Release The Agent
    ${back} =    Reconnect
    Should Be True    ${back.recovered}
    The Greeting Should Say    location_changed=${True}
    Every Message Should Be Answered Exactly Once
    Every Fault Should Have Struck

Faults Behind The Link
    Inject Fault    refuse
    Every Fault Should Have Struck
    Cut The Connection
    Set Reconnect Ladder    first=1 ms    tries=2
    Run Keyword And Expect Error    *alice*nobody listens there*    Reconnect
    End Faults
    Reconnect
    Send Burst    3
    Every Message Should Be Answered Exactly Once

Left On A Dead Path
    Switch Network    to=mobile    old_path=blackholed

Nothing Is Open
    Switch Network    to=mobile    old_path=blackholed
    Switch Network    to=home    old_path=blackholed

Closed
    Switch Network    to=mobile

Two Doors
    Route Through Real Networks    alice    home, mobile

*** Keywords ***
Come Over A Real Link
    Start Fault Proxy
    Route Through Real Networks    alice    home, mobile, wifi
    Connect As    alice    resumable=yes
"""
MISTAKES = {
    "Nothing Is Open": "usage: alice has no open connection in mobile, so that nothing is lost with it; connect first",
    "Closed": "usage: the link of a real network goes down without a sign to anybody; say old_path=blackholed",
    "Two Doors": "usage: alice goes through the fault proxy already",
}


def test_each_story_ends_as_it_should(device, robot):
    robot.run(SUITE)
    found = robot.messages
    for name, sentence in MISTAKES.items():
        status, message = found.pop(name)
        assert (status, message[:len(sentence)]) == ("FAIL", sentence), message
    assert {name: status for name, (status, _) in found.items()} == dict.fromkeys(found, "PASS"), found
    assert robot.left_behind == []
    assert "[ WARN ]" not in robot.said, robot.said
    struck = [record for record in robot.records() if record["kind"] == "fault" and record["test"].endswith("Moved With Something Under Way")]
    assert [(one["fault"], one["client"], one["network"], one["address"], one["state"], one["gate"], one["in_flight"]) for one in struck] == [
        ("link_down", "alice", "home", "10.0.0.6", "done", 1, 3)]
    assert struck[0]["packets"] > 10, json.dumps(struck)
