"""Lockstep: acceptance tests for WebSocket platforms that run AI agents, as Robot Framework keywords."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from robot.api import SkipExecution
from robot.errors import RobotError
from robotlibcore import DynamicCore

from .access_arguments import CONVERTERS as OF_ACCESS
from .arguments import CONVERTERS, Misfit, returned_by
from .connecting_arguments import CONVERTERS as OF_CONNECTING
from .engine.load.result import Load
from .engine.outcomes import Disconnected, QuestionRefused, Unanswered
from .engine.received_streams import ReceivedStream
from .engine.reconnect import Reconnection
from .engine.resume_attempt import ResumeAttempt
from .engine.sending import Burst
from .engine.server_figures import ServerFigures
from .engine.speaking import Spoken
from .errors import EnvironmentSetupError, InternalError, LockstepError, UsageError
from .faults.words import FAULT_CONVERTERS
from .keywords.access import AccessKeywords
from .keywords.activities import ActivityKeywords
from .keywords.agents import AgentKeywords
from .keywords.auditing import AuditingKeywords
from .keywords.backing_off import BackingOffKeywords
from .keywords.checking import CheckingKeywords
from .keywords.choosing import ChoosingKeywords
from .keywords.connecting import ConnectingKeywords
from .keywords.consumption import ConsumptionKeywords
from .keywords.conversing import ConversingKeywords
from .keywords.course import CourseKeywords
from .keywords.crowd import CrowdKeywords
from .keywords.expectation import Expectation
from .keywords.faults import FaultKeywords
from .keywords.heartbeat import HeartbeatKeywords
from .keywords.kit import Kit
from .keywords.load import LoadKeywords
from .keywords.load_beside import LoadBesideKeywords
from .keywords.load_ledger import LoadLedgerKeywords
from .keywords.load_shares import ShareKeywords
from .keywords.malformed import MalformedKeywords
from .keywords.measuring import Measured, MeasuringKeywords, Phase
from .keywords.pressure import PressureKeywords
from .keywords.priority import PriorityKeywords
from .keywords.process_faults import ProcessFaultKeywords
from .keywords.queueing import QueueingKeywords
from .keywords.real_networks import RealNetworkKeywords
from .keywords.reconnecting import ReconnectingKeywords
from .keywords.recording import RecordingKeywords
from .keywords.recovering import RecoveringKeywords
from .keywords.refreshed import RefreshedKeywords
from .keywords.refreshing import RefreshingKeywords
from .keywords.remembering import RememberingKeywords
from .keywords.restart_shares import RestartShareKeywords
from .keywords.restarting import RestartingKeywords
from .keywords.resuming import ResumingKeywords
from .keywords.returning import ReturningKeywords
from .keywords.scaling import ScalingKeywords, Steps
from .keywords.sending import SendingKeywords
from .keywords.speaking import SpeakingKeywords
from .keywords.stability import Moment, StabilityKeywords
from .keywords.state import StateKeywords
from .keywords.stream_edges import StreamEdgeKeywords
from .keywords.streaming import StreamingKeywords
from .keywords.target import TargetKeywords
from .keywords.token_shares import TokenShareKeywords
from .keywords.token_tries import TokenTries
from .keywords.token_verdicts import TokenVerdictKeywords
from .keywords.tokens import TokenKeywords
from .keywords.trespassing import TrespassingKeywords
from .keywords.waiting import WaitingKeywords
from .keywords.whole_streams import WholeStreamKeywords
from .keywords.wire import WireKeywords
from .listener import TestListener
from .targets.renewing import Tokens

__version__ = "0.1.0"


class Lockstep(DynamicCore):  # type: ignore[misc]  # the library core has no types
    """Keywords that talk to a WebSocket server the way impatient people do, and judge every answer.

    = How a test reads =

    `Start Target` in the Suite Setup makes the server under test ready. `Connect As` opens a connection for a user; every test gets fresh
    accounts, sessions and message ids. `Send Burst` and its kin send and return at once. A ``... Should ...`` keyword then waits until
    nothing is under way any more, and judges *everything* that went over the wire since the test began, exactly once.

    | *** Settings ***
    | Resource          lockstep.resource
    | Suite Setup       Start Target
    | Suite Teardown    Stop Target
    |
    | *** Test Cases ***
    | Twenty Messages In Two Seconds
    |     Connect As    alice
    |     Send Burst    20    every=100 ms
    |     Every Message Should Be Answered Exactly Once
    |     Replies Should Arrive In Send Order
    |     The Agent Should Have Processed    20    last_sequence=19

    = How a test ends =

    PASS; FAIL with one sentence and the evidence; or SKIP, which always says why: *not offered* (the target cannot do it), *not available
    here* (this machine cannot), or *invalid* (this machine was too busy to measure time; order and loss still count).

    = Clients =

    Keywords take ``client=``, the alias of one client. Without it the only open client is meant; ``client=everyone`` means all.
    """

    ROBOT_LIBRARY_SCOPE: ClassVar[str] = "GLOBAL"
    ROBOT_LIBRARY_VERSION: ClassVar[str] = __version__
    ROBOT_LIBRARY_DOC_FORMAT: ClassVar[str] = "ROBOT"
    ROBOT_LIBRARY_CONVERTERS: ClassVar[dict[type, Any]] = {
        **CONVERTERS, **OF_ACCESS, **OF_CONNECTING, **FAULT_CONVERTERS, Burst: returned_by(Burst, "Send Burst"), Phase: returned_by(Phase, "Measure Phase"),
        Load: returned_by(Load, "Run Load"), Steps: returned_by(Steps, "Run Load Steps"), Measured: returned_by(Measured, "Measure Phase' or 'Run Load"),
        ServerFigures: returned_by(ServerFigures, "Take Server Figures", or_nothing=True),
        Reconnection: returned_by(Reconnection, "Reconnect"), ResumeAttempt: returned_by(ResumeAttempt, "Try To Resume"),
        Moment: returned_by(Moment, "Remember This Moment"), Spoken: returned_by(Spoken, "Let Agents Speak"),
        ReceivedStream: returned_by(ReceivedStream, "Start Stream"), Tokens: returned_by(Tokens, "Get Tokens"),
    }

    def __init__(self) -> None:
        kit = Kit()
        expectation = Expectation(kit)
        sending = SendingKeywords(kit, expectation)
        load, targets, connecting, reconnecting = LoadKeywords(kit, expectation), TargetKeywords(kit), ConnectingKeywords(kit), ReconnectingKeywords(kit)
        shares, restarting, faults = ShareKeywords(kit, targets, load), RestartingKeywords(kit, expectation), FaultKeywords(kit, expectation)
        tries = TokenTries(kit)
        super().__init__([
            targets, connecting, reconnecting, TrespassingKeywords(kit), RememberingKeywords(kit, expectation), sending,
            ResumingKeywords(kit, expectation), ReturningKeywords(kit, expectation), RecoveringKeywords(kit, expectation),
            BackingOffKeywords(kit, expectation, reconnecting), AccessKeywords(kit, expectation, connecting),
            ActivityKeywords(kit, sending), CheckingKeywords(kit, expectation),
            QueueingKeywords(kit, expectation, sending), PriorityKeywords(kit, expectation),
            ConversingKeywords(kit, expectation, sending), AgentKeywords(kit, expectation),
            StateKeywords(kit, expectation), StabilityKeywords(kit, expectation), MeasuringKeywords(kit, expectation, sending),
            load, LoadLedgerKeywords(kit, expectation), ScalingKeywords(kit, expectation, load), CourseKeywords(kit, expectation),
            PressureKeywords(kit, expectation), ConsumptionKeywords(kit, expectation), shares, CrowdKeywords(kit, expectation, load, shares),
            LoadBesideKeywords(kit, load), faults, RealNetworkKeywords(kit), ProcessFaultKeywords(kit), RecordingKeywords(kit),
            SpeakingKeywords(kit), WaitingKeywords(kit, expectation), StreamingKeywords(kit), WholeStreamKeywords(kit, expectation), ChoosingKeywords(kit),
            StreamEdgeKeywords(kit, expectation, faults),
            HeartbeatKeywords(kit, expectation), MalformedKeywords(kit, expectation), WireKeywords(kit, expectation),
            TokenKeywords(kit, tries), TokenVerdictKeywords(kit, expectation, tries), TokenShareKeywords(kit, expectation),
            RefreshingKeywords(kit), RefreshedKeywords(kit, expectation), AuditingKeywords(kit, expectation), restarting, RestartShareKeywords(kit, expectation, restarting),
        ])
        self._kit = kit
        self.ROBOT_LIBRARY_LISTENER = TestListener(kit)

    def run_keyword(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None = None) -> Any:
        """Robot calls this for every keyword. Here, and only here, what is not yet a sentence of the kit becomes one."""
        method, called = self.keywords[name], name.replace("_", " ").title()
        for argument, value in inspect.signature(method).bind(*args, **(kwargs or {})).arguments.items():
            if isinstance(value, Misfit):
                raise UsageError(f"{argument} {value.sentence} (argument of '{called}')")
        try:
            return method(*args, **(kwargs or {}))
        except Disconnected as error:
            raise EnvironmentSetupError(f"'{called}' needs an open connection: {error}{self._kit.obituary()}") from None
        except (Unanswered, QuestionRefused) as error:
            raise EnvironmentSetupError(f"'{called}' got no answer: {error}{self._kit.obituary()}") from None
        except Exception as error:
            if isinstance(error, LockstepError | RobotError | SkipExecution):
                raise
            raise InternalError(f"'{called}' failed inside the kit ({type(error).__name__}: {error}); please report it with this log") from error
