"""A Robot listener that notes, in a dry run, every step that could not run later: file, line and Robot's words for it."""

import json
import re
from pathlib import Path
from typing import Any

_PLACE = re.compile(r"Error in file '(?P<file>.+?)' on line (?P<line>\d+): (?P<text>.*)", re.DOTALL)


class DryRun:
    """Writes one JSON line per finding into a file. ``ROBOT_LISTENER_API_VERSION`` and the method names are Robot's."""

    ROBOT_LISTENER_API_VERSION = 3

    def __init__(self, file: str) -> None:
        self._file = Path(file)
        self._seen: set[tuple[str, int, str]] = set()
        self._failed_inside = False

    def start_test(self, _data: Any, _result: Any) -> None:
        """A new test: nothing has failed in it."""
        self._failed_inside = False

    def end_keyword(self, data: Any, result: Any) -> None:
        """The innermost keyword that fails tells; those around it only pass its message on."""
        if result.failed and result.message and not any(getattr(step, "failed", False) for step in result.body):
            self._failed_inside = True
            self._note(str(data.source or ""), data.lineno or 0, result.message)

    def end_test(self, data: Any, result: Any) -> None:
        """A test that fails without a failing keyword is wrong itself, such as one without steps."""
        if result.failed and not self._failed_inside:
            self._note(str(data.source or ""), data.lineno or 0, result.message)

    def message(self, message: Any) -> None:
        """Errors of files, such as an import that fails."""
        if message.level in {"ERROR", "WARN"}:
            place = _PLACE.match(message.message)
            if place:
                self._note(place["file"], int(place["line"]), place["text"])
            else:
                self._note("", 0, message.message)

    def _note(self, file: str, line: int, text: str) -> None:
        if (file, line, text) in self._seen:
            return
        self._seen.add((file, line, text))
        with self._file.open("a", encoding="utf-8") as notes:
            notes.write(json.dumps({"file": file, "line": line, "text": text}) + "\n")
