"""What the platform knows of refresh tokens and of tokens that were revoked; changes become durable with the present transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .table import Changes, Grant, Known, digest_of, token_id

if TYPE_CHECKING:
    from reference_platform.host import Host

KEPT = 86_400.0
"""Seconds that something which is over by itself is still known."""
FOREVER = 1e15
"""Seconds since 1970; a token may claim any number."""
FEW = 1000


class TokenMemory:
    """Two tables of tokens, in memory as in the store."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._known = Known({}, {})
        self._sweep_at = FEW

    def recovered(self, known: Known) -> None:
        """What earlier processes left."""
        self._known = known

    def find(self, refresh_token: str) -> Grant | None:
        """What it is good for, or was."""
        return self._known.grants.get(digest_of(refresh_token))

    def of(self, token: str) -> list[Grant]:
        """Refresh tokens that were given together with the access token of this id."""
        return [grant for grant in self._known.grants.values() if grant.token_id == token]

    def keep(self, grant: Grant) -> None:
        """It is new, or has changed."""
        self._sweep()
        self._known.grants[grant.digest] = grant
        self._changes().grants[grant] = None

    def revoke(self, token: str, expires: float) -> None:
        """The token of this id is dead."""
        self._sweep()
        self._known.revoked[token] = until = float(min(expires, FOREVER))
        self._changes().revoked.append((token, until))

    def is_revoked(self, claims: dict[str, Any]) -> bool:
        """Whether a token that claims this was revoked."""
        return token_id(claims) in self._known.revoked

    def _changes(self) -> Changes:
        self._host.transactions.touch()
        return self._host.transactions.batch.tokens

    def _sweep(self) -> None:
        """Now and then forgets what has been over for a day."""
        grants, revoked = self._known
        if len(grants) + len(revoked) < self._sweep_at:
            return
        before = self._host.clock.now() - KEPT
        self._known = Known(
            {digest: grant for digest, grant in grants.items() if grant.expires >= before},
            {token: expires for token, expires in revoked.items() if expires >= before},
        )
        self._sweep_at = max(FEW, 2 * (len(self._known.grants) + len(self._known.revoked)))
