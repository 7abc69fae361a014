"""Pictures of load phases: what they show, that strange texts do no harm, and that a log without matplotlib still has the figures."""

import re
import sys
from dataclasses import fields
from xml.etree import ElementTree

import pytest

from Lockstep.engine.load.histogram import Histogram
from Lockstep.engine.load.plan import Plan, Stage
from Lockstep.engine.load.result import ConnectionAccount, Load, Moment
from Lockstep.engine.server_figures import ServerFigures
from Lockstep.telling.plots import canvas, crowd, load_picture, steps
from Lockstep.telling.plots.table import load_table

FIGURES = {"number", "user", "answered", "p95", "last"}
NOTHING = {field.name: None if field.name == "closed" else 0 for field in fields(ConnectionAccount) if field.name not in FIGURES}


def load(name="peak", rate=100.0, answered=100.0, connections=2, seconds=10, begin=50.0, shares=(1.0,), **more):
    """A steady phase that answers so many messages a second."""
    found = Load(name, Plan(connections=connections, stages=(Stage(float(seconds), rate, rate),)), begin=begin, **more)
    for second in range(seconds):
        times = Histogram({1000 * (second + 1): int(answered)})
        found.latency.add(times)
        found.moments.append(Moment(second + 1.0, 1.0, int(rate), int(answered), 0, 3, 0.25, times.packed()))
    found.sent = found.answered = int(answered) * seconds
    found.connections = [
        ConnectionAccount(number=number, user=f"user-{number}", **NOTHING, answered=int(found.answered / connections * shares[number % len(shares)]),
                          p95=0.005 * (number + 1), last=begin + found.answered / answered) for number in range(connections)
    ]
    return found


def drawn(html):
    """The pictures as XML trees: each has to be well-formed by itself."""
    return [ElementTree.fromstring(found) for found in re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL)]


def texts(html):
    return ["".join(element.itertext()) for tree in drawn(html) for element in tree.iter("{http://www.w3.org/2000/svg}text")]


def test_a_phase_shows_its_course_with_the_server_beside_it():
    one = load()
    one.server = [ServerFigures(49.0 + number, 70_000_000, 5, 20, number * 0.5) for number in range(8)]
    html = load_picture([one])
    assert len(drawn(html)) == 1
    words = texts(html)
    for word in ("offered", "answered", "p50", "p95", "p99", "generator", "server", "server memory, MB", "peak", "messages/s"):
        assert word in words
    assert "refused" not in words
    assert drawn(html)[0].attrib["aria-label"] == "Course of the load. peak: 1,000 of 1,000 answered in 10.0 s, p95 10 ms"


def test_nothing_in_a_picture_holds_for_the_rest_of_the_log():
    html = load_picture([load("one"), load("two", begin=80.0)]) + load_picture([load("three", connections=20)])
    assert "<style" not in html
    assert "<script" not in html
    assert "\n" not in html, "the cell of a message keeps line ends"
    names = re.findall(r'\bid="([^"]+)"', html)
    assert len(names) == len(set(names)), "a picture that is folded away must not take the names of another with it"
    assert set(re.findall(r'(?:href="|url\()#([\w-]+)', html)) <= set(names)


def test_strange_names_and_reasons_are_text():
    one = load('<b>$x$ & "')
    one.reasons["<script>alert(1)</script>"] = 3
    one.refused = 3
    html = load_picture([one])
    assert "<script" not in html
    assert "<b>" not in html
    assert '<b>$x$ & "' in texts(html)
    assert "&lt;script&gt;alert(1)" in html
    assert "refused" in texts(html)


def test_steps_show_the_curve_and_its_knee():
    series = [load(f"step_{rate}", float(rate), min(rate, 400), begin=50.0 + 20 * place) for place, rate in enumerate((100, 200, 400, 800))]
    html = load_picture(series)
    assert len(drawn(html)) == 2
    assert "knee: step 400" in texts(html)
    assert "Knee: step 400" in html
    assert "knee: step 200" in texts(load_picture(series, knee="step_200")), "who has judged the steps knows it better"
    assert "Knee: below the first step" in load_picture(series, knee="")
    assert "Knee: below the first step" in load_picture([load(f"step_{rate}", float(rate), 10) for rate in (100, 200, 300)])


@pytest.mark.parametrize(("rates", "are"), [((100, 200, 400), True), ((100, 200), False), ((100, 400, 200), False), ((100, 100, 200), False)])
def test_steps_are_steady_rates_that_rise(rates, are):
    assert steps.are_steps([load(rate=float(rate)) for rate in rates]) is are


def test_a_ramp_is_no_step():
    ramp = load()
    ramp.plan = Plan(connections=2, stages=(Stage(5.0, 0.0, 100.0), Stage(5.0, 100.0, 100.0)))
    assert steps.offered(ramp) is None
    assert not steps.are_steps([load(rate=50.0), ramp, load(rate=200.0)])
    assert len(drawn(load_picture([ramp]))) == 1


def test_many_connections_show_how_fairly_they_were_served():
    html = load_picture([load(connections=5), load("even", connections=40), load("uneven", connections=40, shares=(0.5, 1.5))])
    words = texts(html)
    assert len(drawn(html)) == 2
    assert "even: 40 connections, Jain 1.000" in words
    assert "uneven: 40 connections, Jain 0.793" in words  # (12 + 37)² ÷ 2 (12² + 37²)
    assert not any("5 connections" in word for word in words)


@pytest.mark.parametrize(("rates", "index"), [([3.0, 3.0], 1.0), ([1.0, 0.0, 0.0, 0.0], 0.25), ([0.0, 0.0], 0.0)])
def test_the_jain_index(rates, index):
    assert crowd.jain(rates) == index


def test_a_closed_loop_and_a_phase_without_an_answer_are_drawn_too():
    closed = load()
    closed.plan = Plan(connections=2, window=4, seconds=10.0)
    silent = load(answered=0.5, begin=70.0)
    assert len(drawn(load_picture([closed, silent]))) == 1


def test_a_phase_that_never_began_has_only_its_row():
    html = load_picture([Load("shut", Plan(connections=2, window=1, count=5))])
    assert drawn(html) == []
    assert ">shut</th>" in html


def test_the_table_says_what_is_to_be_known_before_figures_are_believed():
    one = load()
    one.missing, one.clock_step = ["shard 2 of 2 said nothing for 3 s"], 0.5
    one.violations["lost"] = 4
    html = load_table([one])
    for told in ("not measured", "shard 2 of 2 said nothing for 3 s", "4 lost", "the clock of this machine stepped by +0.50 s"):
        assert told in html
    assert load_table([load()]).count("<tr>") == 2


def test_spikes_stay_where_points_are_many():
    points = [(float(number), 1.0) for number in range(5000)]
    points[777] = (777.0, 99.0)
    points[4001] = (4001.0, -5.0)
    kept = canvas.thinned(points)
    assert len(kept) <= canvas.MOST_POINTS
    assert points[777] in kept
    assert points[4001] in kept
    assert kept == sorted(kept)
    assert canvas.thinned(points[:300]) == points[:300]


def test_an_hour_takes_no_more_room_than_its_picture():
    assert len(load_picture([load(seconds=3600)])) < 100_000


def test_without_matplotlib_there_is_a_sentence_and_the_table(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    html = load_picture([load()])
    assert "No plots are drawn: matplotlib is not installed. Install it with: python -m pip install 'matplotlib&gt;=3.9,&lt;4'" in html
    assert drawn(html) == []
    assert ">1,000</td>" in html


def test_who_interrupts_gets_the_table_and_does_not_wait_for_pictures():
    one = load()
    one.interrupted = True
    html = load_picture([load("before"), one])
    assert drawn(html) == []
    assert "interrupted after 10.0 s of 10 s" in html
