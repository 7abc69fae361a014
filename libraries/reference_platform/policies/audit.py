"""Audit: what is kept for an investigator, and what is said aloud."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from reference_platform.tokens.alerts import Alerts
from reference_platform.tokens.audit_trail import Event
from reference_platform.tokens.callers import Caller, caller, fingerprint, presentable
from reference_platform.tokens.faults import TokenFault, claims_in

from .port import Port

if TYPE_CHECKING:
    from reference_platform.host import Host

SEVERITIES = {TokenFault.MISSING: "LOW", TokenFault.NOT_YET: "MEDIUM", TokenFault.MALFORMED: "MEDIUM"}
"""Of refused tokens; HIGH for all others."""


class Audit(Port):
    """Keeps every event for ever, in order; whoever is refused hears of it after its event is durable."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.last = 0
        """Index of the last event."""
        self.alerts = Alerts()

    def recovered(self, pages: Iterable[Sequence[Event]]) -> None:
        """The trail of earlier processes."""
        for events in pages:
            for event in events:
                self.last = event.number
                self.alerts.see(event)

    def caller(self, peer: str, forwarded: Sequence[str], user_agent: Sequence[str]) -> Caller:
        """Who is at the other end of a request that comes from the address ``peer`` with these headers."""
        return caller(peer, forwarded, " ".join(user_agent), self.host.config.trusted_proxies)

    async def refused(self, fault: TokenFault, token: str | None, who: Caller, *, session: str = "") -> None:
        """A token was refused; returns when that is durable. The type of its event is ``token_`` and the fault."""
        token = token or ""
        user = claims_in(token).get("sub")
        severity = SEVERITIES.get(fault, "HIGH")
        self.note(f"token_{fault}", severity, user if isinstance(user, str) else "", who, token, session=session, reason=fault)
        await self.host.transactions.committed()

    def note(self, type_: str, severity: str, user: str, who: Caller, token: str, *, session: str = "", reason: str = "") -> None:
        """One event, durable with what else happens now. Of the token only its fingerprint is kept."""
        self.last += 1
        event = Event(self.last, self.host.clock.now(), type_, severity, presentable(user), *who, fingerprint(token), session, reason)
        self.host.transactions.batch.audit.append(event)
        self.host.transactions.touch()
        self.alerts.see(event)
