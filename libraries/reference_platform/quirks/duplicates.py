"""Quirks in what a client is told about duplicates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_platform.messages import UserMessage
from reference_platform.policies import Duplicates
from reference_platform.policies.duplicates import Claim
from reference_platform.registry import quirk

if TYPE_CHECKING:
    from reference_platform.connections.connection import Connection


@quirk("n4_duplicates_silent")
class Silent(Duplicates):
    """A duplicate is ignored and the client is told nothing: legal where the target file says ``silent``."""

    async def claim(self, message: UserMessage, connection: Connection) -> Claim:
        """The ledger knows about it, the client does not."""
        return (await super().claim(message, connection))._replace(answer=None)
