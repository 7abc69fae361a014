"""Quirks: odd behaviour that keeps every promise, so that a suite which reports it raises a false alarm."""
