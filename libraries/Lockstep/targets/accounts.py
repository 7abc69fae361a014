"""What a target file wants done for an account before its first connection, and behind its last."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from robot.api.types import Secret

from ..errors import EnvironmentSetupError, UsageError
from .connect import Step
from .mapping import follow
from .placeholders import decoded, filled_body

if TYPE_CHECKING:
    from .target import Target


async def prepare(target: Target, account: str, token: Secret | None, values: Mapping[str, object]) -> dict[str, str]:
    """Does what the file says an account needs before its first connection; returns what the answers said.

    Where a step fails, what the steps before it have made is discarded.
    """
    taken: dict[str, str] = {}
    try:
        for number, step in enumerate(target.file.connect.prepare):
            answer = decoded(await take(target, f"preparing {account}", step, {**values, **taken}, token))
            for name, path in step.take.items():
                taken[name] = _found(answer, path, f"preparing {account}", f"'connect.prepare.{number}.take.{name}' in {target.path}")
    except BaseException:
        with suppress(EnvironmentSetupError):  # the error that is told is the one of the step that failed
            await discard(target, account, token, {**values, **taken})
        raise
    return taken


async def discard(target: Target, account: str, token: Secret | None, values: Mapping[str, object]) -> None:
    """Does what the file says is to be done with an account that is no longer needed; what a dead server held is gone with it."""
    for step in () if target.end_of_process() else target.file.connect.discard:
        await take(target, f"discarding {account}", step, values, token)


async def ticket_for(target: Target, account: str, token: Secret) -> Secret:
    """What travels in place of this token, once; an error where the file says nothing of tickets, or there is none for such a token."""
    step = target.file.connect.auth.ticket
    if step is None:
        raise UsageError(f"{target.title} gives no tickets; its file has no 'connect.auth.ticket'")
    answer = decoded(await take(target, f"ticket for {account}", step, {}, token))
    return Secret(_found(answer, step.take.get("ticket", "ticket"), f"ticket for {account}", f"'connect.auth.ticket.take.ticket' in {target.path}"))


def _found(answer: Any, path: str, what: str, place: str) -> str:
    found = follow(path, answer)
    if not isinstance(found, str | int):
        raise EnvironmentSetupError(f"{what}: the answer has no text under '{path}'; see {place}")
    return str(found)


async def take(target: Target, what: str, step: Step, values: Mapping[str, object], token: Secret | None) -> bytes:
    """Takes one step that the file describes; returns the body of the answer."""
    known = {**values, "token": token.value if token else ""}
    headers = {name: target.fill(value, **known) for name, value in step.headers.items()}
    body = filled_body(step.body, {**target.addresses, **known})
    return await target.http.request(what, step.method, target.fill(step.url, **known), body, headers=headers, within=step.within)
