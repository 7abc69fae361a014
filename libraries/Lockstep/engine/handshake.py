"""Getting in: the opening handshake, and every way in which a target can refuse it, in words."""

from __future__ import annotations

import logging
import ssl

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from ..targets.model import Connect

CLOSE_WITHIN = 5.0
ADVICE = {
    401: ", so it refused the token; see 'connect.auth' in its file", 403: ", so it refused the token; see 'connect.auth' in its file",
    404: "; see 'connect.url' in its file",
}
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


async def handshake(settings: Connect, address: Address) -> ClientConnection:
    """A connection on which the WebSocket may be used; raises Refused otherwise."""
    url, headers, subprotocols = address
    place = url.split("?")[0]
    try:
        return await connect(
            url, additional_headers=headers, subprotocols=subprotocols or None, compression=None, proxy=settings.proxy,  # type: ignore[arg-type]
            open_timeout=settings.within, close_timeout=CLOSE_WITHIN, ping_interval=None, max_size=settings.max_size, max_queue=None,
            ssl=tls(settings) if url.startswith("wss:") else None, logger=_UNHEARD,
        )
    except InvalidStatus as refusal:
        status = refusal.response.status_code
        advice = ADVICE.get(status, "")
        raise Refused(f"it answered the handshake with HTTP {status}{advice}", final=status // 100 == 4, way=f"http {status}") from None
    except TimeoutError:
        raise Refused(f"it did not answer the handshake at {place} within {settings.within:g} s") from None
    except (InvalidHandshake, InvalidURI, ConnectionClosed) as garbage:
        if isinstance(garbage, ConnectionClosed) or isinstance(garbage.__cause__, EOFError | ConnectionError):
            raise Refused(f"it hung up during the handshake at {place}") from None
        raise Refused(f"what it answered at {place} is not a WebSocket handshake ({type(garbage).__name__})") from None
    except (ConnectionResetError, EOFError):
        raise Refused(f"it hung up during the handshake at {place}") from None
    except OSError as error:
        raise Refused(f"no connection to {place} ({getattr(error, 'strerror', None) or type(error).__name__})") from None


def tls(settings: Connect) -> ssl.SSLContext:
    """What a secure connection trusts, and the certificate it shows."""
    context = ssl.create_default_context(cafile=settings.ca)
    if settings.client_certificate:
        context.load_cert_chain(settings.client_certificate)
    return context
