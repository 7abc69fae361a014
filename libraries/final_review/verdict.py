"""The verdict of a run: one of four, computed from criteria and tests, never typed by hand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from .criteria import Judged, State
from .reach import BEYOND_LIMITS, NOT_OFFERED
from .run_info import RunInfo
from .wording import count, listed


class Outcome(StrEnum):
    """What may be said about the target after the run."""

    READY = "ready"
    CONDITIONS = "conditions"
    NOT_READY = "not_ready"
    CANNOT_SAY = "cannot_say"


EXIT_CODES = {Outcome.READY: 0, Outcome.CONDITIONS: 0, Outcome.NOT_READY: 1, Outcome.CANNOT_SAY: 2}
_OPENING = {
    Outcome.READY: "Ready",
    Outcome.CONDITIONS: "Ready with conditions",
    Outcome.NOT_READY: "Not ready",
    Outcome.CANNOT_SAY: "No verdict can be given",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that decides about a run. ``problem`` says why there is no readable result."""

    judged: Sequence[Judged]
    failed_tests: Sequence[str] = ()
    missing_suites: Sequence[str] = ()
    waived: Collection[str] = ()
    weakened: Sequence[str] = ()
    problem: str = ""
    tests: int = 0


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The verdict with its sentence and its one reason."""

    outcome: Outcome
    sentence: str
    reason: str
    exit_code: int = field(default=0)


def conclude(evidence: Evidence, info: RunInfo) -> Conclusion:
    """Computes the verdict. A proven failure weighs more than a gap, a gap more than a condition."""
    broken = [one for one in _claimed(evidence, State.NOT_MET) if one.criterion.id not in evidence.waived]
    gap = _gap(evidence, info)
    condition = _condition(evidence)
    if broken or evidence.failed_tests:
        outcome, reason = Outcome.NOT_READY, _failure(broken, evidence.failed_tests)
    elif gap:
        outcome, reason = Outcome.CANNOT_SAY, gap
    elif condition:
        outcome, reason = Outcome.CONDITIONS, condition
    else:
        outcome, reason = Outcome.READY, "Every criterion that was claimed was measured and met, and no test failed."
    scope = f"within profile {info.profile} on {info.place}"
    return Conclusion(outcome, f"{_OPENING[outcome]} {scope}: {_tally(evidence)}.", reason, EXIT_CODES[outcome])


def _claimed(evidence: Evidence, state: State) -> list[Judged]:
    return [one for one in evidence.judged if one.claimed and one.state is state]


def _tally(evidence: Evidence) -> str:
    """The scope in figures: how many criteria were met out of all, and where the others are."""
    parts = [f"{len(_claimed(evidence, State.MET))} of {count(len(evidence.judged), 'criterion', 'criteria')} met"]
    waived = [one for one in _claimed(evidence, State.NOT_MET) if one.criterion.id in evidence.waived]
    parts += [f"{len(waived)} waived"] if waived else []
    for state, words in ((State.NOT_MET, "not met"), (State.INVALID, "invalid"), (State.NOT_MEASURED, "not measured")):
        number = len([one for one in _claimed(evidence, state) if one not in waived])
        parts += [f"{number} {words}"] if number else []
    beyond = [one.criterion.needs_profile for one in evidence.judged if not one.claimed and one.reason.startswith("needs profile")]
    parts += [f"{beyond.count(profile)} {'needs' if beyond.count(profile) == 1 else 'need'} {profile}" for profile in dict.fromkeys(beyond)]
    limited, absent = (len([one for one in evidence.judged if not one.claimed and one.reason.startswith(why)]) for why in (BEYOND_LIMITS, NOT_OFFERED))
    undecided = len([one for one in evidence.judged if not one.claimed]) - len(beyond) - limited - absent
    for number, words in ((limited, BEYOND_LIMITS), (absent, "not offered"), (undecided, "undecided")):
        parts += [f"{number} {words}"] if number else []
    parts += [f"{count(len(evidence.failed_tests), 'test')} failed"] if evidence.failed_tests else []
    return ", ".join(parts)


def _failure(broken: Sequence[Judged], failed_tests: Sequence[str]) -> str:
    if not broken:
        return f"The test “{failed_tests[0]}” failed{_others(failed_tests)}."
    return f"{broken[0].criterion.title}: {_reason(broken)}{_others(broken)}."


def _others(things: Sequence[object]) -> str:
    return f" (and {len(things) - 1} more)" if len(things) > 1 else ""


def _gap(evidence: Evidence, info: RunInfo) -> str:
    """Why nothing can be said: the first of interrupted, no result, a suite missing, a criterion invalid or unmeasured."""
    invalid, unmeasured = _claimed(evidence, State.INVALID), _claimed(evidence, State.NOT_MEASURED)
    gaps = [
        (info.interrupted, "The run was interrupted before its end."),
        (evidence.problem, f"There is no result to judge: {evidence.problem}."),
        (evidence.missing_suites, f"No result of {listed(evidence.missing_suites)}: a suite was to run and left no output."),
        (not evidence.tests, "No test was run."),
        (invalid, f"The figures are invalid for {_named(invalid)}: {_reason(invalid)}."),
        (unmeasured, f"Not measured: {_named(unmeasured)} ({_reason(unmeasured)})."),
        (not any(one.claimed for one in evidence.judged), "No criterion is offered by the target within this profile."),
    ]
    return next((sentence for applies, sentence in gaps if applies), "")


def _reason(judged: Sequence[Judged]) -> str:
    return judged[0].reason.rstrip(".") if judged else ""


def _condition(evidence: Evidence) -> str:
    waived = [one for one in _claimed(evidence, State.NOT_MET) if one.criterion.id in evidence.waived]
    reasons = [f"Not met, but waived: {_named(waived)}"] if waived else []
    reasons += [f"Judged by changed limits: {listed(evidence.weakened)}"] if evidence.weakened else []
    return ". ".join(reasons) + "." if reasons else ""


def _named(judged: Sequence[Judged]) -> str:
    return listed([f"“{one.criterion.title}”" for one in judged])
