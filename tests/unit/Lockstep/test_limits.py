"""A stimulus never exceeds what the target takes, and a smaller one never ends green."""

from types import SimpleNamespace

import pytest
from robot.api import SkipExecution

from Lockstep.keywords.kit import Kit
from Lockstep.keywords.limits import burst_within, clients_within, rate_within, size_within
from Lockstep.listener import TestListener
from Lockstep.records import RUN
from Lockstep.targets.model import Limits

NOTHING_SENT = SimpleNamespace(tags=(), status="PASS", passed=True, failed=False, message="")


@pytest.fixture
def kit(tmp_path, monkeypatch):
    monkeypatch.setenv(RUN, str(tmp_path))

    def make(**limits):
        kit = Kit()
        kit.use_target(SimpleNamespace(title="Desk", file=SimpleNamespace(limits=Limits.model_validate(limits))))
        return kit

    return make


def test_without_limits_everything_is_sent(kit):
    desk = kit()
    assert (burst_within(desk, 7000), clients_within(desk, 50)) == (7000, 50)
    rate_within(desk, 0.0001)
    size_within(desk, 10**9)
    assert desk.scope.not_measured == []


def test_at_the_limit_nothing_changes(kit):
    desk = kit(burst=20, clients=3, rate="20 msg/s", message_size="1 KiB")
    assert (burst_within(desk, 20), clients_within(desk, 3)) == (20, 3)
    rate_within(desk, 0.05)
    rate_within(desk, None)
    size_within(desk, 1024)
    size_within(desk, None)
    assert desk.scope.not_measured == []


def test_above_the_limit_less_is_sent_and_said(kit):
    desk = kit(burst=20, clients=3)
    assert (burst_within(desk, 7000), clients_within(desk, 10)) == (20, 3)
    assert desk.scope.not_measured == [
        "7,000 messages in one sending were asked for, Desk takes 20 ('limits.burst' in its file)",
        "10 clients were asked for, Desk takes 3 ('limits.clients' in its file)",
    ]


def test_what_only_shows_at_full_size_is_left_out(kit):
    with pytest.raises(SkipExecution, match=r"^not measured: 50 msg/s were asked for, Desk takes 20 msg/s of one user \('limits\.rate' in its file\)$"):
        rate_within(kit(rate=20), 0.02)
    with pytest.raises(SkipExecution, match=r"^not measured: a text of 1,025 bytes was asked for, Desk takes 1,024 bytes \('limits\.message_size' in its file\)$"):
        size_within(kit(message_size="1 KiB"), 1025)


def test_a_test_with_a_smaller_stimulus_is_not_measured_and_a_violation_still_fails_it(kit):
    desk = kit(burst=20)
    listener = TestListener(desk)
    listener.start_test(SimpleNamespace(full_name="A Test"), NOTHING_SENT)
    burst_within(desk, 7000)
    burst_within(desk, 7000)
    passed = SimpleNamespace(tags=(), status="PASS", passed=True, failed=False, message="")
    failed = SimpleNamespace(tags=(), status="FAIL", passed=False, failed=True, message="violation")
    listener.end_test(SimpleNamespace(full_name="A Test"), failed)
    listener.end_test(SimpleNamespace(full_name="A Test"), passed)
    assert (failed.status, failed.message) == ("FAIL", "violation")
    assert (passed.status, passed.message) == (
        "SKIP", "not measured: 7,000 messages in one sending were asked for, Desk takes 20 ('limits.burst' in its file). What was sent broke no promise.",
    )
