"""What a person does wrong, or a server, is answered with a sentence: its kind first, then what, where, what is allowed and what to do.

One robot run holds all mistakes of a kind; each test of it is read here. None is green, leaves a process or shows a traceback.
"""

import signal
from time import monotonic, sleep

import psutil
import pytest

HEAD = """*** Settings ***
Resource          RESOURCES/lockstep.resource
Suite Teardown    Stop Target

*** Variables ***
${TOKEN: Secret}    %{DESK_TOKEN=forged-s3cr3t-t0k3n}

*** Test Cases ***
"""
KINDS = ("usage: ", "environment: ", "violation: ", "limit missed: ")
FORGED = "forged-s3cr3t-t0k3n"


def suite(steps):
    """One test per mistake; each begins without a target."""
    return HEAD + "".join(f"{name}\n" + "".join(f"    {step}\n" for step in lines) + "    [Teardown]    Stop Target\n" for name, lines in steps.items())


def judged(robot, steps, expected, *options, **environment):
    """Runs the mistakes; each sentence is compared, and nothing may stay behind."""
    robot.run(suite(steps), *options, **environment)
    found = robot.messages
    assert set(found) == set(expected)
    for name, sentence in expected.items():
        status, message = found[name]
        assert status == "FAIL", f"{name} is {status}"
        message = message.removeprefix("Teardown failed:\n")  # Robot's own words
        assert message.startswith(KINDS), message
        assert message.startswith(sentence.partition("{*}")[0]), f"{name}: {message}"
        for part in sentence.split("{*}"):
            assert part in message, f"{name}: {message}"
    assert "Traceback" not in robot.said
    assert robot.code == len(expected)
    assert robot.left_behind == []
    assert FORGED not in robot.said + (robot.output / "output.xml").read_text()


def test_keywords_used_in_a_way_that_cannot_work(robot):
    up = ["Start Target", "Connect As    alice"]
    judged(
        robot,
        {
            "Before Target": ["Connect As    alice"],
            "Before Connecting": ["Start Target", "Send Burst    20"],
            "Target Twice": ["Start Target", "Start Target"],
            "Zero": [*up, "Send Burst    0"],
            "Negative": [*up, "Send Burst    -1"],
            "No Number": [*up, "Send Burst    abc"],
            "Negative Time": [*up, "Send Burst    20    every=-1 s"],
            "No Time": [*up, "Send Burst    20    every=soon"],
            "Wrong Window": [*up, "Send Burst    20    in_flight=0"],
            "Window Too Small": [*up, "Send Burst    20    in_flight=2    together=4"],
            "Every And Rate": [*up, "Send Burst    20    every=1 s    rate=50 msg/s"],
            "Unknown Stamp": [*up, "Send Burst    20    timestamps=random"],
            "Alias Twice": [*up, "Connect As    alice"],
            "Unknown Alias": [*up, "Send Burst    20    client=bob"],
            "Which Client": [*up, "Connect As    bob", "Send Burst    20"],
            "Reserved Alias": ["Start Target", "Connect As    everyone"],
            "Disconnected": [*up, "Disconnect", "Send Burst    20"],
            "Not A Burst": [*up, "Every Message Should Be Answered Exactly Once    since=yesterday"],
            "Unknown Capability": ["Start Target", "The Target Must Offer    ledgr"],
            "Nothing To Leave Out": [*up, "Send Incomplete Message    colour"],
            "How Much": [*up, "Measure Phase    x"],
            "Too Much Said": [*up, "Measure Phase    x    count=5    rate=5    lasting=1 s"],
        },
        {
            "Before Target": "usage: no target is there yet; use 'Start Target' in the Suite Setup first",
            "Before Connecting": "usage: no client is connected; use 'Connect As    alice' first",
            "Target Twice": "usage: the target 'reference' is there already; use 'Stop Target' first",
            "Zero": "usage: count must be a whole number, 1 or more, not 0 (argument of 'Send Burst')",
            "Negative": "usage: count must be a whole number, 1 or more, not -1 (argument of 'Send Burst')",
            "No Number": "usage: count must be a whole number such as 20, not 'abc' (argument of 'Send Burst')",
            "Negative Time": "usage: every must be a time of 0 or more, not '-1 s' (argument of 'Send Burst')",
            "No Time": "usage: every must be a time such as '100 ms' or '2 s', not 'soon' (argument of 'Send Burst')",
            "Wrong Window": "usage: in_flight must be a whole number, 1 or more, not 0 (argument of 'Send Burst')",
            "Window Too Small": "usage: 4 messages together do not fit into a window of in_flight=2; make the window larger",
            "Every And Rate": "usage: every=... and rate=... contradict each other; give one of them",
            "Unknown Stamp": "usage: timestamps must be one of now, equal, falling, not 'random' (argument of 'Send Burst')",
            "Alias Twice": "usage: a client called 'alice' is connected already; give the second one a name of its own with client=...",
            "Unknown Alias": "usage: no client is called 'bob'; known are: alice. Use 'Connect As    bob' first",
            "Which Client": "usage: 2 clients are connected (alice, bob); say which one with client=...",
            "Reserved Alias": "usage: 'everyone' means all clients and cannot be the alias of one; choose another name",
            "Disconnected": "usage: alice is disconnected; use 'Connect As    alice' again before sending",
            "Not A Burst": "usage: since must be what 'Send Burst' returned, not 'yesterday'",
            "Unknown Capability": "usage: there is no capability 'ledgr'; did you mean ledger? Known are: ",
            "Nothing To Leave Out": "usage: missing must be one of content, message_id, not 'colour'",
            "How Much": "usage: say how much to send: count=..., or rate=... together with lasting=...",
            "Too Much Said": "usage: lasting=... goes with rate=... and without count=...",
        },
    )


WEBSOCKET = """
import json, os, sys, threading
from websockets.sync.server import serve
def ready(port): print(json.dumps({"event": "ready", "websocket_url": f"ws://127.0.0.1:{port}/ws"}), flush=True)
def until_stdin_closes(): sys.stdin.read(); os._exit(0)
threading.Thread(target=until_stdin_closes, daemon=True).start()
"""
SERVERS = {
    "silent": "import sys; sys.stdin.read()",
    "babbling": "print('Server v1 listening', flush=True); import sys; sys.stdin.read()",
    "number": "print('5', flush=True); import sys; sys.stdin.read()",
    "exits": "import sys; sys.exit('cannot open the database')",
    "closes_output": "import os, sys; os.close(1); sys.stdin.read()",
    "mute": WEBSOCKET + "import socket\ns = socket.create_server(('127.0.0.1', 0)); ready(s.getsockname()[1]); kept = []\n"
                        "while True: kept.append(s.accept())",
    "garbage": WEBSOCKET + "import socket\ns = socket.create_server(('127.0.0.1', 0)); ready(s.getsockname()[1])\n"
                           "while True:\n c = s.accept()[0]; c.recv(9999); c.sendall(b'SMTP ready\\r\\n\\r\\n'); c.close()",
    "dies": WEBSOCKET + """
def talk(ws):
    ws.recv(); print('out of cheese', file=sys.stderr, flush=True); os._exit(9)
with serve(talk, '127.0.0.1', 0) as server: ready(server.socket.getsockname()[1]); server.serve_forever()
""",
    "forgets": WEBSOCKET + """
def talk(ws):
    for _ in ws: pass
with serve(talk, '127.0.0.1', 0) as server: ready(server.socket.getsockname()[1]); server.serve_forever()
""",
    "echoes_token": WEBSOCKET + """
def talk(ws):
    token = ws.request.headers['Authorization'].removeprefix('Bearer ')
    ws.send('{"token": "' + token); ws.recv(); ws.close(4401, 'bad ' + token)
with serve(talk, '127.0.0.1', 0) as server: ready(server.socket.getsockname()[1]); server.serve_forever()
""",
}
TARGET = """
schema: 1
name: {name}
title: The {name} desk
lifecycle: {{start: ["{{python}}", {script}], ready_within: {ready}}}
connect: {{url: "{{websocket_url}}", within: 500 ms{more}}}
messages: {{send: {{id: "{{message_id}}"}}, reply: {{where: {{type: answer}}, message_id: id}}}}
"""


@pytest.fixture
def targets(tmp_path):
    """Target files with servers that misbehave."""
    for name, script in SERVERS.items():
        (tmp_path / f"{name}.py").write_text(script)
        more = ', auth: {by: header, value: "Bearer {token}", token: {from: environment, name: DESK_TOKEN}}' if name == "echoes_token" else ""
        text = TARGET.format(name=name, script=tmp_path / f"{name}.py", ready="500 ms" if name == "silent" else "20 s", more=more)
        (tmp_path / f"{name}.yaml").write_text(text)


def test_servers_that_do_not_behave(robot, targets):
    once = "Set Connect Policy    tries=1    pause=0"
    judged(
        robot,
        {
            "Never Ready": ["Start Target    silent.yaml"],
            "Prints Garbage": ["Start Target    babbling.yaml"],
            "Prints A Number": ["Start Target    number.yaml"],
            "Exits At Once": ["Start Target    exits.yaml"],
            "Closes Its Output": ["Start Target    closes_output.yaml"],
            "Never Answers": ["Start Target    mute.yaml", once, "Connect As    alice"],
            "Answers Garbage": ["Start Target    garbage.yaml", once, "Connect As    alice"],
            "Dies": ["Start Target    dies.yaml", "Connect As    alice", "Send Burst    5000    in_flight=10"],
            "Dies Unseen": ["Start Target    dies.yaml", "Connect As    alice", "Send Burst    1",
                            "Wait Until Keyword Succeeds    20x    100 ms    Run Keyword And Expect Error    violation: *    Connection Should Be Open"],
            "Echoes The Token": ["Start Target    echoes_token.yaml", "Connect As    alice", "Send Burst    5000    in_flight=10"],
        },
        {
            "Never Ready": "environment: target 'silent' gave no ready line within 0.5 s; it wrote nothing to its error output",
            "Prints Garbage": "environment: target 'babbling' printed 'Server v1 listening' where a JSON line such as {*}; see 'lifecycle' in its file",
            "Prints A Number": "environment: target 'number' printed '5' where a JSON line such as",
            "Exits At Once": "environment: target 'exits' ended with code 1 before it was ready; its last words: cannot open the database",
            "Closes Its Output": "environment: target 'closes_output' closed its standard output before it was ready",
            "Never Answers": "environment: alice could not connect to The mute desk: it did not answer the handshake at ws://127.0.0.1:{*} within 0.5 s",
            "Answers Garbage": "environment: alice could not connect to The garbage desk: what it answered at {*} is not a WebSocket handshake",
            "Dies": "violation: the connection of alice ended after {*} of 5000 messages: {*}; the target's process ended with code 9{*}out of cheese",
            "Dies Unseen": "environment: The dies desk ended although nobody had asked it to: the target's process ended with code 9{*}out of cheese",
            "Echoes The Token": "violation: the connection of alice ended after {*}closed by target with code 4401 ('bad <token>')",
        },
        "--loglevel", "TRACE", DESK_TOKEN=FORGED,
    )


MISSPELT = "schema: 1\nextends: reference\nname: odd\nguarantees: {oder: none}\n"


def test_targets_profiles_and_endpoints_that_are_not_there(robot, tmp_path):
    (tmp_path / "odd.yaml").write_text(MISSPELT)
    judged(
        robot,
        {
            "Misspelt Key": ["Start Target    odd.yaml"],
            "Unknown Target": ["Start Target    referense"],
            "No Such File": ["Start Target    nowhere.yaml"],
            "Unreachable": ["Start Target    real"],
        },
        {
            "Misspelt Key": f"usage: {tmp_path}/odd.yaml: unknown key 'guarantees.oder'; did you mean 'order'? Allowed here: audit, compression, duplicates, ",
            "Unknown Target": "usage: unknown target 'referense'; did you mean reference? Known targets: ",
            "No Such File": "usage: there is no target file nowhere.yaml; give the path of a .yaml file or one of: ",
            "Unreachable": "environment: Real service cannot be reached; start it or correct its addresses:{*}"
                           "websocket ws://127.0.0.1:1/ws (from E2E_WEBSOCKET_URL): no connection (connection refused){*}backend http://127.0.0.1:1{*}"
                           "auth http://127.0.0.1:1",
        },
        E2E_WEBSOCKET_URL="ws://127.0.0.1:1/ws", E2E_BACKEND_URL="http://127.0.0.1:1", E2E_AUTH_SERVICE_URL="http://127.0.0.1:1",
    )


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"ENVIRONMENT": "fulll"}, "usage: There is no profile 'fulll' (from ENVIRONMENT); did you mean full? Profiles are: quick, ci, dev, full."),
        ({"RAPID_TEST_MAX_LATENCY": "fast"}, "usage: RAPID_TEST_MAX_LATENCY is 'fast': it must be a number above 0 (seconds). Correct or unset it."),
        ({"RAPID_MESSAGE_TEST_MODE": "reel"}, "usage: RAPID_MESSAGE_TEST_MODE must be real, or reference (mock means the same), not 'reel'"),
        ({"RAPID_MESSAGE_TEST_MODE": "real", "SKIP_REAL_SERVICES": "true"}, "usage: RAPID_MESSAGE_TEST_MODE=real and SKIP_REAL_SERVICES=true contradict"),
        ({"LOCKSTEP_TARGET": "reel"}, "usage: unknown target 'reel'; did you mean real? Known targets: "),
        ({"LOCKSTEP_START_ARGUMENTS": "--defect 'x"}, "usage: LOCKSTEP_START_ARGUMENTS cannot be split into words (No closing quotation): --defect 'x"),
    ],
)
def test_a_wrong_environment_fails_start_target_and_is_never_green(robot, environment, sentence):
    judged(robot, {"One": ["Start Target"]}, {"One": sentence}, **environment)


def test_a_refused_token_says_so_and_is_shown_nowhere(robot):
    steps = {"Forged": ["Start Target", "Connect As    alice    token=${TOKEN}"], "Fine": ["Start Target", "Connect As    alice", "Send Burst    3", "Fail    usage: end"]}
    judged(
        robot, steps,
        {"Forged": "environment: alice could not connect to Lockstep reference platform: it answered the handshake with HTTP 401, so it refused the token",
         "Fine": "usage: end"},
        "--loglevel", "TRACE", "--log", "log.html",
    )
    assert "/journals/" in " ".join(str(path) for path in robot.output.rglob("*.jsonl"))
    for path in robot.output.rglob("*"):
        if path.is_file():
            text = path.read_text(errors="replace")
            assert FORGED not in text, path
            assert "eyJ" not in text, f"a token of the platform in {path}"  # how every JSON web token begins


ONE_VERDICT = {"One": ["Start Target", "Connect As    alice", "Send Burst    3", "Every Message Should Be Answered Exactly Once"]}


def test_a_results_folder_that_cannot_be_written(robot, tmp_path):
    (tmp_path / "run").write_text("in the way")
    judged(robot, ONE_VERDICT, {"One": "environment: {*}/run/records/{*}.jsonl could not be written (Not a directory); free some space or choose another"},
           LOCKSTEP_RUN=str(tmp_path / "run"))


def test_a_full_disk(robot, tmp_path):
    """The limit holds for this robot process alone: its records grow until they meet it."""
    limit = "Evaluate    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))    modules=resource"
    steps = ["Start Target", "Connect As    alice", "Send Burst    3", limit, "FOR    ${i}    IN RANGE    100",
             "    Every Message Should Be Answered Exactly Once", "END"]
    robot.run(suite({"One": steps}), "--output", "none", LOCKSTEP_RUN=str(tmp_path / "run"))
    assert robot.code == 1
    assert "environment: " in robot.said
    assert "could not be written (File too large); free some space or choose another results folder - what was written before is kept" in robot.said
    assert "Traceback" not in robot.said
    assert robot.left_behind == []
    assert {record["kind"] for record in robot.records(tmp_path / "run")} >= {"verdict", "measurement"}


def test_an_interrupt_leaves_no_server(robot):
    process = robot.start(suite({"One": ["Start Target", "Connect As    alice", "Log    under way    console=yes", "Send Burst    1000000    every=1 s"]}))
    for line in process.stdout:
        if "under way" in line:
            break
    assert any("reference_platform" in " ".join(command) for command in robot.left_behind)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert "Execution terminated by signal" in said
    assert "Traceback" not in said
    assert robot.left_behind == []


def test_a_killed_robot_leaves_no_server(robot):
    process = robot.start(suite({"One": ["Start Target", "Log    under way    console=yes", "Sleep    60 s"]}))
    for line in process.stdout:
        if "under way" in line:
            break
    server = next(one for one in psutil.Process(process.pid).children(recursive=True))
    process.kill()
    process.communicate(timeout=30)
    deadline = monotonic() + 20
    while server.is_running() and server.status() != psutil.STATUS_ZOMBIE and monotonic() < deadline:
        sleep(0.05)
    assert robot.left_behind == []


LOSSY = """\
from reference_platform.policies import Outbox


class LoseEverySecond(Outbox):
    answers = 0

    def release(self, replies):
        kept = []
        for reply in replies:
            self.answers += reply.fields["type"] == "ai_response"
            if reply.fields["type"] != "ai_response" or self.answers % 2:
                kept.append(reply)
        super().release(kept)
"""


def test_a_sender_with_a_full_window_does_not_wait_for_lost_answers(robot, tmp_path):
    (tmp_path / "lossy.py").write_text(LOSSY)
    steps = ["Start Target", "Connect As    alice", "Send Burst    400    in_flight=16", "Every Message Should Be Answered Exactly Once"]
    judged(robot, {"One": steps}, {"One": "violation: alice's message 1 was never answered{*}"},
           LOCKSTEP_START_ARGUMENTS=f"--defect {tmp_path / 'lossy.py'}:LoseEverySecond")


DEAF_QUESTIONS = """questions:
  agent_state: {ask: {q: "{request_id}"}, answer: {where: {type: state}, request_id: q, fields: {message_count: n}}}
"""
SAYING = "{content: Hello, label: greeting}"
PAYLOADS = {
    "empty": "", "list": "- a\n- b\n", "no_messages": "schema: 1\ntitle: T\nmessages: []\n",
    "misspelt": f"schema: 1\ntitle: T\nmessages:\n  - {SAYING}\n  - {{content: Again, lable: greeting}}\n",
    "unlabelled": "schema: 1\ntitle: T\nmessages: [{content: Hello}]\n", "torn": "schema: [1",
    "nobody": "schema: 1\ntitle: T\nmessages: [{content: Do it, agents: []}]\n",
}
TARGET_FILES = {
    "no_places": ("limits: {queue_capacity: 0}", "key 'limits.queue_capacity' must be 1 or more, not '0'"),
    "no_text": ("questions: {agent_state: {answer: {fields: {version: 7}}}}",
                "key 'questions.agent_state.answer.fields.version' must be a valid string, not 7"),
    "nobody_fills": ('messages: {send: {colour: "{colour}"}}', "key 'messages.send' uses {colour}, which nobody fills. Allowed are: {acknowledge}"),
    "no_question": ("questions: {queue_stat: {ask: {}, answer: {where: {}}}}",
                    "key 'questions.queue_stat' is no question that the kit asks; did you mean queue_state? Allowed are: agent_context"),
    "no_turns": ("guarantees: {priorities: {high_in_a_row: 0}}", "key 'guarantees.priorities.high_in_a_row' must be 1 or more, not '0'"),
}


def test_activities_snapshots_payloads_and_agents_used_in_a_way_that_cannot_work(robot, tmp_path):
    for name, text in PAYLOADS.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    up, team = ["Start Target", "Connect As    alice"], "Configure The Agents    data    analysis"
    converse = {name: [*up, f"Have The Conversation    {name}.yaml"] for name in PAYLOADS if name != "nobody"}
    judged(
        robot,
        {
            "Stop Without Start": [*up, "Start Pinging", "Stop Watching The Queue"],
            "Start Twice": [*up, "Start Watching The Queue", "Start Watching The Queue"],
            "All The Time": [*up, "Start Taking Snapshots    every=0"],
            "Unknown Field": [*up, "Take State Snapshot    version    mesage_count"],
            "Unread": [*up, "Stop Reading", "Send Burst    1", "Every Message Should Be Answered Exactly Once"],
            "High And Every": [*up, "Send Burst    20    priority=high    high_every=10"],
            "Nothing Refused": [*up, "Send Burst    2", "Send The Refused Messages Again"],
            "Not A Moment": [*up, "Nobody Should Be Held Up By    alice    since=before"],
            "What Is Small": [*up, "The Server Should Stay Small"],
            "Too Few Failed": [*up, "Send Burst    2", "Failed Messages Should Have No Effect    5"],
            "Unknown Message": [*up, "The Message Should Have Been Refused    m-7    because=unknown_agent"],
            "No Agents": [*up, "Configure The Agents"],
            "Refused Agents": [*up, "Configure The Agents    data    data"],
            "Unknown Agent": [*up, team, "Coordinate The Agents    customer_dashboard"],
            "Agent Never Configured": [*up, team, "The Agents Should Have Processed    data=0    anaylsis=3"],
            "Agent Of The Server": [*up, team, "${id} =    Send Message    Do it    agents=${{['reporting']}}",
                                    "The Message Should Have Been Refused    ${id}    because=queue_full"],
            "Unknown Payload": [*up, "Have The Conversation    sales_conversatoin"],
            "Window And Snapshots": [*up, "Have The Conversation    sales_conversation    in_flight=16    snapshots=yes"],
            "nobody": [*up, "Coordinate The Agents    nobody.yaml"],
            **converse,
        },
        {
            "Stop Without Start": "usage: 'Stop Watching The Queue' has nothing to stop for alice; use 'Start Watching The Queue' first. "
                                  "Going on now: Pinging (alice)",
            "Start Twice": "usage: 'Start Watching The Queue' goes on already for alice; use 'Stop Watching The Queue' before it is started again",
            "All The Time": "usage: every must be a time of more than 0, such as '20 ms', not '0' (argument of 'Start Taking Snapshots')",
            "Unknown Field": "usage: {*}reference.yaml maps no field 'mesage_count' of the agent's state; did you mean message_count? "
                             "Its 'questions.agent_state.answer.fields' are: context_digest, conversation,",
            "Unread": "usage: alice does not read what the target sends; use 'Start Reading    alice' before its messages are judged",
            "High And Every": "usage: priority=... and high_every=... contradict each other; give one of them",
            "Nothing Refused": "usage: nothing of alice was refused in this test, so there is nothing to send again",
            "Not A Moment": "usage: since must be what 'Remember This Moment' returned, not 'before'",
            "What Is Small": "usage: say what is small: memory=..., threads=... or both",
            "Too Few Failed": "environment: 5 messages were to fail, but the target said so of 0; was 'Let Messages Fail' used with this number?",
            "Unknown Message": "usage: alice sent no message 'm-7' in this test; give what the sending keyword returned",
            "No Agents": "usage: name at least one agent, such as 'Configure The Agents    data    analysis'",
            "Refused Agents": "environment: 'Configure The Agents' got no answer: alice's question configure_agents was refused: invalid_message",
            "Unknown Agent": "usage: alice has no agent 'reporting'. In the team: data, analysis; use 'Configure The Agents' first",
            "Agent Never Configured": "usage: alice has no agent 'anaylsis'; did you mean analysis? In the team: data, analysis;",
            "Agent Of The Server": "violation: alice's message 0 should have been refused because of queue_full, "
                                   "but it was refused because of unknown_agent [not_refused]",
            "Unknown Payload": "usage: there is no payload 'sales_conversatoin'; did you mean sales_conversation? Known are: customer_dashboard, ",
            "Window And Snapshots": "usage: in_flight=... is for messages without a pause between them; with snapshots=yes or malformed=yes something comes between them; "
                                    "give one of them",
            "nobody": "usage: nobody.yaml: key 'messages.0.agents' must have at least one entry",
            "empty": "usage: empty.yaml is empty or no list of 'key: value' lines; a payload begins with 'schema: 1' and has a title and messages",
            "list": "usage: list.yaml is empty or no list of 'key: value' lines;",
            "no_messages": "usage: no_messages.yaml: key 'messages' must have at least one entry",
            "misspelt": "usage: misspelt.yaml: unknown key 'messages.1.lable'; did you mean 'label'? Allowed here: content, final, label",
            "unlabelled": "usage: unlabelled.yaml: key 'messages.0.label' is missing; it is needed",
            "torn": "usage: torn.yaml is not YAML: ",
        },
    )


def test_mappings_that_cannot_work_and_a_server_that_never_answers(robot, tmp_path):
    for name, (text, _) in TARGET_FILES.items():
        (tmp_path / f"{name}.yaml").write_text(f"schema: 1\nextends: reference\nname: odd\n{text}\n")
    (tmp_path / "deaf.py").write_text(SERVERS["forgets"])
    (tmp_path / "deaf.yaml").write_text(TARGET.format(name="deaf", script=tmp_path / "deaf.py", ready="20 s", more="") + DEAF_QUESTIONS)
    before = monotonic()
    judged(
        robot,
        {
            **{name: [f"Start Target    {name}.yaml"] for name in TARGET_FILES},
            "No Answer": ["Start Target    deaf.yaml", "Connect As    alice", "Take State Snapshot    within=500 ms"],
            "Not Asked": ["Start Target    deaf.yaml", "Connect As    alice", "Start Watching The Queue"],
            "No Urgency": ["Start Target    deaf.yaml", "Connect As    alice", "Send Message    Now    priority=high"],
            "No Sessions": ["Start Target    deaf.yaml", "Connect As    alice    resumable=yes"],
            "No Way Back": ["Start Target    deaf.yaml", "Connect As    alice", "Reconnect"],
            "No Team": ["Start Target    deaf.yaml", "Connect As    alice", "Send Message    Now    agents=${{['data']}}"],
            "No Refusals": ["Start Target    deaf.yaml", "Connect As    alice", "Have The Conversation    sales_conversation    malformed=yes"],
        },
        {
            **{name: f"usage: {{*}}{name}.yaml: {said}" for name, (_, said) in TARGET_FILES.items()},
            "No Answer": "environment: 'Take State Snapshot' got no answer: alice's question for agent_state was not answered within 0.5 s",
            "Not Asked": "environment: The deaf desk does not offer queue_state; begin the test with 'The Target Must Offer    queue_state' to skip it there",
            "No Urgency": "environment: The deaf desk does not offer priorities; begin the test with",
            "No Sessions": "environment: The deaf desk does not offer resume; begin the test with 'The Target Must Offer    resume' to skip it there",
            "No Way Back": "environment: The deaf desk does not offer resume; begin the test with",
            "No Team": "environment: The deaf desk does not offer target_agents; begin the test with",
            "No Refusals": "environment: The deaf desk does not offer refusals; begin the test with",
        },
    )
    assert monotonic() - before < 60, "one sentence after a bounded wait"
