"""X10: tokens are renewed on an open connection. Something breaks off with the old one, or the old one lives on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_platform.policies import Tokens
from reference_platform.registry import defect
from reference_platform.sessions.context import SessionContext

if TYPE_CHECKING:
    from reference_platform.connections.connection import Connection
    from reference_platform.policies.refreshing import Bearer, Granted
    from reference_platform.policies.tokens import Identity


@defect("x10_refresh_drops_conn")
class DropsTheConnection(Tokens):
    """Grants the new token and ends the connection, so that its owner comes in with it once more."""

    def moved(self, connection: Connection, identity: Identity) -> None:
        """The other one has to begin anew."""
        super().moved(connection, identity)
        self.host.spawn(self._drop(connection))

    async def _drop(self, connection: Connection) -> None:
        await self.host.transactions.committed()
        connection.close(1000, "come back with your new token")


@defect("x10_refresh_resets_state")
class BeginsAnew(Tokens):
    """Takes whoever has a new token for somebody new: the session remembers nothing of what was before."""

    async def renew(self, connection: Connection, token: str) -> Bearer:
        """The session is the same by name."""
        bearer = await super().renew(connection, token)
        connection.session.context = SessionContext(connection.session.id)
        return bearer


@defect("x10_old_token_still_valid")
class OldTokenLives(Tokens):
    """Gives new tokens and leaves the old ones valid until they end by themselves."""

    def retire(self, token: str, expires: float) -> None:
        """Nobody is told."""


@defect("x10_refresh_ignored")
class OldEndCounts(Tokens):
    """Confirms the new token and ends the connection with the old one all the same."""

    def moved(self, connection: Connection, identity: Identity) -> None:
        """The clock that was wound up at first runs on."""


@defect("x10_expired_refresh_accepted")
class RefreshTokensWithoutEnd(Tokens):
    """Gives new tokens for a refresh token whose end is long past."""

    def is_over(self, expires: float) -> bool:  # noqa: ARG002 - that is the point
        """Never."""
        return False


@defect("x10_refresh_token_reusable")
class RefreshTokensAgainAndAgain(Tokens):
    """Gives new tokens as often as somebody shows the same refresh token."""

    def refresh(self, refresh_token: str, user: str | None, request_id: str | None) -> Granted:
        """Forgets that it was used."""
        granted = super().refresh(refresh_token, user, request_id)
        found = self.memory.find(refresh_token)
        if found is not None:
            found.used = found.request_id = None
        return granted


@defect("x10_revocation_unheard")
class RevokedAndStillIn(Tokens):
    """A revoked token opens no door any more, and whoever is in already stays."""

    def revoked(self, token: str) -> None:
        """Only the door is watched."""


@defect("x10_revoked_and_renewed")
class RefreshTokenOutlives(Tokens):
    """Revokes a token and leaves its refresh token good, for which whoever has both gets new ones."""

    def revoke(self, token: str, expires: float) -> None:
        """Half of what the owner wanted."""
        self.memory.revoke(token, expires)
        self.revoked(token)
