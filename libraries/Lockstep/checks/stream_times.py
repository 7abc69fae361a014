"""How long streamed answers take until they are whole."""

from __future__ import annotations

from collections.abc import Collection

from . import wording
from .events import Event, Kind
from .history import History
from .streams import BEGINS, GOES_ON
from .verdict import Verdict
from .violations import Code


def streams_end_within(history: History, limit: float, only: Collection[str] | None = None) -> Verdict:
    """From when the client asked for it the last time until its end each stream takes at most `limit` seconds (*slow_recovery*).

    Who was never interrupted asked once, at the beginning. For limits that no machine misses by chance. `only`: ids of the streams that
    are meant. Measures stream_completion (ms, the longest). O(n).
    """
    verdict = Verdict("streams end in time")
    asked: dict[str, Event] = {}
    ended: dict[str, Event] = {}
    for event in history.events.of(Kind.QUERY, Kind.ANSWER, Kind.STREAM_END):
        said = event.details or {}
        if event.kind is Kind.STREAM_END:
            ended.setdefault(str(event.message_id), event)
        elif event.kind is Kind.ANSWER and said.get("question") == BEGINS:
            asked.setdefault(str((said.get("fields") or {}).get("stream")), event)
        elif event.kind is Kind.QUERY and said.get("question") == GOES_ON and str(said.get("stream")) not in ended:
            asked[str(said.get("stream"))] = event
    took = []
    for stream, since in asked.items():
        if only is not None and stream not in only:
            continue
        verdict.exercised += 1
        end = ended.get(stream)
        if end is not None:
            took.append(end.time - since.time)
        if end is None or took[-1] > limit:
            how = f"took {took[-1]:.3f} s" if end is not None else "has not ended"
            what = f"{wording.owner(since)}'s stream {stream}, asked for {wording.at(history, since)}, {how}"
            verdict.violated(Code.SLOW_RECOVERY, f"{what}, where {limit:g} s are allowed", since, end)
    if took:
        verdict.measured("stream_completion", max(took) * 1000, "ms", len(took))
    return verdict.concluded()
