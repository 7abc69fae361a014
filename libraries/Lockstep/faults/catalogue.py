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
    directions: tuple[Direction, ...]
    """Which ways it can work; the first one where nobody says so."""
    lasts: bool = False
    """It goes on until it is ended, on every connection of the client; otherwise it strikes once, on one connection."""
    says: frozenset[str] = frozenset()
    """What may be said about it, beside direction and moment."""
    needs: str = ""
    """What must be said about it."""

    @property
    def direction(self) -> Direction:
        """Which way it works where nobody says so."""
        return self.directions[0]


_SERVER, _CLIENT, _BOTH = Direction.TO_SERVER, Direction.TO_CLIENT, Direction.BOTH
_ANY, _EACH_WAY = (_CLIENT, _SERVER, _BOTH), (_BOTH, _SERVER, _CLIENT)
_HOW = frozenset({"how"})
CATALOGUE: dict[Fault, Entry] = {
    Fault.CLOSE: Entry("both ends see the end of the stream (FIN), without a closing handshake", _ANY),
    Fault.RESET: Entry("both ends see the connection reset (RST)", _ANY),
    Fault.HALF_OPEN: Entry("the end that the direction leads to gets no sign and hears nothing more; the other end sees a reset", (_SERVER, _CLIENT)),
    Fault.BLACKHOLE: Entry("whatever is sent is lost without a sign, the end of the stream as well", _EACH_WAY, lasts=True),
    Fault.LATENCY: Entry("bytes arrive later, in order", _EACH_WAY, lasts=True, says=frozenset({"delay", "jitter"}), needs="delay"),
    Fault.BANDWIDTH: Entry("bytes arrive no faster than this", _EACH_WAY, lasts=True, says=frozenset({"rate"}), needs="rate"),
    Fault.SLICE: Entry("bytes are written in small pieces, each by itself", _EACH_WAY, lasts=True, says=frozenset({"size", "delay"})),
    Fault.COALESCE: Entry("bytes are held for a while and arrive together", _EACH_WAY, lasts=True, says=frozenset({"delay"}), needs="delay"),
    Fault.CUT_AFTER_BYTES: Entry("so many bytes pass, then the connection is cut", _ANY, says=_HOW, needs="after"),
    Fault.CUT_AFTER_FRAMES: Entry("so many frames with data pass, then the connection is cut", _ANY, says=_HOW, needs="after"),
    Fault.CUT_IN_FRAME: Entry("the connection is cut in the middle of what a frame carries", _ANY, says=_HOW),
    Fault.CUT_IN_HEADER: Entry("the connection is cut behind the first byte of a frame", _ANY, says=_HOW),
    Fault.CUT_IN_CODE_POINT: Entry("the connection is cut inside a character of several bytes", _ANY, says=_HOW),
    Fault.STOP_READING: Entry("the way takes nothing more, so that the sender's writes fill up (zero window); all of it arrives when the fault ends",
                              (_CLIENT, _SERVER, _BOTH), lasts=True),
    Fault.REFUSE: Entry("new connections are refused", (_BOTH,), lasts=True),
    Fault.HANG: Entry("new connections are accepted, and then nothing happens until the fault ends", (_BOTH,), lasts=True),
    Fault.FLIP: Entry("one bit of what a frame carries (or of the byte behind so many) arrives changed", (_SERVER, _CLIENT)),
}
