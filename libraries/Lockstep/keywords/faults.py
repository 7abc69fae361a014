"""Keywords that disturb the way between clients and the target. What a test disturbs ends with it."""

from __future__ import annotations

from functools import partial

from robot.api import SkipExecution, logger

from ..arguments import Count, Duration, MaybeCount, MaybeDuration, MaybeNumber, MaybeSize
from ..checks.history import History
from ..checks.struck import faults_struck
from ..engine.sending import HANG_GUARD
from ..errors import UsageError
from ..faults.asking import asked_for, check_moment
from ..faults.catalogue import CATALOGUE, Direction, Fault
from ..faults.gate import Gate
from ..faults.injection import Injection
from ..faults.plan import fault_plan
from ..faults.sockets import NoSuchAddress, must_have, next_of
from ..faults.triggers import After
from ..faults.words import Cut, FaultKinds, MaybeAfter, MaybeByteRate, MaybeConnection, MaybeCut, MaybeDirection, OldPath
from .decorator import keyword
from .expectation import Expectation
from .fault_proxy import fault_proxy, must_lead_to_the_target, start
from .kit import Kit
from .real_networks import move

EVERYONE = "everyone"
TWICE, HUNDRED_FRAMES = Count(2), After(100, "frames")
HALF_A_SECOND, PATIENTLY = Duration(0.5), Duration(HANG_GUARD)


class FaultKeywords:
    """Faults by name, for one client or for all; each one that strikes is in the journal."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("Faults",))
    def start_fault_proxy(self) -> None:
        """Puts a proxy on the way to the target. Nothing goes through it before `Route Through The Fault Proxy`.

        It ends with the test, or, started in a suite setup, with the target. Skipped as *not offered* where the owner of a foreign target
        does not permit faults (``permissions.faults``). Fails if it is there already.

        | `Start Fault Proxy` |
        | `Route Through The Fault Proxy` | alice |
        | `Connect As` | alice |
        """
        start(self._kit)

    @keyword(tags=("Faults",))
    def route_through_the_fault_proxy(self, *clients: str, port: MaybeNumber = None) -> None:
        """Lets clients go through the fault proxy whenever they connect from now on, each by a door of its own.

        | =Argument= | =Meaning=                                                                                     |
        | clients    | aliases, known already or not; ``everyone``: all that connect from now on                      |
        | port       | the port of the door, for one client; none: any that is free                                    |

        Only the TCP address changes: URL, Host header and TLS name stay those of the target. A connection that is open stays as it is.
        Ends with the test. Fails if a client goes through it already, and if the port is in use.

        | `Route Through The Fault Proxy` | alice | bob |
        | `Route Through The Fault Proxy` | everyone |
        """
        proxy, kit = fault_proxy(self._kit), self._kit
        if not clients:
            raise UsageError("say which clients are to go through the fault proxy, such as alice, or everyone")
        if port is not None and (len(clients) > 1 or EVERYONE in clients):
            raise UsageError("port=... is the door of one client; leave it out, or name one client only")
        before, for_all = set(proxy.gates), proxy.everyone

        def restore() -> None:
            proxy.everyone = for_all
            kit.engine.run(proxy.close(set(proxy.gates) - before))

        kit.scope.undo.append(restore)
        for client in clients:
            if client == EVERYONE:
                proxy.everyone = True
            else:
                kit.engine.run(proxy.opened(client, port or 0))

    @keyword(tags=("Faults",))
    def inject_fault(
        self, fault: Fault, client: str | None = None, *, after: MaybeAfter = None, direction: MaybeDirection = None, how: MaybeCut = None,
        delay: MaybeDuration = None, jitter: MaybeDuration = None, rate: MaybeByteRate = None, size: MaybeSize = None,
        lasting: MaybeDuration = None, times: MaybeCount = None, connection: MaybeConnection = None,
    ) -> None:
        """Lets something happen to the connections of a client, now or when its moment has come. It does not wait for that.

        | =Argument= | =Meaning=                                                                                                   |
        | fault      | ``close``, ``reset``, ``half_open``, ``cut_in_frame``, ``cut_in_header``, ``cut_in_code_point``, ``cut_after_bytes``, ``cut_after_frames`` and ``flip`` strike once; ``blackhole``, ``latency``, ``bandwidth``, ``slice``, ``coalesce``, ``stop_reading``, ``refuse`` and ``hang`` last |
        | client     | alias; none: the only client that goes through the fault proxy; ``everyone``: all that do                     |
        | after      | it strikes behind ``7 frames`` (with data), ``120 bytes`` or ``300 ms``; counted from now, on a connection that is yet to come from its first byte. With ``cut_in_...`` so many frames pass, and the next that fits is cut |
        | direction  | ``to_server``, ``to_client`` or ``both``: the bytes that are counted and disturbed; of ``half_open`` the end that gets no sign |
        | how        | of ``cut_...``: ``close``, ``reset`` (if nobody says), ``half_open`` or ``blackhole``                         |
        | delay      | of ``latency`` how much later bytes arrive, of ``coalesce`` how long they are held, of ``slice`` the pause between pieces |
        | jitter     | of ``latency``: up to so much more, by seed; bytes stay in order                                              |
        | rate       | of ``bandwidth``, such as ``64 KiB/s``                                                                        |
        | size       | of the pieces of ``slice``; none: 1 byte                                                                      |
        | lasting    | then it ends by itself, such as ``2 s``; none: with `End Faults` or the test                                  |
        | times      | strikes so many connections, one after the other, such as ``3``                                               |
        | connection | ``next``, or a number counted from 1; none: the open one, and of what lasts all of the client                 |

        What each does to TCP and WebSocket, and what a test may conclude, is told in ``docs/faults.md``. Each that takes effect is in the
        journal and the records. Fails for a client that does not go through the fault proxy, a connection that is closed, and what
        contradicts itself.

        | `Inject Fault` | reset | alice | after=7 frames | direction=to_client |
        | `Inject Fault` | latency | everyone | delay=50 ms | jitter=30 ms | lasting=5 s |
        | `Inject Fault` | reset | alice | connection=next | times=3 |
        """
        for gate in self._gates(client):
            injection = asked_for(
                fault, direction=direction, after=after, how=Fault(how) if how is not None else None, delay=delay, jitter=jitter, rate=rate, size=size,
                lasting=lasting, times=times, connection=connection,
            )
            self._inject(gate, injection, connection.place if connection is not None else None)

    @keyword(tags=("Faults",))
    def cut_the_connection(self, client: str | None = None, *, how: Cut = Cut.reset) -> None:
        """Cuts the open connection of a client at once.

        | =Argument= | =Meaning=                                                                                               |
        | client     | alias; none: the only client that goes through the fault proxy; ``everyone``: all that do                |
        | how        | ``close`` (FIN, no closing handshake), ``reset`` (RST), ``half_open`` (the server gets no sign) or ``blackhole`` (neither end does) |

        A client that gets no sign has an open connection for all it knows, until `Reconnect` or a ping of its own. Fails if the client has
        no open connection, or does not go through the fault proxy.

        | `Cut The Connection` | alice | how=half_open |
        """
        for gate in self._gates(client):
            fault = Fault(how)
            direction = Direction.BOTH if fault is Fault.BLACKHOLE else CATALOGUE[fault].direction
            self._cut(gate, Injection(fault, direction, alone=True))

    @keyword(tags=("Faults",))
    def end_faults(self, client: str | None = None) -> None:
        """Ends all faults; connections that have lost something, or are left without a sign, are reset then.

        | =Argument= | =Meaning=                                                                             |
        | client     | alias; none: the only client that goes through the fault proxy; ``everyone``: all that do |

        What waited for its moment does not happen any more. Ends those of a suite setup too.

        | `End Faults` | everyone |
        """
        for gate in self._gates(client):
            self._kit.engine.run(fault_proxy(self._kit).end_faults(gate.client))

    @keyword(tags=("Faults",))
    def switch_network(self, client: str | None = None, *, to: str, old_path: OldPath = OldPath.closed) -> None:
        """Takes a client to another network: its open connection is lost, and those that follow come from another address.

        | =Argument= | =Meaning=                                                                                         |
        | client     | alias; none: the only client that goes through the fault proxy; ``everyone``: all that do          |
        | to         | local address that the server sees from now on, such as ``127.0.0.2``, or one of the client's own networks (`Route Through Real Networks`), such as ``mobile``; of several, with commas between them, the one behind that of now |
        | old_path   | ``closed``: both ends see that it has ended; ``blackholed``: neither does, and what goes there is lost. A real network goes down as ``blackholed`` |

        A TCP connection does not survive a change of address: use `Reconnect` then. The address of before comes back with the test's end.
        Skipped as *not available here* where this machine has no such address. Fails if the client has no open connection.

        | `Switch Network` | alice | to=127.0.0.2 | old_path=blackholed |
        | `Reconnect` | alice |
        """
        places = [place.strip() for place in to.split(",")]
        for gate in self._gates(client):
            if gate.device is not None:
                move(self._kit, gate, gate.device, places, old_path)
                continue
            self._must_have(places)
            fault, direction = (Fault.CLOSE, Direction.TO_CLIENT) if old_path is OldPath.closed else (Fault.BLACKHOLE, Direction.BOTH)
            self._cut(gate, Injection(fault, direction, alone=True))
            self._kit.scope.undo.append(partial(setattr, gate, "source", gate.source))
            gate.source = next_of(places, gate.source)

    @keyword(tags=("Faults",))
    def run_fault_plan(
        self, kinds: FaultKinds, client: str = EVERYONE, *, each: Count = TWICE, within: After = HUNDRED_FRAMES, lasting: Duration = HALF_A_SECOND,
    ) -> list[str]:
        """From now on faults strike by a plan that the seed decides, while later keywords go on. It does not wait for them.

        | =Argument= | =Meaning=                                                                                          |
        | kinds      | such as ``close, reset, half_open, cut_in_frame``; all but ``refuse``, ``hang``, ``flip`` and the cuts behind a count |
        | client     | alias; ``everyone``: the plan is dealt out to all that go through the fault proxy                    |
        | each       | every kind strikes so often, 2 or more                                                               |
        | within     | each strikes behind some of so many ``frames`` (with data), ``bytes`` or ``s``, counted from when it has its turn |
        | lasting    | how long those last that do not strike once, from when they take effect                              |

        A client's faults come one after the other, each only while a message of the client is under way, on the connection that is open
        then. Clients have to come back between them (`Let Clients Reconnect By Themselves`). Returns the plan, one line for each fault.
        `Every Fault Should Have Struck` says whether it was carried out.

        | `Run Fault Plan` | close, reset, half_open, cut_in_frame | each=5 | within=200 frames |
        """
        if each < TWICE:
            raise UsageError("a plan has each kind at least twice: one strike may be luck; say each=2 or more")
        for kind in kinds:
            check_moment(kind, within, "within")
        proxy, kit = fault_proxy(self._kit), self._kit
        gates = {gate.client: gate for gate in self._gates(client)}
        plan = fault_plan(kinds, each, sorted(gates), within=within, lasting=lasting, seed=kit.seed)
        for alias, injections in plan.items():
            self._remember(*injections)
            kit.engine.run(proxy.follow(alias, injections))
        lines = [f"{alias}: {one.fault} {one.direction} after {one.after}" for alias, injections in plan.items() for one in injections]
        logger.info(f"fault plan of seed {kit.seed}:\n" + "\n".join(lines))
        return lines

    @keyword(tags=("Faults", "Expectation"))
    def every_fault_should_have_struck(self, within: Duration = PATIENTLY) -> None:
        """Each fault of this test has taken effect as often as it was to; those of a plan while messages were under way.

        | =Argument= | =Meaning=                                     |
        | within     | so long it is waited for, such as ``30 s``     |

        A fault that did not happen proves nothing about the target. Violation: fault_not_confirmed; vacuous if there was no fault.

        | `Inject Fault` | reset | alice | after=7 frames |
        | `Send Burst` | 20 |
        | `Every Fault Should Have Struck` |
        """
        kit, proxy, first = self._kit, fault_proxy(self._kit), self._kit.scope.first_fault
        if first is not None:
            kit.engine.run(proxy.struck(first, within))
        plan = {one.fault for one in proxy.asked if one.planned and first is not None and one.number >= first}
        check = partial(faults_struck, kinds=sorted(plan), in_flight=bool(plan))
        self._expect.judge(History(kit.engine.journal.slice(kit.scope.cursor), []), [check])

    def _gates(self, client: str | None) -> list[Gate]:
        """The doors that are meant."""
        proxy = fault_proxy(self._kit)
        if client == EVERYONE or (client is None and len(proxy.gates) == 1):
            if not proxy.gates:
                raise UsageError("no client goes through the fault proxy yet; use 'Route Through The Fault Proxy' and connect")
            return list(proxy.gates.values())
        if client is None and proxy.gates:
            raise UsageError(f"{len(proxy.gates)} clients go through the fault proxy ({', '.join(proxy.gates)}); say which one with client=...")
        return [proxy.gate(client or "the client")]

    def _must_have(self, addresses: list[str]) -> None:
        for address in addresses:
            must_lead_to_the_target(self._kit, address)
            try:
                must_have(address)
            except NoSuchAddress as reason:
                raise SkipExecution(f"not available here: {reason}") from None

    def _cut(self, gate: Gate, injection: Injection) -> None:
        self._inject(gate, injection, None)

    def _inject(self, gate: Gate, injection: Injection, connection: int | str | None) -> None:
        self._remember(injection)
        self._kit.engine.run(gate.inject(injection, connection))

    def _remember(self, *injections: Injection) -> None:
        scope = self._kit.scope
        scope.first_fault = min([injection.number for injection in injections], default=None) if scope.first_fault is None else scope.first_fault
