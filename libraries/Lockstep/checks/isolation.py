"""Nothing of one user reaches another."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping
from itertools import compress, repeat
from operator import is_not

from . import wording
from .events import Kind
from .history import History
from .picked import entries
from .snapshots import snapshots
from .verdict import Verdict
from .violations import Code

OWN = (
    Kind.SEND, Kind.SEND_UNKNOWN, Kind.QUERY, Kind.QUERY_UNKNOWN, Kind.CONNECT, Kind.FAULT, Kind.MARK, Kind.PING, Kind.PONG, Kind.PINGED, Kind.PONGED,
    Kind.SAMPLE, Kind.SPOKEN,
)
"""What this side wrote itself; all other kinds carry what a server said."""


def nothing_leaked(history: History, canaries: Mapping[str, str]) -> Verdict:
    """No event of a user carries another user's canary or the fate of another user's message (*leaked_to_other_user*).

    `canaries`: user to a text that only this user's messages contain. Looked through are all texts in the details of what the
    server sent; then answers to messages that only another user sent; then messages answered only as duplicates whose id
    another user has used. O(text). Source: canary tokens.
    """
    verdict = Verdict("nothing leaked")
    owners = {canary: user for user, canary in canaries.items()}
    pattern = re.compile("|".join(map(re.escape, sorted(owners, key=len, reverse=True))) or "(?!)")
    leaks = 0
    events = history.events
    said = events.positions(*(kind for kind in Kind if kind not in OWN))
    said = array("I", compress(said, map(is_not, entries(events.details, said), repeat(None))))
    verdict.exercised = len(said)
    different = {id(details): details for details in entries(events.details, said)}  # one object may stand for those of many events
    found = {which: {owners[text] for text in pattern.findall("\n".join(_texts(details)))} for which, details in different.items()}
    telling = {which for which, users in found.items() if users}
    for event in events.at(position for position in said if id(events.details[position]) in telling) if telling else ():
        for stranger in sorted(found[id(event.details)] - {event.user}):
            leaks += 1
            verdict.violated(
                Code.LEAKED_TO_OTHER_USER,
                f"{wording.owner(event)} got a text of {stranger} in a {event.kind} {wording.at(history, event)}",
                event,
            )
    leaks += _judge_ids(history, verdict)
    verdict.measured("leaks", leaks, "events", verdict.exercised)
    return verdict.concluded()


def snapshots_name_own_messages(history: History) -> Verdict:
    """No snapshot lists a message as processed that only another user sent (*leaked_to_other_user*). O(ids listed). Source: canary ids."""
    verdict = Verdict("snapshots name own messages")
    for taken in snapshots(history):
        user = taken.answer.user
        for message_id in taken.fields.get("processed_message_ids") or ():
            verdict.exercised += 1
            known = history.journal.send(user, str(message_id))
            stranger = history.sender_of(str(message_id), other_than=user) if known is None else None
            if stranger is not None:
                verdict.violated(
                    Code.LEAKED_TO_OTHER_USER,
                    f"{wording.snapshot(history, taken)} lists message {message_id} as processed, which only {wording.owner(stranger)} had sent",
                    taken.answer, stranger,
                )
    return verdict.concluded()


def _texts(value: object) -> Iterator[str]:
    """All texts in a value of JSON kind, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _judge_ids(history: History, verdict: Verdict) -> int:
    """Reports answers that can only come from another user's equal message id; returns how many."""
    alone = [
        message.duplicates[0]
        for message in history.journal.unusual()
        if message.reply is None and len(message.duplicates) >= len(message.sends)
    ]
    leaks = 0
    for event in (*history.journal.unasked, *alone):
        stranger = history.sender_of(event.message_id, other_than=event.user)
        if stranger is None:
            continue
        verdict.exercised += 1
        leaks += 1
        verdict.violated(
            Code.LEAKED_TO_OTHER_USER,
            f"{wording.owner(event)} got a {event.kind} {wording.at(history, event)} that belongs to message {event.message_id} "
            f"of {wording.owner(stranger)}",
            event, stranger,
        )
    return leaks
