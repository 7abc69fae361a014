"""What all ports have in common: a host."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reference_platform.host import Host


class Port:
    """One replaceable decision of the platform. A subclass of a port in this folder may replace it (``--defect``)."""

    def __init__(self, host: Host) -> None:
        self.host = host
