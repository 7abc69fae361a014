"""A process is only touched while it is the one that was started: its id may belong to another one by now."""

import subprocess
import sys

import psutil
import pytest

from Lockstep.errors import EnvironmentSetupError
from Lockstep.keywords.kit import Kit
from Lockstep.keywords.process_faults import ProcessFaultKeywords


class Server:
    """Stands for a target whose process is this one."""

    title = "Desk"

    def __init__(self, process):
        self.server = process
        self.killed = False

    def own_server(self, _wanted):
        return self.server

    def obituary(self):
        return ""

    def kill(self):
        self.killed = True


@pytest.fixture
def stranger():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield psutil.Process(process.pid)
        process.stdin.close()


def keywords_for(target, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kit = Kit()
    kit.use_target(target)
    return kit, ProcessFaultKeywords(kit)


@pytest.mark.parametrize("word", ["pause", "continue", "kill"])
def test_another_process_of_the_same_number_is_left_alone(stranger, tmp_path, monkeypatch, word):
    known = psutil.Process(stranger.pid)
    monkeypatch.setattr(known, "_ident", (stranger.pid, stranger.create_time() - 100))  # as of one that had the number before
    target = Server(known)
    kit, keywords = keywords_for(target, tmp_path, monkeypatch)
    with pytest.raises(EnvironmentSetupError, match=r"^environment: the process of Desk has ended and cannot be (paused|continued|killed); use 'Restart Target' first$"):
        getattr(keywords, f"{word}_target")()
    assert stranger.status() != psutil.STATUS_STOPPED
    assert not target.killed
    assert (kit.scope.undo, kit.scope.before_closing) == ([], [])


def test_the_process_that_was_started_stands_still_and_goes_on_with_the_end_of_the_test(stranger, tmp_path, monkeypatch):
    kit, keywords = keywords_for(Server(stranger), tmp_path, monkeypatch)
    keywords.pause_target()
    assert stranger.status() == psutil.STATUS_STOPPED
    kit.end_faults()
    assert stranger.status() != psutil.STATUS_STOPPED
    kit.engine.stop()
