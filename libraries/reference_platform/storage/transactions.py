"""When what happened becomes durable: the transaction that is being filled, its end, and what may leave after it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TYPE_CHECKING

from .batch import Batch
from .ledger import Row

if TYPE_CHECKING:
    from reference_platform.figures import Figures
    from reference_platform.host import Host
    from reference_platform.messages import UserMessage
    from reference_platform.sessions.session import Session
    from reference_platform.streaming.stream import Stream

FULL_BATCH = 512
"""Rows at which a batch is committed before its time and nothing more is received until it is: a larger one would stall the loop,
and messages accepted faster than they are run would cost a second row each."""


class Transactions:
    """One after the other; only here the store is written and replies are released."""

    def __init__(self, host: Host, figures: Figures, *, before: Callable[[], None], after: Callable[[Transactions], None]) -> None:
        """``before`` does what can be done at once before a transaction is closed, ``after`` what had to wait for its commit."""
        self.batch = Batch(1)
        self.next_index = 1
        """First free ledger index."""
        self._host = host
        self._policies = host.policies
        self._figures = figures
        self._before, self._after = before, after
        self._commits_now = host.policies.store.keeps("commit")
        self._due = False
        self._under_way = False
        self._stopped = False
        self._room = asyncio.Event()
        self._room.set()
        self._last_commit = 0.0

    @property
    def is_idle(self) -> bool:
        """Nothing is being committed and nothing is there to be."""
        return self.batch.is_empty and not self._under_way

    def begin(self, next_index: int) -> None:
        """Ledger indexes go on from what the store has."""
        self.next_index = next_index
        self.batch = Batch(next_index)

    def stop(self) -> None:
        """Nothing is committed any more."""
        self._stopped = True

    def record(self, message: UserMessage, stages: int, width: int, *, reason: str | None = None) -> Row:
        """Appends a ledger row whose first stages take ``width`` indexes."""
        index = self.next_index
        self.next_index = index + width
        row: Row = [
            index, message.origin, message.message_id, message.attempt, message.sequence_id,
            message.digest, None, stages, None, reason,
        ]  # fmt: skip
        self.batch.rows.append(row)
        return row

    def session_changed(self, session: Session) -> None:
        """This resumable session is to be stored as it is when its transaction is written."""
        self.batch.sessions[session] = None
        self.touch()

    def session_ended(self, session: Session) -> None:
        """Nothing of this session stays in the store."""
        self.batch.sessions.pop(session, None)
        self.batch.ended.append(session.id)
        self.touch()

    def stream_changed(self, stream: Stream) -> None:
        """This stream of a resumable session is to be stored as it is when its transaction is written."""
        self.batch.streams[stream] = None
        self.touch()

    def touch(self) -> None:
        """There is something to commit: at the end of this turn if the last commit is long enough ago, else when it is."""
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._host.guard, self._turn_ended)

    def room(self) -> Awaitable[object] | None:
        """None while more may be received; a full batch is committed first, and what is returned must be awaited."""
        if not self._room.is_set():
            return self._room.wait()
        return self.make_room() if len(self.batch.rows) >= FULL_BATCH else None

    def make_room(self) -> Awaitable[object]:
        """Commits what is there; what is returned must be awaited before more is received."""
        self._commit()
        if self._under_way:
            self._room.clear()
            return self._room.wait()
        return asyncio.sleep(0)

    async def committed(self) -> None:
        """Returns when everything that is in the batch now is durable and its replies were released."""
        if self.batch.done is None:
            self.batch.done = asyncio.get_running_loop().create_future()
        self.touch()
        await asyncio.shield(self.batch.done)

    def _turn_ended(self) -> None:
        wait = self._last_commit + self._host.config.commit_interval - monotonic()
        if wait <= 0 or len(self.batch.rows) >= FULL_BATCH:
            self._commit()
        else:
            asyncio.get_running_loop().call_later(wait, self._host.guard, self._commit)

    def _commit(self) -> None:
        if self._under_way or self._stopped or not self._due:
            return
        self._before()
        batch = self._close()
        if not batch.is_durable:
            self._committed(batch)
        elif self._commits_now:
            begun = monotonic()
            self._policies.store.commit_now(batch)
            self._figures.committed(batch.rows, monotonic() - begun)
            self._committed(batch)
        else:
            self._under_way = True
            self._host.spawn(self._commit_slowly(batch))

    async def _commit_slowly(self, batch: Batch) -> None:
        begun = monotonic()
        await self._policies.store.commit(batch)
        self._figures.committed(batch.rows, monotonic() - begun)
        self._under_way = False
        self._committed(batch)
        if self._due:
            self._turn_ended()

    def _close(self) -> Batch:
        """Takes the batch for its commit; from here on another one is filled."""
        batch = self.batch
        self.batch = Batch(self.next_index)
        self._due = False
        batch.time = self._host.clock.now()
        batch.forget_before = batch.time - self._policies.duplicates.window
        return batch

    def _committed(self, batch: Batch) -> None:
        """It is durable: what it claims may leave."""
        if batch.admitted:
            self._policies.duplicates.committed(batch.admitted)
        self._last_commit = monotonic()
        self._policies.outbox.release(batch.replies)
        if batch.outbound.spoken:
            self._policies.outbox.spoken(batch.outbound.spoken)
        self._room.set()
        self._after(self)
        if batch.done is not None:
            batch.done.set_result(None)
