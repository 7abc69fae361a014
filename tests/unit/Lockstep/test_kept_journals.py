"""What shares saw of their connections is merged by time, and a share that is missing is named."""

from Lockstep.checks import Event, Kind
from Lockstep.engine.kept_journals import KeptJournals


def story(begun):
    """A client that loses its server and comes back."""
    told = [
        (0.0, Kind.CONNECTED, 1, {"session": "s"}), (0.1, Kind.SEND, 1, None), (0.2, Kind.FAULT, 1, {"fault": "kill", "state": "done"}),
        (0.3, Kind.CLOSE, 1, {"code": 1006, "by": "peer"}), (0.4, Kind.CONNECT, 2, {"try": 1, "waited": 0.1, "session": "s"}),
        (0.5, Kind.CONNECTED, 2, {"session": "s", "recovered": False}),
    ]  # fmt: skip
    return [Event(index, begun + time, kind, "user-1", connection, f"u-{begun}", details=details) for index, (time, kind, connection, details) in enumerate(told)]


def test_the_shares_are_one_history_by_the_clock_of_the_machine(tmp_path):
    for number, begun in ((2, 10.05), (1, 10.0)):
        KeptJournals(tmp_path, "run", "crash in shares").keep(story(begun), number, 2)
    history, missing = KeptJournals(tmp_path, "run", "crash in shares").merged()
    assert missing == ""
    assert [event.time for event in history.events] == sorted(event.time for event in history.events)
    assert [event.kind for event in history.events].count(Kind.SEND) == 0, "what was sent is judged by the share itself"
    assert [(one.first.client, round(one.connected.time - one.lost.time, 6)) for one in history.reconnections] == [("1/user-1", 0.2), ("2/user-1", 0.2)]
    assert len({event.connection for event in history.events}) == 4


def test_a_share_that_left_nothing_is_missing(tmp_path):
    kept = KeptJournals(tmp_path, "run", "crash")
    assert kept.merged()[1] == "no share has run before; run the suites in the order of suites/pabot.ordering"
    kept.keep(story(1.0), 2, 3)
    assert kept.merged()[1] == "share 1, 3 of 3 left nothing"


def test_what_another_run_has_left_is_not_looked_at(tmp_path):
    KeptJournals(tmp_path, "another", "crash").keep(story(1.0), 1, 1)
    assert "no share has run before" in KeptJournals(tmp_path, "run", "crash").merged()[1]
