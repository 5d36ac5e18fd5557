"""The set-up on a terminal: the same events as in the window, told on standard error."""

from __future__ import annotations

import shutil
import sys
import time
from typing import Callable, TextIO

from ras.cli.output import told
from ras.launch.events import Outcome, Plan, Preparation, Step
from ras.launch.lock import Lock, NoLocks
from ras.launch.place import Place, unwritable
from ras.launch.state import DONE, FAILED, State

RUNNING = "The set-up is already running in another window or terminal"


def say(text: str) -> None:
    if sys.stderr is not None:  # there is none without a console (pythonw)
        with told():
            print(text, file=sys.stderr)


def megabytes(number: float) -> str:
    """``34 MB``, ``2.9 GB``; ``number`` counts MB."""
    return f"{number / 1000:.1f} GB" if number >= 1000 else f"{number:.0f} MB"


def announce(plan: Plan) -> str:
    """What is going to happen, in a sentence."""
    what = "Preparing RAS, once" if plan.fresh else "Bringing RAS's packages up to date"
    return f"{what}: about {megabytes(plan.download)} to download, {megabytes(plan.disk)} on disk."


def describe(step: Step) -> str:
    """``Downloading torch 2.13.0: 93 MB of 192 MB``."""
    if step.done is None or not step.total or step.total < 1_000_000:
        return step.text
    return f"{step.text}: {step.done / 1e6:.0f} MB of {megabytes(step.total / 1e6)}"


def may_begin(lock: Lock) -> bool:
    """Take the lock; False while another process has it. Where the file system has no locks, it goes without.

    Raises SetupError where the file cannot be opened.
    """
    try:
        return lock.acquire()
    except NoLocks:
        return True
    except OSError as exc:
        raise unwritable(lock.path, exc) from exc


def wait_for(lock: Lock) -> None:
    """Take the lock; if another process sets up just now, say so and wait for it. KeyboardInterrupt leaves."""
    if may_begin(lock):
        return
    say(f"{RUNNING}. Waiting for it (Ctrl+C leaves) …")
    while not may_begin(lock):
        time.sleep(0.3)


def follow(start: Callable[[], Preparation], place: Place) -> State:
    """Run the set-up to its end. Raises SetupError; KeyboardInterrupt stops it, and what was done is kept."""
    if place.note:
        say(place.note)
    job = start()
    screen = _Screen(sys.stderr)
    titles: dict[str, str] = {}
    try:
        while True:
            try:
                event = next(job)
            except StopIteration as stop:
                state: State = stop.value
                screen.say("Ready." if state.complete() else "Ready, with less.")
                return state
            if isinstance(event, Plan):
                titles = {stage.name: stage.title for stage in event.stages}
                screen.say(f"{announce(event)} Ctrl+C stops it; the next start goes on from there.")
                screen.say(f"The log is {place.log}.")
            elif isinstance(event, Step):
                screen.show(event)
            elif isinstance(event, Outcome):
                mark = {DONE: "done", FAILED: "failed"}.get(event.status, event.status)
                screen.say(f"  {titles[event.stage]}: {mark}{'. ' + event.detail if event.detail else ''}")
    finally:
        screen.clear()
        job.close()


class _Screen:
    """Lines that stay, and below them on a terminal one that changes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._last = ""

    def say(self, text: str) -> None:
        self.clear()
        encoding = self._stream.encoding or "ascii"
        with told():
            print(text.encode(encoding, "replace").decode(encoding), file=self._stream)

    def show(self, step: Step) -> None:
        if not self._live:
            return
        text = f"[{step.overall:4.0%}] {describe(step)}"[: shutil.get_terminal_size().columns - 1]
        if text != self._last:
            with told():
                self._stream.write("\r\x1b[K" + text)
            self._last = text

    def clear(self) -> None:
        if self._last:
            with told():
                self._stream.write("\r\x1b[K")
            self._last = ""
