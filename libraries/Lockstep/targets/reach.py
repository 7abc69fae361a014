"""Looks whether a target that runs already can be reached at all, before a suite spends its time on it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

WITHIN = 5.0
PORTS = {"ws": 80, "http": 80, "wss": 443, "https": 443}
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
