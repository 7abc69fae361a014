"""What the keyword classes share: the engine, the target, the records and what belongs to the running test."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from robot.libraries.BuiltIn import BuiltIn, RobotNotRunningError

from ..engine.account import Account
from ..engine.activity import Name
from ..engine.client import Client
from ..engine.engine import Engine
from ..engine.load.result import Load
from ..engine.server_figures import ServerFigures
from ..errors import EnvironmentSetupError, UsageError
from ..faults.proxy import FaultProxy
from ..progress import Look, PhaseProgress
from ..records import RUN, Records
from ..targets import Target
from ..telling.console import Console

if TYPE_CHECKING:
    from .sharing import Sharing

SEED = "LOCKSTEP_SEED"
WIDTH = 78
"""Columns of Robot's console, where Robot does not say."""

Values = Mapping[str, object]
"""What a control of the target is told, beside the user."""
UNSET: Mapping[str, Values] = {"work_time": {"seconds": 0.0}, "fail": {"count": 0}}
"""How a target is set for whoever comes as long as nobody says otherwise."""


@dataclass(slots=True)
class TestScope:
    """What belongs to one test and is gone with it. ``cases`` are its ID tags."""

    number: int = 0
    name: str = ""
    cases: str = ""
    cursor: int = 0
    accounts: dict[str, Account] = field(default_factory=dict)
    outer_clients: frozenset[str] = frozenset()
    outer_activities: frozenset[Name] = frozenset()
    labels: dict[str, str] = field(default_factory=dict)
    """Message id -> what the agent ought to take the message for; never sent."""
    released: dict[str, int] = field(default_factory=dict)
    """User -> cursor of the journal when the user's held agent was released."""
    checks_done: int = 0
    not_offered: list[str] = field(default_factory=list)
    not_measured: list[str] = field(default_factory=list)
    """What was smaller than asked for, since the target takes no more: the test can no longer show what it is there for."""
    criterion: str = ""
    criterion_cases: tuple[str, ...] = ()
    rows_skipped: list[str] = field(default_factory=list)
    before: dict[str, Values] = field(default_factory=dict)
    """By control: how the target was set for whoever comes before this test changed that."""
    first_fault: int | None = None
    """Number of the first fault that this test asked for; it and those behind it end with the test."""
    before_closing: list[Callable[[], None]] = field(default_factory=list)
    undo: list[Callable[[], None]] = field(default_factory=list)
    """What takes back, last first, what the test did to the way to the target or to its process; before and behind the closing of clients."""
    restarts: list[tuple[psutil.Process, ServerFigures]] = field(default_factory=list)
    """Each process by which the test has replaced the server, and the moment before it was started."""
    loads: list[Load] = field(default_factory=list)
    """Load phases of the test, shown together in its log when it has ended and nothing is measured any more."""
    secrets: set[str] = field(default_factory=set)
    """Tokens of this test, which must stand nowhere."""
    audit_since: int | None = None
    """Index of the target's audit trail when this test first showed a token; None until then."""
    knee: str | None = None
    """Name of the load that is the last step which met every limit, empty where none did; None where nobody has judged that."""


class Kit:
    """One per process; made when the library is imported, without doing anything yet."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.scope = TestScope()
        self.tests: tuple[str, ...] = ()
        """Names of the tests of this suite file that this process runs."""
        self.sharing: Sharing | None = None
        """How shares of a load come together, between Start Shared Target and Stop Shared Target."""
        self.fault_proxy: FaultProxy | None = None
        """Between Start Fault Proxy and the end of the test or of the target."""
        self.ledger_seen = 0
        self.ledger_end = 0
        """Index of the last row of the ledger that anybody has read; what happens from now on stands behind it."""
        self.audit_seen = 0
        """Index of the last event of the audit trail that belongs to earlier tests."""
        self._for_anybody: dict[str, Values] = {}
        self._target: Target | None = None
        self._records: Records | None = None
        self._seed: int | None = None

    # target

    @property
    def target(self) -> Target:
        """The target that Start Target opened."""
        if self._target is None:
            raise UsageError("no target is there yet; use 'Start Target' in the Suite Setup first")
        return self._target

    @property
    def has_target(self) -> bool:
        """True between Start Target and Stop Target."""
        return self._target is not None

    def use_target(self, target: Target) -> None:
        """Remembers the target; a new one has a new ledger."""
        self._target = target
        self.ledger_seen = self.ledger_end = self.audit_seen = 0
        self._for_anybody.clear()
        self.scope.before.clear()  # it was said to the target before this one

    def end_target(self) -> None:
        """Closes every client, ends what Start Target had started and forgets it."""
        target, self._target = self._target, None
        if going_on := self.engine.activities.names:
            self.engine.run(self.engine.activities.stop_all(going_on, 1.0))
        try:
            self.engine.run(self.engine.close(list(self.engine.clients)))
        finally:
            self.close_fault_proxy()
            if target is not None:
                self.engine.run(target.http.close())
                target.close()

    def must_offer(self, *capabilities: str) -> None:
        """Raises when the target cannot do one of these; a test skips itself before its first stimulus, never in the middle."""
        for capability in capabilities:
            if not self.target.offers(capability):
                raise EnvironmentSetupError(
                    f"{self.target.title} does not offer {capability}; begin the test with 'The Target Must Offer    {capability}' to skip it there"
                )

    def control(self, capability: str, user: str | None, **values: object) -> None:
        """Sets the target for one user, or for whoever comes (None) until the test ends."""
        self.must_offer(capability)
        if user is None:
            self.scope.before.setdefault(capability, self._for_anybody.get(capability, UNSET[capability]))
            self._for_anybody[capability] = values
        self.engine.run(self.target.control(capability, user=user, **values))

    def end_faults(self) -> None:
        """Ends the faults that this test asked for, so that closing its clients is not held up by them."""
        while self.scope.before_closing:
            self.scope.before_closing.pop()()
        proxy, first = self.fault_proxy, self.scope.first_fault
        if proxy is not None and first is not None:
            self.engine.run(proxy.end_faults(since=first))

    def close_fault_proxy(self) -> None:
        """Lets every client go to the target directly from now on."""
        proxy, self.fault_proxy = self.fault_proxy, None
        self.engine.routes.way = None
        if proxy is not None:
            self.engine.run(proxy.close())

    def take_back(self) -> None:
        """Undoes what this test did to the way and to the process, and sets the target for whoever comes as it was before."""
        while self.scope.undo:
            self.scope.undo.pop()()
        before, self.scope.before = self.scope.before, {}
        for capability, values in before.items() if self.has_target else ():
            self._for_anybody[capability] = values
            self.engine.run(self.target.control(capability, user=None, **values))

    def leave_out(self, check: str, reason: str, *measurements: str) -> None:
        """Notes a check that this target does not allow, and what it would have measured; for the test's message and the page."""
        self.scope.not_offered.append(check)
        self.record("not_offered", check=check, reason=reason, measurements=measurements)

    def server(self, *measurements: str) -> psutil.Process | None:
        """The server's own process; None where it is not known, and what would have been measured is noted as not offered."""
        process = self.target.server
        if process is None:
            self.leave_out("server figures", f"{self.target.title} does not tell its process id", *measurements)
        return process

    def obituary(self) -> str:
        """How the target's process ended, if it was started here and ended by itself; else nothing."""
        return self._target.obituary() if self._target is not None else ""

    @property
    def fence(self) -> str | None:
        """The question whose answer shows what is still under way at the target, if it can be asked one."""
        return "agent_state" if self.target.offers("agent_state") else None

    # clients and accounts

    def account(self, role: str) -> Account:
        """The account that a role has in this test; a new one for each test."""
        accounts = self.scope.accounts
        if role not in accounts:
            accounts[role] = Account(role, f"{role}-{self.records.run[-6:]}{os.getpid():x}-{self.scope.number}".lower())
        return accounts[role]

    def client(self, alias: str | None = None) -> Client:
        """The client of that alias, or the only one there is."""
        clients = self.engine.clients
        if alias is not None:
            if alias not in clients:
                known = f"known are: {', '.join(clients)}" if clients else "none is connected"
                raise UsageError(f"no client is called '{alias}'; {known}. Use 'Connect As    {alias}' first")
            return clients[alias]
        if not clients:
            raise UsageError("no client is connected; use 'Connect As    alice' first")
        if len(clients) > 1:
            raise UsageError(f"{len(clients)} clients are connected ({', '.join(clients)}); say which one with client=...")
        return next(iter(clients.values()))

    def clients(self, alias: str | None) -> list[Client]:
        """One client, or all of them for ``everyone``."""
        if alias == "everyone":
            if not self.engine.clients:
                raise UsageError("no client is connected; use 'Connect As    alice' first")
            return list(self.engine.clients.values())
        return [self.client(alias)]

    def accounts(self, alias: str | None) -> list[Account]:
        """The user of that client, or all users for ``everyone``; without an alias the only user there is, with however many clients."""
        own = {client.account.login: client.account for client in self.engine.clients.values()}
        if alias == "everyone" or (alias is None and len(own) == 1):
            return list(own.values())
        return [self.client(alias).account]

    def in_suite_words(self, text: str) -> str:
        """Text with the target's user ids and the long message ids replaced by the names that the suite uses."""
        accounts = list(self.scope.accounts.values())
        for account in accounts:
            text = text.replace(f"{account.login}.", "" if len(accounts) == 1 else f"{account.role}.")
            text = text.replace(account.user, account.role) if account.user else text
        return text

    # the run

    @property
    def records(self) -> Records:
        """Where figures and verdicts are written."""
        if self._records is None:
            self._records = Records(Path(variable("${OUTPUT DIR}", ".")))
        return self._records

    @property
    def seed(self) -> int:
        """The one seed of all random choices; printed with every failure."""
        if self._seed is None:
            given = variable("${SEED}", None) or os.environ.get(SEED)
            try:
                self._seed = int(given) if given else random.SystemRandom().randrange(1, 1_000_000)
            except ValueError:
                raise UsageError(f"the seed must be a whole number such as 4711, not '{given}'") from None
        return self._seed

    def progress(self, phase: str, look: Look, every: float | None = None) -> PhaseProgress:
        """Tells how far a long phase is, for as long as the context lasts: in the run's folder, and where nobody reads that, on the console."""
        console = None
        if RUN not in os.environ and sys.__stdout__ is not None:
            options = variable("${OPTIONS}", {})
            console = Console(sys.__stdout__, variable("${TEST NAME}", ""), options.get("console_width", WIDTH))
        return PhaseProgress(self.records.folder, self.scope.name, phase, look, console=console, every=every)

    def record(self, kind: str, **facts: Any) -> None:
        """Writes a record of the running test."""
        self.records.write(kind, case=self.scope.cases, test=self.scope.name, **facts)


def variable(name: str, default: Any) -> Any:
    """A Robot variable, or the default outside a run."""
    try:
        return BuiltIn().get_variable_value(name, default)
    except RobotNotRunningError:
        return default
