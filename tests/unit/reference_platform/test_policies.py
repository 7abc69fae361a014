"""The ports by themselves: what each promises to whoever replaces it."""

from __future__ import annotations

import ast
import asyncio
import dataclasses
from collections import deque
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference_platform
from reference_platform.clock import Clock
from reference_platform.configuration import Configuration
from reference_platform.errors import PlatformError
from reference_platform.host import Host
from reference_platform.messages import Invalid, UserMessage
from reference_platform.policies import PORTS, Policies
from reference_platform.registry import catalogue, replacements, slot_of
from reference_platform.tokens.faults import TokenRefusedError


@pytest.fixture
def host():
    host = Host(Configuration(max_queue_size=20), Clock(), 1)
    Policies.build(host, {})
    return host


def message(message_id, priority="normal", user="alice"):
    made = UserMessage(message_id, "", "", priority=priority)
    made.user = user
    return made


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["high", "normal", "take"]), max_size=120))
def test_inbox_against_an_obvious_model(steps):
    host = Host(Configuration(max_queue_size=20), Clock(), 1)
    inbox = Policies.build(host, {}).inbox
    high, normal, row = deque(), deque(), 0
    for number, step in enumerate(steps):
        if step == "take":
            if high and not (normal and row >= 9):
                expected, row = high.popleft(), row + 1
            elif normal:
                expected, row = normal.popleft(), 0
            else:
                expected = None
            taken = inbox.take("alice")
            assert (taken and taken.message_id) == expected
        else:
            refused = inbox.admit(message(str(number), step))
            room = 20 if step == "high" else 18
            assert (refused is not None) == (len(high) + len(normal) >= room)
            if refused is None:
                (high if step == "high" else normal).append(str(number))
        assert inbox.depth("alice") == inbox.reported_depth("alice") == inbox.total() == len(high) + len(normal)


def test_queues_are_per_user(host):
    inbox = host.policies.inbox
    for number in range(18):
        assert inbox.admit(message(str(number))) is None
    assert inbox.admit(message("x")) is not None
    assert inbox.admit(message("x", user="bob")) is None


def test_a_moments_fullness_refuses_and_the_retry_is_taken(host, monkeypatch):
    now = 100.0
    monkeypatch.setattr("reference_platform.quirks.queue.monotonic", lambda: now)
    inbox = catalogue("quirk")["n17_full_for_a_moment"](host)
    host.policies = dataclasses.replace(host.policies, inbox=inbox)
    for number in range(18):
        assert inbox.admit(message(str(number))) is None
    inbox.take("alice")
    now += 0.0019
    refusal = inbox.admit(message("late"))
    assert (refusal["code"], refusal["queue_depth"]) == ("queue_full", 17)
    assert inbox.admit(message("urgent", "high")) is None, "there was room for this one all the time"
    inbox.take("alice")
    now += 0.0002
    assert inbox.admit(message("late")) is not None, "the next one has left just now"
    now += 0.0021
    assert inbox.admit(message("late")) is None


def test_workers_take_turns(host):
    workers = host.policies.workers
    for user in "abc":
        workers.offer(user)
    assert [workers.next_user(), workers.next_user()] == ["a", "b"]
    workers.offer("a")
    assert [workers.next_user(), workers.next_user(), workers.next_user()] == ["c", "a", None]


def test_duplicates_until_commit_from_memory_and_after_it_from_the_store(host):
    duplicates = host.policies.duplicates
    connection = SimpleNamespace(session=SimpleNamespace(connection_id="c"))
    asked = []
    host.policies.store.claims = lambda key, message_id: asked.append(message_id) or []
    first = message("m")
    assert asyncio.run(duplicates.claim(first, connection)).admit
    asked.clear()
    assert not asyncio.run(duplicates.claim(message("m"), connection)).admit
    assert not asked, "the store cannot know it yet"
    duplicates.committed([first])
    assert not duplicates.uncommitted
    asyncio.run(duplicates.claim(message("m"), connection))
    assert asked == ["m"]


def test_a_released_claim_is_free_again(host):
    duplicates = host.policies.duplicates
    connection = SimpleNamespace(session=SimpleNamespace(connection_id="c"))
    host.policies.store.claims = lambda key, message_id: []
    asyncio.run(duplicates.claim(message("m"), connection))
    duplicates.release(message("m"))
    assert asyncio.run(duplicates.claim(message("m"), connection)).admit


def test_equal_hashes_are_told_apart_by_user(host):
    duplicates = host.policies.duplicates
    connection = SimpleNamespace(session=SimpleNamespace(connection_id="c"))
    host.policies.store.claims = lambda key, message_id: [(host.clock.now(), "somebody else", "c")]
    assert asyncio.run(duplicates.claim(message("m"), connection)).admit


@given(st.binary(max_size=200))
def test_codec_never_raises(data):
    host = Host(Configuration(), Clock(), 1)
    assert isinstance(Policies.build(host, {}).codec.decode(data), Invalid)


def test_tokens_end_exactly_on_the_clock(host):
    tokens = host.policies.tokens
    now = 1_000_000
    host.clock.now = lambda: now
    token = tokens.issue("a@example.test", 10, {})
    assert asyncio.run(tokens.verify(token)).user == tokens.user_of("A@example.test ")
    host.clock.now = lambda: now + 9.999
    asyncio.run(tokens.verify(token))
    host.clock.now = lambda: now + 10
    with pytest.raises(TokenRefusedError, match="expired"):
        asyncio.run(tokens.verify(token))


def test_clock_goes_forward_only():
    clock = Clock()
    before = clock.now()
    assert clock.advance(60) - before >= 60
    for seconds in (-1, float("nan")):
        with pytest.raises(ValueError, match="never goes back"):
            clock.advance(seconds)


CATALOGUE = {
    "r1": "swap_adjacent reorder_1in500 drop_every_n drop_last dup_reply wrong_correlation seq_off_by_one concurrent_handlers truncate_64k",
    "r2": "no_dedup window_too_short dedup_id_only_conn dedup_lost_on_reconnect dedup_lost_on_restart dedup_global_across_users "
    "race_check_then_act reject_then_process dup_missing_reply",
    "r3": "unbounded queue_size_lies capacity_off_by_10pct full_then_processed high_dropped high_starved normal_starved never_recovers "
    "no_retry_after",
    "r4": "count_random count_on_error lost_update stale_read torn_snapshot context_crosstalk complete_flag_early",
    "r5": "idle_drop hol_blocking mem_leak_per_msg",
    "r6": "missing_agent stale_agent torn_shared_read contributor_seq deadlock_two_agents",
    "t1": "throttle_cliff counts_sent_as_done",
    "t2": "reorder_under_load",
    "t3": "drop_on_reset ack_before_durable",
    "t4": "backpressure_only_flag send_buffer_unbounded",
    "t5": "tail_1pct degrade_with_history clock_in_reply_wrong",
    "t6": "conn_limit_silent accept_backlog_stall",
    "t7": "leak_slow fd_leak_per_reconnect task_leak_per_reconnect",
    "t8": "no_recovery_after_error_burst error_swallowed",
    "x1": "context_lost context_of_other_user context_rolled_back guessable_session",
    "x2": "restart_stream gap terminal_twice no_terminal no_bound lost_but_kept",
    "x3": "queue_dropped queue_reversed overflow_silent",
    "x4": "accept_expired one_second_past alg_none sig_not_checked aud_iss_ignored refuse_valid wrong_close_code data_before_auth key_confusion",
    "x5": "state_lost acked_lost dedup_lost half_open",
    "x6": "ghost_sessions fd_leak rate_limit_locks_out",
    "x7": "zombie never_closes_dead_peer pong_payload_wrong",
    "x8": "crash_on_bad_json close_all_on_bad fragmented_bad_utf8_accepted giant_payload_crash deep_json_recursion nan_accepted wrong_type_accepted "
    "counts_bad_as_processed tells_its_inside decompression_bomb unmasked_accepted slowloris rate_not_kept",
    "x9": "bound_to_ip messages_into_dead_path",
    "x10": "revoked_and_renewed revocation_unheard refresh_drops_conn refresh_resets_state old_token_still_valid refresh_ignored expired_refresh_accepted "
    "refresh_token_reusable",
    "audit": "repeats_missing tells_tokens alert_never alert_always believes_anybody",
}


def test_catalogue_is_complete_and_every_entry_says_what_it_does():
    defects, quirks = catalogue("defect"), catalogue("quirk")
    assert set(defects) == {f"{group}_{name}" for group, names in CATALOGUE.items() for name in names.split()}
    assert set(quirks) == {
        "n1_slow_in_order", "n2_acknowledgement_lost", "n3_not_recovered", "n4_duplicates_silent", "n5_away_on_restart", "n6_one_byte_writes", "n7_jitter",
        "n8_classes_interleaved", "n9_read_in_between", "n10_no_close_code", "n11_unknown_fields", "n12_pauses", "n13_streams_interleaved", "n14_replay_before_greeting",
        "n15_warm_up_growth", "n16_agents_overtake", "n17_full_for_a_moment", "n18_pings_at_any_time",
    }  # fmt: skip
    for name, port in (defects | quirks).items():
        assert port.__doc__, name
        assert slot_of(port, name) in PORTS
        assert set(replacements([name] if name in defects else [], [name] if name in quirks else [])) == {slot_of(port, name)}


def test_policies_cannot_be_exchanged_while_running(host):
    with pytest.raises(AttributeError):
        host.policies.inbox = None


def test_pipeline_clock_and_ledger_have_no_slot():
    assert not {"pipeline", "clock", "ledger"} & set(PORTS)
    with pytest.raises(PlatformError, match="no subclass of a port"):
        slot_of(Clock, "mine")


def test_nothing_asks_which_defect_is_on():
    root = Path(reference_platform.__file__).parent
    core = [file for file in root.rglob("*.py") if not {"defects", "quirks", "registry.py", "command_line.py"} & set(file.parts)]
    branches = [node.test for file in core for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.If | ast.IfExp)]
    assert branches
    assert not [ast.unparse(test) for test in branches if "defect" in ast.unparse(test) or "quirk" in ast.unparse(test)]
