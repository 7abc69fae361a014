"""Keywords about the server under test itself: start it, restart it, hold its agent, move its clock."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from robot.api import SkipExecution, logger

from ..arguments import Count, Duration, Growth, MaybeCount
from ..checks import Code
from ..engine.server_figures import ServerFigures
from ..errors import EnvironmentSetupError, UsageError
from ..profiles import active_profile
from ..targets import Target, load_target
from ..targets.reach import unreachable
from .decorator import keyword
from .expectation import violated
from .fault_proxy import happened_to_the_process
from .kit import Kit, variable

MODE = "RAPID_MESSAGE_TEST_MODE"
SKIP = "SKIP_REAL_SERVICES"
TARGET = "LOCKSTEP_TARGET"
ANYBODY = "anybody"
"""In place of a client: all users, also those who are not there yet."""

# As in arguments.py: Robot needs the bare type, the type checker must know of None.
if TYPE_CHECKING:
    MaybeFigures = ServerFigures | None
else:
    MaybeFigures = ServerFigures


class TargetKeywords:
    """Lifecycle and control of the target."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    @keyword(tags=("Target",))
    def start_target(self, target: str | None = None, *, clients: MaybeCount = None) -> str:
        """Makes the server under test ready: starts it if its target file says how, otherwise uses the one that runs.

        | =Argument= | =Meaning=                                                                                        |
        | target     | name (``reference``) or path of a target file; none: ``${TARGET}``, the environment, ``reference`` |
        | clients    | room for so many connections, where the file says how to start it so (``lifecycle.room``); none: as it is    |

        Returns the target's title. Where no room can be made, the target's own limit stays and stimuli stay below it. Belongs into
        ``Suite Setup``, with `Stop Target` in ``Suite Teardown``. Fails with a sentence if the profile or the target is unknown, the file
        has a mistake, the server does not get ready, or one that should run already cannot be reached.

        | Suite Setup    `Start Target`
        | Suite Setup    `Start Target`    clients=500
        """
        chosen = self.chosen(target, clients)
        chosen.open()
        return self.use(chosen)

    def chosen(self, target: str | None, clients: int | None) -> Target:
        """The target that is meant, with room for so many clients, not yet open."""
        kit = self._kit
        if kit.has_target:
            raise UsageError(f"the target '{kit.target.name}' is there already; use 'Stop Target' first")
        active_profile()
        chosen = load_target(target or variable("${TARGET}", None) or os.environ.get(TARGET) or _default_target())
        if chosen.file.lifecycle is None and (silent := kit.engine.run(unreachable(chosen.endpoints()))):
            raise EnvironmentSetupError(f"{chosen.title} cannot be reached; start it or correct its addresses:\n  " + "\n  ".join(silent))
        if clients is not None:
            chosen.make_room(clients)
        return chosen

    def use(self, chosen: Target) -> str:
        """From now on keywords mean this target; returns its title."""
        self._kit.use_target(chosen)
        logger.info(f"{chosen.title} is ready; profile {active_profile()}, seed {self._kit.seed}")
        return chosen.title

    @keyword(tags=("Target",))
    def stop_target(self) -> None:
        """Closes what is still connected and ends the server if `Start Target` had started it.

        Does nothing where no target is there, so that it never hides the reason why a Suite Setup failed. Fails if the server that
        `Start Target` had started was dead already: nobody had asked it to end.

        | Suite Teardown    `Stop Target`
        """
        kit = self._kit
        if not kit.has_target:
            return
        target = kit.target
        died = target.died()
        kit.end_target()
        if died:
            raise EnvironmentSetupError(f"{target.title} ended although nobody had asked it to: {died}")

    @keyword(tags=("Target",))
    def restart_target(self, gracefully: bool = True) -> None:  # noqa: FBT001, FBT002 - named in suites: gracefully=no
        """Ends the server and starts it again on the same store; connected clients lose their connection.

        | =Argument= | =Meaning=                                                                      |
        | gracefully | ``yes``: it is asked to stop; ``no``: it is killed without a chance to tidy up |

        Returns when the server is ready again. Fails if the target was not started by this kit (its file needs ``lifecycle``).

        | `Restart Target` | gracefully=no |
        """
        self._kit.target.restart(gracefully=gracefully)
        happened_to_the_process(self._kit, "restart" if gracefully else "kill")

    @keyword(tags=("Target",))
    def the_target_must_offer(self, *capabilities: str) -> None:
        """Skips the test as *not offered* unless the target can do all of this; use it before the first stimulus.

        | =Argument=   | =Meaning=                                                                                        |
        | capabilities | such as ``ledger``, ``queue_state``, ``hold``, ``priorities``; a wrong name is answered with all there are       |

        Returns nothing. A skipped test says which capability is missing; nothing was sent to the target then.

        | [Setup]    `The Target Must Offer`    ledger    hold
        """
        target = self._kit.target
        missing = [capability for capability in capabilities if not target.offers(capability)]
        if missing:
            reason = f"{target.title} does not offer {', '.join(missing)}"
            self._kit.record("not_offered", check="", reason=reason)
            raise SkipExecution(f"not offered: {reason}")

    @keyword(tags=("Target", "Control"))
    def hold_the_agent(self, client: str | None = None) -> None:
        """Lets the agent of a user take no further message until `Release The Agent`; messages wait in the queue.

        | =Argument= | =Meaning=                                    |
        | client     | alias of a client of the user; none: the only user; ``everyone``: all users |

        Fails if the target does not offer ``hold``.

        | `Hold The Agent` |
        """
        for account in self._kit.accounts(client):
            self._control("hold", user=account.user)

    @keyword(tags=("Target", "Control"))
    def release_the_agent(self, client: str | None = None) -> None:
        """Lets a held agent go on. Those expectations that speak of a held agent judge what happened before.

        | =Argument= | =Meaning=                                    |
        | client     | alias of a client of the user; none: the only user; ``everyone``: all users |

        | `Release The Agent` |
        """
        for account in self._kit.accounts(client):
            self._kit.scope.released[account.user] = self._kit.engine.journal.cursor
            self._control("release", user=account.user)

    @keyword(tags=("Target", "Control"))
    def let_each_message_take(self, duration: Duration, client: str | None = None) -> None:
        """Sets how long the agent works on each message of a user from now on.

        | =Argument= | =Meaning=                                      |
        | duration   | such as ``20 ms``; ``0`` for at once           |
        | client     | alias of a client of the user; none: the only user; ``everyone``: all users; ``anybody``: whoever comes, such as the users of a load |

        For ``anybody`` it holds until the test ends; in a suite setup until the suite's target ends.

        | `Let Each Message Take` | 20 ms |
        | `Let Each Message Take` | 2 ms  | client=anybody |
        """
        for user in self._users(client):
            self._kit.control("work_time", user, seconds=float(duration))

    @keyword(tags=("Target", "Control"))
    def let_messages_fail(self, count: Count, client: str | None = None) -> None:
        """Lets the agent fail on the next messages of a user: they have no effect, and the target says so.

        | =Argument= | =Meaning=                                      |
        | count      | how many, 1 or more                            |
        | client     | alias of a client of the user; none: the only user; ``everyone``: all users; ``anybody``: whoever comes, such as the users of a load |

        For ``anybody`` it holds until the test ends. Fails if the target does not offer ``fail``.

        | `Let Messages Fail` | 5 |
        """
        for user in self._users(client):
            self._kit.control("fail", user, count=int(count))

    @keyword(tags=("Target", "Control"))
    def move_the_clock_by(self, duration: Duration) -> None:
        """Moves the clock of the target forward, so that nobody has to wait for minutes; it never goes back.

        | =Argument= | =Meaning=              |
        | duration   | such as ``299 seconds`` |

        Only for a target that belongs to this suite alone. Fails if the target does not offer ``advance_clock``.

        | `Move The Clock By` | 5 minutes |
        """
        self._control("advance_clock", seconds=float(duration))

    @keyword(tags=("Target", "Figures"))
    def server_memory_should_not_have_grown_by_more_than(self, limit: Growth, since: MaybeFigures) -> None:
        """Compares the resident memory of the server's process with an earlier look at it.

        | =Argument= | =Meaning=                                                            |
        | limit      | such as ``100 MB``, or ``5 %`` of what it was                        |
        | since      | what `Take Server Figures` returned before                           |

        Records ``server_memory_growth`` (MB). Violation: leak. Not offered where the process of the server is not known.

        | ${before} =    `Take Server Figures`
        | `Server Memory Should Not Have Grown By More Than`    100 MB    since=${before}
        """
        # None where there are no figures: that was said where they were to be taken.
        now = self.take_server_figures() if since is not None else None
        if now is None or since is None:
            return
        grown = now.memory - since.memory
        self._kit.record("measurement", name="server_memory_growth", value=grown / 1e6, unit="MB", samples=2, repetition=1, valid=True)
        allowed = limit.beyond(since.memory)
        if grown > allowed:
            violated(self._kit, "server memory", Code.LEAK, f"the server's memory grew by {grown / 1e6:.1f} MB, {allowed / 1e6:.3g} MB are allowed")

    @keyword(tags=("Target", "Figures"))
    def take_server_figures(self) -> ServerFigures | None:
        """Reads memory, threads, descriptors and processor time of the server's own process.

        Returns an object with ``memory`` (bytes), ``threads``, ``descriptors``, ``processor`` (s) and ``time`` (s, monotonic);
        ``${None}`` where the target's process is not known, which is noted as *not offered*.

        | ${before} =    `Take Server Figures`
        """
        process = self._kit.server("server_memory_growth")
        return None if process is None else ServerFigures.of(process)

    def _users(self, client: str | None) -> list[str | None]:
        """The users that are meant; None for whoever comes."""
        return [None] if client == ANYBODY else [account.user for account in self._kit.accounts(client)]

    def _control(self, capability: str, **values: object) -> None:
        self._kit.must_offer(capability)
        self._kit.engine.run(self._kit.target.control(capability, **values))


def _default_target() -> str:
    mode = os.environ.get(MODE, "").lower()
    if mode not in {"", "mock", "reference", "real"}:
        raise UsageError(f"{MODE} must be real, or reference (mock means the same), not '{mode}'; correct or unset it")
    if mode == "real" and os.environ.get(SKIP, "").lower() == "true":
        raise UsageError(f"{MODE}=real and {SKIP}=true contradict each other; unset one of them")
    return "real" if mode == "real" else "reference"
