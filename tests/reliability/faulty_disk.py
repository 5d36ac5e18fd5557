"""A disk that fails when it is told to: at a call that changes files in a folder, the program dies or the call fails.

``faulty_disk.c`` is compiled and loaded before the C library into a program of its own (see ``forks``), so that what
Python, SQLite and everybody else writes goes through it. Linux only.
"""

from __future__ import annotations

import contextlib
import ctypes
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Iterator, NamedTuple

import pytest

from tests.display import missing

SOURCE = Path(__file__).with_name("faulty_disk.c")

WAYS = ("kill", "torn", "once", "full", "dead")
"""What happens at the chosen call. kill, torn: the program is killed before it, or when half of it is done; once: it
fails, alone; full: half of it is done, and from there on all fails that needs room; dead: from there on all fails."""


class Fault(NamedTuple):
    """At which call (the first is 1), what, and with which errno. At 0 nothing happens; with -1 each call is told.

    ``only`` calls of one kind are counted where it names one: ``rename /store/shards/*``.
    """

    at: int = 0
    way: str = "once"
    error: int = 0
    only: str = ""


def need_faulty_disk() -> None:
    """Skip the test where it cannot be had; in CI, on Linux, that is a failure."""
    if not sys.platform.startswith("linux"):
        pytest.skip("calls of the system are caught by LD_PRELOAD, which is Linux's")
    if shutil.which("cc") is None:
        missing("a C compiler (cc)")


def compiled(folder: Path) -> Path:
    """The library, made in ``folder``."""
    library = folder / "faulty_disk.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{SOURCE.name} cannot be compiled: {done.stderr}")
    return library


@contextlib.contextmanager
def faulty(folder: Path, fault: Fault, report: int) -> Iterator[None]:
    """While this is open, the disk under ``folder`` has the fault. In a program that has the library loaded.

    Which call was hit is written to the file descriptor ``report``, as a line of JSON.
    """
    library = ctypes.CDLL(None)
    arm = library.faulty_disk_arm
    arm.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_long, ctypes.c_int, ctypes.c_int, ctypes.c_int]
    where = str(folder.resolve()).encode()
    arm(where, fault.only.encode(), fault.at, WAYS.index(fault.way), fault.error, report)
    try:
        yield
    finally:
        library.faulty_disk_disarm()


def calls_made() -> int:
    """How many calls changed files in the folder since the disk had its last fault."""
    count = ctypes.CDLL(None).faulty_disk_made
    count.restype = ctypes.c_long
    return int(count())
