"""What comes in over the second port: bodies and queries, with a sentence for each mistake."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web


async def body_of(request: web.Request) -> dict[str, Any]:
    """The JSON object that a request carries; an empty one for an empty body."""
    text = await request.text()
    try:
        body = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise bad("the body must be JSON") from error
    if type(body) is not dict:
        raise bad("the body must be a JSON object")
    return body


def since_in(request: web.Request) -> int:
    """The index behind which a list is wanted."""
    since = request.query.get("since", "0")
    if not since.isdecimal():
        raise bad(f"since must be a whole number from 0, not {since}")
    return int(since)


def number_in(body: dict[str, Any], name: str, default: float | None = None) -> float:
    """A number of a body, 0 or more."""
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise bad(f"{name} must be a number from 0, not {value!r}")
    return float(value)


def whole_in(body: dict[str, Any], name: str, default: int) -> int:
    """A whole number of a body, 1 or more."""
    value = body.get(name, default)
    if type(value) is not int or value < 1:
        raise bad(f"{name} must be a whole number from 1, not {value!r}")
    return value


def user_in(body: dict[str, Any]) -> str | None:
    """The user whom a body names, if any."""
    user = body.get("user")
    if user is not None and type(user) is not str:
        raise bad("user must be a user id")
    return user


def bad(reason: str) -> web.HTTPBadRequest:
    """The error to raise for a mistake of whoever asks."""
    return web.HTTPBadRequest(text=reason)
