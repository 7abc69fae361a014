"""The long proof: every defect on its case, every quirk on every case, over several seeds; then random faults on the way. What was done is not done again.

    python run.py prove [--seeds N] [--only PATTERN] [--again] [--soak-for MINUTES]
    python run.py prove --replay SEED

Results grow in results/kill_matrix.json and results/soak.json; results/proven.html is the same for people. A change of the kit makes earlier results void.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from fnmatch import fnmatchcase
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from kill_matrix import soak
from kill_matrix.account import Account
from kill_matrix.matrix import AT_ONCE, FIRST_SEED, Row, rows, run
from runner.errors import Exit
from runner.outcome import shorter
from runner.project import Project


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: everything seeded was caught and nothing legal was reported; 1 otherwise; 3 for bad input; 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="python run.py prove", allow_abbrev=False,
                                     description="Shows that each seeded defect is caught and that no quirk is reported.")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="how many seeds for each row (default 1)")
    parser.add_argument("--only", metavar="PATTERN", help="defects, quirks or cases that match, such as r3_high_starved, 'n*' or rms-4; or soak")
    parser.add_argument("--again", action="store_true", help="runs again what has a result already")
    parser.add_argument("--soak-for", type=float, default=10.0, metavar="MINUTES",
                        help=f"how long random fault schedules are run (default 10), until there are {soak.WANTED} of them; 0: none")
    parser.add_argument("--replay", type=int, metavar="SEED", help="only runs the random fault schedule of this seed again, and keeps its log")
    given = parser.parse_args(arguments)
    if given.replay is not None:
        return _replay(given.replay)
    plan = list(rows(thorough=True))
    chosen = [row for row in plan if given.only is None or any(fnmatchcase(word, given.only) for word in (row.name, row.case))]
    soaks = given.only is None or fnmatchcase(soak.NAME, given.only)
    if not (chosen or soaks) or given.seeds < 1 or given.soak_for < 0:
        wrong = ("--seeds must be 1 or more" if given.seeds < 1 else "--soak-for must be 0 or more" if given.soak_for < 0
                 else f"--only {given.only} fits no defect, quirk or case of tests/kill_matrix/matrix.yaml, and not '{soak.NAME}'")
        print(f"{wrong}. See: python run.py prove --help", file=sys.stderr)
        return Exit.BAD_INPUT
    account, soaked = Account(plan), soak.Soak()
    seeds = range(FIRST_SEED, FIRST_SEED + given.seeds)
    todo = [(row, seed) for seed in seeds for row in chosen if given.again or not account.known(row, seed)]
    print(f"{len(todo)} of {len(chosen) * len(seeds)} runs to do, {AT_ONCE} at a time. Ctrl-C keeps what is done; the same command goes on.", flush=True)
    try:
        _run_all(todo, account)
        if soaks:
            soak.go_on(soaked, given.soak_for)
    except KeyboardInterrupt:
        print(f"Interrupted. What is proven so far: {account.publish().page}")
        return Exit.INTERRUPTED
    proof = account.publish()
    print(f"{shorter(proof.page, Path.cwd())}\n{proof.sentence}")
    return Exit.READY if all(account.as_wanted(row) for row in chosen) and (soaked.is_clean or not soaks) else Exit.NOT_READY


def _replay(seed: int) -> int:
    """One schedule again, with its log."""
    folder = Project.here().results / f"soak-{seed}"
    outcome, faults = soak.run(seed, keep=folder)
    print("\n".join([soak.told(seed, outcome, faults), *outcome.messages, f"Log: {shorter(folder / 'log.html', Path.cwd())}"]))
    return Exit.READY if outcome.as_wanted else Exit.NOT_READY


def _run_all(todo: Sequence[tuple[Row, int]], account: Account) -> None:
    begun = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures = {pool.submit(run, row, seed): seed for row, seed in todo}
        try:
            for number, future in enumerate(as_completed(futures), start=1):
                outcome, seed = future.result(), futures[future]
                account.add(outcome, seed)
                print(f"{number:4}/{len(todo)}  {time.monotonic() - begun:5.0f} s  {outcome.told}", flush=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


if __name__ == "__main__":
    sys.exit(main())
