"""Signing tokens as the target's issuer does, with a key that its file names and nobody writes down."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import EnvironmentSetupError, UsageError
from ..token_forms import Sign, encoded, written

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


def _key(target: Target) -> str:
    signing = target.file.connect.auth.signing
    source = signing.key if signing is not None else None
    if source is None or source.source == "lifecycle":
        return target.fill("{secret}")
    key = os.environ.get(source.name or "")
    if not key:
        raise EnvironmentSetupError(f"{target.path}: the signing key is read from the environment variable {source.name}, which is not set")
    return key
