"""Indexing is killed, at random moments and at every call that writes: is anything lost, and does it go on?"""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path
from typing import Iterator, Sequence

from benchmarks.reliability.rows import Row
from tests.reliability.forks import each
from tests.reliability.trials import Call, Kill, Trials, trials

MOMENTS = 200


def run(scale: float, seed: int, folder: Path) -> Iterator[Row]:
    """``MOMENTS`` random moments; then each call, and one of each kind, twice: not done, and half done."""
    chance = random.Random(seed)
    with trials(folder) as made:
        began = time.monotonic()
        made.kill(made.servers[0], Kill())
        seconds = (time.monotonic() - began) / 2
        moments = [Kill(after=chance.uniform(0.0, seconds)) for _ in range(max(1, round(MOMENTS * scale)))]
        yield _row(made, "killed at random moments", moments)
        numbers = range(1, len(made.calls) + 1)
        chosen = sorted(chance.sample(numbers, max(1, round(len(numbers) * min(1.0, scale)))))
        calls = [*made.of_each_kind(seed), *map(Call, chosen)]
        yield _row(made, "killed before a call that writes", [Kill(call) for call in calls])
        yield _row(made, "killed in the middle of a call that writes", [Kill(call, "torn") for call in calls])


def _row(made: Trials, name: str, kills: Sequence[Kill]) -> Row:
    began, struck, failed, hits = time.monotonic(), 0, 0, Counter()
    for trial in each(made.servers, kills, made.kill):
        struck += trial.struck
        failed += bool(trial.troubles)
        hits[trial.hit.partition(" ")[0]] += 1
        for trouble in trial.troubles:
            print(trouble, flush=True)
    kinds = ", ".join(f"{number:,} × {call}" for call, number in hits.most_common() if call)
    note = f"{struck:,} died before they were through" + (f" ({kinds})" if kinds else "")
    return Row(name, len(kills), failed, f"{note}; {time.monotonic() - began:.0f} s")
