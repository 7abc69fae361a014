"""Each defect of restarts, seen on the wire."""

from __future__ import annotations

import pytest
from websockets.sync.client import connect

CORRECT = "nothing is broken"


def restarted(serve, platform, store, *arguments):
    platform.kill()
    return serve("--store", store, *arguments)


@pytest.fixture(params=[CORRECT, "x5"])
def defect(request):
    """Arguments of a platform that has the defect, and of one that has not."""
    return (lambda name: () if request.param == CORRECT else ("--defect", name)), request.param == CORRECT


def test_the_context_is_lost(serve, tmp_path, defect):
    arguments, correct = defect
    store = str(tmp_path / "store")
    platform = serve("--store", store, *arguments("x5_state_lost"))
    client = platform.resumable()
    client.send("m")
    client.receive()
    assert platform.resume(client).ask("get_conversation_history")["count"] == 2, "a return alone loses nothing"
    platform = restarted(serve, platform, store, *arguments("x5_state_lost"))
    back = platform.resume(client)
    assert back.greeting["context_available"] is True
    assert back.ask("get_conversation_history")["count"] == (2 if correct else 0)


def test_what_was_accepted_is_lost(serve, tmp_path, defect):
    arguments, correct = defect
    store = str(tmp_path / "store")
    platform = serve("--store", store, *arguments("x5_acked_lost"))
    client = platform.connect()
    platform.control("hold", {})
    client.send("m", acknowledge=True)
    assert client.receive()["type"] == "message_accepted"
    platform = restarted(serve, platform, store, *arguments("x5_acked_lost"))
    assert platform.connect().state()["message_count"] == correct


def test_duplicates_are_processed(serve, tmp_path, defect):
    arguments, correct = defect
    store = str(tmp_path / "store")
    platform = serve("--store", store, *arguments("x5_dedup_lost"))
    client = platform.connect()
    for attempt, kind in ((1, "ai_response"), (2, "duplicate_rejected")):
        client.send("m", attempt=attempt)
        assert client.receive()["type"] == kind
    platform = restarted(serve, platform, store, *arguments("x5_dedup_lost"))
    client = platform.connect()
    client.send("m", attempt=3)
    assert client.receive()["type"] == ("duplicate_rejected" if correct else "ai_response")


def test_nobody_is_let_in_for_a_while(serve, tmp_path, defect):
    arguments, correct = defect
    store = str(tmp_path / "store")
    platform = serve("--store", store, *arguments("x5_half_open"))
    platform.connect()
    platform = restarted(serve, platform, store, *arguments("x5_half_open"))
    address = platform.url()
    if correct:
        with connect(address, open_timeout=5) as client:
            assert client.recv(timeout=5)
    else:
        with pytest.raises(TimeoutError), connect(address, open_timeout=1):
            pass


def test_away_for_good_although_it_restarts(serve):
    platform = serve("--quirk", "n5_away_on_restart")
    client = platform.connect()
    platform.control("shutdown", {"estimate": 2})
    (notice,) = client.rest()
    assert notice["estimated_restart_time"] == 2
    assert client.socket.close_code == 1001
