"""``final_review.json``: the review for programs."""

from __future__ import annotations

from typing import Any

from .criteria import Condition, Finding, Judged
from .examination import Review

SCHEMA = 1


def as_json(review: Review) -> dict[str, Any]:
    """The document; every key that another program may rely on is described in docs/reading_the_final_review.md."""
    info, conclusion, tests = review.info, review.conclusion, review.result.tests
    return {
        "schema": SCHEMA,
        "run": info.run,
        "verdict": str(conclusion.outcome),
        "sentence": conclusion.sentence,
        "reason": conclusion.reason,
        "profile": info.profile,
        "target": info.target_name,
        "reference": info.reference,
        "seed": info.seed,
        "limits_changed": review.limits_changed,
        "criteria": [_criterion(one, review) for one in review.judged],
        "coverage": [{"case": one.case, "state": one.state, "reason": one.reason} for one in review.coverage],
        "tests": {
            "passed": sum(test.passed for test in tests),
            "failed": sum(test.failed for test in tests),
            "skipped": sum(test.skipped for test in tests),
        },
        "missing_suites": review.missing_suites,
        "torn_records": review.records.torn,
    }


def _criterion(judged: Judged, review: Review) -> dict[str, Any]:
    """A criterion is summed up by the condition that decided it; all of them follow under ``conditions``."""
    criterion, deciding = judged.criterion, judged.deciding
    return {
        "id": criterion.id,
        "title": criterion.title,
        "claimed": judged.claimed,
        "state": str(judged.state),
        **_figures(deciding.condition if deciding else criterion.conditions[0], deciding),
        "reason": judged.reason,
        "needs_profile": criterion.needs_profile,
        "cases": list(criterion.cases),
        "waived": criterion.id in review.waivers,
        "conditions": [
            {"measurement": one.condition.measurement, "state": str(one.state), **_figures(one.condition, one), "reason": one.reason}
            for one in judged.findings
        ],
    }


def _figures(condition: Condition, finding: Finding | None) -> dict[str, Any]:
    measured = finding.measured if finding else None
    limit = condition.limit
    return {
        "measured": measured.value if measured else None,
        "unit": (measured.unit if measured else "") or (limit.unit if limit else ""),
        "comparison": str(condition.comparison),
        "limit": limit.value if limit else None,
        "samples": finding.samples if finding else 0,
    }
