"""Whose fault a missed rate is."""

import pytest

from Lockstep.keywords.measuring import only_kept_waiting


@pytest.mark.parametrize(("answered", "rate", "waited", "is_ours"), [
    (500, 298.0, 0.05, True), (500, 298.0, 0.0, False), (500, 200.0, 0.05, False), (500, 200.0, 1.0, True), (0, 0.0, 5.0, False),
])
def test_a_rate_that_only_others_on_the_machine_have_spoiled_was_not_measured(answered, rate, waited, is_ours):
    told = only_kept_waiting(answered, rate, waited, 300.0)
    assert (told is not None) == is_ours
    assert told is None or told == f"invalid: the server got no processor for {waited * 1000:.0f} ms although it was ready to work; without them the rate was reached"
