"""A small correct server with sessions, in this process: what it does with each message, and when it breaks off, is said by the test."""

import asyncio
import contextlib
import itertools
import json
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed

SENDS = {"type": "chat", "id": "{message_id}", "n": "{attempt}", "text": "{content}", "prio": "{priority}"}
KEYS = {
    "messages": {
        "send": SENDS,
        "reply": {"where": {"type": "answer"}, "message_id": "id", "attempt": "n"},
        "duplicate": {"where": {"type": "known"}, "message_id": "id", "attempt": "n"},
        "offset": "offset", "session": "session", "epoch": "epoch",
    },
    "guarantees": {"offsets": "continuous"},
}
READY = {"wait_for": {"type": "hello"}, "within": "5 s", "session": "session", "epoch": "epoch", "offset": "offset", "recovered": "recovered",
         "reason": "reason", "head": "head"}
RESUME = {"ask": {"query": {"stay": "yes"}}, "with": {"query": {"session": "{session}", "epoch": "{epoch}", "offset": "{offset}"}}}


class Session:
    def __init__(self, name, user, stay):
        self.name, self.user, self.stay = name, user, stay
        self.epoch, self.offset = 1, 0
        self.kept = []
        self.renumbered = False
        self.processed = {}
        self.socket = None


class SessionDesk:
    """`serve` is its handler. Fates of messages, by how many came so far (from 1): `lost` never worked on, `late` worked on but the answer
    is only kept, `sent` answered; behind each of these the connection breaks off. `ignored`: never worked on, and nothing breaks.
    """

    def __init__(self):
        self.sessions = {}
        self.handshakes = []
        self.received = []
        self.fates = {}
        self.break_replay_after = None
        self.withholds = set()
        self.deaf = False
        self.greets_last = False
        self._names = itertools.count(1)

    # what a test does to it

    def cut(self, user=None):
        """Breaks off the connections that are there; call it in the server's loop."""
        for session in self.sessions.values():
            if session.socket is not None and user in (None, session.user):
                session.socket.transport.abort()

    def forget_what_it_kept(self):
        for session in self.sessions.values():
            session.kept.clear()

    async def restart(self):
        """What it kept is gone, and it numbers anew; what it had not worked on it does now, while nobody is there."""
        for session in self.sessions.values():
            session.epoch, session.offset, session.kept, session.renumbered = session.epoch + 1, 0, [], True
            for message in [one for one in self.received if "n" in one and one["id"] not in session.processed]:
                await self.answer(session, message, deliver=False)

    # the wire

    async def serve(self, socket):
        said = {name: values[0] for name, values in parse_qs(urlsplit(socket.request.path).query).items()}
        self.handshakes.append({**said, "from": socket.remote_address[0], "host": socket.request.headers["Host"]})
        session, greeting, missed = self.session_for(said)
        session.socket = socket
        hello = json.dumps({"type": "hello", "session": session.name, "epoch": session.epoch, **greeting})
        if not self.greets_last:
            await socket.send(hello)
        for number, frame in enumerate(missed):
            if self.break_replay_after == number:
                self.break_replay_after = None
                socket.transport.abort()
                return
            if json.loads(frame)["offset"] not in self.withholds:
                await socket.send(frame)
        if self.greets_last:
            await socket.send(hello)
        with contextlib.suppress(ConnectionClosed):
            async for text in socket:
                if self.deaf:
                    socket.transport.pause_reading()
                    while self.deaf:  # noqa: ASYNC110 - the test says when
                        await asyncio.sleep(0.01)
                    socket.transport.abort()
                    return
                if await self.told(session, json.loads(text)):
                    socket.transport.abort()
                    return  # what came behind it in the same read is lost

    def session_for(self, said):
        """The session of a handshake, what its greeting says, and the frames that follow it."""
        asked = self.sessions.get(said.get("session"))
        if asked is None or asked.user != said["user"]:
            session = Session(f"s{next(self._names)}", said["user"], "stay" in said or "session" in said)
            if session.stay:
                self.sessions[session.name] = session
            reason = {"reason": "unknown_session"} if "session" in said else {}
            return session, {"offset": 0, "head": 0, "recovered": False, **reason}, []
        if asked.socket is not None:
            asked.socket.transport.abort()
        if asked.renumbered and int(said["epoch"]) == asked.epoch - 1:
            asked.renumbered = False
            return asked, {"offset": 0, "head": asked.offset, "recovered": False, "reason": "restarted"}, [frame for _, frame in asked.kept]
        offset, oldest = int(said["offset"]), asked.kept[0][0] if asked.kept else asked.offset + 1
        if int(said["epoch"]) != asked.epoch or offset + 1 < oldest:
            asked.epoch, asked.offset, asked.kept = asked.epoch + 1, 0, []
            return asked, {"offset": 0, "head": 0, "recovered": False, "reason": "too_far_behind"}, []
        missed = [frame for number, frame in asked.kept if number > offset]
        return asked, {"offset": offset, "head": asked.offset, "recovered": True}, missed

    async def told(self, session, message):
        """Deals with a message; True where the connection breaks off behind it."""
        self.received.append(message)
        fate = self.fates.pop(len(self.received), None)
        if fate in {"lost", "ignored"}:
            pass
        elif message["type"] == "state?":
            await self.push(session, {"type": "state", "request": message["request"], "pending": 0, "count": len(session.processed)})
        else:
            await self.answer(session, message, deliver=fate != "late")
        return fate not in {None, "ignored"}

    async def answer(self, session, message, *, deliver=True):
        known = message["id"] in session.processed
        session.processed.setdefault(message["id"], message["n"])
        await self.push(session, {"type": "known" if known else "answer", "id": message["id"], "n": message["n"]}, deliver=deliver)

    async def push(self, session, frame, *, deliver=True):
        session.offset += 1
        text = json.dumps({**frame, "offset": session.offset, "session": session.name, "epoch": session.epoch})
        if session.stay:
            session.kept.append((session.offset, text))
        if deliver and session.socket is not None:
            with contextlib.suppress(ConnectionClosed):  # whoever is away gets it later
                await session.socket.send(text)
