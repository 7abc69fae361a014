"""A user's device with networks that it can change: its connections are made in a network namespace, over links that really go down."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import EnvironmentSetupError, UsageError
from .route import Route
from .sockets import next_of

PROGRAM = Path(__file__).with_name("namespaces.py")
SYSTEM = Path("/proc/sys")
SETTINGS = {
    "user/max_user_namespaces": "0", "user/max_net_namespaces": "0", "kernel/unprivileged_userns_clone": "0",
    "kernel/apparmor_restrict_unprivileged_userns": "1",
}
"""Settings of Linux that forbid namespaces to users, each with the value that does."""
ANSWERS_WITHIN = 20.0
"""s for what takes milliseconds where nobody else needs the machine."""
MOST_SAID = 4096
MANY_PLACES = os.pathsep.join(("/usr/sbin", "/sbin"))
"""Where the system's programs are which are not in the PATH of every user."""


class NotHere(Exception):  # noqa: N818 - a fact about this machine, not an error of the kit
    """This machine has no networks of that kind to give; the text says what is missing and what to do."""


class _NotAllowedError(EnvironmentSetupError):
    """The system did not allow it."""


class Device:
    """One user's device in one of its networks. ``close`` ends it; it ends by itself when this process does.

    What it is asked for is waited for, also by the loop, where no other thread asks: it is a matter of a few milliseconds.
    """

    def __init__(self, networks: Sequence[str]) -> None:
        self.networks = tuple(networks)
        self.network = ""
        """The network that the device is in."""
        self.address = self.gateway = ""
        self._one_at_a_time = threading.Lock()
        self._process, self._control = _started()
        try:
            self._told()
            self.enter(self.networks[0])
        except _NotAllowedError as error:
            self.close()
            raise NotHere(f"this system does not let a user make network namespaces ({error.args[0]}){advice()}") from None
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """Process id of the program that holds the namespaces."""
        return self._process.pid

    def other(self, networks: Sequence[str]) -> str:
        """The one of these behind that of now; refuses what the device does not have, or is in already."""
        for network in networks:
            if network not in self.networks:
                raise UsageError(f"to must be one of {', '.join(self.networks)}, the networks of this client, not '{network}'")
        other = next_of(networks, self.network)
        if other == self.network:
            raise UsageError(f"the client is in {other} already; its other networks are: {', '.join(one for one in self.networks if one != other)}")
        return other

    def enter(self, network: str) -> None:
        """The device is in a network, on a link and with an address that it never had before."""
        said, _ = self._ask("enter")
        self.network, self.address, self.gateway = network, said["device"], said["gateway"]

    def leave(self) -> dict[str, Any]:
        """The link goes down, of which nobody gets a sign; returns what had passed."""
        said, _ = self._ask("leave")
        return said

    def bound(self, port: int) -> socket.socket:
        """A socket that has a port of the gateway, on all of its links; it refuses connections until it listens."""
        one = self.made("gateway")
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind(("", port))
        return one

    def route(self, port: int) -> Route:
        """How a connection gets from the device to that port of the gateway."""
        return Route(self.gateway, port, partial(asyncio.to_thread, self.made, "device"))

    def made(self, place: str) -> socket.socket:
        """A new socket of the device, or of the gateway."""
        _, (one,) = self._ask(place)
        one.settimeout(0)
        return one

    def close(self) -> None:
        """The namespaces end, and with them what goes on there; nothing stays behind."""
        self._control.close()
        try:
            self._process.wait(ANSWERS_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, word: str) -> tuple[dict[str, Any], list[socket.socket]]:
        with self._one_at_a_time:
            with suppress(OSError):  # it is gone, which the read says as well
                self._control.send(word.encode())
            return self._told()

    def _told(self) -> tuple[dict[str, Any], list[socket.socket]]:
        data, descriptors = b"", list[int]()
        with suppress(OSError):  # too late, or gone
            data, descriptors, _, _ = socket.recv_fds(self._control, MOST_SAID, 1)
        if not data:
            self._control.close()  # what it might still say would be taken for another answer
            raise EnvironmentSetupError(f"the program that holds the networks (process {self.pid}) has ended or does not answer")
        said = json.loads(data)
        if "failed" in said:
            raise _NotAllowedError(said["failed"])
        return said, [socket.socket(fileno=one) for one in descriptors]


def _started() -> tuple[subprocess.Popen[bytes], socket.socket]:
    if not sys.platform.startswith("linux"):
        raise NotHere("networks of a device's own are made of network namespaces, which only Linux has; run this test there")
    ip = shutil.which("ip", path=os.pathsep.join((os.environ.get("PATH", os.defpath), MANY_PLACES)))
    if ip is None:
        raise NotHere("the program 'ip', which makes the links of a device, is missing; install the package iproute2")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(ANSWERS_WITHIN)
    with theirs:
        process = subprocess.Popen(  # noqa: S603 - a program of ours
            [sys.executable, "-I", str(PROGRAM), str(theirs.fileno()), ip], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
        )
    return process, ours


def advice(system: Path = SYSTEM) -> str:
    """Which setting of this system forbids it, and what to do."""
    for name, value in SETTINGS.items():
        with suppress(OSError):
            if (system / name).read_text(encoding="ascii").strip() == value:
                return f": its setting {name.replace('/', '.')} is {value}; who administers it can change that"
    return "; a container often forbids it: run this test outside, or allow there what 'unshare --user --map-root-user --net' needs"
