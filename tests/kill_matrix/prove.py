"""The long proof: every defect and every quirk on every case, over several seeds. What was done is not done again.

    python run.py prove [--seeds N] [--only NAME] [--again]

Results grow in results/prove.jsonl, one line per row and seed; results/kill_matrix.json is made from all of them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from kill_matrix.matrix import ROOT, Row, rows, run

FIRST_SEED = 1


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: everything seeded was caught and nothing legal was reported; 1 otherwise."""
    parser = argparse.ArgumentParser(prog="run.py prove", description="Shows that each seeded defect is caught and no quirk is reported.")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="how many seeds for each row (default 1)")
    parser.add_argument("--only", metavar="NAME", help="one defect or quirk")
    parser.add_argument("--again", action="store_true", help="forget what was done before")
    given = parser.parse_args(arguments)
    journal = ROOT / "results" / "prove.jsonl"
    if given.again:
        journal.unlink(missing_ok=True)
    done = list(_done(journal))
    known = {(entry["id"], entry["seed"]) for entry in done}
    todo = [
        (row, seed) for seed in range(FIRST_SEED, FIRST_SEED + given.seeds) for row in rows(thorough=True)
        if (row.id, seed) not in known and given.only in (None, row.name)
    ]
    print(f"{len(todo)} of {len(todo) + len(done)} runs to do; Ctrl-C keeps what is done, the same command goes on", flush=True)
    done += _run_all(todo, journal)
    (ROOT / "results" / "kill_matrix.json").write_text(json.dumps([entry["outcome"] for entry in done], indent=1), encoding="utf-8")
    bad = [entry for entry in done if not _as_wanted(entry["outcome"])]
    for entry in bad:
        print(f"  NOT AS WANTED  {entry['id']}  seed {entry['seed']}  observed {entry['outcome']['observed']}")
    print(f"{len(done) - len(bad)} passed, {len(bad)} failed")
    return 1 if bad else 0


def _run_all(todo: list[tuple[Row, int]], journal: Path) -> Iterator[dict[str, Any]]:
    with ThreadPoolExecutor(2) as pool:
        futures = {pool.submit(run, row, seed): (row, seed) for row, seed in todo}
        try:
            for future in as_completed(futures):
                row, seed = futures[future]
                entry = {"id": row.id, "seed": seed, "outcome": future.result().as_json()}
                with journal.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(entry) + "\n")
                print(f"  {'ok ' if _as_wanted(entry['outcome']) else 'BAD'} {row.id}  seed {seed}", flush=True)
                yield entry
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise SystemExit(130) from None


def _as_wanted(outcome: dict[str, Any]) -> bool:
    """A defect is killed; a quirk is not."""
    return bool(outcome["killed"]) is ("defect" in outcome)


def _done(journal: Path) -> Iterator[dict[str, Any]]:
    if journal.exists():
        for line in journal.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


if __name__ == "__main__":
    sys.exit(main())
