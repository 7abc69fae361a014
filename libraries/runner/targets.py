"""What the runner has to know of a target before the run: its name, who starts it, and whether it answers at all."""

# ruff: noqa: PLC0415 - what is slow to import is imported late: the first line on the screen must not wait for it

import http.client
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from runner.errors import StartError

PATIENCE = 5.0
MODE, SKIP = "RAPID_MESSAGE_TEST_MODE", "SKIP_REAL_SERVICES"
Endpoint = tuple[str, str, str | None]
LoadTarget = Callable[[str], Any]


@dataclass(frozen=True)
class TargetFacts:
    """The part of a target file that concerns the runner."""

    given: str
    name: str
    title: str
    reference: bool
    started_by_us: bool
    endpoints: tuple[Endpoint, ...]


def choose(option: str | None, environment: Mapping[str, str]) -> str:
    """``--target`` before the mode variable before the reference platform."""
    mode = environment.get(MODE, "").lower()
    if mode not in {"", "mock", "reference", "real"}:
        raise StartError(f"{MODE} is {environment[MODE]!r}: it can be real, or reference (mock means the same). Correct or unset it.")
    skip = environment.get(SKIP, "").lower()
    if skip not in {"", "true", "false"}:
        raise StartError(f"{SKIP} is {environment[SKIP]!r}: it can be true or false. Correct or unset it.")
    if mode == "real" and skip == "true":
        raise StartError(f"{MODE}=real and {SKIP}=true contradict each other: unset one of them.")
    chosen = option or ("real" if mode == "real" else "reference")
    path = Path(chosen)
    return str(path.resolve()) if path.suffix and path.exists() else chosen


def describe(given: str, load_target: LoadTarget | None = None) -> TargetFacts:
    """Loads the target file; what is wrong with it is said in the words of the target room."""
    target = (load_target or _load_target)(given)
    endpoints = tuple(target.endpoints())
    return TargetFacts(given, target.name, target.title, target.file.reference, target.file.lifecycle is not None, endpoints)


def start_arguments(defects: Sequence[str], quirks: Sequence[str], target: TargetFacts) -> list[str]:
    """What ``--defect`` and ``--quirk`` add to the command that starts the target."""
    words = [word for defect in defects for word in ("--defect", _absolute(defect))]
    words += [word for quirk in quirks for word in ("--quirk", quirk)]
    if words and not target.reference:
        raise StartError(f"{words[0]} {words[1]} works with the reference platform only, not with the target {target.name}. Leave out one.")
    if words:
        _must_exist(defects, quirks)
    return words


def preflight(target: TargetFacts, patience: float = PATIENCE) -> None:
    """Asks every endpoint of a service that runs already, all at once; names every one that does not answer."""
    failures: dict[int, str] = {}
    threads = [
        threading.Thread(target=_probe_into, args=(failures, number, url, patience), daemon=True)
        for number, (_, url, _) in enumerate(target.endpoints)
    ]
    for number in range(len(threads)):
        failures[number] = f"no answer within {patience:g} s"
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + patience
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    lines = []
    for number, reason in sorted(failures.items()):
        label, url, variable = target.endpoints[number]
        lines.append(f"\n  {label}  {url}" + (f"  ({variable})" if variable else "") + f": {reason}")
    if lines:
        count = f"{len(lines)} of {len(threads)} endpoints"
        raise StartError(
            f"The target {target.name} cannot be reached, {count} failed:{''.join(lines)}\nStart the services or correct the addresses."
        )


def _load_target(given: str) -> Any:
    from Lockstep.errors import LockstepError
    from Lockstep.targets import load_target

    try:
        target = load_target(given)
        target.endpoints()  # may need variables of the environment
    except LockstepError as error:
        raise StartError(f"The target cannot be used: {str(error).removeprefix(f'{error.kind}: ')}") from error
    return target


def _must_exist(defects: Sequence[str], quirks: Sequence[str]) -> None:
    from reference_platform.errors import PlatformError
    from reference_platform.registry import replacements

    try:
        replacements(defects, quirks)
    except PlatformError as error:
        raise StartError(f"The reference platform cannot be started so: {error}.") from error


def _absolute(defect: str) -> str:
    """``FILE.py:Class`` is looked up where the command was typed, not where the target runs."""
    file, colon, name = defect.rpartition(":")
    return f"{Path(file).resolve()}{colon}{name}" if file.endswith(".py") else defect


def _probe_into(failures: dict[int, str], number: int, url: str, patience: float) -> None:
    reason = probe(url, patience)
    if reason is None:
        failures.pop(number, None)
    else:
        failures[number] = reason


def probe(url: str, patience: float) -> str | None:
    """Why nothing that speaks HTTP answers at this address; None if it does, whatever its status."""
    try:
        parts = urlsplit(url)
        secure = parts.scheme in {"wss", "https"}
        if parts.scheme not in {"ws", "wss", "http", "https"} or not parts.hostname:
            return "not an address; write ws://host:port/path or http://host:port"
        port = parts.port or (443 if secure else 80)
    except ValueError:
        return "not an address; write ws://host:port/path or http://host:port"
    connection = http.client.HTTPConnection(parts.hostname, port, timeout=patience)
    try:
        if secure:
            # Only whether it answers: no secret is sent, and the certificate may belong to an authority of the target file.
            context = ssl._create_unverified_context()  # noqa: S323, SLF001
            raw = socket.create_connection((parts.hostname, port), timeout=patience)
            connection.sock = context.wrap_socket(raw, server_hostname=parts.hostname)
        connection.request("GET", parts.path or "/")
        connection.getresponse()
    except TimeoutError:
        return f"no answer within {patience:g} s"
    except http.client.HTTPException:
        return "something answers there that does not speak HTTP"
    except OSError as error:
        return error.strerror.lower() if error.strerror else str(error)
    finally:
        connection.close()
    return None


def for_children(target: TargetFacts) -> str:
    """The target as children find it from any working folder."""
    return target.given if not target.given.endswith((".yaml", ".yml")) else os.fspath(Path(target.given).resolve())
