"""What was pushed into a resumable session and may be asked for again: the last frames, bounded by count and bytes."""

from __future__ import annotations

from collections import deque
from itertools import islice


class Retained:
    """The last frames of one epoch of one session, each as it went onto the wire; the newest one has the session's offset."""

    __slots__ = ("_frames", "_size")

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._size = 0

    def __len__(self) -> int:
        return len(self._frames)

    def append(self, frame: bytes, *, most: int, most_bytes: int) -> None:
        """Adds the next frame; the oldest ones leave until there are at most ``most``, of at most ``most_bytes`` together."""
        frames = self._frames
        frames.append(frame)
        self._size += len(frame)
        while self._size > most_bytes or len(frames) > most:
            self._size -= len(frames.popleft())

    def last(self, count: int) -> list[bytes] | None:
        """The newest ``count`` frames, oldest first; None if not all of them are there."""
        kept = len(self._frames)
        return None if count > kept else list(islice(self._frames, kept - count, None))

    def clear(self) -> None:
        """An epoch ends: nothing of it can be asked for any more."""
        self._frames.clear()
        self._size = 0
