"""What a run takes, found with Robot's parser in small suites, and the order in which pabot starts it."""

from pathlib import Path

import pytest

from runner import selection
from runner.errors import StartError

ROOT = Path(__file__).resolve().parents[3]


def suite(folder: Path, path: str, **tests: str) -> None:
    lines = ["*** Test Cases ***"]
    for name, tags in tests.items():
        lines += [name.replace("_", " "), f"    [Tags]    {tags.replace(' ', '    ')}", "    No Operation"]
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text("\n".join(lines) + "\n")


@pytest.fixture
def suites(tmp_path):
    folder = tmp_path / "suites"
    suite(folder, "1__rapid/2__bursts.robot", Burst_Of_Fifty="rms-5")
    suite(folder, "1__rapid/1__order.robot", Twenty_In_Order="rms-1", Fifty_In_Order="rms-1 slow")
    suite(folder, "2__volume/latency.robot", Latency="hvt-1 serial")
    suite(folder, "2__volume/benchmark.robot", Benchmark="hvt-b serial")
    suite(folder, "9__final_review/1__rapid.robot", Replies_Arrive="fr-latency final-review")
    return folder


def names(found):
    return [suite.name.removeprefix("Suites.") for suite in found]


def choose(suites, *wanted):
    return selection.choose(selection.find(suites), wanted, suites)


ALL = ["Rapid.Order", "Rapid.Bursts", "Volume.Benchmark", "Volume.Latency", "Final Review.Rapid"]


def test_suites_come_in_robots_order_with_the_tests_they_hold(suites):
    found = selection.find(suites)
    assert names(found) == ALL
    assert [test.name for test in found[0].tests] == ["Suites.Rapid.Order.Twenty In Order", "Suites.Rapid.Order.Fifty In Order"]
    assert [suite.serial for suite in found] == [False, False, True, True, False]
    assert [suite.review for suite in found] == [False, False, False, False, True]


def test_tags_select_as_in_robot(suites):
    assert names(selection.find(suites, include=["rms-?"])) == ["Rapid.Order", "Rapid.Bursts"]
    assert names(selection.find(suites, exclude=["serial"])) == ["Rapid.Order", "Rapid.Bursts", "Final Review.Rapid"]
    only = selection.find(suites, include=["slow"])
    assert [len(suite.tests) for suite in only] == [1]


def test_the_ordering_runs_functional_suites_together_and_each_serial_suite_alone_and_the_review_last(suites):
    assert selection.ordering(selection.find(suites)) == (
        "--suite Suites.Rapid.Order\n--suite Suites.Rapid.Bursts\n#WAIT\n--suite Suites.Volume.Benchmark\n#WAIT\n"
        "--suite Suites.Volume.Latency\n#WAIT\n--suite Suites.Final Review.Rapid\n"
    )


def test_shares_of_a_load_go_on_at_the_same_time_each_in_a_process_of_its_own(suites):
    suite(suites, "2__volume/crowd_shares.robot", Share_1_Of_2="hvt-6 serial", Share_2_Of_2="hvt-6 serial")
    suite(suites, "2__volume/crowd_together.robot", Together="hvt-6 serial")
    found = choose(suites, "hvt-6")
    assert selection.ordering(found) == (
        "--test Suites.Volume.Crowd Shares.Share 1 Of 2\n--test Suites.Volume.Crowd Shares.Share 2 Of 2\n#WAIT\n"
        "--suite Suites.Volume.Crowd Together\n#WAIT\n--suite Suites.Final Review.Rapid\n"
    )
    assert [one.processes for one in found[:2]] == [
        {"Suites.Volume.Crowd Shares.Share 1 Of 2": 1, "Suites.Volume.Crowd Shares.Share 2 Of 2": 1}, {"Suites.Volume.Crowd Together": 1},
    ]


def test_a_suite_with_other_tests_beside_shares_is_not_split(suites):
    suite(suites, "2__volume/crowd_shares.robot", Share_1_Of_2="serial", All_Of_Them="serial")
    assert "--suite Suites.Volume.Crowd Shares\n" in selection.ordering(selection.find(suites))


def test_the_ordering_has_no_empty_group(suites):
    assert selection.ordering(selection.find(suites, include=["hvt-1"])) == "--suite Suites.Volume.Latency\n"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("rms-1", ["Rapid.Order"]),
        ("RMS-5", ["Rapid.Bursts"]),
        ("order", ["Rapid.Order"]),
        ("1__order.robot", ["Rapid.Order"]),
        ("1__rapid", ["Rapid.Order", "Rapid.Bursts"]),
        ("1__rapid/2__bursts.robot", ["Rapid.Bursts"]),
        ("Volume", ["Volume.Benchmark", "Volume.Latency"]),
        ("bench", ["Volume.Benchmark"]),
        ("olum", ["Volume.Benchmark", "Volume.Latency"]),
        ("burst of", ["Rapid.Bursts"]),
    ],
)
def test_a_suite_is_found_by_case_file_folder_path_and_title(suites, wanted, expected):
    assert names(choose(suites, wanted)) == [*expected, "Final Review.Rapid"]


def test_a_suite_is_found_by_the_path_that_the_shell_completes(suites, monkeypatch):
    monkeypatch.chdir(suites.parent)
    assert names(choose(suites, "suites/1__rapid/"))[:-1] == ["Rapid.Order", "Rapid.Bursts"]


def test_several_values_add_up(suites):
    assert names(choose(suites, "rms-5", "latency")) == ["Rapid.Bursts", "Volume.Latency", "Final Review.Rapid"]


def test_a_case_selects_its_tests_only(suites):
    patterns = selection.test_patterns(choose(suites, "slow"))
    assert patterns == ["Suites.Rapid.Order.Fifty In Order", "Suites.Final Review.Rapid.Replies Arrive"]


def test_names_with_pattern_characters_are_meant_literally():
    case = selection.Case("Suites.A.Really? [x] *", frozenset())
    assert selection.test_patterns([selection.SuiteFile("Suites.A", Path("a.robot"), (case,))]) == ["Suites.A.Really[?] [[]x] [*]"]


def test_no_match_is_a_sentence_with_the_nearest_and_the_list(suites):
    with pytest.raises(StartError) as error:
        choose(suites, "rms-9")
    assert str(error.value) == (
        "No suite or case is called 'rms-9'; did you mean rms-5? Suites are: "
        "Rapid / Order; Rapid / Bursts; Volume / Benchmark; Volume / Latency; Final Review / Rapid."
    )


def test_the_committed_ordering_is_what_the_runner_would_write():
    committed = (ROOT / "suites" / "pabot.ordering").read_text(encoding="utf-8")
    assert committed == selection.ordering(selection.find(ROOT / "suites")), "out of date; renew it with: python run.py check --fix"
