"""Pure functions that judge a slice of history: events in, a Verdict out. No sockets, no clock, no Robot, no configuration."""

from .events import Event, Kind, LedgerRow
from .history import History
from .messages import Message
from .verdict import Measured, Verdict, Violation
from .violations import Code

__all__ = ["Code", "Event", "History", "Kind", "LedgerRow", "Measured", "Message", "Verdict", "Violation"]
