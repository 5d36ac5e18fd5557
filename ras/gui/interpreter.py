"""What the interpreter does to every thread at once, kept from holding up the window."""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager
from typing import Iterator

_SWITCH = 0.0002
_UNDISTURBED = 0.05


def share() -> None:
    """Let threads take turns often.

    Every call into Tk lets go of the interpreter, and waits up to this long to get it back while a worker computes in
    Python: at the usual 5 ms, thirty calls froze the window for 250 ms while a search streamed; at 1 ms, 50 ms. A new
    selection, or a letter in a filter, takes some two hundred.
    """
    sys.setswitchinterval(_SWITCH)


@contextmanager
def undisturbed() -> Iterator[None]:
    """The workers wait while this is open: what the Tk thread computes takes no longer because of them.

    For some milliseconds of Python, and nothing that calls Tk, which would wait as long to get the interpreter back.
    """
    sys.setswitchinterval(_UNDISTURBED)
    try:
        yield
    finally:
        share()


def keep() -> None:
    """The collector of cycles never looks again at what there is now, and so takes less of the window's time.

    Garbage would stay, too: it is collected before. Not at the first time, when there is next to none, and all that
    the modules have made would be looked through.
    """
    collect()
    gc.freeze()


def collect(*, also_kept: bool = False) -> None:
    """Collect the garbage that came since something was kept for good.

    ``also_kept``: and what was kept because it was still in use, such as a window that was open, but is no more; that
    takes the longer the more is kept: 150 ms with 100,000 records.
    """
    if not gc.get_freeze_count():
        return
    if also_kept:
        gc.unfreeze()
    gc.collect()
    if also_kept:
        gc.freeze()


@contextmanager
def uncollected() -> Iterator[None]:
    """The collector of cycles does not look while this is open, nor ever again at what came of it without an error.

    Of 100,000 records, none of which is part of a cycle, each look stops all threads for a tenth of a second or more,
    and there are several while they are made. They are let go of all the same when nothing refers to them any more.
    """
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()
