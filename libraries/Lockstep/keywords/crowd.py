"""What many connections at once may expect: room, an answer for each, and a door that opens or says why not."""

from __future__ import annotations

import asyncio
from time import monotonic

from ..arguments import Count, Counts, Duration, MaybeDuration, MaybePortion, Rate, Share, Size
from ..checks.crowd import Served, connections_served, memory_per_connection_within, newcomers_let_in, turned_away_openly
from ..checks.fairness import connections_served_fairly, evened, with_one_window_more
from ..engine.account import Account
from ..engine.handshake import Refused
from ..engine.load.result import Load
from ..engine.server_figures import ServerFigures
from ..errors import UsageError
from .decorator import keyword
from .expectation import Expectation
from .kit import Kit
from .load import LoadKeywords, must_be_measured
from .load_shares import ShareKeywords
from .target import MaybeFigures

FASTEST = Rate(100)
FIVE = Count(5)
JAIN, SLOWEST = Share(0.95), Share(0.8)


class CrowdKeywords:
    """Loads of several numbers of connections, and what is expected of them."""

    def __init__(self, kit: Kit, expectation: Expectation, loads: LoadKeywords, shares: ShareKeywords) -> None:
        self._kit = kit
        self._expect = expectation
        self._loads = loads
        self._shares = shares

    @keyword(tags=("Load", "Sending", "Figures"))
    def run_connection_steps(self, name: str, steps: Counts, *, each: Duration, peak: Rate, fastest: Rate = FASTEST,
                             share: MaybePortion = None) -> list[Load]:
        """Puts load on the target over more and more connections, step by step, in open loop.

        | =Argument= | =Meaning=                                                                                       |
        | name       | how the figures are called, such as ``connections``; the number of each step is added           |
        | steps      | how many connections, such as ``1, 5, 10, 130``                                                 |
        | each       | how long each step lasts, such as ``3 s``                                                       |
        | peak       | at most this rate over all connections, such as ``600 msg/s``                                   |
        | fastest    | at most this rate on each connection                                                            |
        | share      | this process puts on only its share, such as ``2 of 4``; steps of fewer connections are left out |

        Returns the loads, one for each step. Records for each what `Run Load` records, such as ``connections_130_p95``. Nothing is judged.

        | ${steps} =    `Run Connection Steps`    connections    1, 5, 10, 130    each=3 s    peak=600 msg/s
        """
        return [
            self._loads.run_load(f"{name} {count}", rate=Rate(min(fastest * count, peak)), lasting=each, connections=count, share=share)
            for count in steps if share is None or count >= share.of
        ]

    @keyword(tags=("Load", "Figures"))
    def connection_steps_of_all_shares(self, name: str, steps: Counts, *, shares: Count) -> list[Load]:
        """What the shares did in `Run Connection Steps`, merged exactly step by step; see `Load Of All Shares`.

        | =Argument= | =Meaning=                                                   |
        | name       | how the shares called the steps                             |
        | steps      | how many connections, such as ``1, 5, 10, 130``             |
        | shares     | how many shares there were; steps of fewer were left out    |

        | ${steps} =    `Connection Steps Of All Shares`    connections in shares    1, 5, 10, 130    shares=4
        """
        return [self._shares.load_of_all_shares(f"{name} {count}") for count in steps if count >= shares]

    @keyword(tags=("Load", "Expectation"))
    def every_connection_should_be_served(self, *loads: Load, p95: MaybeDuration = None) -> None:
        """Each connection of a load got answers, and 95 % of them in time.

        | =Argument= | =Meaning=                                                                                            |
        | loads      | what `Run Load` returned; one or more                                                                |
        | p95        | the limit of each connection's 95th percentile, such as ``100 ms``; of those with 100 answers or more |

        Records ``<name>_served`` (connections) and ``<name>_slowest_p95`` (ms, the slowest connection's). Violations: starved, too_slow.
        Void (test skipped as *invalid*) when the generator was late.

        | `Every Connection Should Be Served` | @{steps} | p95=500 ms |
        """
        for load in loads:
            must_be_measured(self._kit, load)
            served = [Served(f"connection {one.number + 1}", one.sent + one.unsent, one.answered, one.p95) for one in load.connections]
            figures = (
                ("served", sum(one.answered > 0 for one in served), "connections"),
                ("slowest_p95", max((one.p95 for one in served), default=0.0) * 1000, "ms"),
            )
            for figure, value, unit in figures:
                self._kit.record("measurement", name=f"{load.name}_{figure}", value=value, unit=unit, samples=len(served), repetition=1,
                                 valid=load.invalid is None, crowded=load.crowded is not None)
            verdict = connections_served(served, p95)
            self._expect.conclude([("fairness", verdict)], invalid=load.void(verdict))

    @keyword(tags=("Load", "Expectation", "Figures"))
    def load_should_be_fair(self, load: Load, *, jain: Share = JAIN, slowest: Share = SLOWEST) -> None:
        """All connections of a load were served alike.

        | =Argument= | =Meaning=                                                              |
        | load       | what `Run Load` returned, of two connections or more                   |
        | jain       | the least Jain index of the answered messages per second, up to 1      |
        | slowest    | the least share of the mean that the slowest connection gets           |

        Means most in a saturating phase (``in_flight``). Connections of several programs (``shards``, ``share``) are compared with those of the
        same program: how fast a program could send is the machine's doing. Violation: unfair. Records ``jain`` and ``slowest_share``. Void (test skipped
        as *invalid*) when the generator was late, and where the phase was so short that one window of answers more or less decides.

        | `Load Should Be Fair` | ${load} |
        """
        must_be_measured(self._kit, load)
        named = {f"connection {account.number + 1}": account for account in load.connections}
        programs = {name: account.shard for name, account in named.items()}
        lasted = {name: max(account.last - load.begin, 1e-6) for name, account in named.items()}
        rates = {name: account.answered / lasted[name] for name, account in named.items()}
        window = load.plan.window or 1
        verdict, at_best = (
            connections_served_fairly(evened(each, programs), float(jain), float(slowest)) for each in (rates, with_one_window_more(rates, lasted, window))
        )
        coarse = f"invalid: {window} answers more for the slower connections, which may have been on their way when the phase ended, decide; let it last longer"
        self._expect.conclude([("fairness", verdict)], invalid=load.void(verdict) or (coarse if at_best.ok and not verdict.ok else None))

    @keyword(tags=("Expectation", "Figures"))
    def memory_per_connection_should_be_at_most(self, limit: Size, since: MaybeFigures) -> None:
        """Divides by the open connections what the server's memory has grown by since an earlier look at it.

        | =Argument= | =Meaning=                                                                |
        | limit      | such as ``2 MB``                                                         |
        | since      | what `Take Server Figures` returned before the connections were opened   |

        Records ``memory_per_connection`` (MB). Violation: leak. Not offered where the process of the server is not known.

        | ${before} =    `Take Server Figures`
        | `Connect Users` | 130 |
        | `Memory Per Connection Should Be At Most`    2 MB    since=${before}
        """
        process = self._kit.server("memory_per_connection")
        if since is not None and process is not None:  # no earlier figures: the same was said where they were to be taken
            opened = len(self._kit.clients("everyone"))
            self._expect.conclude([("crowd", memory_per_connection_within(ServerFigures.of(process).memory - since.memory, opened, limit))])

    @keyword(tags=("Expectation", "Connecting"))
    def one_more_connection_should_be_turned_away(self) -> None:
        """A connection above the target's limit is refused in the way that its file promises (``guarantees.refusal.crowded``).

        As many connections as the target takes are open already. Violations: not_refused, wrong_close. Fails if fewer are open.

        | `Connect Users` | 130 |
        | `One More Connection Should Be Turned Away` |
        """
        kit = self._kit
        kit.must_offer("client_limit")
        limit, open_ones = kit.target.file.limits.clients, len(kit.clients("everyone"))
        if limit is not None and open_ones < limit:
            raise UsageError(f"{open_ones} connections are open, {kit.target.title} takes {limit}; use 'Connect Users    {limit}' first")
        how: str | None = None
        try:
            kit.engine.run(kit.engine.connect("one-too-many", kit.account("one-too-many"), kit.target, tries=1, pause=0.0))
        except Refused as refusal:
            how = refusal.way or str(refusal)
        self._expect.conclude([("crowd", turned_away_openly(how, kit.target.file.guarantees.refusal.crowded or ()))])

    @keyword(tags=("Expectation", "Connecting", "Figures"))
    def newcomers_should_be_let_in_within(self, limit: Duration, count: Count = FIVE) -> None:
        """New users are let in soon, whatever else goes on; all of them come at once, and leave again.

        | =Argument= | =Meaning=                                   |
        | limit      | for the median of the newcomers, such as ``5 s`` |
        | count      | how many newcomers, 1 or more               |

        What goes on beside them must go on for longer than the limit, or whoever was kept out until its end looks welcome. Records
        ``newcomer_median`` (s). Violations: too_slow, starved. Void (test skipped as *invalid*) when our own loop was late.

        | `Start Load`    crowd    rate=600 msg/s    lasting=8 s    connections=100
        | `Newcomers Should Be Let In Within` | 5 s |
        """
        kit, begin = self._kit, monotonic()
        newcomers = {alias: kit.account(alias) for alias in (f"newcomer-{number}" for number in range(1, count + 1))}

        async def come(alias: str, account: Account) -> float | None:
            since = monotonic()
            try:
                await kit.engine.connect(alias, account, kit.target, tries=1, pause=0.0)
            except Refused:
                return None
            return monotonic() - since

        async def all_come() -> list[float | None]:
            return await asyncio.gather(*(come(*newcomer) for newcomer in newcomers.items()))

        waits = kit.engine.run(all_come())
        kit.engine.run(kit.engine.close(list(newcomers)))
        self._expect.conclude([("crowd", newcomers_let_in(waits, limit))], invalid=kit.engine.lag.reason_for_invalid(begin, monotonic()))

    @keyword(tags=("Load",))
    def largest_of(self, steps: Counts) -> int:
        """The largest of several numbers of connections: so much room a suite needs.

        | =Argument= | =Meaning=                                       |
        | steps      | such as ``1, 5, 10, 130``                       |

        | ${most} =    `Largest Of`    ${CONNECTION_STEPS}
        | `Start Target` | clients=${most} |
        """
        return max(steps)
