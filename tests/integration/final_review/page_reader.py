"""A page as a reader sees it: the visible text, and the tags behind it."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Self


class PageReader(HTMLParser):
    """Collects tags with attributes and the visible text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._parts: list[str] = []

    @classmethod
    def of(cls, page: Path) -> Self:
        """What this file says."""
        reader = cls()
        reader.feed(page.read_text(encoding="utf-8"))
        return reader

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self._parts.append(data)

    @property
    def text(self) -> str:
        """All words, with one space between them; thin spaces in numbers count as spaces."""
        return " ".join(" ".join(self._parts).replace("\u202f", " ").split())

    @property
    def links(self) -> list[str]:
        """Where its links lead."""
        return [attributes["href"] or "" for tag, attributes in self.tags if tag == "a"]
