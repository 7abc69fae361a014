"""The suites of resilience by robot alone; a file of its own, since it takes as long as all other ways to start together."""

from __future__ import annotations

from acceptance.robot_alone import in_any_order


def test_robot_alone_in_any_order(tmp_path):
    in_any_order(tmp_path, "3__websocket_resilience", 300)
