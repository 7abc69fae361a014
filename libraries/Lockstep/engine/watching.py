"""What activities do: ask again and again, ping, look at the server. Everything is in the journal; nothing is judged here."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from time import monotonic

import psutil

from ..checks.events import Kind
from .activity import Activity, Pace
from .client import Client
from .journal import Journal
from .outcomes import Disconnected, Unanswered
from .sending import HANG_GUARD
from .server_figures import ServerFigures

SERVER = "the server"
"""Under this client name the journal keeps figures of the server's own process."""
GENERATOR = "the generator"
"""And under this name figures of this process, which sends and checks."""
QUIET, QUIET_WORK = 0.5, 0.01
"""s without more than so many seconds of processor time in a tenth of a second: a process that has nothing to do."""
PONG_WITHIN = 5.0
"""s; so long the end of pinging waits for the last answers."""


async def ask_every(activity: Activity, client: Client, question: str, every: float) -> int:
    """Asks one question over and over; returns how often it was answered.

    A connection that ends, ends the asking (it is in the journal; whether it may end is for an expectation to say), unless the
    client comes back by itself.
    """
    pace, answered = Pace(every), 0
    while not activity.is_ending():
        try:
            await client.ask(question, HANG_GUARD)
        except Disconnected:
            if not await client.back():
                break
        else:
            answered += 1
        await activity.pause(pace.until_next())
    return answered


async def ask_at_once(activity: Activity, client: Client, question: str, times: int) -> int:
    """Asks one question so many times without waiting; returns how often, once each is answered.

    A target may be slow, and the client need not read: only where no answer comes for the hang guard after the end was asked for,
    the others are given up.
    """
    asked = [asyncio.ensure_future(client.ask(question, None)) for _ in range(times)]
    answered = 0
    try:
        while True:
            before, was_ending = answered, activity.is_ending()
            done, missing = await asyncio.wait(asked, timeout=HANG_GUARD)
            answered = len(done)
            if not missing:
                return len(await asyncio.gather(*asked))
            if was_ending and answered == before:
                raise Unanswered(f"{len(missing)} of {client.alias}'s {times} questions for {question} were not answered, and for {HANG_GUARD:g} s none was")
    finally:
        for one in asked:
            one.cancel()


async def idle(process: psutil.Process, within: float) -> bool:
    """Waits until a process has nothing to do any more; False if that was not the case within so many seconds."""
    deadline, quiet_since, used = monotonic() + within, monotonic(), -1.0
    while (now := monotonic()) < deadline:
        before, used = used, ServerFigures.of(process).processor
        if used - before > QUIET_WORK:
            quiet_since = now
        elif now - quiet_since > QUIET:
            return True
        await asyncio.sleep(0.1)
    return False


async def ping_every(activity: Activity, client: Client, every: float) -> int:
    """Pings, one ping at a time: the answer to a later one would stand for an earlier one too. Returns how many were sent."""
    pace, pings = Pace(every), 0
    ping: asyncio.Future[float] | None = None
    while not activity.is_ending():
        try:
            if ping is None or ping.done():
                ping = await client.ping()
                pings += 1
        except Disconnected:
            if not await client.back():
                break
        await activity.pause(pace.until_next())
    if ping is not None and not ping.done():
        await asyncio.wait({ping}, timeout=PONG_WITHIN)
        if not ping.done() and client.connection is not None:
            client.connection.mark(waited_for_pong=PONG_WITHIN)  # so that the journal shows how long it was waited
    return pings


async def sample_every(activity: Activity, journal: Journal, process: psutil.Process, every: float) -> int:
    """Reads the figures of a process, and of this one; returns how often. A process that ends, ends the sampling."""
    pace, samples, ours = Pace(every), 0, psutil.Process()
    try:
        while not activity.is_ending():
            sample(journal, process)
            sample(journal, ours, GENERATOR)
            samples += 1
            await activity.pause(pace.until_next())
    except psutil.NoSuchProcess:
        pass
    return samples


def sample(journal: Journal, process: psutil.Process, name: str = SERVER) -> ServerFigures:
    """One look at a process, written into the journal."""
    figures = ServerFigures.of(process)
    details = {name: value for name, value in asdict(figures).items() if name != "time" and value is not None}
    journal.write(Kind.SAMPLE, name, 0, "", None, None, None, None, None, None, details, time=figures.time)
    return figures
