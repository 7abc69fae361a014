"""Rules of the wire: what a server did about each, against what it may do; and whether it went on to serve others."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from .verdict import Verdict
from .violations import Code

GOOD_CODES = frozenset({"close 1000", "close 1001", "close none"})
"""A close that says that nothing was wrong."""
STAYED = frozenset({"answered", "alive", "silent"})


@dataclass(frozen=True, slots=True)
class RuleSeen:
    """One rule, tried once."""

    rule: str
    section: str
    """Of RFC 6455."""
    way: str
    allowed: Collection[str]
    pongs: tuple[bytes, ...] = ()
    due: tuple[bytes, ...] | None = None
    """The pongs that must come back; None where there are none to be judged."""
    others_served: bool = True
    why: str = ""

    @property
    def is_allowed(self) -> bool:
        """Whether the server may do what it did."""
        return any(_means(allowed, self.way) for allowed in self.allowed)


def wire_rules_hold(seen: Iterable[RuleSeen]) -> Verdict:
    """Each rule is met by one of the ways that are allowed.

    *not_refused*: the server put up with what it must refuse; *wrong_close*: it ended the connection, or kept somebody out, in another way;
    *corrupted*: a pong does not carry what its ping did, or what the server sent is no WebSocket; *not_isolated*: it served nobody else
    afterwards. O(n).
    """
    verdict, held = Verdict("rules of the wire"), 0
    for one in seen:
        verdict.exercised += 1
        place, before = f"{one.rule} (RFC 6455, {one.section})", sum(verdict.counts.values())
        if one.way == "garbage":
            verdict.violated(Code.CORRUPTED, f"{place}: the server sent {one.why}")
        elif not one.is_allowed:
            refuses = not STAYED & set(one.allowed)
            code = Code.NOT_REFUSED if refuses and one.way in STAYED else Code.WRONG_CLOSE
            verdict.violated(code, f"{place}: the server {in_words(one.way)}, where it must have {' or '.join(map(in_words, one.allowed))}")
        elif one.due is not None and one.pongs != one.due:
            verdict.violated(Code.CORRUPTED, f"{place}: the pongs carried {_hex(one.pongs)}, where the pings had carried {_hex(one.due)}")
        if not one.others_served:
            verdict.violated(Code.NOT_ISOLATED, f"{place}: afterwards the server did not answer somebody else")
        held += sum(verdict.counts.values()) == before
    verdict.measured("wire_rules_held", 100 * held / verdict.exercised if verdict.exercised else 0.0, "%", verdict.exercised)
    return verdict.concluded()


def in_words(way: str) -> str:
    """What a server did, as the end of a sentence: ``closed with 1002``."""
    kind, _, detail = way.partition(" ")
    told = {
        "answered": "answered the message", "alive": "kept the connection", "silent": "kept the connection without a word", "failed": "closed with an error code",
        "dropped": "ended the connection without a close", "close": f"closed with {detail}" if detail != "none" else "closed without a code",
        "http": "refused the handshake" if detail == "refused" else f"answered HTTP {detail}", "garbage": "sent garbage",
    }
    return "closed" if way == "close" else told.get(kind, way)


def _means(allowed: str, way: str) -> bool:
    if allowed == "close":
        return way.startswith("close ")
    if allowed == "failed":
        return way.startswith("close ") and way not in GOOD_CODES
    if allowed == "http 4xx":
        return way.startswith("http 4")
    if allowed == "http refused":
        return way == "dropped" or way.startswith(("http 4", "http 5"))
    return way == allowed


def _hex(payloads: Collection[bytes]) -> str:
    return ", ".join(payload[:16].hex(" ") + (f" … ({len(payload)} B)" if len(payload) > 16 else "") if payload else "nothing" for payload in payloads) or "none"
