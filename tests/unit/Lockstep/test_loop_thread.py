"""The bridge between keywords and the loop."""

import asyncio
import threading

import pytest
from robot.errors import TimeoutExceeded
from robot.running import timeouts

from Lockstep.engine.loop_thread import LoopThread
from Lockstep.errors import InternalError


@pytest.fixture
def thread():
    one = LoopThread()
    yield one
    one.stop()


async def value(one):
    await asyncio.sleep(0)
    return one


async def failing(error):
    raise error


def test_results_and_errors_come_back(thread):
    assert thread.run(value(5)) == 5
    with pytest.raises(KeyError, match="x"):
        thread.run(failing(KeyError("x")))
    with pytest.raises(TimeoutError, match="of the work itself"):
        thread.run(failing(TimeoutError("of the work itself")))


def test_nothing_runs_before_the_first_use_and_nothing_after_stop():
    before = set(threading.enumerate())
    one = LoopThread()
    assert set(threading.enumerate()) == before
    left = []

    async def forever():
        try:
            await asyncio.Event().wait()
        finally:
            left.append("cancelled")

    async def begin():
        asyncio.create_task(forever())  # noqa: RUF006 - left behind on purpose
        await asyncio.get_running_loop().run_in_executor(None, int)
        await asyncio.sleep(0)

    one.run(begin())
    assert set(threading.enumerate()) > before
    one.stop()
    one.stop()
    assert left == ["cancelled"]
    assert set(threading.enumerate()) == before
    assert one.run(value(1)) == 1  # it may be used again
    one.stop()
    assert set(threading.enumerate()) == before


def test_a_test_time_out_reaches_the_waiting_keyword_and_cancels_its_work(thread):
    ended = threading.Event()

    async def stuck():
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    timeout = timeouts.TestTimeout("0.3 s", start=True)
    with pytest.raises(TimeoutExceeded, match="Test timeout 300 milliseconds exceeded"):
        timeout.get_runner().run(thread.run, (stuck(),))
    assert ended.wait(5)
    assert thread.run(value("still alive")) == "still alive"


def test_it_refuses_to_wait_for_itself(thread):
    async def nested():
        return thread.run(value(1))

    with pytest.raises(InternalError, match=r"^internal: the loop thread must not wait for itself"):
        thread.run(nested())
