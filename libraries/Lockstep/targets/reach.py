"""Looks whether a target can be reached: one that runs already before a suite spends its time on it, one that was started until it is ready."""

from __future__ import annotations

import asyncio
import socket
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPException
from time import monotonic, sleep
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

WITHIN = 5.0
PORTS = {"ws": 80, "http": 80, "wss": 443, "https": 443}
POLL = 0.1
"""s between two looks at a server that is starting."""
Endpoint = tuple[str, str, str | None]


async def unreachable(endpoints: Sequence[Endpoint], within: float = WITHIN) -> list[str]:
    """Of each address that takes no connection what it is and why; all are asked at the same time."""
    reasons = await asyncio.gather(*(_reason(url, within) for _label, url, _variable in endpoints))
    return [
        f"{label} {url.split('?')[0]}{f' (from {variable})' if variable else ''}: {reason}"
        for (label, url, variable), reason in zip(endpoints, reasons, strict=True) if reason
    ]


async def _reason(url: str, within: float) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or PORTS.get(parts.scheme)
    except ValueError:
        host = port = None
    if not host or not port:
        return "not an address such as ws://host:port/path"
    try:
        async with asyncio.timeout(within):
            _reader, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        return f"no connection within {within:g} s"
    except OSError as error:
        return f"no connection ({_words(error)})"
    writer.close()
    return ""


def _words(error: OSError) -> str:
    """Python joins several tried addresses into one text; the first reason is enough."""
    return "connection refused" if isinstance(error, ConnectionRefusedError) or "refused" in str(error) else error.strerror or str(error)


def free_port() -> int:
    """A port of this machine that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_taken(port: str) -> bool:
    """True when somebody listens there."""
    try:
        socket.create_connection(("127.0.0.1", int(port)), 1).close()
    except OSError:
        return False
    return True


def answering(url: str, headers: Mapping[str, str], within: float, while_: Callable[[], bool]) -> str:
    """Asks until an address answers with 2xx; what it said last where it never did, within this time and ``while_`` that holds."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # the address is this machine's: no proxy knows it
    deadline, said = monotonic() + within, "was never asked"
    while monotonic() < deadline and while_():
        try:
            with opener.open(urllib.request.Request(url, headers=dict(headers)), timeout=min(WITHIN, within)):  # noqa: S310 - of the user's own file
                return ""
        except HTTPError as refusal:
            said = f"answered HTTP {refusal.code}"
            refusal.close()
        except (URLError, OSError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            said = f"gave no answer ({_words(reason) if isinstance(reason, OSError) else reason})"
        except ValueError:
            return "is no address such as http://127.0.0.1:{free_port}/health"
        sleep(POLL)
    return said
