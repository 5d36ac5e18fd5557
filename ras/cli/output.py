"""Writes results to standard output, as text or as JSON, and what is told beside them to standard error."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import sys
from typing import Any, Iterator, TextIO

from ras.errors import RASError


class ReaderGone(BrokenPipeError):
    """Nobody reads the results any more, as in “| head”."""


@contextlib.contextmanager
def results() -> Iterator[None]:
    """What is printed inside is a result: it is written before the block ends.

    Raises RASError where it cannot be, ReaderGone where nobody reads it any more; after either, all goes nowhere.
    """
    try:
        yield
        sys.stdout.flush()
    except OSError as exc:  # e.g. the disk is full
        _let_go(sys.stdout)
        if isinstance(exc, BrokenPipeError) or (sys.platform == "win32" and exc.errno == errno.EINVAL):
            raise ReaderGone(errno.EPIPE, os.strerror(errno.EPIPE)) from exc
        raise RASError(f"The results could not be written: {exc.strerror or exc}.") from exc


@contextlib.contextmanager
def told() -> Iterator[None]:
    """What is written inside is told beside the results: where nobody reads that any more, the work goes on."""
    try:
        yield
        sys.stderr.flush()
    except OSError:
        _let_go(sys.stderr)


def _let_go(stream: TextIO) -> None:
    """It leads nowhere from now on: what is left in its buffer would fail when the program ends."""
    with contextlib.suppress(OSError, ValueError):  # where no file of the system is behind it
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


# JSON itself escapes no C1 controls, by which some terminals are steered, nor what turns the direction of a text.
_STEERING = re.compile("[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]")


def print_json(value: Any) -> None:
    """One JSON value. What the stream cannot carry is escaped, and what could harm who reads it on a terminal."""
    with results():
        unicode = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
        for part in json.JSONEncoder(indent=2, ensure_ascii=not unicode).iterencode(value):
            sys.stdout.write(_STEERING.sub(lambda match: f"\\u{ord(match[0]):04x}", part))
        print()


def print_text(*lines: str) -> None:
    with results():
        for line in lines:
            print(line)
