"""The review reads what the library writes, and may not import it: their words agree."""

from final_review.result import LIMIT_MISSED
from Lockstep.errors import PerformanceThresholdError


def test_a_missed_limit_begins_with_the_word_by_which_the_review_knows_it():
    assert str(PerformanceThresholdError("slow")).startswith(LIMIT_MISSED)
