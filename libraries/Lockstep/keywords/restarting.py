"""Keywords that restart the server under test as its operators do: with notice, after a crash, or by a second instance."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any

from robot.api import logger
from robot.libraries.BuiltIn import BuiltIn

from ..arguments import Duration, MaybeDuration, Share
from ..checks.instances import handed_over_once
from ..checks.notice import CLOSES, notice_before_close
from ..checks.outage import outages_shorter_than
from ..engine.server_figures import ServerFigures, crowded_out, stolen
from .decorator import keyword
from .expectation import Expectation
from .fault_proxy import happened_to_the_process
from .kit import Kit

AT_ONCE, ALL_OF_IT = Duration(0), Share(1)
MAINTENANCE, DEPLOYMENT = "maintenance", "deployment"


class RestartingKeywords:
    """The server ends and serves again, on the same store."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("Target",))
    def restart_target_gracefully(self, *, reason: str = MAINTENANCE, estimate: MaybeDuration = None, after: Duration = AT_ONCE) -> None:
        """Asks the server to end, waits until it has, and starts it again on the same store.

        | =Argument= | =Meaning=                                                                                            |
        | reason     | why, as clients shall be told                                                                        |
        | estimate   | how long it will be away, as clients shall be told, such as ``10 s``; none: nothing is promised       |
        | after      | so long it stays away, such as ``2 s``                                                               |

        Where the target file names ``control.shutdown``, the server is asked in that way; otherwise as its ``lifecycle.stop`` says, which gives
        neither reason nor estimate. Returns when the server is ready again. Fails if the target was not started by this kit, if it does not end
        within ``lifecycle.stop_within``, and if it does not get ready.

        | `Restart Target Gracefully`    reason=maintenance    estimate=10 s    after=2 s
        """
        kit, target = self._kit, self._kit.target
        process = target.own_process("restarted")
        asks = target.offers("shutdown")
        told: dict[str, Any] = {"reason": reason, "estimate": None if estimate is None else float(estimate)} if asks else {}
        self.notes("shutdown", **told)
        if asks:
            kit.engine.run(target.control("shutdown", **told))
            logger.info(f"{target.title} ended with code {target.ended()}")
        else:
            process.stop()
        self._starts_again(after)

    @keyword(tags=("Target", "Faults"))
    def crash_and_restart_target(self, *, after: Duration = AT_ONCE, share: Share = ALL_OF_IT) -> None:
        """Ends the server's process without a chance to tidy up, and starts it again on the same store.

        | =Argument= | =Meaning=                              |
        | after      | so long it stays away, such as ``3 s`` |
        | share      | which part of that, such as a scale of the profile; more than 0, at most 1 |

        The same as `Kill Target` and then `Restart Target`. Returns when the server is ready again. Fails if the target was not started by this
        kit, and if it does not get ready.

        | `Crash And Restart Target`    after=3 s
        | `Crash And Restart Target`    after=30 s    share=${LADDER_SCALE}
        """
        self._kit.target.own_process("killed")
        self.notes("kill")
        self._kit.target.kill()
        self._starts_again(Duration(after * share))

    @keyword(tags=("Target",))
    def start_second_instance(self) -> None:
        """Starts another process of the server on the same store, which stands by until `Hand Over To Second Instance`.

        The target file says how (``lifecycle.second``). It ends with the test if nothing was handed over to it. Fails if the file does not
        say so, and if the process does not say that it stands by.

        | `Start Second Instance` |
        """
        self._kit.target.start_second()
        self._kit.scope.undo.append(self._kit.target.end_second)

    @keyword(tags=("Target",))
    def hand_over_to_second_instance(self, *, reason: str = DEPLOYMENT) -> None:
        """Lets the server give its store to the instance that stands by, and end; clients find the new one from then on.

        | =Argument= | =Meaning=                              |
        | reason     | why, as clients shall be told          |

        A client that goes through the fault proxy keeps its address, as it does behind a TCP switch: the proxy leads to the new instance.
        Returns when that serves and the old one has ended. Fails without `Start Second Instance`, and if the target does not offer ``hand_over``.

        | `Start Second Instance`
        | `Hand Over To Second Instance`    reason=version 2
        """
        kit, target = self._kit, self._kit.target
        kit.must_offer("hand_over")
        target.must_have_second()
        self.notes("hand_over", reason=reason)
        self._goes_on_purpose()
        kit.engine.run(target.control("hand_over", reason=reason))
        begun = _nothing_yet()
        logger.info(f"the instance of before ended with code {target.handed_over()}")
        self._serves_again(begun)

    @keyword(tags=("Expectation", "Target"))
    def the_notice_should_have_come_before_the_close(self, client: str = "everyone") -> None:
        """Whoever was connected when the server was asked to end was told so, once and as it was meant, and only then disconnected.

        | =Argument= | =Meaning=                                                    |
        | client     | alias; ``everyone``: all clients                             |

        The target file says how connections may be closed then (``guarantees.shutdown``); 1012 or 1001 if it does not. Records ``notice_lead``
        (ms). Violations: wrong_close, disagreement, duplicated. Fails as vacuous if the server was not asked to end. Left out, and noted as *not
        offered*, where the target gives no notice (``messages.notice``).

        | `The Notice Should Have Come Before The Close` |
        """
        if self._expect.offered("restart_notice", [notice_before_close]):
            promised = self._kit.target.file.guarantees.shutdown
            self._expect.holds(partial(notice_before_close, closes=promised.close if promised is not None else CLOSES), client=client)

    @keyword(tags=("Expectation", "Target", "Figures"))
    def the_outage_should_have_been_shorter_than(self, limit: Duration, client: str = "everyone") -> None:
        """Whoever was connected when the server ended was connected and answered again soon enough.

        | =Argument= | =Meaning=                                                    |
        | limit      | such as ``10 s``                                             |
        | client     | alias; ``everyone``: all clients                             |

        Counted from the end of the connection, so that the time for which the server was away is part of it. Records median and maximum in s, for
        each kind of restart: ``graceful_outage``, ``graceful_outage_max``, ``crash_outage`` …, ``rolling_outage`` …. Violations: slow_recovery;
        starved for who never came back; fault_not_confirmed for who never lost its connection. A limit that was missed is void (test skipped as
        *invalid*) when this machine was late, or kept the new server from its work.

        | `The Outage Should Have Been Shorter Than` | 10 s |
        """
        history = self._expect.history(client)
        verdict = outages_shorter_than(history, float(limit))
        self._expect.conclude([("outage", verdict)], history, None if verdict.ok else self._expect.invalid_reason(history.events) or self._crowded_out())

    @keyword(tags=("Expectation", "Target", "Ledger"))
    def one_instance_should_have_followed_the_other(self) -> None:
        """The ledger shows two instances: the first finished what it had accepted, then the second worked, and never both at once.

        Records ``instances`` and ``left_behind`` (messages). Violations: disagreement, stalled. Left out, and noted as *not offered*, where the
        target has no ledger, or one that does not name instances.

        | `One Instance Should Have Followed The Other` |
        """
        kit = self._kit
        if not self._expect.offered("ledger", [handed_over_once]):
            return
        rows = kit.engine.run(kit.target.ledger(kit.ledger_seen))
        if not any(row.instance for row in rows):
            kit.leave_out("one instance after the other", f"the ledger of {kit.target.title} names no instances")
            return
        self._expect.conclude([("instances", handed_over_once(rows))])

    def notes(self, fault: str, state: str = "done", **told: Any) -> None:
        """Writes down what is about to happen to the server, so that what comes of it stands behind it; or that it is over."""
        happened_to_the_process(self._kit, fault, state=state, **told)

    def _starts_again(self, after: float) -> None:
        target = self._kit.target
        self._goes_on_purpose()
        BuiltIn().sleep(timedelta(seconds=after), "the server is away")
        begun = _nothing_yet()
        target.start_again()
        self._serves_again(begun)

    def _goes_on_purpose(self) -> None:
        """Nobody wonders that the server is gone; if the test gets no further, it is started again when that ends."""
        target = self._kit.target
        target.is_gone_on_purpose()
        self._kit.scope.undo.append(target.start_again_if_gone)

    def _serves_again(self, begun: ServerFigures) -> None:
        """Clients can come back from now on; how the machine treats the new process is looked at from its beginning on."""
        self.notes("restart", state="ended")
        server = self._kit.target.server
        if server is not None:
            self._kit.scope.restarts.append((server, begun))

    def _crowded_out(self) -> str | None:
        """Why the times of restarts in this test are void, if they are: a new process got no processor."""
        for server, begun in self._kit.scope.restarts:
            if server.is_running() and (reason := crowded_out([begun, ServerFigures.of(server)])):
                return reason
        return None


def _nothing_yet() -> ServerFigures:
    """How a process looks that is about to be started."""
    return ServerFigures(monotonic(), 0, 0, None, 0.0, stolen())
