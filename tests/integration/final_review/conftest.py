"""Builds run folders as a runner would leave them: real output.xml and log.html, records, run.json."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from robot.api import ResultWriter, TestSuite

CHECKOUT = Path(__file__).parents[3]
TABLE = """\
*** Settings ***
Test Template       The Measured Value Should Be
*** Test Cases ***
Messages are processed in the order they were sent
    [Tags]    fr-order
    order_violations    at most    0    cases=rms-1
No message is lost
    [Tags]    fr-loss
    lost    at most    0    cases=rms-1, rms-b
A repeated message is processed once
    [Tags]    fr-idempotency
    duplicates_rejected_share    at least    100 %    cases=rms-2
    processed_more_than_once    at most    0
One user can send 50 messages per second
    [Tags]    fr-user-rate
    user_rate    at least    ${USER_RATE}    cases=rms-b
    user_rate_lost    at most    0
Minimum throughput
    [Tags]    fr-throughput-min
    throughput    at least    ${MINIMUM_RATE}    cases=rms-b
Answers within one second
    [Tags]    fr-response
    response_mean    at most    ${RESPONSE_LIMIT}    cases=rms-b
    response_p95    at most    ${RESPONSE_LIMIT}
500 connections at once
    [Tags]    fr-connections-500
    connections_served    at least    500    cases=hvt-6    needs=full
"""
PROFILE = """\
LATENCY_P50: 100 ms
LATENCY_P95: 500 ms
LATENCY_P99: 1000 ms
SUSTAINED_RATE: 300 msg/s
PEAK_RATE: 600 msg/s
MEMORY_GROWTH: 100 MB
USER_RATE: 50 msg/s
MINIMUM_RATE: 10 msg/s
RESPONSE_LIMIT: 1 s
"""
ROOM = "Suites.Rapid Message Succession"
ORDER, REPEATED, BENCHMARK = f"{ROOM}.Sequential Processing", f"{ROOM}.Burst Idempotency", f"{ROOM}.Performance Benchmark"


@dataclass
class Run:
    """A run in the making; change what a test needs, then ``build()``."""

    root: Path
    info: dict[str, Any] = field(default_factory=dict)
    tests: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    torn: bool = False

    @property
    def folder(self) -> Path:
        return self.root / "run"

    @property
    def suites(self) -> Path:
        return self.root / "suites"

    @property
    def resources(self) -> Path:
        return self.root / "resources"

    def test(self, suite: str, title: str, tag: str, status: str = "PASS", message: str = "") -> str:
        self.tests.append((suite, title, tag, status, message))
        return f"{suite}.{title}"

    def measured(self, case: str, name: str, value: float, unit: str, samples: int, *, test: str, valid: bool = True) -> None:
        self.record("measurement", case=case, name=name, value=value, unit=unit, samples=samples, repetition=1, valid=valid, test=test)

    def record(self, kind: str, **values: Any) -> None:
        self.records.append({"schema": 1, "run": self.info["run"], "time": 1.0, "kind": kind, **values})

    def forget(self, name: str) -> None:
        self.records = [one for one in self.records if one.get("name") != name]

    def fail(self, title: str, message: str) -> None:
        self.tests = [(s, t, tag, "FAIL", message) if t == title else (s, t, tag, status, m) for s, t, tag, status, m in self.tests]

    def waive(self, criterion: str, *, until: str, reason: str = "known", owner: str = "Jo Example") -> None:
        entry = {"criterion": criterion, "reason": reason, "owner": owner, "until": until}
        lines = [f"    {key}: {json.dumps(value) if key != 'until' else value}" for key, value in entry.items()]
        self.resources.joinpath("waivers.yaml").write_text("schema: 1\nwaivers:\n  -\n" + "\n".join(lines) + "\n")

    def build(self, *, output: bool = True, log: bool = True) -> Path:
        (self.folder / "records").mkdir(parents=True)
        (self.folder / "run.json").write_text(json.dumps(self.info))
        lines = "".join(json.dumps(one) + "\n" for one in self.records)
        (self.folder / "records" / "4711.jsonl").write_text(lines + ('{"schema": 1, "kind": "measure' if self.torn else ""))
        if output:
            self._execute(log=log)
        return self.folder

    def _execute(self, *, log: bool) -> None:
        root = TestSuite(name="Suites")
        for suite_name, title, tag, status, message in self.tests:
            suite = root
            for part in suite_name.split(".")[1:]:
                suite = next((one for one in suite.suites if one.name == part), None) or suite.suites.create(name=part)
            test = suite.tests.create(name=title, tags=[tag])
            keyword = {"PASS": "No Operation", "FAIL": "Fail", "SKIP": "Skip"}[status]
            test.body.create_keyword(name=keyword, args=[message.replace("\\", "\\\\").replace("${", "\\${")] if status != "PASS" else [])
        output = self.folder / "output.xml"
        root.run(output=str(output), stdout=io.StringIO(), stderr=io.StringIO())
        if log:
            ResultWriter(str(output)).write_results(log=str(self.folder / "log.html"), report=None, stdout=io.StringIO())


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A complete run of the first slice in which everything is well."""
    resources = tmp_path / "resources"
    (resources / "profiles").mkdir(parents=True)
    for profile in ("quick", "full"):
        (resources / "profiles" / f"{profile}.yaml").write_text(PROFILE)
    for name in ("cases.yaml", "violations.yaml", "waivers.yaml"):
        shutil.copy(CHECKOUT / "resources" / name, resources / name)
    (tmp_path / "suites" / "9__final_review").mkdir(parents=True)
    (tmp_path / "suites" / "9__final_review" / "1__x.robot").write_text(TABLE)
    run = Run(
        tmp_path,
        info={
            "schema": 1,
            "run": "20261121-014000-7c1e",
            "profile": "quick",
            "target": {"name": "reference", "title": "Lockstep reference platform", "reference": True},
            "seed": 4711,
            "started": "2026-11-21T01:40:00+00:00",
            "command": ["python", "run.py", "--profile", "quick"],
            "limits_changed": [],
            "interrupted": False,
            "versions": {"Lockstep": "0.1.0", "Python": "3.11.7", "Robot Framework": "7.5"},
            "machine": {"system": "Linux 6.1", "processor": "AMD EPYC 7763", "cores": 2, "memory_mb": 7966},
            "selected": [ORDER, REPEATED, BENCHMARK],
        },
    )
    burst = run.test(ORDER, "Twenty Messages In Two Seconds Are Answered In Order", "rms-1")
    loaded = run.test(ORDER, "Seven Thousand Messages Under Load Stay In Order", "rms-1")
    copies = run.test(REPEATED, "One Message Sent Ten Times Is Processed Once", "rms-2")
    closed = run.test(BENCHMARK, "One User Sends Fifty Messages A Second", "rms-b")
    for test, samples in ((burst, 20), (loaded, 7392)):
        run.measured("rms-1", "order_violations", 0, "messages", samples, test=test)
        run.measured("rms-1", "lost", 0, "messages", samples, test=test)
        run.record("verdict", case="rms-1", check="send order", exercised=samples, violations=[], counts={}, test=test)
    run.measured("rms-2", "duplicates_rejected_share", 100.0, "%", 9, test=copies)
    run.measured("rms-2", "processed_more_than_once", 0, "messages", 10, test=copies)
    run.measured("rms-b", "lost", 0, "messages", 350, test=closed)
    run.measured("rms-b", "user_rate", 50.4, "msg/s", 250, test=closed)
    run.measured("rms-b", "user_rate_lost", 0, "messages", 250, test=closed)
    run.measured("rms-b", "throughput", 598.2, "msg/s", 1800, test=closed)
    run.measured("rms-b", "response_mean", 0.0123, "s", 1800, test=closed)
    run.measured("rms-b", "response_p95", 0.0469, "s", 1800, test=closed)
    return run


def not_ready(run: Run) -> None:
    """Order and response time broken, as a business reader would find them."""
    run.fail(
        "Seven Thousand Messages Under Load Stay In Order",
        "violation: alice's replies are out of send order: message 12 was answered after message 13 (2 of 7 392 replies).\n"
        "  expected … 10 11 12 13 14 …   arrived … 10 11 13 12 14 …   at +1.302 s; --seed 4711 repeats it",
    )
    run.forget("response_p95")
    run.measured("rms-1", "order_violations", 2, "messages", 7392, test=f"{ORDER}.Seven Thousand Messages Under Load Stay In Order")
    run.measured("rms-b", "response_p95", 1.0004, "s", 1800, test=f"{BENCHMARK}.One User Sends Fifty Messages A Second")


def cannot_say(run: Run) -> None:
    """A disturbed benchmark, a lost suite, a target that offers no ledger."""
    run.info["target"] = {"name": "ticket-desk", "title": "Ticket Desk (staging)", "reference": False}
    run.info["selected"].append(f"{ROOM}.Many Users")
    run.info["limits_changed"] = ["RESPONSE_LIMIT"]
    run.info["variables"] = {"RESPONSE_LIMIT": "2 s"}
    run.torn = True
    bench = f"{BENCHMARK}.One User Sends Fifty Messages A Second"
    for name in ("user_rate", "lost"):
        run.forget(name)
    run.measured("rms-b", "user_rate", 31.0, "msg/s", 250, test=bench, valid=False)
    reason = "the load generator was late while its sockets were writable (loop lag p99 84 ms, allowed 50 ms)"
    run.record("invalid", case="rms-b", reason=reason, test=bench)
    absent = run.test(ORDER, "Processing Order Equals Send Order In The Ledger", "rms-1", "SKIP", "not offered: the target has no ledger")
    run.record("not_offered", case="rms-1", test=absent, check="", reason="the target has no ledger")
    burst = f"{ORDER}.Twenty Messages In Two Seconds Are Answered In Order"
    for check in ("processing order", "digests of the ledger"):
        run.record("not_offered", case="rms-1", test=burst, check=check, reason="the target has no ledger")


def hostile(run: Run) -> None:
    """Every text from outside tries to become mark-up."""
    evil = "<script>document.title='owned'</script>\"><img src=x onerror=\"document.title='owned'\">"
    run.info["target"] = {"name": evil, "title": evil, "reference": False}
    run.info["command"] = ["python", "run.py", evil]
    run.info["versions"] = {evil: evil}
    run.info["machine"] = {"system": evil, "processor": evil}
    run.info["limits_changed"] = [evil]
    run.info["selected"].append(evil)
    test = run.test(ORDER, evil.replace(".", ""), "rms-3", "FAIL", evil)
    run.test(ORDER, f"Markup {evil}", "rms-4", "FAIL", f"*HTML* <b>{evil}</b>")
    run.test(ORDER, f"Skipped {evil}", "rms-5", "SKIP", evil)
    run.forget("throughput")
    run.measured("rms-b", "throughput", 0.5, evil, 3, test=test)
    run.record("invalid", case="rms-b", reason=evil, test=test)
    run.record("not_offered", case="rms-1", test=f"{ORDER}.Twenty Messages In Two Seconds Are Answered In Order", check=evil, reason=evil)


@pytest.fixture
def story(request: pytest.FixtureRequest, run: Run) -> Run:
    """A run of a named story: ready, not_ready, cannot_say, hostile."""
    {"ready": lambda _: None, "not_ready": not_ready, "cannot_say": cannot_say, "hostile": hostile}[request.param](run)
    return run
