"""How large a share certainly succeeds: what a promise such as 99.99 % is held against."""

from __future__ import annotations

from certainty import Shown, at_least, percent, shown

from . import wording
from .history import History
from .verdict import Verdict
from .violations import Code


def share_measured(verdict: Verdict, name: str, failed: int, tries: int) -> None:
    """Adds the share of successes under this name, and as <name>_at_least what of it is certain (95 %, Clopper and Pearson)."""
    if tries:
        verdict.measured(name, 100 * (tries - failed) / tries, "%", tries)
        verdict.measured(f"{name}_at_least", 100 * at_least(failed, tries), "%", tries)


def reconnections_succeed(history: History, promised: float | None = None) -> Verdict:
    """Each client that came back got in, at the first try or a later one (*slow_recovery*).

    With a `promised` share, such as 0.9999, failures are violations only where there are more than chance would show of it in 5 % of all
    cases. Measures reconnections_succeeded and reconnections_succeeded_at_least (%): whether so many tries reach what is promised is for
    the criterion to say. O(n). Source: exact binomial test.
    """
    verdict = Verdict("reconnections succeed")
    found = history.reconnections
    verdict.exercised, tries = len(found), wording.counted(len(found), "reconnection")
    failed = [one for one in found if one.connected is None]
    for one in failed if promised is None or shown(len(failed), len(found), promised) is Shown.NOT_REACHED else ():
        verdict.violated(
            Code.SLOW_RECOVERY,
            f"{wording.owner(one.first)} tried to come back {wording.counted(len(one.tries), 'time')}, first {wording.at(history, one.first)}, and never got in "
            f"({len(failed)} of {tries} failed, so that ≥ {percent(at_least(len(failed), len(found)))} is certain)",
            one.lost, *one.tries[:3],
        )
    share_measured(verdict, "reconnections_succeeded", len(failed), len(found))
    return verdict.concluded()
