"""How long all linear checks take over a million events, and how much memory: the pinned bounds are 2 s and 400 MB.

    PYTHONPATH=libraries python tests/benchmarks/checks.py [--events 1000000] [--ledger] [--acknowledged] [--resumes 100]

The engine's journal is filled as a connection fills it, each id and digest a text of its own, then sliced as an expectation does.
Time is this process's CPU time, so that a busy neighbour does not blur it; memory is the peak of this fresh process, journal and
slice included. The exit code says whether the bounds were met (they hold for a million events and a calm machine).
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import sys
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterator

from Lockstep.checks import History, Kind, LedgerRow, Verdict
from Lockstep.checks.answers import (
    contents_intact,
    no_phantom_replies,
    nothing_answered_twice,
    nothing_lost,
    nothing_refused_was_processed,
)
from Lockstep.checks.continuity import memory_reads_include_updates
from Lockstep.checks.course import no_latency_trend
from Lockstep.checks.duplicates import duplicates_accounted, processed_once_in_ledger
from Lockstep.checks.durability import confirmed_survives_kills, every_message_has_one_end
from Lockstep.checks.fairness import users_served_fairly
from Lockstep.checks.isolation import nothing_leaked
from Lockstep.checks.latency import latency_figures, latency_within, mean_latency_within
from Lockstep.checks.ledger import everything_sent_was_processed, ledger_agrees_with_journal, nothing_acknowledged_was_lost
from Lockstep.checks.neighbours import throughput_kept
from Lockstep.checks.offsets import offsets_agree, offsets_without_gap
from Lockstep.checks.order import processed_in_send_order, replies_in_send_order
from Lockstep.checks.priority import high_never_refused_behind_normal, normals_not_starved, overtaking_bounded
from Lockstep.checks.progress import no_stall
from Lockstep.checks.queue.admission import (
    accepted_is_final,
    admission_exact,
    depth_derived_within,
    first_refusal_within,
    refusals_justified,
    refused_again_accepted,
)
from Lockstep.checks.queue.ledger import depth_by_ledger_within
from Lockstep.checks.queue.told import depth_reported_truly, depth_reported_within, refusals_explained
from Lockstep.checks.rate import rate_sustained, sender_lag
from Lockstep.checks.ratio import reconnections_succeed
from Lockstep.checks.recovery import each_recovered_within
from Lockstep.checks.resume import resumes_are_sound
from Lockstep.checks.rights import session_kept, sessions_stay_with_their_user
from Lockstep.checks.rows import Rows
from Lockstep.checks.sessions import nothing_reaches_ghosts
from Lockstep.checks.spread import clients_come_back
from Lockstep.checks.state import (
    counter_within_interval,
    processed_ids_once,
    reads_include_own_writes,
    state_equals,
    state_never_goes_back,
)
from Lockstep.checks.struck import faults_struck
from Lockstep.engine.journal import Journal

MOST_SECONDS, MOST_MEGABYTES = 2.0, 400
"""What all linear checks over a million events may take."""
USERS = 10
NAMES = [f"user-{user}" for user in range(USERS)]
CLIENTS = [f"client-{user}" for user in range(USERS)]
IN_FLIGHT = 640
SNAPSHOT_EVERY = 1000

WIRE: tuple[tuple[str, Callable[[History], object]], ...] = (
    ("shared projection", lambda history: history.journal),
    ("nothing_lost", nothing_lost),
    ("nothing_answered_twice", nothing_answered_twice),
    ("no_phantom_replies", no_phantom_replies),
    ("contents_intact", contents_intact),
    ("nothing_refused_was_processed", nothing_refused_was_processed),
    ("replies_in_send_order", replies_in_send_order),
    ("duplicates_accounted", duplicates_accounted),
    ("offsets_without_gap", offsets_without_gap),
    ("offsets_agree", offsets_agree),
    ("counter_within_interval", counter_within_interval),
    ("reads_include_own_writes", reads_include_own_writes),
    ("state_never_goes_back", state_never_goes_back),
    ("state_equals", lambda history: state_equals(history, {"corrupted": False})),
    ("processed_ids_once", processed_ids_once),
    ("nothing_leaked", lambda history: nothing_leaked(history, {name: f"canary of {name}." for name in NAMES})),
    ("users_served_fairly", users_served_fairly),
    ("latency_figures", latency_figures),
    ("latency_within", lambda history: latency_within(history, 1.0)),
    ("mean_latency_within", lambda history: mean_latency_within(history, 1.0)),
    ("rate_sustained", lambda history: rate_sustained(history, 1.0)),
    ("sender_lag", sender_lag),
    ("no_stall", lambda history: no_stall(history, 5.0)),
    ("no_latency_trend", no_latency_trend),
)
QUEUE: tuple[tuple[str, Callable[[History], object]], ...] = (
    ("doors", lambda history: history.doors),
    ("depth_reported_within", lambda history: depth_reported_within(history, IN_FLIGHT)),
    ("depth_reported_truly", depth_reported_truly),
    ("depth_derived_within", lambda history: depth_derived_within(history, IN_FLIGHT, IN_FLIGHT)),
    ("admission_exact", lambda history: admission_exact(history, IN_FLIGHT, IN_FLIGHT)),
    ("refusals_justified", lambda history: refusals_justified(history, IN_FLIGHT, IN_FLIGHT)),
    ("refusals_explained", refusals_explained),
    ("first_refusal_within", lambda history: first_refusal_within(history, 1.0)),
    ("refused_again_accepted", refused_again_accepted),
    ("accepted_is_final", accepted_is_final),
    ("high_never_refused_behind_normal", high_never_refused_behind_normal),
    ("overtaking_bounded", overtaking_bounded),
    ("normals_not_starved", normals_not_starved),
)
LEDGER: tuple[tuple[str, Callable[[History], object]], ...] = (
    ("processed_in_send_order", processed_in_send_order),
    ("processed_once_in_ledger", processed_once_in_ledger),
    ("ledger_agrees_with_journal", ledger_agrees_with_journal),
    ("everything_sent_was_processed", everything_sent_was_processed),
    ("nothing_acknowledged_was_lost", nothing_acknowledged_was_lost),
    ("confirmed_survives_kills", lambda history: confirmed_survives_kills(history, {"reset"})),
    ("depth_by_ledger_within", lambda history: depth_by_ledger_within(history, IN_FLIGHT, IN_FLIGHT)),
)
RESUMED: tuple[tuple[str, Callable[[History], object]], ...] = (
    ("resumes_are_sound", resumes_are_sound),
    ("session_kept", session_kept),
    ("sessions_stay_with_their_user", sessions_stay_with_their_user),
    ("nothing_reaches_ghosts", nothing_reaches_ghosts),
    ("memory_reads_include_updates", memory_reads_include_updates),
    ("every_message_has_one_end", every_message_has_one_end),
    ("faults_struck", lambda history: faults_struck(history, in_flight=True)),
    ("each_recovered_within", lambda history: each_recovered_within(history, 1.0)),
    ("reconnections_succeed", reconnections_succeed),
    ("clients_come_back", clients_come_back),
    ("throughput_kept", lambda history: throughput_kept(history, CLIENTS[0], len(history.events) // 2)),
)


class Conversation:
    """Ten users with 640 messages in flight; 1 message in 1000 is sent twice, and a snapshot is taken beside it."""

    def __init__(self, *, ledger: bool) -> None:
        self.journal = Journal()
        self.ledger_wanted = ledger
        self.processed_at = array("d")
        self.processed_numbers = array("I")
        self.offsets = [0] * USERS
        self.connections = list(range(1, USERS + 1))
        self.processed = [0] * USERS
        self.said = [{"session": f"s-{user}", "epoch": 1} for user in range(USERS)]

    def add(self, user: int, kind: Kind, seconds: float, number: int, attempt: int = 1, *, digest: bool = False) -> None:
        """An event of a message; what comes from the server has its offset and says the session."""
        offset, said = None, None
        if kind is not Kind.SEND:
            self.offsets[user] += 1
            offset, said = self.offsets[user], self.said[user]
        self.journal.write(
            kind, CLIENTS[user], self.connections[user], NAMES[user], message_id(number), attempt, number // USERS, offset,
            digest_of(number) if digest else None, number * 1e-4 if kind is Kind.SEND and attempt == 1 else None, said, time=seconds,
        )

    def answer(self, number: int, seconds: float) -> None:
        """The reply, and the row in the ledger."""
        user = number % USERS
        self.processed[user] += 1
        self.add(user, Kind.REPLY, seconds, number, digest=True)
        if self.ledger_wanted:
            self.processed_at.append(seconds)
            self.processed_numbers.append(number)

    def aside(self, number: int, seconds: float) -> None:
        """A repeated message and a snapshot."""
        user = number % USERS
        self.add(user, Kind.SEND, seconds, number, 2, digest=True)
        self.add(user, Kind.DUPLICATE, seconds, number, 2)
        where = CLIENTS[user], self.connections[user], NAMES[user], f"q-{number}", None, None
        self.journal.write(Kind.QUERY, *where, None, None, None, {"question": "agent_state"}, time=seconds)
        self.offsets[user] += 1
        fields = {"message_count": self.processed[user], "version": self.processed[user], "corrupted": False, "processed_message_ids": [number]}
        details = {**self.said[user], "question": "agent_state", "fields": fields}
        self.journal.write(Kind.ANSWER, *where, self.offsets[user], None, None, details, time=seconds)

    def resume(self, user: int, seconds: float) -> None:
        """A connection is cut and taken over by the next one, which misses nothing; what is under way is answered there."""
        client, name, at = CLIENTS[user], NAMES[user], {**self.said[user], "offset": self.offsets[user]}
        fault, old = {"fault": "reset", "state": "done"}, self.connections[user]
        self.journal.write(Kind.FAULT, client, old, name, details=fault, time=seconds)
        self.journal.write(Kind.CLOSE, client, old, name, details={"code": 1006, "by": "target"}, time=seconds)
        self.connections[user] = max(self.connections) + 1
        new = client, self.connections[user], name
        self.journal.write(Kind.CONNECT, *new, details=at, time=seconds)
        self.journal.write(Kind.CONNECTED, *new, details={**at, "recovered": True, "head": self.offsets[user]}, time=seconds)

    def ledger(self) -> Iterator[LedgerRow]:
        """A processed row for each answered message."""
        for index, (seconds, number) in enumerate(zip(self.processed_at, self.processed_numbers, strict=True), 1):
            user = number % USERS
            yield LedgerRow(
                index, seconds, NAMES[user], f"s-{user}", "c", message_id(number), 1, number // USERS, digest_of(number), "agent", "processed"
            )


def message_id(number: int) -> str:
    """A new text each time, as from a wire."""
    return f"r4711-{number:07d}"


def digest_of(number: int) -> str:
    """A new text each time, as from a wire."""
    return f"{number * 2654435761:016x}"[-16:]


def conversation(size: int, *, ledger: bool, acknowledged: bool, resumes: int = 0) -> Conversation:
    """So many events; in the course of them users lose and resume their connections so often in all."""
    made = Conversation(ledger=ledger)
    for user in range(USERS):
        made.journal.write(
            Kind.CONNECTED, CLIENTS[user], user + 1, NAMES[user], None, None, None, 0, None, None, {**made.said[user], "offset": 0}, time=0.0
        )
    waiting: deque[int] = deque()
    number = resumed = 0
    while made.journal.cursor + len(waiting) < size:
        seconds = number * 1e-4
        user = number % USERS
        made.add(user, Kind.SEND, seconds + 1e-5, number, digest=True)
        if acknowledged:
            made.add(user, Kind.ACCEPTED, seconds + 1.5e-5, number)
        waiting.append(number)
        if len(waiting) > IN_FLIGHT:
            made.answer(waiting.popleft(), seconds + 2e-5)
        number += 1
        if made.journal.cursor * resumes > size * (resumed + 0.5):
            made.resume(number % USERS, seconds + 3e-5)
            resumed += 1
        if number % SNAPSHOT_EVERY == 0:
            made.aside(number - 1, seconds + 3e-5)
    while waiting:
        made.answer(waiting.popleft(), number * 1e-4)
    return made


def peak() -> float:
    """The highest resident memory of this process so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


class Collector:
    """How long Python's cycle collector ran: a full turn over a million events takes a third of a second, whoever causes it."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._began = 0.0
        gc.callbacks.append(self._note)

    def _note(self, phase: str, _info: dict[str, int]) -> None:
        now = time.process_time()
        if phase == "start":
            self._began = now
        else:
            self.seconds += now - self._began


def main() -> None:
    """Prints the figures."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--events", type=int, default=1_000_000)
    arguments.add_argument("--ledger", action="store_true", help="with a processed row for each message and the checks that read it")
    arguments.add_argument("--acknowledged", action="store_true", help="each message is acknowledged before it is answered")
    arguments.add_argument("--resumes", type=int, default=0, help="so often connections are cut and resumed, with the checks that look at that")
    arguments.add_argument("--json", action="store_true", help="the figures for a program, in the line before the last")
    asked = arguments.parse_args()
    made = conversation(asked.events, ledger=asked.ledger, acknowledged=asked.acknowledged, resumes=asked.resumes)
    events = made.journal.slice(0, set(CLIENTS))
    history = History(events, Rows(made.ledger() if asked.ledger else (), events.names))
    before, collector = peak(), Collector()
    print(f"{len(events):>9} events, {len(history.ledger)} ledger rows: {before:.0f} MB")
    total = 0.0
    for name, check in (*WIRE, *QUEUE, *(LEDGER if asked.ledger else ()), *(RESUMED if asked.resumes else ())):
        start = time.process_time()
        result = check(history)
        took = time.process_time() - start
        total += took
        if isinstance(result, Verdict) and set(result.counts) - {"vacuous"}:
            sys.exit(f"{name} found what is not there: {result.violations[0].sentence}")
        print(f"{took:9.3f} s  {name}" + (f" ({result.exercised})" if isinstance(result, Verdict) else ""))
    print(f"{collector.seconds:9.3f} s  of it in the cycle collector")
    print(f"{total:9.3f} s  together, {total / len(events) * 1e9:.0f} ns an event; peak {peak():.0f} MB, of which checks {peak() - before:.0f} MB")
    if asked.json:
        print(json.dumps({"seconds": total, "megabytes": peak()}))
    met = total < MOST_SECONDS and peak() < MOST_MEGABYTES
    print(f"the bounds of {MOST_SECONDS:g} s and {MOST_MEGABYTES} MB are {'met' if met else 'not met'}")
    sys.exit(not met)


if __name__ == "__main__":
    main()
