"""How the kit speaks: failure texts and diagrams. Pure functions from a verdict and its history to words."""

from .failure import failure_text

__all__ = ["failure_text"]
