"""From where absence may be judged: reached by a fence, by the hang guard, and remembered."""

import asyncio
import json
from time import monotonic

import pytest

from Lockstep.checks.events import Kind
from Lockstep.engine.barrier import QUIET_AT_LEAST, settle
from Lockstep.engine.schedule import Schedule
from Lockstep.engine.sending import Plan


class Agent:
    """Answers what it is told to answer; says how many messages are pending, or nothing of it."""

    def __init__(self, *, lose=(), pending=(0,), slow=0.0):
        self.lose, self.pending, self.slow, self.asked = lose, list(pending), slow, 0

    async def __call__(self, socket):
        await socket.send('{"type": "hello"}')
        number = 0
        async for data in socket:
            frame = json.loads(data)
            if frame["type"] == "chat":
                if number not in self.lose:
                    await asyncio.sleep(self.slow)
                    await socket.send(json.dumps({"type": "answer", "id": frame["id"], "n": frame["n"]}))
                number += 1
            else:
                self.asked += 1
                pending = self.pending.pop(0) if len(self.pending) > 1 else self.pending[0]
                await socket.send(json.dumps({"type": "state", "request": frame["request"], "pending": pending}))


@pytest.fixture
def story(engine, peers, desk, connect):
    def tell(agent, *, fence="agent_state", guard=30.0, messages=5):
        alice = connect(desk(peers.websocket(agent)))
        engine.run(alice.send_burst(Plan(Schedule(messages), lambda number: f"text {number}")))
        return alice, engine.run(settle(alice, fence=fence, since=0, guard=guard))

    return tell


def test_everything_answered_and_the_fence_behind_it(story):
    agent = Agent()
    _alice, settled = story(agent)
    assert (settled.reached, settled.how) == (True, "every attempt was answered")
    assert agent.asked == 1


def test_a_lost_message_does_not_hold_the_fence(story):
    _alice, settled = story(Agent(lose={2, 4}))
    assert (settled.reached, settled.how) == (True, "the target has nothing left to do; 2 attempts stay unanswered")


def test_a_busy_target_is_asked_until_it_is_idle(story):
    agent = Agent(lose={4}, pending=[3, 1, 0])
    _alice, settled = story(agent)
    assert settled.reached
    assert agent.asked == 3


def test_answers_alone_are_not_enough_while_the_target_still_works(story):
    agent = Agent(pending=[2, 0])
    _alice, settled = story(agent)
    assert settled.how == "every attempt was answered"
    assert agent.asked == 2


def test_the_hang_guard_ends_the_wait_for_a_target_that_never_gets_idle(story):
    _alice, settled = story(Agent(lose={4}, pending=[1]), guard=0.7)
    assert (settled.reached, settled.how) == (False, "the hang guard of 0.7 s ended the wait; 1 attempts were unanswered")


def test_a_wait_that_was_given_up_ends_the_history(story):
    alice, _settled = story(Agent(lose={4}, pending=[1]), guard=0.7)
    marks = [event for event in alice.connection.journal.events if event.kind is Kind.MARK]
    assert [mark.details for mark in marks] == [{"waited": "the hang guard of 0.7 s ended the wait; 1 attempts were unanswered"}]
    last = max(event.time for event in alice.connection.journal.events if event.kind is Kind.REPLY)
    assert marks[0].time - last >= 0.6, "a standstill is measured up to here"


def test_a_slow_target_does_not_hang_as_long_as_it_answers(story):
    _alice, settled = story(Agent(slow=0.3, pending=[None]), guard=0.7)
    assert (settled.reached, settled.how) == (True, "every attempt was answered")


@pytest.mark.parametrize("pending", [None, "many"])
def test_a_fence_that_says_nothing_of_waiting_messages_proves_no_loss(story, pending):
    """A slow agent that does not count what waits must not look like one that lost something."""
    _alice, settled = story(Agent(lose={4}, pending=[pending]), guard=0.7)
    assert not settled.reached


def test_without_a_fence_the_answers_alone_decide(story):
    _alice, settled = story(Agent(), fence=None)
    assert (settled.reached, settled.how) == (True, "every attempt was answered")
    _alice, settled = story(Agent(lose={0}), fence=None, guard=0.4)
    assert not settled.reached


def test_a_quiet_window_passes_after_the_last_arrival(story):
    alice, _settled = story(Agent())
    assert monotonic() >= alice.connection.last_arrival + QUIET_AT_LEAST


def test_a_second_barrier_behind_the_same_messages_costs_nothing(story, engine):
    agent = Agent()
    alice, _settled = story(agent)
    again = engine.run(settle(alice, fence="agent_state", since=0))
    assert again.how == "nothing was sent since the last barrier"
    assert agent.asked == 1
    engine.run(alice.send_burst(Plan(Schedule(1), str)))
    assert engine.run(settle(alice, fence="agent_state", since=0)).how == "every attempt was answered"
    assert agent.asked == 2


def test_a_barrier_that_only_the_guard_reached_is_not_remembered(story, engine):
    alice, _settled = story(Agent(lose={4}, pending=[1]), guard=0.4)
    assert not engine.run(settle(alice, fence="agent_state", since=0, guard=0.4)).reached


def test_a_closed_connection_is_settled(story, engine):
    alice, _settled = story(Agent())
    engine.run(alice.connection.close())
    assert engine.run(settle(alice, fence="agent_state", since=0)).how == "the connection is closed"
    assert engine.journal.events[-1].kind is Kind.CLOSE
