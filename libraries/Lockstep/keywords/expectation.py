"""How every ``... Should ...`` keyword works: reach the barrier, freeze the slice, run the check once, tell the result."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic
from typing import NoReturn

from robot.api import SkipExecution, logger

from ..checks import Event, History, Kind, LedgerRow, Verdict
from ..checks.verdict import Measured
from ..checks.violations import Code
from ..engine.barrier import Settled, answered, decided, drained, settle
from ..engine.client import Client
from ..engine.sending import HANG_GUARD, Burst
from ..engine.watching import SERVER
from ..errors import PerformanceThresholdError, UsageError, ViolationError
from ..telling import failure_text
from ..telling.diagram import sequence_diagram
from .kit import Kit

Check = Callable[[History], Verdict]
LIMITS = frozenset({Code.TOO_SLOW, Code.RATE_NOT_SUSTAINED, Code.UNFAIR})
"""Codes that state a missed limit of time or rate rather than a broken promise."""
OF_TIME = LIMITS | {Code.BLOCKED_BY_NEIGHBOUR}
"""Codes that rest on times, and mean nothing where our own loop was late."""
VOID_WHEN_LATE = OF_TIME | {Code.SLOW_RECOVERY}
"""The same and recovery, which is judged in time even where a smaller stimulus explains that a rate was not reached."""


class Expectation:
    """Runs checks for keywords; the only place that turns a verdict into PASS, FAIL or SKIP."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def holds(self, *checks: Check, client: str | None = None, since: int | None = None, ledger: bool = False, timing: bool = False,
              beside: Sequence[Check] = ()) -> None:
        """Judges the slice of one client or of ``everyone``; ``timing`` checks are void when our own loop was late."""
        if ledger and not self.offered("ledger", checks):
            return
        history = self.history(client, since, ledger=ledger, late=True)
        self.judge(history, checks, timing=timing, beside=beside)

    def history(self, client: str | None, since: int | None = None, *, ledger: bool = False, without: str | None = None,
                server: bool = False, late: bool = False) -> History:
        """The settled history of this test so far; ``without`` one client, with figures of the ``server`` where they are asked for.

        Where it begins later than the test, the answers to what was sent before stand there alone, or with what they answer (``late``).
        """
        kit = self._kit
        clients = [one for one in kit.clients(client) if one.alias != without]
        if deaf := [one.alias for one in clients if one.connection is not None and one.connection.is_open and not one.connection.reads]:
            raise UsageError(f"{deaf[0]} does not read what the target sends; use 'Start Reading    {deaf[0]}' before its messages are judged")
        begin = kit.scope.cursor if since is None else since
        self._warn(clients, kit.engine.run(self._settled(clients, begin)))
        events = kit.engine.journal.slice(kit.scope.cursor if late else begin, {one.alias for one in clients} | ({SERVER} if server else set()))
        if late and begin > kit.scope.cursor:
            events = events.begun_before(begin)
        rows = self._ledger(events) if ledger else []
        return History(events, rows)

    def while_held(self, client: str | None) -> History:
        """The history of this test so far, once it is known of each message whether it was taken in; nothing needs to be answered."""
        kit = self._kit
        clients, begin = kit.clients(client), kit.scope.cursor
        self._warn(clients, kit.engine.run(self._decided(clients, begin)))
        return History(kit.engine.journal.slice(begin, {one.alias for one in clients}), [])

    def first_refused(self, client: str | None) -> str:
        """The id of the first message of this test that the target refused."""
        kit, one = self._kit, self._kit.client(client)
        refused = kit.engine.run(_first(one, Kind.REFUSED, kit.scope.cursor))
        if refused is None:
            violated(kit, "overload is refused", Code.NO_BACKPRESSURE, f"{kit.target.title} refused nothing of {one.alias} within {HANG_GUARD:g} s")
        return str(refused.message_id)

    def drained(self, client: str | None, burst: Burst | None = None) -> None:
        """Waits until nothing is under way, or only nothing of one burst, without judging."""
        if burst is None:
            self._kit.engine.run(self._drained(self._kit.clients(client)))
        else:
            one = self._kit.client(burst.client)
            self._warn([one], [self._kit.engine.run(answered(one, burst.message_ids))])

    async def _drained(self, clients: Sequence[Client]) -> None:
        await asyncio.gather(*(drained(client, self._kit.fence) for client in clients))

    @staticmethod
    async def _decided(clients: Sequence[Client], since: int) -> list[Settled]:
        return await asyncio.gather(*(decided(client, since) for client in clients))

    @staticmethod
    def _warn(clients: Sequence[Client], settled: Sequence[Settled]) -> None:
        for one, how in zip(clients, settled, strict=True):
            if not how.reached:
                logger.warn(f"{one.alias}: {how.how}")

    async def _settled(self, clients: Sequence[Client], since: int) -> list[Settled]:
        return await asyncio.gather(*(settle(client, fence=self._kit.fence, since=since) for client in clients))

    def _ledger(self, events: Sequence[Event]) -> list[LedgerRow]:
        users = {event.user for event in events}
        rows = self._kit.engine.run(self._kit.target.ledger(self._kit.ledger_seen))
        return [row for row in rows if row.user in users]

    def offered(self, capability: str, checks: Sequence[Callable[..., Verdict]] | str) -> bool:
        """True when the target offers it; otherwise notes the checks that cannot be made, for the test's message and the page."""
        kit = self._kit
        if kit.target.offers(capability):
            return True
        left_out = [(checks,)] if isinstance(checks, str) else [(_name(check), f"{_topic(check)}_violations") for check in checks]
        names = [name for name, *_ in left_out]
        for name, *measurements in left_out:
            kit.leave_out(name, f"{kit.target.title} does not offer {capability}", *measurements)
        logger.info(f"not offered: {kit.target.title} does not offer {capability}; left out: {', '.join(names)}")
        return False

    def judge(self, history: History, checks: Sequence[Check], *, timing: bool = False, beside: Sequence[Check] = ()) -> None:
        """Runs the checks, records each verdict and its figures, and fails with the first violation.

        A check ``beside`` the others is left out where there is nothing for it to look at; the others are *vacuous* then.
        """
        judged = [(_topic(check), check(history)) for check in checks]
        judged += [(_topic(check), verdict) for check in beside if (verdict := check(history)).exercised]
        self.conclude(judged, history, self.invalid_reason(history.events) if timing else None)

    def conclude(self, judged: Sequence[tuple[str, Verdict]], history: History | None = None, invalid: str | None = None) -> None:
        """Records verdicts with their topics and ends the keyword: it passes, fails, or skips the test where ``invalid`` voids a limit."""
        kit = self._kit
        for topic, verdict in judged:
            if not self._spared(verdict):
                self._record(verdict, topic, valid=invalid is None)
        verdicts = [verdict for _, verdict in judged if not self._spared(verdict)]
        wrong = [verdict for verdict in verdicts if not verdict.ok and (invalid is None or not _only(VOID_WHEN_LATE, verdict))]
        if wrong:
            text = kit.in_suite_words(failure_text(wrong, history or History([]), kit.seed)) + kit.obituary()
            if history is not None:
                logger.info(kit.in_suite_words(sequence_diagram(history, wrong[0])), html=True)
            raise (PerformanceThresholdError if all(_only(LIMITS, verdict) for verdict in wrong) else ViolationError)(text)
        if invalid is not None:
            kit.record("invalid", reason=invalid)
            raise SkipExecution(invalid)
        kit.scope.checks_done += len(verdicts)
        for verdict in verdicts:
            logger.info(f"{verdict.check}: no violation in {verdict.exercised:,} samples{_figures(verdict)}")

    def _spared(self, verdict: Verdict) -> bool:
        """Whether a smaller stimulus, since the target takes no more, explains what is missing: something to look at, or a limit of time or
        rate, which was agreed for the full size. The test ends as *not measured* then.
        """
        return bool(self._kit.scope.not_measured) and not verdict.ok and _only(OF_TIME | {Code.VACUOUS}, verdict)

    def invalid_reason(self, events: Sequence[Event]) -> str | None:
        """Why figures of time are void for this span, if they are."""
        times = [event.time for event in events if event.kind in (Kind.SEND, Kind.REPLY)]
        return self._kit.engine.lag.reason_for_invalid(times[0], times[-1]) if times else None

    def _record(self, verdict: Verdict, topic: str, *, valid: bool) -> None:
        """Writes a verdict and its figures; how many promises of its topic were broken is always one of them, without those of time if they are void."""
        kit = self._kit
        violations = [{"code": violation.code, "sentence": violation.sentence} for violation in verdict.violations[:20]]
        kit.record("verdict", check=verdict.check, exercised=verdict.exercised, violations=violations,
                   counts={str(code): count for code, count in verdict.counts.items()})
        figures = list(verdict.measurements)
        if all(figure.name != f"{topic}_violations" for figure in figures):
            broken = sum(count for code, count in verdict.counts.items() if valid or code not in VOID_WHEN_LATE)
            figures.append(Measured(f"{topic}_violations", broken, "observations", verdict.exercised))
        for figure in figures:
            kit.record("measurement", name=figure.name, value=figure.value, unit=figure.unit, samples=figure.samples, repetition=1, valid=valid)


def violated(kit: Kit, check: str, code: Code, sentence: str) -> NoReturn:
    """Records and raises a violation that a keyword met itself, outside any slice of history."""
    kit.record("verdict", check=check, exercised=1, counts={str(code): 1}, violations=[{"code": str(code), "sentence": sentence}])
    raise ViolationError(f"{sentence} [{code}]{kit.obituary()}")


async def _first(client: Client, kind: Kind, since: int) -> Event | None:
    """The first event of a kind of this client, waited for within the hang guard."""
    connection = client.connection
    deadline = monotonic() + HANG_GUARD
    while connection is not None:
        end = connection.journal.cursor
        found = next((event for event in connection.journal.events[since:end] if event.kind is kind and event.client == client.alias), None)
        if found is not None or not connection.is_open or not await connection.changed.wait(deadline - monotonic()):
            return found
        since = end
    return None


def _only(codes: frozenset[Code], verdict: Verdict) -> bool:
    return set(verdict.counts) <= codes


def _figures(verdict: Verdict) -> str:
    return "".join(f"; {figure.name} {figure.value:g} {figure.unit}" for figure in verdict.measurements)


def _topic(check: Callable[..., Verdict]) -> str:
    """What a check is about: the name of its module or room, such as ``order`` or ``queue``."""
    return str(getattr(check, "func", check).__module__).rpartition(".checks.")[2].partition(".")[0]


def _name(check: Callable[..., Verdict]) -> str:
    function = getattr(check, "func", check)
    return str(getattr(function, "__name__", "check")).replace("_", " ")
