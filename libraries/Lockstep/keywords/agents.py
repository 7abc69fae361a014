"""Expectations about a team of agents that share facts."""

from __future__ import annotations

from functools import partial

from ..arguments import Number
from ..checks.agents import (
    agents_agree,
    agents_counted,
    agents_show_own_writes,
    agents_within_interval,
    contributions_right,
    no_agent_goes_back,
    one_value_per_version,
    shared_values_whole,
)
from ..checks.isolation import nothing_leaked
from ..checks.team_memory import teams_as_modelled, writes_counted
from ..engine.sending import HANG_GUARD
from .conversing import known_agent
from .decorator import keyword
from .expectation import Expectation
from .kit import Kit


class AgentKeywords:
    """What each agent of a team shows."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("Expectation", "Agents"))
    def all_agents_should_agree(self, client: str | None = None) -> None:
        """Once everything is answered, each agent shows the newest value and version of what it shares; none ever showed anything wrong.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        A last look at all agents is taken first; earlier ones are judged as well. Records ``agents_violations`` (observations).
        Violations: diverged, corrupted, stale_read, miscounted, went_back, disagreement, gap, torn_snapshot, phantom,
        leaked_to_other_user.
        Fails if the target does not offer ``all_agent_states``.

        | `All Agents Should Agree` |
        """
        canaries = {account.user: account.canary for account in self._kit.scope.accounts.values()}
        self._look(client)
        self._expect.holds(
            agents_agree, agents_within_interval, one_value_per_version, shared_values_whole, client=client,
            beside=[agents_show_own_writes, no_agent_goes_back, teams_as_modelled, writes_counted, partial(nothing_leaked, canaries=canaries)],
        )

    @keyword(tags=("Expectation", "Agents"))
    def the_agents_should_have_processed(self, *, client: str | None = None, **counts: Number) -> None:
        """Each of these agents has processed exactly so many messages once everything is answered.

        | =Argument= | =Meaning=                                      |
        | client     | alias; none: the only open client              |
        | counts     | name of an agent and its number of messages    |

        Violation: miscounted. Fails if an agent was not configured with `Configure The Agents`.

        | `The Agents Should Have Processed` | data=2 | analysis=3 | reporting=2 |
        """
        account = self._kit.client(client).account
        for agent in counts:
            known_agent(account, agent)
        self._look(client)
        expected = {agent: int(count) for agent, count in counts.items()}
        self._expect.holds(partial(agents_counted, expected=expected), client=client)

    @keyword(tags=("Expectation", "Agents"))
    def contributions_should_name_the_right_message(self, client: str | None = None) -> None:
        """Each reply names as contributors exactly the agents for which its message was meant, with the number of this message.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Violation: phantom.

        | `Contributions Should Name The Right Message` |
        """
        self._expect.holds(contributions_right, client=client)

    def _look(self, client: str | None) -> None:
        """One look at all agents behind the barrier."""
        kit = self._kit
        kit.must_offer("all_agent_states")
        self._expect.history(client)
        for one in kit.clients(client):
            kit.engine.run(one.ask("all_agent_states", HANG_GUARD))
