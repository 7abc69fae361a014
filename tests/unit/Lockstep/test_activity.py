"""Activities end when asked, finish what they are at, and never lose their error."""

import asyncio

import pytest

from Lockstep.engine import activity as module
from Lockstep.engine.activity import Activities, Pace
from Lockstep.errors import EnvironmentSetupError, UsageError

PINGING = ("Pinging", "alice")


def counting(steps):
    async def work(activity):
        while not activity.is_ending():
            steps.append(len(steps))
            await activity.pause(0.001)
        return len(steps)

    return work


def told(work):
    return asyncio.run(work())


def test_an_activity_goes_on_until_it_is_stopped_and_brings_its_result():
    async def story():
        activities, steps = Activities(), []
        await activities.start(PINGING, counting(steps))
        while len(steps) < 3:  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.001)
        assert activities.names == {PINGING}
        done = await activities.stop(PINGING)
        assert activities.names == frozenset()
        assert done == len(steps)

    told(story)


def test_what_it_is_at_is_finished_before_it_ends():
    async def story():
        activities, asked, finished = Activities(), asyncio.Event(), []

        async def work(activity):
            asked.set()
            await asyncio.sleep(0.02)
            finished.append(activity.is_ending())

        await activities.start(PINGING, work)
        await asked.wait()
        await activities.stop(PINGING)
        assert finished == [True]

    told(story)


def test_a_pause_ends_as_soon_as_the_activity_is_asked_to_end():
    async def story():
        activities = Activities()
        await activities.start(PINGING, lambda activity: activity.pause(3600))
        await asyncio.sleep(0)
        await asyncio.wait_for(activities.stop(PINGING), 5)

    told(story)


def test_an_error_is_told_when_it_is_stopped():
    async def story():
        activities = Activities()

        async def work(_activity):
            raise ValueError("the server spoke in tongues")

        await activities.start(PINGING, work)
        with pytest.raises(ValueError, match="tongues"):
            await activities.stop(PINGING)

    told(story)


def test_what_does_not_end_is_cut_off_with_a_sentence():
    async def story():
        activities, cut = Activities(), asyncio.Event()

        async def work(_activity):
            try:
                await asyncio.Event().wait()
            finally:
                cut.set()

        await activities.start(PINGING, work)
        with pytest.raises(EnvironmentSetupError, match=r"^environment: 'Pinging' of alice did not end within 0\.01 s of being stopped and was cut off$"):
            await activities.stop(PINGING, 0.01)
        assert cut.is_set()

    told(story)


def test_starting_twice_and_stopping_nothing_are_sentences():
    async def story():
        activities = Activities()
        await activities.start(PINGING, counting([]))
        with pytest.raises(UsageError, match="'Start Pinging' goes on already for alice; use 'Stop Pinging' before it is started again"):
            await activities.start(PINGING, counting([]))
        with pytest.raises(UsageError, match=r"'Stop Sending' has nothing to stop for bob; use 'Start Sending' first\. Going on now: Pinging \(alice\)"):
            await activities.stop(("Sending", "bob"))
        await activities.start(("Pinging", "bob"), counting([]))
        assert await activities.stop_all(activities.names, 5) == []
        with pytest.raises(UsageError, match=r"Going on now: nothing$"):
            await activities.stop(PINGING)

    told(story)


def test_ending_all_tells_each_error_and_ends_the_others():
    async def story():
        activities = Activities()

        async def work(_activity):
            raise EnvironmentSetupError("no answer")

        await activities.start(PINGING, work)
        await activities.start(("Sending", "bob"), counting([]))
        assert await activities.stop_all(sorted(activities.names), 5) == ["Pinging of alice: environment: no answer"]
        assert activities.names == frozenset()

    told(story)


def test_the_pace_is_absolute_and_leaves_out_what_was_missed(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    pace = Pace(0.25)
    now[0] = 100.125
    assert pace.until_next() == 0.125
    now[0] = 101.0625  # four times were missed
    assert pace.until_next() == 0.1875
