"""``proven.html``: what the suites are proven to catch, for people. One file, no network, no script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .cases import CaseList
from .proof import Proof, Shown, Trial, of_case, proven
from .rendering import template
from .soak import AGAIN, Soak
from .wording import count, listed
from .yaml_file import read_mapping

FAULT_WORDS = {Shown.PROVEN: "caught", Shown.REFUTED: "missed", Shown.NO_RESULT: "no result", Shown.NOT_RUN: "not run"}
ODDITY_WORDS = {Shown.PROVEN: "not reported", Shown.REFUTED: "false alarm", Shown.NO_RESULT: "no result", Shown.NOT_RUN: "not run"}
HEADLINES = {
    Shown.PROVEN: "Every built-in fault is caught",
    Shown.REFUTED: "Not proven",
    Shown.NO_RESULT: "Proven in part",
    Shown.NOT_RUN: "Proven in part",
}
LOOKS = {Shown.PROVEN: "ready", Shown.REFUTED: "not_ready", Shown.NO_RESULT: "cannot_say", Shown.NOT_RUN: "cannot_say"}
"""How the box at the top looks: as the verdict box of the Final Review does."""


@dataclass(frozen=True, slots=True)
class ProofPage:
    """What other pages say of the proof; ``page`` is None where there is none."""

    page: Path | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Words:
    """The violation codes in a reader's words."""

    of_code: Mapping[str, str]

    def say(self, codes: tuple[str, ...]) -> str:
        """All of them, a code without words as it is."""
        return "; ".join(self.of_code.get(code, code.replace("_", " ")) for code in codes)


def load_words(resources: Path) -> Words:
    """Reads ``resources/violations.yaml``."""
    violations = read_mapping(resources / "violations.yaml").get("violations")
    return Words({str(code): str(text) for code, text in violations.items()} if isinstance(violations, dict) else {})


def render(proof: Proof, cases: CaseList, words: Words, version: str) -> str:
    """The page as text; ``version`` is the kit that shows it, which may be another one than was proven."""
    return template("proven.html").render(
        proof=proof,
        headline=HEADLINES[proof.shown],
        look=LOOKS[proof.shown],
        cases=[_case(case, title, proof, words) for group in cases.groups for case, title in group.cases.items() if of_case(proof.faults, case)],
        oddities=_oddities(proof),
        gaps=_gaps(proof, cases, words),
        facts=_about(proof, version),
    )


def _case(case: str, title: str, proof: Proof, words: Words) -> dict[str, Any]:
    """One case with the faults that it must notice."""
    faults, oddities = of_case(proof.faults, case), [one for one in of_case(proof.oddities, case) if one.shown is not Shown.NOT_RUN]
    tally = f"{proven(faults)} of {count(len(faults), 'fault')} caught"
    if oddities:
        tally += f"; {proven(oddities)} of {count(len(oddities), 'odd but legal behaviour')} rightly not reported"
    return {"id": case, "title": title, "tally": tally, "rows": [_fault(one, words) for one in faults]}


def _fault(trial: Trial, words: Words) -> dict[str, Any]:
    caught = trial.shown is Shown.PROVEN
    noticed = words.say(trial.caught_as) if caught else _why_not(trial, words)
    return {
        "state": _state(trial),
        "word": FAULT_WORDS[trial.shown],
        "what": _plain(trial.description),
        "name": trial.name,
        "noticed": noticed,
        "runs": count(trial.runs, "run") if trial.runs > 1 else "",
    }


def _why_not(trial: Trial, words: Words) -> str:
    """Why a trial has not shown what it was to show."""
    if trial.shown is Shown.NOT_RUN:
        return "this trial was not run"
    if trial.shown is Shown.NO_RESULT:
        return trial.problem or "the trial left no result"
    seen = f"reported was: {words.say(trial.observed)}" if trial.observed else "a test failed, but named no violation" if trial.legal else "nothing was reported"
    return seen if trial.legal else f"{seen}; expected was: {words.say(trial.expected)}"


def _oddities(proof: Proof) -> list[dict[str, Any]]:
    """One line for each odd behaviour, with all cases on which it was tried."""
    names = dict.fromkeys(one.name for one in proof.oddities)
    lines = []
    for name in names:
        trials = [one for one in proof.oddities if one.name == name]
        chips = [{"case": one.case, "state": _state(one), "word": ODDITY_WORDS[one.shown], "partly": one.partly} for one in trials]
        lines.append({"what": _plain(trials[0].description), "name": name, "chips": [chip for chip in chips if chip["word"] != "not run"]})
    return lines


def _gaps(proof: Proof, cases: CaseList, words: Words) -> list[dict[str, str]]:
    """Everything that is not proven, worst first, with the reason."""
    gaps = []
    for state in (Shown.REFUTED, Shown.NO_RESULT):
        gaps += [{"what": _plain(one.description), "word": (ODDITY_WORDS if one.legal else FAULT_WORDS)[state], "why": f"{one.case}: {_why_not(one, words)}"}
                 for one in proof.trials if one.shown is state]
    gaps += [{"what": _plain(one.description), "word": "not run", "why": f"{one.case}: it was not part of the runs so far"}
             for one in proof.faults if one.shown is Shown.NOT_RUN]
    waiting = [one for one in proof.oddities if one.shown is Shown.NOT_RUN]
    if waiting:
        gaps.append({"what": f"{len(waiting)} of {count(len(proof.oddities), 'trial')} with odd but legal behaviour", "word": "not run",
                     "why": "each is tried where it bites most; python run.py prove tries all on all cases"})
    return [*gaps, *_unsoaked(proof.soak, words), *_bare(proof, cases)]


def _unsoaked(soak: Soak, words: Words) -> list[dict[str, str]]:
    """The schedules of random faults that have shown nothing good, each with the command that repeats it, and those not run yet."""
    found = [(one, "violated", f"reported was: {words.say(one.observed)}") for one in soak.failed]
    found += [(one, "no result", one.problem or "the run left no result") for one in soak.broken]
    gaps = [{"what": f"Random fault schedule {one.seed}", "word": word, "why": f"{why}; to repeat it: {AGAIN} {one.seed}"} for one, word, why in found]
    if soak.left or not soak.wanted:
        gaps.append({"what": f"{soak.left} of {soak.wanted} random fault schedules" if soak.schedules else "Random fault schedules", "word": "not run",
                     "why": "python run.py prove goes on where it stopped"})
    return gaps


def _bare(proof: Proof, cases: CaseList) -> list[dict[str, str]]:
    """The promised cases into which no fault is built yet: by name, or as whole suites."""
    some, whole = [], []
    for group in cases.groups:
        bare = [case for case in group.cases if not of_case(proof.faults, case)]
        if len(bare) == len(group.cases):
            whole.append(group)
        elif bare:
            some.append({"what": group.title, "word": "no fault built in",
                         "why": f"{listed(bare)} of its {len(group.cases)} cases {'has' if len(bare) == 1 else 'have'} no built-in fault yet"})
    if whole:
        number = sum(len(group.cases) for group in whole)
        some.append({"what": "; ".join(group.title for group in whole), "word": "no fault built in",
                     "why": f"none of {'their' if len(whole) > 1 else 'its'} {count(number, 'case')} has a built-in fault yet"})
    return some


def _made(proof: Proof) -> str:
    """The day or the days of the runs."""
    if proof.made is None:
        return ""
    first, last = (instant.strftime("%d %B %Y, %H:%M") for instant in proof.made)
    return first if first == last else f"{first} to {last}"


def _about(proof: Proof, version: str) -> list[tuple[str, str]]:
    """When, on what and how often."""
    facts = [
        ("Made", _made(proof) or "unknown"),
        ("On the kit", listed(proof.versions) or "unknown"),
        ("Runs", str(sum(one.runs for one in proof.trials))),
    ]
    if version and proof.versions and set(proof.versions) != {version}:
        facts.append(("Shown by", f"{version}: the suites or the kit have changed since"))
    return facts


def _plain(text: str) -> str:
    """A description without the marks that programmers put around names."""
    return text.replace("``", "")


def _state(trial: Trial) -> str:
    """The symbol: those of tests and cases on the Final Review."""
    return {Shown.PROVEN: "passed", Shown.REFUTED: "failed", Shown.NO_RESULT: "skipped", Shown.NOT_RUN: "missing"}[trial.shown]
