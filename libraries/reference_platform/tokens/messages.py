"""The message with which a client renews the token of its connection, and the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reference_platform.messages import Fields, Invalid, TokenRefresh
from reference_platform.policies.refreshing import RefreshRefusedError

from .memory import FOREVER

if TYPE_CHECKING:
    from reference_platform.policies import Policies
    from reference_platform.sessions.session import Session

LONGEST = 65_536
"""Characters of a token."""


def token_refresh(fields: dict[str, Any], request_id: str) -> TokenRefresh | Invalid:
    """A ``token_refresh``, or what is wrong with it; whether the token is good is not known here."""
    token = fields.get("new_token")
    if type(token) is not str or not 0 < len(token) <= LONGEST:
        return Invalid("invalid_message", f"new_token must be a string of 1 to {LONGEST} characters", request_id=request_id)
    return TokenRefresh(request_id, token)


async def refreshed(question: TokenRefresh, session: Session, policies: Policies) -> Fields:
    """``token_refreshed``, or an ``error`` that leaves the connection as it was; either is audited."""
    audit, connection = policies.audit, session.connection
    try:
        bearer = await policies.tokens.renew(connection, question.new_token)
    except RefreshRefusedError as refusal:
        audit.note("refresh_failed", "HIGH", session.user, connection.caller, question.new_token, session=session.id, reason=refusal.reason)
        return Invalid("token_refused", str(refusal), request_id=question.request_id).answer()
    audit.note("refresh_succeeded", "INFO", session.user, connection.caller, question.new_token, session=session.id, reason="in_band")
    expires = min(bearer.identity.claims["exp"], FOREVER)
    return {"type": "token_refreshed", "request_id": question.request_id, "expires_at": expires, "refresh_count": bearer.refreshes}
