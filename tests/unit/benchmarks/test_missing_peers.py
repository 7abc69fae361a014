"""A peer that cannot be had, or fails, is reported; the others are measured all the same."""

import sys

import pytest

from benchmarks import duels, peers
from benchmarks.contenders import Artillery, Locust, Ours, Websockets
from benchmarks.peers import Missing
from benchmarks.stage import Failed, Window

PING = duels.SHAPES["ping"]


def test_who_is_missing_or_fails_is_not_tried_again_and_does_not_stop_the_others(monkeypatch):
    tried = []

    def one(contender, shape, seconds):
        tried.append(type(contender))
        if isinstance(contender, Locust):
            raise Missing("there is no package index")
        if isinstance(contender, Artillery):
            raise Failed("its messages stopped")
        return Window(rate=400.0 if isinstance(contender, Ours) else 100.0, generator=0.5, server=0.1)

    monkeypatch.setattr(duels, "one", one)
    locust, artillery, websockets = duels.fought(PING, ["locust", "artillery", "websockets"], 2, 1.0, print)
    assert tried == [Ours, Locust, Artillery, Websockets, Ours, Websockets]
    assert (locust.missing, locust.rounds) == ("there is no package index", [])
    assert artillery.missing == "its messages stopped"
    assert (websockets.missing, websockets.ratio, len(websockets.rounds)) == (None, 4.0, 2)


def test_without_any_opponent_left_nothing_more_is_measured(monkeypatch):
    tried = []

    def one(contender, shape, seconds):
        tried.append(type(contender))
        if isinstance(contender, Locust):
            raise Missing("it is not here")
        return Window(1.0, 1.0, 1.0)

    monkeypatch.setattr(duels, "one", one)
    duels.fought(PING, ["locust"], 5, 1.0, print)
    assert tried == [Ours, Locust]


@pytest.fixture
def nothing_there(monkeypatch, tmp_path):
    """An empty cache, and no program on the path."""
    monkeypatch.setattr(peers, "CACHE", tmp_path / "cache")
    monkeypatch.setenv("PATH", str(tmp_path))


def test_without_its_installer_a_peer_is_missing(nothing_there):
    with pytest.raises(Missing, match="npm and node are needed"):
        peers.artillery()
    with pytest.raises(Missing, match="no apt-get to bring it"):
        peers.tsung()


def test_an_installation_that_fails_says_why_and_is_begun_anew_the_next_time(nothing_there):
    def fails():
        (place / "half").mkdir(parents=True)
        peers._call([sys.executable, "-c", "import sys; sys.exit('ERROR: no index can be reached')"])

    place = peers.CACHE / "tool"
    with pytest.raises(Missing, match="failed: ERROR: no index can be reached"):
        peers._once(place, fails)
    peers._once(place, place.mkdir)
    assert not (place / "half").exists()
    peers._once(place, lambda: pytest.fail("it is there already"))


def test_an_installation_that_does_not_end_is_missing_too(monkeypatch):
    monkeypatch.setattr(peers, "PATIENCE", 0.2)
    with pytest.raises(Missing, match=r"did not end within 0\.2 s"):
        peers._call([sys.executable, "-c", "import time; time.sleep(60)"])
