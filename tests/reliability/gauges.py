"""What a process holds: memory, threads, files, processes, things of Tk, files on disk; and whether that grows."""

from __future__ import annotations

import ctypes
import gc
import os
import statistics
import sys
import threading
import tkinter as tk
from collections import Counter
from pathlib import Path
from typing import Mapping, NamedTuple, Sequence


class Gauge(NamedTuple):
    """``a_search``: what may come with each search; ``slack``: what may come however few there were."""

    name: str
    unit: str = ""
    a_search: float = 0.0
    slack: float = 0.0


HEAP, BLOCKS = "memory in use", "objects of Python"

GAUGES = (
    Gauge("resident memory", "MB", a_search=0.002, slack=10.0),
    Gauge(HEAP, "kB", a_search=1.0, slack=100.0),
    Gauge(BLOCKS, "blocks", a_search=4.0, slack=300.0),
    Gauge("threads"),
    Gauge("threads of Python"),
    Gauge("open files"),
    Gauge("processes"),
    Gauge("mapped files"),
    Gauge("jobs that are waited for"),
    Gauge("images of Tk"),
    Gauge("commands of Tk"),
    Gauge("variables of Tk"),
    Gauge("timers of Tk"),
    Gauge("temporary files"),
    Gauge("files of the program"),
    Gauge("the store", "kB", slack=64.0),
    Gauge("its write-ahead log", "kB", slack=64.0),
)

Sample = Mapping[str, float]
"""Name of a gauge → what it showed."""


class _Mallinfo(ctypes.Structure):
    """Of mallinfo2(3)."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
    ]


def heap_in_use() -> int:
    """Bytes that malloc has handed out and not got back: exact, unlike resident memory. 0 where nobody can tell."""
    try:
        mallinfo2 = ctypes.CDLL(None).mallinfo2  # glibc 2.33
    except AttributeError:
        return 0
    mallinfo2.restype = _Mallinfo
    info = mallinfo2()
    return int(info.uordblks + info.hblkhd)


def take(root: tk.Tk, home: Path, temporary: Path) -> Sample:
    """Called on the Tk thread while nothing goes on. ``home`` is the data folder. Linux only."""
    gc.collect()
    own = os.getpid()
    maps = Path("/proc/self/maps").read_text().splitlines()
    store = [path for path in (home / "store").rglob("*") if path.is_file()]
    call = root.tk.call

    def amount(*command: str) -> int:
        return len(root.tk.splitlist(call(*command)))

    return {
        "resident memory": int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6,
        HEAP: heap_in_use() / 1000,
        BLOCKS: sys.getallocatedblocks(),
        "threads": len(os.listdir("/proc/self/task")),
        "threads of Python": threading.active_count(),
        "open files": len(os.listdir("/proc/self/fd")),
        "processes": sum(_parent(name) == own for name in os.listdir("/proc") if name.isdigit()),
        "mapped files": sum(str(home) in line for line in maps),
        "images of Tk": amount("image", "names"),
        "commands of Tk": amount("info", "commands"),
        "variables of Tk": amount("info", "globals"),
        "timers of Tk": amount("after", "info"),
        "temporary files": sum(len(names) for _, _, names in os.walk(temporary)),
        "files of the program": sum(len(names) for _, _, names in os.walk(home)),
        "the store": sum(path.stat().st_size for path in store if not path.name.endswith(("-wal", "-shm"))) / 1000,
        "its write-ahead log": sum(path.stat().st_size for path in store if path.name.endswith("-wal")) / 1000,
    }


def _parent(process: str) -> int:
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:  # it has ended
        return 0


class Verdict(NamedTuple):
    """What a gauge showed in the middle and in the last third of the rounds (medians), and whether that is growth."""

    gauge: Gauge
    before: float
    after: float
    grows: bool

    @property
    def said(self) -> str:
        unit = f" {self.gauge.unit}" if self.gauge.unit else ""
        return f"{self.gauge.name} {self.before:,.10g} → {self.after:,.10g}{unit}"


def judge(samples: Sequence[Sample], searches: int) -> list[Verdict]:
    """One sample a round, of ``searches`` each; the first third is for warming up.

    From the middle of one third to the middle of the next is a third of the rounds. What has no unit is counted, and
    grows where one is left in every second round or more; of the others, the gauge says what may come.
    """
    third = len(samples) // 3
    assert third >= 3, "too few rounds to tell"
    verdicts = []
    for gauge in GAUGES:
        values = [sample[gauge.name] for sample in samples]
        before, after = (round(statistics.median(part), 3) for part in (values[-2 * third : -third], values[-third:]))
        allowed = gauge.slack + gauge.a_search * searches * third if gauge.unit else third / 2 - 0.5
        verdicts.append(Verdict(gauge, before, after, after - before > allowed))
    return verdicts


def kinds_of_objects() -> Counter[str]:
    """How many objects there are of each type, of those that the collector knows and has not been told to forget."""
    return Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in gc.get_objects())
