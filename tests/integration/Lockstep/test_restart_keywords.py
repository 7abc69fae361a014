"""Keywords of restarts against a real platform: what they do and write down, and every mistake with them."""

import yaml

from integration.Lockstep.test_bad_input import HEAD, judged

STORIES = {
    "A Restart With Notice": [
        "Start Target", "Connect As    alice    resumable=yes", "Send Burst    5", "Wait Until Everything Is Answered",
        "Restart Target Gracefully    reason=version 2    estimate=3 s    after=100 ms", "Reconnect    alice",
        "The Notice Should Have Come Before The Close", "The Outage Should Have Been Shorter Than    30 s", "The Session Should Be Kept    alice",
        "Send Burst    5", "Wait Until Everything Is Answered", "One Instance Should Have Followed The Other",
    ],
    "A Crash": [
        "Start Target", "Connect As    alice    resumable=yes", "Send Burst    5", "Wait Until Everything Is Answered",
        "Crash And Restart Target", "Reconnect    alice", "The Outage Should Have Been Shorter Than    30 s",
        "Run Keyword And Expect Error    violation: *vacuous*    The Notice Should Have Come Before The Close",
    ],
    "A Hand Over": [
        "Start Target", "Start Fault Proxy", "Route Through The Fault Proxy    alice", "Connect As    alice    resumable=yes", "Send Burst    5",
        "Wait Until Everything Is Answered", "Start Second Instance", "Hand Over To Second Instance    reason=version 2", "Reconnect    alice",
        "The Notice Should Have Come Before The Close", "Send Burst    5", "Wait Until Everything Is Answered",
        "One Instance Should Have Followed The Other", "Restart Target", "Reconnect    alice",
    ],
    "A Second Instance That Nobody Needs": ["Start Target", "Start Second Instance"],
    "Nobody Came Back": [
        "Start Target", "Connect As    alice    resumable=yes", "Crash And Restart Target",
        "Run Keyword And Expect Error    violation: *and never came back*    The Outage Should Have Been Shorter Than    30 s",
    ],
}


def test_each_story_ends_well_and_leaves_nothing_behind(robot):
    robot.run(HEAD + "".join(f"{name}\n" + "".join(f"    {step}\n" for step in steps) + "    [Teardown]    Stop Target\n" for name, steps in STORIES.items()))
    assert robot.messages == dict.fromkeys(STORIES, ("PASS", "")), robot.messages
    assert robot.left_behind == []
    assert "[ WARN ]" not in robot.said, robot.said
    faults = [(record["test"].rpartition(".")[2], record["fault"], record.get("reason"), record.get("estimate")) for record in robot.records() if record["kind"] == "fault"]
    assert ("A Restart With Notice", "shutdown", "version 2", 3.0) in faults
    assert ("A Crash", "kill", None, None) in faults
    assert ("A Hand Over", "hand_over", "version 2", None) in faults
    figures = {record["name"] for record in robot.records() if record["kind"] == "measurement"}
    assert {"graceful_outage", "graceful_outage_max", "crash_outage_max", "notice_lead", "instances", "left_behind"} <= figures


def target(tmp_path, name, **keys):
    (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump({"schema": 1, "extends": "reference", "name": name, **keys}))
    return str(tmp_path / f"{name}.yaml")


OLD = """import sqlite3
database = sqlite3.connect({store!r})
database.execute("CREATE TABLE batches (id INTEGER)")
database.execute("PRAGMA user_version=7")
database.commit()
"""


def test_mistakes_with_restarts(robot, tmp_path, platform):
    known = {name: value for name, value in platform.values.items() if name.endswith("_url")}
    theirs = target(tmp_path, "theirs", lifecycle=None, endpoints=known)
    alone = target(tmp_path, "alone", lifecycle={"second": None})
    serve = ["{python}", "-m", "reference_platform", "serve"]
    locked = target(tmp_path, "locked", lifecycle={"second": {"start": [*serve, "--store", "{store}"]}})
    old = str(tmp_path / "old.sqlite")
    exec(OLD.format(store=old))
    elsewhere = target(tmp_path, "elsewhere", lifecycle={"second": {"start": [*serve, "--standby", "--store", old]}})
    no_reason = {"lifecycle": {"second": None}, "control": {"shutdown": None, "hand_over": None}, "messages": {"notice": None}}
    silent = target(tmp_path, "silent", **no_reason)
    judged(
        robot,
        {
            "Not Ours Gracefully": [f"Start Target    {theirs}", "Restart Target Gracefully"],
            "Not Ours Crashed": [f"Start Target    {theirs}", "Crash And Restart Target"],
            "Not Ours Twice": [f"Start Target    {theirs}", "Start Second Instance"],
            "No Second": [f"Start Target    {alone}", "Start Second Instance"],
            "Second Twice": ["Start Target", "Start Second Instance", "Start Second Instance"],
            "Nobody Stands By": ["Start Target", "Hand Over To Second Instance"],
            "Locked": [f"Start Target    {locked}", "Start Second Instance"],
            "Another Version": [f"Start Target    {elsewhere}", "Start Second Instance", "Hand Over To Second Instance"],
            "Cannot Hand Over": [f"Start Target    {silent}", "Hand Over To Second Instance"],
            "No Time": ["Start Target", "Restart Target Gracefully    after=soon"],
            "No Estimate": ["Start Target", "Restart Target Gracefully    estimate=-1 s"],
            "No Reason": ["Start Target", "Restart Target Gracefully    reason=${EMPTY}"],
            "Nothing Happened": ["Start Target", "Connect As    alice", "The Outage Should Have Been Shorter Than    5 s"],
            "One Instance": ["Start Target", "Connect As    alice", "Send Burst    1", "Wait Until Everything Is Answered", "One Instance Should Have Followed The Other"],
        },
        {
            "Not Ours Gracefully": "usage: target 'theirs' was not started by this kit and cannot be restarted; its file has no 'lifecycle'",
            "Not Ours Crashed": "usage: target 'theirs' was not started by this kit and cannot be killed; its file has no 'lifecycle'",
            "Not Ours Twice": "usage: target 'theirs' was not started by this kit and cannot be joined by a second instance; its file has no 'lifecycle'",
            "No Second": "usage: target 'alone' cannot have a second instance; its file has no 'lifecycle.second'",
            "Second Twice": "usage: a second instance of reference stands by already; use 'Hand Over To Second Instance' first",
            "Nobody Stands By": "usage: no second instance of reference stands by; use 'Start Second Instance' first",
            "Locked": "environment: target 'locked' ended with code 3 before it was ready; its last words: reference_platform: the store {*} is in use by another platform",
            "Another Version": "environment: target 'elsewhere' ended with code 3 before it was ready; its last words: reference_platform: the store {*} is of version 7",
            "Cannot Hand Over": "environment: Lockstep reference platform does not offer hand_over; begin the test with",
            "No Time": "usage: after must be a time such as '100 ms' or '2 s', not 'soon'",
            "No Estimate": "usage: estimate must be",
            "No Reason": "environment: shutdown: {*}reason must be a text of 1 to 200 characters",
            "Nothing Happened": "violation: each outage is short enough: nothing was there to be checked",
            "One Instance": "violation: 2 instances were to have work, but the ledger names instance-1 only",
        },
    )


def test_a_target_that_tells_less_is_restarted_all_the_same(robot, tmp_path):
    silent = target(tmp_path, "silent", control={"shutdown": None}, messages={"notice": None})
    steps = [
        f"Start Target    {silent}", "Connect As    alice    resumable=yes", "Send Burst    3", "Wait Until Everything Is Answered", "Restart Target Gracefully",
        "Reconnect    alice", "The Notice Should Have Come Before The Close", "The Outage Should Have Been Shorter Than    30 s", "Stop Target",
    ]  # fmt: skip
    robot.run(HEAD + "One\n" + "".join(f"    {step}\n" for step in steps))
    status, message = robot.messages["One"]
    assert status == "PASS", message
    assert "not offered by the target: notice before close" in message
