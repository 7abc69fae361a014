"""Where things are in a checkout."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Project:
    """The folders that the runner works with; tests give others than the checkout's."""

    root: Path
    suites: Path
    resources: Path
    results: Path

    @classmethod
    def at(cls, root: Path) -> Self:
        """The project in a checkout's root folder."""
        return cls(root, root / "suites", root / "resources", root / "results")

    @classmethod
    def here(cls) -> Self:
        """The checkout that this file belongs to."""
        return cls.at(Path(__file__).resolve().parents[2])

    @property
    def libraries(self) -> Path:
        """The folder that has to be on the Python path of every child."""
        return Path(__file__).resolve().parents[1]

    def environment(self, base: Mapping[str, str] = os.environ) -> dict[str, str]:
        """What a child has to have in its environment to find the kit's packages.

        Where no compiled modules are wanted beside the sources (usual in containers) they go into a folder of their own: a run starts
        dozens of processes, and each would compile all of the kit again.
        """
        found = {**base, "PYTHONPATH": os.pathsep.join(filter(None, [str(self.libraries), base.get("PYTHONPATH")]))}
        if found.pop("PYTHONDONTWRITEBYTECODE", ""):
            found.setdefault("PYTHONPYCACHEPREFIX", str(self.root / ".cache" / "compiled"))
        return found

    @property
    def profiles(self) -> Path:
        """The folder of the profile files."""
        return self.resources / "profiles"

    @property
    def targets(self) -> Path:
        """The folder of the target files that have a name."""
        return self.resources / "targets"

    @property
    def kill_matrix(self) -> Path | None:
        """The proof that the suites notice faults: the one made here, else the one that came with the kit, if there is any."""
        return next((file for file in (self.results / "kill_matrix.json", self.root / "docs" / "kill_matrix.json") if file.is_file()), None)
