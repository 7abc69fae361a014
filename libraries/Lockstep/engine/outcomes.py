"""What can become of what a client does: results of the stimulus, not errors of the kit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Disconnected(Exception):  # noqa: N818 - a result of the stimulus, not an error of the kit
    """There is no open connection (any more); the text says whose, and how it ended."""


class Unanswered(TimeoutError):  # noqa: N818 - a result of the stimulus, not an error of the kit
    """A question got no answer in time; the text says whose and which."""


class QuestionRefused(Exception):  # noqa: N818 - a result of the stimulus, not an error of the kit
    """The target answered a question with an error; the text says whose, which and why, ``said`` what the target said beside it."""

    def __init__(self, text: str, said: Mapping[str, Any]) -> None:
        super().__init__(text)
        self.said = said
        self.reason = str(said.get("reason", "no reason given"))
