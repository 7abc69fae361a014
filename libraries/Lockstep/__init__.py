"""Lockstep: acceptance tests for WebSocket platforms that run AI agents, as Robot Framework keywords."""

from __future__ import annotations

from typing import Any, ClassVar

from robotlibcore import DynamicCore

from .arguments import CONVERTERS
from .keywords.checking import CheckingKeywords
from .keywords.connecting import ConnectingKeywords
from .keywords.expectation import Expectation
from .keywords.kit import Kit
from .keywords.measuring import MeasuringKeywords
from .keywords.recording import RecordingKeywords
from .keywords.sending import SendingKeywords
from .keywords.state import StateKeywords
from .keywords.target import TargetKeywords
from .listener import TestListener

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
    ROBOT_LIBRARY_CONVERTERS: ClassVar[dict[type, Any]] = CONVERTERS

    def __init__(self) -> None:
        kit = Kit()
        expectation = Expectation(kit)
        sending = SendingKeywords(kit)
        super().__init__([
            TargetKeywords(kit), ConnectingKeywords(kit), sending, CheckingKeywords(kit, expectation), StateKeywords(kit, expectation),
            MeasuringKeywords(kit, expectation, sending), RecordingKeywords(kit),
        ])
        self.ROBOT_LIBRARY_LISTENER = TestListener(kit)
