"""Makes a fault of what an analyst says, and refuses what contradicts itself, in a sentence."""

from __future__ import annotations

from typing import Any

from ..errors import UsageError
from .catalogue import CATALOGUE, Direction, Fault
from .injection import INSIDE, Injection
from .triggers import After

SUCH_AS = {"delay": "delay=50 ms", "rate": "rate=64 KiB/s", "after": "after=7 frames"}
AT_THE_DOOR = frozenset({Fault.REFUSE, Fault.HANG})
"""Faults of connections that are yet to come: nothing has passed there that could be counted."""
_UNITS = {Fault.CUT_AFTER_BYTES: {"bytes"}, Fault.CUT_AFTER_FRAMES: {"frames"}, Fault.FLIP: {"bytes", "frames"}}
_INSIDE = {"frames"}


def asked_for(fault: Fault, *, direction: Direction | None, after: After | None, **said: Any) -> Injection:
    """The fault with what was said about it; what nobody spoke of is None in ``said``."""
    entry = CATALOGUE[fault]
    told = {name: value for name, value in said.items() if value is not None}
    takes = set(entry.says) | {"lasting" if entry.lasts else "times"}
    if fault not in AT_THE_DOOR:
        takes |= {"after", "connection"}
    if len(entry.directions) > 1:
        takes |= {"direction"}
    given = set(told) | ({"after"} if after is not None else set()) | ({"direction"} if direction is not None else set())
    if wrong := sorted(given - takes):
        raise UsageError(f"{fault} takes no {wrong[0]}=...; what can be said about it is: {', '.join(sorted(takes))}")
    if entry.needs and entry.needs not in given:
        raise UsageError(f"{fault} needs {entry.needs}=..., such as {SUCH_AS[entry.needs]}")
    way = direction or entry.direction
    if way not in entry.directions:
        raise UsageError(f"{fault} works {' or '.join(entry.directions)}, not {way}; say which with direction=...")
    if told.get("how") is Fault.HALF_OPEN and way is Direction.BOTH:
        raise UsageError("half_open leaves one end without a sign; say which way it lies with direction=to_server or direction=to_client")
    if after is not None:
        check_moment(fault, after)
    alone = told.pop("connection", None) is not None
    return Injection(fault, way, after, alone=alone, **{name: value for name, value in told.items() if value})


def check_moment(fault: Fault, after: After, word: str = "after") -> None:
    """Refuses a moment at which this fault cannot strike."""
    units = _UNITS.get(fault, _INSIDE if fault in INSIDE else {"frames", "bytes", "seconds"})
    if after.unit not in units:
        raise UsageError(f"{fault} counts {' or '.join(sorted(units))}, so that {word}={after} contradicts it")
    if after.unit == "frames" and not after.amount and fault not in INSIDE:
        raise UsageError(f"{word}=0 frames leaves {fault} nothing to count; say 1 frame or more, or leave {word}=... out")
