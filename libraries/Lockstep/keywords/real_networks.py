"""Keywords that give a client a device of its own, with networks that are real as far as this machine's kernel makes them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from robot.api import SkipExecution

from ..engine.load.preparing import is_on_this_machine
from ..errors import UsageError
from ..faults.device import Device, NotHere
from ..faults.gate import Gate
from ..faults.injection import numbers
from ..faults.words import OldPath
from .decorator import keyword
from .fault_proxy import address_of, fault_proxy, in_flight, note
from .kit import Kit

LINK_DOWN = "link_down"
"""The fault as journal and records name it."""


class RealNetworkKeywords:
    """Networks that a user leaves and enters; `Switch Network` changes them."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    @keyword(tags=("Faults",))
    def route_through_real_networks(self, client: str, networks: str) -> None:
        """Gives a client a device of its own, whose connections really go over a network's link, and through the fault proxy behind it.

        | =Argument= | =Meaning=                                                                                      |
        | client     | its alias; it connects afterwards                                                               |
        | networks   | names for two networks or more, such as ``home, wifi, mobile``; it is in the first one            |

        `Switch Network` with ``to=mobile`` and ``old_path=blackholed`` takes the link of the network that the client is in down: neither end
        of a connection gets a sign, and the kernel goes on sending in vain. Then another link comes up, with an address that the device
        never had before. The server sees another address, too. What `Inject Fault` does works as well, behind the link. Ends with the
        test. What is real in it and what is not is told in ``docs/faults.md``.

        Skipped as *not available here* where this is not Linux, and where its settings or a container do not let a user make network
        namespaces: nobody is asked for a password, and this machine's own networks stay as they are. Fails without `Start Fault Proxy`.

        | `Start Fault Proxy` |
        | `Route Through Real Networks` | alice | home, wifi, mobile |
        | `Connect As` | alice | resumable=yes |
        | `Switch Network` | alice | to=wifi | old_path=blackholed |
        | `Reconnect` | alice |
        """
        proxy, kit = fault_proxy(self._kit), self._kit
        names = [name.strip() for name in networks.split(",")]
        if len(set(names)) < max(2, len(names)):
            raise UsageError(f"networks must be two different names or more, such as 'home, mobile', not '{networks}'")
        if client == "everyone":
            raise UsageError("each client has a device of its own; name one client, such as alice")
        try:
            device = Device(names)
        except NotHere as reason:
            raise SkipExecution(f"not available here: {reason}") from None
        try:
            gate = kit.engine.run(proxy.opened(client, device=device))
        except BaseException:
            device.close()
            raise
        gate.source = _seen_as(kit, device)
        kit.scope.before_closing.append(partial(drop_what_is_dead, kit, gate))
        kit.scope.undo.append(lambda: kit.engine.run(proxy.close({client})))


def move(kit: Kit, gate: Gate, device: Device, networks: Sequence[str], old_path: OldPath) -> None:
    """The client's device leaves its network, of which nobody gets a sign, and is in the next one of these."""
    if old_path is not OldPath.blackholed:
        raise UsageError("the link of a real network goes down without a sign to anybody; say old_path=blackholed")
    kit.engine.run(_moved(kit, gate, device, device.other(networks)))


async def _moved(kit: Kit, gate: Gate, device: Device, to: str) -> None:
    link, client = gate.current, gate.client
    if link is None:
        raise UsageError(f"{client} has no open connection in {device.network}, so that nothing is lost with it; connect first")
    said = {"number": next(numbers), "fault": LINK_DOWN, "network": device.network, "address": device.address}
    note(kit, client, link.connection, {**said, "state": "planned"})
    passed = await asyncio.to_thread(device.leave)
    link.is_dead = True
    note(kit, client, link.connection, {**said, "state": "done", "gate": link.number, **passed, "in_flight": in_flight(kit, client)})
    await asyncio.to_thread(device.enter, to)
    gate.source = _seen_as(kit, device)


def _seen_as(kit: Kit, device: Device) -> str | None:
    """The address that the server sees: 127.0.0.6 for 10.0.0.6. A server elsewhere sees one of this machine."""
    return "127." + device.address.partition(".")[2] if is_on_this_machine(address_of(kit)) else None


def drop_what_is_dead(kit: Kit, gate: Gate) -> None:
    """A client that did not come back cannot close its connection in the orderly way, and would wait for that."""
    client = kit.engine.clients.get(gate.client)
    if client is not None and client.connection is not None and gate.current is None:
        kit.engine.run(client.connection.drop())
