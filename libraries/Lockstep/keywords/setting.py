"""What a test changes about the target for everybody, and takes back when it ends."""

from __future__ import annotations

from collections.abc import Mapping

from .kit import Kit


def set_until_the_test_ends(kit: Kit, capability: str, before: Mapping[str, object], values: Mapping[str, object]) -> None:
    """Sets the target by one of its controls, and at the end of the test as it was ``before``."""
    target = kit.target
    kit.must_offer(capability)

    def restore() -> None:
        if kit.has_target and kit.target is target and not target.was_killed:
            kit.engine.run(target.control(capability, **before))

    kit.scope.undo.append(restore)
    kit.engine.run(target.control(capability, **values))
