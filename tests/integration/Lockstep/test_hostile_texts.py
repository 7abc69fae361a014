"""A server that puts markup wherever it can say something: in log, report and Final Review it stays text."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
import yaml

from integration.Lockstep.conftest import DESK, READY

EVIL = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
TRAP = f"*HTML*{EVIL}"
"""Robot takes a message that begins like this for markup."""
SUITE = """*** Settings ***
Resource          RESOURCES/lockstep.resource
Suite Setup       Start Target
Suite Teardown    Stop Target

*** Test Cases ***
Nobody Was Asked For That
    Connect As    alice
    Send Burst    3
    Every Message Should Be Answered Exactly Once

Its Reasons
    Connect As    alice
    Send Burst    3
    The Connection Should Have Stayed Up

Its Answers
    Connect As    alice
    ${state} =    Take State Snapshot    count
    Log    ${state}[count]
    Should Be Equal    ${state}[count]    5

Its Refusal
    Connect As    refused
"""


@pytest.fixture
def hostile(peers, tmp_path):
    """The target file of such a server."""

    async def serve(socket):
        if "refused" in socket.request.path:
            await socket.close(4000, EVIL)
            return
        await socket.send(json.dumps({"type": "hello", "session": TRAP}))
        async for text in socket:
            asked = json.loads(text)
            if asked["type"] == "state?":
                await socket.send(json.dumps({"type": "state", "request": asked["request"], "pending": 0, "count": TRAP}))
                continue
            for answer in ({"id": TRAP}, {"id": asked["id"], "n": TRAP}, {"id": asked["id"], "n": asked["n"], EVIL: EVIL}):
                await socket.send(json.dumps({"type": "answer", **answer}))
            await socket.send(json.dumps({"type": "no", "id": asked["id"], "why": TRAP}))
            if asked["id"].endswith(".2"):
                await socket.close(4001, EVIL)

    file = tmp_path / "hostile.yaml"
    messages = {**DESK["messages"], "refused": {"where": {"type": "no"}, "message_id": "id", "reason": "why"}}
    address = f"ws://127.0.0.1:{peers.websocket(serve)}/{{user}}"
    file.write_text(yaml.safe_dump({**DESK, "messages": messages, "connect": {"url": address, "ready": {**READY, "session": "session"}}}))
    return file


def test_what_a_server_says_is_nowhere_markup(hostile, robot):
    robot.run(SUITE, "--loglevel", "TRACE", LOCKSTEP_TARGET=str(hostile))
    assert {name: status for name, (status, _) in robot.messages.items()} == dict.fromkeys(robot.messages, "FAIL"), robot.messages
    texts = [element for element in ElementTree.parse(robot.output / "output.xml").iter() if "owned" in (element.text or "")]
    assert len(texts) > 10, "it said something everywhere"
    markup = [element.text for element in texts if element.get("html") == "true" or (element.tag == "status" and element.text.startswith("*HTML*"))]
    assert [text for text in markup if "<img" in text or "<script" in text] == []
    assert any("&lt;img" in text for text in markup), "in the picture of who said what"
