"""Keywords that write frames by hand: each rule of RFC 6455 is a row of a table, tried on a connection of its own."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from time import time

from robot.api import logger
from robot.utils import html_escape
from websockets.exceptions import ConnectionClosed

from ..checks.wire import wire_rules_hold
from ..engine.account import Account
from ..engine.client import Client
from ..engine.handshake import tls
from ..engine.outcomes import Disconnected, Unanswered
from ..errors import EnvironmentSetupError
from ..targets import Target
from ..wire.place import Place
from ..wire.table import CHARACTER, Table, read_table
from ..wire.trying import seen_of, tried
from .decorator import keyword
from .expectation import Expectation
from .kit import Kit

TOPIC = "wire"
HANG_GUARD = 20.0
"""s for whatever must come; long, so that a busy machine is not taken for a silent server."""
SERVED_WITHIN = 10.0
"""s for the answer to a bystander; a hang guard."""
STRANGER = "mallory"


class WireKeywords:
    """Somebody whose program breaks the rules of the wire."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("Expectation", "Connecting"))
    def the_wire_rule_should_hold(self, rule: str, role: str = STRANGER, *, bystander: str | None = None) -> str:
        """Tries one rule of RFC 6455 at the target, over a plain socket, and judges what it does.

        | =Argument= | =Meaning=                                                                                           |
        | rule       | name of a row of ``resources/payloads/wire_conformance.yaml``, such as ``first reserved bit``       |
        | role       | the user who tries it, with an account of its own; need not be connected                            |
        | bystander  | alias of a client that must be served afterwards as before; none: nobody is looked at                |

        How exactly the answer must be is for the target file to say: ``guarantees.wire`` is ``strict`` (the right code) or ``lenient`` (the
        connection fails somehow). What was written and what came back is in the log, in hexadecimal and in words, without the values of
        headers. Returns the way in which the target met it, such as ``close 1002``. Records ``wire_rules_held`` (%). Violations: not_refused,
        wrong_close, corrupted, not_isolated. Fails if the target does not offer ``hostile_input``, and if there is no such row.

        | `Connect As` | bob |
        | `The Wire Rule Should Hold` | first reserved bit | bystander=bob |
        """
        kit = self._kit
        kit.must_offer("hostile_input")
        table = _table()
        row, target = table.find(rule), kit.target
        answers = any(reply.message_id for reply in target.file.messages.reply)
        try:
            seen = tried(self._place(kit.account(role)), table, row, answers=answers)
        except OSError as error:
            raise EnvironmentSetupError(f"{target.title} takes no connection: {error.strerror or error}{target.obituary()}") from None
        shown = "\n".join(seen.lines)
        logger.info(f"{row.family}: {row.row} (RFC 6455, {row.rfc}){f': {row.why}' if row.why else ''}<pre>{html_escape(shown)}</pre>", html=True)
        served = bystander is None or kit.engine.run(_is_served(kit.client(bystander), kit.fence))
        verdict = wire_rules_hold([seen_of(table, row, seen, target.file.guarantees.wire, answers=answers, others_served=served)])
        self._expect.conclude([(TOPIC, verdict)])
        return seen.way

    def _place(self, account: Account) -> Place:
        """The target for this user, with a fresh token."""
        kit, target = self._kit, self._kit.target
        token, account.user = kit.engine.run(target.token_for(account.login, lifetime=account.token_lifetime))
        values = {"user": account.user, "client": account.role, "connection": 0}
        url, headers, subprotocols = target.handshake(token, values)
        greeting = target.adapter.handshake(account.user, {**values, "token": token.value if token else None})
        context = tls(target.file.connect) if url.startswith("wss:") else None
        secret = token.value if token else ""
        return Place(url, headers, subprotocols, lambda name: _message(target, account, name), greeting, context, secret, HANG_GUARD)


async def _is_served(client: Client, question: str | None) -> bool:
    """Whether the application answers this client, or its connection where the application cannot be asked."""
    try:
        if question is not None:
            await client.ask(question, SERVED_WITHIN)
        else:
            await asyncio.wait_for(await client.ping(), SERVED_WITHIN)
    except (Disconnected, Unanswered, ConnectionClosed, TimeoutError):
        return False
    return True


@lru_cache(maxsize=1)
def _table() -> Table:
    return read_table()


def _message(target: Target, account: Account, name: str) -> bytes:
    """One that the target understands, whose answer names it."""
    return target.adapter.encode({
        "message_id": f"{account.login}.{name}", "sequence_id": 1, "content": f"Gr{CHARACTER}n", "timestamp": time(), "attempt": 1,
        "user": account.user, "client": account.role,
    })
