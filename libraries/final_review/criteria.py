"""Criteria and how they are judged: pure functions from measurements of a run to met, not met, not measured or invalid."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from certainty import Shown, at_least, percent, shown

from .errors import InputError
from .quantity import Dimension, Quantity, beside, counted, figure
from .wording import listed

PROFILES = ("quick", "ci", "dev", "full")
MIXED = "observations"
"""What is counted where several measurements agree on a number and have counted different things."""
"""The profiles from the smallest to the largest: a criterion that needs one is claimed from there on."""


class Comparison(StrEnum):
    """How a measured value is held against its limit."""

    AT_LEAST = "at least"
    SURELY_AT_LEAST = "surely at least"
    AT_MOST = "at most"
    EXACTLY = "exactly"
    REPORTED = "reported"


class State(StrEnum):
    """What is known about a criterion after a run."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_MEASURED = "not_measured"
    INVALID = "invalid"


_PRECEDENCE = (State.NOT_MET, State.INVALID, State.NOT_MEASURED, State.MET)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure that a keyword of the run has recorded."""

    name: str
    value: float
    unit: str
    samples: int
    cases: tuple[str, ...]
    test: str = ""
    valid: bool = True
    crowded: bool = False  # others kept the server from the processor: what keeps a limit then counts, what misses one says nothing

    @property
    def quantity(self) -> Quantity:
        """The figure with its unit."""
        return Quantity(self.value, self.unit)

    @property
    def usable(self) -> bool:
        """Whether there is a figure at all: a value without samples says nothing."""
        return math.isfinite(self.value) and self.samples > 0

    def void_for(self, condition: Condition) -> bool:
        """Whether a disturbed generator, or a crowded server, has spoiled it: that voids times and rates, never counts."""
        return self.quantity.dimension in (Dimension.TIME, Dimension.RATE) and (not self.valid or (self.crowded and not condition.holds(self.quantity)))


@dataclass(frozen=True, slots=True)
class Condition:
    """One row of a criterion: a measurement, held against an agreed limit. ``key`` names the profile's key of the limit."""

    measurement: str
    comparison: Comparison
    limit: Quantity | None
    cases: tuple[str, ...]
    key: str | None = None

    @property
    def label(self) -> str:
        """The measurement's name as people read it."""
        return self.measurement.replace("_", " ")

    @property
    def tolerates_nothing(self) -> bool:
        """Whether one single violation breaks it: 0 at most, 100 % at least."""
        if self.limit is None:
            return False
        if self.comparison is Comparison.AT_LEAST:
            return self.limit.dimension is Dimension.SHARE and self.limit.exact == 1
        return self.limit.value == 0

    def holds(self, measured: Quantity) -> bool:
        """Whether a measured value keeps the limit."""
        if self.limit is None:
            return True
        if self.comparison is Comparison.AT_MOST:
            return measured.exact <= self.limit.exact
        return measured.exact == self.limit.exact if self.comparison is Comparison.EXACTLY else measured.exact >= self.limit.exact

    def worst(self, measurements: Iterable[Measurement]) -> Measurement:
        """Of several figures, the one that counts."""
        limit = self.limit
        if self.comparison is Comparison.AT_LEAST:
            return min(measurements, key=lambda one: one.quantity.exact)
        if self.comparison is Comparison.EXACTLY and limit is not None:
            return max(measurements, key=lambda one: abs(one.quantity.exact - limit.exact))
        return max(measurements, key=lambda one: one.quantity.exact)


@dataclass(frozen=True, slots=True)
class Criterion:
    """What a stakeholder was promised: one or more conditions that must all hold."""

    id: str
    title: str
    conditions: tuple[Condition, ...]
    needs_profile: str = PROFILES[0]

    @property
    def cases(self) -> tuple[str, ...]:
        """The cases that feed it, each once, in the order of the rows."""
        return tuple(dict.fromkeys(case for condition in self.conditions for case in condition.cases))


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What beside the figures decides: the run's profile, what the target offers, which cases failed or were disturbed."""

    profile: str
    not_offered: Collection[str] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    """Case to the name of a test of it that failed for more than a missed limit of time or rate."""
    disturbed: Mapping[str, str] = field(default_factory=dict)
    """Case to the reason why its times and rates are void."""
    out_of_reach: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Case to measurement (``*``: any) to the reason why this target cannot be measured in it."""

    def out_of_reach_for(self, measurement: str, cases: Collection[str]) -> str:
        """Why none of these cases can measure it on this target; empty where one of them could."""
        reach = (self.out_of_reach.get(case, {}) for case in cases)
        reasons = [known.get(measurement) or known.get("*") or "" for known in reach]
        return reasons[0] if reasons and all(reasons) else ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one condition came to. ``measured`` stands in the unit of the limit, ``test`` is where it was measured."""

    condition: Condition
    state: State
    reason: str = ""
    measured: Quantity | None = None
    samples: int = 0
    test: str = ""
    out_of_reach: bool = False
    """Whether this target cannot be measured in it: no gap of the run."""

    @property
    def broken(self) -> bool:
        """Whether the figure itself misses its limit (and not, say, a failed test spoils it)."""
        return self.state is State.NOT_MET and self.measured is not None and not self.condition.holds(self.measured)

    @property
    def text(self) -> str:
        """The measured value for people: "0 of 7 412 messages", "46.9 ms"; empty where there is none."""
        limit = self.condition.limit
        if self.measured is None:
            return ""
        if self.condition.comparison is Comparison.SURELY_AT_LEAST:
            return f"≥ {percent(self.measured.value / 100)}"
        if self.condition.tolerates_nothing and self.measured.dimension is Dimension.COUNT:
            return f"{figure(self.measured.value)} of {figure(self.samples)} {counted(self.measured.unit)}"
        return beside(self.measured, limit) if limit is not None else str(self.measured)


@dataclass(frozen=True, slots=True)
class Judged:
    """A criterion after the run. ``claimed``: offered by the target, within its limits and within the profile."""

    criterion: Criterion
    state: State
    claimed: bool
    reason: str
    findings: tuple[Finding, ...] = ()

    @property
    def deciding(self) -> Finding | None:
        """The condition that decided; where all agree, the first."""
        return next((one for one in self.findings if one.state is self.state), None)


def profile_rank(profile: str) -> int:
    """The place of a profile from small to large; one of the user's own claims only what every profile claims."""
    return PROFILES.index(profile) if profile in PROFILES else 0


def comparison(text: str) -> Comparison:
    """Reads "at least", "at most", "exactly" or "reported"."""
    try:
        return Comparison(" ".join(text.lower().split()))
    except ValueError:
        raise InputError(f"'{text}' is not a comparison; allowed are {', '.join(Comparison)}.") from None


def judge(criterion: Criterion, measurements: Sequence[Measurement], circumstances: Circumstances) -> Judged:
    """Says what the measurements of a run make of one criterion. It invents nothing: without a figure nothing is met."""
    if profile_rank(criterion.needs_profile) > profile_rank(circumstances.profile):
        return Judged(criterion, State.NOT_MEASURED, claimed=False, reason=f"needs profile {criterion.needs_profile}")
    offered = [row for row in criterion.conditions if not set(row.cases) <= set(circumstances.not_offered)]
    if not offered:
        return Judged(criterion, State.NOT_MEASURED, claimed=False, reason="not offered by the target")
    findings = tuple(judge_condition(condition, measurements, circumstances) for condition in offered)
    state = next(state for state in _PRECEDENCE if state is State.MET or any(one.state is state for one in findings))
    beyond = next((one.reason for one in findings if one.out_of_reach), "")
    if beyond and state is not State.NOT_MET:
        return Judged(criterion, State.NOT_MEASURED, claimed=False, reason=beyond, findings=findings)
    reason = next((one.reason for one in findings if one.state is state), "")
    if state is State.MET:
        reason = _remark(criterion, circumstances)
    return Judged(criterion, state, claimed=True, reason=reason, findings=findings)


def _remark(criterion: Criterion, circumstances: Circumstances) -> str:
    """What a criterion that is met says nothing about; empty where it says all."""
    absent = [case for case in criterion.cases if case in circumstances.not_offered]
    if absent:
        return f"without {' and '.join(absent)}, which the target does not offer"
    named = (circumstances.out_of_reach.get(case, {}).get(row.measurement) for row in criterion.conditions for case in row.cases)
    return next((f"in part: {reason}" for reason in named if reason), "")


def judge_condition(condition: Condition, measurements: Sequence[Measurement], circumstances: Circumstances) -> Finding:
    """Judges one row on the measurements of its own cases. A violation weighs more than an invalid figure, that more than a gap."""
    cases = [case for case in condition.cases if case not in circumstances.not_offered]
    if not cases:
        return Finding(condition, State.NOT_MEASURED, "not offered by the target")
    recorded = [one for one in measurements if one.name == condition.measurement and one.usable and set(one.cases) & set(cases)]
    misfit = next((one for one in recorded if condition.limit and not one.quantity.comparable_with(condition.limit)), None)
    if misfit is not None:
        units = f"{misfit.unit or 'no unit'}, the limit stands in {condition.limit.unit if condition.limit else ''}"
        return Finding(condition, State.NOT_MEASURED, f"“{condition.label}” was measured in {units}: they cannot be compared")
    if condition.comparison is Comparison.SURELY_AT_LEAST and recorded:
        return _prove(condition, cases, recorded, circumstances)
    return _weigh(condition, cases, recorded, circumstances)


def _prove(condition: Condition, cases: list[str], recorded: list[Measurement], circumstances: Circumstances) -> Finding:
    """Holds what is certain by the tries of all figures together against a promised share; tries that are too few are a gap, no failure."""
    tries = sum(one.samples for one in recorded)
    failed = sum(round(one.samples * (1 - float(one.quantity.exact))) for one in recorded)
    certain = replace(recorded[0], value=100 * at_least(failed, tries), unit="%", samples=tries, cases=tuple(case for one in recorded for case in one.cases))
    finding = _weigh(condition, cases, [certain], circumstances)
    if finding.state is not State.NOT_MET or condition.limit is None:
        return finding
    if shown(failed, tries, float(condition.limit.exact)) is Shown.OPEN:
        return replace(finding, state=State.NOT_MEASURED, reason=f"supports {finding.text}")
    return replace(finding, reason=f"{figure(failed)} of {figure(tries)} tries failed, agreed is {condition.comparison} {condition.limit}")


def _weigh(condition: Condition, cases: list[str], recorded: list[Measurement], circumstances: Circumstances) -> Finding:
    sound = [one for one in recorded if not one.void_for(condition)]
    state, reason, beyond = State.MET, "", ""
    silent = [case for case in cases if not any(case in one.cases for one in recorded)]
    failed = [case for case in cases if case in circumstances.failed] if condition.tolerates_nothing else []
    if sound and not condition.holds(condition.worst(sound).quantity):
        state = State.NOT_MET
    elif failed:
        state, reason = State.NOT_MET, f"a test of {failed[0]} failed: {circumstances.failed[failed[0]]}"
    elif len(sound) < len(recorded):
        state, reason = State.INVALID, _disturbance(cases, circumstances)
    elif silent and _is_time_or_rate(condition) and silent[0] in circumstances.disturbed:
        state, reason = State.INVALID, circumstances.disturbed[silent[0]]
    elif silent:
        beyond = circumstances.out_of_reach_for(condition.measurement, silent)
        state, reason = State.NOT_MEASURED, beyond or f"“{condition.label}” was not measured by {listed(silent)}"
    if beyond or not (sound or recorded):
        return Finding(condition, state, reason, out_of_reach=bool(beyond))
    return _finding(condition, state, reason, sound or recorded)


def _finding(condition: Condition, state: State, reason: str, figures: list[Measurement]) -> Finding:
    worst = condition.worst(figures)
    # Where several measurements agree on the worst value (0 of 50, 0 of 7 000), all their samples stand behind it.
    alike = [one for one in figures if one.quantity.exact == worst.quantity.exact]
    samples = sum(one.samples for one in alike)
    is_mixed = worst.quantity.dimension is Dimension.COUNT and len({one.unit for one in alike}) > 1
    quantity = replace(worst.quantity, unit=MIXED) if is_mixed else worst.quantity
    measured = quantity.in_unit_of(condition.limit) if condition.limit else quantity
    finding = Finding(condition, state, reason, measured, samples, worst.test)
    if state is State.NOT_MET and not reason:
        return replace(finding, reason=f"{finding.text}, agreed is {condition.comparison} {condition.limit}")
    return finding


def _disturbance(cases: list[str], circumstances: Circumstances) -> str:
    known = (circumstances.disturbed[case] for case in cases if case in circumstances.disturbed)
    return next(known, "the figure was marked as invalid when it was taken")


def _is_time_or_rate(condition: Condition) -> bool:
    return condition.limit is not None and condition.limit.dimension in (Dimension.TIME, Dimension.RATE)
