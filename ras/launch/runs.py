"""Runs pip and checks for the set-up, with a Step for all that they say."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Generator, Sequence, TextIO

from ras.launch.events import Event, StageError, Step
from ras.launch.pip import Reading, explain, follow, pip_command, pip_environment, pip_version
from ras.launch.place import Place
from ras.launch.stages import Stage


class Runs:
    """Programs of one environment. ``base`` and ``share`` place the stage that is at work in the whole, from 0 to 1."""

    def __init__(self, place: Place, log: TextIO, pass_fds: Sequence[int]) -> None:
        self.place, self.log = place, log
        self._pass_fds = tuple(pass_fds)
        self.base = self.share = 0.0
        self.trouble = ""
        """Why the last check failed."""

    def install(self, stage: Stage, size: tuple[int, int], arguments: Sequence[str]) -> Generator[Event, None, None]:
        """``size``: about how many MB come, and are unpacked. Raises StageError."""
        lines: list[str] = []
        if (yield from self.pip(stage, size, ["install", "--prefer-binary", *arguments], lines)) != 0:
            raise StageError(explain(lines))

    def pip(
        self, stage: Stage, size: tuple[int, int], arguments: list[str], lines: list[str]
    ) -> Generator[Event, None, int]:
        """pip's exit code; ``lines`` collects its last output."""
        if arguments[0] == "install" and pip_version(self.place) >= (24, 1):
            arguments = [arguments[0], "--progress-bar", "raw", *arguments[1:]]
        return (yield from self.follow(pip_command(self.place, *arguments), stage.name, lines, size))

    def follow(
        self, command: list[str], stage: str, lines: list[str], size: tuple[int, int] = (1, 1)
    ) -> Generator[Step, None, int]:
        """Run a command, with a Step for every word of it; ``lines`` collects its last output."""
        reading = Reading()
        unpacking_since = 0.0
        process = follow(command, self.place, self.log, self._pass_fds, pip_environment(self.place))
        try:
            while True:
                try:
                    line = next(process)
                except StopIteration as stop:
                    code: int = stop.value
                    return code
                if line is not None:
                    reading.take(line)
                    if not line.startswith("Progress "):
                        lines.append(line)
                        del lines[:-60]
                part = 0.7 * min(1.0, reading.fetched / (size[0] * 1e6))
                if reading.installing:
                    unpacking_since = unpacking_since or time.monotonic()
                    # pip says nothing while it unpacks: 40 MB a second is what a slow disk takes.
                    part = 0.7 + 0.28 * (1 - math.exp((unpacking_since - time.monotonic()) * 40 / size[1]))
                overall = self.base + self.share * part
                yield Step(stage, reading.text or "Starting", overall, reading.done, reading.total)
        finally:
            process.close()

    def works(self, stage: Stage, part: float = 0.98) -> Generator[Event, None, bool]:
        """Whether the stage's check passes in a fresh process; else ``trouble`` says why not."""
        overall = self.base + part * self.share
        lines: list[str] = []
        process = follow([str(self.place.python), "-c", stage.check], self.place, self.log, self._pass_fds)
        try:
            while True:
                try:
                    line = next(process)
                except StopIteration as stop:
                    self.trouble = lines[-1][:300].rstrip(".") if lines else f"it ended with code {stop.value}"
                    return bool(stop.value == 0)
                if line:
                    lines.append(line)
                yield Step(stage.name, f"Trying {stage.title}", overall)
        except OSError as exc:  # the environment's Python itself does not start
            self.trouble = str(exc)
            return False
        finally:
            process.close()

    @property
    def scratch(self) -> Path:
        """For files that pip reads; there while the set-up runs."""
        self.place.scratch.mkdir(parents=True, exist_ok=True)
        return self.place.scratch
