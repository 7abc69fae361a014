"""Waivers: an owner accepts, until a day, that one criterion is not met (``resources/waivers.yaml``)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from .errors import InputError
from .yaml_file import read_mapping

_KEYS = ("criterion", "reason", "owner", "until")


@dataclass(frozen=True, slots=True)
class Waiver:
    """One accepted exception; it holds up to and including ``until``."""

    criterion: str
    reason: str
    owner: str
    until: date


def load_waivers(path: Path, criteria: Collection[str], today: date) -> dict[str, Waiver]:
    """Reads the waivers by criterion; an expired one, or one for an unknown criterion, is an error."""
    waivers: dict[str, Waiver] = {}
    for number, entry in enumerate(read_mapping(path).get("waivers") or (), start=1):
        where = f"{path}, waiver {number}"
        if not isinstance(entry, dict) or set(entry) != set(_KEYS) or not all(entry.values()):
            raise InputError(f"{where}: a waiver has exactly the keys {', '.join(_KEYS)}, each with a value.")
        if not isinstance(entry["until"], date):
            raise InputError(f"{where}: until is '{entry['until']}'; write a day such as 2027-03-31.")
        waiver = Waiver(str(entry["criterion"]), str(entry["reason"]), str(entry["owner"]), entry["until"])
        if waiver.criterion not in criteria:
            raise InputError(f"{where}: {waiver.criterion} is no criterion; known are {', '.join(sorted(criteria))}.")
        if waiver.until < today:
            raise InputError(f"{where}: the waiver of {waiver.criterion} has expired on {waiver.until}: renew or remove it.")
        waivers[waiver.criterion] = waiver
    return waivers
