"""Does RAS keep what it was given, and does hostile input stay outside? Thousands of trials, a line for each kind.

    python -m benchmarks.reliability                     every part, some hours
    python -m benchmarks.reliability kill disk           these parts
    python -m benchmarks.reliability --scale 0.1         a tenth of the trials
    python -m benchmarks.reliability pictures --seed 7   other random choices

Exit status 1 if a promise was broken in any trial, or a part could not be run to its end; 130 if it was interrupted.
A trial's seed stands in the line of what failed.
"""

from __future__ import annotations

import argparse
import importlib
import math
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Callable, Iterator, Sequence

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
    """Run the chosen parts; 1 if any trial failed, or a part itself."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.reliability", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help="\n".join(f"{k}: {v}" for k, v in PARTS.items()))
    parser.add_argument("--scale", type=_share, default=1.0, help="share of the full number of trials")
    parser.add_argument("--seed", type=int, default=1, help="of the random choices")
    options = parser.parse_args()
    unknown = sorted(set(options.parts) - set(PARTS))
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    try:
        return _run(options.parts or list(PARTS), options.scale, options.seed)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130


def _run(parts: Sequence[str], scale: float, seed: int) -> int:
    failed = 0
    print("| part | trial | runs | failed | measured |\n| --- | --- | --- | --- | --- |", flush=True)
    for name in parts:
        with tempfile.TemporaryDirectory(prefix=f"ras-{name}-") as folder:
            os.environ["RAS_HOME"] = str(Path(folder) / "home")
            began = time.monotonic()
            for row in _rows(name, scale, seed, Path(folder)):
                failed += row.failed
                note = " ".join(row.note.split()).replace("|", "\\|")  # it may quote a name or an error
                print(f"| {name} | {row.trial} | {row.runs:,} | {row.failed} | {note} |", flush=True)
            print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    return 1 if failed else 0


def _rows(name: str, scale: float, seed: int, folder: Path) -> Iterator[Row]:
    """A part that fails itself is a row, too: the others, of hours, go on."""
    try:
        run: Part = importlib.import_module(f"benchmarks.reliability.{name}").run
        yield from run(scale, seed, folder)
    except Exception as exc:  # noqa: BLE001  whatever it is
        traceback.print_exc()
        yield Row("the part itself", 1, 1, f"seed {seed}: {exc!r}"[:500])


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not (share > 0 and math.isfinite(share)):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return share


if __name__ == "__main__":
    raise SystemExit(main())
