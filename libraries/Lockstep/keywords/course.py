"""Keywords about the course of a load: how latency goes on while messages pour in."""

from __future__ import annotations

from robot.api import logger

from ..checks.course import INSTRUMENT, STRETCHES, Stretch, few_outliers, lag_limit, no_rise, outlier_limit, too_coarse
from ..checks.load import Part
from ..checks.trend import variation
from ..engine.load.histogram import Histogram
from ..engine.load.result import Load
from .decorator import keyword
from .expectation import Expectation
from .kit import Kit
from .load import must_be_measured

PERCENTILES = (50, 90, 95, 99, 99.9)


class CourseKeywords:
    """What must hold however long a load goes on."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("Load", "Figures"))
    def report_each_tenth_of(self, load: Load) -> None:
        """Tells how latency went on: its percentiles in each tenth of the phase, as a table and in the records.

        | =Argument= | =Meaning=                |
        | load       | what `Run Load` returned |

        Records ``<name>_tenth_1_p50`` to ``<name>_tenth_10_p99_9`` (p50, p90, p95, p99, p99.9; ms) and ``<name>_variation``, the
        coefficient of variation of the whole. Nothing is judged.

        | `Report Each Tenth Of` | ${load} |
        """
        must_be_measured(self._kit, load)
        rows = []
        for number, tenth in enumerate(load.tenths, 1):
            values = [tenth.percentile(p) * 1000 for p in PERCENTILES] if tenth.total else []
            rows.append([f"{number}", f"{tenth.total:,}", *(f"{value:,.1f}" for value in values)])
            for p, value in zip(PERCENTILES, values, strict=False):
                self._record(load, f"tenth_{number}_p{p:g}".replace(".", "_"), value, "ms", tenth.total)
        self._record(load, "variation", variation({us / 1e6: count for us, count in load.latency.counts.items()}), "", load.latency.total)
        head = ["tenth", "answers", *(f"p{p:g} (ms)" for p in PERCENTILES)]
        cells = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
        logger.info(f"<table><tr>{''.join(f'<th>{name}</th>' for name in head)}</tr>{cells}</table>", html=True)

    @keyword(tags=("Load", "Expectation", "Figures"))
    def latency_should_not_rise_during(self, load: Load) -> None:
        """Answers did not become slower and slower in the course of a load.

        | =Argument= | =Meaning=                                             |
        | load       | what `Run Load` returned, of some seconds             |

        The medians of 20 stretches must not rise steadily to more than twice and 50 ms above where they began (Theil and Sen: the
        interval of the slope must hold 0). Records ``latency_rise`` (ms). Violation: too_slow. Void (test skipped as *invalid*) when the
        generator was late.

        | `Latency Should Not Rise During` | ${load} |
        """
        must_be_measured(self._kit, load)
        stretches = [Stretch(part.total, part.percentile(50)) for part in load.parts(STRETCHES)]
        verdict = no_rise(stretches)
        self._expect.conclude([("course", verdict)], invalid=load.void(verdict))

    @keyword(tags=("Load", "Expectation", "Figures"))
    def few_answers_should_stick_out(self, load: Load) -> None:
        """Fewer than 1 % of the answers took more than ten times as long as the usual one and more than 50 ms.

        | =Argument= | =Meaning=                |
        | load       | what `Run Load` returned |

        Judged in the typical one of 20 stretches, so that a moment in which the machine stood still decides nothing. Records ``outlier_share``
        and ``outlier_share_typical`` (%). Violation: too_slow. Void (test skipped as *invalid*) when the
        generator was late, and already when it sent more than 0.1 % of the messages half as late by itself: it must be a
        finer instrument than what it measures.

        | `Few Answers Should Stick Out` | ${load} |
        """
        must_be_measured(self._kit, load)
        typical = load.latency.percentile(50)
        limit = outlier_limit(typical)
        parts = [Part("stretch", part.total, part.above(limit)) for part in load.parts(STRETCHES)]
        verdict = few_outliers(parts)
        self._expect.conclude([("course", verdict)], invalid=load.void(verdict) or _too_coarse(load.lag, lag_limit(typical)))

    def _record(self, load: Load, figure: str, value: float, unit: str, samples: int) -> None:
        self._kit.record("measurement", name=f"{load.name}_{figure}", value=value, unit=unit, samples=samples, repetition=1, valid=load.invalid is None,
                         crowded=load.crowded is not None)


def _too_coarse(lag: Histogram, limit: float) -> str | None:
    """Why outliers cannot be judged, if they cannot: what keeps the generator waiting keeps a server on the same machine waiting as well."""
    late = lag.above(limit)
    if not too_coarse(late, lag.total):
        return None
    return f"invalid: the generator itself sent {late:,} of {lag.total:,} messages more than {limit * 1000:.0f} ms late, {INSTRUMENT:.1%} of them may be"
