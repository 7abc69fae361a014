"""What agents say while a user is away reaches the user once, as it was said, the urgent first; and what is lost is said to be."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from . import wording
from .events import Event, Kind
from .history import History
from .verdict import Verdict
from .violations import Code

LOSSES = ("expired", "dropped", "rejected")


def agents_are_heard_once(history: History, due: Collection[str] | None = None, strangers: Mapping[str, str] | None = None) -> Verdict:
    """Each message that an agent was made to say arrives once (*lost*, *duplicated*) and as it was said (*corrupted*, *disagreement*).

    `due`: ids of those that must arrive, where some may not: what arrives all the same was given up (*aborted_effect*). Without it all
    must but those that the target refused at once. What nobody said to this user is a *phantom*, or *leaked_to_other_user* if
    `strangers` (message id to user) knows it. Only behind a resume that was not recovered a message may come again. O(n).
    """
    verdict = Verdict("agents are heard once")
    arrived = _arrivals(history)
    given_up = _given_up(history)
    spoken = _sayings(history)
    lost = repeated = 0
    for key, said in spoken.items():
        verdict.exercised += 1
        came = arrived.get(key, [])
        expected = _details(said).get("state") not in LOSSES if due is None else said.message_id in due
        if expected and not came:
            lost += 1
            verdict.violated(Code.LOST, f"{_named(said)} to {said.user} never came", said)
        elif came and not expected:
            verdict.violated(Code.ABORTED_EFFECT, f"{_named(said)} had been given up, and came {wording.at(history, came[0])} all the same", said, came[0])
        for first, again in pairwise(came):
            if not any(first.index < index < again.index for index in given_up.get(said.user, ())):
                repeated += 1
                verdict.violated(Code.DUPLICATED, f"{_named(said)} came {wording.at(history, first)} and again {wording.at(history, again)}", first, again)
        for one in came:
            _judge_words(history, verdict, said, one)
    for (user, message_id), came in arrived.items():
        if (user, message_id) not in spoken:
            other = (strangers or {}).get(str(message_id), user)
            code, whose = (Code.PHANTOM, "which nobody had said") if other == user else (Code.LEAKED_TO_OTHER_USER, f"which was said to {other}")
            verdict.violated(code, f"{user} got message {message_id} {wording.at(history, came[0])}, {whose}", came[0])
    verdict.measured("messages_lost", lost, "messages", verdict.exercised)
    verdict.measured("messages_repeated", repeated, "messages", verdict.exercised)
    return verdict.concluded()


def agents_are_heard_in_order(history: History, priorities: Sequence[str] = (), *, order: str = "per_agent") -> Verdict:
    """What has waited leaves by urgency (*priority_inverted*), and within one priority as it was said (*reordered*).

    `priorities`: the most urgent first; empty where the target tells none from another. `order`: what keeps its order, ``per_session``
    or only ``per_agent``; of agents that spoke at the same time nobody knows who was first. What is sent again after a resume keeps
    the order that it had, which its offsets show; it is left out. O(n).
    """
    verdict = Verdict("agents are heard in order")
    rank = {priority: place for place, priority in enumerate(priorities)}
    for waited in _connections(history):
        urgent: tuple[int, _Heard] | None = None
        highest: dict[tuple[int, str], tuple[int, _Heard]] = {}
        for heard in waited:
            verdict.exercised += 1
            details = _details(heard.said)
            level = rank.get(str(details.get("priority")), len(rank))
            if heard.has_waited and urgent is not None and level < urgent[0]:
                before = urgent[1]
                verdict.violated(Code.PRIORITY_INVERTED, f"{_named(heard.said)} is more urgent than {_named(before.said)}, and came behind it", before.came, heard.came)
            elif heard.has_waited:
                urgent = level, heard
            numbers = {} if order == "none" else {(level, f"agent {details.get('agent')}"): heard.said.index}
            if order == "per_session":
                numbers[level, "session"] = int(details.get("turn") or 0)
            late = next((highest[scope][1] for scope, number in numbers.items() if scope in highest and number < highest[scope][0]), None)
            if late is not None:
                verdict.violated(Code.REORDERED, f"{_named(heard.said)} was said before {_named(late.said)}, and came behind it", late.came, heard.came)
            else:
                highest |= {scope: (number, heard) for scope, number in numbers.items()}
    return verdict.concluded()


def losses_are_told(history: History, expected: Mapping[str, int] | None = None) -> Verdict:
    """Whatever agents said and the user never got is said to be lost (*unsound_resume*), as often as it is (*miscounted*), before what has waited.

    `expected`: how many are *expired*, *dropped* and *rejected*, where a test knows. Exercised are messages that did not come and words
    of loss. Behind a resume that was not recovered a word may be repeated. O(n).
    """
    verdict = Verdict("losses are told")
    arrived, given_up = _arrivals(history), _given_up(history)
    missing: dict[str, list[Event]] = {}
    for key, said in _sayings(history).items():
        if key not in arrived:
            missing.setdefault(said.user, []).append(said)
    told: dict[str, list[Event]] = {}
    for word in history.events.of(Kind.MESSAGES_LOST):
        told.setdefault(word.user, []).append(word)
    for user in dict.fromkeys((*missing, *told)):
        gone, words = missing.get(user, []), told.get(user, [])
        verdict.exercised += len(gone) + len(words)
        total = sum(int(_details(word).get("total") or 0) for word in words)
        repeats = any(words[0].index < index for index in given_up.get(user, ())) if words else False
        if total < len(gone):
            admitted = f"only {total} are said to be lost" if total else "nobody was told"
            verdict.violated(Code.UNSOUND_RESUME, f"{wording.counted(len(gone), 'message')} of agents never came to {user}, and {admitted}", *gone[:1], *words[:1])
        elif total > len(gone) and not repeats:
            verdict.violated(Code.MISCOUNTED, f"{user} was told that {wording.counted(total, 'message')} of agents are lost, where {len(gone)} never came", *words[:1])
        for how, number in (expected or {}).items():
            counted = sum(int(_details(word).get(how) or 0) for word in words)
            if counted != number and total >= len(gone) and not repeats:
                verdict.violated(Code.MISCOUNTED, f"{user} was told of {wording.counted(counted, f'{how} message')}, where {number} were {how}", *words[:1])
    _judge_places(history, verdict)
    return verdict.concluded()


def queue_stays_within(history: History, size: int) -> Verdict:
    """At each look behind a saying no more messages wait than there are places (*over_capacity*). Measures outbound_depth (the highest). O(n)."""
    verdict = Verdict("the outbound queue stays within its size")
    highest = 0
    for said in history.events.of(Kind.SPOKEN):
        depth = _details(said).get("depth")
        if depth is None:
            continue
        verdict.exercised += 1
        highest = max(highest, depth)
        if depth > size:
            verdict.violated(Code.OVER_CAPACITY, f"{depth} messages waited behind {_named(said)}, where {size} may", said)
    verdict.measured("outbound_depth", highest, "messages", verdict.exercised)
    return verdict.concluded()


def deliveries(history: History) -> list[tuple[int, float, float]]:
    """Of each return: how many messages had waited and came, seconds from the greeting and from the first try until the last of them."""
    found = []
    begun = {one.connected.connection: one.first for one in history.reconnections if one.connected is not None}
    for waited in _connections(history):
        came = [heard.came for heard in waited if heard.has_waited]
        if came and (first := begun.get(came[0].connection)) is not None:
            greeting = history.journal.connected[came[0].connection]
            found.append((len(came), came[-1].time - greeting.time, came[-1].time - first.time))
    return found


def _judge_words(history: History, verdict: Verdict, said: Event, came: Event) -> None:
    """Whether a message arrived as it was said."""
    if came.digest is not None and came.digest != said.digest:
        verdict.violated(Code.CORRUPTED, f"the text of {_named(said)} to {said.user} came changed {wording.at(history, came)}", said, came)
    before, now = _told(said), _told(came)
    for name, value in now.items():
        if value is not None and before[name] is not None and value != before[name]:
            verdict.violated(Code.DISAGREEMENT, f"{_named(said)} had {name} {before[name]} when it was said, and {value} when it came", said, came)


def _told(event: Event) -> dict[str, Any]:
    details = _details(event)
    return {"agent": details.get("agent"), "number": event.sequence_id, "priority": details.get("priority"), "time": details.get("created_at")}


def _judge_places(history: History, verdict: Verdict) -> None:
    """Word of a loss comes before the first message that has waited: who reads on must know."""
    first = {waited[0].came.connection: waited[0].came for waited in _connections(history) if waited[0].has_waited}
    said = [event.index for event in history.events.of(Kind.SPOKEN)]
    for word in history.events.of(Kind.MESSAGES_LOST):
        came = first.get(word.connection)
        if came is None or came.index > word.index or _is_replayed(history, word):
            continue
        if not any(came.index < index < word.index for index in said):  # else it may be a loss of later
            verdict.violated(Code.UNSOUND_RESUME, f"{wording.owner(word)} was told {wording.at(history, word)} of a loss, when messages behind it had come", came, word)


class _Heard(NamedTuple):
    """One arrival."""

    said: Event
    came: Event
    has_waited: bool
    """It was said before the client began to connect."""


def _connections(history: History) -> Iterator[list[_Heard]]:
    """What arrived on each connection, without what was sent again."""
    spoken = _sayings(history)
    begun = {event.connection: event.index for event in history.events.of(Kind.CONNECT)}
    found: dict[int, list[_Heard]] = {}
    for came in history.events.of(Kind.AGENT_MESSAGE):
        said = spoken.get((came.user, came.message_id))
        if said is not None and not _is_replayed(history, came):
            found.setdefault(came.connection, []).append(_Heard(said, came, said.index < begun.get(came.connection, 0)))
    yield from found.values()


def _is_replayed(history: History, event: Event) -> bool:
    """It has its offset from before this connection."""
    greeting = history.journal.connected.get(event.connection)
    head = _details(greeting).get("head") if greeting is not None else None
    return head is not None and event.offset is not None and event.offset <= head


def _sayings(history: History) -> dict[tuple[str, str | None], Event]:
    """User and message id -> what an agent was made to say."""
    return {(said.user, said.message_id): said for said in history.events.of(Kind.SPOKEN)}


def _arrivals(history: History) -> dict[tuple[str, str | None], list[Event]]:
    """User and message id -> when it arrived; what came again with the offset that it had is one arrival."""
    found: dict[tuple[str, str | None], list[Event]] = {}
    offsets: set[tuple[object, ...]] = set()
    for came in history.events.of(Kind.AGENT_MESSAGE):
        place = (came.user, came.message_id, history.stream(came), came.offset)
        if came.offset is None or place not in offsets:
            offsets.add(place)
            found.setdefault((came.user, came.message_id), []).append(came)
    return found


def _given_up(history: History) -> dict[str, list[int]]:
    """User -> indexes of greetings that say that a session could not be recovered."""
    found: dict[str, list[int]] = {}
    for greeting in history.events.of(Kind.CONNECTED):
        if _details(greeting).get("recovered") is False and _details(greeting).get("reason"):
            found.setdefault(greeting.user, []).append(greeting.index)
    return found


def _named(said: Event) -> str:
    """``message 3 of agent writer (high)``."""
    details = _details(said)
    number = said.message_id if said.sequence_id is None else said.sequence_id
    level = f" ({details['priority']})" if details.get("priority") else ""
    return f"message {number} of agent {details.get('agent')}{level}"


def _details(event: Event) -> Mapping[str, Any]:
    return event.details or {}
