"""Targets: the servers under test, described by files in ``resources/targets`` or anywhere else."""

from .target import Target, load_target

__all__ = ["Target", "load_target"]
