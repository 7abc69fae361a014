"""What is taken for lost while a phase runs: only what was sent before the target said that it has nothing to do."""

import asyncio
from time import monotonic

import pytest
from websockets.protocol import State

from Lockstep.engine.load.plan import Command, Door, Plan
from Lockstep.engine.load.shard import _Shard
from Lockstep.targets import load_target


class Socket:
    """Takes everything."""

    def __init__(self):
        self.written = 0

    def write(self, data):
        self.written += 1


@pytest.fixture
def silent():
    """A shard whose only connection has sent a message and heard nothing for ten seconds."""
    async def made():
        file = load_target("reference")
        doors = (Door(number=0, user="user", prefix="r.0.", url="ws://127.0.0.1:1/ws"),)
        shard = _Shard(Command(plan=Plan(connections=1, window=1, seconds=60), doors=doors, file=file.file, path=str(file.path)), print, None)
        lane = shard._lanes[0]
        lane.transport, lane._protocol.state = Socket(), State.OPEN
        shard._begun = monotonic() - 10
        send(lane)
        return shard, lane

    return asyncio.run(made())


def send(lane):
    number = lane.tally.sent
    lane.tally.waiting[f"r.0.{number}"] = (number, False, 1.0, 1.0)
    lane.tally.sent += 1


def test_a_message_sent_after_the_question_is_not_lost_by_its_answer(silent):
    shard, lane = silent
    shard._look_for_losses()
    assert lane.transport.written == 1
    lane.tally.target_is_idle = True
    send(lane)
    shard._look_for_losses()
    assert (lane.tally.lost, lane.transport.written) == (0, 2)


def test_what_was_sent_before_the_question_is_lost_by_its_answer(silent):
    shard, lane = silent
    shard._look_for_losses()
    lane.tally.target_is_idle = True
    shard._look_for_losses()
    assert (lane.tally.lost, lane.transport.written, lane.tally.waiting) == (1, 1, {})


def test_it_is_asked_again_only_after_an_answer(silent):
    shard, lane = silent
    for _ in range(3):
        shard._look_for_losses()
    assert lane.transport.written == 1
    lane.tally.target_is_idle = False
    shard._look_for_losses()
    assert (lane.tally.lost, lane.transport.written) == (0, 2)
