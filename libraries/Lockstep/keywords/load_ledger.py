"""What the server's own account must say of a load."""

from __future__ import annotations

from ..checks.load_ledger import LoadLedger, Sender
from ..engine.load.codec import Contents
from ..engine.load.result import Load
from ..engine.load.traffic import mix_of
from ..errors import UsageError
from .decorator import keyword
from .expectation import Expectation
from .kit import Kit


class LoadLedgerKeywords:
    """The server's side of phases of load."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("Load", "Expectation", "Ledger"))
    def the_ledger_should_agree_with(self, *loads: Load) -> None:
        """The server's ledger shows every message of a load that was not refused exactly once, in send order, with the text that was sent.

        | =Argument= | =Meaning=                             |
        | loads      | what `Run Load` returned; one or more |

        The ledger is compared row by row with what each connection sent and was told; nothing of it is kept, so that loads of millions
        of messages can be looked at. Records ``<name>_processed`` (msg/s: rows of the ledger that say *processed*, by the server's own
        clock), ``lost`` and ``order_violations`` (messages). Violations: lost, duplicated, corrupted, phantom, disagreement,
        aborted_effect (topic ledger), reordered (order; where the target promises one), leaked_to_other_user (isolation). Not offered
        where the target has no ledger. Connections of a lost shard are not looked at: nobody knows what they sent.

        | `The Ledger Should Agree With` | ${load} |
        """
        if not loads:
            raise UsageError("say which load: give what 'Run Load' returned")
        if not self._expect.offered("ledger", "ledger of the load"):
            return
        accounts = [self._account_of(load) for load in loads]
        self._kit.engine.run(self._read(min(load.ledger_since for load in loads), accounts))
        for load, account in zip(loads, accounts, strict=True):
            if account.last > account.first:
                rate = account.processed / (account.last - account.first)
                self._kit.record("measurement", name=f"{load.name}_processed", value=rate, unit="msg/s", samples=account.processed, repetition=1,
                                 valid=not load.missing)
            self._expect.conclude(list(account.verdicts().items()))

    def _account_of(self, load: Load) -> LoadLedger:
        promised, plan = self._kit.target.file.guarantees, load.plan
        mix = mix_of(plan)
        senders = (Sender(f"connection {one.number + 1}", one.user, one.prefix, one.sent, one.answered, one.refused) for one in load.connections)
        return LoadLedger(senders, Contents(plan.size, plan.seed).digests, ordered=promised.order != "none",
                          once=promised.duplicates.key != "none", is_urgent=mix.is_urgent if mix is not None else None)

    async def _read(self, since: int, accounts: list[LoadLedger]) -> None:
        async for page in self._kit.target.ledger_pages(since):
            rows = list(page)
            self._kit.ledger_end = max(self._kit.ledger_end, rows[-1].index if rows else 0)
            for account in accounts:
                account.take(rows)
