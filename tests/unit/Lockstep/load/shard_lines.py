"""Lines as shards say them."""

from Lockstep.engine.load.histogram import Histogram
from Lockstep.engine.load.plan import Plan, Stage
from Lockstep.engine.load.result import Merge

OPEN = Plan(connections=2, stages=(Stage(2.0, 10, 10),))
CLOSED = Plan(connections=2, window=1, seconds=2.0)


def second(shard, number, times=(), phase="sending", **figures):
    return {
        "schema": 1, "event": "second", "shard": shard, "second": number + 1, "first": 1, "phase": phase, "time": 100.0 + number + 1, "lasted": 1.0,
        "sent": 0, "answered": 0, "refused": 0, "lost": 0, "waiting": 0, "open": 1, "processor": 0.5, "latency": list(Histogram.of(times).counts.items()),
        "service": [], "lag": [], "refusal": [], "copies_sent": 0, "copies_answered": 0, "held_up": 0, "without_digest": 0, "reasons": {}, "others": {},
        "violations": {}, "sentences": [], **figures,
    }


def account(number, **figures):
    return {"number": number, "user": f"u{number}", "prefix": f"r.{number}.", "sent": 0, "answered": 0, "refused": 0, "lost": 0, "unsent": 0, "p50": 0.0, "p95": 0.0, "last": 102.0,
            "closed": None, **figures}


def done(shard, *connections, **facts):
    return {"schema": 1, "event": "done", "shard": shard, "refused": [], "opening": 0.1, "late": 0.0, "start": 100.0, "began": 100.0, "stopped": 102.0,
            "clock_step": 0.0, "connections": list(connections), **facts}


def told(load):
    return [(moment.at, moment.sent, moment.answered, moment.refused, sorted(moment.latency.counts.items())) for moment in load.moments]


def merged(*lines, plan=OPEN):
    merge = Merge("phase", plan)
    for line in lines:
        merge.take(line)
    return merge.finished()
