"""The one list of violation codes; every check reports with these and no others."""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """What a check can find wrong. The value is what records, the kill matrix and messages show."""

    PHANTOM = "phantom"
    ABORTED_EFFECT = "aborted_effect"
    LOST = "lost"
    DUPLICATED = "duplicated"
    MISCOUNTED_DUPLICATES = "miscounted_duplicates"
    REORDERED = "reordered"
    GAP = "gap"
    DISAGREEMENT = "disagreement"
    UNSOUND_RESUME = "unsound_resume"
    CONTEXT_LOST = "context_lost"
    LEAKED_TO_OTHER_USER = "leaked_to_other_user"
    STALE_READ = "stale_read"
    MISCOUNTED = "miscounted"
    WENT_BACK = "went_back"
    TORN_SNAPSHOT = "torn_snapshot"
    DIVERGED = "diverged"
    OVER_CAPACITY = "over_capacity"
    NO_BACKPRESSURE = "no_backpressure"
    PRIORITY_INVERTED = "priority_inverted"
    STARVED = "starved"
    STALLED = "stalled"
    BLOCKED_BY_NEIGHBOUR = "blocked_by_neighbour"
    UNFAIR = "unfair"
    TOO_SLOW = "too_slow"
    RATE_NOT_SUSTAINED = "rate_not_sustained"
    LEAK = "leak"
    WRONG_CLOSE = "wrong_close"
    TOKEN_WINDOW = "token_window"  # noqa: S105 - a violation code, not a secret
    DATA_BEFORE_AUTH = "data_before_auth"
    ZOMBIE = "zombie"
    NOT_ISOLATED = "not_isolated"
    NOT_DURABLE = "not_durable"
    SLOW_RECOVERY = "slow_recovery"
    GHOST_SESSION = "ghost_session"
    INCOMPLETE_STREAM = "incomplete_stream"
    CORRUPTED = "corrupted"
    NOT_REFUSED = "not_refused"
    FAULT_NOT_CONFIRMED = "fault_not_confirmed"
    VACUOUS = "vacuous"
