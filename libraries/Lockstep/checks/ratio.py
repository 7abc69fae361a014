"""How large a share certainly succeeds: what a promise such as 99.99 % is held against."""

from __future__ import annotations

from certainty import at_least, percent

from . import wording
from .history import History
from .reconnections import reconnections
from .verdict import Verdict
from .violations import Code


def share_measured(verdict: Verdict, name: str, failed: int, tries: int) -> None:
    """Adds the share of successes under this name, and as <name>_at_least what of it is certain (95 %, Clopper and Pearson)."""
    if tries:
        verdict.measured(name, 100 * (tries - failed) / tries, "%", tries)
        verdict.measured(f"{name}_at_least", 100 * at_least(failed, tries), "%", tries)


def reconnections_succeed(history: History) -> Verdict:
    """Each client that came back got in, at the first try or a later one (*slow_recovery*).

    Measures reconnections_succeeded and reconnections_succeeded_at_least (%). One failure is a violation here, where nothing is promised
    by chance; whether so many tries show a promised share is said by the criterion. O(n). Source: exact accounting.
    """
    verdict = Verdict("reconnections succeed")
    found = reconnections(history)
    verdict.exercised = len(found)
    failed = [one for one in found if one.connected is None]
    for one in failed:
        verdict.violated(
            Code.SLOW_RECOVERY,
            f"{wording.owner(one.first)} tried to come back {wording.counted(len(one.tries), 'time')}, first {wording.at(history, one.first)}, and never got in "
            f"({len(failed)} of {wording.counted(len(found), 'reconnection')} failed, so that ≥ {percent(at_least(len(failed), len(found)))} is certain)",
            one.lost, *one.tries[:3],
        )
    share_measured(verdict, "reconnections_succeeded", len(failed), len(found))
    return verdict.concluded()
