"""Who is worked for, and when: up to ``max_concurrent_messages`` messages at a time, never two of one user.

Work that waits for nothing is done in place, at the end of a turn of the loop; work that takes time has a task of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from .errors import AgentFailedError

if TYPE_CHECKING:
    from .host import Host
    from .messages import UserMessage

TURN = 512
"""Messages after which others of the loop have their turn."""


class Lanes:
    """Takes users from the Workers and messages from the Inbox, and has each message processed."""

    def __init__(
        self,
        host: Host,
        *,
        process_now: Callable[[UserMessage], None] | None,
        process: Callable[[UserMessage], Awaitable[None]],
        failed: Callable[[UserMessage], None],
    ) -> None:
        """``process_now`` is absent where the agents may wait."""
        self.running: dict[str, int] = {}
        """Messages being worked on, by user."""
        self.held: set[str] = set()
        self.all_held = False
        self._host = host
        self._inbox, self._workers = host.policies.inbox, host.policies.workers
        self._process, self._failed = process, failed
        self._process_now = process_now if self._workers.keeps("run", "pace") else None
        self._may_skip = self._process_now is not None and self._inbox.is_correct and self._workers.is_correct
        self._parked: set[str] = set()
        self._active: set[str] = set()
        self._free = host.config.max_concurrent_messages
        self._is_coming = False
        self._tasks: set[asyncio.Task[None]] = set()

    def are_free_for(self, user: str) -> bool:
        """Whether a message that has just come would be worked on now, since nothing of its user waits or is held and it takes no time.

        It need not enter the inbox then, nor need those that follow it without a pause. Where inbox or workers are not the correct
        ones, every message does.
        """
        return (
            self._may_skip and user not in self._active and self._free > 0
            and not self.all_held and user not in self.held and not self._workers.seconds(user)
        )  # fmt: skip

    def offer(self, user: str) -> None:
        """Messages of this user wait; nothing happens if that is known."""
        if user not in self._active:
            self._active.add(user)
            self._workers.offer(user)
            self._come()

    def is_active(self, user: str) -> bool:
        """Whether messages of this user wait or are worked on."""
        return user in self._active

    def is_moving(self, user: str) -> bool:
        """Whether messages of this user wait or are worked on, and nothing holds them."""
        return user in self._active and not self.all_held and user not in self._parked

    @property
    def are_moving(self) -> bool:
        """The same for anybody."""
        return bool(self._active - self._parked) and not self.all_held

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
            self._workers.offer(parked)
        self._come()

    def run(self) -> None:
        """Gives each message that can be worked on now to its lane, at most :data:`TURN` of them."""
        inbox, workers, process_now = self._inbox, self._workers, self._process_now
        for _ in range(TURN):
            if not self._free or self.all_held or (user := workers.next_user()) is None:
                return
            if user in self.held:
                self._parked.add(user)
                continue
            message = inbox.take(user)
            if message is not None:
                if process_now is None or workers.pace(message):
                    self._free -= 1
                    self.running[user] = 1
                    self._start(message)
                    continue
                process_now(message)
            if inbox.depth(user):
                workers.offer(user)
            else:
                self._active.discard(user)
        self._come()

    def _come(self) -> None:
        """Runs at the end of this turn of the loop."""
        if not self._is_coming:
            self._is_coming = True
            asyncio.get_running_loop().call_soon(self._host.guard, self._came)

    def _came(self) -> None:
        self._is_coming = False
        self.run()

    def stop(self) -> None:
        """Nothing is taken any more, and what is being worked on is given up."""
        self.all_held = True
        for task in self._tasks:
            task.cancel()

    def _start(self, message: UserMessage) -> None:
        task = self._host.spawn(self._run(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, message: UserMessage) -> None:
        user = message.user
        try:
            await self._workers.run(message, self._process)
        except AgentFailedError:
            self._failed(message)
        del self.running[user]
        self._free += 1
        if self._inbox.depth(user):
            self._workers.offer(user)
        else:
            self._active.discard(user)
        self._come()
