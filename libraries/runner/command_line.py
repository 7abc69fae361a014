"""The command line: what may be typed, and which room does it. Imports nothing heavy, so that ``--help`` needs no ``.venv``."""

# ruff: noqa: PLC0415 - each command imports its own room, or none of them would be quick

import argparse
import difflib
import os
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import NoReturn

from profiles import ProfileError
from runner.errors import Exit, StartError
from runner.project import Project

HELP = """\
Lockstep tests WebSocket platforms that run AI agents: what may not get lost, repeated, overtaken or slow.

  python run.py                                all suites, small sizes, against the reference platform
  python run.py --suite rms-1                  one case
  python run.py --suite bursts --profile dev   a suite by file, folder or title, with the sizes of a workstation
  python run.py --target my/server.yaml        your own server (docs/writing_a_target.md)
  python run.py --defect r2_window_too_short   see what red looks like
  python run.py -- --loglevel DEBUG            what stands after -- goes to robot

At the end one sentence gives the verdict, and the Final Review, results/latest/final_review.html, the whole story.

commands (the first word; none runs the suites):
  test [PYTEST OPTIONS]   the kit's own tests; with options only pytest, such as: python run.py test tests/unit -k profile
  check [--fix]           looks over your .robot files without running them and says in plain words what to correct
  watch [RUN]             shows from a second terminal how far a run is (none: the one that goes on)
  review [RUN]            makes the Final Review of an earlier run again (none: the latest)
  docs                    writes the keyword reference, docs/keywords.html
  serve [OPTIONS]         starts the reference platform by itself (serve --help)
  prove [--seeds N]       runs the suites against every seeded defect: what are they proven to catch?
  wire URL [OPTIONS]      tries the rules of RFC 6455 at any server, frame by frame (wire --help)
  bench [--only NAME]     how much load the kit makes and the platform takes, against other tools (docs/performance.md)
"""

EPILOG = """\
environment:
  ENVIRONMENT=quick|ci|dev|full, CI=true   the profile, where --profile does not say it
  RAPID_TEST_MAX_LATENCY (s), RAPID_TEST_MIN_THROUGHPUT (msg/s), RAPID_TEST_MAX_MEMORY_GROWTH (bytes),
  RAPID_TEST_MIN_DELIVERY_RATIO            replace one limit each; the Final Review says so
  RAPID_MESSAGE_TEST_MODE=real             a service that runs already: E2E_WEBSOCKET_URL, E2E_BACKEND_URL, E2E_AUTH_SERVICE_URL

exit code: 0 ready (or with conditions), 1 not ready, 2 cannot say, 3 bad input or could not start, 130 interrupted
"""


class Parser(argparse.ArgumentParser):
    """Answers a mistake with one sentence and the kit's own exit code."""

    def error(self, message: str) -> NoReturn:
        """One sentence, with the nearest option where one is misspelt."""
        unknown = re.match(r"unrecognized arguments: (\S+)", message)
        known = [option for action in self._actions for option in action.option_strings]
        near = difflib.get_close_matches(unknown[1], known, n=1) if unknown else []
        hint = f"; did you mean {near[0]}?" if near else "."
        raise StartError(f"{message[0].upper()}{message[1:]}{hint} See: python run.py --help")


def main(arguments: Sequence[str], project: Project | None = None) -> int:
    """Runs a command and returns its exit code; a mistake of the caller is a sentence on standard error."""
    try:
        return _main(list(arguments), project or Project.here())
    except (StartError, ProfileError) as problem:
        print(problem, file=sys.stderr)
        return Exit.BAD_INPUT
    except Exception:  # noqa: BLE001 - Python's own exit code for this is 1, which would say "not ready"
        traceback.print_exc()
        print("The kit itself failed, see above; this says nothing about the target. Please report it.", file=sys.stderr)
        return Exit.CANNOT_SAY
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return Exit.INTERRUPTED


def _main(arguments: list[str], project: Project) -> int:
    if arguments and not arguments[0].startswith("-"):
        word, rest = arguments[0], arguments[1:]
        command = COMMANDS.get(word)
        if command is None:
            near = difflib.get_close_matches(word, COMMANDS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"commands are {', '.join(COMMANDS)}; suites are chosen with --suite."
            raise StartError(f"There is no command {word!r}: {hint}")
        return command(rest, project)
    return _run(arguments, project)


def _run(arguments: list[str], project: Project) -> int:
    own, rest = (arguments[: arguments.index("--")], arguments[arguments.index("--") + 1 :]) if "--" in arguments else (arguments, [])
    given = run_parser().parse_args(own)
    from runner.run_suites import Options, Runner

    options = Options(
        profile=given.profile, target=given.target, suites=tuple(given.suite), include=tuple(given.include), exclude=tuple(given.exclude),
        processes=given.processes, seed=given.seed, variables=tuple(given.variable), defects=tuple(given.defect), quirks=tuple(given.quirk),
        open=given.open, rest=tuple(rest),
    )
    return Runner(options, project).run()


def run_parser() -> argparse.ArgumentParser:
    """The options of a run."""
    parser = Parser(
        prog="python run.py", description=HELP, epilog=EPILOG, usage="python run.py [COMMAND] [OPTIONS] [-- ROBOT OPTIONS]",
        formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
    )
    many: list[str] = []
    parser.add_argument("--profile", metavar="NAME", help="sizes of the run: quick, ci, dev or full (default: quick)")
    parser.add_argument("--target", metavar="NAME|FILE", help="the server under test: a name in resources/targets or a file (default: reference)")
    parser.add_argument("--suite", metavar="NAME|PATH", action="append", default=many, help="only this case ID, file, folder or title; repeatable")
    parser.add_argument("--include", metavar="TAG", action="append", default=many, help="only tests with this tag; repeatable")
    parser.add_argument("--exclude", metavar="TAG", action="append", default=many, help="no tests with this tag; repeatable")
    parser.add_argument("--processes", metavar="N", type=_positive, help="suites at the same time (default: one per core, at least 2)")
    parser.add_argument("--seed", metavar="N", type=_whole, help="repeats the random choices of an earlier run")
    parser.add_argument("--variable", metavar="NAME:VALUE", action="append", default=many, help="replaces a value of the profile; repeatable")
    parser.add_argument("--open", action="store_true", help="opens the Final Review in the browser at the end")
    parser.add_argument("--defect", metavar="NAME", action="append", default=many, help="builds this defect into the reference platform")
    parser.add_argument("--quirk", metavar="NAME", action="append", default=many, help="builds in something odd but legal, which must not be reported")
    return parser


def _test(arguments: list[str], project: Project) -> int:
    from runner.own_tests import run

    return run(arguments, project)


def _check(arguments: list[str], project: Project) -> int:
    parser = Parser(prog="python run.py check", allow_abbrev=False, description="Looks over your .robot files without running them.")
    parser.add_argument("--fix", action="store_true", help="puts the layout of the files and suites/pabot.ordering right")
    given = parser.parse_args(arguments)
    from runner.check import run

    return run(project, fix=given.fix)


def _review(arguments: list[str], project: Project) -> int:
    parser = Parser(prog="python run.py review", allow_abbrev=False, description="Makes the Final Review of a run again.")
    parser.add_argument("run", nargs="?", metavar="RUN", help="a folder of results/ (default: the latest run)")
    parser.add_argument("--open", action="store_true", help="opens it in the browser")
    given = parser.parse_args(arguments)
    from runner import run_folder
    from runner.run_suites import Options, Runner

    return Runner(Options(open=given.open), project).review(run_folder.find(project.results, given.run))


def _watch(arguments: list[str], project: Project) -> int:
    parser = Parser(prog="python run.py watch", allow_abbrev=False, description="Shows how far a run is, until it ends. Ctrl-C ends only the watching.")
    parser.add_argument("run", nargs="?", metavar="RUN", help="a folder of results/, or the output folder of plain robot or pabot (default: the run that goes on)")
    given = parser.parse_args(arguments)
    from runner.watch import watch

    return watch(project.results, given.run)


def _docs(arguments: list[str], project: Project) -> int:
    Parser(prog="python run.py docs", description="Writes the keyword reference, docs/keywords.html.").parse_args(arguments)
    return _child(["-m", "robot.libdoc", "Lockstep", str(project.root / "docs" / "keywords.html")], project)


def _serve(arguments: list[str], project: Project) -> int:
    return _child(["-m", "reference_platform", "serve", *arguments], project)


def _prove(arguments: list[str], project: Project) -> int:
    return _child([str(project.root / "tests" / "kill_matrix" / "prove.py"), *arguments], project)


def _bench(arguments: list[str], project: Project) -> int:
    return _child([str(project.root / "tests" / "benchmarks" / "bench.py"), *arguments], project)


def _wire(arguments: list[str], project: Project) -> int:
    return _child(["-m", "Lockstep.wire.command", *arguments], project)


def _child(words: list[str], project: Project) -> int:
    """Another program of the kit in our place; where a process cannot be replaced, as a child."""
    import subprocess

    environment = project.environment()
    if os.name == "posix":
        sys.stdout.flush()
        os.execve(sys.executable, [sys.executable, *words], environment)  # noqa: S606 - the kit's own programs
    return subprocess.call([sys.executable, *words], env=environment)  # noqa: S603


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number, 0 or more")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number, 1 or more")
    return int(text)


COMMANDS: dict[str, Callable[[list[str], Project], int]] = {
    "test": _test, "check": _check, "review": _review, "watch": _watch, "docs": _docs, "serve": _serve, "prove": _prove, "bench": _bench, "wire": _wire,
}
