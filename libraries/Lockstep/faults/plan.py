"""A plan of faults from one seed: which, in which order, for whom, and behind how many frames."""

from __future__ import annotations

import random
from collections.abc import Sequence

from .catalogue import CATALOGUE, Direction, Fault
from .injection import Injection
from .triggers import After

NOT_IN_PLANS = frozenset({Fault.REFUSE, Fault.HANG, Fault.FLIP, Fault.CUT_AFTER_BYTES, Fault.CUT_AFTER_FRAMES})
"""These strike when nothing is under way, change what is said, or are another word for one that a plan holds."""
IN_PLANS = tuple(fault for fault in Fault if fault not in NOT_IN_PLANS)
BETWEEN_FRAMES = frozenset({Fault.CLOSE, Fault.RESET, Fault.HALF_OPEN})
"""These strike behind a frame: behind one of the client, a message is under way for certain; behind one of the server, its answer has passed."""
_DELAY, _RATE = 0.02, 64 * 1024.0
"""s, and bytes per second, where a fault of a plan needs one."""


def fault_plan(kinds: Sequence[Fault], each: int, clients: Sequence[str], *, within: After, lasting: float, seed: int) -> dict[str, list[Injection]]:
    """Every kind ``each`` times, shuffled and dealt out to the clients; the same arguments give the same plan.

    Each strikes behind up to ``within`` (frames, bytes or seconds), counted from when it has its turn, and only while messages are under way.
    """
    dice = random.Random(f"{seed}-faults")  # noqa: S311 - repeatable, no secret
    faults = [kind for kind in kinds for _ in range(each)]
    dice.shuffle(faults)
    plan: dict[str, list[Injection]] = {client: [] for client in clients}
    for number, fault in enumerate(faults):
        plan[clients[number % len(clients)]].append(_injection(fault, dice, within, lasting))
    return plan


def _injection(fault: Fault, dice: random.Random, within: After, lasting: float) -> Injection:
    entry = CATALOGUE[fault]
    ways = (Direction.TO_SERVER,) if fault in BETWEEN_FRAMES else (Direction.TO_SERVER, Direction.TO_CLIENT)
    return Injection(
        fault, dice.choice(ways), _moment(dice, within), how=dice.choice((Fault.CLOSE, Fault.RESET)),
        delay=_DELAY if "delay" in entry.says else 0.0, jitter=_DELAY if "jitter" in entry.says else 0.0, rate=_RATE if "rate" in entry.says else 0.0,
        lasting=lasting if entry.lasts else None, planned=True,
    )


def _moment(dice: random.Random, within: After) -> After:
    return After(dice.uniform(0, within.amount) if within.unit == "seconds" else dice.randint(1, int(within.amount)), within.unit)
