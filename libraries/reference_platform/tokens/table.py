"""Refresh tokens and revoked tokens in the store. Of a refresh token only its digest is kept."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import dataclass, field
from typing import Any, NamedTuple

SCHEMA = """
CREATE TABLE IF NOT EXISTS refresh_tokens (
    digest TEXT PRIMARY KEY, user TEXT, account TEXT, token_id TEXT, token_expires REAL, expires REAL, request_id TEXT, used REAL);
CREATE TABLE IF NOT EXISTS revoked_tokens (id TEXT PRIMARY KEY, expires REAL);
"""


class Account(NamedTuple):
    """For whom tokens are made, and what they are to be like."""

    email: str
    lifetime: float
    """Seconds, of each access token"""
    refresh_lifetime: float
    """and of each refresh token."""
    claims: dict[str, Any]
    """Claims of its own."""


@dataclass(slots=True, eq=False)
class Grant:
    """What a refresh token is good for, once."""

    digest: str
    user: str
    account: Account
    token_id: str
    """The access token that was given together with it,"""
    token_expires: float
    expires: float
    request_id: str | None = None
    """The request that has used it,"""
    used: float | None = None
    """and when; None: it can still be used."""


class Known(NamedTuple):
    """What a start finds."""

    grants: dict[str, Grant]
    """By digest."""
    revoked: dict[str, float]
    """Id of each token that is dead before its time, and when it would have expired."""


@dataclass(slots=True, eq=False)
class Changes:
    """What a transaction makes durable of tokens."""

    grants: dict[Grant, None] = field(default_factory=dict)
    """As they are when it is written, each once."""
    revoked: list[tuple[str, float]] = field(default_factory=list)

    @property
    def are_some(self) -> bool:
        """There is something to write."""
        return bool(self.grants or self.revoked)


def digest_of(refresh_token: str) -> str:
    """By which a refresh token is known."""
    return hashlib.sha256(refresh_token.encode("utf-8", "surrogatepass")).hexdigest()


def token_id(claims: dict[str, Any]) -> str:
    """By which an access token is revoked: a digest of its ``jti``, or of all that it says. No text of a stranger's becomes a key."""
    told = claims.get("jti")
    named = {"jti": told} if isinstance(told, str) and told else claims
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()


def write(sql: sqlite3.Connection, changes: Changes) -> None:
    """Inside a transaction."""
    if changes.grants:
        sql.executemany("INSERT OR REPLACE INTO refresh_tokens VALUES (?,?,?,?,?,?,?,?)", [
            (
                one.digest, one.user, json.dumps(one.account), one.token_id, one.token_expires, one.expires, one.request_id, one.used,
            )
            for one in changes.grants
        ])  # fmt: skip
    if changes.revoked:
        sql.executemany("INSERT OR REPLACE INTO revoked_tokens VALUES (?,?)", changes.revoked)


def read(sql: sqlite3.Connection, now: float) -> Known:
    """All that is not over by itself at ``now``; the rest is forgotten. Refresh tokens that are over are kept for a day to be told as such."""
    sql.execute("DELETE FROM refresh_tokens WHERE expires < ?", (now - 86_400,))
    sql.execute("DELETE FROM revoked_tokens WHERE expires < ?", (now - 86_400,))
    grants = {}
    for digest, user, account, *rest in sql.execute("SELECT * FROM refresh_tokens"):
        grants[digest] = Grant(digest, user, Account(*json.loads(account)), *rest)
    return Known(grants, dict(sql.execute("SELECT id, expires FROM revoked_tokens")))
