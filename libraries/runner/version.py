"""Which kit this is: its release, and a fingerprint of everything that a test result depends on."""

import hashlib
from pathlib import Path

KIT = "0.1.0"
"""Version of the kit; a test compares it with pyproject.toml and the library."""
DECIDING = ("libraries/Lockstep", "libraries/profiles", "libraries/reference_platform", "resources", "suites")
"""Folders whose files decide what a test comes to; a page or a text that changes elsewhere makes no other kit of it."""


def version(root: Path) -> str:
    """Such as ``0.1.0+3f9a12c0``: two checkouts with the same words in these folders have the same; without such folders the release alone."""
    files = sorted(
        file for folder in DECIDING for file in (root / folder).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    )
    if not files:
        return KIT
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.relative_to(root).as_posix().encode() + b"\0")
        digest.update(file.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return f"{KIT}+{digest.hexdigest()[:8]}"
