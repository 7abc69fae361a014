"""How often checks of latency and memory alarm on the correct platform, and how much of what is planted they find: tables, no verdict.

    PYTHONPATH=libraries python tests/benchmarks/alarms_recording.py runs.jsonl
    PYTHONPATH=libraries python tests/benchmarks/alarms.py runs.jsonl [--trials 200]

False alarms are those on recorded runs, just as they were. For the power of detection a fault is planted into recorded runs that raised no
alarm and were valid (larger ones are put together from several): a share of the replies comes 600 ms later, latency rises evenly, the
platform keeps some bytes of each message. What is planted where follows from a seed, so that the same file gives the same tables.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from Lockstep.checks import Verdict
from Lockstep.checks.course import STRETCHES, Stretch, few_outliers, lag_limit, no_rise, outlier_limit, too_coarse
from Lockstep.checks.leaks import WARM_UP, memory_slope_within
from Lockstep.checks.load import Part, percentile_within


class Run(NamedTuple):
    """A recorded load."""

    lag: list[float]
    """By how much the generator sent each message too late (s)."""
    stretches: list[list[float]]
    """The latencies (s) of each stretch."""

    @property
    def latencies(self) -> list[float]:
        """All of them."""
        return [each for stretch in self.stretches for each in stretch]


Samples = list[tuple[int, int]]
"""Messages answered by then, and bytes of memory."""
PAGE, STEP = 4096, 16_000_000
LATER = 0.6
SEED = 4711


def exceeding(run: Run, limit: float, share: float, *, tenths: bool = False) -> Verdict:
    """The check of a percentile, of the whole or of each tenth."""
    pairs = zip(run.stretches[::2], run.stretches[1::2], strict=True)
    parts = [first + second for first, second in pairs] if tenths else [run.latencies]
    return percentile_within([Part("part", len(part), sum(each > limit for each in part)) for part in parts], limit, share)


def rising(run: Run) -> Verdict:
    """The check of the trend."""
    return no_rise([Stretch(len(stretch), median(stretch) if stretch else 0.0) for stretch in run.stretches])


def sticking_out(run: Run) -> Verdict:
    """The check of outliers; it sees nothing where the generator was too coarse for it."""
    typical = median(run.latencies)
    limit, late = outlier_limit(typical), lag_limit(typical)
    if too_coarse(sum(each > late for each in run.lag), len(run.lag)):
        return Verdict("few replies stick out")
    return few_outliers([Part("stretch", len(stretch), sum(each > limit for each in stretch)) for stretch in run.stretches])


LATENCY: dict[str, Callable[[Run], Verdict]] = {
    "p50 ≤ 100 ms": lambda run: exceeding(run, 0.1, 0.5),
    "p95 ≤ 500 ms": lambda run: exceeding(run, 0.5, 0.95),
    "p99 ≤ 500 ms": lambda run: exceeding(run, 0.5, 0.99),
    "p99 ≤ 500 ms, each tenth": lambda run: exceeding(run, 0.5, 0.99, tenths=True),
    "no rise": rising,
    "few stick out": sticking_out,
}
Plant = Callable[[Run, random.Random], Run]


def tail(share: float, *, of_the_last: int = STRETCHES) -> Plant:
    """So many replies of the last stretches come later, each by chance."""

    def plant(run: Run, chance: random.Random) -> Run:
        begin = STRETCHES - of_the_last
        later = [[each + LATER * (chance.random() < share) for each in stretch] for stretch in run.stretches[begin:]]
        return run._replace(stretches=run.stretches[:begin] + later)

    return plant


def drift(seconds: float) -> Plant:
    """Latency has risen by so much at the end."""

    def plant(run: Run, _chance: random.Random) -> Run:
        step = seconds / (STRETCHES - 1)
        return run._replace(stretches=[[each + step * place for each in stretch] for place, stretch in enumerate(run.stretches)])

    return plant


PLANTED: dict[str, Plant] = {
    "nothing": lambda run, _: run,
    **{f"{share:.0%} of the replies + 600 ms": tail(share) for share in (0.01, 0.02, 0.03, 0.05)},
    "10 % of the last tenth + 600 ms": tail(0.1, of_the_last=STRETCHES // 10),
    **{f"latency rises by {seconds * 1000:.0f} ms": drift(seconds) for seconds in (0.025, 0.05, 0.1, 0.2)},
}


def read(file: Path) -> tuple[dict[str, list[Run]], dict[str, int], dict[str, list[Samples]]]:
    """Valid runs of each kind, how many were invalid, and the samples of memory."""
    valid: dict[str, list[Run]] = {}
    invalid: dict[str, int] = {}
    memory: dict[str, list[Samples]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        found = json.loads(line)
        kind = found["kind"]
        if "samples" in found:
            memory.setdefault(kind, []).append([(messages, used) for messages, used in found["samples"]])
        elif found["invalid"]:
            invalid[kind] = invalid.get(kind, 0) + 1
        else:
            valid.setdefault(kind, []).append(Run(seconds(found["lag"]), [seconds(stretch) for stretch in found["stretches"]]))
    return valid, invalid, memory


def seconds(counts: Iterable[tuple[int, int]]) -> list[float]:
    """Times, given as how often each number of microseconds occurred."""
    return [us / 1e6 for us, count in counts for _ in range(count)]


def joined(runs: Sequence[Run]) -> Run:
    """A longer run: these, one after the other."""
    stretches = [stretch for run in runs for stretch in run.stretches]
    parts = [stretches[place * len(runs) : (place + 1) * len(runs)] for place in range(STRETCHES)]
    return Run([each for run in runs for each in run.lag], [[each for stretch in part for each in stretch] for part in parts])


def alarms(verdicts: Iterable[Verdict]) -> tuple[int, int]:
    """How many verdicts are violations, and of how many; a check that saw nothing is neither."""
    judged = [verdict for verdict in verdicts if verdict.exercised]
    return sum(not verdict.ok for verdict in judged), len(judged)


def told(found: int, judged: int) -> str:
    """A share, with the number of runs where it is not that of all."""
    return f"{found / judged:.0%} of {judged}" if judged else "none valid"


def row(*cells: object) -> None:
    """A line of a table."""
    print("| " + " | ".join(str(cell) for cell in cells) + " |")


def head(*cells: str) -> None:
    """The first lines of a table."""
    print()
    row(*cells)
    row(*("---" for _ in cells))


def tell_false_alarms(valid: dict[str, list[Run]], invalid: dict[str, int], memory: dict[str, list[Samples]]) -> None:
    """Alarms on the correct platform."""
    head("check", *(f"{kind}: alarms of valid runs" for kind in valid))
    row("*runs that were invalid*", *(f"{invalid.get(kind, 0)} of {invalid.get(kind, 0) + len(runs)}" for kind, runs in valid.items()))
    for name, check in LATENCY.items():
        row(name, *("{} of {}".format(*alarms(map(check, runs))) for runs in valid.values()))
    head("check", *(f"{kind}: alarms" for kind in memory))
    for limit in (50, 64):
        row(f"memory ≤ {limit} B a message", *("{} of {}".format(*alarms(memory_slope_within(run, limit) for run in runs)) for runs in memory.values()))


def tell_power_of_latency(valid: dict[str, list[Run]], trials: int) -> None:
    """What share of planted faults is found, in runs as recorded and in ten put together."""
    for size in (1, 10):
        for kind, runs in valid.items():
            print(f"\n{kind}, {size * len(runs[0].latencies):,} replies:")
            head("planted", *LATENCY)
            for name, plant in PLANTED.items():
                chance = random.Random(SEED)
                made = [plant(joined(chance.sample(runs, size)), chance) for _ in range(trials)]
                row(name, *(told(*alarms(map(check, made))) for check in LATENCY.values()))


def tell_power_of_leaks(memory: dict[str, list[Samples]]) -> None:
    """What share of planted leaks is found, by how many messages come behind the warm-up; a single step is none."""
    sizes = (10_000, 20_000, 50_000, 100_000, 200_000)
    head("kept of each message", *(f"{behind:,} messages" for behind in sizes))
    for kept in (25, 50, 75, 100, 200, 1000):
        row(f"{kept} B", *(told(*alarms(memory_slope_within(run, 50) for run in grown(memory, size, kept=kept))) for size in sizes))
    for place in (0.25, 0.5, 0.75):
        cells = (told(*alarms(memory_slope_within(run, 50) for run in grown(memory, size, step=place))) for size in sizes)
        row(f"nothing; one step of {STEP // 10**6} MB at {place:.0%}", *cells)


def grown(memory: dict[str, list[Samples]], behind: int, *, kept: int = 0, step: float = 2.0) -> list[Samples]:
    """Runs of this length behind the warm-up, with so many bytes kept of each message and a step at this share of their length."""
    end = WARM_UP + behind
    return [
        [(messages, used + kept * messages // PAGE * PAGE + STEP * (messages > WARM_UP + step * behind)) for messages, used in run if messages <= end]
        for runs in memory.values() for run in runs if run[-1][0] >= end
    ]


def main() -> None:
    """Prints all tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--trials", type=int, default=200)
    arguments = parser.parse_args()
    valid, invalid, memory = read(arguments.file)
    if not valid or not memory:
        sys.exit(f"{arguments.file} holds no valid runs of latency or none of memory; record some with alarms_recording.py")
    tell_false_alarms(valid, invalid, memory)
    tell_power_of_latency(valid, arguments.trials)
    tell_power_of_leaks(memory)


if __name__ == "__main__":
    main()
