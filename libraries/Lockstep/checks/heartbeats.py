"""The target's own pings: they come regularly, who does not answer them is given up in time, nobody else is, and what answers is alive.

Times are those of the target's clock: where a suite moves it, a mark ``moved`` (s) of the connection says by how much. A mark ``pongs`` says
how its client answers from now on: so many seconds later, or (``None``) not at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from . import wording
from .events import Event, Kind
from .history import History
from .verdict import Verdict
from .violations import Code

SHARE, FLOOR = 0.10, 0.25
"""An interval may be off by a tenth, or by so many seconds where that is more."""
REQUESTS = frozenset({Kind.SEND, Kind.QUERY})
ANSWERS = frozenset({Kind.REPLY, Kind.DUPLICATE, Kind.REFUSED, Kind.ACCEPTED, Kind.ANSWER, Kind.ERROR})


@dataclass(slots=True)
class Pulse:
    """What can be seen of the heartbeat on one connection."""

    first: Event
    last: Event
    """Of all, on whichever connection."""
    close: Event | None = None
    pings: list[Event] = field(default_factory=list)
    answered: set[str | None] = field(default_factory=set)
    silent: Event | None = None
    """The mark from which on no ping is answered."""
    delay: float = 0.0
    """s behind which pings are answered."""
    last_answer: int = -1
    """Index of the last PONGED, which stands for all pings before it."""
    times: dict[int, float] = field(default_factory=dict)
    """By index of the event: when it was on the target's clock."""
    moved: float = 0.0

    def saw(self, event: Event) -> None:
        """The next event of this connection."""
        details = event.details or {}
        self.moved += details.get("moved", 0.0)
        self.times[event.index] = event.time + self.moved
        if event.kind is Kind.PINGED:
            self.pings.append(event)
        elif event.kind is Kind.PONGED:
            self.answered.add(event.message_id)
            self.last_answer = event.index
        elif event.kind is Kind.CLOSE:
            self.close = event
        elif "pongs" in details:
            self.silent = event if details["pongs"] is None else None
            self.delay = details["pongs"] or 0.0

    @property
    def end(self) -> Event:
        """Nothing is known of this connection behind it."""
        return self.close or self.last

    def between(self, earlier: Event, later: Event) -> float:
        """Seconds of the target's clock from one event to another."""
        return self.times.get(later.index, later.time + self.moved) - self.times[earlier.index]

    @property
    def was_given_up(self) -> bool:
        """The target has ended the connection."""
        return self.close is not None and (self.close.details or {}).get("by") != "us"

    @property
    def unanswered(self) -> list[Event]:
        """The pings that nobody has answered."""
        return [ping for ping in self.pings if ping.message_id not in self.answered]

    @property
    def overdue(self) -> list[Event]:
        """Those that should have been answered by the end."""
        if self.silent is not None or self.close is not None:
            return []
        return [ping for ping in self.unanswered if ping.index > self.last_answer and self.between(ping, self.end) > self.delay + FLOOR]


def pulses(history: History) -> dict[int, Pulse]:
    """By connection, for those that were open in this history."""
    found: dict[int, Pulse] = {}
    for event in history.events.of(Kind.CONNECTED, Kind.PINGED, Kind.PONGED, Kind.MARK, Kind.CLOSE):
        if event.connection not in found and event.kind is not Kind.CLOSE:
            found[event.connection] = Pulse(event, history.events[-1])
        if event.connection in found:
            found[event.connection].saw(event)
    return found


def pings_come_regularly(history: History, interval: float, least: int = 1) -> Verdict:
    """From each ping of a connection to the next ``interval`` seconds pass, but for a tenth or 0.25 s (*too_slow*).

    So is the time from the last ping to the end, which can only be too long. On each connection at least so many intervals must have been
    seen (*vacuous*). O(n). Source: failure detector completeness.
    """
    verdict = Verdict("pings come regularly")
    allowed, worst = max(SHARE * interval, FLOOR), 0.0
    for connection, pulse in pulses(history).items():
        whose = f"{wording.owner(pulse.first)}'s connection {connection}"
        for before, ping in pairwise(pulse.pings):
            passed = pulse.between(before, ping)
            worst = max(worst, abs(passed - interval))
            if abs(passed - interval) > allowed:
                verdict.violated(
                    Code.TOO_SLOW, f"{whose} was pinged {wording.at(history, ping)}, {passed:.3f} s after the ping before, where "
                    f"{interval:g} s are promised (± {allowed:g} s)", before, ping,
                )
        seen = max(0, len(pulse.pings) - 1)
        verdict.exercised += seen
        if pulse.pings and (silence := pulse.between(pulse.pings[-1], pulse.end)) > interval + allowed:
            worst = max(worst, silence - interval)
            verdict.violated(Code.TOO_SLOW, f"{whose} was not pinged for {silence:.3f} s at the end, where {interval:g} s are promised", pulse.pings[-1], pulse.end)
        if seen < least:
            verdict.violated(Code.VACUOUS, f"{whose} saw {wording.counted(seen, 'interval')} between pings, where {least} are to be judged", pulse.first)
    verdict.measured("ping_beyond_tolerance", max(0.0, worst - allowed), "s", verdict.exercised)
    return _concluded(verdict)


def pings_were_answered(history: History, least: int = 1) -> Verdict:
    """Each ping was answered while the connection lasted (*zombie*), and there were so many on each connection (*vacuous*).

    A pong stands for the pings before its own, too; a ping has a quarter of a second beyond the delay that its client was told to have. Not
    judged are clients that leave pings unanswered on purpose. O(n).
    """
    verdict = Verdict("the target's pings are answered")
    for connection, pulse in pulses(history).items():
        if pulse.silent is not None:
            continue
        answered, overdue = len(pulse.answered), pulse.overdue
        verdict.exercised += answered + len(overdue)
        for ping in overdue:
            verdict.violated(Code.ZOMBIE, f"the ping that {wording.owner(ping)} got {wording.at(history, ping)} was not answered", ping)
        if answered < least:
            verdict.violated(Code.VACUOUS, f"{wording.counted(answered, 'ping')} answered on {wording.owner(pulse.first)}'s connection {connection}, "
                                           f"where {least} are to be judged", pulse.first)
    return _concluded(verdict)


def only_the_silent_are_closed(history: History, interval: float, timeout: float, slack: float, silent: int) -> Verdict:
    """Who answers no ping is given up within interval + time-out + slack, and not before its time-out; nobody else is (*zombie*).

    Exactly so many connections must be silent (*vacuous*). One that fell silent too short ago is not judged. O(n). Source: failure detector
    completeness and accuracy.
    """
    verdict = Verdict("only the silent are closed")
    within, closed, alive, longest, fell_silent = interval + timeout + slack, 0, 0, 0.0, 0
    for connection, pulse in pulses(history).items():
        whose = f"{wording.owner(pulse.first)}'s connection {connection}"
        if pulse.silent is None:
            alive += 1
            verdict.exercised += 1
            if pulse.was_given_up:
                verdict.violated(Code.ZOMBIE, f"{whose} was closed {wording.at(history, pulse.end)} although it answered its pings", pulse.end)
            continue
        fell_silent += 1
        took = pulse.between(pulse.silent, pulse.end)
        if not pulse.was_given_up and took <= within:
            continue
        verdict.exercised += 1
        closed += pulse.was_given_up
        longest = max(longest, took)
        if took > within:
            found = f"was closed only after {took:.3f} s" if pulse.was_given_up else f"was still there after {took:.3f} s"
            verdict.violated(Code.ZOMBIE, f"{whose} {found} of silence, where {within:g} s are allowed", pulse.silent, pulse.end)
        elif not pulse.unanswered or pulse.between(pulse.unanswered[0], pulse.end) < timeout - FLOOR:
            verdict.violated(Code.ZOMBIE, f"{whose} was closed {wording.at(history, pulse.end)}, before it had {timeout:g} s to answer a ping", pulse.end)
    if fell_silent != silent:
        verdict.violated(Code.VACUOUS, f"{wording.counted(fell_silent, 'client')} fell silent, where {silent} should")
    verdict.measured("silent_closed", closed, "connections", verdict.exercised)
    verdict.measured("living_kept", alive, "connections", verdict.exercised)
    verdict.measured("silent_closed_after", 1000 * longest, "ms", verdict.exercised)
    return _concluded(verdict)


def no_zombies(history: History, within: float) -> Verdict:
    """Where pings are answered, so are messages and questions (*zombie*: the connection answers for an application that is dead).

    Judged is each pong on a connection on which something was asked before. A zombie left a request unanswered for ``within`` seconds, and
    answered a ping that was sent still later: a server that answers nothing at all is no zombie. O(n).
    """
    verdict = Verdict("what answers pings is alive")
    waiting: dict[int, dict[str | None, Event]] = {}
    pings: dict[tuple[int, str | None], Event] = {}
    for event in history.events.of(*REQUESTS, *ANSWERS, Kind.PING, Kind.PONG):
        if event.kind in REQUESTS:
            waiting.setdefault(event.connection, {}).setdefault(event.message_id, event)
        elif event.kind in ANSWERS:
            waiting.get(event.connection, {}).pop(event.message_id, None)
        elif event.kind is Kind.PING:
            pings[event.connection, event.message_id] = event
        elif event.connection in waiting and (ping := pings.get((event.connection, event.message_id))) is not None:
            verdict.exercised += 1
            asked = waiting[event.connection]
            while asked and ping.time - (request := next(iter(asked.values()))).time > within:
                del asked[request.message_id]
                verdict.violated(
                    Code.ZOMBIE, f"{wording.owner(event)}'s connection {event.connection} answered a ping {wording.at(history, event)}, but not "
                    f"what was asked {ping.time - request.time:.3f} s before the ping ({request.message_id})", request, event,
                )
    return verdict.concluded()


def _concluded(verdict: Verdict) -> Verdict:
    """Says once that there was too little to see."""
    return verdict if Code.VACUOUS in verdict.counts else verdict.concluded()
