"""What a process does that decodes pictures for another one: it answers until nobody asks any more.

It decodes what strangers made, and so has as little as possible to lose: no more memory than a picture takes, no file
that it could write, no core file when it crashes. Its answers are pixels or a sentence.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import time
from io import FileIO
from typing import TYPE_CHECKING

from ras.errors import DecodeError
from ras.images import messages
from ras.images.decoding import decode_shrunk
from ras.images.memory import most_memory, needed_memory

if TYPE_CHECKING:
    from ras.images.job_object import JobObject

ROOM = 256_000_000
"""Bytes that the process may take beside the picture's pixels: for Python, Pillow, NumPy, texts and profiles."""

NICE = 5
"""What is added to the process's niceness: the window, which must draw meanwhile, gets three times as much of a core.
"""

MOST_SECONDS = 20
"""That the process may compute for one picture, where the system counts that (Windows does not); then it ends."""

_job: JobObject | None = None
"""What limits this process on Windows, once there is one."""


def main() -> None:
    """Answer on what was standard output; nothing else can get into it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: it is meant for the program
    source, target = FileIO(0, "rb", closefd=False), FileIO(os.dup(1), "wb")
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), 1)
    sys.dont_write_bytecode = True
    _give_way()
    _confine()
    messages.write_ready(target, _limit_memory(ROOM + most_memory(0)))
    while True:
        try:
            request = messages.read_request(source)
        except (messages.ProtocolError, OSError):
            return
        _answer(target, request)


def _answer(target: FileIO, request: messages.Request) -> None:
    needed = needed_memory(request.data, request.at_least) or most_memory(request.max_pixels)
    _limit_time()
    _limit_memory(ROOM + 2 * len(request.data) + min(needed, most_memory(request.max_pixels)))
    try:
        shrunk = decode_shrunk(
            request.data,
            at_least=request.at_least,
            extra_formats=request.extra_formats,
            max_pixels=request.max_pixels,
        )
    except DecodeError as exc:
        messages.write_refusal(target, exc.reason, str(exc))
        return
    image = shrunk.image
    head = messages.Head(shrunk.size, image.size, shrunk.extent)
    _limit_memory(ROOM + most_memory(request.max_pixels))  # a band more than the picture took
    messages.write_head(target, head)
    for top in range(0, image.height, head.rows):
        box = (0, top, image.width, min(image.height, top + head.rows))
        band = image if image.height <= head.rows else image.crop(box)
        messages.write_pixels(target, band.tobytes())


def _give_way() -> None:
    """On Windows who starts it sees to that."""
    if sys.platform != "win32":
        os.nice(NICE)


def _confine() -> None:
    if sys.platform == "win32":
        import msvcrt

        # A crash must end it at once, and not ask in a window whether to look for a solution.
        msvcrt.SetErrorMode(
            msvcrt.SEM_FAILCRITICALERRORS | msvcrt.SEM_NOGPFAULTERRORBOX | msvcrt.SEM_NOOPENFILEERRORBOX
        )
    for what in ("CORE", "FSIZE"):
        _limit(what, 0, for_good=True)


def _limit_time() -> None:
    _limit("CPU", math.ceil(time.process_time()) + MOST_SECONDS)


def _limit_memory(amount: int) -> bool:
    """Whether the system does that: Linux counts all of it, macOS a part, Windows what it has promised (commit)."""
    if sys.platform != "win32":
        return _limit("DATA", amount)
    global _job
    try:
        if _job is None:
            from ras.images.job_object import JobObject

            job = JobObject()
            job.add_this()
            _job = job
        _job.limit_memory(amount)
    except OSError:  # the process that asks tells the user
        return False
    return True


def _limit(what: str, amount: int, for_good: bool = False) -> bool:
    if sys.platform == "win32":  # it has none of them
        return False
    import resource

    which = getattr(resource, f"RLIMIT_{what}")
    _, hard = resource.getrlimit(which)
    soft = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
    # A system that refuses a limit decodes without it: else every picture would seem to crash the decoder.
    try:
        resource.setrlimit(which, (soft, soft if for_good else hard))
    except (OSError, ValueError):
        return False
    return True
