"""X2: answers that are interrupted in the middle. They begin again, have a hole, or end in another way than once."""

from __future__ import annotations

from reference_platform.messages import Fields
from reference_platform.policies import Streams
from reference_platform.registry import defect
from reference_platform.streams import Stream


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
