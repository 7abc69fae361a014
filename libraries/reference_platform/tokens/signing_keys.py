"""Public keys of somebody else who signs tokens (RFC 7517), from a file or an address."""

from __future__ import annotations

import asyncio
import json
import logging
from time import monotonic
from typing import TYPE_CHECKING, Any

import jwt

from reference_platform.errors import PlatformError

from .faults import TokenFault, TokenRefusedError
from .text import INVALID

if TYPE_CHECKING:
    from reference_platform.configuration import Configuration

PAUSE = 5.0
"""Least seconds between two looks, so that unknown names of keys cost nobody anything."""
PATIENCE = 5.0
"""Seconds for the answer."""
LARGEST = 1_000_000
"""Bytes of it."""

_log = logging.getLogger(__name__)


class SigningKeys:
    """RSA keys by name. A name is looked up among these and nowhere else: it is never a path, an address or a question to a database."""

    def __init__(self, config: Configuration) -> None:
        self._url, self._file = config.jwks_url, config.jwks_file
        if "RS256" in config.token_algorithms and self._url is None and self._file is None:
            raise PlatformError("token_algorithms has RS256, so that jwks_url or jwks_file must say whose keys count")
        self._keys: dict[object, Any] = {}
        self._looked = -PAUSE
        self._lock = asyncio.Lock()

    async def key(self, name: object) -> Any:
        """The key of this name; where a token names none, the only key there is."""
        if name is not None and not isinstance(name, str):
            raise TokenRefusedError(INVALID, TokenFault.SIGNATURE)
        await self._look_for(name)
        if name is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        if name not in self._keys:
            raise TokenRefusedError(INVALID, TokenFault.SIGNATURE)
        return self._keys[name]

    async def published(self) -> list[dict[str, Any]]:
        """The keys as anybody may read them; none where tokens are signed with a secret only."""
        if self._url is None and self._file is None:
            return []
        await self._look_for(None)
        return [{**jwt.get_algorithm_by_name("RS256").to_jwk(key, as_dict=True), "use": "sig", "alg": "RS256", "kid": name} for name, key in self._keys.items()]

    async def _look_for(self, name: str | None) -> None:
        """Reads the keys again if none has this name, or there is none at all."""
        async with self._lock:
            if (name not in self._keys if name else not self._keys) and monotonic() - self._looked >= PAUSE:
                self._looked = monotonic()
                try:
                    self._keys = _rsa_keys(json.loads(await self._text()))
                except Exception as error:  # noqa: BLE001 - whatever is wrong over there, this platform goes on with the keys it has
                    _log.warning("the keys of the token issuer cannot be read: %s", error)

    async def _text(self) -> bytes:
        if self._file is not None:
            return await asyncio.to_thread(self._file.read_bytes)
        import aiohttp  # noqa: PLC0415 - only where keys come from an address

        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session, session.get(str(self._url)) as answer:
            answer.raise_for_status()
            return await answer.content.read(LARGEST)


def _rsa_keys(found: Any) -> dict[object, Any]:
    usable = [one for one in found["keys"] if one.get("kty") == "RSA" and one.get("use", "sig") == "sig" and one.get("alg", "RS256") == "RS256"]
    return {one.get("kid"): jwt.PyJWK.from_dict(one, algorithm="RS256").key for one in usable}
