"""Keywords of loads that several robot processes put on one target together, each a share of the connections."""

from __future__ import annotations

from collections.abc import Mapping

from robot.api import SkipExecution

from ..arguments import MaybeCount
from ..engine.load.kept import KeptLines
from ..engine.load.result import Load
from ..errors import UsageError
from ..meeting import Meeting, NotMet, of_this_run
from .decorator import keyword
from .kit import Kit
from .load import LoadKeywords, figure_name
from .sharing import Sharing, rows
from .target import TargetKeywords


class ShareKeywords:
    """A target for all shares, and what they have measured together."""

    def __init__(self, kit: Kit, targets: TargetKeywords, loads: LoadKeywords) -> None:
        self._kit = kit
        self._targets = targets
        self._loads = loads

    @keyword(tags=("Target", "Load"))
    def start_shared_target(self, target: str | None = None, *, clients: MaybeCount = None) -> str:
        """`Start Target` for a suite whose tests are called ``Share 1 Of 4`` and so on: one server for all of them, wherever they run.

        | =Argument= | =Meaning=                                                                            |
        | target     | as for `Start Target`                                                                |
        | clients    | as for `Start Target`                                                                |

        Where pabot gives each share a process of its own, the first one starts the server and the others are told where it is. Where all
        shares are in one process (plain robot), it is started as usual. Returns the target's title. Skipped as *not measured* where
        shares are missing: what some of them do says nothing of what all would do.

        | Suite Setup    `Start Shared Target`    clients=130
        """
        shares, values = rows(self._kit.tests), of_this_run()
        if not shares:
            raise UsageError("no test of this suite is called like 'Share 1 Of 4'; use 'Start Target'")
        one = shares[0]
        if len(shares) == one.of:
            self._kit.sharing = Sharing(self._kit, None)
            return self._targets.start_target(target, clients=clients)
        if len(shares) > 1 or values is None:
            raise self._not_measured(f"only {len(shares)} of {one.of} shares can meet here; select all of them, and let pabot run them")
        meeting = Meeting(values, self._kit.scope.name, one.number, one.of)
        self._kit.sharing = Sharing(self._kit, meeting)
        chosen = self._targets.chosen(target, clients)

        def start() -> Mapping[str, str]:
            chosen.open()
            return chosen.addresses

        try:
            addresses = meeting.target(start)
        except NotMet as missing:
            raise self._not_measured(str(missing)) from None
        if not chosen.is_open:
            chosen.open_at(addresses)
        return self._targets.use(chosen)

    @keyword(tags=("Target", "Load"))
    def stop_shared_target(self) -> None:
        """`Stop Target` for a suite that began with `Start Shared Target`: the share that has started the server ends it when all are done.

        | Suite Teardown    `Stop Shared Target`
        """
        sharing, self._kit.sharing = self._kit.sharing, None
        if sharing is not None and sharing.meeting is not None:
            sharing.meeting.leave()
        self._targets.stop_target()

    @keyword(tags=("Load", "Figures"))
    def load_of_all_shares(self, name: str) -> Load:
        """What the shares of a load did together, merged exactly; records the figures that `Run Load` records.

        | =Argument= | =Meaning=                                                       |
        | name       | how the shares called it in `Run Load`, such as ``flood of ten`` |

        Belongs into a suite that runs after that of the shares. Returns the load. Skipped as *not measured* where no share has run. Where
        one is missing, was late or was lost, figures of time and rate are not measured; order and loss of the others still count.

        | ${load} =    `Load Of All Shares`    flood of ten in shares
        """
        load = KeptLines(self._kit.records.folder, self._kit.records.run, figure_name(name)).load()
        if load is None:
            raise self._not_measured(f"no share of '{name}' has run before; run the suites in the order of suites/pabot.ordering")
        if load.missing and not load.sent:
            raise self._not_measured("; ".join(load.missing))
        self._loads.conclude(load)
        return load

    def _not_measured(self, reason: str) -> SkipExecution:
        self._kit.record("invalid", reason=f"not measured: {reason}")
        return SkipExecution(f"not measured: {reason}")
