"""Malformed input harms nobody: it is refused as promised, it has no effect, and everything else goes on.

A malformed input is a MARK with ``malformed`` (what it is) and ``ways`` (how the target promises to refuse it). Whatever names a message
that was never sent in a good form is about such an input. Source: isolation of hostile input (check C32).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from . import wording
from .events import Event, Kind
from .history import History
from .refusals import way_of
from .verdict import Verdict
from .violations import Code

INTERNALS = re.compile(
    r"traceback|\b\w+(?:Error|Exception)\b|\.py\b|\bline \d+|\bcolumn \d+|/(?:usr|home|tmp|opt|var|etc)/|\bat 0x[0-9a-f]+|\b(?:orjson|msgspec|pydantic|sqlite|asyncio)\b",
    re.IGNORECASE,
)
"""What nobody outside is to learn: names of files, classes and libraries, places in a program."""


def malformed_refused(history: History, client: str) -> Verdict:
    """Each malformed input of a client is refused (*not_refused*), in a promised way (*wrong_close*), and has no effect (*not_refused*).

    On one connection refusals come in the order of what they refuse; where the target closes it, that refuses whatever is open. A refusal
    tells nothing of the inside of the target (*not_isolated*). O(n).
    """
    verdict = Verdict("malformed input is refused")
    inputs = _inputs(history, client)
    said: dict[int, list[Event]] = {event.connection: [] for event in inputs}
    good = {event.message_id for event in history.events.of(Kind.SEND) if event.client == client}
    for event in history.events.of(Kind.ERROR, Kind.REFUSED, Kind.CLOSE, Kind.REPLY):
        if event.client != client or event.connection not in said:
            continue
        if event.kind is Kind.REPLY:
            if event.message_id not in good:
                verdict.violated(Code.NOT_REFUSED, f"{client}'s malformed message '{event.message_id}' was processed, as its answer {wording.at(history, event)} says", event)
        elif event.message_id is None or event.message_id not in good:
            said[event.connection].append(event)
    for connection, events in said.items():
        mine = [event for event in inputs if event.connection == connection]
        _judge(history, verdict, mine, [event for event in events if event.index > mine[0].index])
    verdict.exercised = count = len(inputs)
    if count:
        verdict.measured("malformed_refused", 100 * max(0, count - sum(verdict.counts.values())) / count, "%", count)
    return verdict.concluded()


def _judge(history: History, verdict: Verdict, inputs: Sequence[Event], answers: Sequence[Event]) -> None:
    refusals = [event for event in answers if event.kind is not Kind.CLOSE]
    end = next((event for event in answers if event.kind is Kind.CLOSE), None)
    for place, one in enumerate(inputs):
        details = one.details or {}
        refusal = refusals[place] if place < len(refusals) else end
        way = way_of(refusal)
        what = f"{one.client}'s input '{details['malformed']}' {wording.at(history, one)}"
        promised = " or ".join(details["ways"])
        if way is None:
            verdict.violated(Code.NOT_REFUSED, f"{what} was not refused, where {promised} is promised", one)
        elif way not in details["ways"]:
            verdict.violated(Code.WRONG_CLOSE, f"{what} was refused by {way}, where {promised} is promised", one, refusal)
    for event in answers:
        told = (event.details or {}).get("reason" if event.kind is Kind.CLOSE else "text")
        if isinstance(told, str) and (found := INTERNALS.search(told)):
            verdict.violated(
                Code.NOT_ISOLATED,
                f"a refusal {wording.at(history, event)} tells {wording.owner(event)} of the inside of the target: {found[0]!r} in {told[:120]!r}", event,
            )


def nobody_else_harmed(history: History, client: str) -> Verdict:
    """Behind the last malformed input, everybody is served: the client itself where its connection stays, and each other client (*not_isolated*).

    Others have kept the connection that they had before. What was sent first behind the last input has to be answered. O(n).
    """
    verdict = Verdict("malformed input harms nobody else")
    inputs = _inputs(history, client)
    if not inputs:
        return verdict.concluded()
    last, answered = inputs[-1], {(event.client, event.message_id) for event in history.events.of(Kind.REPLY)}
    ends = {event.client: event for event in history.events.of(Kind.CLOSE) if event.index > inputs[0].index}
    sent: dict[str, Event] = {}
    for event in history.events.of(Kind.SEND):
        if event.index > last.index:
            sent.setdefault(event.client, event)
    what = f"behind {client}'s input '{(last.details or {})['malformed']}'"
    for other in sorted({event.client for event in history.events.of(Kind.CONNECTED)}):
        end = ends.get(other)
        verdict.exercised += other != client
        if end is not None and (end.details or {}).get("by") != "us":
            if other != client:
                verdict.violated(Code.NOT_ISOLATED, f"{other}'s connection was closed {wording.at(history, end)}, {what}, with which {other} has nothing to do", last, end)
        elif end is None and (other, sent[other].message_id if other in sent else None) not in answered:
            verdict.violated(Code.NOT_ISOLATED, f"{other} was served no more {what}: the next good message was not answered", last, sent.get(other))
    return verdict.concluded()


def effects_counted(history: History, client: str) -> Verdict:
    """The agent counts no malformed input: its last state has as many messages as were answered (*miscounted*). O(n)."""
    verdict = Verdict("malformed input is not counted")
    states = [
        event for event in history.events.of(Kind.ANSWER)
        if event.client == client and ((event.details or {}).get("fields") or {}).get("message_count") is not None
    ]
    if states and _inputs(history, client):
        told = (states[-1].details or {})["fields"]["message_count"]
        user = states[-1].user
        good = len({event.message_id for event in history.events.of(Kind.REPLY) if event.user == user and event.index < states[-1].index})
        verdict.exercised = 1
        if told != good:
            verdict.violated(Code.MISCOUNTED, f"{client}'s agent counts {told} messages {wording.at(history, states[-1])}, where {good} were processed", states[-1])
    return verdict.concluded()


def handshakes_ended(history: History) -> Verdict:
    """Each handshake that is never finished (a MARK ``unfinished``) was ended by the target (a MARK ``ended``), else it is *not_isolated*. O(n)."""
    verdict = Verdict("unfinished handshakes are ended")
    marks = list(history.events.of(Kind.MARK))
    begun = {details["unfinished"]: event for event in marks if "unfinished" in (details := event.details or {})}
    ended = {details["ended"] for event in marks if "ended" in (details := event.details or {})}
    left = sorted(begun.keys() - ended)
    verdict.exercised = len(begun)
    verdict.measured("handshakes_left_open", len(left), "connections", verdict.exercised)
    if left:
        verdict.violated(
            Code.NOT_ISOLATED,
            f"{len(left)} of {wording.counted(len(begun), 'handshake')} that were never finished are still open: whoever says nothing holds the door",
            begun[left[0]],
        )
    return verdict.concluded()


def rate_kept(history: History, client: str, rate: float, ways: Collection[str]) -> Verdict:
    """Of the malformed inputs of a client no more are looked at than its rate allows, and the others refused in these ways (*no_backpressure*).

    A bucket holds what may come in one second; the time is that from the first input to the last refusal. O(n).
    """
    verdict = Verdict("the rate of a connection is kept")
    inputs = _inputs(history, client)
    answers = [event for event in history.events.of(Kind.ERROR, Kind.REFUSED) if event.client == client and inputs and event.index > inputs[0].index]
    verdict.exercised = len(answers)
    if answers:
        taken = sum(way_of(event) not in ways for event in answers)
        lasted = answers[-1].time - inputs[0].time
        allowed = int(rate * (1 + lasted)) + 1
        verdict.measured("messages_beyond_rate", max(0, taken - allowed), "msg", len(answers))
        if taken > allowed:
            verdict.violated(
                Code.NO_BACKPRESSURE,
                f"{taken} of {client}'s {wording.counted(len(inputs), 'input')} were looked at within {lasted:.3f} s, where {allowed} are allowed ({rate:g} msg/s)",
                inputs[0], answers[-1],
            )
    return verdict.concluded()


def _inputs(history: History, client: str) -> list[Event]:
    return [event for event in history.events.of(Kind.MARK) if event.client == client and "malformed" in (event.details or {})]
