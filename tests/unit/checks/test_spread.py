"""Clients that come back, and the share of those that do: told by hand, and against sums over all of them."""

from __future__ import annotations

from statistics import median_low

import pytest
from hypothesis import strategies as st
from random_histories import against_oracle, choices, codes, expect

from certainty import at_least
from Lockstep.checks import Event, History, Kind
from Lockstep.checks.ratio import reconnections_succeed
from Lockstep.checks.spread import clients_come_back

Tries = list[tuple[float, bool]]
"""When each try began, and whether it got in, a tenth of a second later."""


def crowd(*tries: Tries) -> History:
    """Clients that were connected once, lost their connection, and came back so."""
    moments: list[tuple[float, Kind, str, int]] = []
    for number, mine in enumerate(tries):
        client = f"user-{number + 1}"
        moments.append((-1.0, Kind.CLOSE, client, number))
        for place, (time, is_in) in enumerate(mine):
            connection = 100 * (number + 1) + place
            moments.append((time, Kind.CONNECT, client, connection))
            if is_in:
                moments.append((time + 0.1, Kind.CONNECTED, client, connection))
    moments.sort(key=lambda moment: moment[0])
    return History([Event(index, time, kind, client, connection, client) for index, (time, kind, client, connection) in enumerate(moments)])


def figures(verdict) -> dict[str, float]:
    return {figure.name: round(figure.value, 6) for figure in verdict.measurements}


def test_the_spread_of_tries_and_times_is_measured() -> None:
    verdict = clients_come_back(crowd([(0.0, True)], [(0.05, False), (0.8, True)], [(0.02, True)], [(0.5, True)]))
    assert (verdict.exercised, verdict.counts) == (4, {})
    assert figures(verdict) == {
        "comeback_tries": 5, "comeback_tries_at_once": 3, "comeback_tries_spread": 0.8, "comeback_median": 0.12, "comeback_max": 0.9,
        "comeback_jain": round(1.72**2 / (4 * (0.01 + 0.81 + 0.0144 + 0.36)), 6),
    }


def test_who_does_not_get_in_again_is_named() -> None:
    verdict = clients_come_back(crowd([(0.0, True)], [(0.1, False), (0.2, False)], [(0.0, True)]))
    assert verdict.counts == {"starved": 1}
    assert verdict.violations[0].sentence == "user-2 did not get in again in 2 tries, from +1.100 s on; of 3 clients 2 did"
    nobody = clients_come_back(crowd([(0.0, False)], [(0.0, False)]))
    assert (nobody.counts, "comeback_max" in figures(nobody)) == ({"starved": 2}, False)


def test_who_gets_in_much_later_than_the_others_is_named() -> None:
    late = crowd([(0.0, True)], [(0.0, True)], [(0.0, False), (1.0, True)])
    verdict = clients_come_back(late)
    assert verdict.counts == {"unfair": 1}
    assert verdict.violations[0].sentence == "user-3 was in again after 1.100 s, where half of 3 clients were after 0.100 s"
    assert clients_come_back(late, factor=12).ok
    assert clients_come_back(late, floor=2).ok


def test_the_last_comeback_of_a_client_counts() -> None:
    verdict = clients_come_back(crowd([(0.0, True), (5.0, True)], [(5.0, True)]))
    assert figures(verdict)["comeback_tries"] == 2


@pytest.mark.parametrize("history", [crowd(), crowd([(0.0, True)])])
def test_fewer_than_two_cannot_be_compared(history: History) -> None:
    assert clients_come_back(history).counts == {"vacuous": 1}


def test_a_failed_reconnection_says_what_is_certain_all_the_same() -> None:
    verdict = reconnections_succeed(crowd(*[[(0.0, True)]] * 99, [(0.0, False), (0.5, False)]))
    assert (verdict.exercised, verdict.counts) == (100, {"slow_recovery": 1})
    assert verdict.violations[0].sentence == (
        "user-100 tried to come back 2 times, first at +1.000 s, and never got in (1 of 100 reconnections failed, so that ≥ 95.3 % is certain)"
    )
    assert figures(verdict) == {"reconnections_succeeded": 99.0, "reconnections_succeeded_at_least": round(100 * at_least(1, 100), 6)}


def test_a_promised_share_leaves_room_for_chance_and_for_no_more() -> None:
    one, none = crowd(*[[(0.0, True)]] * 99, [(0.0, False)]), crowd(*[[(0.0, True)]] * 100)
    assert reconnections_succeed(one, promised=0.99).ok
    assert reconnections_succeed(one, promised=0.9999).counts == {"slow_recovery": 1}
    assert reconnections_succeed(none, promised=0.9999).ok


def test_without_a_reconnection_there_is_no_share() -> None:
    verdict = reconnections_succeed(crowd())
    assert (verdict.counts, verdict.measurements) == ({"vacuous": 1}, [])


@st.composite
def crowds(draw: st.DrawFn) -> list[Tries]:
    count, made = draw(choices(0, 5, 12))
    everybody: list[Tries] = []
    for _ in range(count):
        times = sorted({made.pick(*range(1, 9)) / 4 for _ in range(made.pick(1, 1, 2, 3))})
        everybody.append([(time, place == len(times) - 1 and made.pick(True, True, True, False)) for place, time in enumerate(times)])
    return everybody


@against_oracle(crowds(), st.sampled_from([1.2, 2.0]), number=150)
def test_each_client_and_each_pair_of_tries_is_looked_at(everybody: list[Tries], factor: float) -> None:
    verdict = clients_come_back(crowd(*everybody), factor, floor=0.7)
    enough = len(everybody) > 1
    began = min((tries[0][0] for tries in everybody), default=0.0)
    waits = [tries[-1][0] + 0.1 - began for tries in everybody if tries[-1][1]]
    found = ["starved" for tries in everybody if not tries[-1][1]] if enough else []
    found += ["unfair" for wait in waits if enough and wait > max(factor * median_low(waits), 0.7)]
    assert (verdict.exercised, codes(verdict)) == (len(everybody) if enough else 0, expect(*found))
    if enough:
        times = [time for tries in everybody for time, _ in tries]
        measured = figures(verdict)
        assert measured["comeback_tries_at_once"] == max(sum(0 <= other - time < 0.1 for other in times) for time in times)
        assert measured["comeback_tries_spread"] == max(times) - min(times)
        assert measured.get("comeback_median") == (round(median_low(waits), 6) if waits else None)


@against_oracle(crowds())
def test_each_reconnection_is_counted(everybody: list[Tries]) -> None:
    verdict = reconnections_succeed(crowd(*everybody))
    failed = [tries for tries in everybody if not tries[-1][1]]
    assert (verdict.exercised, codes(verdict)) == (len(everybody), expect(*["slow_recovery" for _ in failed]))
    if everybody:
        assert figures(verdict)["reconnections_succeeded"] == round(100 * (1 - len(failed) / len(everybody)), 6)
