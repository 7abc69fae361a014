"""The pages in a real browser: no accessibility violation, links open their test, nothing from outside runs, they print.

Needs a Chromium (Debian package ``chromium``), and axe-core in ``${XDG_CACHE_HOME:-~/.cache}/lockstep``:
``npm install --prefix "${XDG_CACHE_HOME:-$HOME/.cache}/lockstep" --no-save axe-core@4``. What is missing is skipped with the reason.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import final_review
from integration.final_review.browser import Browser, Page, started

pytestmark = pytest.mark.browser

CHROMIUM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lockstep"
AXE = Path(os.environ.get("LOCKSTEP_AXE") or CACHE / "node_modules" / "axe-core" / "axe.min.js")
ASK_AXE = """
axe.run(document).then(result => ({
  violations: result.violations.map(one => one.id + ": " + one.nodes.map(node => node.html).join(" | ")),
  passes: result.passes.length,
}))
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: Any) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium found: install the Debian package chromium")
    with started(CHROMIUM, tmp_path_factory.mktemp("browser") / "profile") as browser:
        yield browser


def made(run: Any) -> Path:
    return final_review.make(run.build(), run.resources, run.suites).page


def proven(folder: Path, resources: Path) -> Path:
    """A page with everything on it: caught, missed, without a result, not run, quiet and reported."""
    trials = [
        {kind: f"{kind}_{killed}_{ran}", "case": "rms-1", "expected": ["lost"], "observed": ["lost"], "killed": killed,
         "runs": [{"seed": 1, "tests": ["T*"], "killed": killed, "problem": "" if killed is not None else "it did not end"}] * ran}
        for kind in ("defect", "quirk") for killed, ran in ((True, 1), (False, 1), (None, 1), (None, 0))
    ]
    matrix = folder / "kill_matrix.json"
    matrix.write_text(json.dumps(trials))
    page = final_review.make_proof(matrix, folder / "proven.html", resources, "0.1.0+ffffffff").page
    assert page
    return page


def assert_accessible(page: Page) -> None:
    if not AXE.is_file():
        pytest.skip(f"no axe-core in {CACHE}: npm install --prefix {CACHE} --no-save axe-core@4")
    page.value(AXE.read_text(encoding="utf-8"))
    result = page.value(ASK_AXE)
    assert result["violations"] == []
    assert result["passes"] > 15


@pytest.mark.parametrize("story", ["ready", "not_ready", "cannot_say"], indirect=True)
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_no_violation(story: Any, colours: str, browser: Browser) -> None:
    with browser.showing(made(story).as_uri(), colours=colours) as page:
        assert_accessible(page)


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_no_violation_on_the_page_of_what_is_proven(run: Any, colours: str, browser: Browser, tmp_path: Path) -> None:
    with browser.showing(proven(tmp_path, run.resources).as_uri(), colours=colours) as page:
        assert_accessible(page)


@pytest.mark.parametrize("story", ["hostile"], indirect=True)
def test_nothing_from_outside_runs_even_without_the_page_s_own_policy(story: Any, browser: Browser) -> None:
    page = made(story)
    copy = page.with_name("without_policy.html")
    copy.write_text(re.sub(r"<meta http-equiv=[^>]*>", "", page.read_text(encoding="utf-8")), encoding="utf-8")
    with browser.showing(copy.as_uri()) as shown:
        assert re.fullmatch("Not ready . Lockstep Final Review", shown.value("document.title"))
        assert shown.value("document.querySelectorAll('script, img').length") == 0


@pytest.mark.parametrize("story", ["not_ready"], indirect=True)
def test_a_link_opens_the_test_that_it_names(story: Any, browser: Browser) -> None:
    page = made(story)
    link = re.search(r'<a href="log.html#([^"]+)">Seven Thousand Messages', page.read_text(encoding="utf-8"))
    assert link
    opened = "[...document.querySelectorAll('[id$=-k1]')].map(one => one.id)"
    with browser.showing(f"{page.with_name('log.html').as_uri()}#{link[1]}") as log:
        # Robot's log draws itself after it was loaded.
        log.value(f"new Promise(done => {{ const look = () => {opened}.length ? done() : setTimeout(look, 20); look(); }})")
        assert log.value(opened) == [f"{link[1]}-k1"]
        assert "Seven Thousand Messages Under Load Stay In Order" in log.value(f"document.getElementById('{link[1]}').innerText")


def test_the_link_to_what_is_proven_opens_it(run: Any, browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "kill_matrix.json").write_text("[]")
    review = final_review.make(run.build(), run.resources, run.suites, tmp_path / "kill_matrix.json").page
    with browser.showing(review.as_uri()) as page:
        address = page.value("[...document.links].find(one => one.textContent == 'What these suites are proven to catch').href")
    with browser.showing(address) as page:
        assert page.value("document.querySelector('h1').textContent") == "What these suites are proven to catch"


@pytest.mark.parametrize("which", ["final_review", "proven"])
def test_it_prints_on_few_pages_of_a4(run: Any, which: str, browser: Browser, tmp_path: Path) -> None:
    file = made(run) if which == "final_review" else proven(tmp_path, run.resources)
    with browser.showing(file.as_uri()) as page:
        content = page.printed()
    sizes = set(re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", content))
    assert {(round(float(width)), round(float(height))) for width, height in sizes} <= {(595, 842), (594, 841), (596, 842)}
    assert sizes
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 4
