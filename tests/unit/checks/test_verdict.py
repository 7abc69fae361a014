"""What a check returns."""

from __future__ import annotations

from told_histories import Story

from Lockstep.checks import Code, Verdict
from Lockstep.checks.answers import nothing_lost
from Lockstep.checks.verdict import KEPT_VIOLATIONS


def test_a_verdict_is_ok_until_something_is_violated() -> None:
    assert Verdict("x", exercised=1).concluded().ok
    assert not Verdict("x").concluded().ok


def test_a_wrecked_run_stays_readable() -> None:
    story = Story()
    for number in range(KEPT_VIOLATIONS + 5):
        story.send(f"m{number}")
    verdict = nothing_lost(story.history)
    assert len(verdict.violations) == KEPT_VIOLATIONS
    assert verdict.counts == {Code.LOST: KEPT_VIOLATIONS + 5}
    assert [(m.name, m.value, m.unit, m.samples) for m in verdict.measurements] == [("lost", 105, "messages", 105)]
