"""What goes on beside the keywords, on real sockets: polls, pings, a reader that stops, messages without end, a watched conversation."""

import asyncio
import json
from itertools import pairwise

import pytest

from Lockstep.checks import History
from Lockstep.checks.events import Kind
from Lockstep.checks.heartbeat import pings_answered
from Lockstep.engine import watching
from Lockstep.engine.activity import Activities
from Lockstep.engine.barrier import answered, decided, settle
from Lockstep.engine.conversing import converse
from Lockstep.engine.outcomes import Disconnected, QuestionRefused, Unanswered
from Lockstep.engine.schedule import Schedule
from Lockstep.engine.sending import Plan
from Lockstep.engine.watching import ask_every, ping_every

POLL = ("Taking Snapshots", "alice")


def plan(messages, **keys):
    return Plan(Schedule(messages), lambda number: f"text {number}", **keys)


def chatting(answers=True, states=True, seen=None):
    """A desk that answers messages, questions, both or neither."""

    async def talk(socket):
        await socket.send('{"type": "hello"}')
        async for data in socket:
            frame = json.loads(data)
            if seen is not None:
                seen.append(frame)
            if frame["type"] == "chat" and answers:
                await socket.send(json.dumps({"type": "answer", "id": frame["id"], "n": frame["n"]}))
            elif frame["type"] == "state?" and states:
                await socket.send(json.dumps({"type": "state", "request": frame["request"], "pending": 0, "count": 0}))

    return talk


def working(seen):
    """A desk that works on a message for a while, and says meanwhile that it waits."""

    async def talk(socket):
        waiting = []

        async def work(frame):
            await asyncio.sleep(0.02)
            waiting.remove(frame)
            await socket.send(json.dumps({"type": "answer", "id": frame["id"], "n": frame["n"]}))

        await socket.send('{"type": "hello"}')
        async with asyncio.TaskGroup() as tasks:
            async for data in socket:
                frame = json.loads(data)
                seen.append(frame)
                if frame["type"] == "state?":
                    await socket.send(json.dumps({"type": "state", "request": frame["request"], "pending": len(waiting), "count": 0}))
                elif "text" in frame:
                    waiting.append(frame)
                    tasks.create_task(work(frame))

    return talk


def kinds(engine, *wanted):
    return [event for event in engine.journal.events if event.kind in wanted]


async def until(condition):
    while not condition():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.005)


async def beside(work, condition):
    """Runs an activity until the condition holds, then ends it."""
    activities = Activities()
    await activities.start(POLL, work)
    await until(condition)
    return await activities.stop(POLL, 5)


def test_every_poll_is_in_the_journal_and_none_stays_open(engine, peers, desk, connect):
    alice = connect(desk(peers.websocket(chatting())))
    done = engine.run(beside(lambda activity: ask_every(activity, alice, "agent_state", 0.002), lambda: len(kinds(engine, Kind.ANSWER)) >= 5))
    asked, told = kinds(engine, Kind.QUERY), kinds(engine, Kind.ANSWER)
    assert [event.message_id for event in asked] == [event.message_id for event in told]
    assert done == len(told) >= 5


def test_polls_do_not_keep_the_barrier_from_being_quiet(engine, peers, desk, connect):
    alice = connect(desk(peers.websocket(chatting())))

    async def story():
        activities = Activities()
        await activities.start(POLL, lambda activity: ask_every(activity, alice, "agent_state", 0.002))
        await alice.send_burst(plan(20))
        settled = await asyncio.wait_for(settle(alice, fence="agent_state", since=0), 20)
        await activities.stop(POLL)
        return settled

    assert engine.run(story()).reached


def test_every_ping_and_its_answer_are_in_the_journal(engine, peers, desk, connect):
    alice = connect(desk(peers.websocket(chatting())))
    sent = engine.run(beside(lambda activity: ping_every(activity, alice, 0.002), lambda: len(kinds(engine, Kind.PONG)) >= 5))
    pings, pongs = kinds(engine, Kind.PING), kinds(engine, Kind.PONG)
    assert sent == len(pings) == len(pongs) >= 5
    assert {event.message_id for event in pings} == {event.message_id for event in pongs}
    assert all(0 <= event.details["took"] < 5 for event in pongs)


def test_the_end_of_pinging_waits_for_the_last_answer(engine, peers, desk, connect):
    alice = connect(desk(peers.websocket(chatting())))

    async def story():
        activities = Activities()
        await alice.read_on(reads=False)
        await activities.start(POLL, lambda activity: ping_every(activity, alice, 0.002))
        await until(lambda: len(kinds(engine, Kind.PING)) == 1)
        stopping = asyncio.create_task(activities.stop(POLL))
        await asyncio.sleep(0.02)
        assert not kinds(engine, Kind.PONG)
        assert not stopping.done()
        await alice.read_on(reads=True)
        return await stopping

    assert engine.run(story()) == len(kinds(engine, Kind.PONG))


def test_an_answer_to_a_later_ping_cannot_stand_for_an_earlier_one(engine, peers, desk, connect, monkeypatch):
    """While a ping has no answer there is no other; how long it was waited for stands in the journal."""
    monkeypatch.setattr(watching, "PONG_WITHIN", 0.05)
    alice = connect(desk(peers.websocket(chatting())))

    async def story():
        activities = Activities()
        await alice.read_on(reads=False)
        await activities.start(POLL, lambda activity: ping_every(activity, alice, 0.002))
        await until(lambda: len(kinds(engine, Kind.PING)) == 1)
        await asyncio.sleep(0.02)
        sent = await activities.stop(POLL)
        waited = kinds(engine, Kind.MARK)[-1].details
        await alice.read_on(reads=True)
        return sent, waited

    assert engine.run(story()) == (len(kinds(engine, Kind.PING)), {"waited_for_pong": 0.05})
    assert len(kinds(engine, Kind.PING)) == 1
    assert pings_answered(History(engine.journal.slice()), within=0.04).counts == {"zombie": 1}


def test_a_connection_that_ends_ends_the_activity_without_an_error_of_its_own(engine, peers, desk, connect):
    alice = connect(desk(peers.websocket(chatting())))

    async def story():
        activities = Activities()
        await activities.start(POLL, lambda activity: ask_every(activity, alice, "agent_state", 0.002))
        await until(lambda: kinds(engine, Kind.ANSWER))
        await alice.connection.close()
        return await activities.stop(POLL, 5)

    assert engine.run(story()) >= 1
    assert kinds(engine, Kind.CLOSE)


def test_a_question_that_is_not_answered_ends_after_a_bounded_wait(engine, peers, desk, connect):
    alice = connect(desk(peers.websocket(chatting(states=False))))
    with pytest.raises(Unanswered, match=r"^alice's question for agent_state was not answered within 0\.05 s$"):
        engine.run(alice.ask("agent_state", 0.05))


def test_a_question_that_is_refused_says_why(engine, platform, connect):
    alice = connect(platform)
    with pytest.raises(QuestionRefused, match=r"^alice's question configure_agents was refused: invalid_message$"):
        engine.run(alice.ask("configure_agents", 10, agents=["data", "data"]))
    assert engine.run(alice.ask("configure_agents", 10, agents=["data"])).details["fields"] == {"agents": ["data"]}


def test_who_does_not_read_holds_up_the_server_until_it_reads_again(engine, peers, desk, connect):
    sent = []

    async def flood(socket):
        await socket.send('{"type": "hello"}')
        while True:
            await socket.send("x" * 65536)
            sent.append(1)

    alice = connect(desk(peers.websocket(flood)))

    async def story():
        await alice.read_on(reads=False)
        assert not alice.connection._socket.transport.is_reading()
        before = -1
        while before != len(sent):
            before = len(sent)
            await asyncio.sleep(0.2)
        arrived = len(kinds(engine, Kind.OTHER))
        assert before > arrived
        await asyncio.sleep(0)
        assert len(kinds(engine, Kind.OTHER)) == arrived, "nothing is read meanwhile"
        await alice.read_on(reads=True)
        await until(lambda: len(sent) > before + 10 and len(kinds(engine, Kind.OTHER)) > before)
        await alice.connection.close()

    engine.run(story())
    assert [event.details["reads"] for event in kinds(engine, Kind.MARK)] == [False, True]


def test_a_client_that_does_not_read_can_still_be_closed(engine, peers, desk, connect):
    alice = connect(desk(peers.websocket(chatting())))
    engine.run(alice.read_on(reads=False))
    engine.run(asyncio.wait_for(alice.connection.close(), 4))
    assert kinds(engine, Kind.CLOSE)[0].details["code"] == 1000
    with pytest.raises(Disconnected):
        engine.run(alice.read_on(reads=True))


def endless(activity):
    return Plan(Schedule(10**9, 0.001), lambda number: f"text {number}", stopped=activity.is_ending)


def test_messages_without_end_stop_when_they_are_to_stop(engine, peers, desk, connect):
    alice = connect(desk(peers.websocket(chatting())))
    burst = engine.run(beside(lambda activity: alice.send_burst(endless(activity)), lambda: len(kinds(engine, Kind.REPLY)) > 50))
    assert burst.count == len(kinds(engine, Kind.SEND)) > 50


def test_a_sender_whose_window_is_full_stops_too(engine, peers, desk, connect):
    alice = connect(desk(peers.websocket(chatting(answers=False))))
    burst = engine.run(beside(lambda activity: alice.send_burst(plan(10**9, in_flight=8, stopped=activity.is_ending)), lambda: len(kinds(engine, Kind.SEND)) == 8))
    assert burst.count == 8


def test_what_a_message_says_is_sent_and_what_checks_need_is_kept(engine, platform, connect):
    alice = connect(platform)
    says = [{"priority": "high"}, {"priority": "normal"}, {"conversation": "Sales", "final": True}, {"acknowledge": True}]
    engine.run(alice.send_burst(plan(4, says=says.__getitem__)))
    engine.run(settle(alice, fence="agent_state", since=0))
    assert [event.details for event in kinds(engine, Kind.SEND)] == [
        {"priority": "high"}, None, {"conversation": "Sales", "final": True, "content": "text 2"}, None,
    ]
    assert [event.message_id for event in kinds(engine, Kind.ACCEPTED)] == [f"{alice.account.login}.3"]


def test_waiting_for_some_messages_does_not_wait_for_others(engine, platform, connect):
    alice = connect(platform)
    first = engine.run(alice.send_burst(plan(5)))
    engine.run(answered(alice, first.message_ids))
    assert len(kinds(engine, Kind.REPLY)) == 5
    engine.run(platform.control("hold", user=alice.account.user))
    engine.run(alice.send_burst(plan(3, says=lambda _number: {"acknowledge": True})))
    assert engine.run(answered(alice, first.message_ids)).reached
    assert engine.run(decided(alice, 0)).reached
    assert len(kinds(engine, Kind.REPLY)) == 5
    late = engine.run(answered(alice, [f"{alice.account.login}.6"], 0.05))
    assert (late.reached, late.how) == (False, "the hang guard of 0.05 s ended the wait; 1 attempts were unanswered")


def test_a_watched_conversation_asks_before_and_behind_each_message(engine, peers, desk, connect):
    seen = []
    alice = connect(desk(peers.websocket(working(seen))))
    burst = engine.run(converse(alice, plan(3, fence="agent_state"), snapshots=True, malformed=True))
    assert burst.message_ids == tuple(f"{alice.account.login}.{number}" for number in range(3))
    chats = [place for place, frame in enumerate(seen) if frame.get("text")]
    assert all(seen[place - 1]["type"] == "state?" for place in chats)
    assert [frame["type"] for frame in seen].count("state?") >= 6
    engine.run(until(lambda: len([frame for frame in seen if frame["type"] == "chat" and "text" not in frame]) == 3))
    replied = {event.message_id: event.index for event in kinds(engine, Kind.REPLY)}
    for name, following in pairwise(burst.message_ids):
        sent = next(event.index for event in kinds(engine, Kind.SEND) if event.message_id == following)
        assert any(replied[name] < query.index < sent for query in kinds(engine, Kind.QUERY)), "asked behind the answer, before the next"
