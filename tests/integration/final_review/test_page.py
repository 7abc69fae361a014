"""The page as text: what it says, that it loads nothing, and that nothing from outside becomes mark-up."""

from __future__ import annotations

import re
from typing import Any

import pytest

import final_review
from integration.final_review.page_reader import PageReader


def page(run: Any, **build: bool) -> PageReader:
    return PageReader.of(final_review.make(run.build(**build), run.resources, run.suites).page)


def test_the_page_says_verdict_scope_and_figures(run: Any) -> None:
    text = page(run).text
    for words in (
        "Lockstep Final Review",
        "own server, not of a product",
        "Ready within profile quick on the reference platform: 6 of 7 criteria met, 1 needs full.",
        "0 of 7 412 messages order violations at most 0",
        "598 msg/s throughput at least 10 msg/s 1 800",
        "500 connections at once not measured needs profile full",
        "Messages are processed in the order they were sent rms-1",
        "rms- 1 Messages in rapid succession are processed in order passed",
        "3 passed 0 failed 0 skipped 108 missing",
        "python run.py --profile quick --seed 4711",
        "4 tests: 4 passed, 0 failed, 0 skipped.",
    ):
        assert words in text


@pytest.mark.parametrize("story", ["not_ready"], indirect=True)
def test_a_failure_shows_its_first_sentence_and_opens_its_log(story: Any) -> None:
    reader = page(story)
    sentence = "violation: alice's replies are out of send order: message 12 was answered after message 13 (2 of 7 392 replies)."
    assert f"Seven Thousand Messages Under Load Stay In Order {sentence}" in reader.text
    assert "at +1.302 s" not in reader.text
    assert "1.0004 s response p95 at most 1 s" in reader.text
    assert "No message is lost rms-1, rms-b a test of rms-1 failed: Seven Thousand Messages Under Load Stay In Order" in reader.text
    assert "log.html#s1-s1-s1-t2" in reader.links
    assert sum(attributes.get("class") == "measured broken" for _, attributes in reader.tags) == 2


@pytest.mark.parametrize("story", ["cannot_say"], indirect=True)
def test_gaps_are_listed_with_their_reason(story: Any) -> None:
    text = page(story).text
    for words in (
        "Real target “ticket-desk”",
        "Limits changed.",
        "at most 2 s changed, was 1 s",
        "31 msg/s user rate, not counted",
        "One user can send 50 messages per second invalid the load generator was late",
        "Suites.Rapid Message Succession.Many Users no result the suite was to run and left no output",
        "1 of 3 checks not offered by the target: processing order: the target has no ledger; digests of the ledger: the target has no ledger",
        "Processing Order Equals Send Order In The Ledger not offered the target has no ledger",
        "1 line of the records could not be read",
    ):
        assert words in text


def test_a_waiver_is_shown_with_owner_and_end(run: Any) -> None:
    run.forget("throughput")
    run.measured("rms-b", "throughput", 8.0, "msg/s", 1800, test="")
    run.waive("fr-throughput-min", until="2026-12-24", reason="one slow core", owner="Jo Example")
    assert "Waived until 2026-12-24 by Jo Example: one slow core" in page(run).text


def test_without_a_log_there_is_no_dead_link(run: Any) -> None:
    assert page(run, log=False).links == []


@pytest.mark.parametrize("build", [{"output": False}, {"log": False}])
def test_an_incomplete_run_still_gives_a_page(run: Any, build: dict[str, bool]) -> None:
    run.info |= {"started": "yesterday", "seed": None, "command": [], "machine": {}, "versions": {}, "interrupted": True}
    text = page(run, **build).text
    assert "The run was interrupted. Everything that was measured until then is kept." in text


def test_what_stands_after_two_dashes_stays_last(run: Any) -> None:
    run.info["command"] = ["run.py", "--", "--loglevel", "DEBUG"]
    assert "run.py --seed 4711 -- --loglevel DEBUG" in page(run).text


@pytest.mark.parametrize("story", ["ready", "not_ready", "cannot_say", "hostile"], indirect=True)
def test_the_page_is_one_file_without_script_or_network(story: Any) -> None:
    reader = page(story)
    assert {tag for tag, _ in reader.tags} & {"script", "img", "link", "iframe", "object", "base", "form"} == set()
    loading = [value for _, attributes in reader.tags for name, value in attributes.items() if name in ("src", "href", "srcset", "data") or name.startswith("on")]
    assert all(re.fullmatch(r"log\.html#s1(-[st]\d+)+", value or "") for value in loading)
    style = (story.folder / "final_review.html").read_text(encoding="utf-8").split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


@pytest.mark.parametrize("story", ["hostile"], indirect=True)
def test_text_from_outside_stays_text(story: Any) -> None:
    reader = page(story)
    evil = "<script>document.title='owned'</script>\"><img src=x onerror=\"document.title='owned'\">"
    assert reader.text.count(evil) >= 10
    assert not any(name.startswith("on") for _, attributes in reader.tags for name in attributes)


@pytest.mark.parametrize("story", ["ready", "cannot_say"], indirect=True)
def test_tables_have_headers_with_a_scope(story: Any) -> None:
    reader = page(story)
    assert all(attributes.get("scope") in ("col", "row", "rowgroup") for tag, attributes in reader.tags if tag == "th")
    assert sum(tag == "main" for tag, _ in reader.tags) == sum(tag == "h1" for tag, _ in reader.tags) == 1
