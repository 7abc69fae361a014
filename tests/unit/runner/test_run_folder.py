"""The folder of a run and the pointer to the latest."""

import json
from pathlib import Path

import pytest

from runner import run_folder
from runner.errors import StartError


def a_run(results):
    run = run_folder.create(results)
    run_folder.write_facts(run, {"run": run.name})
    run_folder.point_latest(results, run)
    return run


def test_every_run_has_its_own_folder_and_latest_is_the_last(tmp_path):
    runs = [a_run(tmp_path) for _ in range(3)]
    assert len({run.name for run in runs}) == 3
    assert run_folder.latest(tmp_path) == runs[-1].resolve()
    assert sorted(child.name for child in tmp_path.iterdir()) == sorted([*(run.name for run in runs), "latest"])


def test_latest_is_a_text_file_where_links_cannot_be_had(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(1, "A required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    run = a_run(tmp_path)
    assert (tmp_path / "latest").read_text().strip() == run.name
    assert run_folder.find(tmp_path, None) == run.resolve()


def test_a_folder_called_latest_does_not_stop_a_run(tmp_path):
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "mine").touch()
    run = a_run(tmp_path)
    assert {child.name for child in tmp_path.iterdir()} == {"latest", run.name}


def test_a_run_is_found_by_name_by_path_and_as_the_latest(tmp_path):
    run = a_run(tmp_path)
    assert run_folder.find(tmp_path, run.name) == run_folder.find(tmp_path, str(run)) == run_folder.find(tmp_path, None) == run.resolve()


def test_no_run_yet_is_a_sentence(tmp_path):
    with pytest.raises(StartError, match=r"There is no run yet in .*\. Start a run with: python run\.py"):
        run_folder.find(tmp_path, None)
    with pytest.raises(StartError, match=r"'nowhere' is no run folder"):
        run_folder.find(tmp_path, "nowhere")


def test_a_results_folder_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "results").write_text("a file where the folder should be")
    with pytest.raises(StartError) as error:
        run_folder.create(tmp_path / "results")
    assert str(error.value).startswith(f"Cannot write results at {tmp_path / 'results'}")
    assert str(error.value).endswith("Make room or give write permission there, then start again.")


def test_the_facts_of_a_run_are_written_in_one_step_and_carry_the_schema(tmp_path):
    run_folder.write_facts(tmp_path, {"run": "x"})
    run_folder.write_facts(tmp_path, {"run": "x", "interrupted": True})
    assert json.loads((tmp_path / "run.json").read_text()) == {"schema": 1, "run": "x", "interrupted": True}
    assert [file.name for file in tmp_path.iterdir()] == ["run.json"]


def test_versions_and_machine_name_what_figures_depend_on():
    assert {"python", "robotframework", "websockets"} <= set(run_folder.versions("1.2.3"))
    assert run_folder.versions("1.2.3")["lockstep"] == "1.2.3"
    assert {"cores", "memory_mb", "system"} <= set(run_folder.machine())
