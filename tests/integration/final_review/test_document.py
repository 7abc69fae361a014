"""``final_review.json`` and the verdict of whole runs, complete and incomplete."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import final_review
from final_review.__main__ import main


def document(run: Any, **build: bool) -> dict[str, Any]:
    made = final_review.make(run.build(**build), run.resources, run.suites)
    content: dict[str, Any] = json.loads(made.data.read_text(encoding="utf-8"))
    assert (made.verdict, made.sentence, made.reason) == (content["verdict"], content["sentence"], content["reason"])
    assert made.page.is_file()
    assert not list(run.folder.glob(".*"))
    return content


def criterion(content: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in content["criteria"] if one["id"] == name)


def test_a_good_run_is_ready(run: Any) -> None:
    content = document(run)
    assert {"schema", "verdict", "reason", "profile", "target", "seed", "criteria", "coverage", "tests"} <= set(content)
    assert (content["schema"], content["verdict"], content["profile"], content["target"], content["seed"]) == (1, "ready", "quick", "reference", 4711)
    assert content["sentence"] == "Ready within profile quick on the reference platform: 6 of 7 criteria met, 1 needs full."
    assert content["tests"] == {"passed": 4, "failed": 0, "skipped": 0}


def test_each_criterion_has_the_agreed_keys(run: Any) -> None:
    content = document(run)
    keys = {"id", "title", "claimed", "state", "measured", "unit", "comparison", "limit", "samples", "reason", "needs_profile", "cases"}
    assert all(keys <= set(one) for one in content["criteria"])
    order = criterion(content, "fr-order")
    assert {key: order[key] for key in keys} == {
        "id": "fr-order",
        "title": "Messages are processed in the order they were sent",
        "claimed": True,
        "state": "met",
        "measured": 0,
        "unit": "messages",
        "comparison": "at most",
        "limit": 0,
        "samples": 7412,
        "reason": "",
        "needs_profile": "quick",
        "cases": ["rms-1"],
    }
    larger = criterion(content, "fr-connections-500")
    assert (larger["claimed"], larger["state"], larger["reason"], larger["needs_profile"]) == (False, "not_measured", "needs profile full", "full")
    assert (larger["measured"], larger["limit"], larger["samples"]) == (None, 500, 0)


def test_coverage_lists_every_promised_case(run: Any) -> None:
    coverage = {one["case"]: one for one in document(run)["coverage"]}
    assert len(coverage) == 111
    assert {case for case, one in coverage.items() if one["state"] == "passed"} == {"rms-1", "rms-2", "rms-b"}
    assert coverage["wsr-10-5"] == {"case": "wsr-10-5", "state": "missing", "reason": "no test built yet"}


@pytest.mark.parametrize("story", ["not_ready"], indirect=True)
def test_a_broken_promise_is_not_ready(story: Any) -> None:
    content = document(story)
    assert content["verdict"] == "not_ready"
    assert content["reason"] == "Messages are processed in the order they were sent: 2 of 7\u202f392 messages, agreed is at most 0 (and 2 more)."
    assert {one["id"] for one in content["criteria"] if one["state"] == "not_met"} == {"fr-order", "fr-loss", "fr-response"}
    response = criterion(content, "fr-response")
    assert (response["measured"], response["unit"], response["limit"]) == (1.0004, "s", 1)
    assert [one["state"] for one in response["conditions"]] == ["met", "not_met"]
    assert next(one for one in content["coverage"] if one["case"] == "rms-1")["state"] == "failed"


@pytest.mark.parametrize("story", ["cannot_say"], indirect=True)
def test_gaps_give_no_verdict(story: Any) -> None:
    content = document(story)
    assert (content["verdict"], content["torn_records"]) == ("cannot_say", 1)
    assert content["missing_suites"] == ["Suites.Rapid Message Succession.Many Users"]
    assert criterion(content, "fr-user-rate")["state"] == "invalid"
    assert "loop lag p99 84 ms" in criterion(content, "fr-user-rate")["reason"]
    assert criterion(content, "fr-loss")["reason"] == "“lost” was not measured by rms-1 and rms-b"
    assert content["limits_changed"] == ["RESPONSE_LIMIT"]


def test_a_run_without_output_gives_no_verdict(run: Any) -> None:
    content = document(run, output=False)
    assert (content["verdict"], content["reason"]) == ("cannot_say", "There is no result to judge: the run left no output.xml.")
    assert content["tests"] == {"passed": 0, "failed": 0, "skipped": 0}
    assert criterion(content, "fr-order")["state"] == "met"


def test_a_torn_output_gives_no_verdict(run: Any) -> None:
    folder = run.build()
    output = folder / "output.xml"
    output.write_bytes(output.read_bytes()[:700])
    made = final_review.make(folder, run.resources, run.suites)
    assert (made.verdict, made.reason) == ("cannot_say", "There is no result to judge: output.xml of the run is torn and cannot be read.")


def test_a_run_without_tests_and_records_gives_no_verdict(run: Any) -> None:
    run.records.clear()
    run.info["selected"] = []
    folder = run.build(output=False)
    (folder / "output.xml").write_text('<?xml version="1.0"?><robot generator="Rebot 7.5" schemaversion="5"><suite id="s1" name="Suites"/></robot>')
    assert final_review.make(folder, run.resources, run.suites).reason == "No test was run."


def test_an_interrupted_run_gives_no_verdict(run: Any) -> None:
    run.info["interrupted"] = True
    assert document(run)["reason"] == "The run was interrupted before its end."


@pytest.mark.parametrize("message", ["Execution terminated by signal", "Parent suite setup failed:\nExecution terminated by signal"])
def test_a_test_that_an_interrupt_cut_off_says_nothing_about_the_target(run: Any, message: str) -> None:
    run.info["interrupted"] = True
    run.fail(run.tests[0][1], message)
    content = document(run)
    assert (content["verdict"], content["reason"]) == ("cannot_say", "The run was interrupted before its end.")
    assert criterion(content, "fr-order")["state"] == "met"


@pytest.mark.parametrize(
    ("message", "state"),
    [
        ("limit missed: 40 of 100 replies took longer than 50 ms [too_slow]", "met"),
        ("violation: lost [lost]", "not_met"),
        ("Several failures occurred:\n\n1) limit missed: slow\n\n2) violation: lost", "not_met"),
        ("limit missed: slow\n\nAlso teardown failed:\nviolation: 3 messages were never answered [lost]", "not_met"),
    ],
)
def test_a_missed_limit_says_nothing_about_a_promise_that_allows_no_violation(run: Any, message: str, state: str) -> None:
    run.fail(run.tests[0][1], message)
    content = document(run)
    assert content["verdict"] == "not_ready"
    assert criterion(content, "fr-order")["state"] == state


def test_a_partial_run_names_what_was_not_measured(run: Any) -> None:
    run.tests = [one for one in run.tests if one[2] == "rms-1"]
    run.records = [one for one in run.records if one["case"] == "rms-1"]
    run.info["selected"] = run.info["selected"][:1]
    content = document(run)
    assert content["verdict"] == "cannot_say"
    assert "“A repeated message is processed once”" in content["reason"]


def test_a_target_that_offers_nothing_of_a_case_is_not_blamed(run: Any) -> None:
    run.tests = [(suite, title, tag, "SKIP" if tag == "rms-2" else status, "not offered: no duplicates") for suite, title, tag, status, _ in run.tests]
    copies = next(one for one in run.records if one["case"] == "rms-2")["test"]
    run.records = [one for one in run.records if one["case"] != "rms-2"]
    run.record("not_offered", case="rms-2", test=copies, check="", reason="no duplicates")
    content = document(run)
    assert content["sentence"] == "Ready within profile quick on the reference platform: 5 of 7 criteria met, 1 needs full, 1 not offered."
    assert criterion(content, "fr-idempotency")["claimed"] is False


def test_a_waiver_makes_a_missed_limit_a_condition(run: Any) -> None:
    run.forget("throughput")
    run.measured("rms-b", "throughput", 8.0, "msg/s", 1800, test="")
    # The row of the review suite fails as well; the criterion speaks for it.
    run.test("Suites.Final Review.Rapid", "Minimum throughput", "fr-throughput-min", "FAIL", "limit missed")
    run.waive("fr-throughput-min", until="2026-11-21", reason="one slow core")
    content = document(run)
    assert (content["verdict"], content["reason"]) == ("conditions", "Not met, but waived: “Minimum throughput”.")
    assert criterion(content, "fr-throughput-min")["waived"] is True


def test_a_waiver_is_judged_by_the_day_of_the_run(run: Any) -> None:
    run.waive("fr-loss", until="2026-11-20")
    with pytest.raises(final_review.InputError, match="has expired on 2026-11-20"):
        final_review.make(run.build(), run.resources, run.suites)


def test_a_review_row_that_fails_for_another_reason_is_a_failed_test(run: Any) -> None:
    run.test("Suites.Final Review.Rapid", "Minimum throughput", "fr-throughput-min", "FAIL", "No keyword with that name found")
    assert document(run)["verdict"] == "not_ready"


@pytest.mark.parametrize(("limit", "verdict"), [("2 s", "conditions"), ("500 ms", "ready"), ("10 ms", "not_ready")])
def test_a_changed_limit_is_a_condition_only_if_weaker(run: Any, limit: str, verdict: str) -> None:
    run.info |= {"limits_changed": ["RESPONSE_LIMIT"], "variables": {"RESPONSE_LIMIT": limit}}
    content = document(run)
    assert (content["verdict"], content["limits_changed"]) == (verdict, ["RESPONSE_LIMIT"])


def test_an_old_run_can_be_reviewed_again(run: Any) -> None:
    folder = run.build()
    first = final_review.make(folder, run.resources, run.suites)
    page = first.page.read_text()
    assert final_review.make(folder, run.resources, run.suites) == first
    assert first.page.read_text() == page


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "is not the folder of a run"), ("{", "is torn and cannot be read"), ("[]", "must name the run and its profile"), ("{}", "must name the run")],
)
def test_what_is_no_run_is_refused_in_a_sentence(run: Any, tmp_path: Path, content: str | None, sentence: str) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    if content is not None:
        (folder / "run.json").write_text(content)
    with pytest.raises(final_review.InputError, match=sentence):
        final_review.make(folder, run.resources, run.suites)


def test_a_page_that_cannot_be_written_is_a_sentence(run: Any) -> None:
    folder = run.build()
    (folder / "final_review.json").mkdir()
    with pytest.raises(final_review.InputError, match=r"final_review\.json cannot be written"):
        final_review.make(folder, run.resources, run.suites)


def test_mistakes_in_criteria_and_waivers_are_found_before_a_run(run: Any) -> None:
    final_review.check(run.resources, run.suites, "quick")
    run.waive("fr-none", until="2999-01-01")
    with pytest.raises(final_review.InputError, match="fr-none is no criterion"):
        final_review.check(run.resources, run.suites, "quick")


@pytest.mark.parametrize(("story", "code"), [("ready", 0), ("not_ready", 1), ("cannot_say", 2)], indirect=["story"])
def test_the_command_answers_with_sentence_path_and_exit_code(story: Any, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    folder = story.build()
    assert main([str(folder), "--resources", str(story.resources), "--suites", str(story.suites)]) == code
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == json.loads((folder / "final_review.json").read_text())["sentence"]
    assert lines[-1] == str(folder / "final_review.html")


def test_the_command_says_what_is_wrong_with_its_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 3
    assert "is not the folder of a run: its run.json cannot be read (No such file or directory)" in capsys.readouterr().err
