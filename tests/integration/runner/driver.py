"""The command line over a project of a test's own; stands in for the target and the review, which have tests of their own.

Called as `python driver.py PROJECT [OPTIONS]`.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

from runner import command_line, run_suites
from runner.project import Project


class Reviewer:
    def check(self, resources, suites, profile):
        """Nothing to find."""

    def make(self, run, resources, suites, kill_matrix):
        interrupted = json.loads((run / "run.json").read_text())["interrupted"]
        page = run / "final_review.html"
        page.write_text("a page")
        sentence, code = ("Cannot say: interrupted.", 2) if interrupted else ("Ready within profile quick.", 0)
        return SimpleNamespace(sentence=sentence, exit_code=code, page=page)


class Runner(run_suites.Runner):
    def __init__(self, options, project):
        file = SimpleNamespace(reference=True, lifecycle=object())
        target = SimpleNamespace(name="reference", title="Reference platform", file=file, endpoints=list)
        super().__init__(options, project, load_target=lambda given: target, reviewer=Reviewer())


if __name__ == "__main__":
    run_suites.Runner = Runner
    here = Path(sys.argv.pop(1))
    resources = Path(__file__).resolve().parents[3] / "resources"
    sys.exit(command_line.main(sys.argv[1:], Project(here, here / "suites", resources, here / "results")))
