"""Lines that shares leave in the run's folder: merged they are what one process would have said, and nothing less passes for all."""

from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shard_lines import account, done, merged, second, told

from Lockstep.engine.load.kept import KeptLines
from Lockstep.engine.load.plan import Plan
from Lockstep.engine.server_figures import ServerFigures

PLAN = Plan(connections=4, window=2, count=40)


def kept(folder, run="this"):
    return KeptLines(folder, run, "flood")


def lines(shard):
    """What one share says: two lines and its last word."""
    return [
        second(shard, 0, [1000 * (shard + 1)], sent=10 * (shard + 1), answered=10 * (shard + 1)),
        second(shard, 1, [5000], sent=1, answered=1),
        done(shard, account(shard, sent=10 * (shard + 1) + 1)),
    ]


def filled(folder, of=2, run="this"):
    one = kept(folder, run)
    one.begin(PLAN, range(of), of)
    for shard in range(of):
        for line in lines(shard):
            one.keep(line)
    return one


def summed_up(load):
    return (load.sent, load.answered, load.begin, sorted(load.latency.counts.items()), load.connections, load.missing, told(load))


@settings(deadline=None)
@given(st.permutations([0, 0, 0, 1, 1, 1]))
def test_shares_of_several_processes_are_the_load_of_one(turns):
    said = {shard: iter(lines(shard)) for shard in range(2)}
    with TemporaryDirectory() as folder:
        for shard in range(2):  # each process begins its own file
            kept(Path(folder)).begin(PLAN, range(shard, shard + 1), 2)
        for shard in turns:
            kept(Path(folder)).keep(next(said[shard]))
        assert summed_up(kept(Path(folder)).load()) == summed_up(merged(*lines(0), *lines(1), plan=PLAN))


def test_each_share_can_be_looked_at_by_itself(tmp_path):
    one = filled(tmp_path)
    assert summed_up(one.load(1)) == summed_up(merged(*lines(1), plan=PLAN))
    assert one.load(1).sent == 21
    assert one.load(2) is None


def test_each_share_has_the_plan_that_it_has_followed(tmp_path):
    filled(tmp_path)
    kept(tmp_path).begin(PLAN.model_copy(update={"seed": 4711}), range(1, 2), 2)
    assert (kept(tmp_path).load(0).plan.seed, kept(tmp_path).load(1).plan.seed) == (PLAN.seed, 4711)


def test_a_share_that_left_nothing_is_missing_and_not_a_smaller_load(tmp_path):
    filled(tmp_path)
    (tmp_path / "shares" / "flood" / "1.jsonl").unlink()
    load = kept(tmp_path).load()
    assert load.missing == ["share 2 of 2 left nothing"]
    assert load.rate is None


@pytest.mark.parametrize("cut", [1, 200])
def test_a_share_that_was_killed_is_missing_whatever_it_has_said(tmp_path, cut):
    filled(tmp_path)
    file = tmp_path / "shares" / "flood" / "0.jsonl"
    file.write_bytes(file.read_bytes()[:-cut])
    load = kept(tmp_path).load()
    assert load.missing == ["share 1 of 2 ended before its last word"]
    assert load.sent == 32, "what it had said before still counts"


def test_what_another_run_has_left_is_never_read(tmp_path):
    filled(tmp_path, run="yesterday")
    assert kept(tmp_path).load() is None
    kept(tmp_path).begin(PLAN, range(1), 2)
    assert kept(tmp_path).load().missing == ["share 1 of 2 ended before its last word", "share 2 of 2 left nothing"]
    head = orjson.loads((tmp_path / "shares" / "flood" / "0.jsonl").read_bytes())
    assert (head["run"], head["plan"]["connections"]) == ("this", 4)


def test_nothing_kept_is_nothing_measured(tmp_path):
    assert kept(tmp_path).load() is None


def test_who_knows_the_server_tells_the_others_how_it_was_kept_from_its_work(tmp_path):
    looks = [ServerFigures(100.0, 5, 1, None, 0.0, 0.0), ServerFigures(101.5, 6, 1, 3, 0.5, 1.2)]
    one = filled(tmp_path)
    one.saw(looks)
    kept(tmp_path).saw([])  # another share, which does not know its process
    assert kept(tmp_path).load().server == looks
    assert "no processor for 80%" in kept(tmp_path).load().crowded
    filled(tmp_path, run="tomorrow")
    assert kept(tmp_path, run="tomorrow").load().server == [], "what another run has seen says nothing of this one"


def test_a_share_that_looks_while_another_writes_down_what_it_saw_reads_nothing_of_it(tmp_path):
    looks = [ServerFigures(100.0, 5, 1, None, 0.0, 0.0), ServerFigures(101.5, 6, 1, 3, 0.5, 1.2)]
    filled(tmp_path).saw(looks)
    (file,) = (tmp_path / "shares" / "flood").glob("server.*")
    whole = file.read_bytes()
    for length in (0, 1, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        assert kept(tmp_path).load().server == []
    file.write_bytes(whole)
    assert kept(tmp_path).load().server == looks
