"""What is done to plain sockets, in words: connect from an address, end in one way or another."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

CHUNK = 64 * 1024
BUFFER = 256 * 1024
"""Bytes that the system keeps for each socket and way: what is under way when nobody reads stays small."""
LINGER = 5.0
"""s for the peer to close its side after ours is closed."""
LOOPBACK = "127.0.0.1"
Address = tuple[str, int]
Made = Callable[[], Awaitable[socket.socket]]
"""Makes a socket, where it is to belong to another network than this process does."""


class NoSuchAddress(Exception):  # noqa: N818 - a fact about this machine, not an error of the kit
    """This machine has no such address; the text says what to do."""


def bound(port: int, host: str = LOOPBACK) -> socket.socket:
    """A socket with this port (0: any that is free), which refuses connections until it listens."""
    one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name != "nt":  # there it would let two programs have the same port
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _small_buffers(one)
        one.settimeout(0)
        one.bind((host, port))
    except OSError:
        one.close()
        raise
    return one


async def connected(address: Address, source: str | None, made: Made | None = None) -> socket.socket:
    """A connection to an address, from a source address of this machine where one is given."""
    loop = asyncio.get_running_loop()
    last: OSError = OSError(f"{address[0]} has no address")
    for family, kind, protocol, _, place in await loop.getaddrinfo(*address, type=socket.SOCK_STREAM):
        one = socket.socket(family, kind, protocol) if made is None else await made()
        try:
            one.settimeout(0)
            _small_buffers(one)
            if source is not None:
                one.bind((source, 0))
            await loop.sock_connect(one, place)
        except OSError as error:
            one.close()
            last = error
        except BaseException:
            one.close()
            raise
        else:
            return one
    raise last


def prepare(one: socket.socket) -> None:
    """Each write leaves at once: what is sent in pieces shall arrive in pieces."""
    one.settimeout(0)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def must_have(source: str) -> None:
    """Raises where connections cannot come from this address."""
    try:
        bound(0, source).close()
    except OSError:
        advice = f"; on macOS 'sudo ifconfig lo0 alias {source}' makes one" if source.startswith("127.") else ""
        raise NoSuchAddress(f"this machine has no address {source} that connections could come from{advice}") from None


def next_of(addresses: Sequence[str], now: str | None) -> str:
    """The address behind the one of now, in a circle; the first, where that is none of them."""
    return addresses[(addresses.index(now) + 1) % len(addresses)] if now in addresses else addresses[0]


def reset(one: socket.socket) -> None:
    """Ends it so that the peer sees a reset (RST); does nothing to one that is closed."""
    if one.fileno() != -1:
        with suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if os.name == "nt" else "ii", 1, 0))
        one.close()


def end_writing(one: socket.socket) -> None:
    """The peer sees the end of the stream (FIN)."""
    with suppress(OSError):  # it is gone already
        one.shutdown(socket.SHUT_WR)


async def close(one: socket.socket) -> None:
    """Ends it so that the peer sees the end of the stream; what it still says is read, else it would see a reset."""
    end_writing(one)
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(LINGER):
            while await asyncio.get_running_loop().sock_recv(one, CHUNK):
                pass
    one.close()


async def swallow(one: socket.socket) -> None:
    """Takes whatever the peer says, and lets it hear nothing for ever."""
    with suppress(OSError):
        while await asyncio.get_running_loop().sock_recv(one, CHUNK):
            pass
    await asyncio.get_running_loop().create_future()


def _small_buffers(one: socket.socket) -> None:
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        one.setsockopt(socket.SOL_SOCKET, option, BUFFER)
