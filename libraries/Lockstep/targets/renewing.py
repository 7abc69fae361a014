"""New tokens over HTTP: the first ones of an account with their refresh token, and those that follow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from robot.api.types import Secret

from ..errors import EnvironmentSetupError, UsageError
from .accounts import take
from .http import HttpRefusedError, NoAnswerError
from .mapping import follow
from .placeholders import decoded, filled_body

if TYPE_CHECKING:
    from .target import Target


@dataclass(frozen=True, slots=True)
class Tokens:
    """What somebody has who is known to the target."""

    role: str
    user: str
    """The target's id of the account."""
    token: Secret
    refresh_token: Secret


async def first_tokens(target: Target, role: str, login: str, *, lifetime: float | None, refresh_lifetime: float | None) -> Tokens:
    """A token and its refresh token, from where the file says that tokens come from."""
    source = target.file.connect.auth.token
    if source.source != "endpoint" or source.refresh_token is None:
        raise UsageError(f"{target.title} gives no refresh tokens; its file has no 'connect.auth.token.refresh_token'")
    body = filled_body(source.body, {"user": login, "lifetime": lifetime, "refresh_lifetime": refresh_lifetime})
    answer = await target.http.json(f"token for {role}", "POST", target.fill(source.url or "{auth_url}"), body)
    user = str(_found(target, answer, source.user_id, "token.user_id")) if source.user_id else login
    token, refresh_token = (_found(target, answer, path, name) for path, name in ((source.token, "token.token"), (source.refresh_token, "token.refresh_token")))
    return Tokens(role, user, Secret(token), Secret(refresh_token))


async def renewed(target: Target, tokens: Tokens, request_id: str | None, within: float) -> Tokens | str:
    """What the target gives for a refresh token, or how it refuses: ``http 401``, or ``no answer`` within so many seconds."""
    step = target.file.connect.auth.refresh
    if step is None:
        raise UsageError(f"{target.title} renews no tokens; its file has no 'connect.auth.refresh'")
    known = {"user": tokens.user, "refresh_token": tokens.refresh_token.value, "request_id": request_id}
    try:
        data = await take(target, f"new token for {tokens.role}", step.model_copy(update={"within": within}), known, tokens.token)
    except HttpRefusedError as refusal:
        return f"http {refusal.status}"
    except NoAnswerError:
        return "no answer"
    answer = decoded(data)
    token, refresh_token = (str(_found(target, answer, step.take.get(name, name), f"refresh.take.{name}")) for name in ("token", "refresh_token"))
    user = str(_found(target, answer, step.take["user_id"], "refresh.take.user_id")) if "user_id" in step.take else tokens.user
    return replace(tokens, user=user, token=Secret(token), refresh_token=Secret(refresh_token))


async def revoke(target: Target, tokens: Tokens) -> None:
    """Ends a token before its time; an error where the target does not take it."""
    step = target.file.connect.auth.revoke
    if step is None:
        raise UsageError(f"{target.title} revokes no tokens; its file has no 'connect.auth.revoke'")
    await take(target, f"end of the token of {tokens.role}", step, {"user": tokens.user, "refresh_token": tokens.refresh_token.value}, tokens.token)


def _found(target: Target, answer: Any, path: str, name: str) -> str:
    found = follow(path, answer)
    if not isinstance(found, str):
        raise EnvironmentSetupError(f"tokens: the answer has no text under '{path}'; see 'connect.auth.{name}' in {target.path}")
    return found
