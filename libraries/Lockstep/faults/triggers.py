"""Where a fault strikes: behind how many bytes or frames, or inside of what. Each trigger looks at every piece that passes, once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple, Protocol

from ..arguments import Duration, Size
from .frames import Frame, Part, Piece, unmasked

LEADING_BYTE = re.compile(rb"[\xc2-\xf4]")
"""The first byte of a character of several bytes."""
Condition = Callable[[], bool]


class After(NamedTuple):
    """How much has to pass before a fault strikes, such as ``7 frames``, ``120 bytes`` or ``300 ms``."""

    amount: float
    unit: str                   # frames | bytes | seconds

    @classmethod
    def convert(cls, value: object) -> After:
        """Converts a number with its unit; which unit it is says what is counted."""
        text = str(value).strip()
        frames = re.fullmatch(r"(\d[\d\s_]*)\s*frames?", text, re.IGNORECASE)
        if frames is not None:
            return cls(int(re.sub(r"[\s_]", "", frames[1])), "frames")
        if (size := re.fullmatch(r"(.*\d)\s*(?:bytes?|(k|ki|m|mi)?b)", text, re.IGNORECASE)) is not None:
            unit = f"{size[2]}B" if size[2] else "B"
            return cls(0 if size[1].strip() == "0" else int(Size.convert(f"{size[1]} {unit}")), "bytes")
        if not text[-1:].isalpha():
            raise ValueError(f"must say what is counted, such as '7 frames', '120 bytes' or '300 ms', not '{value}'")
        try:
            return cls(float(Duration.convert(text)), "seconds")
        except ValueError:
            raise ValueError(f"must be such as '7 frames', '120 bytes' or '300 ms', not '{value}'") from None

    def __str__(self) -> str:
        unit = "s" if self.unit == "seconds" else self.unit
        return f"{self.amount:g} {unit}"


class Trigger(Protocol):
    """Says where in the bytes at hand a fault strikes."""

    def within(self, piece: Piece, data: bytes) -> int | None:
        """The place in ``data`` up to which bytes still pass; None: not in this piece."""


class AfterBytes:
    """Behind so many bytes, the handshake's among them; where the condition does not hold there, before the next that comes when it does."""

    def __init__(self, count: int, condition: Condition) -> None:
        self._left = count
        self._condition = condition

    def within(self, piece: Piece, data: bytes) -> int | None:  # noqa: ARG002 - the protocol
        """Counts every byte."""
        size = piece.end - piece.begin
        if self._left <= size and self._condition():
            return piece.begin + self._left
        self._left = max(0, self._left - size)
        return None


class AfterFrames:
    """Behind so many frames with data, and at the first end of one from there on at which the condition holds."""

    def __init__(self, count: int, condition: Condition) -> None:
        self._left = count
        self._condition = condition

    def within(self, piece: Piece, data: bytes) -> int | None:  # noqa: ARG002 - the protocol
        """Counts the frames that end."""
        if not (piece.last and piece.frame is not None and piece.frame.has_data):
            return None
        self._left -= 1
        return piece.end if self._left <= 0 and self._condition() else None


class InFrame:
    """Inside a frame with data behind so many of them; where in it, the subclass says."""

    def __init__(self, count: int, condition: Condition) -> None:
        self._left = count
        self._condition = condition

    def within(self, piece: Piece, data: bytes) -> int | None:
        """Looks inside once enough frames have ended."""
        frame = piece.frame
        if frame is None or not frame.has_data:
            return None
        place = self._inside(frame, piece, data) if self._left <= 0 else None
        if piece.last:
            self._left -= 1
        return place if place is not None and self._condition() else None

    def _inside(self, frame: Frame, piece: Piece, data: bytes) -> int | None:
        raise NotImplementedError


class InPayload(InFrame):
    """In the middle of what it carries; a frame that carries less than two bytes has no middle."""

    def _inside(self, frame: Frame, piece: Piece, data: bytes) -> int | None:  # noqa: ARG002 - the protocol
        middle = frame.length // 2
        inside = piece.part is Part.PAYLOAD and middle and piece.at < middle <= piece.at + piece.end - piece.begin
        return piece.begin + middle - piece.at if inside else None


class InHeader(InFrame):
    """Behind the first byte of its head."""

    def _inside(self, frame: Frame, piece: Piece, data: bytes) -> int | None:  # noqa: ARG002 - the protocol
        return piece.begin + 1 if piece.part is Part.HEAD and piece.at == 0 else None


class InCodePoint(InFrame):
    """Behind the first byte of a character of several bytes; a frame without one is passed over."""

    def _inside(self, frame: Frame, piece: Piece, data: bytes) -> int | None:
        if piece.part is not Part.PAYLOAD or not frame.text:
            return None
        found = LEADING_BYTE.search(unmasked(data[piece.begin:piece.end], frame.mask, piece.at))
        return piece.begin + found.end() if found is not None else None
