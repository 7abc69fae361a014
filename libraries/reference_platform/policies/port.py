"""What all ports have in common: a host."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reference_platform.host import Host


class Port:
    """One replaceable decision of the platform. A subclass of a port in this folder may replace it (``--defect``)."""

    def __init__(self, host: Host) -> None:
        self.host = host

    @property
    def is_correct(self) -> bool:
        """Whether nothing of this port is replaced."""
        return Port in type(self).__bases__

    def keeps(self, *methods: str) -> bool:
        """Whether these methods are the correct port's own, so that a shorter way to the same result may be taken."""
        correct = next(port for port in type(self).__mro__ if Port in port.__bases__)
        return all(getattr(type(self), name) is getattr(correct, name) for name in methods)
