"""Getting in: the opening handshake, and every way in which a target can refuse it, in words."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from ..errors import EnvironmentSetupError
from ..faults.route import Route
from ..targets.connect import Connect

CLOSE_WITHIN = 5.0
ADVICE = {
    401: ", so it refused the token; see 'connect.auth' in its file", 403: ", so it refused who we are or where we come from; see 'connect.auth' and 'connect.headers' in its file",
    404: "; see 'connect.url' in its file",
}
BUSY = (408, 425, 429)
"""These say *not now* rather than *no*."""
_UNHEARD = logging.getLogger("lockstep.websocket")
_UNHEARD.setLevel(logging.CRITICAL + 1)  # Robot's TRACE would show handshakes with their tokens
Address = tuple[str, dict[str, str], list[str]]
"""URL, headers, subprotocols."""


class Refused(Exception):  # noqa: N818 - a result of the stimulus, not an error of the kit
    """The target did not let us in; the text says how. ``final``: it answered no, trying again is of no use.

    ``way`` is how it said no, as target files call it (``http 503``, ``close 1013``); empty where it said nothing.
    """

    def __init__(self, how: str, *, final: bool = False, way: str = "") -> None:
        super().__init__(how)
        self.final = final
        self.way = way


async def handshake(
    settings: Connect, address: Address, *, route: Route | None = None, source: str | None = None,
    made_by: Callable[..., ClientConnection] = ClientConnection, compressed: bool = False,
) -> ClientConnection:
    """A connection on which the WebSocket may be used; raises Refused otherwise.

    A ``route`` changes where the TCP connection goes, not the name in URL, Host header and certificate; ``source`` is the local
    address that it comes from; ``made_by`` makes the connection out of what ``websockets`` has for it.
    """
    url, headers, subprotocols = address
    place = url.split("?")[0]
    tcp: dict[str, Any] = {"ssl": tls(settings)} if (secure := url.startswith("wss:")) else {}
    no_tls = "; use ws: in 'connect.url' if it speaks no TLS" if secure else ""
    try:
        async with asyncio.timeout(settings.within):
            tcp |= await _way(route, source)
        return await connect(
            url, additional_headers=headers, subprotocols=subprotocols or None, compression="deflate" if compressed else None,  # type: ignore[arg-type]
            proxy=settings.proxy if route is None else None, open_timeout=settings.within, close_timeout=CLOSE_WITHIN, ping_interval=None,
            max_size=settings.max_size, max_queue=None, logger=_UNHEARD, create_connection=made_by,  # type: ignore[arg-type]
            **tcp,
        )
    except InvalidStatus as refusal:
        status = refusal.response.status_code
        advice = ADVICE.get(status, "")
        raise Refused(f"it answered the handshake with HTTP {status}{advice}", final=status // 100 == 4 and status not in BUSY, way=f"http {status}") from None
    except TimeoutError:
        raise Refused(f"it did not answer the handshake at {place} within {settings.within:g} s") from None
    except (InvalidURI, UnicodeError):
        raise Refused(f"{place} is no address of a WebSocket; 'connect.url' in its file must be such as ws://127.0.0.1:8000/ws", final=True) from None
    except (InvalidHandshake, ConnectionClosed) as garbage:
        if isinstance(garbage, ConnectionClosed) or isinstance(garbage.__cause__, EOFError | ConnectionError):
            raise Refused(f"it hung up during the handshake at {place}{no_tls}") from None
        raise Refused(f"what it answered at {place} is not a WebSocket handshake ({type(garbage).__name__})") from None
    except (ConnectionResetError, EOFError):
        raise Refused(f"it hung up during the handshake at {place}{no_tls}") from None
    except OSError as error:
        raise Refused(f"no connection to {place} {_cause(error, source)}") from None


async def _way(route: Route | None, source: str | None) -> dict[str, Any]:
    """Where the TCP connection goes and comes from; it is there already where its socket has to be made in another network."""
    if route is not None and route.made is not None:
        return {"sock": await route.opened(source)}
    way: dict[str, Any] = {} if route is None else {"host": route.host, "port": route.port}
    return way if source is None else {**way, "local_addr": (source, 0)}


def _cause(error: OSError, source: str | None) -> str:
    """Why there is no connection, and what to do about it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"(its certificate is not trusted: {error.verify_message}); name who signed it with 'connect.ca' in its file"
    if isinstance(error, ssl.SSLError):
        return f"(no TLS: {error.reason or 'the handshake failed'}); use ws: in 'connect.url' if it speaks no TLS"
    said = getattr(error, "strerror", None) or type(error).__name__
    if isinstance(error, socket.gaierror):
        return f"(its name is not known: {said}); see 'connect.url' in its file"
    if isinstance(error, ConnectionRefusedError):
        return f"({said}); nobody listens there: is it running, and is 'connect.url' in its file right?"
    return f"({said})" + (f"; is {source} an address of this machine?" if source else "; see 'connect.url' in its file")


def tls(settings: Connect) -> ssl.SSLContext:
    """What a secure connection trusts, and the certificate it shows."""
    for key, name in (("ca", settings.ca), ("client_certificate", settings.client_certificate)):
        if name is not None and not Path(name).is_file():
            raise EnvironmentSetupError(f"there is no file '{name}', which 'connect.{key}' in the target file names; correct the path")
    try:
        context = ssl.create_default_context(cafile=settings.ca)
        if settings.client_certificate:
            context.load_cert_chain(settings.client_certificate)
    except ssl.SSLError as error:
        raise EnvironmentSetupError(
            f"'connect.ca' or 'connect.client_certificate' in the target file names a file that is no certificate ({error.reason}); "
            "it must be PEM"
        ) from None
    return context
