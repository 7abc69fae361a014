"""The audit trail: told by hand, and against a plain comparison of attempts and events."""

from __future__ import annotations

import itertools

from hypothesis import strategies as st
from random_histories import against_oracle, choices, codes, expect
from told_histories import Story

from Lockstep.checks import Kind
from Lockstep.checks.audit import Alert, Noted, alert_raised, no_alert_raised, refusals_on_record, trail_is_sound

USUAL = Noted(1, 50.0, "token_expired", "HIGH", "user-a", "127.0.0.1", "probe/1", "0123456789abcdef", "", "expired")
OTHER = "f" * 16


def trail(*changes: dict[str, object]) -> list[Noted]:
    return [USUAL._replace(**{"index": number, "time": 50.0 + number, **change}) for number, change in enumerate(changes, 1)]


def tried(story: Story, fingerprint: str = USUAL.fingerprint, *, refused: bool = True, **told: object) -> Story:
    connection = 100 + len(story.events)
    details = {"token": "a token 'expired'", "fingerprint": fingerprint, "names": "user-a", "source": "127.0.0.1", "forwarded": None, **told}
    story.add(Kind.CONNECT, connection=connection, details=details)
    if refused:
        story.add(Kind.CONNECT_FAILED, connection=connection, details={"way": "http 401"})
    else:
        story.connected(connection=connection)
    return story


def said(verdict) -> list[tuple[str, str]]:
    return [(str(violation.code), violation.sentence) for violation in verdict.violations]


# the trail by itself


def test_a_sound_trail() -> None:
    assert trail_is_sound(trail({}, {"time": 51.0}, {}), 0, ["another token"]).ok
    assert trail_is_sound([USUAL._replace(index=8)], 7).ok
    assert trail_is_sound([], 0).counts == {"vacuous": 1}


def test_gaps_and_disorder() -> None:
    assert said(trail_is_sound(trail({}, {"index": 3}, {"time": 51.5}), 0)) == [
        ("gap", "event 3 of the audit trail stands where 2 belongs"),
        ("reordered", "event 3 of the audit trail happened 0.500 s before the one in front of it"),
    ]


def test_what_must_be_said() -> None:
    assert said(trail_is_sound(trail({"type": "", "address": ""}, {"fingerprint": "0123456789ABCDEF"}), 0)) == [
        ("corrupted", "event 1 of the audit trail does not say its type and address"),
        ("corrupted", "event 2 of the audit trail has a fingerprint that is not 16 hex digits"),
    ]


def test_what_must_not_be_said() -> None:
    found = trail_is_sound(trail({"reason": "expired: secret-of-alice"}, {"user_agent": "x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.s"}), 0, ["secret-of-alice"])
    assert said(found) == [
        ("leaked_to_other_user", "event 1 of the audit trail tells a secret in its reason"),
        ("leaked_to_other_user", "event 2 of the audit trail tells a secret in its user_agent"),
    ]


# refusals and events


def test_each_refusal_has_its_event() -> None:
    story = tried(tried(tried(tried(Story())), OTHER), "not shown", refused=False)
    events = trail({}, {"fingerprint": OTHER}, {}, {"fingerprint": "of another test"}, {"type": "refresh_failed"})
    verdict = refusals_on_record(story.history, events)
    assert (verdict.ok, verdict.exercised) == (True, 3)
    assert [(one.name, one.value) for one in verdict.measurements] == [("refusals_audited", 100)]


def test_missing_and_invented_events() -> None:
    story = tried(tried(tried(Story())), OTHER)
    verdict = refusals_on_record(story.history, trail({}, {"fingerprint": OTHER}, {"fingerprint": OTHER}))
    assert said(verdict) == [
        ("lost", "alice-client with a token 'expired' was refused 2 times at +0.000 s and after, and is on record 1 times"),
        ("phantom", "alice-client with a token 'expired' was refused 1 times at +0.400 s and after, and is on record 2 times"),
    ]
    assert [round(one.value) for one in verdict.measurements] == [67]


def test_what_an_event_says_is_true() -> None:
    story = tried(tried(Story(), OTHER, names=""), names="user-a")
    assert said(refusals_on_record(story.history, trail({"user": ""}, {"fingerprint": OTHER, "user_agent": ""}))) == [
        ("corrupted", "event 2 of the audit trail about alice-client with a token 'expired' names the user user-a, where the token names nobody"),
        ("corrupted", "event 2 of the audit trail about alice-client with a token 'expired' does not say with what program it was shown"),
        ("corrupted", "event 1 of the audit trail about alice-client with a token 'expired' names the user nobody, where the token names user-a"),
    ]
    assert refusals_on_record(tried(Story(), names=None).history, trail({"user": "whoever"})).ok


def test_a_proxy_is_believed_where_it_is_trusted() -> None:
    story = tried(tried(Story(), source="10.0.0.9", forwarded="1.1.1.1, 192.0.2.1 , 10.0.0.8"), source="127.0.0.7", forwarded="192.0.2.2")
    right = trail({"address": "192.0.2.1"}, {"address": "127.0.0.7"})
    assert refusals_on_record(story.history, right, ["10.0.0.9", "10.0.0.8"]).ok
    assert said(refusals_on_record(story.history, right)) == [
        ("corrupted", "alice-client with a token 'expired' came from 10.0.0.9, and is on record as from 192.0.2.1"),
    ]
    assert refusals_on_record(tried(Story(), source="10.0.0.9").history, trail({"address": "10.0.0.9"}), ["10.0.0.9"]).ok
    assert refusals_on_record(tried(Story(), source=None).history, trail({"address": "anywhere"})).ok


def test_nothing_refused_is_vacuous() -> None:
    assert refusals_on_record(tried(Story(), refused=False).history, trail({})).counts == {"vacuous": 1}


# alerts


RAISED = [Alert("repeated", "CRITICAL", "user", "user-a"), Alert("pattern", "LOW", "address", "127.0.0.7")]


def test_an_alert_is_raised_and_as_grave_as_agreed() -> None:
    assert alert_raised(RAISED, "repeated", {"user-a": "alice"}, "CRITICAL").ok
    assert said(alert_raised(RAISED, "pattern", {"user-a": "alice", "127.0.0.7": "127.0.0.7"}, "CRITICAL")) == [
        ("lost", "the alert pattern was not raised about alice"), ("corrupted", "the alert pattern about 127.0.0.7 is LOW, where CRITICAL is agreed"),
    ]  # fmt: skip
    assert alert_raised(RAISED, "pattern", {"127.0.0.7": "127.0.0.7"}).ok
    assert alert_raised(RAISED, "pattern", {}).counts == {"vacuous": 1}


def test_no_alert_about_mistakes() -> None:
    assert no_alert_raised(RAISED, {"user-b": "bob"}).ok
    assert said(no_alert_raised(RAISED, {"user-a": "alice"})) == [("phantom", "the alert repeated was raised about alice, who has only made mistakes")]


# a plain comparison


@st.composite
def records(draw: st.DrawFn) -> tuple[Story, list[Noted]]:
    count, made = draw(choices(1, 8, 5))
    story, events = Story(), []
    for number in range(count):
        fingerprint, address = made.pick(USUAL.fingerprint, OTHER), made.pick("127.0.0.1", "127.0.0.1", "127.0.0.7")
        what = made.pick("both", "both", "both", "both", "tried", "noted", "let in")
        if what != "noted":
            tried(story, fingerprint, source="127.0.0.1", refused=what != "let in")
        if what in {"both", "noted"}:
            events.append(USUAL._replace(index=number, fingerprint=fingerprint, address=address))
    return story, events


@against_oracle(records(), number=300)
def test_attempts_and_events_are_compared_plainly(drawn: tuple[Story, list[Noted]]) -> None:
    story, events = drawn
    failed = {event.connection for event in story.events if event.kind is Kind.CONNECT_FAILED}
    shown = [event.details["fingerprint"] for event in story.events if event.kind is Kind.CONNECT and event.connection in failed]
    wrong = []
    for fingerprint in set(shown):
        times, noted = shown.count(fingerprint), [event for event in events if event.fingerprint == fingerprint]
        wrong += ["lost"] * (len(noted) < times) + ["phantom"] * (len(noted) > times)
        wrong += ["corrupted"] * (len(noted) == times and any(event.address != "127.0.0.1" for event in noted))
    verdict = refusals_on_record(story.history, events)
    assert (verdict.exercised, codes(verdict)) == (len(shown), expect(*wrong))


@st.composite
def trails(draw: st.DrawFn) -> list[Noted]:
    count, made = draw(choices(1, 6, 3))
    index, time, events = 0, 50.0, []
    for _ in range(count):
        index, time = index + made.pick(1, 1, 1, 1, 2), time + made.pick(0.0, 1.0, 1.0, 2.0, -1.0)
        events.append(USUAL._replace(index=index, time=time, fingerprint=made.pick(USUAL.fingerprint, USUAL.fingerprint, "short")))
    return events


@against_oracle(trails(), number=300)
def test_a_trail_is_read_plainly(events: list[Noted]) -> None:
    wrong = ["gap" for place, event in enumerate(events) if event.index != place + 1]
    wrong += ["reordered" for earlier, later in itertools.pairwise(events) if later.time < earlier.time]
    wrong += ["corrupted" for event in events if len(event.fingerprint) != 16]
    verdict = trail_is_sound(events, 0)
    assert (verdict.exercised, codes(verdict)) == (len(events), expect(*wrong))
