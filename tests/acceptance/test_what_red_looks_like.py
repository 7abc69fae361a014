"""A failure names the rule, the place and the way to see it again; the page and the exit code say the same."""

from __future__ import annotations

import pytest

from acceptance.running import run_kit


@pytest.fixture(scope="module")
def red_run():
    return run_kit("--profile", "quick", "--seed", "4711", "--suite", "01__sequential_processing.robot", "--defect", "r1_swap_adjacent")


def test_the_run_is_not_ready(red_run):
    assert red_run.code == 1
    assert red_run.review["verdict"] == "not_ready"


def test_the_failure_is_a_sentence_with_evidence(red_run):
    message = red_run.of_status("FAIL")["Twenty Messages In Two Seconds Are Answered In Order"]
    first, order, where = message.splitlines()[:3]
    assert first.startswith("violation: alice's replies are out of send order: message ")
    assert "expected" in order
    assert "arrived" in order
    assert "[reordered]" in where
    assert "--seed 4711 repeats it" in where


def test_the_criterion_of_order_is_not_met(red_run):
    order = next(criterion for criterion in red_run.review["criteria"] if criterion["id"] == "fr-order")
    assert order["state"] == "not_met"
    assert order["measured"] >= 1


def test_the_journal_of_the_failed_test_is_kept(red_run):
    assert list((red_run.folder / "journals").glob("*.jsonl"))
