"""Where the table is tried: an address, what its handshake needs, and a message that the server understands."""

from __future__ import annotations

import itertools
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from ..errors import UsageError
from .table import CHARACTER, Repeated, Request

KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""The key of RFC 6455's own example, and what every server answers to it (1.3)."""
_numbers = itertools.count(1)
_PORTS = {"ws": 80, "wss": 443}


def hello(name: str) -> bytes:
    """A message for a server that echoes whatever it gets."""
    return f"lockstep {name} Gr{CHARACTER}n".encode()


@dataclass(frozen=True, slots=True)
class Place:
    """One server; ``message`` makes one whose answer carries the name it is given."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    subprotocols: Sequence[str] = field(default=(), repr=False)
    message: Callable[[str], bytes] = hello
    greeting: bytes | None = field(default=None, repr=False)
    """A text that must be sent first."""
    context: ssl.SSLContext | None = None
    secret: str = field(default="", repr=False)
    """What must never be shown, also where the server repeats it."""
    patience: float = 5.0
    """s to wait for what must come."""

    def connect(self) -> socket.socket:
        """A new TCP connection, with TLS on it where the address says so."""
        parts = split(self.url)
        plain = socket.create_connection((parts.hostname or "", parts.port or _PORTS[parts.scheme]), timeout=self.patience)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if parts.scheme == "ws":
            return plain
        return (self.context or ssl.create_default_context()).wrap_socket(plain, server_hostname=parts.hostname)

    def request(self, odd: Request | None) -> bytes:
        """The opening handshake, with what is to be odd about it."""
        parts, odd = split(self.url), odd or Request()
        path = (odd.path or parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers: dict[str, str | Repeated | None] = {
            "Host": parts.netloc.rpartition("@")[2], "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": KEY,
            "Sec-WebSocket-Version": "13", **self.headers,
        }
        if self.subprotocols:
            headers["Sec-WebSocket-Protocol"] = ", ".join(self.subprotocols)
        headers |= odd.headers
        lines = [odd.line or f"{odd.method} {path} {odd.http}"]
        lines += [f"{name}: {value.repeat * value.times if isinstance(value, Repeated) else value}" for name, value in headers.items() if value is not None]
        return "\r\n".join([*lines, "", ""]).encode()

    def is_here(self) -> bool:
        """The address is one of this machine's own."""
        name = split(self.url).hostname or ""
        return name in {"localhost", "::1"} or name.startswith("127.")


def split(url: str) -> SplitResult:
    """The parts of an address of a WebSocket."""
    try:
        parts = urlsplit(url)
        if parts.scheme in _PORTS and parts.hostname and parts.port != 0:
            return parts
    except ValueError:
        pass
    raise UsageError(f"'{url.partition('?')[0]}' is no address of a WebSocket; write ws://127.0.0.1:8000/ws")


def fresh_name() -> str:
    """A name that no message had before."""
    return f"wire-{next(_numbers)}"
