"""The keyword of the final review: one row of a criterion, read from what this run measured. It measures nothing itself."""

from __future__ import annotations

from typing import NoReturn

from robot.api import SkipExecution

from final_review.case_names import case_names
from final_review.criteria import Circumstances, Condition, Finding, State, comparison, judge_condition, profile_rank
from final_review.errors import InputError
from final_review.quantity import parse
from final_review.reach import cut_short, named_by
from final_review.records import Records, read_records

from ..errors import PerformanceThresholdError, UsageError
from ..profiles import active_profile
from .decorator import keyword
from .kit import Kit


class RecordingKeywords:
    """Criteria; the same rows are judged again, on all records, when the page is made."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    @keyword("The Measured Value Should Be", tags=("Final Review",))
    def the_measured_value_should_be(self, measurement: str, comparing: str, limit: str | None = None, *, cases: str = "", needs: str = "quick") -> None:
        """Holds what this run measured against the agreed limit; the only definition of a criterion of the final review.

        | =Argument=  | =Meaning=                                                                                |
        | measurement | name of a measurement that the suites recorded, such as ``lost``                           |
        | comparing   | ``at least``, ``at most``, ``exactly``, ``surely at least`` (a share, by all its tries) or ``reported`` |
        | limit       | with its unit, such as ``1 s``, ``50 msg/s``, ``0``; a word in capitals comes from the profile |
        | cases       | the cases that must have measured it, such as ``rms-1, hvt-2`` or ``wsr-3-1 to wsr-3-9``; a further row inherits them |
        | needs       | the smallest profile that can claim it                                                     |

        Skipped as *not measured* or *invalid* where there is no sound figure: nothing is ever met without one. Fails when the limit is missed.

        | `The Measured Value Should Be` | lost | at most | 0 | cases=rms-1 |
        """
        kit = self._kit
        try:
            names = case_names(cases) or kit.scope.criterion_cases
            kit.scope.criterion_cases = names
            condition = Condition(measurement, comparison(comparing), parse(limit) if limit else None, names)
        except InputError as error:
            raise UsageError(str(error)) from None
        if profile_rank(needs) > profile_rank(active_profile()):
            self._skip(f"not measured: needs profile {needs}")
        self._tell(condition, self._judged(condition))

    def _judged(self, condition: Condition) -> Finding:
        records = read_records(self._kit.records.folder / "records", self._kit.records.run)
        reach = {case: {**cut_short(case, records), **named_by(case, records)} for case in condition.cases}
        circumstances = Circumstances(active_profile(), _not_offered(records), disturbed=records.disturbed, out_of_reach=reach)
        return judge_condition(condition, records.measurements, circumstances)

    def _tell(self, condition: Condition, finding: Finding) -> None:
        self._kit.record(
            "criterion", id=self._kit.scope.criterion, title=self._kit.scope.name.rpartition(".")[2], measurement=condition.measurement,
            comparison=str(condition.comparison), limit=str(condition.limit or ""), state=str(finding.state), measured=finding.text,
            samples=finding.samples, reason=finding.reason,
        )
        if finding.state is State.NOT_MET:
            raise PerformanceThresholdError(f"{condition.measurement}: {finding.reason}")
        if finding.state is not State.MET:
            self._skip(f"{str(finding.state).replace('_', ' ')}: {finding.reason}")

    def _skip(self, reason: str) -> NoReturn:
        """Skips this row and remembers why: Robot passes a test of which one row was met and another skipped."""
        self._kit.scope.rows_skipped.append(reason)
        raise SkipExecution(reason)


def _not_offered(records: Records) -> set[str]:
    """Cases of which no test could run at all against this target."""
    measured = {case for measurement in records.measurements for case in measurement.cases}
    return {case for one in records.not_offered if not one.check for case in one.cases} - measured
