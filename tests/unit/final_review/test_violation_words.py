"""Every violation code has words for people."""

from pathlib import Path

from final_review.proof_page import load_words
from Lockstep.checks.violations import Code

RESOURCES = Path(__file__).parents[3] / "resources"


def test_every_code_has_words_and_no_words_are_left_over():
    assert set(load_words(RESOURCES).of_code) == {str(code) for code in Code}


def test_an_unknown_code_is_shown_as_it_is():
    assert load_words(RESOURCES).say(("lost", "some_new_code")) == "a message was lost; some new code"
