"""What is read of a process by its id."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from Lockstep.engine.server_figures import ServerFigures


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="only Linux tells how long a process waited for a processor")
def test_the_time_without_a_processor_is_told_and_never_goes_back():
    first, second = ServerFigures.of(psutil.Process()), ServerFigures.of(psutil.Process())
    assert first.waited is not None
    assert 0 <= first.waited <= second.waited
    assert second.processor >= first.processor > 0
    assert second.memory > 1_000_000


def test_a_system_that_does_not_tell_it_leaves_it_out(monkeypatch):
    def refuse(*_args, **_keys):
        raise OSError

    monkeypatch.setattr(Path, "read_text", refuse)
    assert ServerFigures.of(psutil.Process()).waited is None


def test_a_process_that_is_gone_is_told_as_gone():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    process = psutil.Process(ended.pid)
    ended.wait(30)
    with pytest.raises(psutil.NoSuchProcess):
        ServerFigures.of(process)
