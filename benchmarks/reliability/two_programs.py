"""Programs that read, write, delete, tidy up, verify, index and search one store at once, for minutes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Iterator

from benchmarks.reliability.rows import Row
from tests.reliability.shared_store import PASSING, check_end, run_at_once

_SECONDS = 300


def run(scale: float, seed: int, folder: Path) -> Iterator[Row]:
    """A row for two programs, and one for three."""
    for number in (2, 3):
        names = list(PASSING)[:number]
        store = folder / f"{number}" / "store"
        try:
            done: Counter[str] = Counter()
            for one in run_at_once(store, names, seed, _SECONDS * scale):
                done.update(one)
            check_end(store, names)
        except AssertionError as exc:
            yield Row(f"{number} programs", 1, 1, f"seed {seed}: {exc}".replace("\n", " ")[-500:])
            continue
        told = ", ".join(f"{what} {count:,}" for what, count in done.most_common())
        yield Row(f"{number} programs, {_SECONDS * scale:.0f} s", sum(done.values()), 0, told)
