"""What a stranger tries."""

import pytest

from Lockstep import Lockstep


@pytest.mark.parametrize("session", ["s-0f3a", "s-0f30", "ABC", "0", "session-1", "7"])
def test_guesses_are_near_the_name_and_never_it(session):
    guesses = Lockstep().keywords["guess_session_ids"](session)
    assert session not in guesses
    assert "" not in guesses
    assert len(guesses) == len(set(guesses)) >= 7
    assert any(len(guess) == len(session) and guess[:-1] == session[:-1] for guess in guesses), "a neighbour"
    assert max(map(len, guesses)) == 4000
