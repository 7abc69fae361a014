"""The list of all cases that the kit promises (``resources/cases.yaml``), built or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import InputError
from .yaml_file import read_mapping


@dataclass(frozen=True, slots=True)
class CaseGroup:
    """The cases of one suite (rms, hvt, wsr-1 ... wsr-10): ID to title, in reading order."""

    id: str
    title: str
    cases: dict[str, str]


@dataclass(frozen=True, slots=True)
class CaseList:
    """Every promised case, by suite."""

    groups: tuple[CaseGroup, ...]

    def __iter__(self) -> Iterator[str]:
        """All IDs in reading order."""
        return (case for group in self.groups for case in group.cases)

    def __len__(self) -> int:
        """How many cases are promised."""
        return sum(len(group.cases) for group in self.groups)

    def place(self, case: str) -> int:
        """Where a case stands in the list; behind all of them where it is not promised."""
        promised = list(self)
        return promised.index(case) if case in self else len(promised)

    def title(self, case: str) -> str:
        """What a case is about; its ID where it is not promised."""
        return next((group.cases[case] for group in self.groups if case in group.cases), case)

    def __contains__(self, case: object) -> bool:
        """Whether a tag is the ID of a case."""
        return any(case in group.cases for group in self.groups)


def load_cases(path: Path) -> CaseList:
    """Reads the list; an ID that stands twice or under the wrong suite is an error."""
    content = read_mapping(path)
    groups = []
    seen: set[str] = set()
    for entry in content.get("suites") or ():
        if not isinstance(entry, dict) or not isinstance(entry.get("cases"), dict) or not {"id", "title"} <= set(entry):
            raise InputError(f"{path}: each entry of 'suites' needs the keys id, title and cases.")
        group = CaseGroup(str(entry["id"]), str(entry["title"]), {str(case): str(title) for case, title in entry["cases"].items()})
        for case in group.cases:
            if not case.startswith(f"{group.id}-"):
                raise InputError(f"{path}: case {case} stands under suite {group.id}; its ID must begin with {group.id}-.")
            if case in seen:
                raise InputError(f"{path}: case {case} is listed twice.")
            seen.add(case)
        groups.append(group)
    if not groups:
        raise InputError(f"{path}: 'suites' lists no case.")
    return CaseList(tuple(groups))
