"""Getting new tokens, over HTTP or in band; how each try ended is in the journal, and no token ever is."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from robot.api.types import Secret

from ..checks.events import Event, Kind
from ..targets.renewing import Tokens, renewed
from .activity import Activity
from .outcomes import Disconnected, QuestionRefused, Unanswered
from .sending import HANG_GUARD

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..targets import Target
    from .client import Client
    from .journal import Journal

IN_BAND = "token_refresh"
NO_TOKEN = Secret("")


@dataclass(frozen=True, slots=True)
class Renewal:
    """What came of one try."""

    accepted: bool
    way: str
    """How it was refused, such as ``http 401`` or ``error token_refused``; ``no answer`` where none came; empty where it was granted."""
    took: float
    """Seconds."""
    tokens: Tokens | None
    """The new ones, where there are any."""
    expires: float | None = None
    """When the new token is over, by the target's clock, where it says so."""

    @property
    def took_ms(self) -> float:
        """The same in milliseconds."""
        return self.took * 1000


@dataclass(frozen=True, slots=True)
class Offer:
    """Somebody wants a new token for this one."""

    role: str
    user: str
    secret: Secret
    """A refresh token; in band the new token."""
    what: str
    """In the words of the suite."""
    valid: bool
    """The target has to grant it."""
    request_id: str | None = None
    race: int | None = None
    token: Secret | None = None
    """The access token that is to be replaced, where it is known."""


def is_trouble(way: str) -> bool:
    """The service had an error of its own, or did not answer."""
    return way.startswith("http 5") or way == "no answer"


async def over_http(journal: Journal, target: Target, offer: Offer, within: float) -> Renewal:
    """One request for a new token."""
    begun = monotonic()
    answer = await renewed(target, Tokens(offer.role, offer.user, NO_TOKEN, offer.secret), offer.request_id, within)
    took = monotonic() - begun
    tokens, way = (None, answer) if isinstance(answer, str) else (answer, "")
    details = _told(offer, "http", way, took) | {"flaw": "" if tokens is None else _flaw(offer, tokens)}
    journal.write(Kind.MARK, offer.role, 0, offer.user, details={"renewal": details})
    return Renewal(not way, way, took, tokens)


async def in_band(client: Client, offer: Offer) -> Renewal:
    """Asks for the client's connection to go on with another token; its next connections use that too."""
    connection, begun = client.connection, monotonic()
    if connection is None:
        raise Disconnected(f"{client.alias} was never connected")
    answer: Event | None = None
    try:
        answer, way = await client.ask(IN_BAND, HANG_GUARD, new_token=offer.secret.value), ""
    except QuestionRefused as refusal:
        way = f"error {refusal.reason}"
    except Unanswered:
        way = "no answer"
    except Disconnected:
        said = (connection.close_event.details if connection.close_event else None) or {}
        way = f"close {said.get('code')}"
    took, fields = monotonic() - begun, (answer.details or {}).get("fields") or {} if answer is not None else {}
    expires, counted = fields.get("expires_at"), fields.get("refresh_count")
    connection.mark(renewal={**_told(offer, "in_band", way, took), "expires": expires, "counted": counted})
    if not way:
        client.token = offer.secret
    return Renewal(not way, way, took, None, expires)


async def together(journal: Journal, target: Target, offers: list[Offer], within: float) -> list[Renewal]:
    """All of them at once."""
    return list(await asyncio.gather(*(over_http(journal, target, one, within) for one in offers)))


async def keep_fresh(
    activity: Activity, client: Client, target: Target, *, before: float, every: float, expires: float, new: Callable[[], Awaitable[tuple[Secret, str]]],
) -> int:
    """Renews the client's token in band whenever less than ``before`` s of it are left, by the target's clock; returns how often."""
    renewals = 0
    while not activity.is_ending():
        if expires - await target.now() < before:
            secret, user = await new()
            with suppress(Disconnected):
                renewal = await in_band(client, Offer(client.account.role, user, secret, "a new token in good time", valid=True))
                renewals, expires = renewals + renewal.accepted, renewal.expires or expires
        await activity.pause(every)
    return renewals


def _flaw(offer: Offer, tokens: Tokens) -> str:
    """What is wrong with tokens that were given."""
    if tokens.user != offer.user:
        return "of another user"
    known = {offer.secret.value, *([offer.token.value] if offer.token is not None else [])}
    return "the old ones" if known & {tokens.token.value, tokens.refresh_token.value} else ""


def _told(offer: Offer, by: str, way: str, took: float) -> dict[str, Any]:
    return {
        "what": offer.what, "by": by, "valid": offer.valid, "accepted": not way, "way": way, "troubled": is_trouble(way), "took": took,
        "expires": None, "counted": None, "race": offer.race,
    }  # fmt: skip
