"""How the share of a load that a test puts on finds the others."""

from __future__ import annotations

import re
from collections.abc import Iterable

from robot.api import SkipExecution

from ..arguments import Portion
from ..engine.load import phase
from ..engine.load.kept import KeptLines
from ..engine.load.onlooker import Onlooker
from ..engine.load.phase import OwnShare
from ..engine.load.plan import Plan
from ..engine.load.result import Load
from ..engine.load.running import LEAD
from ..errors import EnvironmentSetupError, UsageError
from ..meeting import Meeting, NotMet
from .kit import Kit

_ROW = re.compile(r"Share (\d+) Of (\d+)", re.IGNORECASE)


def rows(tests: Iterable[str]) -> list[Portion]:
    """The shares that the tests of a suite file are, by their names."""
    return [Portion(int(match[1]), int(match[2])) for test in tests if (match := _ROW.fullmatch(test))]


class Sharing:
    """How the shares of this suite come together: with others through ``meeting``, or all in this process."""

    def __init__(self, kit: Kit, meeting: Meeting | None) -> None:
        self._kit = kit
        self.meeting = meeting
        self._since: dict[str, int] = {}

    def run(self, name: str, plan: Plan, portion: Portion, mark: str, onlooker: Onlooker) -> Load:
        """This share's part of a phase. Where all are in this process, the first of them runs all, in processes of their own."""
        kit, number = self._kit, portion.number - 1
        kept = KeptLines(kit.records.folder, kit.records.run, name)
        if self.meeting is not None:
            meeting = self.meeting
            own = OwnShare(number, portion.of, lambda: meeting.agreed(name, LEAD))
            kept.begin(plan, range(number, number + 1), portion.of)
            try:
                try:
                    ours = kit.engine.run(phase.run(kit.target, name, plan, mark, tell=onlooker.tell, keep=kept.keep, own=own))
                except EnvironmentSetupError:
                    meeting.must_have_its_target()  # it went with the share that had started it
                    raise
                if ours.unfinished:
                    meeting.must_have_its_target()
            except NotMet as missing:
                kit.record("invalid", reason=f"{name}: not measured: {missing}")
                raise SkipExecution(f"not measured: {missing}") from None
        elif name not in self._since:
            self._since[name] = kit.ledger_end
            kept.begin(plan, range(portion.of), portion.of)
            kit.engine.run(phase.run(kit.target, name, plan, mark, tell=onlooker.tell, keep=kept.keep, shards=portion.of))
        kept.saw(onlooker.server)
        load = kept.load(number)
        if load is None:
            raise UsageError(f"share {portion.number} of {portion.of} is not among the shares of '{name}', which have run already")
        load.ledger_since = self._since.get(name, 0)
        return load
