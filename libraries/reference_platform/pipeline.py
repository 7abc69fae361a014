"""The way of a message: decoded, claimed, admitted, run in a lane, applied by the agent, committed, answered.

Not replaceable: it only calls the ports in this order, and it alone writes the ledger. Nothing that was promised leaves before
the commit of what it promises. Ports whose methods may wait are asked without waiting as long as they are the correct ones.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Iterator
from time import monotonic
from typing import TYPE_CHECKING

from .errors import AgentFailedError
from .figures import Figures
from .lanes import Lanes
from .messages import Fields, Invalid, LatencyProbe, Question, Reply, UserMessage
from .policies.duplicates import ADMITTED, Claim
from .presence import Presence
from .questions import answer, probed
from .storage.ledger import ACCEPTED, AGENT, ANSWERED, DONE, DUPLICATE, PROCESSED, RECEIVED, REFUSED, STAGES
from .storage.transactions import FULL_BATCH, Transactions

if TYPE_CHECKING:
    from .connections.connection import Connection
    from .host import Host
    from .sessions.session import Session

FULL_ANSWERS = 128
"""Replies at which answers to questions cause a commit: they have no rows, and each may be 25 KB."""
AT_ONCE = RECEIVED | ACCEPTED | PROCESSED | ANSWERED
"""What is true of a message that waits for nothing."""
SETTLING = 0.1
"""Seconds that the answer to a close is put off, so that the replies to what came before it can leave."""

_log = logging.getLogger(__name__)


class Pipeline:
    """One per platform. Connections call ``receive``; lanes call ``process``; both fill the current transaction."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.policies = policies = host.policies
        self._claims_now = policies.duplicates.keeps("claim")
        self._agents = policies.agents
        self.lanes = Lanes(
            host, process_now=self._process_now if policies.agents.keeps("apply") else None, process=self._process, failed=self._failed
        )
        self.figures = Figures(host)
        self._presence = Presence(host, self.lanes)
        self.transactions = Transactions(host, self.figures, before=self.lanes.run, after=self._presence.forget_users)
        host.tell = self._tell
        host.transactions = self.transactions

    async def start(self) -> None:
        """Takes up what an earlier process left."""
        found = await self.policies.store.recover()
        self._presence.next_origin = found.next_origin
        self.transactions.begin(found.next_index)
        self.policies.audit.recovered(found.audit)
        self.policies.tokens.memory.recovered(found.tokens)
        self.policies.duplicates.recovered()
        self.policies.sessions.recovered(found.sessions)
        self.policies.streams.recovered(found.streams)
        for message in found.waiting:
            self.policies.inbox.put(message)
            self.lanes.offer(message.user)

    async def stop(self, *, patience: float) -> None:
        """Processes what waits for at most ``patience`` s and commits; what is left waits in the store."""
        self.policies.streams.stop()
        until = monotonic() + patience
        while self.lanes.are_moving and monotonic() < until:
            await self.transactions.committed()
        if not self.transactions.is_idle:
            await self.transactions.committed()
        self.lanes.stop()
        self.transactions.stop()

    # From a connection

    def opened(self, connection: Connection) -> None:
        """This connection is here from now on."""
        self._presence.opened(connection, self.transactions)

    def closed(self, connection: Connection) -> None:
        """Nothing more comes from this connection."""
        self._presence.closed(connection)

    async def settled(self, user: str) -> None:
        """Returns when nothing of this user is waiting or uncommitted, but not much later than :data:`SETTLING`."""
        until = monotonic() + SETTLING
        while self.lanes.is_moving(user) and monotonic() < until:
            await self.transactions.committed()
        await self.transactions.committed()

    def receive(self, payloads: Iterator[bytes], connection: Connection) -> Awaitable[object] | None:
        """TEXT messages of a connection, in order; the effects of each are in the batch before the next one is looked at.

        Takes as many as it can: None when that was all, else what must be awaited before it is called again for the rest.
        """
        transactions = self.transactions
        waiting = connection.relieved() if connection.is_stalled else transactions.room()
        if waiting is not None:
            return waiting
        decode, session, rows = connection.decode, connection.session, transactions.batch.rows
        at_once = self._claims_now and self.lanes.are_free_for(session.user)
        for payload in payloads:
            message = decode(payload)
            if not isinstance(message, tuple):  # a user message; to ask for that class itself takes ten times as long
                waiting = self._received(message, connection, at_once=at_once)
            elif isinstance(message, Invalid):
                self._invalid(message, session)
            elif isinstance(message, LatencyProbe):  # its answer claims nothing of the store
                self.policies.outbox.release([Reply(session, probed(message, self.host))])
                waiting = connection.relieved() if connection.is_stalled else None
            else:
                waiting = self._asked(message, session)
            if waiting is not None or len(rows) >= FULL_BATCH:
                transactions.touch()
                return waiting or transactions.room()
        transactions.touch()
        return None

    def _received(self, message: UserMessage, connection: Connection, *, at_once: bool) -> Awaitable[None] | None:
        """``at_once``: it need not wait in the inbox."""
        session = connection.session
        message.session, message.user = session, session.user
        if message.target_agents is not None and (unknown := self.policies.agents.unknown(message)):
            reason = f"the team has no agent {', '.join(unknown)}; configure_agents says who is in it"
            self._invalid(Invalid("unknown_agent", reason, message.message_id, message.attempt), session)
            return None
        if not self._claims_now:
            message.key = self.policies.duplicates.key(message)
            return self._claimed_later(message, connection)
        claim = self.policies.duplicates.claim_now(message, connection)
        if at_once and claim is ADMITTED:
            self._process_at_once(message, session)
        else:
            self._claimed(message, claim, session)
        return None

    async def _claimed_later(self, message: UserMessage, connection: Connection) -> None:
        self._claimed(message, await self.policies.duplicates.claim(message, connection), connection.session)
        self.transactions.touch()

    def _claimed(self, message: UserMessage, claim: Claim, session: Session) -> None:
        message.origin = session.origin
        transactions = self.transactions
        batch = transactions.batch
        if claim.answer is not None or not claim.admit:
            transactions.record(message, RECEIVED | DUPLICATE, 2)
            if claim.answer is not None:
                batch.replies.append(Reply(session, claim.answer))
        if not claim.admit:
            return
        message.reply = claim.reply
        refusal = self.policies.inbox.admit(message)
        if refusal is not None:
            self.policies.duplicates.release(message)
            transactions.record(message, RECEIVED | REFUSED, 2, reason=refusal["code"])
            self.policies.agents.refused(message.user)
            batch.replies.append(Reply(session, refusal))
            return
        self._accepted(message, session)
        self.lanes.offer(message.user)

    def _accepted(self, message: UserMessage, session: Session) -> None:
        transactions = self.transactions
        batch = transactions.batch
        message.index = index = transactions.next_index
        message.row = transactions.record(message, RECEIVED | ACCEPTED, 2)
        batch.admitted.append(message)
        batch.claims.append((message.key, index))
        batch.waiting[index] = message
        if message.acknowledge:
            batch.replies.append(Reply(session, self.policies.inbox.acceptance(message)))

    async def _asked(self, question: Question, session: Session) -> None:
        fields = await answer(question, session, self)
        replies = self.transactions.batch.replies
        replies.append(Reply(session, fields))
        self.transactions.touch()
        if len(replies) >= FULL_ANSWERS:
            await self.transactions.make_room()

    def _invalid(self, message: Invalid, session: Session) -> None:
        if message.message_id is not None:
            refused = UserMessage(message.message_id, "", "", attempt=message.attempt or 1)
            refused.origin = session.origin
            self.transactions.record(refused, RECEIVED | REFUSED, 2, reason=message.code)
        self.policies.agents.refused(session.user)
        self.transactions.batch.replies.append(Reply(session, message.answer()))

    def _tell(self, user: str, fields: Fields) -> None:
        for session in self.policies.sessions.open_sessions.values():
            if session.user == user:
                self.transactions.batch.replies.append(Reply(session, fields.copy()))
        self.transactions.touch()

    def _process_at_once(self, message: UserMessage, session: Session) -> None:
        """Accepted and processed in one step: the same as ``_accepted`` and then ``_process_now``, but for the way through the inbox."""
        started, agents = monotonic(), self._agents
        try:
            fields = agents.apply_now(message)
        except Exception as error:  # noqa: BLE001 - see _agent_failed
            message.origin = session.origin
            self._accepted(message, session)
            self._agent_failed(message, error)
            return
        transactions = self.transactions
        batch = transactions.batch
        index = transactions.next_index
        transactions.next_index = index + 4
        batch.rows.append([
            index, session.origin, message.message_id, message.attempt, message.sequence_id,
            message.digest, agents.name, AT_ONCE, index + 2, None,
        ])  # fmt: skip
        batch.admitted.append(message)
        batch.claims.append((message.key, index))
        batch.agents[agents.state(message.user)] = None
        if message.acknowledge:
            batch.replies.append(Reply(session, self.policies.inbox.acceptance(message)))
        fields["processing_time"] = monotonic() - started
        batch.replies.append(Reply(session, fields, message.priority))
        if session.context is not None:
            batch.remember(session.context, message, fields)

    # In a lane

    def _process_now(self, message: UserMessage) -> None:
        """Lets the agent handle a message; its change, its ledger stages and its reply are in one transaction.

        An agent that fails leaves no trace but the refusal: the id is free again, and the next message has its turn.
        """
        started = monotonic()
        try:
            fields = self.policies.agents.apply_now(message)
        except Exception as error:  # noqa: BLE001 - see _agent_failed
            self._agent_failed(message, error)
        else:
            self._processed(message, fields, started)

    async def _process(self, message: UserMessage) -> None:
        """The same where the agent may wait."""
        started = monotonic()
        try:
            fields = await self.policies.agents.apply(message)
        except Exception as error:  # noqa: BLE001 - see _agent_failed
            self._agent_failed(message, error)
        else:
            self._processed(message, fields, started)

    def _processed(self, message: UserMessage, fields: Fields, started: float) -> None:
        agents, transactions = self.policies.agents, self.transactions
        batch, row = transactions.batch, message.row
        batch.waiting.pop(message.index, None)
        batch.agents[agents.state(message.user)] = None
        session = message.session
        if session is not None and session.context is not None:
            batch.remember(session.context, message, fields)
        stages = PROCESSED
        if message.reply:
            stages |= ANSWERED
            fields["processing_time"] = monotonic() - started
            if session is not None:
                batch.replies.append(Reply(session, fields, message.priority))
        if row is None or message.index < batch.first_index:
            row = transactions.record(message, 0, 0)
            if message.index:
                batch.taken.append(message.index)
        row[AGENT] = agents.name
        row[STAGES] |= stages
        row[DONE] = transactions.next_index
        transactions.next_index += 2
        transactions.touch()

    def _agent_failed(self, message: UserMessage, error: Exception) -> None:
        """An agent may do anything, and the platform goes on."""
        if not isinstance(error, AgentFailedError):
            _log.error("an agent could not handle message %s of %s", message.message_id, message.user, exc_info=error)
        self._failed(message)

    def _failed(self, message: UserMessage) -> None:
        self.figures.failed += 1
        transactions = self.transactions
        batch = transactions.batch
        batch.released.append(message.index)
        batch.waiting.pop(message.index, None)
        if message.index >= batch.first_index:
            batch.admitted.remove(message)
            batch.claims.remove((message.key, message.index))
        else:
            batch.taken.append(message.index)
        self.policies.duplicates.release(message)
        self.policies.agents.refused(message.user)
        transactions.record(message, REFUSED, 1, reason="processing_failed")
        if message.session is not None:
            fields = {
                "type": "error", "code": "processing_failed", "message_id": message.message_id, "attempt": message.attempt,
                "message": "the agent failed and nothing was changed; the message may be sent again",
            }  # fmt: skip
            batch.replies.append(Reply(message.session, fields))
        transactions.touch()
