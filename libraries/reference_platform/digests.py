"""The digest by which contents are named: the first 16 hex characters of SHA-256."""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256
from importlib import import_module

SHORT = 250
"""Bytes up to which Python's own SHA-256 is used: it takes half the time of OpenSSL's, which is set up anew for each text."""

_short_sha256 = sha256
for _module in ("_sha256", "_sha2"):  # its name up to Python 3.11 and from 3.12 on
    with suppress(ImportError):
        _short_sha256 = import_module(_module).sha256


def digest(text: str) -> str:
    """The digest of a text."""
    data = text.encode()
    hashed = _short_sha256(data) if len(data) <= SHORT else sha256(data)
    return hashed.hexdigest()[:16]
