"""Signing tokens as the target's issuer does, with a key that its file names and nobody writes down."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import EnvironmentSetupError, UsageError
from ..token_forms import Published, Sign, encoded, written

if TYPE_CHECKING:
    from .target import Target


def signer(target: Target) -> Sign:
    """What signs header and claims; an error where the key is not there."""
    signing = target.file.connect.auth.signing
    if signing is None:
        raise UsageError(f"{target.title} gives us no key; its file has no 'connect.auth.signing'")
    import jwt  # noqa: PLC0415 - who signs no tokens need not pay for it

    algorithm = jwt.get_algorithm_by_name(signing.algorithm)
    try:
        key = algorithm.prepare_key(_key(target))
    except (jwt.InvalidKeyError, ValueError, TypeError):
        raise EnvironmentSetupError(f"{target.path}: what 'connect.auth.signing.key' names is no key for {signing.algorithm}") from None

    def sign(header: Mapping[str, Any], claims: bytes) -> str:
        part = f"{encoded(written({**header, 'alg': signing.algorithm}))}.{encoded(claims)}"
        return f"{part}.{encoded(algorithm.sign(part.encode(), key))}"

    return sign


async def published(target: Target) -> Published:
    """The first RSA key that the target publishes (RFC 7517); an error where it publishes none."""
    import jwt  # noqa: PLC0415 - who looks at no keys need not pay for them
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    address = target.file.connect.auth.public_keys
    if address is None:
        raise UsageError(f"{target.title} publishes no keys; its file has no 'connect.auth.public_keys'")
    answer = await target.http.json("public keys", "GET", target.fill(address))
    listed = answer.get("keys") if isinstance(answer, dict) else None
    try:
        found = next(one for one in listed or () if one["kty"] == "RSA")
        key = jwt.PyJWK.from_dict(found, algorithm="RS256").key
    except (StopIteration, KeyError, TypeError, ValueError, AttributeError, jwt.PyJWTError):
        raise EnvironmentSetupError(f"public keys: what 'connect.auth.public_keys' in {target.path} names has no RSA key in the form of RFC 7517") from None
    return Published(found.get("kid"), key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def _key(target: Target) -> str:
    signing = target.file.connect.auth.signing
    source = signing.key if signing is not None else None
    if source is None or source.source == "lifecycle":
        return target.fill("{secret}")
    key = os.environ.get(source.name or "")
    if not key:
        raise EnvironmentSetupError(f"{target.path}: the signing key is read from the environment variable {source.name}, which is not set")
    return key
