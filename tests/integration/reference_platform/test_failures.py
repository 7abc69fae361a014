"""An agent that fails: the message is refused without a trace, may be sent again, and nothing else is held up."""

from __future__ import annotations

import pytest


def stages(platform, message_id):
    return [(row["what"], row["reason"]) for row in platform.ledger() if row["message_id"] == message_id]


def test_a_failed_message_changes_nothing_and_may_be_sent_again(platform):
    client = platform.connect()
    client.send("before")
    client.receive()
    state = client.state()
    assert platform.control("fail", {"user": client.greeting["user_id"], "count": 2}) == {"user": client.greeting["user_id"], "count": 2}
    for number in range(3):
        client.send(f"m{number}", "Export this sales analysis", sequence_id=number, conversation="T", attempt=1)
    failed = [client.receive() for _ in range(2)]
    assert [(frame["type"], frame["code"], frame["message_id"], frame["attempt"]) for frame in failed] == [
        ("error", "processing_failed", "m0", 1), ("error", "processing_failed", "m1", 1),
    ]  # fmt: skip
    assert client.receive()["message_id"] == "m2", "the next message has its turn"
    after = client.state()
    assert after["message_count"] == after["version"] == state["version"] + 1
    assert after["processed_message_ids"] == ["before", "m2"]
    assert stages(platform, "m0") == [("received", ""), ("accepted", ""), ("refused", "processing_failed")]
    for attempt, kind in ((2, "ai_response"), (3, "duplicate_rejected")):
        client.send("m0", attempt=attempt)
        assert client.receive()["type"] == kind
    assert client.state()["message_count"] == state["message_count"] + 2


def test_failures_of_one_user_leave_the_others_alone(platform):
    alice, bob = platform.connect("alice"), platform.connect("bob")
    platform.control("fail", {"user": alice.greeting["user_id"], "count": 1})
    bob.send("b")
    assert bob.receive()["type"] == "ai_response"
    alice.send("a")
    assert alice.receive()["code"] == "processing_failed"
    platform.control("fail", {"count": 1})
    bob.send("b2")
    assert bob.receive()["code"] == "processing_failed", "without a user it meets whoever comes"
    alice.send("a", attempt=2)
    assert alice.receive()["type"] == "ai_response"


@pytest.mark.parametrize("waits", [False, True])
def test_a_claim_stays_released_after_a_kill(serve, tmp_path, waits):
    """Also of a message that was committed as accepted before its agent failed."""
    store = str(tmp_path / "store.sqlite")
    platform = serve("--store", store)
    client = platform.connect()
    if waits:
        platform.control("hold", {})
    platform.control("fail", {"count": 1})
    client.send("m", acknowledge=True)
    assert client.receive()["type"] == "message_accepted"
    if waits:
        platform.control("release", {})
    assert client.receive()["code"] == "processing_failed"
    platform.kill()
    platform = serve("--store", store)
    client = platform.connect()
    assert client.state()["message_count"] == 0, "it does not wait in the store any more"
    for attempt, kind in ((2, "ai_response"), (3, "duplicate_rejected")):
        client.send("m", attempt=attempt)
        assert client.receive()["type"] == kind


def test_an_agent_that_works_too_long_fails(serve, tmp_path):
    (tmp_path / "config.yaml").write_text("processing_timeout: 0.2\n")
    platform = serve("--config", str(tmp_path / "config.yaml"))
    client = platform.connect()
    platform.control("work", {"seconds": 1000})
    client.send_many([{"message_id": "m0"}, {"message_id": "m1"}])
    assert [client.receive()["code"] for _ in range(2)] == ["processing_failed"] * 2
    platform.control("work", {"seconds": 0.1})
    client.send("m0", attempt=2)
    assert client.receive()["type"] == "ai_response"


def test_any_error_of_an_agent_is_its_own(serve, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "from reference_platform.policies import Agents\n\n"
        "class Fragile(Agents):\n"
        "    async def apply(self, message):\n"
        "        if message.content == 'zero':\n            1 / 0\n"
        "        return await super().apply(message)\n"
    )
    platform = serve("--defect", f"{file}:Fragile")
    client = platform.connect()
    client.send("m0", "zero")
    assert client.receive()["code"] == "processing_failed"
    client.send("m1")
    assert client.receive()["type"] == "ai_response"
    assert platform.end() == 0
    assert "ZeroDivisionError" in platform.errors


def test_bad_requests_to_fail(platform):
    for body in ({}, {"count": -1}, {"count": 1.5}, {"count": "x"}, {"count": 1, "user": 5}):
        assert platform.control("fail", body)[0] == 400
