"""Memory does not grow with the number of messages, once everything that has a bound has reached it."""

from __future__ import annotations

from itertools import combinations
from statistics import median

import psutil
import pytest

WARM_UP, COUNTED, BURST = 10_000, 20_000, 250
LIMIT = 50
"""Bytes per message."""


@pytest.mark.parametrize("kind", ["plain", "everything"])
def test_memory_is_flat_per_message(platform, kind):
    client = platform.connect()
    client.send_json({"type": "configure_agents", "request_id": "q", "agents": ["data", "analysis"]})
    client.receive()
    process = psutil.Process(platform.process.pid)
    resident = []
    for start in range(0, WARM_UP + COUNTED, BURST):
        messages = [{"message_id": f"{kind}{number:09d}", "sequence_id": number} for number in range(start, start + BURST)]
        if kind == "everything":
            for number, message in enumerate(messages):
                message |= {"conversation": f"Title {number}", "target_agents": ["data"], "shared_state_key": f"k{number % 10}", "acknowledge": True}
                message["priority"] = "high" if number % 10 == 0 else "normal"
            messages += messages[:20]
        client.send_many(messages)
        client.send_json({"type": "get_agent_state", "request_id": "q"})
        client.fence(f"{kind}-{start}")
        if start >= WARM_UP:
            resident.append((start, process.memory_info().rss))
    slope = median((later - earlier) / (end - begin) for (begin, earlier), (end, later) in combinations(resident, 2))
    print(f"{kind}: {slope:.1f} B per message, {resident[0][1] / 1e6:.1f} MB after {WARM_UP}, {resident[-1][1] / 1e6:.1f} MB at the end")
    assert slope <= LIMIT
