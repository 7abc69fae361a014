"""Many questions at once: a slow target is waited for, a silent one is given up, and nobody minds a client that does not read."""

import asyncio
from types import SimpleNamespace

import pytest

from Lockstep.engine import watching
from Lockstep.engine.activity import Activities
from Lockstep.engine.outcomes import Unanswered

ASKING = ("Asking", "bob")


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(watching, "HANG_GUARD", 0.2)


async def asked(answers, times):
    """What the activity brings that asks so many questions and is stopped at once; ``answers`` waits for the turn of each and may answer."""
    numbers, activities = iter(range(times)), Activities()

    async def ask(_question, _within):
        return await answers(next(numbers))

    client = SimpleNamespace(alias="bob", ask=ask)
    await activities.start(ASKING, lambda activity: watching.ask_at_once(activity, client, "agent_state", times))
    return await activities.stop(ASKING, None)


def test_a_target_that_answers_one_after_the_other_is_waited_for():
    async def slowly(number):
        await asyncio.sleep(0.05 * number)

    assert asyncio.run(asked(slowly, 20)) == 20, "in all five times the guard"


def test_answers_that_stay_away_are_told_with_their_number():
    async def the_first_half(number):
        await asyncio.sleep(0.01 if number < 10 else 60)

    with pytest.raises(Unanswered, match=r"^10 of bob's 20 questions for agent_state were not answered, and for 0\.2 s none was$"):
        asyncio.run(asked(the_first_half, 20))


def test_nobody_is_given_up_before_the_end_was_asked_for():
    async def story():
        answered, activities = asyncio.Event(), Activities()

        async def ask(_question, _within):
            await answered.wait()

        client = SimpleNamespace(alias="bob", ask=ask)
        await activities.start(ASKING, lambda activity: watching.ask_at_once(activity, client, "agent_state", 3))
        await asyncio.sleep(0.5)  # longer than the guard, as somebody who does not read
        answered.set()
        return await activities.stop(ASKING, None)

    assert asyncio.run(story()) == 3
