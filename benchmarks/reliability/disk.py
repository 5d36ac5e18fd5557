"""The disk is full, broken or read-only, or the folder is gone: one clear sentence, and nothing is lost."""

from __future__ import annotations

import errno
import random
import time
from collections import Counter
from pathlib import Path
from typing import Iterator, Sequence

from benchmarks.reliability.rows import Row
from tests.reliability.forks import each
from tests.reliability.trials import Call, Fail, Trials, trials

FAULTS = {
    "the disk is full at a call, once": ("once", errno.ENOSPC),
    "the disk is full from a call on": ("full", errno.ENOSPC),
    "the quota is used up from a call on": ("full", errno.EDQUOT),
    "a call meets an input/output error": ("once", errno.EIO),
    "all calls that write fail from one on (input/output error)": ("dead", errno.EIO),
    "the disk becomes read-only at a call": ("dead", errno.EROFS),
}

BY_COMMAND = 0.07
"""Share of the calls at which ``ras index`` meets a full disk: it starts a process each time."""


def run(scale: float, seed: int, folder: Path) -> Iterator[Row]:
    """Each fault at each call that writes (of each kind at least one); by the command line; a folder that goes away."""
    chance = random.Random(seed)
    with trials(folder) as made:
        numbers = range(1, len(made.calls) + 1)

        def calls(share: float) -> list[Call]:
            chosen = sorted(chance.sample(numbers, max(1, round(len(numbers) * min(1.0, share)))))
            return [*made.of_each_kind(chance.randint(0, 1 << 30)), *map(Call, chosen)]

        for name, (way, error) in FAULTS.items():
            yield _row(made, name, [Fail("on_a_faulty_disk", (at, way, error, kind)) for at, kind in calls(scale)])
        full = [
            Fail("from_the_command_line", (at, "full", errno.ENOSPC, kind)) for at, kind in calls(scale * BY_COMMAND)
        ]
        yield _row(made, "full from a call on, by “ras index”", full)
        commits = range(1, max(2, round(8 * min(1.0, scale))) + 1)
        gone = [Fail("in_a_folder_that_vanishes", (number, back)) for number in commits for back in (True, False)]
        yield _row(made, "the data folder is moved away or deleted", gone)


def _row(made: Trials, name: str, fails: Sequence[Fail]) -> Row:
    began, failed = time.monotonic(), 0
    hits: Counter[str] = Counter()
    for trial in each(made.servers, fails, made.fail):
        failed += bool(trial.troubles)
        hits[trial.hit.partition(" ")[0]] += 1
        for trouble in trial.troubles:
            print(trouble, flush=True)
    kinds = ", ".join(f"{number:,} × {call}" for call, number in hits.most_common() if call)
    return Row(name, len(fails), failed, f"{kinds + '; ' if kinds else ''}{time.monotonic() - began:.0f} s")
