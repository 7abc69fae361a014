"""The one error that a person at the command line gets to see, and how an operating-system error becomes a sentence."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command; the shell and a CI job read nothing else."""

    READY = 0
    NOT_READY = 1
    CANNOT_SAY = 2
    BAD_INPUT = 3
    INTERRUPTED = 130


class StartError(Exception):
    """Bad input, or something that is needed is not there. The message is a sentence that says what to do next."""


def disk_sentence(error: OSError, doing: str) -> str:
    """An ``OSError`` of a full, read-only or foreign disk as one sentence."""
    place = f" at {error.filename}" if error.filename else ""
    reason = (error.strerror or str(error)).lower()
    return f"Cannot {doing}{place}: {reason}. Make room or give write permission there, then start again."
