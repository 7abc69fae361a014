"""The only list of faults: what each does, which way it works by itself, and what an analyst may say about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from profiles.nearest import did_you_mean


class Direction(StrEnum):
    """The bytes that a fault is about."""

    TO_SERVER = "to_server"
    TO_CLIENT = "to_client"
    BOTH = "both"


class Fault(StrEnum):
    """What can be done to a connection, or to those that are yet to come."""

    CLOSE = "close"
    RESET = "reset"
    HALF_OPEN = "half_open"
    BLACKHOLE = "blackhole"
    LATENCY = "latency"
    BANDWIDTH = "bandwidth"
    SLICE = "slice"
    COALESCE = "coalesce"
    CUT_AFTER_BYTES = "cut_after_bytes"
    CUT_AFTER_FRAMES = "cut_after_frames"
    CUT_IN_FRAME = "cut_in_frame"
    CUT_IN_HEADER = "cut_in_header"
    CUT_IN_CODE_POINT = "cut_in_code_point"
    STOP_READING = "stop_reading"
    REFUSE = "refuse"
    HANG = "hang"
    FLIP = "flip"

    @classmethod
    def convert(cls, value: object) -> Fault:
        """The fault of that name; another name is answered with the list of all."""
        name = str(value).strip().lower().replace(" ", "_")
        if name not in set(cls):
            raise ValueError(f"must be one of {', '.join(cls)}, not '{value}'{did_you_mean(name, cls).removesuffix('.')}")
        return cls(name)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the catalogue."""

    does: str
    """What the two ends see, in one sentence."""
    direction: Direction
    """Which way it works where nobody says so."""
    lasts: bool
    """It goes on until it is ended, on every connection of the client; otherwise it strikes once, on one connection."""
    says: frozenset[str] = frozenset()
    """What may be said about it beside direction and moment."""
    needs: frozenset[str] = frozenset()
    """What must be said about it."""


_TO_CLIENT = Direction.TO_CLIENT
CATALOGUE: dict[Fault, Entry] = {
    Fault.CLOSE: Entry("both ends see the end of the stream (FIN) without a closing handshake", _TO_CLIENT, lasts=False),
    Fault.RESET: Entry("both ends see the connection reset (RST)", _TO_CLIENT, lasts=False),
    Fault.HALF_OPEN: Entry("the end that the direction leads to learns nothing and hears nothing more; the other end sees a reset", Direction.TO_SERVER, lasts=False),
    Fault.BLACKHOLE: Entry("bytes and the end of the stream are lost without a sign; what was sent into it never arrives", Direction.BOTH, lasts=True),
    Fault.LATENCY: Entry("bytes arrive later, in order", Direction.BOTH, lasts=True, says=frozenset({"delay", "jitter"}), needs=frozenset({"delay"})),
    Fault.BANDWIDTH: Entry("bytes arrive no faster than this", Direction.BOTH, lasts=True, says=frozenset({"rate"}), needs=frozenset({"rate"})),
    Fault.SLICE: Entry("bytes arrive in pieces, each written by itself", Direction.BOTH, lasts=True, says=frozenset({"size", "delay"})),
    Fault.COALESCE: Entry("bytes are held for a while and arrive together", Direction.BOTH, lasts=True, says=frozenset({"delay"}), needs=frozenset({"delay"})),
    Fault.CUT_AFTER_BYTES: Entry("so many bytes pass, then the connection is cut", _TO_CLIENT, lasts=False, says=frozenset({"how"}), needs=frozenset({"after"})),
    Fault.CUT_AFTER_FRAMES: Entry("so many frames with data pass, then the connection is cut", _TO_CLIENT, lasts=False, says=frozenset({"how"}), needs=frozenset({"after"})),
    Fault.CUT_IN_FRAME: Entry("the connection is cut in the middle of what a frame carries", _TO_CLIENT, lasts=False, says=frozenset({"how"})),
    Fault.CUT_IN_HEADER: Entry("the connection is cut behind the first byte of a frame", _TO_CLIENT, lasts=False, says=frozenset({"how"})),
    Fault.CUT_IN_CODE_POINT: Entry("the connection is cut inside a character of several bytes", _TO_CLIENT, lasts=False, says=frozenset({"how"})),
    Fault.STOP_READING: Entry("nothing is read on the way, so that the sender's writes fill up (zero window); all of it passes when the fault ends",
                              _TO_CLIENT, lasts=True),
    Fault.REFUSE: Entry("new connections are refused", Direction.BOTH, lasts=True),
    Fault.HANG: Entry("new connections are accepted, and then nothing happens until the fault ends", Direction.BOTH, lasts=True),
    Fault.FLIP: Entry("one bit arrives changed", Direction.TO_SERVER, lasts=False),
}
