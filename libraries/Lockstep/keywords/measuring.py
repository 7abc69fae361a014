"""Keywords that measure time and rate. A phase is sent, settled and measured first; limits are judged afterwards."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass

from ..arguments import Count, Duration, MaybeCount, MaybeDuration, MaybeRate, Rate, Share
from ..checks import History
from ..checks.answers import nothing_lost
from ..checks.latency import latency_figures, latency_within, mean_latency_within
from ..checks.rate import answered_rate, rate_reached, rate_sustained, sender_lag
from ..checks.stated import stated_times_possible
from ..engine.load.result import Load
from ..engine.sending import Burst
from ..engine.server_figures import ServerFigures, crowded_out, kept_waiting
from ..errors import UsageError
from .decorator import keyword
from .expectation import Expectation
from .kit import Kit
from .limits import phase_within, rate_within
from .load import must_be_measured
from .sending import SendingKeywords

SHARE = Share(0.95)


@dataclass(frozen=True, slots=True)
class Phase:
    """A measured phase: its name, what was sent and the settled history."""

    name: str
    burst: Burst
    history: History
    invalid: str | None
    """Why its times and rates mean nothing, if they do: the generator was late."""
    crowded: str | None
    """Why a limit that was missed is not the server's fault, if others have kept it from its work; a limit that was kept is kept all the more."""
    waited: float
    """Seconds in which others on this machine kept the server from its work."""


class Measured(ABC):  # noqa: B024 - a name for both, so that Robot can check an argument
    """What `Measure Phase` or `Run Load` returned."""


Measured.register(Phase)
Measured.register(Load)


class MeasuringKeywords:
    """Throughput and latency, from the intended send time."""

    def __init__(self, kit: Kit, expectation: Expectation, sending: SendingKeywords) -> None:
        self._kit = kit
        self._expect = expectation
        self._sending = sending

    @keyword(tags=("Figures", "Sending"))
    def measure_phase(
        self, name: str, *, count: MaybeCount = None, rate: MaybeRate = None, lasting: MaybeDuration = None,
        in_flight: MaybeCount = None, client: str | None = None,
    ) -> Phase:
        """Sends a phase of load, waits until everything is answered and records its figures.

        | =Argument= | =Meaning=                                                                                     |
        | name       | how the figures are called, such as ``user rate``                                             |
        | count      | how many messages; or give ``rate`` and ``lasting``                                           |
        | rate       | open loop: messages are due at this rate whatever the answers do                              |
        | lasting    | how long                                                                                      |
        | in_flight  | closed loop: at most this many unanswered messages                                            |
        | client     | alias; none: the only open client                                                             |

        Returns the phase for the ``... Should ...`` keywords. Records ``<name>`` (answered msg/s), ``<name>_mean``, ``<name>_p50``,
        ``<name>_p95``, ``<name>_p99``, ``<name>_max`` (ms, from the intended send time), ``<name>_lost`` (messages) and
        ``<name>_sender_lag`` (ms). Figures of time are marked invalid when the generator itself was late. Skipped as *not measured*
        where the target takes less than the phase (``limits`` in its file): a smaller one would have other figures.

        | ${phase} =    `Measure Phase`    user rate    rate=50 msg/s    lasting=10 s
        """
        if lasting is not None and (rate is None or count is not None):
            raise UsageError("lasting=... goes with rate=... and without count=...: together they say how much is sent")
        if rate is not None and lasting is not None:
            count = Count(max(1, round(rate * lasting)))
        if count is None:
            raise UsageError("say how much to send: count=..., or rate=... together with lasting=...")
        rate_within(self._kit, 1 / rate if rate is not None else None)
        phase_within(self._kit, count)
        server = self._kit.target.server
        looks = [] if server is None else [ServerFigures.of(server)]
        burst = self._sending.send_burst(count, client=client, rate=rate, in_flight=in_flight)
        history = self._expect.history(client, burst.since)
        looks += [] if server is None else [ServerFigures.of(server)]
        invalid = self._expect.invalid_reason(history.events)
        phase = Phase(name.lower().replace(" ", "_"), burst, history, invalid, crowded_out(looks), kept_waiting(looks))
        self._record(phase)
        return phase

    @keyword(tags=("Expectation", "Figures"))
    def throughput_should_be_at_least(self, limit: Rate, phase: Measured) -> None:
        """Answered messages per second reach the limit; messages that were only sent do not count.

        | =Argument= | =Meaning=                            |
        | limit      | such as ``50 msg/s``                 |
        | phase      | what `Measure Phase` or `Run Load` returned |

        The rate counts from when the first message was due (behind the ramp, if there is one) to the last answer. It therefore stays below
        what was offered, by as long as the last answer took: offer a little more than you want to see.

        Violation: rate_not_sustained, also where the target holds up the sender by not reading. Void (test skipped as *invalid*) when the
        generator was late although its sockets took messages, or was itself the limit, and *not measured* when a shard of a load was lost;
        put it behind expectations of order and loss.

        | `Throughput Should Be At Least` | 50 msg/s | ${phase} |
        """
        if isinstance(phase, Phase):
            history = phase.history
            verdict = rate_sustained(history, float(limit))
            others = phase.crowded or only_kept_waiting(len(history.journal.replies), answered_rate(history), phase.waited, limit)
            self._expect.conclude([("rate", verdict)], history, phase.invalid or (None if verdict.ok else others))
        elif isinstance(phase, Load):
            must_be_measured(self._kit, phase)
            verdict = rate_reached(phase.sent, phase.answered, phase.rate or 0.0, float(limit), offered=phase.plan.steady)
            self._expect.conclude([("rate", verdict)], invalid=phase.void(verdict) or (None if verdict.ok else phase.limited_by_us))

    @keyword(tags=("Expectation", "Figures"))
    def answers_should_come_within(self, limit: Duration, phase: Phase, share: Share = SHARE) -> None:
        """The given share of answers comes within the limit, and so does the mean.

        | =Argument= | =Meaning=                            |
        | limit      | such as ``1 s``                      |
        | phase      | what `Measure Phase` returned        |
        | share      | ``0.95`` or ``95 %``                 |

        Judged by an exact binomial test (one false alarm in a million on a target that just meets the limit). Violation: too_slow.
        Void (test skipped as *invalid*) when the generator was late; put it behind expectations of order and loss.

        | `Answers Should Come Within` | 1 s | ${phase} |
        """
        verdicts = [latency_within(phase.history, float(limit), float(share)), mean_latency_within(phase.history, float(limit))]
        others = None if all(verdict.ok for verdict in verdicts) else phase.crowded
        self._expect.conclude([("latency", verdict) for verdict in verdicts], phase.history, phase.invalid or others)

    @keyword(tags=("Expectation", "Figures"))
    def stated_processing_times_should_be_possible(self, client: str | None = None) -> None:
        """How long the target says that a message took is neither negative nor longer than its reply took to come.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Read from the field ``processing_time`` (s) of replies (``messages.reply.fields`` in the target file); left out where the target
        says nothing of the kind. Violation: disagreement.

        | `Stated Processing Times Should Be Possible` |
        """
        if self._expect.offered("processing_time", [stated_times_possible]):
            self._expect.holds(stated_times_possible, client=client)

    def _record(self, phase: Phase) -> None:
        history, name = phase.history, phase.name
        if disturbed := phase.invalid or phase.crowded:
            self._kit.record("invalid", reason=f"{name}: {disturbed}")
        lost = nothing_lost(history)
        figures = [(name, answered_rate(history), "msg/s", lost.exercised)]
        figures += [(figure.name.replace("latency", name), figure.value, figure.unit, figure.samples) for figure in latency_figures(history)]
        figures += [(figure.name.replace("sender_lag", f"{name}_sender_lag"), figure.value, figure.unit, figure.samples) for figure in sender_lag(history)]
        for figure, value, unit, samples in figures:
            self._kit.record("measurement", name=figure, value=value, unit=unit, samples=samples, repetition=1, valid=phase.invalid is None,
                             crowded=phase.crowded is not None)
        missing = sum(figure.value for figure in lost.measurements if figure.name == "lost")
        self._kit.record("measurement", name=f"{name}_lost", value=missing, unit="messages", samples=lost.exercised, repetition=1, valid=True)


def only_kept_waiting(answered: int, rate: float, waited: float, limit: float) -> str | None:
    """Why a rate below the limit is not the server's, if it would have been reached without the seconds that others have taken."""
    if not answered or answered / rate - waited > answered / limit:
        return None
    return f"invalid: the server got no processor for {waited * 1000:.0f} ms although it was ready to work; without them the rate was reached"
