"""Decodes pictures in processes of their own, so that one that crashes or stalls a decoder costs itself alone."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import sys
import threading
import time
from collections import deque
from typing import Iterator

from PIL import Image

from ras.called import NAME
from ras.errors import DecodeError, SkipReason
from ras.images import decoding
from ras.images.child import MOST_SECONDS
from ras.images.decoder_process import PROGRAM, Crash, DecoderProcess, Stalled
from ras.images.decoding import MAX_PIXELS
from ras.images.formats import kind_name, sniff_format
from ras.images.memory import LARGE, MOST_MEMORY, needed_memory
from ras.images.messages import Request
from ras.images.shrunk import Shrunk

log = logging.getLogger(__name__)

PATIENCE = float(MOST_SECONDS if sys.platform == "win32" else 3 * MOST_SECONDS)
"""Seconds until a process is ended that does not answer, though it did not compute for ``MOST_SECONDS``: the computer
may be busy with other things."""
START_SECONDS = 60.0
"""For a process to be ready; on a busy computer it can take long."""
IDLE_SECONDS = 30.0
"""After so long without a picture a process is ended."""
_TICK = 0.25
_MOST_FAILED_STARTS = 3
"""In a row; then pictures are decoded within this process."""


def decode_shrunk(
    data: bytes, *, at_least: int | None, extra_formats: bool = False, max_pixels: int = MAX_PIXELS
) -> Shrunk:
    """As ``decoding.decode_shrunk``, in another process; raises DecodeError with the reason CRASHED besides.

    A picture waits while others are decoded that take ``MOST_MEMORY`` together with it.
    """
    return shared.decode(Request(data, at_least, max_pixels, extra_formats))


def decode_image(data: bytes, *, extra_formats: bool = False, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """As ``decoding.decode_image``, in another process; see ``decode_shrunk``."""
    return decode_shrunk(data, at_least=None, extra_formats=extra_formats, max_pixels=max_pixels).image


def decoder_notices() -> list[str]:
    """Sentences for the user that came up in decoding since the last call."""
    return shared.take_notices()


class Decoders:
    """As many processes as pictures are decoded at once; they live on for the next ones. For any number of threads."""

    def __init__(
        self, program: str = PROGRAM, most_seconds: float = PATIENCE, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        self._program, self._most_seconds, self._idle_seconds = program, most_seconds, idle_seconds
        self._changed = threading.Condition()  # guards all that follows
        self._processes: list[DecoderProcess] = []
        self._idle: list[DecoderProcess] = []
        self._failed_starts = 0
        self._told = False
        self.unlimited = False
        """Whether the system refused to limit the memory of one of its processes."""
        self._watching = False
        self._trouble = ""
        self._memory = 0
        self._queue: deque[object] = deque()

    @property
    def trouble(self) -> str:
        """Why pictures are decoded within this process by now; empty where they are not."""
        return self._trouble if self._failed_starts >= _MOST_FAILED_STARTS else ""

    @property
    def pids(self) -> list[int]:
        """The numbers that the system has for its processes."""
        with self._changed:
            return [process.pid for process in self._processes]

    def take_notices(self) -> list[str]:
        """A sentence for the user, once, where there is ``trouble``."""
        with self._changed:
            if not self.trouble or self._told:
                return []
            self._told = True
        return [
            f"Pictures are decoded within the program, since no process of their own can be had ({self._trouble}): "
            f"one that was made to crash a decoder would end it. Run {NAME} doctor to see more."
        ]

    def try_out(self) -> str:
        """Start a process. Why that cannot be done, else empty."""
        process = self._take(fresh=True)
        if process is None:
            return self._trouble
        self._give_back(process, kept=True)
        return ""

    def decode(self, request: Request) -> Shrunk:
        """Raises DecodeError."""
        needed = needed_memory(request.data, request.at_least)
        with self._room(min(needed, MOST_MEMORY)):
            for last in (False, True):
                process = self._take(fresh=last)
                if process is None:
                    return decoding.decode_shrunk(
                        request.data,
                        at_least=request.at_least,
                        extra_formats=request.extra_formats,
                        max_pixels=request.max_pixels,
                    )
                kept = False
                try:
                    shrunk = process.decode(request)
                    kept = needed <= LARGE  # what a large one took is given back to the system by ending it
                    return shrunk
                except DecodeError:
                    kept = needed <= LARGE
                    raise
                except MemoryError as exc:
                    raise DecodeError(
                        f"There is not enough memory for the {_kind(request)} picture.", SkipReason.TOO_LARGE
                    ) from exc
                except Stalled as exc:
                    raise DecodeError(
                        f"Decoding the {_kind(request)} picture took more than {exc} and was stopped.",
                        SkipReason.CRASHED,
                    ) from exc
                except Crash as exc:
                    # Perhaps somebody else ended the process: the system for lack of memory, or the user.
                    log.info("A %s picture ended its decoder (%s)", _kind(request), exc)
                    if last:
                        raise DecodeError(
                            f"The {_kind(request)} picture crashes the decoder: it is damaged, or made to do that.",
                            SkipReason.CRASHED,
                        ) from exc
                finally:
                    self._give_back(process, kept)
        raise AssertionError("the last try returns or raises")

    def close(self) -> None:
        """End all processes. Whoever still decodes goes on with new ones."""
        with self._changed:
            ended, self._processes, self._idle = self._processes, [], []
        for process in ended:
            process.end()

    @contextlib.contextmanager
    def _room(self, memory: int) -> Iterator[None]:
        """Wait for so many bytes, first come, first served; who needs more than there is has all of it."""
        me = object()
        with self._changed:
            self._queue.append(me)
            while self._queue[0] is not me or (self._memory and self._memory + memory > MOST_MEMORY):
                self._changed.wait()
            self._queue.popleft()
            self._memory += memory
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._memory -= memory
                self._changed.notify_all()

    def _take(self, fresh: bool) -> DecoderProcess | None:
        """One that is idle, or a new one; None where none can be had."""
        with self._changed:
            if self._idle and not fresh:
                process = self._idle.pop()
                process.begin(self._most_seconds)
                return process
            if self._failed_starts >= _MOST_FAILED_STARTS:
                return None
        try:
            process = DecoderProcess(self._program)
        except OSError as exc:
            self._failed(exc.strerror or str(exc))
            return None
        with self._changed:
            process.begin(START_SECONDS)
            self._processes.append(process)
            if not self._watching:
                self._watching = True
                threading.Thread(target=self._watch, name="decoders", daemon=True).start()
        try:
            limited = process.wait_until_ready()
        except (Crash, Stalled) as exc:
            self._give_back(process, kept=False)
            self._failed(f"it ends at once: {exc}")
            return None
        with self._changed:
            self._failed_starts = 0
            process.begin(self._most_seconds)
            said, self.unlimited = self.unlimited, self.unlimited or not limited
        if not limited and not said:
            log.info("The system does not limit the memory of the processes that decode pictures")
        return process

    def _failed(self, trouble: str) -> None:
        with self._changed:
            self._failed_starts += 1
            self._trouble = trouble
        log.info("No process that decodes pictures can be had: %s", trouble)

    def _give_back(self, process: DecoderProcess, kept: bool) -> None:
        with self._changed:
            process.rest()
            kept = kept and process in self._processes and not process.stalled
            if kept:
                self._idle.append(process)
            elif process in self._processes:
                self._processes.remove(process)
        if not kept:
            process.end()

    def _watch(self) -> None:
        """Runs in a thread of its own while there are processes: end those that stall, and those that idle.

        Time is counted in ticks, so that a computer's sleep is no one's fault.
        """
        before = time.monotonic()
        while True:
            time.sleep(_TICK)
            now = time.monotonic()
            passed, before = min(now - before, 4 * _TICK), now
            with self._changed:
                if not self._processes:
                    self._watching = False
                    return
                ended = []
                for process in self._processes:
                    process.age += passed
                    if process.age > (process.most_seconds if process.busy else self._idle_seconds):
                        ended.append(process)
                for process in ended:
                    if process.busy:
                        process.stalled = True
                    else:
                        self._idle.remove(process)
                        self._processes.remove(process)
            for process in ended:
                process.kill() if process.stalled else process.end()


def _kind(request: Request) -> str:
    return kind_name(sniff_format(request.data) or "")


shared = Decoders()
"""Those of this process."""


def _start_anew() -> None:
    """The pipes belong to the process that was copied."""
    global shared
    shared = Decoders()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
atexit.register(lambda: shared.close())
