"""Which profile a run takes, what is in it, and which of its limits the environment replaces. Pure but for reading files.

The keys of ``quick.yaml`` are the definition: every other profile has exactly these, so that no suite meets a variable that
only some profiles know.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .nearest import did_you_mean

DEFAULT = "quick"
Values = dict[str, object]


class ProfileError(Exception):
    """A profile, or an environment variable that replaces one of its limits, is not as it must be; the text is a sentence."""


@dataclass(frozen=True)
class LimitVariable:
    """An environment variable that replaces one key of the profile."""

    key: str
    unit: str
    meaning: str
    highest: float = math.inf

    def text(self, name: str, given: str) -> str:
        """The value as the profile would write it; a sentence where it is no number or out of range."""
        try:
            number = float(given)
        except ValueError:
            number = math.nan
        if not 0 < number <= self.highest or math.isinf(number):
            allowed = f"above 0 and at most {self.highest:g}" if math.isfinite(self.highest) else "above 0"
            raise ProfileError(f"{name} is {given!r}: it must be a number {allowed} ({self.meaning}). Correct or unset it.")
        return f"{given.strip()} {self.unit}".strip()


LIMIT_VARIABLES = {
    "RAPID_TEST_MAX_LATENCY": LimitVariable("RESPONSE_LIMIT", "s", "seconds"),
    "RAPID_TEST_MIN_THROUGHPUT": LimitVariable("MINIMUM_RATE", "", "messages per second"),
    "RAPID_TEST_MAX_MEMORY_GROWTH": LimitVariable("MEMORY_GROWTH", "B", "bytes"),
    "RAPID_TEST_MIN_DELIVERY_RATIO": LimitVariable("DELIVERY_RATIO", "", "a share such as 0.999", highest=1),
}


def names(folder: Path) -> list[str]:
    """The profiles that exist, the default first."""
    return sorted((file.stem for file in folder.glob("*.yaml")), key=lambda name: (name != DEFAULT, name))


def choose(option: str | None, environment: Mapping[str, str], available: Iterable[str]) -> str:
    """``--profile`` before ``ENVIRONMENT`` before ``CI=true`` before quick; only a profile that exists."""
    if option:
        name, source = option, "--profile"
    elif environment.get("ENVIRONMENT"):
        name, source = environment["ENVIRONMENT"], "ENVIRONMENT"
    elif environment.get("CI", "").lower() == "true":
        name, source = "ci", "CI"
    else:
        name, source = DEFAULT, "the default"
    known = list(available)
    if name not in known:
        raise ProfileError(f"There is no profile {name!r} (from {source}){did_you_mean(name, known)} Profiles are: {', '.join(known)}.")
    return name


def load(folder: Path, name: str) -> Values:
    """The values of a profile file, its keys compared with those of the default profile."""
    values = _read(folder / f"{name}.yaml")
    expected = values if name == DEFAULT else _read(folder / f"{DEFAULT}.yaml")
    file = folder / f"{name}.yaml"
    for key in values:
        if key not in expected:
            raise ProfileError(
                f"{file} has the unknown key {key}{did_you_mean(key, expected)} Profiles have the keys of {DEFAULT}.yaml and no other."
            )
        if key != key.upper():
            raise ProfileError(f"{file}: the key {key} must be written in upper case, {key.upper()}.")
    missing = [key for key in expected if key not in values]
    if missing:
        raise ProfileError(f"{file} lacks {', '.join(missing)}: every profile has all keys of {DEFAULT}.yaml. Add it.")
    return values


def limits_from_environment(environment: Mapping[str, str], profile: Mapping[str, object]) -> dict[str, str]:
    """The profile keys that ``RAPID_TEST_…`` variables replace, with their new value."""
    replaced = {}
    for name, limit in LIMIT_VARIABLES.items():
        given = environment.get(name, "")
        if not given:
            continue
        value = limit.text(name, given)
        if limit.key not in profile:
            raise ProfileError(f"{name} replaces {limit.key}, which the profile does not have. Unset {name}.")
        replaced[limit.key] = value
    unknown = [name for name in environment if name.startswith("RAPID_TEST_") and name not in LIMIT_VARIABLES]
    if unknown:
        name = min(unknown)
        raise ProfileError(
            f"{name} is no variable of the kit{did_you_mean(name, LIMIT_VARIABLES)} Limits are replaced by {', '.join(LIMIT_VARIABLES)}."
        )
    return replaced


def variables_from_command_line(given: Iterable[str]) -> dict[str, str]:
    """``NAME:VALUE`` pairs; the last one of a name wins, as in Robot."""
    values = {}
    for pair in given:
        name, colon, value = pair.partition(":")
        if not colon or not name.strip():
            raise ProfileError(f"--variable {pair!r} has no colon: write NAME:VALUE, such as --variable SUSTAINED_RATE:250.")
        values[name.strip()] = value
    return values


def _read(file: Path) -> Values:
    import yaml  # noqa: PLC0415 - the runner shows its help without it

    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProfileError(f"The profile {file} cannot be read: {error.strerror}.") from error
    except yaml.YAMLError as error:
        raise ProfileError(f"{file} is not valid YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise ProfileError(f"{file} must hold lines such as SUSTAINED_RATE: 300, one value per key.")
    return values
