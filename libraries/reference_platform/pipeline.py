"""The way of a message: decoded, claimed, admitted, run by a worker, applied by the agent, committed, answered.

Not replaceable: it only calls the ports in this order, and it alone writes ledger and transaction. Nothing that was promised
leaves before the commit of what it promises.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING

from .batch import Batch
from .errors import AgentFailedError
from .figures import Figures
from .ledger import ACCEPTED, AGENT, ANSWERED, DONE, DUPLICATE, PROCESSED, RECEIVED, REFUSED, STAGES, Row
from .messages import Fields, Invalid, LatencyProbe, Question, Reply, UserMessage
from .questions import answer, probed

if TYPE_CHECKING:
    from .connection import Connection
    from .host import Host
    from .session import Session

FULL_BATCH = 512
"""Rows at which a batch is committed before its time and nothing more is received until it is: a larger one would stall the loop,
and messages accepted faster than they are run would cost a second row each."""
FULL_ANSWERS = 128
"""The same for replies where questions are among them: answers have no rows, and each may be 25 KB."""
SETTLING = 0.1
"""Seconds that the answer to a close is put off, so that the replies to what came before it can leave."""
TURN = 512
"""Messages after which a lane lets others run."""

_log = logging.getLogger(__name__)


class Pipeline:
    """One per platform. Consumers (one per connection) call ``receive``; lanes run messages; one committer commits."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.policies = host.policies
        self.figures = Figures(host)
        host.tell = self._tell
        self.batch = Batch(1)
        self.running: dict[str, int] = {}
        """Messages being worked on, by user."""
        self.held: set[str] = set()
        self.all_held = False
        self._parked: set[str] = set()
        self._present: dict[str, int] = {}
        self._left: set[str] = set()
        self._active: set[str] = set()
        self._next_index = 1
        self._next_origin = 1
        self._idle: deque[asyncio.Future[None]] = deque()
        self._waking = False
        self._due = False
        self._commit_now = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._last_commit = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Takes up what an earlier process left, then runs lanes and committer."""
        found = await self.policies.store.recover()
        self._next_index, self._next_origin = found.next_index, found.next_origin
        self.batch = Batch(self._next_index)
        self.policies.duplicates.recovered()
        for message in found.waiting:
            self.policies.inbox.put(message)
            self._offer(message.user)
        self._tasks = [self.host.spawn(self._commit_forever())]
        self._tasks += [self.host.spawn(self._lane()) for _ in range(self.host.config.max_concurrent_messages)]

    async def stop(self, *, patience: float) -> None:
        """Processes what waits for at most ``patience`` s and commits; what is left waits in the store."""
        until = monotonic() + patience
        while self._active - self._parked and not self.all_held and monotonic() < until:
            await self.committed()
        if not self.batch.is_empty:
            await self.committed()
        for task in self._tasks:
            task.cancel()

    # From a connection

    def opened(self, session: Session) -> None:
        """Notes a new origin; its number stands in every ledger row of this connection."""
        session.origin = self._next_origin
        self._next_origin += 1
        self.host.connections[session.connection_id] = session.connection
        self._present[session.user] = self._present.get(session.user, 0) + 1
        self.batch.origins.append((session.origin, session.user, session.id, session.connection_id))
        self._touch()

    def closed(self, session: Session) -> None:
        """Nothing more comes from this connection. Its user's agent leaves the memory when nothing needs it any more."""
        del self.host.connections[session.connection_id]
        self._present[session.user] -= 1
        if not self._present[session.user]:
            del self._present[session.user]
            self._left.add(session.user)

    async def receive(self, payloads: list[bytes], connection: Connection) -> None:
        """TEXT messages of a connection, in order; the effects of each are in the batch before the next one is looked at."""
        decode, session = self.policies.codec.decode, connection.session
        for payload in payloads:
            while not self._room.is_set():
                await self._room.wait()
            if connection.is_stalled:
                await connection.relieved()
            message = decode(payload)
            if isinstance(message, UserMessage):
                await self._claim(message, connection)
            elif isinstance(message, Invalid):
                self._invalid(message, session)
            elif isinstance(message, LatencyProbe):  # its answer claims nothing of the store
                self.policies.outbox.release([Reply(session, probed(message, self.host))])
            else:
                await self._answer(message, session)
            if not self._due:
                self._touch()
            elif len(self.batch.rows) >= FULL_BATCH:
                self._room.clear()
                self._commit_now.set()

    async def _answer(self, question: Question, session: Session) -> None:
        fields = await answer(question, session.user, self)
        replies = self.batch.replies
        replies.append(Reply(session, fields))
        if len(replies) >= FULL_ANSWERS:
            self._room.clear()
            self._commit_now.set()

    async def _claim(self, message: UserMessage, connection: Connection) -> None:
        session = connection.session
        message.session, message.user, message.origin = session, session.user, session.origin
        if message.target_agents is not None and (unknown := self.policies.agents.unknown(message)):
            reason = f"the team has no agent {', '.join(unknown)}; configure_agents says who is in it"
            self._invalid(Invalid("unknown_agent", reason, message.message_id, message.attempt), session)
            return
        claim = await self.policies.duplicates.claim(message, connection)
        if claim.answer is not None or not claim.admit:
            self._record(message, RECEIVED | DUPLICATE, 2)
            if claim.answer is not None:
                self.batch.replies.append(Reply(session, claim.answer))
        if not claim.admit:
            return
        message.reply = claim.reply
        refusal = self.policies.inbox.admit(message)
        if refusal is not None:
            self.policies.duplicates.release(message)
            self._record(message, RECEIVED | REFUSED, 2, reason=refusal["code"])
            self.policies.agents.refused(message.user)
            self.batch.replies.append(Reply(session, refusal))
            return
        batch = self.batch
        message.index = self._next_index
        message.row = self._record(message, RECEIVED | ACCEPTED, 2)
        batch.claims.append((claim.key, message.index))
        batch.admitted.append(message)
        if message.acknowledge:
            batch.replies.append(Reply(session, self.policies.inbox.acceptance(message)))
        if message.user not in self._active:
            self._offer(message.user)

    def _invalid(self, message: Invalid, session: Session) -> None:
        if message.message_id is not None:
            refused = UserMessage(message.message_id, "", "", attempt=message.attempt or 1, origin=session.origin)
            self._record(refused, RECEIVED | REFUSED, 2, reason=message.code)
        self.policies.agents.refused(session.user)
        fields: Fields = {"type": "error", "code": message.code, "message": message.reason}
        for name in ("message_id", "attempt", "request_id"):
            if (value := getattr(message, name)) is not None:
                fields[name] = value
        self.batch.replies.append(Reply(session, fields))

    # Work

    async def process(self, message: UserMessage) -> None:
        """Lets the agent handle a message; its change, its ledger stages and its reply are in one transaction.

        An agent that fails leaves no trace but the refusal: the id is free again, and the next message has its turn.
        """
        agents = self.policies.agents
        started = monotonic()
        try:
            fields = await agents.apply(message)
        except AgentFailedError:
            self._failed(message)
            return
        except Exception:  # noqa: BLE001 - an agent may do anything, and the platform goes on
            _log.exception("an agent could not handle message %s of %s", message.message_id, message.user)
            self._failed(message)
            return
        batch = self.batch
        batch.agents[agents.state(message.user)] = None
        stages = PROCESSED
        if message.reply:
            stages |= ANSWERED
            fields["processing_time"] = monotonic() - started
            if message.session is not None:
                batch.replies.append(Reply(message.session, fields, message.priority))
        row = message.row
        if row is None or message.index < batch.first_index:
            row = self._record(message, 0, 0)
            if message.index:
                batch.taken.append(message.index)
        row[AGENT] = agents.name
        row[STAGES] |= stages
        row[DONE] = self._next_index
        self._next_index += 2
        if not self._due:
            self._touch()

    def _failed(self, message: UserMessage) -> None:
        self.figures.failed += 1
        batch = self.batch
        batch.released.append(message.index)
        if message.index >= batch.first_index:
            batch.admitted.remove(message)
        else:
            batch.taken.append(message.index)
        self.policies.duplicates.release(message)
        self.policies.agents.refused(message.user)
        self._record(message, REFUSED, 1, reason="processing_failed")
        if message.session is not None:
            fields = {
                "type": "error", "code": "processing_failed", "message_id": message.message_id, "attempt": message.attempt,
                "message": "the agent failed and nothing was changed; the message may be sent again",
            }  # fmt: skip
            batch.replies.append(Reply(message.session, fields))
        self._touch()

    async def _lane(self) -> None:
        inbox, workers, running, process = self.policies.inbox, self.policies.workers, self.running, self.process
        count = 0
        while True:
            while not self.all_held and (user := workers.next_user()) is not None:
                if user in self.held:
                    self._parked.add(user)
                    continue
                if self._idle and not self._waking and workers.has_more():
                    self._wake_lane()
                message = inbox.take(user)
                if message is not None:
                    running[user] = 1
                    try:
                        await workers.run(message, process)
                    except AgentFailedError:
                        self._failed(message)
                    del running[user]
                if inbox.depth(user):
                    workers.offer(user)
                else:
                    self._active.discard(user)
                count += 1
                if count % TURN == 0:
                    await asyncio.sleep(0)
            woken = asyncio.get_running_loop().create_future()
            self._idle.append(woken)
            await woken
            self._waking = False

    def _offer(self, user: str) -> None:
        self._active.add(user)
        self.policies.workers.offer(user)
        if self._idle and not self._waking:
            self._wake_lane()

    def _wake_lane(self) -> None:
        self._waking = True
        self._idle.popleft().set_result(None)

    def hold(self, user: str | None) -> None:
        """From now on nothing of this user (None: of anybody) is taken from the inbox."""
        if user is None:
            self.all_held = True
        else:
            self.held.add(user)

    def release(self, user: str | None) -> None:
        """Ends the hold of this user (None: all holds)."""
        if user is None:
            self.all_held = False
            self.held.clear()
        else:
            self.held.discard(user)
        for parked in self._parked - self.held:
            self._parked.discard(parked)
            self.policies.workers.offer(parked)
        if self._idle and not self._waking:
            self._wake_lane()

    def _tell(self, user: str, fields: Fields) -> None:
        for session in self.policies.sessions.open_sessions.values():
            if session.user == user:
                self.batch.replies.append(Reply(session, fields.copy()))
        self._touch()

    # The transaction

    def _record(self, message: UserMessage, stages: int, width: int, *, reason: str | None = None) -> Row:
        """Appends a ledger row whose first stages take ``width`` indexes."""
        index = self._next_index
        self._next_index = index + width
        batch = self.batch
        row: Row = [
            index, message.origin, message.message_id, message.attempt, message.sequence_id,
            message.digest, None, stages, None, reason,
        ]  # fmt: skip
        batch.rows.append(row)
        return row

    async def committed(self) -> None:
        """Returns when everything that is in the batch now is durable and its replies were released."""
        if self.batch.done is None:
            self.batch.done = asyncio.get_running_loop().create_future()
        self._touch()
        await asyncio.shield(self.batch.done)

    async def settled(self, user: str) -> None:
        """Returns when nothing of this user is waiting or uncommitted, but not much later than :data:`SETTLING`."""
        until = monotonic() + SETTLING
        while user in self._active and not self.all_held and user not in self._parked and monotonic() < until:
            await self.committed()
        await self.committed()

    def _touch(self) -> None:
        """There is something to commit: at the end of this turn if the last commit is long enough ago, else when it is."""
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._turn_ended)

    def _turn_ended(self) -> None:
        wait = self._last_commit + self.host.config.commit_interval - monotonic()
        if wait <= 0 or len(self.batch.rows) >= FULL_BATCH:
            self._commit_now.set()
        else:
            asyncio.get_running_loop().call_later(wait, self._commit_now.set)

    async def _commit_forever(self) -> None:
        while True:
            await self._commit_now.wait()
            self._commit_now.clear()
            if self._due:
                await self._commit()

    async def _commit(self) -> None:
        policies, batch = self.policies, self.batch
        self.batch = Batch(self._next_index)
        self._due = False
        batch.waiting = [message for message in batch.admitted if not (message.row and message.row[STAGES] & PROCESSED)]
        batch.time = self.host.clock.now()
        batch.forget_before = batch.time - policies.duplicates.window
        if batch.is_durable:
            begun = monotonic()
            await policies.store.commit(batch)
            self.figures.committed(batch.rows, monotonic() - begun)
        if batch.admitted:
            policies.duplicates.committed(batch.admitted)
        self._last_commit = monotonic()
        policies.outbox.release(batch.replies)
        self._room.set()
        if self._left:
            self._forget_users()
        if batch.done is not None:
            batch.done.set_result(None)

    def _forget_users(self) -> None:
        """Right after a commit: agents of users who left, have nothing waiting and no uncommitted change."""
        changed = {state.user for state in self.batch.agents}
        for user in self._left - self._active - changed:
            self._left.discard(user)
            if user not in self._present:
                self.policies.agents.forget(user)
