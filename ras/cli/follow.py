"""Runs a job in front of whoever called: how far it is, and what there is to say. All on standard error."""

from __future__ import annotations

import copy
import logging
import sys
from typing import TYPE_CHECKING, Sequence, TypeVar

from ras.cli.event_lines import write_event, write_job_event
from ras.cli.output import told

if TYPE_CHECKING:
    from ras.records import Job

T = TypeVar("T")

PROGRESS = ("auto", "json", "none")
"""How progress is shown: a bar on a terminal and nothing elsewhere, lines of JSON, not at all."""

_way = "auto"


def show_progress(way: str) -> None:
    """One of ``PROGRESS``, from now on: there is one standard error, and all that is said on it is of one kind."""
    global _way
    _way = way


def tells_events() -> bool:
    """Whether all that is said is a line of JSON."""
    return _way == "json"


def follow(job: Job[T], *, failed: str = "skipped", queries: Sequence[str] = (), path: str = "") -> T:
    """Run a job to its end and return its result; what it yields is shown.

    ``failed`` is the word for pictures that could not be had, ``queries`` are what is searched for, ``path`` is the
    archive that it is about, where there are several.
    """
    from ras.cli.bar import Bar
    from ras.records import Notice, Progress

    bar = Bar(failed)
    try:
        while True:
            try:
                event = next(job)
            except StopIteration as stop:
                result: T = stop.value
                return result
            if isinstance(event, Notice):
                say(event.text)
            elif _way == "json":
                write_job_event(event, queries, path)
            elif isinstance(event, Progress) and _way == "auto" and sys.stderr.isatty():
                bar.show(event)
    finally:
        job.close()
        bar.close()


def say(sentence: str) -> None:
    """Tell something beside the results."""
    from ras.text import clean

    if _way == "json":
        write_event("notice", text=clean(sentence))
        return
    from tqdm import tqdm

    with told():
        tqdm.write(clean(sentence), file=sys.stderr)  # above a progress bar, if there is one


def complain(sentence: str) -> None:
    """Say why the command ends here; what the caller wrote may be quoted in it."""
    from ras.text import clean

    if _way == "json":
        write_event("error", text=clean(sentence))
    else:
        with told():
            print(clean(sentence), file=sys.stderr)


class Log(logging.Handler):
    """Tells what is logged. Needs no package: ``doctor`` and the window log before there is any."""

    def format(self, record: logging.LogRecord) -> str:
        """As ever, but of an error of the system only what it says: no number, and no name of a temporary file."""
        if not isinstance(record.args, tuple) or not any(isinstance(value, OSError) for value in record.args):
            return super().format(record)
        plain = copy.copy(record)
        plain.args = tuple(value.strerror or value if isinstance(value, OSError) else value for value in record.args)
        return super().format(plain)

    def emit(self, record: logging.LogRecord) -> None:
        if _way == "json":
            write_event("notice", text=self.format(record))
            return
        with told():
            print(self.format(record), file=sys.stderr)
