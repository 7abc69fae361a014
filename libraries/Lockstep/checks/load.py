"""Judges the figures of a load phase. The lane has checked every reply as it came; here its counts become verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from . import wording
from .latency import too_many_late
from .verdict import Verdict
from .violations import Code


class Part(NamedTuple):
    """A phase or a stretch of it: how many replies came, and how many of them later than the limit."""

    name: str
    replies: int
    late: int


TOPICS = {
    "order": frozenset({Code.REORDERED, Code.GAP}),
    "duplicates": frozenset({Code.MISCOUNTED_DUPLICATES}),
    "isolation": frozenset({Code.LEAKED_TO_OTHER_USER}),
    "answers": frozenset({Code.LOST, Code.PHANTOM, Code.DUPLICATED, Code.CORRUPTED}),
}
"""What the lane can find, by the topic under which the other checks report it."""


def lossless_and_ordered(
    sent: int, ends: Mapping[str, int], found: Mapping[str, int], sentences: Sequence[tuple[str, str]]
) -> dict[str, Verdict]:
    """Every message has exactly one end (``ends``: answered, refused, lost), and no reply was wrong; one verdict for each topic.

    ``found`` counts what the lane found, by code; ``sentences`` tell the first ones. O(kinds of violations).
    """
    verdicts = {topic: Verdict(f"load: {topic}", exercised=sent) for topic in TOPICS}
    by_code = {code: verdicts[topic] for topic, codes in TOPICS.items() for code in codes}
    for code, sentence in sentences:
        by_code[Code(code)].violated(Code(code), sentence)
    for code, count in found.items():
        by_code[Code(code)].counts[Code(code)] = count
    answers = verdicts["answers"]
    if sent != sum(ends.values()):
        counted = ", ".join(f"{count} {end}" for end, count in ends.items())
        answers.violated(Code.LOST, f"{wording.counted(sent, 'message')} were sent, but their ends do not add up to that: {counted}")
    for end, count in ends.items():
        answers.measured(end, count, "messages", sent)
    for verdict in verdicts.values():
        verdict.concluded()
    return verdicts


def percentile_within(parts: Sequence[Part], limit: float, share: float, alpha: float = 1e-6) -> Verdict:
    """In each part at least ``share`` of the replies come within ``limit`` seconds, by an exact binomial test (*too_slow*).

    A part that just meets the limit is called too slow with probability ``alpha`` or less. O(replies) at worst.
    """
    verdict = Verdict("latency percentile below limit")
    for part in parts:
        verdict.exercised += part.replies
        if too_many_late(part.late, part.replies, share, alpha):
            verdict.violated(
                Code.TOO_SLOW,
                f"{part.name}: {part.late:,} of {part.replies:,} replies took longer than {limit * 1000:g} ms, "
                f"where {(1 - share) * 100:.3g} % of them may",
            )
    return verdict.concluded()
