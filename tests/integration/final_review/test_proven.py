"""The page of what the suites are proven to catch: in words, complete, honest about its gaps, and linked from the Final Review."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import final_review
from integration.final_review.page_reader import PageReader

RESOURCES = Path(__file__).parents[3] / "resources"


def entry(kind: str, name: str, case: str, killed: bool | None, **more: Any) -> dict[str, Any]:
    return {kind: name, "case": case, "expected": [], "observed": [], "killed": killed, "version": "0.1.0+3f9a12c0", "made": "2026-11-21T05:10:00+00:00",
            "runs": [{"seed": 4711, "tests": [], "observed": [], "killed": killed, "problem": ""}], **more}


CAUGHT = entry("defect", "r1_swap", "rms-1", True, expected=["reordered"], observed=["lost", "reordered"], description="Swaps two answers.")
MISSED = entry("defect", "r2_forget", "rms-2", False, expected=["duplicated"], observed=["lost"], description="Forgets ids.")
SILENT = entry("defect", "r2_window", "rms-2", False, expected=["duplicated"], description="Forgets ids early.")
BROKEN = entry("defect", "r3_hang", "rms-3", None, description="Hangs.",
               runs=[{"seed": 4711, "tests": [], "observed": [], "killed": None, "problem": "the run did not end within 600 s"}])
UNTRIED = entry("defect", "r4_torn", "rms-4", None, description="Tears.", runs=[], made=None)
QUIET = entry("quirk", "n7_jitter", "rms-1", False, description="Answers come ``0 to 80 ms`` late.")
ALARM = entry("quirk", "n7_jitter", "rms-2", True, observed=["lost"], description="Answers come ``0 to 80 ms`` late.")
LATER = entry("quirk", "n7_jitter", "rms-b", None, description="Answers come ``0 to 80 ms`` late.", runs=[], made=None)
UNTRIED_QUIRK = entry("quirk", "n8_interleaved", "rms-2", None, description="Classes interleave.", runs=[], made=None)


def proven(folder: Path, *entries: dict[str, Any], version: str = "0.1.0+3f9a12c0") -> PageReader:
    (folder / "kill_matrix.json").write_text(json.dumps(entries), encoding="utf-8")
    made = final_review.make_proof(folder / "kill_matrix.json", folder / "proven.html", RESOURCES, version)
    reader = PageReader.of(folder / "proven.html")
    assert made.sentence in reader.text
    return reader


def test_it_says_for_each_case_what_was_caught_and_how(tmp_path: Path) -> None:
    text = proven(tmp_path, CAUGHT, QUIET).text
    for words in (
        "Every built-in fault is caught",
        "Made 21 November 2026, 05:10 On the kit 0.1.0+3f9a12c0 Runs 2",
        "Messages in rapid succession are processed in order rms-1 1 of 1 fault caught; 1 of 1 odd but legal behaviour rightly not reported",
        "caught Swaps two answers. r1_swap messages overtook each other",
        "Answers come 0 to 80 ms late. n7_jitter rms-1 not reported",
    ):
        assert words in text
    assert "a message was lost" not in text, "what was seen beside the agreed violation is no proof"


def test_what_is_not_proven_is_said_with_its_reason(tmp_path: Path) -> None:
    text = proven(tmp_path, CAUGHT, MISSED, SILENT, BROKEN, UNTRIED, QUIET, ALARM, LATER, UNTRIED_QUIRK).text
    assert "Not proven 1 of 5 built-in faults caught, 2 missed, 1 without a result, 1 not run;" in text
    assert "A repeated message is processed once rms-2 0 of 2 faults caught; 0 of 1 odd but legal behaviour rightly not reported" in text
    assert "late. n7_jitter rms-1 not reported rms-2 false alarm Classes interleave. n8_interleaved not run" in text
    gaps = text.partition("What is not proven")[2]
    for words in (
        "Forgets ids. missed rms-2: reported was: a message was lost; expected was: a message was answered or processed more than once",
        "Forgets ids early. missed rms-2: nothing was reported; expected was: a message",
        "Answers come 0 to 80 ms late. false alarm rms-2: reported was: a message was lost",
        "Hangs. no result rms-3: the run did not end within 600 s",
        "Tears. not run rms-4: it was not part of the runs so far",
        "2 of 4 trials with odd but legal behaviour not run",
        "Rapid message succession no fault built in rms-5, rms-6 and rms-b of its 7 cases have no built-in fault yet",
        "High-volume message throughput; Reconnection keeps the conversation;",
        "none of their 104 cases has a built-in fault yet",
    ):
        assert words in gaps, words


@pytest.mark.parametrize(
    ("entries", "headline"),
    [((CAUGHT, QUIET), "Every built-in fault is caught"), ((CAUGHT, UNTRIED), "Proven in part"), ((CAUGHT, BROKEN), "Proven in part"),
     ((CAUGHT, ALARM), "Not proven"), ((), "Proven in part")],
)
def test_the_headline_is_that_of_the_worst(tmp_path: Path, entries: tuple[dict[str, Any], ...], headline: str) -> None:
    assert f" {headline} " in proven(tmp_path, *entries).text.partition("How this was shown")[0]


def test_a_kit_that_has_changed_since_is_named(tmp_path: Path) -> None:
    assert "Shown by 0.1.0+ffffffff: the suites or the kit have changed since" in proven(tmp_path, CAUGHT, version="0.1.0+ffffffff").text
    assert "Shown by" not in proven(tmp_path, CAUGHT).text


def test_it_is_one_file_and_text_from_outside_stays_text(tmp_path: Path) -> None:
    evil = "<script>document.title='owned'</script>\"><img src=x onerror=\"document.title='owned'\">"
    hostile = entry("defect", evil, "rms-1", False, expected=[evil], observed=[evil], description=evil, version=evil)
    reader = proven(tmp_path, hostile, {**hostile, "killed": None, "runs": [{"problem": evil}]}, entry("quirk", evil, evil, True, description=evil))
    assert reader.text.count(evil) >= 10
    assert {tag for tag, _ in reader.tags} & {"script", "img", "link", "iframe", "object", "base", "form", "a"} == set()
    assert not any(name.startswith("on") for _, attributes in reader.tags for name in attributes)
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in reader.tags if tag == "th")


def test_random_faults_are_told_with_the_command_that_repeats_them(tmp_path: Path) -> None:
    assert "No such schedule was run yet." in proven(tmp_path, CAUGHT).text
    assert "Random fault schedules not run" in proven(tmp_path, CAUGHT).text
    runs = [{"seed": 1, "agreed": True, "faults": {"half_open": 2}, "observed": [], "problem": ""},
            {"seed": 2, "agreed": False, "faults": {"reset": 1}, "observed": ["lost"], "problem": ""},
            {"seed": 3, "agreed": None, "faults": {}, "observed": [], "problem": "it hung"}]
    (tmp_path / "soak.json").write_text(json.dumps({"schema": 1, "wanted": 500, "version": "0.1.0+later", "runs": runs}))
    text = proven(tmp_path, CAUGHT).text
    assert " Not proven " in text.partition("How this was shown")[0]
    assert "On the kit 0.1.0+3f9a12c0 and 0.1.0+later" in text
    for words in (
        "rightly not reported; server and clients agreed about every message in 1 of 3 random fault schedules.",
        "1 of 3 schedules ended as they should; 497 of 500 are still to be run half open 2 reset 1",
        "Random fault schedule 2 violated reported was: a message was lost; to repeat it: python run.py prove --replay 2",
        "Random fault schedule 3 no result it hung; to repeat it: python run.py prove --replay 3",
        "497 of 500 random fault schedules not run",
    ):
        assert words in text, words


def review(run: Any, kill_matrix: Path | None) -> PageReader:
    return PageReader.of(final_review.make(run.build(), run.resources, run.suites, kill_matrix).page)


def test_the_final_review_links_the_page_beside_it(run: Any, tmp_path: Path) -> None:
    (tmp_path / "kill_matrix.json").write_text(json.dumps([CAUGHT, QUIET]))
    reader = review(run, tmp_path / "kill_matrix.json")
    assert "1 of 1 built-in fault caught; 1 of 1 trial with odd but legal behaviour rightly not reported." in reader.text
    (link,) = {link for link in reader.links if "log.html" not in link}
    assert link == "proven.html"
    assert "Swaps two answers." in (run.folder / link).read_text(encoding="utf-8")


def test_a_torn_proof_costs_its_page_and_not_the_review(run: Any, tmp_path: Path) -> None:
    (tmp_path / "kill_matrix.json").write_text("[{")
    reader = review(run, tmp_path / "kill_matrix.json")
    assert "kill_matrix.json is torn and cannot be read" in reader.text
    assert not [link for link in reader.links if "proven" in link]
    assert "Ready within profile quick" in reader.text


def test_without_a_proof_the_review_says_nothing_of_it(run: Any) -> None:
    assert "Would these tests notice?" not in review(run, None).text
    assert not (run.folder / "proven.html").exists()
