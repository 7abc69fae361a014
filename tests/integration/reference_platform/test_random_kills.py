"""SIGKILL at random instants under load: what was acknowledged is there once after each restart, and nothing is there twice.

``LOCKSTEP_KILLS=100`` for as many as the promise names; a few of them show in CI that the test itself is alive.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter

from integration.reference_platform.test_survival import Burst

KILLS = int(os.environ.get("LOCKSTEP_KILLS", "6"))
SEED = int(os.environ.get("LOCKSTEP_SEED") or random.SystemRandom().randrange(1_000_000))
LATEST = 0.4
"""Seconds after the beginning of the load at which the platform is killed at the latest."""
USERS = "alice", "bob", "carol"


def test_whatever_the_instant_nothing_acknowledged_is_lost_and_nothing_is_done_twice(serve, tmp_path):
    print(f"seed {SEED}, {KILLS} kills")
    chance, store = random.Random(SEED), str(tmp_path / "store.sqlite")
    since, acknowledged, sent, killed_at = 0, 0, Counter(), []
    for life in range(KILLS):
        platform = serve("--store", store, "--seed", str(life))
        platform.control("work", {"seconds": chance.choice((0, 0, 0.0005, 0.002))})
        bursts = {name: Burst(platform.connect(name), name, life) for name in USERS}
        killed_at.append(chance.uniform(0, LATEST))
        time.sleep(killed_at[-1])
        platform.process.kill()
        for burst in bursts.values():
            burst.join()
        platform.kill()
        platform = serve("--store", store)
        since = judge(platform, life, bursts, since, sent)
        acknowledged += sum(len(set(burst.acknowledged)) for burst in bursts.values())
        platform.kill() if life % 2 else platform.end()
    print(f"{acknowledged} messages acknowledged before {KILLS} kills, {min(killed_at):.3f} to {max(killed_at):.3f} s after the first message")
    assert acknowledged > KILLS, "the load was none"


def judge(platform, life, bursts, since, sent):
    """Every message of this life is processed once when it is sent again; returns how far the ledger was read."""
    for name, burst in bursts.items():
        client, known = platform.connect(name), set(burst.acknowledged)
        client.state()
        done = {row["message_id"] for row in platform.ledger(since) if row["what"] == "processed"}
        assert not known - done, f"seed {SEED}, life {life}: acknowledged and lost"
        for message_id in sorted(known)[:20] + burst.unknown(20):
            client.send(message_id, attempt=2)
            answer = client.receive()
            assert answer["type"] == ("duplicate_rejected" if message_id in done else "ai_response"), f"seed {SEED}, life {life}: {message_id}"
    rows = platform.ledger(since)
    times = Counter((row["user"], row["message_id"]) for row in rows if row["what"] == "processed")
    assert max(times.values(), default=1) == 1, f"seed {SEED}, life {life}: processed more than once"
    assert not times.keys() & sent.keys(), f"seed {SEED}, life {life}: a message of an earlier life was processed again"
    sent.update(times)
    return rows[-1]["index"] if rows else since
