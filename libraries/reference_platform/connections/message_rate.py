"""So many messages a second of one connection; what comes beyond is refused, and said when another try is worth while."""

from __future__ import annotations

from time import monotonic

from reference_platform.messages import Decode, Invalid, LatencyProbe, Question, UserMessage


class MessageRate:
    """A bucket that holds the messages of one second."""

    def __init__(self, rate: int, decode: Decode) -> None:
        self._rate = rate
        self._decode = decode
        self._left = float(rate)
        self._looked = monotonic()

    def decode(self, payload: bytes) -> UserMessage | Question | LatencyProbe | Invalid:
        """The message, or that it was one too many; good or not, each counts."""
        now = monotonic()
        self._left = min(self._rate, self._left + (now - self._looked) * self._rate)
        self._looked = now
        message = self._decode(payload)
        if self._left >= 1:
            self._left -= 1
            return message
        message_id, attempt, request_id = (getattr(message, name, None) for name in ("message_id", "attempt", "request_id"))
        wait = round((1 - self._left) / self._rate, 3)
        return Invalid("rate_limited", f"at most {self._rate} messages a second", message_id, attempt, request_id, {"retry_after": wait})
