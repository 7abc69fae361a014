"""Makes the final review of a run: reads it, judges it, writes ``final_review.json``, ``final_review.html`` and the proof beside them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from .cases import load_cases
from .criteria_table import load_limits, read_criteria
from .document import as_json
from .errors import InputError
from .examination import examine
from .page import render
from .proof import read_proof
from .proof_page import ProofPage, load_words
from .proof_page import render as render_proof
from .waivers import load_waivers


@dataclass(frozen=True, slots=True)
class Document:
    """What a runner needs to know of a finished review."""

    verdict: str
    sentence: str
    reason: str
    exit_code: int
    page: Path
    data: Path


def make(run_folder: Path, resources: Path, suites: Path, kill_matrix: Path | None = None) -> Document:
    """Reviews a run folder and writes page and data into it. Bad input raises InputError with one sentence.

    ``kill_matrix`` is the proof that the suites notice faults; without one the page says nothing about it.
    """
    review = examine(run_folder, resources, suites)
    proof = _proof(kill_matrix, run_folder, resources, str(review.info.versions.get("lockstep", ""))) if kill_matrix else None
    page, data = run_folder / "final_review.html", run_folder / "final_review.json"
    _replace(data, json.dumps(as_json(review), ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    _replace(page, render(review, has_log=(run_folder / "log.html").is_file(), proof=proof))
    conclusion = review.conclusion
    return Document(str(conclusion.outcome), conclusion.sentence, conclusion.reason, conclusion.exit_code, page, data)


def make_proof(kill_matrix: Path, page: Path, resources: Path, version: str) -> ProofPage:
    """Writes the page of what the suites are proven to catch; ``version`` is the kit that shows it. Bad input raises InputError."""
    proof = read_proof(kill_matrix)
    _replace(page, render_proof(proof, load_cases(resources / "cases.yaml"), load_words(resources), version))
    return ProofPage(page, proof.sentence)


def check(resources: Path, suites: Path, profile: str) -> None:
    """Reads what a later review will need, so that a mistake in it is found before the run and not after it."""
    load_cases(resources / "cases.yaml")
    criteria = read_criteria(suites, load_limits(resources, profile, {}))
    load_waivers(resources / "waivers.yaml", {one.id for one in criteria}, date.today())  # noqa: DTZ011 - the owner's day


def _proof(kill_matrix: Path, run_folder: Path, resources: Path, version: str) -> ProofPage:
    """The proof in a run folder; one that cannot be read costs its page, never the review."""
    try:
        return make_proof(kill_matrix, run_folder / "proven.html", resources, version)
    except InputError as error:
        return ProofPage(None, str(error))


def _replace(path: Path, text: str) -> None:
    """Writes a file whole or not at all; a reader never sees half a page."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # A lone surrogate in a server's reply must not cost the whole page.
        draft.write_text(text, encoding="utf-8", errors="replace")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error
