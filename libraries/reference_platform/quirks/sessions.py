"""Quirks of coming and going: what is lost is told or can be had again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from websockets.protocol import State
from websockets.server import ServerProtocol

from reference_platform.messages import Reply
from reference_platform.policies import Outbox, Sessions, Wire
from reference_platform.registry import quirk
from reference_platform.sessions.session import Session, Wish

from .delivery import DelayedOutbox

if TYPE_CHECKING:
    from reference_platform.connections.connection import Connection


@quirk("n2_acknowledgement_lost")
class AcknowledgementLost(DelayedOutbox):
    """Everything for a client that may come back leaves 20 ms late, and an acknowledgement that is late for its connection is not made up
    for: the message is there, its answer follows, and sent again it is a duplicate.
    """

    def delay(self) -> float:
        """Long enough to be late."""
        return 0.02

    def release(self, replies: list[Reply]) -> None:
        """Who cannot come back does not wait."""
        self.send([reply for reply in replies if reply.session.kept is None])
        super().release([reply for reply in replies if reply.session.kept is not None])

    def send(self, replies: Iterable[Reply]) -> None:
        """What was lost never had a number, so that nothing is missing in front of what follows."""
        super().send([reply for reply in replies if reply.fields["type"] != "message_accepted" or reply.session.connection.is_open])


@quirk("n3_not_recovered")
class NotRecovered(Sessions):
    """Every third return is not recovered although it could be: the session goes on with its context in the next epoch, and the client is told."""

    every = 3
    returns = 0

    def unrecovered(self, session: Session, wish: Wish) -> str | None:
        """As if too much had been missed."""
        self.returns += 1
        return super().unrecovered(session, wish) or ("too_far_behind" if self.returns % self.every == 0 else None)


class WithoutGoodbye(ServerProtocol):
    """Ends the TCP connection where a close frame is due; that of a client is answered."""

    def send_close(self, code: int | None = None, reason: str = "") -> None:
        """Says neither."""
        self.fail(code or 1000, reason)

    def fail(self, code: int, reason: str = "") -> None:  # noqa: ARG002 - that is what nobody is told
        """As after an error of the network."""
        super().fail(1006)
        self.state = State.CLOSING


@quirk("n10_no_close_code")
class NoCloseCode(Wire):
    """Where the platform closes a connection it ends TCP without a close frame, so that its client sees 1006 in place of a code: legal where the target
    file promises ``close 1006``.
    """

    speaks = WithoutGoodbye


@quirk("n14_replay_before_greeting")
class ReplayFirst(Outbox):
    """Whoever comes back gets what was missed before the greeting."""

    def greet(self, connection: Connection, greeting: bytes, missed: list[bytes]) -> None:
        """In order, and the greeting behind it."""
        connection.outgoing += [*missed, greeting]
        connection.flush()
