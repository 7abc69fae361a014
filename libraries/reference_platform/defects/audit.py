"""Audit: what an investigator needs is missing, is too much, or is not said aloud."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reference_platform.policies import Audit
from reference_platform.registry import defect
from reference_platform.tokens.alerts import RULES, Alerts

if TYPE_CHECKING:
    from reference_platform.host import Host
    from reference_platform.tokens.callers import Caller
    from reference_platform.tokens.faults import TokenFault


@defect("audit_repeats_missing")
class RepeatsMissing(Audit):
    """Notes each token once: that it was shown again, perhaps by somebody else, is not on record."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.noted: set[str | None] = set()

    async def refused(self, fault: TokenFault, token: str | None, who: Caller, *, session: str = "") -> None:
        """A log that spares space."""
        if token not in self.noted:
            self.noted.add(token)
            await super().refused(fault, token, who, session=session)


@defect("audit_tells_tokens")
class TellsTokens(Audit):
    """Writes the token itself into the reason, for those who want to know exactly."""

    def note(self, type_: str, severity: str, user: str, who: Caller, token: str, *, session: str = "", reason: str = "") -> None:
        """With all that is known."""
        super().note(type_, severity, user, who, token, session=session, reason=f"{reason}: {token}")


@defect("audit_alert_never")
class NeverAlert(Audit):
    """Keeps the trail in perfect order, and nobody is told whatever happens."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.alerts = Alerts(())


@defect("audit_alert_always")
class AlertsAtOnce(Audit):
    """Takes the first mistake for an attack, until nobody looks at alerts any more."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.alerts = Alerts(tuple(rule._replace(at_least=1) for rule in RULES))


@defect("audit_believes_anybody")
class BelievesAnybody(Audit):
    """Takes for the caller's address what the caller says in ``X-Forwarded-For``, whoever it is."""

    def caller(self, peer: str, forwarded: Sequence[str], user_agent: Sequence[str]) -> Caller:
        """The first word counts."""
        told = super().caller(peer, forwarded, user_agent)
        return told._replace(address=forwarded[0].partition(",")[0]) if forwarded else told
