"""A program of its own: holds a user's device and the gateway of its networks, two network namespaces, and the links between them.

It is told what to do on a socket that it inherits (its number is the argument), and answers in JSON, with the file descriptor of a new
socket where one is asked for: a socket stays in the namespace in which it was made, whoever has it. It ends when nobody can tell it
anything any more, and the namespaces vanish with it and with the last of those sockets.

A whole process enters a namespace, and only one with a single thread may become its own user, hence the program. It imports nothing
of the kit, which would take longer than everything that it does.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from ipaddress import IPv4Address
from pathlib import Path
from time import monotonic

NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
"""CLONE_NEWUSER and CLONE_NEWNET of Linux."""
NAMESPACE = "/proc/self/ns/net"
FIRST = IPv4Address("10.0.0.0")
"""Each link is the next network of four addresses: the second one is the gateway's, the third one the device's."""
READY_WITHIN = 10.0
"""s for a new link to carry something."""
ASKS_AGAIN = 20
"""ms after which the device asks once more who has an address: the other end of a new link answers a moment later than it is up."""
AGAIN = 0.05
"""s after which a datagram counts as lost and another one is sent."""
LONGEST_WORD = 100


class Failed(Exception):  # noqa: N818 - told in a sentence to who asked
    """The system did not allow something; the text says what, and what it said."""


class Networks:
    """The two namespaces and the link that is up."""

    def __init__(self, ip: str) -> None:
        self._ip = ip
        _become_private()
        self._places = {"device": os.open(NAMESPACE, os.O_RDONLY)}
        _kernel("unshare", NEW_NETWORK)
        self._places["gateway"] = os.open(NAMESPACE, os.O_RDONLY)
        self._links = 0
        self._packets = 0

    def socket(self, place: str, kind: int = socket.SOCK_STREAM) -> socket.socket:
        """A new socket that belongs there."""
        _kernel("setns", self._places[place], NEW_NETWORK)
        return socket.socket(socket.AF_INET, kind)

    def enter(self) -> dict[str, object]:
        """A new link, with addresses that no link before it had; returns when it carries something."""
        self._links += 1
        link, peer, gateway, device = f"link{self._links}", f"peer{self._links}", FIRST + 4 * self._links + 1, FIRST + 4 * self._links + 2
        where = f"/proc/self/fd/{self._places['device']}"
        self._configure("gateway", f"link add {peer} type veth peer name {link} netns {where}", f"address add {gateway}/30 dev {peer}", f"link set {peer} up")
        self._configure("device", f"address add {device}/30 dev {link}", f"link set {link} up", f"ntable change name arp_cache dev {link} retrans {ASKS_AGAIN}")
        self._prove(str(gateway))
        self._packets = self._passed()
        return {"device": str(device), "gateway": str(gateway)}

    def leave(self) -> dict[str, object]:
        """The link goes down and its address is gone; returns when nothing can leave the device that way, with the packets that had passed."""
        link, gateway = f"link{self._links}", FIRST + 4 * self._links + 1
        packets = self._passed() - self._packets
        self._configure("device", f"link set {link} down", f"address flush dev {link}")
        with self.socket("device", socket.SOCK_DGRAM) as one:
            try:
                one.sendto(b"?", (str(gateway), 9))
            except OSError as error:
                if error.errno == errno.ENETUNREACH:
                    return {"packets": packets}
                raise
        raise Failed(f"{link} was taken down, and {gateway} can be reached all the same")

    def _configure(self, place: str, *commands: str) -> None:
        _kernel("setns", self._places[place], NEW_NETWORK)
        done = subprocess.run(  # noqa: S603 - the system's own program, and words of ours
            [self._ip, "-batch", "-"], input="\n".join(commands), pass_fds=list(self._places.values()), capture_output=True, text=True, check=False,
        )
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["nothing"]
            raise Failed(f"a link of its own could not be made ('{self._ip}' said: {said[0]})")

    def _prove(self, gateway: str) -> None:
        """Sends datagrams until one is heard at the other end: the carrier of a link comes a moment later than its state."""
        with self.socket("gateway", socket.SOCK_DGRAM) as there, self.socket("device", socket.SOCK_DGRAM) as here:
            there.bind((gateway, 0))
            there.settimeout(AGAIN)
            deadline = monotonic() + READY_WITHIN
            while monotonic() < deadline:
                with suppress(OSError):  # too late, or nobody has answered yet who has that address
                    here.sendto(b"?", there.getsockname())
                    there.recv(1)
                    return
        raise Failed(f"a new link carried nothing within {READY_WITHIN:g} s")

    def _passed(self) -> int:
        """Packets that the device has sent and received on its link."""
        _kernel("setns", self._places["device"], NEW_NETWORK)
        lines = Path("/proc/self/net/dev").read_text(encoding="ascii").splitlines()
        figures = next(line.split() for line in lines if line.split()[0] == f"link{self._links}:")
        return int(figures[2]) + int(figures[10])


def _become_private() -> None:
    """A network namespace of its own, as a user who may do everything in there and nothing outside; for root also without such a user."""
    user, group = os.geteuid(), os.getegid()
    try:
        _kernel("unshare", NEW_USER | NEW_NETWORK)
    except Failed:
        if user:
            raise
        _kernel("unshare", NEW_NETWORK)
        return
    try:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            Path(f"/proc/self/{name}").write_text(text, encoding="ascii")
    except OSError as error:
        raise Failed(f"a user of a namespace's own could not be made: {error.strerror}") from None


def _kernel(call: str, *arguments: int) -> None:
    """A call of the system that Python knows from 3.12 on."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, call)(*arguments):
        raise Failed(f"{call}: {os.strerror(ctypes.get_errno())}")


def serve(control: socket.socket, ip: str) -> None:
    """Says whether the namespaces are there, and does what it is told until nobody is there any more."""
    try:
        networks = Networks(ip)
    except (Failed, OSError) as error:
        _answer(control, {"failed": str(error)})
        return
    _answer(control, {})
    while word := control.recv(LONGEST_WORD).decode():
        try:
            if word == "enter":
                _answer(control, networks.enter())
            elif word == "leave":
                _answer(control, networks.leave())
            else:
                with networks.socket(word) as one:
                    _answer(control, {}, one)
        except (Failed, OSError) as error:
            _answer(control, {"failed": str(error)})


def _answer(control: socket.socket, said: dict[str, object], *made: socket.socket) -> None:
    with suppress(BrokenPipeError):  # who asked is gone, which the next read says as well
        socket.send_fds(control, [json.dumps(said).encode()], [one.fileno() for one in made])


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a person's Ctrl+C is for the kit, which still has something to end
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2])
