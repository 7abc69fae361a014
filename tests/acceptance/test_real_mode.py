"""The same suites against a service that somebody else has started and whose inside cannot be reached."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from acceptance.running import ROOT, finish, plain_environment, run_kit


@pytest.fixture
def service():
    """A platform started by hand, its control interface off."""
    process = subprocess.Popen(
        [sys.executable, "run.py", "serve", "--no-control"], cwd=ROOT, env=plain_environment(), stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )
    ready = json.loads(process.stdout.readline())
    yield ready
    process.stdin.close()
    process.wait(10)
    process.stdout.close()


def test_wire_tests_pass_and_ledger_tests_are_not_offered(service):
    assert service["control_url"] is None
    done = run_kit("--include", "rms-1", "--include", "rms-2", "--include", "rms-4", "--include", "wsr-6-1", "--profile", "quick", extra={
        "RAPID_MESSAGE_TEST_MODE": "real", "E2E_WEBSOCKET_URL": service["websocket_url"],
        "E2E_BACKEND_URL": service["backend_url"], "E2E_AUTH_SERVICE_URL": service["auth_url"],
    })
    assert done.of_status("FAIL") == {}, done.output
    skipped = done.of_status("SKIP")
    assert all(why.startswith(("not offered", "invalid")) for why in skipped.values()), skipped
    assert sum("ledger" in why for why in skipped.values()) >= 10
    passed = done.of_status("PASS")
    assert "Twenty Messages In Two Seconds Are Answered In Order" in passed
    assert "Ten Copies Within Fifty Milliseconds" in passed
    assert "server figures" in passed["The State Is Right While Messages Pour In"]
    assert "exactly one live" in passed["Twenty Times With Questions Under Way"], "what the service cannot list is left out and named; the rest is judged"
    assert done.review["target"] == "real"
    page = (done.folder / "final_review.html").read_text(encoding="utf-8")
    assert "eal service" in page
    assert "not offered" in page


def test_unreachable_service_is_named_with_all_its_addresses():
    done = finish([sys.executable, "run.py", "--profile", "quick"], ROOT, {
        "RAPID_MESSAGE_TEST_MODE": "real", "E2E_WEBSOCKET_URL": "ws://127.0.0.1:9/ws", "E2E_BACKEND_URL": "http://127.0.0.1:9",
        "E2E_AUTH_SERVICE_URL": "http://127.0.0.1:9",
    })
    assert done.code == 3
    for variable in ("E2E_WEBSOCKET_URL", "E2E_BACKEND_URL", "E2E_AUTH_SERVICE_URL"):
        assert variable in done.output
