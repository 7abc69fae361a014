"""What a device says where this machine has no networks to give, and that its program leaves nothing behind."""

import sys
from types import SimpleNamespace

import psutil
import pytest
from robot.api import SkipExecution

from Lockstep.errors import EnvironmentSetupError, UsageError
from Lockstep.faults import device
from Lockstep.faults.proxy import FaultProxy
from Lockstep.keywords import real_networks
from Lockstep.keywords.kit import Kit
from Lockstep.keywords.real_networks import RealNetworkKeywords, drop_what_is_dead

on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the program is started on Linux only")
OF_THE_KERNEL = "kernel.apparmor_restrict_unprivileged_userns"


@pytest.mark.parametrize(("settings", "sentence"), [
    ({"user/max_user_namespaces": "0\n"}, ": its setting user.max_user_namespaces is 0; who administers it can change that"),
    ({"user/max_user_namespaces": "9", "kernel/apparmor_restrict_unprivileged_userns": "1\n"}, f": its setting {OF_THE_KERNEL} is 1; who administers it can change that"),
    ({"kernel/unprivileged_userns_clone": "0"}, ": its setting kernel.unprivileged_userns_clone is 0; who administers it can change that"),
    ({"kernel/unprivileged_userns_clone": "1", "kernel/apparmor_restrict_unprivileged_userns": "0"}, "; a container often forbids it: run this test outside"),
    ({}, "; a container often forbids it: run this test outside, or allow there what 'unshare --user --map-root-user --net' needs"),
])
def test_the_setting_that_forbids_it_is_named(tmp_path, settings, sentence):
    for name, value in settings.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(value)
    assert device.advice(tmp_path).startswith(sentence)


def routed(tmp_path, monkeypatch, networks="home, mobile", client="alice", gates=()):
    monkeypatch.chdir(tmp_path)
    kit = Kit()
    kit.fault_proxy = FaultProxy(lambda: ("127.0.0.1", 1), lambda *_: None, lambda _: 0, 1)
    kit.fault_proxy.gates.update(gates)
    try:
        RealNetworkKeywords(kit).route_through_real_networks(client, networks)
    finally:
        kit.engine.stop()


def test_a_system_without_namespaces_skips_the_test(tmp_path, monkeypatch):
    monkeypatch.setattr(device.sys, "platform", "darwin")
    with pytest.raises(SkipExecution, match=r"^not available here: networks of a device's own are made of network namespaces, which only Linux has; run this test there$"):
        routed(tmp_path, monkeypatch)


@on_linux
def test_a_system_without_the_program_that_makes_links_skips_the_test(tmp_path, monkeypatch):
    monkeypatch.setattr(device.shutil, "which", lambda *_, **__: None)
    with pytest.raises(SkipExecution, match=r"^not available here: the program 'ip', which makes the links of a device, is missing; install the package iproute2$"):
        routed(tmp_path, monkeypatch)


@on_linux
def test_a_system_that_refuses_skips_the_test_in_its_own_words(tmp_path, monkeypatch):
    instead_of_the_program(tmp_path, monkeypatch, "control.send(json.dumps({'failed': 'unshare: Operation not permitted'}).encode())")
    with pytest.raises(SkipExecution, match=r"^not available here: this system does not let a user make network namespaces \(unshare: Operation not permitted\)[:;] "):
        routed(tmp_path, monkeypatch)
    assert children() == []


@on_linux
def test_a_program_that_dies_is_an_error_and_no_reason_to_skip(tmp_path, monkeypatch):
    instead_of_the_program(tmp_path, monkeypatch, "sys.exit(3)")
    with pytest.raises(EnvironmentSetupError, match=r"^environment: the program that holds the networks \(process \d+\) has ended or does not answer$"):
        routed(tmp_path, monkeypatch)
    assert children() == []


@pytest.mark.parametrize("networks", ["home", "home, home", "home, wifi, home", ""])
def test_one_network_cannot_be_changed(tmp_path, monkeypatch, networks):
    with pytest.raises(UsageError, match=rf"^usage: networks must be two different names or more, such as 'home, mobile', not '{networks}'$"):
        routed(tmp_path, monkeypatch, networks)


def test_each_client_has_a_device_of_its_own(tmp_path, monkeypatch):
    with pytest.raises(UsageError, match=r"^usage: each client has a device of its own; name one client, such as alice$"):
        routed(tmp_path, monkeypatch, client="everyone")


def test_a_device_that_cannot_be_used_is_put_away(tmp_path, monkeypatch):
    closed = []
    monkeypatch.setattr(real_networks, "Device", lambda networks: SimpleNamespace(close=lambda: closed.append(networks)))
    with pytest.raises(UsageError, match=r"^usage: alice goes through the fault proxy already$"):
        routed(tmp_path, monkeypatch, gates={"alice": None})
    assert closed == [["home", "mobile"]]


@pytest.mark.parametrize(("open_connection", "dropped"), [(None, 1), ("a link", 0)])
def test_who_did_not_come_back_is_dropped_since_nobody_would_answer_a_close(open_connection, dropped):
    drops = []

    async def drop():
        drops.append(1)

    kit = Kit()
    kit.engine.clients["alice"] = SimpleNamespace(connection=SimpleNamespace(drop=drop))
    drop_what_is_dead(kit, SimpleNamespace(client="alice", current=open_connection))
    drop_what_is_dead(kit, SimpleNamespace(client="bob", current=None))
    kit.engine.stop()
    assert len(drops) == dropped


def instead_of_the_program(tmp_path, monkeypatch, line):
    (tmp_path / "program.py").write_text(f"import json, socket, sys\ncontrol = socket.socket(fileno=int(sys.argv[1]))\n{line}\n")
    monkeypatch.setattr(device, "PROGRAM", tmp_path / "program.py")
    monkeypatch.setattr(device.shutil, "which", lambda *_, **__: "ip")


def children():
    return [child.cmdline() for child in psutil.Process().children() if "program.py" in " ".join(child.cmdline()) or child.status() == psutil.STATUS_ZOMBIE]
