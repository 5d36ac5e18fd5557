"""Runs a job in front of the user: a progress bar on a terminal, and what there is to say. All on standard error."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from ras.records import Job

T = TypeVar("T")


def follow(job: Job[T]) -> T:
    """Run a job to its end; progress (on a terminal) and notices go to standard error."""
    from ras.records import Notice, Progress

    bar = None
    try:
        while True:
            try:
                event = next(job)
            except StopIteration as stop:
                result: T = stop.value
                return result
            if isinstance(event, Notice):
                say(event.text)
            elif isinstance(event, Progress) and sys.stderr.isatty():
                bar = _draw(event, bar)
    finally:
        job.close()
        if bar is not None:
            bar.close()


def say(sentence: str) -> None:
    from tqdm import tqdm

    from ras.text import clean

    tqdm.write(clean(sentence), file=sys.stderr)  # above a progress bar, if there is one


def _draw(progress: Any, bar: Any) -> Any:
    from tqdm import tqdm

    if bar is None or bar.desc != f"{progress.stage}: ":
        if bar is not None:
            bar.close()
        in_bytes = progress.unit == "bytes"
        bar = tqdm(
            desc=progress.stage,
            total=progress.total,
            unit="B" if in_bytes else f" {progress.unit}",
            unit_scale=in_bytes,
            file=sys.stderr,
            dynamic_ncols=True,
            leave=False,
        )
    bar.total = progress.total
    bar.update(progress.done - bar.n)
    return bar
