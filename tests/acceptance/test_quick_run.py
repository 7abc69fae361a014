"""One whole run as the README promises it, read the way its readers read it."""

from __future__ import annotations

import json
import re

from robot.api import ExecutionResult

from runner.project import Project

BUILT = {
    "rms-1", "rms-2", "rms-3", "rms-4", "rms-5", "rms-6", "rms-b",
    "hvt-1", "hvt-2", "hvt-3", "hvt-4", "hvt-5", "hvt-6", "hvt-7", "hvt-8", "hvt-b",
    *(f"wsr-{group}-{number + 1}" for group, cases in {1: 8, 2: 30, 3: 9, 4: 20, 5: 7, 6: 2, 7: 5, 8: 6, 9: 3, 10: 5}.items() for number in range(cases)),
}
OF_TIME = {
    "fr-user-rate", "fr-throughput-min", "fr-response", "fr-backpressure", "fr-throughput-sustained", "fr-throughput-peak", "fr-latency",
    "fr-headroom", "fr-fairness", "fr-recovery", "fr-reconnect-time", "fr-offline", "fr-restart",
    "fr-network", "fr-heartbeat", "fr-refresh",
}
NOT_OF_TIME = {
    "fr-order", "fr-loss", "fr-idempotency", "fr-queue-500", "fr-priority", "fr-state", "fr-stability", "fr-agents", "fr-memory-burst",
    "fr-memory-soak", "fr-context", "fr-streams", "fr-flapping", "fr-audit", "fr-malformed", "fr-tokens",
}
SECRET = re.compile(r"eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}|/control/[A-Za-z0-9_-]{16,}")
"""A signed token, and the address of a control interface."""
OF_LARGER_PROFILES = {"fr-promise-rate", "fr-connections-250", "fr-connections-500", "fr-delivery", "fr-reconnect"}


def test_no_test_fails_and_what_is_skipped_is_a_void_figure(quick_run):
    assert quick_run.of_status("FAIL") == {}
    due = ("invalid", "needs profile dev", "needs profile full", "the memory seen supports")
    assert [message for message in quick_run.of_status("SKIP").values() if not any(words in message for words in due)] == []


def test_exit_code_and_verdict_agree(quick_run):
    expected = {"ready": 0, "conditions": 0, "not_ready": 1, "cannot_say": 2}
    assert quick_run.code == expected[quick_run.review["verdict"]], quick_run.output


def test_every_claimed_criterion_is_met_unless_this_machine_was_too_busy(quick_run):
    states = {criterion["id"]: criterion["state"] for criterion in quick_run.review["criteria"]}
    assert {states.pop(criterion) for criterion in OF_LARGER_PROFILES} == {"not_measured"}
    assert set(states) == OF_TIME | NOT_OF_TIME
    assert states["fr-memory-soak"] in {"met", "not_measured"}, "a busy machine may leave its interval too wide"
    assert {states[criterion] for criterion in OF_TIME} <= {"met", "invalid"}, states
    assert {states[criterion] for criterion in NOT_OF_TIME - {"fr-memory-soak"}} == {"met"}, states
    if set(states.values()) == {"met"}:
        assert quick_run.review["verdict"] == "ready", quick_run.review["reason"]


def test_criteria_tell_what_was_measured(quick_run):
    for criterion in quick_run.review["criteria"]:
        if criterion["state"] == "not_measured":
            continue
        assert criterion["samples"] > 0
        assert criterion["cases"]
        assert criterion["comparison"] in {"at least", "at most", "exactly", "reported"}
        assert criterion["measured"] is not None


def test_coverage_names_all_cases(quick_run):
    coverage = {entry["case"]: entry["state"] for entry in quick_run.review["coverage"]}
    assert len(coverage) == 111
    assert {case for case, state in coverage.items() if state != "missing"} == BUILT
    assert coverage["rms-2"] == "passed"


def test_counts_agree_with_the_merged_log(quick_run):
    total = ExecutionResult(quick_run.folder / "output.xml").suite.statistics
    assert quick_run.review["tests"] == {"passed": total.passed, "failed": total.failed, "skipped": total.skipped}


def test_links_of_the_page_lead_into_the_log(quick_run):
    page = (quick_run.folder / "final_review.html").read_text(encoding="utf-8")
    links = set(re.findall(r'href="log\.html#(s[0-9st-]+)"', page))
    tests = {test.id for test in ExecutionResult(quick_run.folder / "output.xml").suite.all_tests}
    assert links
    assert links <= tests
    assert (quick_run.folder / "log.html").exists()
    assert (quick_run.folder / "report.html").exists()


def test_what_the_suites_are_proven_to_catch_lies_beside_the_review_that_links_it(quick_run):
    page = (quick_run.folder / "final_review.html").read_text(encoding="utf-8")
    there = Project.here().kill_matrix is not None
    assert ('href="proven.html"' in page, (quick_run.folder / "proven.html").is_file()) == (there, there)


def test_the_console_ends_with_one_verdict_and_the_paths(quick_run):
    assert quick_run.review["sentence"] in quick_run.output
    for name in ("final_review.html", "log.html", "report.html"):
        assert name in quick_run.output


def test_nothing_secret_is_left_in_the_run_folder(quick_run):
    for file in quick_run.folder.rglob("*"):
        if file.is_file():
            assert not SECRET.search(file.read_text("utf-8", "replace")), file


def test_nothing_secret_is_on_the_console_or_in_the_list_of_processes(quick_run):
    assert not SECRET.search(quick_run.output)
    assert [command for command in quick_run.commands if SECRET.search(command)] == []
    assert [command for command in quick_run.commands if "reference_platform" in command], "platforms were seen"


def test_records_belong_to_this_run(quick_run):
    run = json.loads((quick_run.folder / "run.json").read_text(encoding="utf-8"))["run"]
    lines = [json.loads(line) for file in (quick_run.folder / "records").glob("*.jsonl") for line in file.read_text("utf-8").splitlines()]
    assert {line["run"] for line in lines} == {run}
    assert {line["schema"] for line in lines} == {1}
    assert {line["kind"] for line in lines} >= {"measurement", "verdict", "criterion"}
