"""Does RAS keep what it was given, and does hostile input stay outside? Thousands of trials, a line for each kind.

    python -m benchmarks.reliability                     every part, some hours
    python -m benchmarks.reliability kill disk           these parts
    python -m benchmarks.reliability --scale 0.1         a tenth of the trials
    python -m benchmarks.reliability pictures --seed 7   other random choices

Exit status 1 if a promise was broken in any trial. A trial's seed stands in the line of what failed.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable, Iterator

from benchmarks.reliability.rows import Row

Part = Callable[[float, int, Path], Iterator[Row]]
"""``run(scale, seed, folder)`` of a module here: trials in an empty folder, 1.0 being the full number of them."""

PARTS = {
    "kill": "indexing is killed at random moments and between system calls that write",
    "disk": "the disk is full or broken, read-only, or gone",
    "damage": "files of the store and the index are flipped, cut, swapped, hostile",
    "two_programs": "two programs read, write and delete in one store",
    "network": "a server that drops, stalls, lies and redirects",
    "pictures": "a fuzzer over pictures of every kind",
    "exports": "a fuzzer over exports of every kind",
    "endurance": "100,000 pictures, 10,000 searches: memory, threads, handles",
}


def main() -> int:
    """Run the chosen parts; 1 if any trial failed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.reliability", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help="\n".join(f"{k}: {v}" for k, v in PARTS.items()))
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full number of trials")
    parser.add_argument("--seed", type=int, default=1, help="of the random choices")
    options = parser.parse_args()
    unknown = sorted(set(options.parts) - set(PARTS))
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    failed = 0
    print("| part | trial | runs | failed | measured |\n| --- | --- | --- | --- | --- |", flush=True)
    for name in options.parts or PARTS:
        run: Part = importlib.import_module(f"benchmarks.reliability.{name}").run
        with tempfile.TemporaryDirectory(prefix=f"ras-{name}-") as folder:
            os.environ["RAS_HOME"] = str(Path(folder) / "home")
            began = time.monotonic()
            for row in run(options.scale, options.seed, Path(folder)):
                failed += row.failed
                print(f"| {name} | {row.trial} | {row.runs:,} | {row.failed} | {row.note} |", flush=True)
            print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
