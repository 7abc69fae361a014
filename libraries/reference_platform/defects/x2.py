"""X2: answers that are interrupted in the middle. They begin again, have a hole, end in another way than once, or grow without bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_platform.messages import Fields
from reference_platform.policies import Streams
from reference_platform.registry import defect
from reference_platform.streaming.stream import Stream

if TYPE_CHECKING:
    from reference_platform.host import Host
    from reference_platform.streaming.flow import SessionStreams


@defect("x2_restart_stream")
class FromTheBeginning(Streams):
    """Whoever comes back to a stream gets it from the beginning, whichever chunk was asked for."""

    def position(self, stream: Stream, index: int) -> int:  # noqa: ARG002
        """Always the first."""
        return 0


@defect("x2_gap")
class OnlyWhatIsNew(Streams):
    """What was written while nobody was there is dropped: whoever comes back gets what comes from now on, as if nothing were missing."""

    def position(self, stream: Stream, index: int) -> int:
        """Behind what is written."""
        return max(index, stream.written)


@defect("x2_terminal_twice")
class EndsTwice(Streams):
    """The end of a stream comes twice."""

    def end(self, stream: Stream) -> list[Fields]:
        """One more of the same."""
        ends = super().end(stream)
        return [*ends, *(fields.copy() for fields in ends)]


@defect("x2_no_terminal")
class NeverEnds(Streams):
    """All chunks of a stream come, and no end behind them."""

    def end(self, stream: Stream) -> list[Fields]:
        """Nothing leaves."""
        super().end(stream)
        return []


@defect("x2_no_bound")
class WritesOn(Streams):
    """Agents write their answers to the end, however little of them may be kept for somebody who is away or does not read."""

    def room(self, group: SessionStreams, stream: Stream) -> bool:  # noqa: ARG002
        """Always."""
        return True


@defect("x2_lost_but_kept")
class FreesNothing(Streams):
    """What a client is told to be lost stays in the server's memory all the same, which grows for as long as somebody is away."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.never_freed: list[bytes] = []

    def lose(self, stream: Stream) -> None:
        """It is told, but not given back."""
        self.never_freed.append(stream.kept[0])
        super().lose(stream)
