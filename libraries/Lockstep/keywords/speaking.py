"""Keywords that make agents speak of their own accord, and say how much of it may wait while nobody is there."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Any

from robot.api import logger

from ..arguments import Count, Counts, Duration, MaybeDuration
from ..engine.client import Client
from ..engine.sending import HANG_GUARD
from ..engine.speaking import Spoken, let_speak, script
from ..errors import EnvironmentSetupError, UsageError
from ..targets.guarantees import Outbound
from .decorator import keyword
from .kit import Kit

ONE, AT_ONCE = Counts((Count(1),)), Duration(0)
LOOK_EVERY = 0.02
OVERFLOWS = ("drop_oldest", "drop_newest", "reject")

# As in arguments.py: Robot needs the bare type, the type checker must know of None.
if TYPE_CHECKING:
    MaybeCounts = Counts | None
else:
    MaybeCounts = Counts


class SpeakingKeywords:
    """The outbound queue of a session, from the side of the agents."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    @keyword(tags=("Control", "Sessions"))
    def let_agents_speak(
        self, client: str | None = None, count: MaybeCounts = None, *, agents: str = "assistant", priorities: str | list[str] | None = None,
        every: Duration = AT_ONCE, watched: bool = False,
    ) -> Spoken:
        """Lets agents say something to a user of their own accord, whether the user is there or not.

        | =Argument= | =Meaning=                                                                                      |
        | client     | alias; none: the only client                                                                   |
        | count      | how many messages each agent says, 1 or more; for several agents one number each, such as ``3, 3, 2``; none: one, or one for each priority |
        | agents     | names, such as ``analyst, writer``; several of them speak at the same time                     |
        | priorities | a list, or such as ``normal, high, critical``, by turns for the messages of an agent; none: the target's own |
        | every      | time between two messages of an agent, such as ``100 ms``; 0: all together                      |
        | watched    | ``yes``: behind each message the target is asked how many wait                                  |

        Returns what was said when all of it is: ``message_ids``, ``states`` (``sent``, ``queued``, ``dropped`` or ``rejected`` by then) and
        ``count(state)``. Fails if the target does not offer ``speak``.

        | `Let Agents Speak`    alice    5    every=100 ms
        | ${spoken} =    `Let Agents Speak`    alice    3, 3, 2    agents=analyst, writer, reviewer
        """
        kit, one = self._kit, self._kit.client(client)
        kit.must_offer("speak", *(("waiting",) if watched else ()))
        names, levels = _words(agents), _words(priorities or "")
        known = (kit.target.file.guarantees.outbound or Outbound()).priorities
        if strange := [level for level in levels if level not in known]:
            raise UsageError(f"priorities must be of {', '.join(known) or 'none: this target tells none from another'}, not {strange[0]}")
        counts = count or (Counts((Count(len(levels)),)) if levels else ONE)
        if len(counts) not in {1, len(names)}:
            raise UsageError(f"count names {len(counts)} numbers for {len(names)} agents; give one for each, or one for all")
        if len(set(names)) < len(names) or not names:
            raise UsageError(f"agents must be different names, not '{agents}'")
        seed = f"{kit.seed} {one.alias} {kit.engine.journal.cursor}"
        scripts = [
            script(name, counts[place % len(counts)], levels, one.account.canary, seed) for place, name in enumerate(names)
        ]
        spoken = kit.engine.run(let_speak(kit.engine.journal, one, kit.target, scripts, every=every, watched=watched))
        told = ", ".join(f"{spoken.count(state)} {state}" for state in dict.fromkeys(spoken.states))
        logger.info(f"{', '.join(names)} said {len(spoken.message_ids)} messages to {one.alias}: {told}")
        return spoken

    @keyword(tags=("Control", "Sessions"))
    def limit_outbound_queue(
        self, size: Count, client: str | None = None, *, overflow: str = "drop_oldest", ttl: MaybeDuration = None, ttl_critical: MaybeDuration = None,
    ) -> None:
        """Says how much may wait for a user who is away, and how long, from now on.

        | =Argument=   | =Meaning=                                                                                   |
        | size         | so many messages, 1 or more                                                                 |
        | client       | alias; none: the only client                                                                |
        | overflow     | what happens to one more: ``drop_oldest``, ``drop_newest`` or ``reject``                     |
        | ttl          | so long a message may wait, such as ``2 s``, more than 0; none: as it is                     |
        | ttl_critical | so long a critical one                                                                       |

        For the users of one test: they are new in the next. Fails if the target does not offer ``outbound_queue``.

        | `Limit Outbound Queue`    3    alice    overflow=reject
        """
        if overflow not in OVERFLOWS:
            raise UsageError(f"overflow must be one of {', '.join(OVERFLOWS)}, not '{overflow}'")
        self._kit.must_offer("outbound_queue")
        user = self._kit.client(client).account.user
        self._kit.engine.run(self._kit.target.control("outbound_queue", user=user, size=int(size), overflow=overflow, ttl=ttl, ttl_critical=ttl_critical))

    @keyword(tags=("Control", "Sessions"))
    def read_outbound_queue(self, client: str | None = None) -> dict[str, Any]:
        """What the target tells of the queue in which messages wait for a client's session.

        | =Argument= | =Meaning=                     |
        | client     | alias; none: the only client  |

        Returns a dictionary with ``depth``, ``bytes``, ``by_priority``, ``queued``, ``delivered``, ``expired``, ``dropped``, ``rejected``.
        Fails if the target does not offer ``waiting``, and if it does not list the session.

        | ${queue} =    `Read Outbound Queue`    alice
        """
        self._kit.must_offer("waiting")
        return self._kit.engine.run(queue_told(self._kit, self._kit.client(client)))

    @keyword(tags=("Waiting", "Sessions"))
    def wait_until_the_absence_is_noticed(self, client: str | None = None) -> None:
        """Waits until the target knows that a client's connection has ended: from then on it keeps what it has to say.

        | =Argument= | =Meaning=                    |
        | client     | alias; none: the only client |

        Fails if the target still takes the client for present after 30 s, and if it does not offer ``session_list``.

        | `Cut The Connection`    alice
        | `Wait Until The Absence Is Noticed`    alice
        """
        self._kit.must_offer("session_list")
        one = self._kit.client(client)
        if not self._kit.engine.run(self._is_away(one)):
            raise EnvironmentSetupError(f"{self._kit.target.title} still took {one.alias} for present {HANG_GUARD:g} s after the connection had ended")

    async def _is_away(self, one: Client) -> bool:
        target, deadline = self._kit.target, monotonic() + HANG_GUARD
        while any(listed.get("live") for listed in await target.sessions(one.account.user) if listed.get("session") == one.session.id):
            if monotonic() > deadline:
                return False
            await asyncio.sleep(LOOK_EVERY)
        return True

async def queue_told(kit: Kit, one: Client) -> dict[str, Any]:
    """What the target tells of the queue of a client's session."""
    for queue in await kit.target.listed("waiting", one.account.user):
        if queue.get("session") == one.session.id:
            return queue
    raise EnvironmentSetupError(f"waiting: {kit.target.title} lists no session {one.session.id} of {one.alias}")


def _words(text: str | list[str]) -> list[str]:
    """The entries of a list, or of a text with commas."""
    return [word.strip() for word in (text.split(",") if isinstance(text, str) else map(str, text)) if word.strip()]
