"""Where a new connection goes, and what its handshake says: of the user, of the token and of the session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

from robot.api.types import Secret

from .connect import Connect
from .placeholders import filled, filled_body


def address_of(
    connect: Connect, fill: Callable[..., str], token: Secret | None, values: Mapping[str, object], resume: Mapping[str, object] | None,
) -> tuple[str, dict[str, str], list[str]]:
    """URL, headers and sub-protocols; ``fill`` knows the addresses of the target."""
    url = fill(connect.url, **{name: quote(str(value), safe="") for name, value in values.items()})
    headers = {name: fill(value, **values) for name, value in connect.headers.items()}
    subprotocols = list(connect.subprotocols)
    query: dict[str, object] = {}
    if connect.resume is not None and resume is not None:
        carried = connect.resume.with_ if resume else connect.resume.ask
        known = {**values, **resume}
        query = filled_body(carried.query, known)
        headers |= {name: str(value) for name, value in filled_body(carried.headers, known).items()}
    if token is not None:
        secret = token.value
        value = filled(connect.auth.value, lambda _token: secret)
        if connect.auth.by == "header":
            headers[connect.auth.name] = value
        elif connect.auth.by == "query":
            query[connect.auth.name] = value
        elif connect.auth.by == "subprotocol":
            subprotocols = [value, *connect.auth.beside, *subprotocols]
    if query:
        url += ("&" if "?" in url else "?") + urlencode(query, quote_via=quote)
    return url, headers, subprotocols
