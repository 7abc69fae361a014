"""Load that goes on while a test does something else."""

from __future__ import annotations

import asyncio
from time import time

from ..arguments import Count, Duration, Rate
from ..engine.activity import Activity
from ..engine.load import phase, preparing
from ..engine.load.plan import Plan, Stage
from ..engine.load.result import Load
from ..errors import EnvironmentSetupError, UsageError
from .decorator import keyword
from .kit import Kit
from .limits import clients_within, rate_within
from .load import LoadKeywords, figure_name

BESIDE = "Load"
TWO = Count(2)
BEGINS_WITHIN = 60.0
"""s until the first message is on its way: processes come up, and all connections are opened before."""
DRAINS_WITHIN = 120.0
"""s for the last answers; a load that waits longer than its patience writes off what is missing by itself."""


class LoadBesideKeywords:
    """``Start Load`` and ``Wait For The Load``."""

    def __init__(self, kit: Kit, loads: LoadKeywords) -> None:
        self._kit = kit
        self._loads = loads
        self._ends: dict[str, float] = {}
        """By the name of a load: when it must be over, by the system's clock."""

    @keyword(tags=("Load", "Activity"))
    def start_load(self, name: str, *, rate: Rate, lasting: Duration, connections: Count, shards: Count = TWO) -> None:
        """Begins to put load on the target, in processes of its own; returns when its first messages are answered.

        | =Argument=  | =Meaning=                                                       |
        | name        | how the figures are called                                      |
        | rate        | messages are due at this rate over all connections              |
        | lasting     | how long, such as ``5 s``                                       |
        | connections | how many, 1 or more; each is a user of its own                  |
        | shards      | so many processes share the connections                         |

        Judged after `Wait For The Load`. Fails if it does not begin within a minute.

        | `Start Load`    crowd    rate=600 msg/s    lasting=5 s    connections=100
        """
        kit, called = self._kit, figure_name(name)
        rate_within(kit, clients_within(kit, connections) / rate)
        plan = Plan(connections=connections, stages=(Stage(float(lasting), float(rate), float(rate)),), seed=kit.seed)
        self._loads.must_be_permitted(called, plan)
        preparing.check(kit.target, plan, shards)
        since, mark = kit.ledger_end, self._loads.mark()

        async def begin() -> None:
            begun = asyncio.Event()

            def tell(load: Load) -> None:
                if load.answered:
                    begun.set()

            async def work(_activity: Activity) -> Load:
                try:
                    load = await phase.run(kit.target, called, plan, mark, tell=tell, shards=shards)
                finally:
                    begun.set()
                load.ledger_since = since
                return load

            await kit.engine.activities.start((BESIDE, called), work)
            async with asyncio.timeout(BEGINS_WITHIN):
                await begun.wait()

        try:
            kit.engine.run(begin())
        except TimeoutError:
            raise EnvironmentSetupError(f"the load '{called}' did not begin within {BEGINS_WITHIN:g} s{kit.obituary()}") from None
        self._ends[called] = time() + lasting + DRAINS_WITHIN

    @keyword(tags=("Load", "Activity", "Figures"))
    def wait_for_the_load(self, name: str) -> Load:
        """Waits until what `Start Load` began has its last answer, and records its figures as `Run Load` does.

        | =Argument= | =Meaning=                       |
        | name       | what `Start Load` was called    |

        Returns the load.

        | ${load} =    `Wait For The Load`    crowd
        """
        called = figure_name(name)
        if called not in self._ends:
            raise UsageError(f"no load called '{called}' goes on; begin it with 'Start Load    {called}', and wait for it once")
        within = max(1.0, self._ends.pop(called) - time())
        load: Load = self._kit.engine.run(self._kit.engine.activities.stop((BESIDE, called), within))
        self._loads.conclude(load)
        return load
