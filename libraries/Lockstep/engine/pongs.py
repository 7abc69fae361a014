"""How pings of the target are answered: at once, as every program must; late, as a busy one does; or not at all, as a dead one.

``websockets`` answers pings below everything that it shows; this stands in between, and the journal has each ping and each answer with its time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from ..checks.events import Kind

Note = Callable[[Kind, str], None]
"""Writes into the journal that a ping came, or that it was answered; named by what it carries."""


class Pongs:
    """The manners of one client, which may change at any time."""

    def __init__(self) -> None:
        self.after: float | None = 0.0
        """So many seconds behind each ping; None: never."""


class AnsweringConnection(ClientConnection):
    """A connection that answers pings as it is told to."""

    def __init__(self, protocol: ClientProtocol, *, pongs: Pongs, note: Note, **settings: Any) -> None:
        super().__init__(protocol, **settings)
        self._pongs = pongs
        self._note_ping = note
        self._put_frame = protocol.send_frame
        protocol.send_frame = self._send_frame  # type: ignore[method-assign]  # the one place that all answers to pings go through

    def _send_frame(self, frame: Frame) -> None:
        if frame.opcode is not Opcode.PONG:
            self._put_frame(frame)
            return
        after = self._pongs.after
        self._note_ping(Kind.PINGED, _name(frame))
        if after == 0:
            self._answer(frame)
        elif after is not None:
            asyncio.get_running_loop().call_later(after, self._answer_late, frame)

    def _answer(self, frame: Frame) -> None:
        self._put_frame(frame)
        self._note_ping(Kind.PONGED, _name(frame))

    def _answer_late(self, frame: Frame) -> None:
        if self.protocol.state is State.OPEN:
            self._answer(frame)
            self.send_data()


def _name(frame: Frame) -> str:
    return bytes(frame.data).hex()
