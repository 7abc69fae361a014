"""``python -m final_review RUN_FOLDER``: makes the review of a run again."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .errors import InputError
from .making import make

CHECKOUT = Path(__file__).parents[2]
BAD_INPUT = 3


def main(arguments: list[str] | None = None) -> int:
    """Makes the review, prints its sentence and where it lies; returns the exit code of the verdict."""
    parser = argparse.ArgumentParser(
        prog="python -m final_review",
        description="Makes the final review of a run from its records and its output.",
        epilog="Exit code: 0 ready (also with conditions), 1 not ready, 2 no verdict possible, 3 bad input.",
    )
    parser.add_argument("run_folder", type=Path, help="folder of the run; run.json lies in it")
    parser.add_argument("--resources", type=Path, default=CHECKOUT / "resources", help="default: resources/ of this checkout")
    parser.add_argument("--suites", type=Path, default=CHECKOUT / "suites", help="default: suites/ of this checkout")
    parser.add_argument("--kill-matrix", type=Path, metavar="FILE", help="proof of what the suites catch; default: none, the page says nothing of it")
    options = parser.parse_args(arguments)
    try:
        document = make(options.run_folder, options.resources, options.suites, options.kill_matrix)
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return BAD_INPUT
    sys.stdout.write(f"{document.sentence}\n{document.reason}\n{document.page}\n")
    return document.exit_code


if __name__ == "__main__":
    sys.exit(main())
