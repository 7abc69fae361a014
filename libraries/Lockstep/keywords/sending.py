"""Keywords that send. One call sends a whole burst; nothing here judges."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import time
from typing import Any, NoReturn

from ..arguments import Count, MaybeCount, MaybeDuration, MaybePriority, MaybeRate, MaybeSize, Priority, Timestamps
from ..checks.violations import Code
from ..engine.client import Client
from ..engine.schedule import Schedule
from ..engine.sending import Burst, BurstBroken, Plan, contents
from ..errors import UsageError
from ..progress import Answered
from .decorator import keyword
from .expectation import Expectation, violated
from .kit import Kit
from .limits import burst_within, rate_within, size_within

HIGH = Priority.high


class SendingKeywords:
    """The ordered sender of each client."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("Sending",))
    def send_burst(
        self,
        count: Count,
        every: MaybeDuration = None,
        *,
        client: str | None = None,
        rate: MaybeRate = None,
        in_flight: MaybeCount = None,
        size: MaybeSize = None,
        timestamps: Timestamps = Timestamps.now,
        together: Count = Count(1),  # noqa: B008 - an immutable number
        then_close: bool = False,
        priority: MaybePriority = None,
        high_every: MaybeCount = None,
        acknowledge: bool = False,
    ) -> Burst:
        """Sends ``count`` numbered messages in order; returns when the last one is on its way.

        | =Argument= | =Meaning=                                                                                    |
        | count      | how many messages, 1 or more                                                                 |
        | every      | time between two sends, such as ``100 ms``; none: as fast as the connection takes them       |
        | client     | alias; none: the only open client; ``everyone``: all clients at the same time, ``count`` each |
        | rate       | instead of ``every``: such as ``50 msg/s``                                                   |
        | in_flight  | at most this many unanswered messages; none: no bound                                        |
        | size       | size of each message's text, such as ``64 KiB``; none: a short line                          |
        | timestamps | what the messages say about their time: ``now``, ``equal`` or ``falling``                    |
        | together   | so many messages leave in one network packet                                                 |
        | then_close | ``yes``: the connection is closed right behind the last message                              |
        | priority   | ``high`` or ``normal``, of every message; none: the messages do not say                      |
        | high_every | every so many-th message has high priority, such as ``10``                                   |
        | acknowledge | ``yes``: the target is asked to say when it has taken a message in                          |

        Returns the burst (of the first client): ``message_ids`` in send order, ``first_sent`` and ``last_sent`` (s, monotonic).
        The schedule is absolute: a late message does not shift the next one. Replies are *not* awaited: say what you expect of
        them with a ``... Should ...`` keyword. Fails if the connection closes before the last message. A target that takes less
        (``limits`` in its file) is sent less, and the test ends as *not measured* unless a promise was broken.

        | `Send Burst` | 20 | every=100 ms |
        | `Send Burst` | 7000 | in_flight=128 |
        """
        if every is not None and rate is not None:
            raise UsageError("every=... and rate=... contradict each other; give one of them")
        if in_flight is not None and together > in_flight:
            raise UsageError(f"{together} messages together do not fit into a window of in_flight={in_flight}; make the window larger")
        size_within(self._kit, size)
        within = burst_within(self._kit, count)
        schedule = Schedule.at_rate(rate, within) if rate is not None else Schedule(within, every or None)
        rate_within(self._kit, schedule.every)
        says = self.says(priority, high_every, acknowledge=acknowledge)

        def plan(one: Client) -> Plan:
            return Plan(schedule, contents(one.account, size, self._kit.seed), stamp=_stamp(timestamps), says=says, in_flight=in_flight,
                        together=together, then_close=then_close, fence=self._kit.fence)

        clients = self._kit.clients(client)
        for one in clients:
            one.account.spared += count - within
        return self.send(clients, plan)

    @keyword(tags=("Sending",))
    def send_bursts(
        self, bursts: Count, *, of: Count, every: MaybeDuration = None, apart: MaybeDuration = None, client: str | None = None,
        size: MaybeSize = None,
    ) -> Burst:
        """Sends several bursts with a pause between them; returns when the last message is on its way.

        | =Argument= | =Meaning=                                                                               |
        | bursts     | how many bursts, 1 or more                                                              |
        | of         | messages in each burst, 1 or more                                                       |
        | every      | time between two messages of a burst, such as ``50 ms``; none: as fast as possible      |
        | apart      | time from the last message of a burst to the first of the next; none: no pause          |
        | client     | alias; none: the only open client; ``everyone``: all clients at the same time           |
        | size       | size of each message's text, such as ``64 KiB``; none: a short line                     |

        Returns all of them as one burst (of the first client), as `Send Burst` does. The schedule is absolute. Fails if the
        connection closes before the last message.

        | `Send Bursts` | 5 | of=10 | every=50 ms | apart=0.5 s |
        """
        size_within(self._kit, size)
        rate_within(self._kit, every)
        within, clients = burst_within(self._kit, bursts * of), self._kit.clients(client)
        for one in clients:
            one.account.spared += bursts * of - within
        schedule = Schedule(within, every, of=of, apart=apart or 0.0)
        return self.send(clients, lambda one: Plan(schedule, contents(one.account, size, self._kit.seed), fence=self._kit.fence))

    @keyword(tags=("Sending", "Backpressure"))
    def send_the_refused_messages_again(self, client: str | None = None) -> int:
        """Sends each message that the target has refused in this test once more: same id, same text, same priority.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client |

        Returns how many. Waits first until nothing is under way, so that every refusal is known. Fails if nothing was refused.

        | ${again} =    `Send The Refused Messages Again`
        """
        one = self._kit.client(client)
        refused = [message for message in self._expect.history(one.alias).messages if message.refusals and not message.not_refused]
        if not refused:
            raise UsageError(f"nothing of {one.alias} was refused in this test, so there is nothing to send again")
        ids = [str(message.send.message_id) for message in refused]
        said = [message.send.details or {} for message in refused]
        plan = Plan(Schedule(len(ids)), lambda _number: "", message_id=ids.__getitem__, says=said.__getitem__)
        return self.send([one], lambda _client: plan).count

    @keyword(tags=("Sending",))
    def send_message(self, content: str, *, client: str | None = None, message_id: str | None = None, priority: MaybePriority = None,
                     agents: list[str] | None = None) -> str:
        """Sends one message with a text of your own.

        | =Argument= | =Meaning=                                                                        |
        | content    | the text                                                                         |
        | client     | alias; none: the only open client                                                |
        | message_id | an id of your own; none: a fresh one. The same id again is another attempt        |
        | priority   | ``high`` or ``normal``; none: the message does not say                           |
        | agents     | names of the agents it is meant for; none: the message does not say               |

        Returns the message id. The reply is not awaited. Fails if the target does not offer ``priorities`` or ``target_agents`` where one is
        given.

        | ${id} =    `Send Message`    Compare Q2 and Q3
        """
        urgent = self.says(priority, None)
        if agents:
            self._kit.must_offer("target_agents")
        says: dict[str, Any] = {**(urgent(0) if urgent else {}), **({"target_agents": agents} if agents else {})}
        plan = Plan(Schedule(1), lambda _number: content, message_id=(lambda _number: message_id) if message_id else None, says=lambda _number: says)
        return self.send([self._kit.client(client)], lambda _client: plan).message_ids[0]

    @keyword(tags=("Sending",))
    def send_copies(
        self, copies: Count, *, within: MaybeDuration = None, client: str | None = None, message_id: str | None = None,
        content: str = "The same message again",
    ) -> str:
        """Sends one and the same message several times, as a client does that does not trust its network.

        | =Argument= | =Meaning=                                                                                  |
        | copies     | how often, 1 or more                                                                       |
        | within     | the copies are spread evenly over this time; none: as fast as possible                     |
        | client     | alias; none: the only open client; ``everyone``: all clients send their copies at the same instant |
        | message_id | the id to use; none: a fresh one                                                           |
        | content    | the text; a message that was sent before is repeated with its own text                     |

        Returns the message id. Each copy is an attempt of its own: the first is 1.

        | ${id} =    `Send Copies`    10    within=50 ms
        """
        clients = self._kit.clients(client)
        fixed = message_id or clients[0].account.new_id()
        gap = within / (copies - 1) if within and copies > 1 else None
        plan = Plan(Schedule(copies, gap), lambda _number: content, message_id=lambda _number: fixed)
        self.send(clients, lambda _client: plan)
        return fixed

    @keyword(tags=("Sending",))
    def send_incomplete_message(self, missing: str, *, client: str | None = None) -> str:
        """Sends a message that the target has to refuse, because a part that it needs is not there.

        | =Argument= | =Meaning=                                          |
        | missing    | name of the part left out: ``content`` or ``message_id`` |
        | client     | alias; none: the only open client                  |

        Returns the message id, which may be used again for the complete message (it was never processed).

        | ${id} =    `Send Incomplete Message`    content
        """
        if missing not in {"content", "message_id"}:
            raise UsageError(f"missing must be one of content, message_id, not '{missing}'")
        return self._kit.engine.run(self._kit.client(client).send_incomplete(missing))

    def says(self, priority: Priority | None, high_every: int | None, *, acknowledge: bool = False) -> Callable[[int], dict[str, Any]] | None:
        """What each message says of its urgency, by its number in the burst; None where it says nothing."""
        if priority is not None and high_every is not None:
            raise UsageError("priority=... and high_every=... contradict each other; give one of them")
        if priority is not None or high_every is not None:
            self._kit.must_offer("priorities")
        if acknowledge:
            self._kit.must_offer("acknowledgement")
        always: dict[str, Any] = {**({"acknowledge": True} if acknowledge else {}), **({"priority": priority.value} if priority else {})}
        if high_every is None:
            return (lambda _number: always) if always else None
        high = {**always, "priority": Priority.high.value}
        return lambda number: always if (number + 1) % high_every else high

    def send(self, clients: list[Client], plan: Callable[[Client], Plan]) -> Burst:
        """Lets clients send what their plans say, all at the same time; returns the burst of the first."""
        return self.send_each(clients, lambda client: client.send_burst(plan(client)))[0]

    def send_each(self, clients: list[Client], sending: Callable[[Client], Awaitable[Burst]]) -> list[Burst]:
        """Lets all clients send at the same time, in whatever way; returns the burst of each."""
        for client in clients:
            if client.connection is not None and client.connection.closed_by_us and not client.comes_back:
                raise UsageError(f"{client.alias} is disconnected; use 'Connect As    {client.account.role}' again before sending")

        async def together() -> list[Burst | BaseException]:
            return await asyncio.gather(*(sending(client) for client in clients), return_exceptions=True)

        with self._kit.progress("sending", Answered(clients).look):
            results = self._kit.engine.run(together())  # all of them end before one failure is told
        for result in results:
            if isinstance(result, BurstBroken):
                self.tell_broken(result)
            if isinstance(result, BaseException):
                raise result
        return [result for result in results if isinstance(result, Burst)]

    def tell_broken(self, broken: BurstBroken) -> NoReturn:
        """Fails because the connection ended while something was being sent."""
        violated(self._kit, "the connection stays open while sending", Code.WRONG_CLOSE, str(broken))


def _stamp(timestamps: Timestamps) -> Callable[[int], float]:
    begin = time()
    if timestamps is Timestamps.equal:
        return lambda _number: begin
    if timestamps is Timestamps.falling:
        return lambda number: begin - number
    return lambda _number: time()
