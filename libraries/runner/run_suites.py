"""One run from its options to its exit code: folder, selection, pabot, review, last words."""

# ruff: noqa: PLC0415 - what is slow to import is imported late: the first line on the screen must not wait for it

import os
import secrets
import shlex
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TextIO

import profiles
from runner import display, outcome, pabot_call, run_folder, selection, targets
from runner.errors import Exit, StartError, disk_sentence
from runner.following import Follower
from runner.pabot_process import Interrupt, Watch
from runner.project import Project
from runner.version import version

STYLES = {Exit.READY: display.GREEN, Exit.NOT_READY: display.RED}


class Reviewer(Protocol):
    """The part of the room ``final_review`` that a run needs."""

    def check(self, resources: Path, suites: Path, profile: str) -> None:
        """Finds mistakes in criteria, waivers and limits before the run."""

    def make(self, run_folder: Path, resources: Path, suites: Path, kill_matrix: Path | None) -> Any:
        """Makes the pages and their data; the answer has ``sentence``, ``exit_code`` and ``page``."""


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    profile: str | None = None
    target: str | None = None
    suites: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    processes: int | None = None
    seed: int | None = None
    variables: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()
    quirks: tuple[str, ...] = ()
    open: bool = False
    rest: tuple[str, ...] = ()


@dataclass
class Runner:
    """A run. The doors to the other rooms are arguments, so that tests can stand in for them."""

    options: Options
    project: Project = field(default_factory=Project.here)
    load_target: targets.LoadTarget | None = None
    reviewer: Reviewer | None = None
    stream: TextIO = field(default_factory=lambda: sys.stdout)
    interrupt: Interrupt = field(default_factory=Interrupt)

    def run(self) -> int:
        """Everything; returns the exit code."""
        with self.interrupt.listening():
            return self._run()

    def _run(self) -> int:
        profile, values, limits = self._profile()
        given = targets.choose(self.options.target, os.environ)
        seed = secrets.randbelow(2**31) if self.options.seed is None else self.options.seed
        painter = display.Painter(self.stream, os.environ)
        painter.line(f"Lockstep  profile {profile}, target {Path(given).stem}, seed {seed}", display.BOLD)
        target = targets.describe(given, self.load_target)
        added = targets.start_arguments(self.options.defects, self.options.quirks, target)
        selected = self._selected()
        with self._reviewer() as reviewer:
            reviewer.check(self.project.resources, self.project.suites, profile)
        if not target.started_by_us:
            targets.preflight(target)
        run = run_folder.create(self.project.results)
        painter.line(f"          {outcome.shorter(run, Path.cwd())}", display.DIM)
        variables = {**limits, **profiles.variables_from_command_line(self.options.variables)}
        facts: dict[str, object] = {
            "run": run.name,
            "profile": profile,
            "target": {"name": target.name, "title": target.title, "reference": target.reference},
            "target_arguments": added,
            "seed": seed,
            "started": datetime.now().astimezone().isoformat(timespec="milliseconds"),
            "command": ["run.py", *sys.argv[1:]],
            "limits_changed": [key for key in variables if key in values],
            "interrupted": False,
            "variables": variables,
            "versions": run_folder.versions(version(self.project.root)),
            "machine": run_folder.machine(),
            "selected": [suite.name for suite in selected],
            "tests": {name: tests for suite in selected for name, tests in suite.processes.items()},
            "process": run_folder.this_process(),
        }
        try:
            return self._in_folder(run, facts, selected, variables, self._environment(run, target, profile, seed, added))
        except OSError as error:
            painter.line(disk_sentence(error, "write results"), display.RED)
            measured = any(file.stat().st_size for file in (run / "records").glob("*.jsonl"))
            return Exit.CANNOT_SAY if measured else Exit.BAD_INPUT

    def _profile(self) -> tuple[str, profiles.Values, dict[str, str]]:
        folder = self.project.profiles
        name = profiles.choose(self.options.profile, os.environ, profiles.names(folder))
        values = profiles.load(folder, name)
        return name, values, profiles.limits_from_environment(os.environ, values)

    def _selected(self) -> list[selection.SuiteFile]:
        folder = self.project.suites
        if not folder.is_dir():
            raise StartError(f"There is no folder {folder}: suites are expected there.")
        found = selection.find(folder, self.options.include, self.options.exclude)
        if self.options.suites:
            found = selection.choose(found, self.options.suites, folder)
        if not found:
            asked = " ".join([*(f"--include {tag}" for tag in self.options.include), *(f"--exclude {tag}" for tag in self.options.exclude)])
            raise StartError(f"No test in {folder} fits {asked or 'a run: it holds no suite'}. See the tags in the suites' [Tags] lines.")
        return found

    def _environment(self, run: Path, target: targets.TargetFacts, profile: str, seed: int, added: list[str]) -> dict[str, str]:
        return {
            **self.project.environment(),
            "LOCKSTEP_RUN": str(run.resolve()),
            "LOCKSTEP_RUN_ID": run.name,
            "LOCKSTEP_SEED": str(seed),
            "LOCKSTEP_PROFILE": profile,
            "LOCKSTEP_TARGET": targets.for_children(target),
            "LOCKSTEP_START_ARGUMENTS": shlex.join(added),
        }

    def _in_folder(
        self, run: Path, facts: dict[str, object], selected: list[selection.SuiteFile], variables: dict[str, str], environment: dict[str, str]
    ) -> int:
        run_folder.write_facts(run, facts)
        run_folder.point_latest(self.project.results, run)
        ordering = run / "pabot.ordering"
        ordering.write_text(selection.ordering(selected), encoding="utf-8")
        call = pabot_call.command(
            run=run.resolve(),
            suites=self.project.suites.resolve(),
            ordering=ordering.resolve(),
            processes=self._processes(selected),
            variable_file=(self.project.profiles / f"{facts['profile']}.yaml").resolve(),
            variables=variables,
            selection=self._selection_options(selected),
            rest=self.options.rest,
        )
        shown = display.display(self.stream, max(len(suite.title) for suite in selected))
        follower = Follower(run, {suite.name: len(suite.tests) for suite in selected}, shown)
        Watch(run, follower, self.interrupt).pabot(call, environment)
        if self.interrupt:
            run_folder.write_facts(run, {**facts, "interrupted": True})
            pabot_call.merge_what_is_there(run)
        elif not follower.started:
            log = outcome.shorter(run / "pabot.log", Path.cwd())
            raise StartError(f"pabot could not start: {pabot_call.reason(follower.said)}. Its whole output is in {log}.")
        return self.review(run)

    def _processes(self, selected: list[selection.SuiteFile]) -> int | None:
        """As many as are asked for, but for shares of a load at least one each: they wait for each other. None: as pabot likes."""
        shares = max((len(suite.shares) for suite in selected), default=0)
        usual = self.options.processes or max(2, os.cpu_count() or 2)
        return max(usual, shares) if shares else self.options.processes

    @contextmanager
    def _reviewer(self) -> Iterator[Reviewer]:
        """The review room; its sentences about bad input become ours."""
        import final_review

        try:
            yield self.reviewer or final_review
        except final_review.InputError as error:
            raise StartError(str(error)) from error

    def _selection_options(self, selected: list[selection.SuiteFile]) -> list[str]:
        if self.options.suites:
            return [word for pattern in selection.test_patterns(selected) for word in ("--test", pattern)]
        return [word for tag in self.options.include for word in ("--include", tag)] + [
            word for tag in self.options.exclude for word in ("--exclude", tag)
        ]

    def review(self, run: Path) -> int:
        """Makes the Final Review of a run folder and says its last words; also the command ``review``."""
        with self._reviewer() as reviewer:
            verdict = reviewer.make(run, self.project.resources, self.project.suites, self.project.kill_matrix)
        painter, here = display.Painter(self.stream, os.environ), Path.cwd()
        painter.line("")
        painter.line(str(verdict.sentence), f"{display.BOLD};{STYLES.get(Exit(verdict.exit_code), display.YELLOW)}")
        failed = outcome.failed_tests(run / "output.xml")
        for test in failed:
            painter.line(f"  {painter.symbols[1]} {test.name}", display.RED)
            painter.line(f"      {test.sentence}")
        painter.line("")
        for label, path in outcome.paths(run, here):
            painter.line(f"  {label:<12}  {path}")
        if self.options.open:
            webbrowser.open(Path(verdict.page).resolve().as_uri())
        return Exit.INTERRUPTED if self.interrupt else int(verdict.exit_code)
