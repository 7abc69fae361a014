"""What is broken about the audit trail, seen where an investigator looks."""

from __future__ import annotations

from integration.reference_platform.test_audit import alerts, expired, refused, trail


def test_repeats_are_missing(serve):
    platform = serve("--defect", "audit_repeats_missing")
    token = expired(platform)
    for _ in range(3):
        refused(platform, token)
    assert len(trail(platform)) == 1


def test_tokens_are_told(serve):
    platform = serve("--defect", "audit_tells_tokens")
    token = expired(platform)
    refused(platform, token)
    assert trail(platform)[0]["reason"] == f"expired: {token}"


def test_an_alert_never_comes_or_always(serve):
    for defect, count, tries in (("audit_alert_never", 0, 6), ("audit_alert_always", 4, 1)):
        platform = serve("--defect", defect)
        token = expired(platform)
        for _ in range(tries):
            refused(platform, token)
        assert len(alerts(platform)) == count


def test_anybody_is_believed(serve):
    platform = serve("--defect", "audit_believes_anybody")
    refused(platform, expired(platform), **{"X-Forwarded-For": "192.0.2.9, 10.0.0.1"})
    assert trail(platform)[0]["address"] == "192.0.2.9"
