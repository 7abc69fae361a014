"""Whole runs through pabot, over suites that a test wrote."""

import re
import signal
import sys
import time

import psutil
import pytest
from robot.api import ExecutionResult

from patience import until

TIMES = """{name}
    [Tags]    {tags}
    Evaluate    open(os.environ["LOCKSTEP_RUN"] + "/times", "a").write(f"{name} begins {{time.monotonic()}}\\\\n")    modules=os,time
    Sleep    0.3 s
    Evaluate    open(os.environ["LOCKSTEP_RUN"] + "/times", "a").write(f"{name} ends {{time.monotonic()}}\\\\n")    modules=os,time
"""

LONG = """Long
    [Tags]    rms-1
    Evaluate    open(os.environ["LOCKSTEP_RUN"] + "/records/1.jsonl", "w").write("measured")    modules=os
    Evaluate    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])    modules=subprocess,sys
    Evaluate    open(os.environ["LOCKSTEP_RUN"] + "/begun", "w").close()    modules=os
    Sleep    600 s
"""


def simple(name="Passes", tags="rms-1"):
    return f"{name}\n    [Tags]    {tags}\n    No Operation\n"


def test_one_run_makes_one_tree_in_the_right_order_and_tells_what_happened(kit):
    kit.suite("1__fast/1__alpha.robot", TIMES.format(name="Alpha", tags="rms-1"))
    kit.suite("1__fast/2__beta.robot", TIMES.format(name="Beta", tags="rms-2") + "Fails\n    Fail    violation: out of order.\\nmore\n")
    kit.suite("2__slow/gamma.robot", TIMES.format(name="Gamma", tags="serial"))
    kit.suite("2__slow/delta.robot", TIMES.format(name="Delta", tags="serial"))
    kit.suite("9__final_review/rows.robot", TIMES.format(name="Review", tags="fr-x"))
    code, said = kit.run("--seed", "4711")
    assert code == 0, said

    lines = said.splitlines()
    assert lines[0] == "Lockstep  profile quick, target reference, seed 4711"
    assert "  ✓ Fast / Alpha         1 passed  " in said
    assert "  ✗ Fast / Beta          1 passed, 1 failed  " in said
    assert "Ready within profile quick.\n  ✗ Fast.Beta.Fails\n      violation: out of order.\n" in said
    run = kit.latest
    assert lines[-3:] == [
        f"  Final Review  results/{run.name}/final_review.html", f"  Log           results/{run.name}/log.html",
        f"  Report        results/{run.name}/report.html",
    ]

    events = re.findall(r"(\w+) (begins|ends) ([\d.]+)", (run / "times").read_text())
    at = {(name, what): float(when) for name, what, when in events}
    assert max(at["Alpha", "ends"], at["Beta", "ends"]) < at["Delta", "begins"]
    assert at["Delta", "ends"] < at["Gamma", "begins"]
    assert at["Gamma", "ends"] < at["Review", "begins"]

    tree = ExecutionResult(str(run / "output.xml")).suite
    assert [suite.name for suite in tree.suites] == ["Fast", "Slow", "Final Review"]
    assert [test.message for test in tree.all_tests if test.failed] == ["violation: out of order.\nmore"]
    assert (run / "log.html").is_file()
    assert not list(kit.folder.glob("*.html"))
    assert not (kit.folder / ".pabotsuitenames").exists()

    facts = kit.facts()
    assert (facts["schema"], facts["run"], facts["profile"], facts["seed"], facts["interrupted"]) == (1, run.name, "quick", 4711, False)
    assert facts["selected"][0] == "Suites.Fast.Alpha"
    assert facts["target"] == {"name": "reference", "title": "Reference platform", "reference": True}


def test_children_learn_the_run_from_their_environment_and_the_profile_as_variables(kit):
    kit.suite("a.robot", """Environment
    [Documentation]    Compares.
    Should Be Equal    ${RESPONSE_LIMIT}    0.25 s
    Should Be Equal    ${LATENCY_P95}    7 ms
    Should Be Equal    %{LOCKSTEP_PROFILE} %{LOCKSTEP_SEED} %{LOCKSTEP_TARGET} %{LOCKSTEP_START_ARGUMENTS}    ci 5 reference --defect r2_no_dedup
    Should End With    %{LOCKSTEP_RUN}    %{LOCKSTEP_RUN_ID}
    File Should Be    %{LOCKSTEP_RUN}/run.json
*** Keywords ***
File Should Be
    [Arguments]    ${path}
    Evaluate    open($path).close()
""")
    code, said = kit.run("--seed", "5", "--variable", "LATENCY_P95:7 ms", "--defect", "r2_no_dedup", CI="true", RAPID_TEST_MAX_LATENCY="0.25")
    assert "1 passed" in said, said
    assert code == 0
    facts = kit.facts()
    assert facts["limits_changed"] == ["RESPONSE_LIMIT", "LATENCY_P95"]
    assert facts["variables"] == {"RESPONSE_LIMIT": "0.25 s", "LATENCY_P95": "7 ms"}
    assert facts["target_arguments"] == ["--defect", "r2_no_dedup"]


def test_a_variable_of_the_command_line_wins_over_the_environment(kit):
    kit.suite("a.robot", "Limit\n    Should Be Equal    ${RESPONSE_LIMIT}    3 s\n")
    code, said = kit.run("--variable", "RESPONSE_LIMIT:3 s", RAPID_TEST_MAX_LATENCY="0.25")
    assert (code, "1 passed" in said) == (0, True), said


def test_only_what_was_asked_for_runs(kit):
    kit.suite("1__a/one.robot", simple("First", "rms-1") + simple("Second", "rms-2"))
    kit.suite("1__a/two.robot", simple("Third", "rms-3"))
    kit.suite("9__final_review/rows.robot", simple("Row", "fr-x"))
    kit.run("--suite", "rms-2")
    tree = ExecutionResult(str(kit.latest / "output.xml")).suite
    assert [test.full_name for test in tree.all_tests] == ["Suites.A.One.Second", "Suites.Final Review.Rows.Row"]


def test_options_after_the_dashes_reach_robot(kit):
    kit.suite("a.robot", simple())
    kit.run("--", "--settag", "mine")
    assert "mine" in next(ExecutionResult(str(kit.latest / "output.xml")).suite.all_tests).tags


def test_a_run_that_robot_refuses_is_told_with_robots_words(kit):
    kit.suite("a.robot", simple())
    for words, reason in ((["--nonsense"], "option --nonsense not recognized"), (["--loglevel", "LOUD"], "Invalid value for option '--loglevel'")):
        code, said = kit.run("--", *words)
        assert code == 3, said
        assert said.splitlines()[-1].startswith(f"pabot could not start: {reason}"), said


def test_a_suite_without_a_result_is_told_with_its_reason(kit):
    kit.suite("a.robot", "Dies\n    Evaluate    [os.write(2, b'Fatal Python Error: gone'), os._exit(3)]    modules=os\n")
    kit.suite("b.robot", simple())
    _, said = kit.run()
    assert re.search(r"✗ A  no result: Fatal Python Error: gone", said), said
    assert "✓ B  1 passed" in said


def test_two_runs_at_once_do_not_disturb_each_other(kit):
    kit.suite("a.robot", "Slow\n    Sleep    1 s\n")
    kit.suite("b.robot", simple())
    both = [kit.start("--variable", f"WHICH:{number}") for number in (1, 2)]
    said = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    runs = [run for run in kit.results.iterdir() if run.name != "latest"]
    assert len(runs) == 2
    for run in runs:
        assert ExecutionResult(str(run / "output.xml")).suite.statistics.passed == 2
    assert kit.latest in [run.resolve() for run in runs]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_everything_within_5_s_and_keeps_what_was_measured(kit, number):
    kit.suite("1__a/long.robot", LONG)
    kit.suite("2__b/later.robot", simple("Later", "serial"))
    process = kit.start()
    until(lambda: list(kit.results.glob("*/begun")))
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 3
    begun = time.monotonic()
    process.send_signal(number)
    said, _ = process.communicate(timeout=30)
    assert time.monotonic() - begun < 5
    assert process.returncode == 130, said
    assert [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []
    assert "Interrupted: ending the suites, keeping what was measured" in said
    assert "Cannot say: interrupted.\n\n  Final Review" in said  # and no list of tests that failed only because they were cut off
    assert kit.facts()["interrupted"] is True
    assert (kit.latest / "records" / "1.jsonl").read_text() == "measured"
    assert (kit.latest / "final_review.html").is_file()
    tests = list(ExecutionResult(str(kit.latest / "output.xml")).suite.all_tests)
    assert [(test.name, test.status, test.message) for test in tests] == [("Long", "FAIL", "Execution terminated by signal")]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_suite_that_does_not_listen_to_the_interrupt_is_ended_all_the_same(kit):
    kit.suite("a.robot", LONG.replace("    Sleep    600 s", "    Evaluate    [signal.signal(signal.SIGINT, signal.SIG_IGN), time.sleep(600)]    modules=signal,time"))
    process = kit.start()
    until(lambda: list(kit.results.glob("*/begun")))
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)  # it sleeps for ten minutes otherwise
    assert process.returncode == 130
    assert [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits")
@pytest.mark.parametrize(("measured", "code"), [(False, 3), (True, 2)])
def test_a_full_disk_is_a_sentence_and_depends_on_what_was_measured(kit, measured, code):
    import resource

    write = 'open(os.environ["LOCKSTEP_RUN"] + "/records/1.jsonl", "w").write("m")' if measured else "1"
    kit.suite("a.robot", f"Measures\n    Evaluate    {write}    modules=os\n")
    process = kit.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1800, 1800)))
    said, _ = process.communicate(timeout=60)
    assert process.returncode == code, said
    assert re.search(r"^Cannot write results.*: file too large\. Make room or give write permission there, then start again\.$", said, re.MULTILINE), said


def test_no_suite_that_fits_is_a_sentence(kit):
    kit.suite("a.robot", simple())
    code, said = kit.run("--include", "nothing")
    assert code == 3
    assert said.splitlines()[-1] == (
        f"No test in {kit.folder / 'suites'} fits --include nothing. See the tags in the suites' [Tags] lines."
    )
    assert not kit.results.exists()


def test_a_results_folder_that_cannot_be_written_is_a_sentence(kit):
    kit.suite("a.robot", simple())
    kit.results.write_text("a file in its place")
    code, said = kit.run()
    assert code == 3
    assert re.fullmatch(r"Cannot write results at .*: .*\. Make room or give write permission there, then start again\.", said.splitlines()[-1])
