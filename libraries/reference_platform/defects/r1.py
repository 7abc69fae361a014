"""R1: sequential processing. Messages are answered out of order, not at all, twice, or wrongly."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

from reference_platform.messages import Fields, Reply, StateQuery, UserMessage
from reference_platform.policies import Agents, Codec, Outbox, Workers
from reference_platform.policies.workers import Process
from reference_platform.registry import defect
from reference_platform.sessions.session import Session

if TYPE_CHECKING:
    from reference_platform.host import Host


def _is_answer(reply: Reply) -> bool:
    return bool(reply.fields["type"] == "ai_response")


@defect("r1_swap_adjacent")
class SwappedOnce(Outbox):
    """Swaps one answer with the next one of its session, once in the life of the process, among the first 20 answers."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.answers_left = host.random.randint(1, 19)
        self.kept: Reply | None = None

    def release(self, replies: list[Reply]) -> None:
        """Keeps the chosen answer back until the next one of the same session was sent."""
        leaving: list[Reply] = []
        for reply in replies:
            if _is_answer(reply):
                self.answers_left -= 1
                if self.answers_left == 0:
                    self.kept = reply
                    continue
            leaving.append(reply)
            if self.kept is not None and _is_answer(reply) and reply.session is self.kept.session:
                leaving.append(self.kept)
                self.kept = None
        super().release(leaving)


@defect("r1_reorder_1in500")
class RareReordering(Outbox):
    """With more than 64 messages of a session in flight, one answer in 500 is overtaken by the next."""

    def release(self, replies: list[Reply]) -> None:
        """In flight are the unanswered messages: those of this commit and those that still wait."""
        answers = Counter(reply.session for reply in replies if _is_answer(reply))
        waiting = self.host.policies.inbox.depth
        loaded = {session for session, count in answers.items() if count + waiting(session.user) > 64}
        if loaded:
            self._swap(replies, loaded)
        super().release(replies)

    def _swap(self, replies: list[Reply], loaded: set[Session]) -> None:
        last: dict[Session, int] = {}
        for place, reply in enumerate(replies):
            if reply.session not in loaded or not _is_answer(reply):
                continue
            before = last.get(reply.session)
            last[reply.session] = place
            if before is not None and self.host.random.random() < 1 / 500:
                replies[before], replies[place] = reply, replies[before]


@defect("r1_drop_every_n")
class EverySoManyDropped(Workers):
    """Every 997th accepted message is silently not processed."""

    taken = 0

    async def run(self, message: UserMessage, process: Process) -> None:
        """Forgets to let the agent handle the 997th, 1994th, … message."""
        self.taken += 1
        if self.taken % 997:
            await super().run(message, process)


@defect("r1_drop_last")
class LastOneDropped(Workers):
    """A message whose connection is closing when its turn comes, with none behind it, is thrown away."""

    patience = 0.005

    async def run(self, message: UserMessage, process: Process) -> None:
        """Looks a moment later whether the client is still there, but only when this message is the last one that waits."""
        session = message.session
        if session is not None and not self.host.policies.inbox.depth(message.user):
            await asyncio.sleep(self.patience)
            if session.connection.is_ending and not self.host.policies.inbox.depth(message.user):
                return
        await super().run(message, process)


@defect("r1_dup_reply")
class AnsweredTwice(Outbox):
    """One answer in 300 is sent twice."""

    def release(self, replies: list[Reply]) -> None:
        """The second copy has an offset of its own, as anything that is sent."""
        leaving: list[Reply] = []
        for reply in replies:
            leaving.append(reply)
            if _is_answer(reply) and self.host.random.random() < 1 / 300:
                leaving.append(Reply(reply.session, dict(reply.fields)))
        super().release(leaving)


@defect("r1_wrong_correlation")
class NeighboursId(Agents):
    """One answer in 100 carries the id of the message before it."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.previous: dict[str, str] = {}

    async def apply(self, message: UserMessage) -> Fields:
        """Everything but the id in the reply is right."""
        reply = await super().apply(message)
        neighbour = self.previous.get(message.user)
        self.previous[message.user] = message.message_id
        if neighbour is not None and self.host.random.random() < 1 / 100:
            reply["message_id"] = neighbour
        return reply


@defect("r1_seq_off_by_one")
class SequenceOffByOne(Agents):
    """The state names the next sequence number as the last one."""

    async def snapshot(self, query: StateQuery, user: str, pending: int) -> Fields:
        """One too many, once there is one."""
        fields = await super().snapshot(query, user, pending)
        if fields["last_sequence_id"] is not None:
            fields["last_sequence_id"] += 1
        return fields


@defect("r1_concurrent_handlers")
class TaskPerMessage(Workers):
    """Each message runs in a task of its own, for 0 to 5 ms more than its work, so that they overtake each other."""

    async def run(self, message: UserMessage, process: Process) -> None:
        """Returns at once; the next message of the same user starts."""
        self.host.spawn(self._later(message, process))

    async def _later(self, message: UserMessage, process: Process) -> None:
        await asyncio.sleep(self.pace(message) + self.host.random.uniform(0, 0.005))
        await process(message)


@defect("r1_truncate_64k")
class Truncated(Codec):
    """Content beyond 65 535 bytes is cut off, silently."""

    def user_message(self, fields: dict[str, Any]) -> Any:
        """Digest and length in the answer are those of the cut content."""
        content = fields.get("content")
        if type(content) is str and len(content) > 16_000:
            fields["content"] = content.encode()[:65_535].decode(errors="ignore")
        return super().user_message(fields)


