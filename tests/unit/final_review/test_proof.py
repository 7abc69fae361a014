"""What a kill matrix proves: nothing without a run, nothing by a run that broke off, and never more than what was found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from final_review.errors import InputError
from final_review.proof import Proof, Shown, proven, read_proof


def run(*, seed: int = 1, tests: tuple[str, ...] = (), problem: str = "") -> dict[str, Any]:
    return {"seed": seed, "tests": list(tests), "observed": [], "killed": None if problem else True, "problem": problem}


def defect(killed: bool | None = True, name: str = "r1_x", **more: Any) -> dict[str, Any]:
    return {"defect": name, "case": "rms-1", "expected": ["lost"], "observed": ["lost"], "killed": killed, "runs": [run()], **more}


def quirk(killed: bool | None = False, name: str = "n1_x", **more: Any) -> dict[str, Any]:
    return {"quirk": name, "case": "rms-2", "expected": [], "observed": [], "killed": killed, "runs": [run()], **more}


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def reading(*entries: Any) -> Proof:
        (tmp_path / "kill_matrix.json").write_text(json.dumps(list(entries)))
        return read_proof(tmp_path / "kill_matrix.json")

    return reading


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        (defect(True), Shown.PROVEN), (defect(False), Shown.REFUTED),
        (quirk(False), Shown.PROVEN), (quirk(True), Shown.REFUTED),
        (defect(None), Shown.NO_RESULT), (quirk(None), Shown.NO_RESULT),
        (defect(None, runs=[]), Shown.NOT_RUN), (quirk(None, runs=[]), Shown.NOT_RUN),
    ],
)
def test_what_a_trial_shows(read: Any, entry: dict[str, Any], shown: Shown) -> None:
    (trial,) = read(entry).trials
    assert trial.shown is shown


def test_the_five_agreed_keys_are_enough(read: Any) -> None:
    (trial,) = read({"defect": "r1_dup_reply", "case": "rms-1", "expected": ["duplicated"], "observed": ["lost", "duplicated"], "killed": True}).trials
    assert (trial.name, trial.case, trial.description, trial.shown) == ("r1_dup_reply", "rms-1", "r1 dup reply", Shown.PROVEN)
    assert trial.caught_as == ("duplicated",)


def test_the_sentence_counts_everything(read: Any) -> None:
    assert read(defect()).sentence == "1 of 1 built-in fault caught; 0 of 0 trials with odd but legal behaviour rightly not reported."
    everything = read(defect(), defect(False), defect(None), defect(None, runs=[]), quirk(), quirk(True), quirk(None, runs=[]))
    assert everything.sentence == (
        "1 of 4 built-in faults caught, 1 missed, 1 without a result, 1 not run; "
        "1 of 3 trials with odd but legal behaviour rightly not reported, 1 reported by mistake, 1 not run."
    )
    assert (proven(everything.faults), proven(everything.oddities)) == (1, 1)


@pytest.mark.parametrize(
    ("entries", "shown"),
    [
        ((), Shown.NOT_RUN), ((defect(), quirk()), Shown.PROVEN), ((defect(), quirk(True), defect(None)), Shown.REFUTED),
        ((defect(), quirk(None)), Shown.NO_RESULT), ((defect(), quirk(None, runs=[])), Shown.NOT_RUN),
    ],
)
def test_the_worst_decides(read: Any, entries: tuple[Any, ...], shown: Shown) -> None:
    assert read(*entries).shown is shown


def test_it_belongs_to_the_versions_that_were_run(read: Any) -> None:
    proof = read(defect(version="1+a", made="2026-11-21T05:00:00+00:00"), quirk(version="1+a", made="2026-11-20T05:00:00+00:00"),
                 defect(None, runs=[], version="1+b", made=None))
    assert proof.versions == ("1+a",)
    assert proof.made is not None
    assert [instant.day for instant in proof.made] == [20, 21]


def test_a_quirk_is_tried_in_part_while_no_run_took_the_whole_case(read: Any) -> None:
    part, whole = run(tests=("Twenty*",)), run(seed=2)
    assert [one.partly for one in read(quirk(runs=[part]), quirk(runs=[part, whole]), defect(runs=[part])).trials] == [True, False, False]


def schedule(seed: int, agreed: bool | None = True, **faults: int) -> dict[str, Any]:
    return {"seed": seed, "agreed": agreed, "faults": faults or {"reset": 1}, "observed": [] if agreed else ["lost"], "problem": ""}


@pytest.fixture
def soaked(tmp_path: Path, read: Any) -> Any:
    def reading(*runs: Any, wanted: int = 500) -> Proof:
        (tmp_path / "soak.json").write_text(json.dumps({"schema": 1, "wanted": wanted, "version": "1+a", "runs": list(runs)}))
        return read(defect())

    return reading


def test_random_faults_are_counted_beside_what_was_built_in(soaked: Any) -> None:
    proof = soaked(schedule(1, reset=2, close=3), schedule(2, reset=4))
    assert proof.sentence.endswith("rightly not reported; server and clients agreed about every message in 2 of 2 random fault schedules.")
    assert list(proof.soak.faults.items()) == [("reset", 6), ("close", 3)]
    assert (proof.soak.left, proof.shown) == (498, Shown.PROVEN)


def test_a_schedule_that_ended_badly_is_no_proof(soaked: Any) -> None:
    assert soaked(schedule(1), schedule(2, agreed=False)).shown is Shown.REFUTED
    assert "in 1 of 2 random fault schedules." in soaked(schedule(1), schedule(2, agreed=None)).sentence
    assert soaked(schedule(1), schedule(2, agreed=None)).shown is Shown.NO_RESULT


@pytest.mark.parametrize("text", ["", "[", "[]", "{}", '{"schema": 1, "wanted": 1, "version": "", "runs": [{}]}'])
def test_a_soak_that_cannot_be_read_is_none(tmp_path: Path, read: Any, text: str) -> None:
    (tmp_path / "soak.json").write_text(text)
    assert read(defect()).soak.schedules == ()


@pytest.mark.parametrize("text", ["[", "{}", "[1]", '[{"case": "rms-1"}]'])
def test_what_is_no_kill_matrix_is_said_in_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "kill_matrix.json").write_text(text)
    with pytest.raises(InputError, match=r"kill_matrix\.json (is torn|must be a list)"):
        read_proof(tmp_path / "kill_matrix.json")
    with pytest.raises(InputError, match="cannot be read"):
        read_proof(tmp_path / "none.json")
