"""The last words of a run."""

from pathlib import Path

import pytest

from runner import outcome


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("violation: out of order.\nexpected 1 2", "violation: out of order."),
        ("\n  spaced   words \n", "spaced words"),
        ("*HTML* <b>violation</b>: 3 &lt; 4<br>more", "violation : 3 < 4"),
        ("", "no message"),
    ],
)
def test_the_first_sentence_of_a_message(message, sentence):
    assert outcome.first_sentence(message) == sentence


def test_no_output_has_no_failed_tests(tmp_path):
    assert outcome.failed_tests(tmp_path / "output.xml") == []
    (tmp_path / "output.xml").write_text("<robot>")
    assert outcome.failed_tests(tmp_path / "output.xml") == []


def test_paths_are_told_as_seen_from_here_and_only_if_they_exist(tmp_path):
    run = tmp_path / "results" / "1"
    run.mkdir(parents=True)
    (run / "log.html").touch()
    assert outcome.paths(run, tmp_path) == [("Log", str(Path("results/1/log.html")))]


def test_the_shorter_path_wins():
    assert outcome.shorter(Path("/a/b"), Path("/some/where/deep/down")) == str(Path("/a/b"))
