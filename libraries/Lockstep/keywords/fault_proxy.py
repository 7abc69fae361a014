"""The fault proxy of a kit: where it leads, what it may do, and how what happens there comes into journal and records."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from robot.api import SkipExecution

from ..checks.events import Kind
from ..engine.load.preparing import is_on_this_machine
from ..errors import UsageError
from ..faults.proxy import FaultProxy
from ..faults.sockets import Address
from ..targets.reach import PORTS
from .kit import Kit


def start(kit: Kit) -> None:
    """Puts the proxy on the way, for this test or, in a suite setup, until the target ends."""
    if kit.fault_proxy is not None:
        raise UsageError("the fault proxy is there already; it ends with the test or, started in a suite setup, with the target")
    must_be_permitted(kit)
    kit.fault_proxy = proxy = FaultProxy(partial(upstream, kit), partial(note, kit), partial(in_flight, kit), kit.seed)
    kit.engine.routes.way = proxy.way
    _ = kit.records  # faults are written from the loop, which must not wait for the folder to be agreed upon
    kit.scope.undo.append(kit.close_fault_proxy)


def fault_proxy(kit: Kit) -> FaultProxy:
    """The proxy that `Start Fault Proxy` has put on the way."""
    if kit.fault_proxy is None:
        raise UsageError("there is no fault proxy yet; use 'Start Fault Proxy' first")
    return kit.fault_proxy


def must_be_permitted(kit: Kit) -> None:
    """Skips the test where somebody else's server must not be disturbed; refuses what cannot work."""
    target = kit.target
    if target.file.connect.proxy is not None:
        raise UsageError(f"{target.path}: the fault proxy cannot stand before another proxy (connect.proxy); leave that out")
    if not is_on_this_machine(address_of(kit)) and not target.file.permissions.faults:
        reason = (f"{target.title} is not on this machine and its file does not permit faults (permissions.faults); "
                  "where its owner agrees, write there 'faults: true'")
        kit.record("not_offered", check="", reason=reason)
        raise SkipExecution(f"not offered: {reason}")


def must_lead_to_the_target(kit: Kit, source: str) -> None:
    """Refuses a source address that is none, or from which no packet reaches the target."""
    try:
        loopback = ip_address(source).is_loopback
    except ValueError:
        raise UsageError(f"to must be an address of this machine such as 127.0.0.2, not '{source}'") from None
    if loopback and not is_on_this_machine(address_of(kit)):
        raise UsageError(f"{kit.target.title} is not on this machine and cannot be reached from {source}; give an address of one of this machine's networks")


def address_of(kit: Kit) -> str:
    """The address that clients of the target connect to, as far as it is the same for all of them."""
    scheme, _, rest = kit.target.file.connect.url.partition("://")
    place = f"{scheme}://{rest.split('/')[0]}" if rest else scheme
    return kit.target.fill(place)


def upstream(kit: Kit) -> Address:
    """Host and port of the target as it runs now."""
    parts = urlsplit(address_of(kit))
    return parts.hostname or "", parts.port or PORTS[parts.scheme]


def in_flight(kit: Kit, client: str) -> int:
    """How many messages of a client wait for an answer."""
    one = kit.engine.clients.get(client)
    return len(one.connection.outstanding) if one is not None and one.connection is not None else 0


def note(kit: Kit, client: str, connection: int, said: Mapping[str, Any]) -> None:
    """Writes down what happened: what took effect as a fault, and what is only planned or has ended as a mark."""
    one = kit.engine.clients.get(client)
    took_effect = said["state"] == "done"
    kit.engine.journal.write(Kind.FAULT if took_effect else Kind.MARK, client, connection, one.account.user if one is not None else "", details=said)
    if took_effect:
        kit.record("fault", client=client, **said)


def happened_to_the_process(kit: Kit, fault: str, state: str = "done", **said: Any) -> None:
    """Writes down what was done to the target's process, or that it is over, for every client: each of them may notice."""
    details = {"fault": fault, "state": state, **said}
    kind = Kind.FAULT if state == "done" else Kind.MARK

    async def write() -> None:
        for alias, client in kit.engine.clients.items():
            number = client.connection.number if client.connection is not None else 0
            kit.engine.journal.write(kind, alias, number, client.account.user, details=details)

    kit.engine.run(write())
    if state == "done":
        kit.record("fault", client="everyone", **details)
