"""Hostile pictures, thousands of them: mutated at random, built to hurt, giants; and led by atheris where that is."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Iterator

from benchmarks.reliability.rows import Row
from ras.images.child import MOST_SECONDS, ROOM
from ras.images.memory import MOST_MEMORY
from tests.reliability import picture_trials

FILES = 20_000
AT_ONCE = 2_000
"""Files that one process tries: another one goes on where it crashes."""
PIXELS = 120_000_000
"""What RAS decodes unless the settings say otherwise."""
GIANTS = 12
COVERAGE_SECONDS = 600


def run(scale: float, seed: int, folder: Path) -> Iterator[Row]:
    yield mutated(max(100, round(FILES * scale)), seed)
    yield bombed()
    yield giants(max(2, round(GIANTS * scale)))
    if importlib.util.find_spec("atheris") is not None:
        yield guided(max(20, round(COVERAGE_SECONDS * scale)), seed, folder)


def mutated(count: int, seed: int) -> Row:
    """In each process as much memory to spare as decoding may take."""
    failures: list[str] = []
    outcomes: Counter[str] = Counter()
    slowest = peak = 0.0
    done = 0
    while done < count:
        amount = min(AT_ONCE, count - done)
        status, lines, told = picture_trials.run(
            "mutated", seed, done, amount, PIXELS, MOST_MEMORY + ROOM, seconds=3600
        )
        if told is None:  # it was at the file that it named last
            crashed = int(lines[-1]) if lines else done
            failures.append(f"{crashed}: exit status {status}")
            done = crashed + 1
            continue
        failures += told["wrong"]
        outcomes.update(told["outcomes"])
        slowest, peak = max(slowest, told["slowest"]), max(peak, told["peak"])
        done += amount
    note = f"{outcomes['decoded']:,} decoded, slowest {slowest:.1f} s of CPU, at most {peak / 1e6:,.0f} MB"
    return Row("mutated files", count, len(failures) + (slowest > MOST_SECONDS), _told(note, failures))


def bombed() -> Row:
    status, _, told = picture_trials.run("bombs", seconds=3600)
    if told is None:
        return Row("bombs", 1, 1, f"exit status {status}")
    wrong = [f"{name}: {found}" for name, (found, _, allowed) in told["outcomes"].items() if found not in allowed]
    slowest = max(told["outcomes"].items(), key=lambda item: item[1][1])
    wrong += [f"{told['child']:,} bytes"] * (told["child"] > MOST_MEMORY + ROOM)
    note = f"at most {told['child'] / 1e6:,.0f} MB in a process, slowest {slowest[1][1]:.1f} s ({slowest[0]})"
    return Row("bombs", len(told["outcomes"]), len(wrong), _told(note, wrong))


def giants(count: int) -> Row:
    status, _, told = picture_trials.run("giants", count, 119_000_000, seconds=3600)
    if told is None or told["indexed"] != count:
        return Row("PNG files of 119 megapixels with transparency", count, count, f"exit status {status}: {told}")
    most = told["together"]
    note = f"at most {most / 1e6:,.0f} MB together: the program {told['program'] / 1e6:,.0f} MB, its processes the rest"
    return Row("PNG files of 119 megapixels with transparency", count, int(most > 2e9), note)


def guided(seconds: int, seed: int, folder: Path) -> Row:
    """Led by what of Pillow's Python code a file reaches."""
    corpus = folder / "corpus"
    corpus.mkdir()
    command = [sys.executable, "-m", "benchmarks.reliability.picture_coverage", str(corpus)]
    command += [f"-max_total_time={seconds}", f"-seed={seed}", "-timeout=20", "-rss_limit_mb=1300", "-max_len=20000"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    tried = [line for line in done.stderr.splitlines() if line.startswith("Done ")]
    runs = int(tried[-1].split()[1]) if tried else 0
    last = done.stderr.strip().splitlines()[-1:] if done.returncode else []
    return Row("files led by coverage (atheris)", runs, int(done.returncode != 0), _told(f"{seconds} s", last))


def _told(note: str, failures: list[str]) -> str:
    return "; ".join([note, *failures[:5]])
