"""Run by ``python -m benchmarks.faults --minutes 2 --seed 7`` (README.md). Ends with exit code 1 when a row fails."""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
from typing import Any

from benchmarks.faults.play import Played, play
from benchmarks.faults.rows import ROWS, Row
from benchmarks.faults.servers import database
from tests.processes import ROOT, remove_templates

HEAD = (
    "| row | fault | injected | lost | repeated | slowest recovery | proven by tests | verdict |\n"
    "|---|---|---|---|---|---|---|---|"
)


def main() -> int:
    """Run the nemesis, then the tests that prove the rest, and print a line for each row."""
    options = _options()
    numbers = frozenset(options.rows or (row.number for row in ROWS))
    print(f"Seed {options.seed}. Faults:", flush=True)
    with database(os.environ.get("DATABASE_URL", "")) as server:
        os.environ["TEST_POSTGRES_URL"] = server.url
        settings = "benchmarks.faults.broken" if options.broken else "benchmarks.faults.settings"
        played = play(server, seed=options.seed, seconds=options.minutes * 60, settings=settings, rows=numbers)
        proven: dict[int, str] = {}
        if not options.only_nemesis:
            for row in ROWS:
                if row.tests and row.number in numbers:
                    proven[row.number] = _prove(row, server.url)
        remove_templates()
    print(f"\n{HEAD}")
    lines = [_line(row, played, proven, options.only_nemesis) for row in ROWS if row.number in numbers]
    print("\n".join(line for line, _ok in lines))
    for sentence in [*played.notes, *dict.fromkeys(played.found.wrong)]:
        print(sentence)
    failed = sum(not ok for _line, ok in lines)
    print(f"{len(lines) - failed} of {len(lines)} rows kept." if failed else f"All {len(lines)} rows kept.")
    return 1 if failed else 0


def _options() -> Any:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="how long faults go on; each comes at least once")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--rows", type=int, nargs="+", help="only these rows of the table")
    parser.add_argument(
        "--only-nemesis", action="store_true", help="do not run the tests that prove what is not injected"
    )
    parser.add_argument("--broken", action="store_true", help="let the dispatcher mark before it sends: this must fail")
    return parser.parse_args()


def _prove(row: Row, url: str) -> str:
    """Run the row's tests; return how many passed, or what failed."""
    environment = os.environ | {"TEST_POSTGRES_URL": url, "DJANGO_ALLOW_ASYNC_UNSAFE": "true"}
    environment.pop("DATABASE_URL", None)
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", *row.tests]
    done = subprocess.run(words, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else "nothing ran"
    if done.returncode:
        print(done.stdout[-3000:])
    print(f"  row {row.number:>2}: {last}", flush=True)
    return f"{'' if done.returncode == 0 else 'FAILED: '}{last.strip('= ').partition(' in ')[0]}"


def _line(row: Row, played: Played, proven: dict[int, str], only_nemesis: bool) -> tuple[str, bool]:
    """Return the row's line of the table, and whether it is kept."""
    found, times, told = played.found, played.times[row.number], proven.get(row.number, "")
    is_injected = row.injected
    ok = row.number not in found.bad_rows and not told.startswith("FAILED") and (times > 0 or not is_injected)
    if only_nemesis and not is_injected:
        return f"| {row.number} | {row.title} | | | | | in the run of all tests | {', '.join(row.tests)} |", True
    figures = (
        [str(times), str(found.lost[row.number]), str(found.repeated[row.number])] if is_injected else ["", "", ""]
    )
    slowest = f"{found.slowest[row.number]:.1f} s" if row.number in found.slowest else ""
    cells = [str(row.number), row.title, *figures, slowest, told, "kept" if ok else "BROKEN"]
    return f"| {' | '.join(cells)} |", ok


if __name__ == "__main__":
    sys.exit(main())
