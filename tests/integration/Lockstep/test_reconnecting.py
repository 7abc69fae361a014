"""Coming back to a session over real sockets: what is said, what is received again, what is sent again, and what is written down."""

import asyncio
import uuid

import pytest
from websockets.asyncio.server import serve as websocket_server

from integration.Lockstep.session_desk import KEYS, READY, RESUME, SessionDesk
from Lockstep.checks.answers import no_phantom_replies, nothing_answered_twice, nothing_lost
from Lockstep.checks.backoff import waits_follow_ladder
from Lockstep.checks.duplicates import duplicates_accounted
from Lockstep.checks.events import Kind
from Lockstep.checks.history import History
from Lockstep.checks.offsets import offsets_agree, offsets_without_gap
from Lockstep.checks.order import replies_in_send_order
from Lockstep.checks.resume import resumes_are_sound
from Lockstep.engine.account import Account
from Lockstep.engine.activity import Activity
from Lockstep.engine.barrier import answered, drained, settle
from Lockstep.engine.by_itself import ByItself
from Lockstep.engine.ladder import Ladder
from Lockstep.engine.reconnect import Manner, NotBack, reconnect
from Lockstep.engine.resume_attempt import try_to_resume
from Lockstep.engine.schedule import Schedule
from Lockstep.engine.sending import BurstBroken, Plan
from Lockstep.engine.session import SessionState
from Lockstep.engine.watching import ask_every
from Lockstep.errors import EnvironmentSetupError
from Lockstep.faults.route import Route

FENCE = "agent_state"
QUICK = Ladder(0.01, 1, 0.01, 0, 200)
EXACTLY_ONCE = (nothing_lost, nothing_answered_twice, no_phantom_replies, offsets_without_gap, offsets_agree, duplicates_accounted, resumes_are_sound)


@pytest.fixture
def server(peers):
    one = SessionDesk()
    yield one

    async def hear_again():
        one.deaf = False
        await asyncio.sleep(0.05)

    if peers.loop._thread is not None:  # not where the test has stopped it
        peers.loop.run(hear_again())


@pytest.fixture
def target(server, peers, desk):
    port = peers.websocket(server.serve)
    return desk(port, connect={"url": f"ws://127.0.0.1:{port}/ws?user={{user}}", "within": "5 s", "ready": READY, "resume": RESUME}, **KEYS)


@pytest.fixture
def alice(engine, target):
    return engine.run(engine.connect("alice", Account("alice", f"alice-{uuid.uuid4().hex[:6]}"), target, tries=1, pause=0, resumable=True))


@pytest.fixture
def back(engine, target):
    """Lets a client come back by keyword, so to say."""

    def come_back(client, ladder=QUICK, **manner):
        return engine.run(reconnect(engine, client, target, Manner(ladder, 4711, fence=FENCE, **manner)))

    return come_back


@pytest.fixture
def by_itself(engine, target):
    """Lets a client come back by itself; the activity."""
    activities = []

    def let(client, *, ping_every=None, patience=1.0, ladder=QUICK, **manner):
        async def start():
            client.by_itself = ByItself(engine, client, target, Manner(ladder, 4711, fence=FENCE, **manner), ping_every=ping_every, patience=patience)
            activities.append(Activity(client.by_itself.work))
            return activities[-1]

        return engine.run(start())

    yield let

    async def end():
        await asyncio.gather(*(activity.end(5) for activity in activities), return_exceptions=True)

    engine.run(end())


def plan(count, **options):
    return Plan(Schedule(count, options.pop("every", None)), "text {}".format, fence=FENCE, **options)


def send(engine, client, count, **options):
    return engine.run(client.send_burst(plan(count, **options)))


def judged(engine, client):
    engine.run(settle(client, fence=FENCE, since=0))
    return History(engine.journal.slice(0, {client.alias}))


def codes(history, *checks):
    return [(violation.code, violation.sentence) for check in checks for violation in check(history).violations]


async def both(*work):
    return await asyncio.gather(*work)


async def until(condition):
    while not condition():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.005)


def seen(engine, kind, **details):
    return [event for event in engine.journal.events if event.kind is kind and details.items() <= (event.details or {}).items()]


def until_closed(engine, client):
    async def closed():
        await client.connection.ended.wait()

    engine.run(closed())


def fates(history, message_id):
    return [(event.kind.value, event.attempt) for event in history.events if event.message_id == message_id]


# on the wire


def test_a_client_says_that_it_wants_to_come_back_and_then_how_far_it_came(engine, server, alice, back):
    send(engine, alice, 3)
    engine.run(drained(alice, FENCE))
    before = alice.session.offset
    done = back(alice)
    first, second = server.handshakes
    assert (first["stay"], "session" in first) == ("yes", False)
    assert (second["session"], second["epoch"], second["offset"], "stay" in second) == ("s1", "1", str(before), False)
    assert (done.recovered, done.session_kept, done.tries, done.replayed, done.resent, done.caught_up, done.reason) == (True, True, 1, 0, 0, True, "")
    assert 0 < done.ready_after <= done.took < 5


def test_a_client_that_never_asked_says_nothing_of_sessions(engine, server, target, connect):
    connect(target, "bob")
    assert {"stay", "session"}.isdisjoint(server.handshakes[0])


def test_each_try_is_in_the_journal_with_its_number_its_wait_and_what_it_asked_for(engine, peers, server, target, alice, back):
    port = engine.run(free_port_of(target))
    peers.loop.stop()  # nobody listens any more

    async def come_up_later():
        coming = asyncio.ensure_future(reconnect(engine, alice, target, Manner(Ladder(0.02, 2, 1, 0, 50), 1)))
        await until(lambda: len(seen(engine, Kind.CONNECT_FAILED)) >= 3)
        again = await websocket_server(server.serve, "127.0.0.1", port, compression=None)
        done = await coming
        return done, again

    done, again = engine.run(come_up_later())
    tries = [event for event in engine.journal.events if event.kind is Kind.CONNECT][1:]
    assert done.tries == len(tries) >= 4
    assert [event.details["try"] for event in tries] == list(range(1, len(tries) + 1))
    assert [event.details["waited"] for event in tries[:4]] == [0, 0.02, 0.04, 0.08]
    assert {(event.details["session"], event.details["epoch"], event.details["offset"]) for event in tries} == {("s1", 1, 0)}
    failed = [event for event in engine.journal.events if event.kind is Kind.CONNECT_FAILED]
    assert all(later.time - earlier.time >= later.details["waited"] for earlier, later in zip(failed, tries[1:], strict=True))
    assert all(event.details["try"] and "nobody listens there" in event.details["reason"] for event in failed)
    engine.run(alice.connection.close())
    again.close()


async def free_port_of(target):
    return int(target.file.connect.url.split(":")[2].partition("/")[0])


# what was missed, and what was never answered


def test_answers_that_were_missed_are_received_and_what_was_never_worked_on_is_sent_again(engine, server, alice, back):
    send(engine, alice, 4)
    engine.run(drained(alice, FENCE))
    server.fates = {len(server.received) + 1: "late"}
    send(engine, alice, 10, together=10)
    until_closed(engine, alice)
    unknown = dict(alice.unanswered)
    done = back(alice)
    assert (len(unknown), done.recovered, done.replayed, done.caught_up, done.resent) == (10, True, 1, True, 9)
    assert alice.unanswered == {}
    history = judged(engine, alice)
    assert codes(history, *EXACTLY_ONCE, replies_in_send_order) == []
    late = next(iter(unknown))
    assert fates(history, late) == [("send", 1), ("send_unknown", 1), ("reply", 1)]


def test_what_was_missed_counts_where_it_comes_before_the_greeting(engine, server, alice, back):
    server.greets_last = True
    server.fates = {4: "late"}
    send(engine, alice, 4)
    until_closed(engine, alice)
    alice.session.offset = 1  # as if only the first answer had arrived: three are kept
    done = back(alice)
    assert (done.recovered, done.replayed, done.caught_up, done.resent) == (True, 3, True, 0)
    assert alice.session.offset == 4


def test_what_comes_before_the_greeting_counts_in_the_epoch_that_the_greeting_names(engine, peers, server, alice, back):
    server.greets_last = True
    send(engine, alice, 20)
    engine.run(drained(alice, FENCE))
    server.fates = {len(server.received) + 1: "lost"}
    send(engine, alice, 1)
    until_closed(engine, alice)
    peers.loop.run(server.restart())
    done = back(alice)
    assert (done.recovered, done.reason, done.session_kept, done.replayed, done.caught_up, done.resent) == (False, "restarted", True, 1, True, 0)
    assert alice.session.position == {"session": "s1", "epoch": 2, "offset": 1}
    assert back(alice).replayed == 0, "what came is not asked for once more"
    assert codes(judged(engine, alice), nothing_lost, nothing_answered_twice, no_phantom_replies, resumes_are_sound) == []


def test_a_message_that_was_worked_on_and_is_sent_again_is_called_a_duplicate(engine, server, alice, back):
    server.fates = {2: "late"}
    send(engine, alice, 2)
    until_closed(engine, alice)
    server.forget_what_it_kept()  # so that the answer itself is lost for good
    done = back(alice)
    assert (done.recovered, done.reason, done.session_kept, done.resent) == (False, "too_far_behind", True, 1)
    assert (alice.session.epoch, alice.session.offset) >= (2, 0)
    history = judged(engine, alice)
    assert codes(history, *EXACTLY_ONCE) == []
    _, message = history.messages
    assert fates(history, message.send.message_id) == [("send", 1), ("send_unknown", 1), ("send", 2), ("duplicate", 2)]


def test_a_later_attempt_says_what_the_first_one_said(engine, server, alice, back):
    server.fates = {2: "lost"}
    send(engine, alice, 2, says=lambda number: {"priority": ("high", "normal")[number]})
    until_closed(engine, alice)
    assert back(alice).resent == 1
    engine.run(drained(alice, FENCE))
    first, again = [one for one in server.received if one.get("n") and one["text"] == "text 1"]
    assert (again["id"], again["n"], again["prio"]) == (first["id"], 2, first["prio"]) == (first["id"], 2, "normal")


def test_without_resending_the_fate_stays_unknown_until_it_is_wanted(engine, server, alice, back):
    server.fates = {2: "lost"}
    send(engine, alice, 2)
    until_closed(engine, alice)
    assert back(alice, resend=False).resent == 0
    assert [message["n"] for message in server.received if "n" in message] == [1, 1]
    assert len(alice.unanswered) == 1

    async def twice():  # before an answer can have come
        return await alice.resend(alice.connection), await alice.resend(alice.connection)

    assert engine.run(twice()) == (1, 0)
    assert codes(judged(engine, alice), *EXACTLY_ONCE) == []


def test_what_was_sent_incomplete_on_purpose_is_not_made_complete_by_sending_it_again(engine, server, alice, back):
    send(engine, alice, 1)
    engine.run(drained(alice, FENCE))
    server.fates = {len(server.received) + 1: "lost"}
    engine.run(alice.send_incomplete("content"))
    until_closed(engine, alice)
    assert back(alice).resent == 0


def test_a_path_that_dies_again_while_it_is_told_what_it_missed_costs_one_more_try(engine, server, alice, back):
    server.fates = {5: "late"}
    send(engine, alice, 5)
    until_closed(engine, alice)
    alice.session.offset = 0  # as if nothing had arrived: five answers are kept
    server.break_replay_after = 2
    done = back(alice)
    assert (done.tries, done.recovered, done.caught_up) == (2, True, True)
    assert [event.details["offset"] for event in engine.journal.events if event.kind is Kind.CONNECT and event.details][1] == 2


@pytest.mark.parametrize(("withheld", "came"), [({2, 3}, 1), ({1}, 2), ({1, 2, 3}, 0)])
def test_a_target_that_keeps_back_what_it_says_it_sends_is_not_waited_for_and_found(engine, server, alice, back, withheld, came):
    server.fates = {3: "late"}
    send(engine, alice, 3)
    until_closed(engine, alice)
    alice.session.offset = 0  # as if nothing had arrived: three answers are kept
    server.withholds = withheld
    done = back(alice)
    assert (done.recovered, done.replayed, done.caught_up) == (True, came, False)
    assert done.took < 20, "the guard of 30 s is not needed where a fence can be asked"
    assert [code for code, _ in codes(judged(engine, alice), resumes_are_sound)] == ["unsound_resume"]


def test_a_target_that_names_no_head_is_asked_a_fence(engine, server, peers, desk):
    port = peers.websocket(server.serve)
    ready = {name: path for name, path in READY.items() if name not in {"head", "offset"}}
    target = desk(port, connect={"url": f"ws://127.0.0.1:{port}/ws?user={{user}}", "within": "5 s", "ready": ready, "resume": RESUME}, **KEYS)
    client = engine.run(engine.connect("alice", Account("alice", "a1"), target, tries=1, pause=0, resumable=True))
    server.fates = {3: "late"}
    send(engine, client, 3)
    until_closed(engine, client)
    done = engine.run(reconnect(engine, client, target, Manner(QUICK, 1, fence=FENCE)))
    assert (done.recovered, done.replayed, done.caught_up, done.resent) == (True, 1, True, 0)


def test_an_open_connection_is_dropped_without_waiting_for_a_closing_handshake(engine, server, alice, back):
    server.deaf = True  # it answers neither the message nor a close
    send(engine, alice, 1)
    done = back(alice)
    assert done.took < 4  # a closing handshake would be waited for 5 s
    close = next(event for event in engine.journal.events if event.kind is Kind.CLOSE)
    assert close.details == {"code": 1006, "reason": "", "by": "us"}


def test_a_client_that_lost_its_memory_begins_a_new_session(engine, server, alice, back):
    send(engine, alice, 2)
    engine.run(drained(alice, FENCE))
    alice.session = SessionState()
    done = back(alice)
    assert (done.recovered, done.session_kept, alice.session.id) == (False, False, "s2")
    assert [("stay" in said, "session" in said) for said in server.handshakes] == [(True, False)] * 2
    assert back(alice, resume=False).session_kept is False
    assert alice.session.id == "s3"


def test_no_try_that_succeeds_is_told_with_what_the_last_one_met(engine, peers, target, alice, back):
    peers.loop.stop()
    with pytest.raises(NotBack, match=r"^alice did not come back to Desk in 3 tries; the last one: no connection to ws://127\.0\.0\.1.*nobody listens there"):
        back(alice, ladder=Ladder(0.01, 1, 0.01, 0, 3))
    assert [event.client for event in seen(engine, Kind.MARK, gave_up_after=3, final=False)] == ["alice"]


def test_a_client_waits_as_its_ladder_says_until_it_gives_up(engine, peers, target, alice, back):
    peers.loop.stop()
    ladder = Ladder(0.02, 2, 0.1, 0.2, 6)
    with pytest.raises(NotBack):
        back(alice, ladder=ladder)
    verdict = waits_follow_ladder(History(engine.journal.slice(0)), ladder.rungs, 0.2)
    assert (verdict.exercised, verdict.violations) == (5, [])
    told = {(violation.code, violation.sentence.partition(" at ")[0]) for violation in waits_follow_ladder(History(engine.journal.slice(0)), [9.0] * 7).violations}
    assert told == {("stalled", f"{alice.account.user} gave up after 6 tries"), *(("disagreement", f"try {number} of {alice.account.user}") for number in range(2, 7))}


def test_a_target_that_says_no_for_good_ends_the_ladder(engine, peers, alice, desk, target):
    async def no(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    port = peers.raw(no)
    engine.routes.way = lambda _alias, _number: Route("127.0.0.1", port)
    with pytest.raises(NotBack, match="in 1 try; the last one: it answered the handshake with HTTP 403"):
        engine.run(reconnect(engine, alice, target, Manner(QUICK, 1)))
    engine.routes.way = None
    assert len(seen(engine, Kind.MARK, gave_up_after=1, final=True)) == 1
    assert waits_follow_ladder(History(engine.journal.slice(0)), QUICK.rungs).counts == {"vacuous": 1}


def test_a_target_that_gives_no_fresh_token_yet_is_tried_again(engine, server, target, alice, back, monkeypatch):
    gives, refusals = target.token_for, iter(range(2))

    async def token_for(account, **_):
        if next(refusals, None) is not None:
            raise EnvironmentSetupError("token for alice: http://desk could not be reached")
        return await gives(account)

    monkeypatch.setattr(target, "token_for", token_for)
    assert back(alice).tries == 3
    failed = seen(engine, Kind.CONNECT_FAILED, reason="token for alice: http://desk could not be reached", session="s1")
    assert [event.details["try"] for event in failed] == [1, 2]


# by itself


def test_a_burst_goes_on_over_each_new_connection_and_everything_is_answered_once(engine, server, alice, by_itself):
    server.fates = {7: "lost", 20: "late", 33: "sent", 60: "late"}
    activity = by_itself(alice)
    burst = send(engine, alice, 200, in_flight=8)
    assert len(set(burst.message_ids)) == 200
    history = judged(engine, alice)
    assert codes(history, *EXACTLY_ONCE) == []
    assert [message.send.sequence_id for message in history.messages] == list(range(200))
    assert sum(bool(message.replies) for message in history.messages) == 200

    async def end():
        return await activity.end(5)

    done = engine.run(end())
    assert len(done) == sum(event.kind is Kind.CLOSE for event in history.events) == 4
    assert all(one.recovered and one.session_kept and one.caught_up for one in done)
    assert sum(one.resent for one in done) == sum(event.kind is Kind.SEND and event.attempt > 1 for event in history.events) > 0
    assert alice.by_itself.is_over


def test_an_end_is_noticed_at_whatever_moment_it_comes(engine, target, alice):
    async def ends_so_many_steps_before(steps):
        alice.by_itself = ByItself(engine, alice, target, Manner(QUICK, 4711, fence=FENCE), ping_every=None, patience=1)
        alice.connection._socket.transport.abort()
        for _ in range(steps):
            await asyncio.sleep(0)
        activity = Activity(alice.by_itself.work)
        came = await alice.by_itself.wait(1, 5)
        await activity.end(5)
        return came

    assert [engine.run(ends_so_many_steps_before(steps)) for steps in range(12)] == [True] * 12


def test_a_paced_burst_keeps_its_timetable_over_a_new_connection(engine, server, alice, by_itself):
    server.fates = {10: "lost"}
    by_itself(alice, ladder=Ladder(0.1, 1, 0.1, 0, 50))
    send(engine, alice, 40, every=0.01)
    history = judged(engine, alice)
    intended = [event.intended for event in history.events if event.kind is Kind.SEND and event.attempt == 1]
    assert intended == sorted(intended)
    assert intended[-1] - intended[0] == pytest.approx(0.39)
    assert codes(history, *EXACTLY_ONCE) == []


@pytest.mark.parametrize("barrier", [settle, drained, answered])
def test_a_connection_that_ends_while_a_barrier_is_awaited_is_followed_by_the_next(engine, server, alice, by_itself, barrier):
    server.fates = {3: "ignored", 4: "lost"}  # the third message, and the question of the barrier
    by_itself(alice, ladder=Ladder(0.2, 1, 0.2, 0, 20))
    burst = send(engine, alice, 3)
    if barrier is settle:
        engine.run(settle(alice, fence=FENCE, since=0))
    elif barrier is drained:
        engine.run(drained(alice, FENCE))
    else:
        engine.run(both(answered(alice, burst.message_ids), alice.pending(FENCE, 5)))
    assert len(seen(engine, Kind.QUERY_UNKNOWN)) == 1
    assert {event.message_id for event in seen(engine, Kind.REPLY)} == set(burst.message_ids)


def test_questions_of_an_activity_go_on_too(engine, server, alice, by_itself):
    server.fates = {5: "lost"}
    by_itself(alice)

    async def asking():
        activity = Activity(lambda one: ask_every(one, alice, FENCE, 0.005))
        await until(lambda: len(server.received) >= 12)
        return await activity.end(5)

    assert engine.run(asking()) >= 10
    assert sum(event.kind is Kind.QUERY_UNKNOWN for event in engine.journal.events) == 1


def test_a_dead_path_is_noticed_by_the_clients_own_ping(engine, server, alice, by_itself):
    by_itself(alice, ping_every=0.05, patience=0.3)

    engine.run(until(lambda: seen(engine, Kind.PONG)))
    server.deaf = True
    send(engine, alice, 1)

    async def given_up():
        await until(lambda: seen(engine, Kind.MARK, given_up="no answer to a ping within 0.3 s"))
        server.deaf = False
        return await alice.by_itself.wait(1, 10)

    assert engine.run(given_up())
    assert codes(judged(engine, alice), *EXACTLY_ONCE) == []
    assert seen(engine, Kind.CLOSE, by="us")


def test_a_sender_whose_writes_fill_up_goes_on_as_well(engine, server, alice, by_itself):
    by_itself(alice, ping_every=0.05, patience=0.3)
    server.deaf = True

    async def fill_up():
        large = Plan(Schedule(200), lambda number: f"{number} " + "x" * 100_000, fence=FENCE)
        sending = asyncio.ensure_future(alice.send_burst(large))
        await until(lambda: seen(engine, Kind.MARK, given_up="no answer to a ping within 0.3 s"))
        assert not sending.done()  # 20 MB do not fit into what lies between
        server.deaf = False
        return await sending

    assert engine.run(fill_up()).count == 200
    assert codes(judged(engine, alice), *EXACTLY_ONCE) == []


def test_a_client_that_the_test_disconnects_stays_away(engine, server, alice, by_itself):
    activity = by_itself(alice)
    engine.run(alice.connection.close())

    async def over():
        await alice.by_itself.back()
        return await activity.end(5), await alice.back()

    assert engine.run(over()) == ([], False)
    assert len(server.handshakes) == 1


def test_a_sender_is_told_when_the_client_does_not_come_back(engine, peers, server, alice, by_itself):
    activity = by_itself(alice, ladder=Ladder(0.01, 1, 0.01, 0, 2))

    async def server_gone():
        sending = asyncio.ensure_future(alice.send_burst(plan(1000, every=0.01)))
        await until(lambda: len(server.received) >= 5)
        await asyncio.to_thread(peers.loop.stop)
        return await asyncio.gather(sending, return_exceptions=True)

    (broken,) = engine.run(server_gone())
    assert isinstance(broken, BurstBroken)
    assert "; alice did not come back to Desk in 2 tries; the last one: no connection to" in str(broken)
    assert engine.run(alice.by_itself.wait(1, 5)) is False
    assert alice.by_itself.failure.startswith("alice did not come back to Desk in 2 tries; the last one: no connection to")
    with pytest.raises(NotBack):
        engine.run(activity.end(5))


def test_stopping_does_not_wait_for_the_whole_ladder(engine, peers, alice, by_itself):
    activity = by_itself(alice, ladder=Ladder(60, 1, 60, 0, 5))
    peers.loop.stop()

    until_closed(engine, alice)

    async def end():
        return await activity.end(5)

    assert engine.run(end()) == []


# whose session, and which way


def test_a_strangers_session_is_asked_for_without_changing_any_client(engine, server, target, alice):
    send(engine, alice, 3)
    engine.run(drained(alice, FENCE))
    asked = {"session": alice.session.id, "epoch": 1, "offset": 0}
    attempt = engine.run(try_to_resume(engine, Account("bob", "bob-1"), target, asked, fence=FENCE))
    assert (attempt.connected, attempt.same_session, attempt.recovered, attempt.reason) == (True, False, False, "unknown_session")
    assert (attempt.session, attempt.epoch, attempt.received, attempt.history, attempt.refusal) == ("s2", 1, 0, None, "")
    assert list(engine.clients) == ["alice"]
    assert alice.is_connected
    tried = [event for event in engine.journal.events if event.kind is Kind.CONNECT and event.index >= attempt.since]
    assert [(event.client, event.details["session"]) for event in tried] == [(attempt.client, "s1")] == [("bob (trying)", "s1")]


def test_ones_own_session_asked_for_once_more_takes_it_over(engine, server, target, alice):
    send(engine, alice, 3)
    engine.run(drained(alice, FENCE))
    asked = {"session": alice.session.id, "epoch": 1, "offset": 1}
    attempt = engine.run(try_to_resume(engine, alice.account, target, asked, fence=FENCE))
    assert (attempt.same_session, attempt.recovered, attempt.told["head"]) == (True, True, alice.session.offset)
    assert attempt.received == 2  # of the four that followed offset 1 and 2 ... the answers to questions do not count
    until_closed(engine, alice)
    assert alice.connection.close_event.details["by"] == "target"


def test_a_refused_attempt_says_how(engine, peers, desk):
    async def no(connection, request):
        return connection.respond(403, "no")

    port = peers.websocket(SessionDesk().serve, process_request=no)
    target = desk(port, connect={"url": f"ws://127.0.0.1:{port}/ws?user={{user}}", "ready": READY, "resume": RESUME}, **KEYS)
    attempt = engine.run(try_to_resume(engine, Account("bob", "bob-1"), target, {"session": "s1", "epoch": 1, "offset": 0}, fence=FENCE))
    assert (attempt.connected, attempt.same_session) == (False, False)
    assert attempt.refusal.startswith("it answered the handshake with HTTP 403")


def test_a_route_changes_where_the_connection_goes_and_not_whom_it_asks_for(engine, server, peers, target, desk):
    port = engine.run(free_port_of(target))
    elsewhere = desk(9, connect={"url": "ws://desk.invalid:9/ws?user={user}", "within": "5 s", "ready": READY, "resume": RESUME}, **KEYS)
    asked = []
    engine.routes.way = lambda alias, number: asked.append((alias, number)) or Route("127.0.0.1", port)
    client = engine.run(engine.connect("alice", Account("alice", "a1"), elsewhere, tries=1, pause=0, resumable=True))
    assert engine.run(reconnect(engine, client, elsewhere, Manner(QUICK, 1))).recovered
    assert [said["host"] for said in server.handshakes] == ["desk.invalid:9"] * 2
    assert asked == [("alice", 1), ("alice", 2)]


def test_a_client_comes_from_the_address_that_it_was_given(engine, server, target):
    client = engine.run(engine.connect("alice", Account("alice", "a1"), target, tries=1, pause=0, resumable=True, source="127.0.0.2"))
    client.source = "127.0.0.3"
    assert engine.run(reconnect(engine, client, target, Manner(QUICK, 1))).recovered
    assert [said["from"] for said in server.handshakes] == ["127.0.0.2", "127.0.0.3"]
