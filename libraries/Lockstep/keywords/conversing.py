"""Keywords that say what stands in a payload file: conversations with one agent, rounds of work for a team of agents."""

from __future__ import annotations

from collections.abc import Awaitable
from itertools import cycle, islice
from typing import Any

from profiles.nearest import did_you_mean

from ..arguments import Count, MaybeCount, MaybeDuration
from ..engine.account import Account
from ..engine.client import Client
from ..engine.conversing import converse
from ..engine.schedule import Schedule
from ..engine.sending import HANG_GUARD, Burst, Plan
from ..errors import UsageError
from ..payloads import Conversation, Coordination, read_payload
from .decorator import keyword
from .expectation import Expectation
from .kit import Kit
from .limits import phase_within, rate_within, rounds_within
from .sending import SendingKeywords

ROUND = Count(1)


class ConversingKeywords:
    """Texts come from ``resources/payloads``; behind each stands a word of its user, so that it is seen where it leaks to."""

    def __init__(self, kit: Kit, expectation: Expectation, sending: SendingKeywords) -> None:
        self._kit = kit
        self._expect = expectation
        self._sending = sending

    @keyword(tags=("Sending", "State"))
    def have_the_conversation(
        self, payload: str, *, every: MaybeDuration = None, rounds: Count = ROUND, in_flight: MaybeCount = None, snapshots: bool = False,
        malformed: bool = False, title: str | None = None, client: str | None = None,
    ) -> Burst:
        """Sends the messages of a conversation in order.

        | =Argument= | =Meaning=                                                                                  |
        | payload    | name of a file in ``resources/payloads``, such as ``sales_conversation``, or a path         |
        | every      | time between two messages, such as ``200 ms``; none: no pause                              |
        | rounds     | how often the whole conversation is had                                                    |
        | in_flight  | at most this many unanswered messages; none: no bound                                      |
        | snapshots  | ``yes``: the agent is asked for its state before each message and again behind its answer  |
        | malformed  | ``yes``: behind each message comes one without content, which the target has to refuse     |
        | title      | of the conversation; none: the one in the file                                             |
        | client     | alias; none: the only open client; ``everyone``: all clients at the same time              |

        Returns the burst (of the first client). What the agent ought to make of each message stands in the file and is kept for
        `The Agent Should Remember The Conversation`; it is never sent. Fails if a snapshot is not answered within 30 s, and if the target
        does not offer what snapshots (``agent_state``) or malformed messages (``refusals``) need. A target that takes fewer messages
        (``limits`` in its file) is sent fewer rounds, and the test ends as *not measured* unless a promise was broken.

        | `Have The Conversation` | sales_conversation | every=200 ms | snapshots=yes |
        """
        kit, said = self._kit, read_payload(payload, Conversation)
        if in_flight is not None and (snapshots or malformed):
            raise UsageError("in_flight=... is for messages without a pause between them; with snapshots=yes or malformed=yes something comes between them; give one of them")
        if snapshots:
            kit.must_offer("agent_state")
        if malformed:
            kit.must_offer("refusals")
        if title is not None:
            self._expect.offered("conversations", "title of the conversation")
        rate_within(kit, every)
        within, clients = rounds_within(kit, rounds, len(said.messages)), kit.clients(client)
        for one in clients:
            one.account.spared += (rounds - within) * len(said.messages)
        sayings = list(islice(cycle(said.messages), len(said.messages) * within))
        schedule = Schedule(len(sayings), every or None)

        def sending(one: Client) -> Awaitable[Burst]:
            plan = Plan(
                schedule, lambda number: f"{sayings[number].content} [{one.account.canary}]", in_flight=in_flight, fence=kit.fence,
                says=lambda number: {"conversation": title or said.title, **({"final": True} if sayings[number].final else {})},
            )
            return converse(one, plan, snapshots=snapshots, malformed=malformed) if snapshots or malformed else one.send_burst(plan)

        bursts = self._sending.send_each(clients, sending)
        for burst in bursts:
            kit.scope.labels.update(zip(burst.message_ids, (saying.label for saying in sayings), strict=True))
        return bursts[0]

    @keyword(tags=("Sending", "Agents"))
    def configure_the_agents(self, *agents: str, client: str | None = None) -> list[str]:
        """Gives a user a team of agents; it replaces the team that the user had.

        | =Argument= | =Meaning=                                                    |
        | agents     | the names, each once, such as ``data``; 1 or more            |
        | client     | alias; none: the only open client                            |

        Returns the team as the target tells it. Fails if the target refuses these names or does not answer within 30 s.

        | `Configure The Agents` | data | analysis | reporting |
        """
        if not agents:
            raise UsageError("name at least one agent, such as 'Configure The Agents    data    analysis'")
        kit, one = self._kit, self._kit.client(client)
        kit.must_offer("configure_agents")
        answer = kit.engine.run(one.ask("configure_agents", HANG_GUARD, agents=list(agents)))
        one.account.agents = tuple(agents)
        return list(((answer.details or {})["fields"] or {}).get("agents") or agents)

    @keyword(tags=("Sending", "Agents"))
    def coordinate_the_agents(
        self, payload: str, *, rounds: Count = ROUND, every: MaybeDuration = None, in_flight: MaybeCount = None, client: str | None = None,
    ) -> Burst:
        """Sends rounds of messages, each meant for certain agents of the user's team and writing a fact that they share.

        | =Argument= | =Meaning=                                                                            |
        | payload    | name of a file in ``resources/payloads``, such as ``customer_dashboard``, or a path   |
        | rounds     | how often all messages of the file are sent                                          |
        | every      | time between two messages, such as ``100 ms``; none: no pause                        |
        | in_flight  | at most this many unanswered messages; none: no bound                                |
        | client     | alias; none: the only open client; ``everyone``: all clients at the same time        |

        Returns the burst (of the first client). The replies are not awaited. Fails if an agent was not configured with
        `Configure The Agents`. Skipped as *not measured* where the target takes fewer messages (``limits`` in its file).

        | `Coordinate The Agents` | customer_dashboard | rounds=200 | in_flight=32 |
        """
        kit, said, clients = self._kit, read_payload(payload, Coordination), self._kit.clients(client)
        kit.must_offer("target_agents")
        for one in clients:
            for agent in (agent for task in said.messages for agent in task.agents):
                known_agent(one.account, agent)
        rate_within(kit, every)
        tasks = said.messages
        phase_within(kit, len(tasks) * rounds)
        schedule = Schedule(len(tasks) * rounds, every or None)

        def sending(one: Client) -> Awaitable[Burst]:
            def content(number: int) -> str:
                return f"{tasks[number % len(tasks)].content}, round {number // len(tasks) + 1} [{one.account.canary}]"

            def says(number: int) -> dict[str, Any]:
                task = tasks[number % len(tasks)]
                return {"target_agents": task.agents, **({"shared_state_key": task.key} if task.key else {})}

            return one.send_burst(Plan(schedule, content, says=says, in_flight=in_flight, fence=kit.fence))

        return self._sending.send_each(clients, sending)[0]


def known_agent(account: Account, agent: str) -> None:
    """Raises when this user's team has no such agent."""
    if agent not in account.agents:
        team = ", ".join(account.agents) or "nobody"
        raise UsageError(
            f"{account.role} has no agent '{agent}'{did_you_mean(agent, account.agents)} In the team: {team}; use 'Configure The Agents' first"
        )
