"""What the lane counted becomes verdicts: exact where it is about messages, by probability where it is about time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_histories import examples

from Lockstep.checks import Code
from Lockstep.checks.fairness import connections_served_fairly, evened, jain_index, with_one_window_more
from Lockstep.checks.load import TOPICS, Part, lossless_and_ordered, percentile_within
from Lockstep.checks.rate import rate_reached

ENDS = {"answered": 8, "refused": 2, "lost": 0}


def counts(verdicts):
    return {topic: dict(verdict.counts) for topic, verdict in verdicts.items() if verdict.counts}


def test_a_load_without_a_fault_has_no_violation_and_tells_its_ends():
    verdicts = lossless_and_ordered(10, ENDS, {}, [])
    assert counts(verdicts) == {}
    assert {figure.name: figure.value for figure in verdicts["answers"].measurements} == ENDS
    assert {verdict.exercised for verdict in verdicts.values()} == {10}


@pytest.mark.parametrize(("code", "topic"), [(code, topic) for topic, codes in TOPICS.items() for code in sorted(codes)])
def test_each_code_is_reported_under_its_topic_with_its_whole_count(code, topic):
    verdicts = lossless_and_ordered(10, ENDS, {str(code): 500}, [(str(code), "a sentence"), (str(code), "another")])
    assert counts(verdicts) == {topic: {code: 500}}
    assert [violation.sentence for violation in verdicts[topic].violations] == ["a sentence", "another"]


def test_ends_that_do_not_add_up_are_a_loss():
    verdicts = lossless_and_ordered(11, ENDS, {}, [])
    assert counts(verdicts) == {"answers": {"lost": 1}}
    assert "8 answered, 2 refused, 0 lost" in verdicts["answers"].violations[0].sentence


def test_a_load_that_sent_nothing_is_vacuous():
    assert all(dict(verdict.counts) == {"vacuous": 1} for verdict in lossless_and_ordered(0, {"answered": 0}, {}, []).values())


def test_a_percentile_is_missed_only_beyond_doubt_and_for_the_part_that_missed_it():
    parts = [Part("the whole phase", 10_000, 540), Part("tenth 1", 1000, 50), Part("tenth 2", 1000, 130)]
    verdict = percentile_within(parts, 0.1, 0.95)
    assert [violation.sentence.split(":")[0] for violation in verdict.violations] == ["tenth 2"]
    assert dict(verdict.counts) == {"too_slow": 1}
    assert verdict.exercised == 12_000
    assert dict(percentile_within([Part("all", 0, 0)], 0.1, 0.95).counts) == {"vacuous": 1}


@examples(100)
@given(st.integers(1, 2000), st.floats(0, 1), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_part_that_keeps_its_limit_is_never_too_slow(replies, part, share):
    late = int(part * (1 - share) * replies)
    assert percentile_within([Part("all", replies, late)], 1.0, share).ok


def test_unequal_connections_are_unfair_by_both_measures():
    verdict = connections_served_fairly({"connection 1": 100.0, "connection 2": 100.0, "connection 3": 10.0})
    assert dict(verdict.counts) == {"unfair": 2}
    assert all("connection 3" in violation.sentence for violation in verdict.violations)
    assert connections_served_fairly({"connection 1": 100.0, "connection 2": 95.0}).ok
    assert connections_served_fairly({"connection 1": 0.0, "connection 2": 0.0}).ok, "nobody got less than the other"
    assert dict(connections_served_fairly({"connection 1": 5.0}).counts) == {"vacuous": 1}


@given(st.dictionaries(st.text(max_size=3), st.tuples(st.integers(0, 1000), st.integers(0, 3)), max_size=12))
def test_each_program_is_measured_by_its_own_mean(served):
    rates, groups = {name: rate for name, (rate, _) in served.items()}, {name: group for name, (_, group) in served.items()}
    found = evened(rates, groups)
    mean = sum(rates.values()) / max(len(rates), 1)
    for group in set(groups.values()):
        before, after = ([each[name] for name in each if groups[name] == group] for each in (rates, found))
        assert sum(after) / len(after) == pytest.approx(mean if any(before) else 0.0)
        assert jain_index(after) == pytest.approx(jain_index(before)), "inside a program nothing changes"


def test_a_slow_program_is_no_unfair_server_and_a_starved_connection_is():
    groups = {"connection 1": 0, "connection 2": 0, "connection 3": 1, "connection 4": 1}
    assert connections_served_fairly(evened(dict(zip(groups, (700.0, 690.0, 400.0, 410.0), strict=True)), groups)).ok
    assert not connections_served_fairly(evened(dict(zip(groups, (700.0, 300.0, 400.0, 410.0), strict=True)), groups)).ok
    assert not connections_served_fairly(evened(dict(zip(groups, (700.0, 690.0, 0.0, 0.0), strict=True)), groups)).ok


@given(st.dictionaries(st.text(max_size=3), st.tuples(st.integers(0, 1000), st.integers(1, 100)), max_size=12), st.integers(1, 64))
def test_one_window_more_is_given_to_whoever_had_less_than_the_mean(served, window):
    rates, lasted = {name: answered / seconds for name, (answered, seconds) in served.items()}, {name: seconds for name, (_, seconds) in served.items()}
    found = with_one_window_more(rates, lasted, window)
    mean = sum(rates.values()) / max(len(rates), 1)
    for name, (answered, seconds) in served.items():
        assert found[name] == pytest.approx((answered + window * (rates[name] < mean)) / seconds)


def test_one_slow_connection_among_many_is_unfair_by_its_share_alone():
    rates = {f"connection {number}": 100.0 for number in range(100)} | {"connection 7": 50.0}
    assert dict(connections_served_fairly(rates).counts) == {"unfair": 1}


@pytest.mark.parametrize(("sent", "answered", "rate", "codes"), [
    (1000, 1000, 100.0, {}), (1000, 1000, 99.99, {"rate_not_sustained": 1}), (1000, 0, 0.0, {"rate_not_sustained": 1}), (0, 0, 0.0, {"vacuous": 1}),
])
def test_a_rate_is_reached_or_not_without_any_tolerance(sent, answered, rate, codes):
    verdict = rate_reached(sent, answered, rate, 100)
    assert dict(verdict.counts) == codes
    assert [figure.value for figure in verdict.measurements] == [rate] * (sent > 0)


def test_a_rate_that_was_missed_is_told_beside_what_was_offered():
    told = "400 of 400 messages, offered at 200 a second, were answered, at 77.3 a second, where 190 are the least"
    assert rate_reached(400, 400, 77.3, 190, offered=200.0).violations[0].sentence == told
    assert rate_reached(400, 400, 77.3, 190).violations[0].sentence == told.replace(", offered at 200 a second,", "")


def test_topics_hold_only_codes_that_exist_once():
    assert sum(map(len, TOPICS.values())) == len(frozenset().union(*TOPICS.values())) == 8
    assert Code.VACUOUS not in frozenset().union(*TOPICS.values())
