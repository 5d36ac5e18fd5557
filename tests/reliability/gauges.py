"""What a process holds: memory, threads, files, processes, things of Tk, files on disk; and whether that grows."""

from __future__ import annotations

import ctypes
import functools
import gc
import os
import statistics
import sys
import threading
import tkinter as tk
from pathlib import Path
from typing import Mapping, NamedTuple, Sequence


class Gauge(NamedTuple):
    """``a_search``: what may come with each search; ``slack``: what may come however few there were.

    ``a_picture``: what may come with each that is indexed; None where that is not asked.
    """

    name: str
    kind: str
    unit: str = ""
    a_search: float = 0.0
    slack: float = 0.0
    a_picture: float | None = None


_MEMORY, _SYSTEM, _TK, _DISK = "memory", "threads, files, processes", "the window", "files on disk"
HEAP, BLOCKS = "memory in use", "objects of Python"

GAUGES = (
    Gauge("resident memory", _MEMORY, "MB", a_search=0.002, slack=24.0, a_picture=0.001),
    Gauge(HEAP, _MEMORY, "kB", a_search=0.5, slack=200.0, a_picture=0.5),
    Gauge(BLOCKS, _MEMORY, "blocks", a_search=4.0, slack=300.0, a_picture=8.0),
    Gauge("threads", _SYSTEM, a_picture=0.0),
    Gauge("threads of Python", _SYSTEM, a_picture=0.0),
    Gauge("open files", _SYSTEM, a_picture=0.0),
    Gauge("processes", _SYSTEM, a_picture=0.0),
    Gauge("mapped files", _SYSTEM),
    Gauge("jobs that are waited for", _TK, a_picture=0.0),
    Gauge("images of Tk", _TK),
    Gauge("commands of Tk", _TK),
    Gauge("variables of Tk", _TK, a_picture=0.0),
    Gauge("timers of Tk", _TK, a_picture=0.0),
    Gauge("temporary files", _DISK, a_picture=0.0),
    Gauge("files of the program", _DISK),
    Gauge("the store", _DISK, "kB", slack=64.0),
    Gauge("its write-ahead log", _DISK, "kB", slack=64.0, a_picture=0.0),
)

Sample = Mapping[str, float]
"""Name of a gauge → what it showed."""


class _Mallinfo(ctypes.Structure):
    """Of mallinfo2(3)."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def heap_in_use() -> int:
    """Bytes that malloc has handed out and not got back: exact, unlike resident memory. 0 where nobody can tell.

    Has it give back what it holds in reserve, of which there is more or less by chance, with as many threads.
    """
    glibc = _glibc()
    try:
        mallinfo2, trim = glibc.mallinfo2, glibc.malloc_trim  # glibc 2.33
    except AttributeError:
        return 0
    trim(0)
    mallinfo2.restype = _Mallinfo
    info = mallinfo2()
    return int(info.uordblks + info.hblkhd)


@functools.lru_cache(maxsize=1)
def _glibc() -> ctypes.CDLL:
    """Once: each one made is a class of its own, of 2 kB."""
    return ctypes.CDLL(None)


def take(root: tk.Tk, home: Path, temporary: Path) -> Sample:
    """Called on the Tk thread while nothing goes on. ``home`` is the data folder. Linux only."""
    gc.collect()
    own, heap = os.getpid(), heap_in_use()
    maps = Path("/proc/self/maps").read_text().splitlines()
    store = [path for path in (home / "store").rglob("*") if path.is_file()]
    call = root.tk.call

    def amount(*command: str) -> int:
        return len(root.tk.splitlist(call(*command)))

    return {
        "resident memory": int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6,
        HEAP: heap / 1000,
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
    """What a gauge showed in the middle and in the last third of the samples (medians), and whether that is growth."""

    gauge: Gauge
    before: float
    after: float
    grows: bool

    @property
    def said(self) -> str:
        unit = f" {self.gauge.unit}" if self.gauge.unit else ""
        before, after = (f"{value:,.0f}" if value > 1000 else f"{value:.4g}" for value in (self.before, self.after))
        return f"{self.gauge.name} {before} → {after}{unit}"


def judge(samples: Sequence[Sample], searches: int) -> list[Verdict]:
    """One sample a round, of ``searches`` each; the first third is for warming up.

    From the middle of one third to the middle of the next is a third of the rounds. What has no unit is counted, and
    grows where one is left in every second round or more; of the others, the gauge says what may come.
    """
    third = len(samples) // 3
    assert third >= 3, "too few rounds to tell"
    return [
        _verdict(gauge, samples, gauge.slack + gauge.a_search * searches * third if gauge.unit else third / 2 - 0.5)
        for gauge in GAUGES
    ]


def judge_indexing(samples: Sequence[Sample], pictures: int) -> list[Verdict]:
    """Samples at even distances, while ``pictures`` were indexed; some threads come and go, and searches go on."""
    return [
        _verdict(gauge, samples, 5 * gauge.slack + gauge.a_picture * pictures / 3 if gauge.unit else 3)
        for gauge in GAUGES
        if gauge.a_picture is not None
    ]


def _verdict(gauge: Gauge, samples: Sequence[Sample], allowed: float) -> Verdict:
    third = len(samples) // 3
    values = [sample[gauge.name] for sample in samples]
    before, after = (round(statistics.median(part), 3) for part in (values[-2 * third : -third], values[-third:]))
    return Verdict(gauge, before, after, after - before > allowed)
