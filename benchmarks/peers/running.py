"""Runs a contender of a benchmark in a process of its own: what it found out, and the memory that it took."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Callable

import psutil


@dataclass(frozen=True)
class Contender:
    name: str
    command: Callable[[int], list[str]]
    """What to run in the round of this number."""
    environment: dict[str, str] = field(default_factory=dict)


def measured(contender: Contender, turn: int) -> dict[str, Any]:
    """Run it in a process; what it says at its end, and what was seen from outside, see ``Watch.seen``.

    It prints ``ready`` before the work that counts, and a JSON object as its last line.
    """
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            contender.command(turn),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, **contender.environment},
        )
        watch = Watch(process.pid)
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line == "ready\n":
                watch.ready()
        watch.through.set()
        status = process.wait()
        if status or not lines:
            errors.seek(0)
            sys.exit(f"{contender.name} failed with status {status}:\n{errors.read()[-3000:]}")
    return {**json.loads(lines[-1]), **watch.seen()}


class Watch:
    """What a process takes of the machine, looked at from outside, and what others take meanwhile."""

    def __init__(self, pid: int) -> None:
        # A virtual environment's interpreter may start another one (on Windows); looked for once, since it takes long.
        self._processes = [psutil.Process(pid)]
        self._peak = 0
        self._now = self._at_start = (0, 0.0, 0.0, 0.0)
        self.through = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def ready(self) -> None:
        """The work that counts begins."""
        self._processes += self._processes[0].children(recursive=True)
        self._look()
        self._at_start = self._now

    def seen(self) -> dict[str, float]:
        """``peak`` and ``ready``: bytes of resident memory, the most and at the start of the work; ``busy`` and
        ``others``: the shares of the cores' time that it and the rest of the machine took during the work."""
        spans = [after - before for after, before in zip(self._now, self._at_start)]
        whole = max(spans[3], 1e-9) * (psutil.cpu_count() or 1)
        busy, others = spans[1] / whole, max(0.0, spans[2] - spans[1]) / whole
        return {"peak": self._peak, "ready": self._at_start[0], "busy": busy, "others": others}

    def _watch(self) -> None:
        while not self.through.wait(0.05):
            self._look()

    def _look(self) -> None:
        memory, seconds = 0, 0.0
        try:
            for process in self._processes:
                with process.oneshot():
                    memory += process.memory_info().rss
                    seconds += sum(process.cpu_times()[:2])
        except psutil.Error:  # it ended
            return
        self._peak = max(self._peak, memory)
        times = psutil.cpu_times()
        machine = sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0)
        self._now = (memory, seconds, machine, time.monotonic())
