"""Agents that speak of their own accord because the kit wants them to, through the target's control interface."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from ..checks.events import Kind
from ..errors import EnvironmentSetupError
from ..targets import Target
from ..targets.mapping import digest_of
from ..targets.placeholders import decoded

if TYPE_CHECKING:
    from .client import Client
    from .journal import Journal

WORDS = ("Ergebnis", "quarter", "résumé", "報告", "✓", "forecast", "übrigens", "margin", "Δ", "region", "follow-up", "🙂")


@dataclass(frozen=True, slots=True)
class Spoken:
    """What agents have said: message ids in the order of speaking (agent by agent where several spoke at once), and what became of them by then."""

    client: str
    message_ids: tuple[str, ...]
    states: tuple[str, ...]
    since: int
    """Index of the journal from which on it happened."""

    def count(self, state: str) -> int:
        """How many of them came to this state by then: sent, queued, dropped, rejected."""
        return self.states.count(state)


@dataclass(frozen=True, slots=True)
class Script:
    """What one agent says."""

    agent: str
    sayings: Sequence[Mapping[str, str]]
    """``content`` and, where it has one, ``priority`` of each."""


def script(agent: str, count: int, priorities: Sequence[str], canary: str, seed: object) -> Script:
    """So many sayings with words of their own, by seed; ``priorities`` come by turns."""
    chance = random.Random(f"{seed} {agent}")  # noqa: S311 - repeatable words
    sayings = [
        {"content": f"{agent} {number} of {count} {canary}: {' '.join(chance.choices(WORDS, k=chance.randint(3, 12)))}"} for number in range(1, count + 1)
    ]
    return Script(agent, [said | ({"priority": priorities[place % len(priorities)]} if priorities else {}) for place, said in enumerate(sayings)])


async def let_speak(journal: Journal, client: Client, target: Target, scripts: Sequence[Script], *, every: float, watched: bool) -> Spoken:
    """Lets agents say their scripts, all at once, each saying ``every`` s after the one before it; together where there is no such time.

    ``watched``: behind each saying the target is asked how many wait.
    """
    since = journal.cursor
    told = await asyncio.gather(*(_say(journal, client, target, one, every, turn=since, watched=watched) for one in scripts))
    spoken = [one for each in told for one in each]
    return Spoken(client.alias, tuple(str(one["message_id"]) for one in spoken), tuple(str(one.get("state")) for one in spoken), since)


async def _say(
    journal: Journal, client: Client, target: Target, script: Script, every: float, *, turn: int, watched: bool,
) -> list[dict[str, Any]]:
    account, session = client.account, client.session.id or None
    at_once = 1 if every or watched else len(script.sayings)
    begin, told = monotonic(), list[dict[str, Any]]()
    for first in range(0, len(script.sayings), at_once):
        some = script.sayings[first : first + at_once]
        await asyncio.sleep(begin + every * first - monotonic())
        answer = decoded(await target.looked_up("speak", user=account.user, session=session, agent=script.agent, messages=some))
        spoken = _of(answer, len(some), target)
        depth = await depth_of(target, account.user, session) if watched else None
        for saying, one in zip(some, spoken, strict=True):
            details = {
                "agent": script.agent, "priority": saying.get("priority"), "state": one.get("state"), "created_at": one.get("created_at"),
                "turn": turn, "depth": depth,
            }
            journal.write(
                Kind.SPOKEN, client.alias, client.connection.number if client.connection else 0, account.user, str(one["message_id"]), None,
                one.get("agent_sequence"), None, digest_of(saying["content"]), details=details,
            )
        told += spoken
    return told


async def depth_of(target: Target, user: str, session: str | None) -> int:
    """How many messages of agents wait for a user, by the target's word."""
    return sum(int(one["depth"]) for one in await target.listed("waiting", user) if session in {None, one.get("session")})


def _of(answer: Any, count: int, target: Target) -> list[dict[str, Any]]:
    spoken = answer.get("spoken") if isinstance(answer, dict) else None
    if not isinstance(spoken, list) or len(spoken) != count or not all(isinstance(one, dict) and one.get("message_id") for one in spoken):
        raise EnvironmentSetupError(f"speak: the answer does not name {count} messages under 'spoken'; see 'control.speak' in {target.path}")
    return spoken
