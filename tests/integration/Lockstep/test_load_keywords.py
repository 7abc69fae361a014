"""Load as an analyst writes it: what passes, what fails with which sentence, and what is left in the records."""

import pytest

from Lockstep.places import RESOURCES

HEAD = """*** Settings ***
Resource          RESOURCES/lockstep.resource
Suite Setup       Start Target    %s
Suite Teardown    Stop Target

*** Test Cases ***
"""
REFERENCE = HEAD % "reference"


def test_load_on_the_reference_platform_passes_and_leaves_its_figures(robot):
    robot.run(REFERENCE + """
Load
    [Tags]    hvt-1
    ${load} =    Run Load    Steady Rate    rate=200 msg/s    lasting=1 s    connections=4    copies=10 %    high=10 %    ramp=0.5 s    size=300 B
    Load Should Be Lossless And Ordered    ${load}
    Latency Percentile Should Be Below    p95    30 s    ${load}    tenths=yes
    Throughput Should Be At Least    1 msg/s    ${load}
    Should Be Equal As Integers    ${load.sent}    250
    ${flood} =    Run Load    flood    count=300    connections=2
    ${even} =    Run Load    even    in_flight=4    count=400    connections=4
    Load Should Be Lossless And Ordered    ${flood}    ${even}
    Load Should Be Fair    ${even}    slowest=10 %    jain=10 %
""")
    assert robot.messages["Load"][0] in {"PASS", "SKIP"}, robot.said  # a busy machine may void the times
    figures = {record["name"]: record for record in robot.records() if record["kind"] == "measurement"}
    assert {"steady_rate", "steady_rate_p95", "steady_rate_p99_9", "steady_rate_max", "steady_rate_sender_lag", "steady_rate_lost"} <= set(figures)
    assert figures["steady_rate_lost"]["value"] == 0
    assert figures["steady_rate_p95"]["samples"] == 250
    assert {record["case"] for record in figures.values()} == {"hvt-1"}
    assert len(list((robot.output / "histograms").glob("*-steady_rate.hgrm"))) == 1
    assert not list((robot.output / "progress").glob("*.json")), "progress is for phases that go on"
    log = (robot.output / "output.xml").read_text()
    assert "&lt;svg role=" in log
    assert "Course of the load. steady rate: 250 of 250 answered" in log
    assert robot.left_behind == []


def test_a_load_beside_other_keywords_is_waited_for_once_and_leaves_its_figures(robot):
    robot.run(REFERENCE + """
Beside
    [Tags]    hvt-6
    Start Load    The Crowd    rate=200 msg/s    lasting=2 s    connections=4    shards=1
    Connect As    alice
    Send Burst    3
    Every Message Should Be Answered Exactly Once
    ${load} =    Wait For The Load    the crowd
    Should Be Equal As Integers    ${load.sent}    400
    Load Should Be Lossless And Ordered    ${load}
    The Ledger Should Agree With    ${load}
    Wait For The Load    the crowd
""")
    status, message = robot.messages["Beside"]
    assert (status, message) == ("FAIL", "usage: no load called 'the_crowd' goes on; begin it with 'Start Load    the_crowd', and wait for it once")
    figures = {record["name"]: record for record in robot.records() if record["kind"] == "measurement" and record["case"] == "hvt-6"}
    assert {"the_crowd", "the_crowd_p95", "the_crowd_max"} <= set(figures)
    assert (figures["the_crowd_lost"]["value"], figures["the_crowd_p95"]["samples"]) == (0, 400)
    assert "Course of the load. the crowd: 400 of 400 answered" in (robot.output / "output.xml").read_text()
    assert robot.left_behind == []


WRONG = {
    "Zero": ("rate=0    lasting=1 s", "usage: rate must be more than 0 msg/s, not '0' (argument of 'Run Load')"),
    "Negative": ("rate=-5    lasting=1 s", "usage: rate must be more than 0 msg/s, not '-5' (argument of 'Run Load')"),
    "Absurd": ("rate=1e12    lasting=1 s", "usage: a rate of 1,000,000,000,000 msg/s is more than this machine could send; give at most 1,000,000 msg/s"),
    "Nothing": ("rate=10", "usage: say how much load: lasting=... or count=..."),
    "Nothing Either": ("in_flight=10", "usage: say how much load: lasting=... or count=..."),
    "Both": ("rate=10    in_flight=5    lasting=1 s", "usage: rate=... and in_flight=... contradict each other: a rate goes on whatever the answers do; give one of them"),
    "Both Ends": ("rate=10    count=5    lasting=1 s", "usage: lasting=... and count=... contradict each other; give one of them"),
    "No Time": ("rate=10    lasting=0 s", "usage: lasting=... must be more than 0 s"),
    "Ramp": ("in_flight=10    count=5    ramp=1 s", "usage: ramp=... and burst=... belong to rate=...: without a rate the answers decide when messages are sent"),
    "Too Large": ("in_flight=1    count=5    size=6 MB", "not measured: a text of 6,000,000 bytes was asked for, Lockstep reference platform takes 5,000,000 bytes ('limits.message_size' in its file)"),
    "Shards": ("in_flight=1    count=5    shards=2", "usage: 2 shards cannot share 1 connection; give at most one shard for each"),
}


def test_what_cannot_be_is_refused_with_a_sentence(robot):
    robot.run(REFERENCE + "".join(f"\n{name}\n    Run Load    x    {arguments}\n" for name, (arguments, _) in WRONG.items()) + """
No Load
    Load Should Be Lossless And Ordered
Not A Load
    Load Should Be Fair    5
Odd Percentile
    Latency Percentile Should Be Below    p100    1 s    5
Never Begun
    Wait For The Load    Crowd
""")
    messages = robot.messages
    for name, (_, sentence) in WRONG.items():
        assert messages[name][1] == sentence
    assert messages["No Load"][1] == "usage: say which load: give what 'Run Load' returned"
    assert messages["Not A Load"][1] == "usage: load must be what 'Run Load' returned, not '5' (argument of 'Load Should Be Fair')"
    assert messages["Never Begun"][1] == "usage: no load called 'crowd' goes on; begin it with 'Start Load    crowd', and wait for it once"
    assert messages["Odd Percentile"][1].startswith("usage: percentile must be a percentile such as 'p95' or '99.9'")


def test_more_connections_than_the_target_says_it_takes_are_not_measured(robot):
    robot.run(REFERENCE + "\nCrowd\n    Run Load    crowd    in_flight=1    count=300    connections=110\n")
    status, message = robot.messages["Crowd"]
    assert status == "SKIP"
    assert message.startswith("not measured: 110 clients were asked for, Lockstep reference platform takes 100 ('limits.clients' in its file)")


def test_a_target_is_started_with_room_for_more_connections(robot):
    robot.run(HEAD % "reference    clients=110" + "\nCrowd\n    ${load} =    Run Load    crowd    in_flight=1    count=300    connections=110\n"
              "    Load Should Be Lossless And Ordered    ${load}\n")
    assert robot.messages["Crowd"] == ("PASS", "")


def test_connections_that_the_target_turns_away_are_counted_with_their_reason(robot, tmp_path):
    (tmp_path / "boastful.yaml").write_text("schema: 1\nextends: reference\nlimits: {clients: 200}\n")
    robot.run(HEAD % (tmp_path / "boastful.yaml") + "\nCrowd\n    Run Load    crowd    in_flight=1    count=300    connections=110\n")
    status, message = robot.messages["Crowd"]
    assert status == "FAIL"
    assert message.startswith("environment: 10 of 110 connections to Lockstep reference platform could not be opened: 10 times: the connection was closed by the target "
                              "with code 1013 (all 100 connections are taken")


@pytest.mark.parametrize(("defect", "codes"), [
    ("r1_drop_every_n", {"lost"}), ("r1_reorder_1in500", {"reordered"}), ("r1_dup_reply", {"duplicated"}), ("r1_wrong_correlation", {"phantom", "corrupted", "lost"}),
    ("r2_no_dedup", {"duplicated", "miscounted_duplicates"}),
])
def test_a_defect_of_the_target_fails_the_load(robot, tmp_path, defect, codes):
    source = (RESOURCES / "targets" / "reference.yaml").read_text()
    begins = 'serve, --store, "{store}"'
    assert begins in source
    (tmp_path / "broken.yaml").write_text(source.replace(begins, f'serve, --defect, {defect}, --store, "{{store}}"'))
    robot.run(HEAD % (tmp_path / "broken.yaml") + """
Load
    ${load} =    Run Load    broken    in_flight=128    count=8000    connections=2    copies=5 %
    Load Should Be Lossless And Ordered    ${load}
""")
    status, message = robot.messages["Load"]
    assert status == "FAIL"
    assert message.startswith("violation: connection "), message
    found = {code for record in robot.records() if record["kind"] == "verdict" for code in record["counts"]}
    assert found & codes
    assert "vacuous" not in found


def test_what_a_test_sets_for_whoever_comes_ends_with_it(robot):
    robot.run("""*** Settings ***
Resource          RESOURCES/lockstep.resource
Suite Setup       Fail For Everybody
Suite Teardown    Stop Target

*** Keywords ***
Fail For Everybody
    Start Target
    Let Messages Fail    2    client=anybody

*** Test Cases ***
A Sets More
    Let Messages Fail    5    client=anybody
    Let Each Message Take    10 s    client=anybody
B Has What The Suite Has Set
    Connect As    alice
    Send Burst    6
    The Agent Should Have Processed    4
""")
    assert robot.messages["B Has What The Suite Has Set"] == ("PASS", "")
    assert robot.left_behind == []
