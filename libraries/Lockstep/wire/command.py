"""``run.py wire``: tries the conformance table at any address and says what the server did about each rule."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson

from ..checks.verdict import Verdict
from ..checks.wire import RuleSeen, wire_rules_hold
from ..errors import LockstepError, UsageError
from .place import Place, hello
from .table import FILE, Level, Table, read_table
from .talk import Bystander, Seen
from .trying import answers_messages, seen_of, tried

NAME = "{name}"
KEPT, BROKEN, UNUSABLE = 0, 1, 3
"""Exit codes."""


def main(arguments: Sequence[str]) -> int:
    """Runs the command and returns its exit code."""
    try:
        return _run(_parsed(arguments))
    except LockstepError as problem:
        print(str(problem).removeprefix(f"{problem.kind}: "), file=sys.stderr)
    except OSError as problem:
        print(f"Nobody can be reached there: {problem.strerror or problem}.", file=sys.stderr)
    return UNUSABLE


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python run.py wire", allow_abbrev=False,
        description="Tries the rules of RFC 6455 (resources/payloads/wire_conformance.yaml) at a server, one connection for each, and another beside them.",
        epilog="exit code: 0 every rule is kept, 1 one is broken, 3 bad input or nobody answers",
    )
    parser.add_argument("url", metavar="URL", help="such as ws://127.0.0.1:8000/ws")
    level = parser.add_mutually_exclusive_group()
    level.add_argument("--strict", action="store_const", const="strict", dest="level", help="the right close code, too, as RFC 6455 says it should (the default)")
    level.add_argument("--lenient", action="store_const", const="lenient", dest="level", help="it is enough that the connection fails")
    parser.add_argument("--token-from", metavar="VARIABLE", help="environment variable with a token for 'Authorization: Bearer'; never on the command line, which everybody sees")
    parser.add_argument("--header", metavar="'NAME: VALUE'", action="append", default=[], help="a header of the handshake; repeatable")
    parser.add_argument("--subprotocol", metavar="NAME", action="append", default=[], help="a sub-protocol to offer; repeatable")
    parser.add_argument("--message", metavar="TEXT", help=f"one that the server answers; {NAME} is replaced by a new name each time and must come back (default: a text to be echoed)")
    parser.add_argument("--row", metavar="NAME", action="append", default=[], help="only this rule; repeatable")
    parser.add_argument("--patience", metavar="SECONDS", type=float, default=5.0, help="for what must come (default: 5)")
    parser.add_argument("--table", metavar="FILE", type=Path, default=FILE, help="another table")
    parser.add_argument("--json", metavar="FILE", type=Path, help="writes what was seen, for programs")
    parser.add_argument("--show", action="store_true", help="shows what went over the wire for each rule that is broken")
    parser.add_argument("--hostile", action="store_true", help="the owner of a server elsewhere permits malformed input; not needed on this machine")
    return parser.parse_args(arguments)


def _place(given: argparse.Namespace) -> Place:
    headers = dict(_header(text) for text in given.header)
    if given.token_from:
        token = os.environ.get(given.token_from)
        if not token:
            raise UsageError(f"The environment variable {given.token_from} is not set; it should hold the token.")
        headers["Authorization"] = f"Bearer {token}"
    if given.message is not None and NAME not in given.message:
        raise UsageError(f"--message must contain {NAME}, so that the answer can be told from others.")
    made = hello if given.message is None else lambda name: str(given.message).replace(NAME, name).encode()
    secret = headers.get("Authorization", "").removeprefix("Bearer ")
    place = Place(given.url, headers, given.subprotocol, made, secret=secret, patience=given.patience)
    if not place.is_here() and not given.hostile:
        raise UsageError("This server is not on this machine, and malformed frames may harm it. Ask its owner, then say --hostile.")
    return place


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise UsageError(f"--header must be such as 'X-Tenant: acme', not '{name}'.")
    return name.strip(), value.strip()


def _run(given: argparse.Namespace) -> int:
    place, table = _place(given), read_table(given.table)
    level: Level = given.level or "strict"
    rows = [table.find(name) for name in given.row] or table.rows
    place.connect().close()  # says why nobody can be reached
    if not (bystander := Bystander(place)).is_served():
        raise UsageError("The server did not take a simple connection and answer a ping; is the address right, and does it need a token (--token-from)?")
    answers = bool(answers_messages(place))
    print(f"{len(rows)} rules at the {level} level; the server {'answers' if answers else 'does not answer'} messages.")
    seen: list[tuple[RuleSeen, Seen]] = []
    for row in rows:
        one = tried(place, table, row, answers=answers)
        seen.append((seen_of(table, row, one, level, answers=answers, others_served=bystander.is_served()), one))
    bystander.close()
    verdict = wire_rules_hold(rule for rule, _ in seen)
    _tell(table, seen, verdict, show=given.show)
    if given.json is not None:
        facts = [_plain(table, rule, one, answers=answers) for rule, one in seen]
        given.json.write_bytes(orjson.dumps(facts, option=orjson.OPT_INDENT_2))
    return KEPT if verdict.ok else BROKEN


def _tell(table: Table, seen: Sequence[tuple[RuleSeen, Seen]], verdict: Verdict, *, show: bool) -> None:
    """What each family came to, and a sentence for each broken rule."""
    families: dict[str, list[bool]] = {}
    broken = {id(rule): wire_rules_hold([rule]) for rule, _ in seen}
    for rule, _ in seen:
        families.setdefault(table.find(rule.rule).family, []).append(broken[id(rule)].ok)
    for family, kept in families.items():
        print(f"  {'✓' if all(kept) else '✗'} {family:<16} {sum(kept):>3} of {len(kept)}")
    for rule, one in seen:
        for violation in broken[id(rule)].violations:
            print(f"{violation.sentence} [{violation.code}]")
            if show:
                print("\n".join(f"    {line}" for line in one.lines))
    held = sum(sum(kept) for kept in families.values())
    print(f"{held} of {verdict.exercised} rules are kept.")


def _plain(table: Table, rule: RuleSeen, one: Seen, *, answers: bool) -> dict[str, object]:
    """For programs; with the verdict at both levels."""
    levels: tuple[Level, ...] = ("strict", "lenient")
    judged: dict[str, object] = {
        str(level): wire_rules_hold([seen_of(table, table.find(rule.rule), one, level, answers=answers, others_served=rule.others_served)]).ok
        for level in levels
    }
    return {"rule": rule.rule, "rfc": rule.section, "way": rule.way, "why": rule.why, **judged}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
