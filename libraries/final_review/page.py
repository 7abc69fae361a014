"""``final_review.html``: the review for people. One file, no network, no script."""

from __future__ import annotations

import shlex
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from .case_names import RANGE_FROM, in_short
from .coverage import STATES, is_not_offered
from .criteria import Condition, Finding, Judged, State
from .examination import Review
from .proof_page import ProofPage
from .quantity import THIN_SPACE, figure
from .rendering import template
from .verdict import Outcome

WORDS = {
    State.MET: "met",
    State.NOT_MET: "not met",
    State.NOT_MEASURED: "not measured",
    State.INVALID: "invalid",
    Outcome.READY: "Ready",
    Outcome.CONDITIONS: "Ready with conditions",
    Outcome.NOT_READY: "Not ready",
    Outcome.CANNOT_SAY: "Cannot say",
}


def render(review: Review, *, has_log: bool = True, proof: ProofPage | None = None) -> str:
    """The page as text."""
    return template("final_review.html").render(
        review=review,
        info=review.info,
        conclusion=review.conclusion,
        verdict_words=WORDS[review.conclusion.outcome],
        facts=_facts(review),
        scorecard=[_score(one, review, has_log=has_log) for one in review.judged],
        gaps=_gaps(review),
        notes=_notes(review),
        failures=[{"test": test, "link": test.link if has_log else ""} for test in review.failed_tests],
        coverage=_coverage(review),
        totals=[(state, sum(one.state == state for one in review.coverage)) for state in STATES],
        tests=Counter(test.status for test in review.result.tests),
        command=_command(review),
        proof=proof,
        number=figure,
    )


def _facts(review: Review) -> list[tuple[str, str]]:
    """What was tested, how and where: the lines of the header."""
    info = review.info
    facts = [
        ("Profile", info.profile),
        ("Seed", "" if info.seed is None else str(info.seed)),
        ("Started", info.started.strftime(f"%d %B %Y, %H:%M{THIN_SPACE}%Z") if info.started else ""),
        ("Took", _duration(review)),
        ("Machine", _machine(info.machine)),
        ("Versions", ", ".join(f"{name} {version}" for name, version in info.versions.items())),
    ]
    return [(name, value) for name, value in facts if value]


def _duration(review: Review) -> str:
    ended, started = review.result.ended, review.info.started
    taken: timedelta | None = review.result.elapsed
    if ended and started:
        # Robot writes local times without a zone.
        taken = max(_local(ended) - started, timedelta(0))
    if taken is None:
        return "unknown: the run left no end"
    minutes, seconds = divmod(round(taken.total_seconds()), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _local(instant: datetime) -> datetime:
    return instant.astimezone()


def _machine(machine: dict[str, Any]) -> str:
    """What the figures depend on; whatever else run.json knows of the machine stays there."""
    parts = [str(machine[key]) for key in ("system", "processor") if machine.get(key)]
    parts += [f"{machine['cores']} cores"] if machine.get("cores") else []
    memory = machine.get("memory_mb")
    parts += [f"{memory / 1024:.0f} GB memory"] if isinstance(memory, (int, float)) else []
    return ", ".join(parts)


def _score(judged: Judged, review: Review, *, has_log: bool) -> dict[str, Any]:
    """One criterion of the scorecard with a row per condition."""
    waiver = review.waivers.get(judged.criterion.id) if judged.state is State.NOT_MET else None
    rows: list[Finding | Condition] = list(judged.findings or judged.criterion.conditions)
    return {
        "title": judged.criterion.title,
        "cases": in_short(sorted(judged.criterion.cases, key=review.cases.place)).split(", "),
        "state": str(judged.state) if judged.claimed else "unclaimed",
        "word": WORDS[judged.state] if judged.claimed else "not claimed",
        # Where the figure misses its limit, both stand side by side and need no sentence.
        "reason": "" if judged.deciding and judged.deciding.broken else judged.reason,
        "waiver": waiver,
        "rows": [_row(row, judged, review, has_log=has_log) | {"about": _about(row, judged, review)} for row in rows],
    }


def _row(row: Finding | Condition, judged: Judged, review: Review, *, has_log: bool) -> dict[str, Any]:
    finding = row if isinstance(row, Finding) else None
    condition = row.condition if isinstance(row, Finding) else row
    return {
        "name": condition.label,
        "measured": finding.text if finding else "",
        "limit": f"{condition.comparison} {condition.limit or ''}".strip(),
        "agreed": review.limits.agreed.get(condition.key, "no limit") if condition.key in review.limits_changed else "",
        "samples": figure(finding.samples) if finding and finding.samples else "",
        "look": _look(finding),
        "link": _evidence(judged, finding, review) if has_log else "",
    }


def _about(row: Finding | Condition, judged: Judged, review: Review) -> str:
    """What tells this row from another one of the same measurement: the cases that it is about."""
    condition = row.condition if isinstance(row, Finding) else row
    if sum(one.measurement == condition.measurement for one in judged.criterion.conditions) < 2:
        return ""
    return ", ".join(map(review.cases.title, condition.cases)) if len(condition.cases) < RANGE_FROM else in_short(condition.cases)


def _look(finding: Finding | None) -> str:
    """How a figure is shown: broken (misses its limit), void (not to be counted) or plain."""
    if finding is None:
        return ""
    return "broken" if finding.broken else "void" if finding.state is State.INVALID else ""


def _evidence(judged: Judged, finding: Finding | None, review: Review) -> str:
    """The link to the test that measured the figure; without a figure, to the first test that should have."""
    measured_by = review.result.by_name(finding.test) if finding else None
    if measured_by:
        return measured_by.link
    feeding = [test for case in judged.criterion.cases for test in review.result.of_case(case)]
    return next((test.link for test in sorted(feeding, key=lambda test: not test.failed)), "")


def _gaps(review: Review) -> list[dict[str, str]]:
    """Everything that this run could not show, with the reason."""
    gaps = [
        {"what": one.criterion.title, "word": WORDS[one.state], "reason": one.reason}
        for one in review.judged
        if one.state in (State.NOT_MEASURED, State.INVALID)
    ]
    gaps += [{"what": suite, "word": "no result", "reason": "the suite was to run and left no output"} for suite in review.missing_suites]
    criteria = {one.criterion.id for one in review.judged}
    for test in review.result.tests:
        if criteria & set(test.tags):
            continue
        made, planned = review.records.checks_of(test.name)
        if test.skipped:
            word = "not offered" if is_not_offered(test, review.records) else test.skip_kind or "skipped"
            gaps.append({"what": test.title, "word": word, "reason": test.skip_reason})
        elif made < planned:
            absent = [one for one in review.records.not_offered if one.test == test.name and one.check]
            reason = "; ".join(f"{one.check}: {one.reason}" for one in absent)
            gaps.append({"what": test.title, "word": f"{made} of {planned} checks", "reason": f"not offered by the target: {reason}"})
    return gaps


def _notes(review: Review) -> list[str]:
    """Short remarks about the run itself."""
    notes = [f"{review.result.problem}.".capitalize()] if review.result.problem else []
    if review.info.interrupted:
        notes.append("The run was interrupted. Everything that was measured until then is kept.")
    if review.records.torn:
        lines = "1 line" if review.records.torn == 1 else f"{review.records.torn} lines"
        notes.append(f"{lines} of the records could not be read, because a process ended while it was writing.")
    return notes


def _coverage(review: Review) -> list[dict[str, Any]]:
    states = {one.case: one for one in review.coverage}
    return [
        {
            "group": group,
            "counts": Counter(states[case].state for case in group.cases),
            "cases": [states[case] for case in group.cases],
        }
        for group in review.cases.groups
    ]


def _command(review: Review) -> str:
    """The command that repeats this run with the same random choices."""
    command, seed = list(review.info.command), review.info.seed
    if not command:
        return ""
    if seed is not None and not any(part.split("=")[0] == "--seed" for part in command):
        # What stands after -- belongs to robot, which knows no seed.
        place = command.index("--") if "--" in command else len(command)
        command[place:place] = ["--seed", str(seed)]
    return shlex.join(command)
