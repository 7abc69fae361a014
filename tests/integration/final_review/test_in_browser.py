"""The page in a real browser: no accessibility violation, links open their test, nothing from outside runs, it prints.

Needs a Chromium (Debian package ``chromium``), and axe-core in ``${XDG_CACHE_HOME:-~/.cache}/lockstep``:
``npm install --prefix "${XDG_CACHE_HOME:-$HOME/.cache}/lockstep" --no-save axe-core@4``. What is missing is skipped with the reason.
"""

from __future__ import annotations

import html
import itertools
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import final_review

pytestmark = pytest.mark.browser

CHROMIUM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lockstep"
AXE = CACHE / "node_modules" / "axe-core" / "axe.min.js"
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# The answer is written into the document, because that is what --dump-dom gives back.
ASK_AXE = """
axe.run(document).then(function (result) {
  var found = result.violations.map(function (one) { return one.id + ": " + one.nodes.map(function (node) { return node.html; }).join(" | "); });
  document.body.setAttribute("data-axe", JSON.stringify({violations: found, passes: result.passes.length}));
});
"""
Browser = Callable[..., str]


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    if CHROMIUM is None:
        pytest.skip("no Chromium found: install the Debian package chromium")
    profiles = (tmp_path / f"browser-{number}" for number in itertools.count())

    def run(*arguments: str, produces: Path | None = None) -> str:
        command = [str(CHROMIUM), *QUIET, f"--user-data-dir={next(profiles)}", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        answered = bool(done.stdout.strip()) if produces is None else produces.is_file()
        assert answered, f"Chromium ended with code {done.returncode} and without an answer; it said:\n{done.stderr[-3000:]}"
        return done.stdout

    return run


def made(run: Any) -> Path:
    return final_review.make(run.build(), run.resources, run.suites).page


@pytest.mark.parametrize("story", ["ready", "not_ready", "cannot_say"], indirect=True)
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_no_violation(story: Any, colours: str, browser: Browser) -> None:
    if not AXE.is_file():
        pytest.skip(f"no axe-core in {CACHE}: npm install --prefix {CACHE} --no-save axe-core@4")
    page = made(story)
    text = re.sub(r"<meta http-equiv=.Content-Security-Policy.[^>]*>", "", page.read_text(encoding="utf-8"))
    script = f"<script>{AXE.read_text(encoding='utf-8')}</script><script>{ASK_AXE}</script>"
    copy = page.with_name("with_axe.html")
    copy.write_text(text.replace("</body>", f"{script}</body>"), encoding="utf-8")
    dark = f"--blink-settings=preferredColorScheme={0 if colours == 'dark' else 1}"
    dom = browser("--virtual-time-budget=30000", dark, "--dump-dom", copy.as_uri())
    answer = re.search(r'data-axe="([^"]*)"', dom)
    assert answer, "axe did not answer"
    result = json.loads(html.unescape(answer[1]))
    assert result["violations"] == []
    assert result["passes"] > 15


@pytest.mark.parametrize("story", ["hostile"], indirect=True)
def test_nothing_from_outside_runs_even_without_the_page_s_own_policy(story: Any, browser: Browser) -> None:
    page = made(story)
    copy = page.with_name("without_policy.html")
    copy.write_text(re.sub(r"<meta http-equiv=[^>]*>", "", page.read_text(encoding="utf-8")), encoding="utf-8")
    dom = browser("--virtual-time-budget=5000", "--dump-dom", copy.as_uri())
    assert re.search("<title>Not ready . Lockstep Final Review</title>", dom)
    assert "<script" not in dom
    assert "<img" not in dom


@pytest.mark.parametrize("story", ["not_ready"], indirect=True)
def test_a_link_opens_the_test_that_it_names(story: Any, browser: Browser) -> None:
    page = made(story)
    link = re.search(r'<a href="log.html#([^"]+)">Seven Thousand Messages', page.read_text(encoding="utf-8"))
    assert link
    dom = browser("--virtual-time-budget=10000", "--dump-dom", f"{page.with_name('log.html').as_uri()}#{link[1]}")
    opened = re.findall(r'id="(s1[^"]*)-k1"', dom)
    assert opened == [link[1]]
    title = dom.split(f'id="{link[1]}"', 1)[1]
    assert "Seven Thousand Messages Under Load Stay In Order" in title[:2000]


def test_it_prints_on_few_pages_of_a4(run: Any, browser: Browser, tmp_path: Path) -> None:
    printed = tmp_path / "page.pdf"
    browser("--no-pdf-header-footer", f"--print-to-pdf={printed}", made(run).as_uri(), produces=printed)
    content = printed.read_bytes()
    sizes = set(re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", content))
    assert {(round(float(width)), round(float(height))) for width, height in sizes} <= {(595, 842), (594, 841), (596, 842)}
    assert sizes
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 4
