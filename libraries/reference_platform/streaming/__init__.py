"""Answers that come in chunks."""
