"""The one error of the final review: something it was given cannot be used. Its text is a sentence for a person."""

from __future__ import annotations


class InputError(Exception):
    """A file or folder that the review was given cannot be used; the text says what, where and what is allowed."""
