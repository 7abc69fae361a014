"""X7: the heartbeat. Dead peers are kept, dead agents look alive, and answers are not what was asked."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

from reference_platform.messages import UserMessage
from reference_platform.policies import Heartbeat, Wire, Workers
from reference_platform.policies.heartbeat import Beat
from reference_platform.policies.workers import Process
from reference_platform.registry import defect

if TYPE_CHECKING:
    from reference_platform.host import Host


@defect("x7_zombie")
class Zombie(Workers):
    """After a hundred messages a user's agent hangs for ever. Pings are answered all the same, as if somebody were there."""

    lives_for = 100

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.begun: Counter[str] = Counter()

    async def run(self, message: UserMessage, process: Process) -> None:
        """The agent's last message never ends."""
        self.begun[message.user] += 1
        if self.begun[message.user] > self.lives_for:
            await asyncio.Event().wait()
        await super().run(message, process)


@defect("x7_never_closes_dead_peer")
class EndlessPatience(Heartbeat):
    """Pings are sent, but nobody looks whether they are answered: a dead client keeps its connection, and all that is held for it."""

    def lost_in(self, beat: Beat, now: float, real: float) -> float:  # noqa: ARG002 - however long it has been
        """Never."""
        return float("inf")


class ForgetfulProtocol(ServerProtocol):
    """Remembers only the beginning of a ping."""

    kept = 64

    def send_frame(self, frame: Frame) -> None:
        """A pong carries what is left."""
        super().send_frame(Frame(Opcode.PONG, frame.data[: self.kept]) if frame.opcode is Opcode.PONG else frame)


@defect("x7_pong_payload_wrong")
class ForgetfulWire(Wire):
    """A pong carries the first 64 bytes of its ping only, so that whoever sends longer ones takes the connection for dead."""

    def protocol(self) -> ServerProtocol:
        """One that forgets."""
        return ForgetfulProtocol(max_size=self.max_message_size)
