"""Events and rows in columns are the tuples that were put in, in every slice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from random_histories import examples, histories
from told_histories import Story

from Lockstep.checks import Event, History, Kind
from Lockstep.checks.answers import no_phantom_replies, nothing_lost
from Lockstep.checks.columns import Events
from Lockstep.checks.offsets import offsets_without_gap

DIGESTS = (None, "", "9e3779b97f4a7c15", "00000000000000ff", "9E3779B97F4A7C15", "0x3779b97f4a7c15", "d-1")
CLIENTS = ("a", "b")
made = st.lists(
    st.builds(
        Event, st.just(0), st.floats(0, 9), st.sampled_from(Kind), st.sampled_from(CLIENTS), st.integers(1, 3), st.sampled_from(("u", "v", "")),
        st.sampled_from((None, "m1", "m2")), st.sampled_from((None, 1, 2)), st.sampled_from((None, 0, -7)), st.sampled_from((None, 5)),
        st.sampled_from(DIGESTS), st.sampled_from((None, 0.25)), st.sampled_from((
            None, {}, {"session": "s"}, {"session": ["s"], "epoch": {}}, {"session": ["s"]},
            {"session": ["s"], "version": 1}, {"session": "['s']"}, {"session": "s", "version": 4}, {"version": 4}, {"version": 2**63}, {"version": "4"},
            {"session": "s", "epoch": 1, "version": 5, "shared": {}}, {"session": None}, {"version": None}, {"shared": {}},
        )),
    ),
    max_size=8,
)


def written(events: list[Event]) -> tuple[Events, list[Event]]:
    """As the journal writes them, numbered from 0; and the tuples that should be found."""
    columns = Events()
    for some in (events[:3], events[3:]):
        columns.extend(some)
    return columns, [event._replace(index=index) for index, event in enumerate(events)]


@examples(100)
@given(made, st.integers(-9, 9), st.integers(-9, 9))
def test_what_was_written_is_found_in_every_slice(events: list[Event], begin: int, end: int) -> None:
    columns, expected = written(events)
    assert list(columns) == expected
    assert list(columns[begin:end]) == expected[begin:end]
    assert list(Events.of_tuples(expected[begin:end])) == expected[begin:end]
    for place, event in enumerate(columns[begin:end]):
        assert columns[begin:end].position(event) == place
        assert columns[begin:end].indexed(event.index) == event
    if events:
        assert columns[-1] == expected[-1]


@examples(100)
@given(made, st.sampled_from(Kind))
def test_events_are_picked_by_client_kind_and_user(events: list[Event], kind: Kind) -> None:
    columns, expected = written(events)
    for whole, tuples in ((columns, expected), (Events.of_tuples(expected), expected)):
        for clients in (CLIENTS, CLIENTS[:1], ()):
            assert list(whole.of_clients(clients)) == [event for event in tuples if event.client in clients]
        picked = whole.of(kind)
        assert list(picked) == [event for event in tuples if event.kind is kind]
        assert list(picked[1:]) == list(picked)[1:]
        users = whole.by_user(picked.positions)
        assert {user: list(whole.at(mine)) for user, mine in users.items()} == {
            user: [event for event in picked if event.user == user] for user in dict.fromkeys(event.user for event in picked)
        }


@examples(200)
@given(made, st.integers(0, 9))
def test_late_answers_stand_with_what_they_answer(events: list[Event], begin: int) -> None:
    columns, expected = written(events)
    behind = expected[begin:]
    spoken_of = {(event.user, event.message_id) for event in behind if event.message_id is not None}
    before = [event._replace(offset=None) for event in expected[:begin] if (event.user, event.message_id) in spoken_of]
    assert list(columns.begun_before(begin)) == before + behind
    if begin < len(events):
        assert list(Events.of_tuples(expected[1:]).begun_before(begin)) == [event for event in before if event.index] + expected[max(begin, 1):]


def test_a_late_answer_is_no_phantom_and_leaves_no_gap() -> None:
    story = Story()
    story.send("m1")
    story.send("m2")
    story.reply("m1", offset=1)
    burst = story.send("m3")
    story.reply("m2", offset=2)
    story.reply("m3", offset=3)
    story.reply("m0", offset=4)
    events = Events.of_tuples(story.events)
    later = History(events.begun_before(burst.index))
    (stranger,) = no_phantom_replies(later).violations
    assert "m0" in stranger.sentence
    assert offsets_without_gap(later).ok
    assert nothing_lost(later).ok
    assert len(no_phantom_replies(History(events[3:])).violations) == 2


@examples(100)
@given(histories())
def test_ledger_rows_are_found_as_they_were(history: History) -> None:
    rows = list(history.ledger)
    assert list(History([], rows).ledger) == rows
    assert list(history.ledger[1:]) == rows[1:]
    if rows:
        assert history.ledger[-1] == rows[-1]


def test_digests_are_equal_when_their_numbers_are() -> None:
    story = Story()
    for digest in DIGESTS * 2:
        story.reply("m", digest=digest)
    numbers = list(story.history.events.digests)
    assert numbers[: len(DIGESTS)] == numbers[len(DIGESTS) :]
    assert len(set(numbers)) == len(DIGESTS)
    assert numbers[0] == 0
