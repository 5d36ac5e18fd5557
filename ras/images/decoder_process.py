"""One process that decodes pictures, seen from the one that asks it."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
from typing import Iterator, cast

from PIL import Image

from ras.errors import DecodeError
from ras.images import messages
from ras.images.child import MOST_SECONDS
from ras.images.job_object import end_with_this
from ras.images.messages import ProtocolError, Request
from ras.images.shrunk import Shrunk
from ras.text import clean

PROGRAM = "from ras.images.child import main; main()"

_ROOT = os.path.abspath(__file__ + "/../../..")
"""Where the package ras lies."""
_KEPT_VARIABLES = (
    *("PATH", "SYSTEMROOT", "WINDIR", "TEMP", "TMP", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LIBPATH"),
    *("LD_PRELOAD", "LANG", "LC_ALL", "LC_CTYPE"),
)
"""Of the environment: others may hold secrets, such as a bot token."""

_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)
_GIVING_WAY = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
"""On Windows; see ``NICE`` in ``ras.images.child``."""

_SET_PIPE_SIZE = 1031
"""Linux's F_SETPIPE_SZ, which Python has a name for from 3.10 on."""
_PIPE_BYTES = 1 << 20

_TUNING = {
    **{"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    # glibc keeps memory for the next picture: to get it anew from the system each time took 5 ms of 30.
    **{"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": "100000000"},
}


class Crash(Exception):
    """The process ended, or went mad."""


class Stalled(Exception):
    """The process was ended for taking longer than the text says."""


class DecoderProcess:
    """Decodes one picture at a time. Its owner keeps ``age`` and kills it where that grows too large."""

    def __init__(self, program: str = PROGRAM) -> None:
        """Raises OSError where no process can be started."""
        self.busy = self.stalled = False
        self.age = 0.0
        """Seconds since it was taken or given back."""
        self.most_seconds = 0.0
        # Isolated, and with the paths of this process: nothing is imported from the folder that is current.
        paths = [_ROOT, *(os.path.abspath(path) for path in sys.path if path)]
        code = f"import sys; sys.path[:] = {paths!a}; {program}"
        options = [] if getattr(sys, "frozen", False) else ["-I", "-S"]
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, *options, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=os.path.dirname(sys.executable) or None,  # not one that somebody wants to remove
            env={**kept, **_TUNING},
            creationflags=_NO_WINDOW | _GIVING_WAY,
        )
        if sys.platform == "win32":  # elsewhere it hears that nobody asks any more, or has computed for too long
            end_with_this(int(self._process._handle))
        self.pid = self._process.pid
        self._band = bytearray()  # kept for the next picture: memory that is new each time costs a millisecond
        self._asks = cast(io.FileIO, self._process.stdin)
        self._answers = cast(io.FileIO, self._process.stdout)
        for pipe in (self._asks, self._answers):
            _widen(pipe)

    def begin(self, most_seconds: float) -> None:
        """It is to be killed where what comes takes longer."""
        self.busy, self.age, self.most_seconds = True, 0.0, most_seconds

    def rest(self) -> None:
        self.busy, self.age = False, 0.0

    def wait_until_ready(self) -> bool:
        """Whether its memory has a limit. Raises Crash or Stalled."""
        with self._translated():
            return messages.read_ready(self._answers)

    def decode(self, request: Request) -> Shrunk:
        """Raises DecodeError; and Crash or Stalled, or whatever interrupts it, after which it can only be ended."""
        with self._translated():
            messages.write_request(self._asks, request)
            kind = messages.read_kind(self._answers)
            if kind == messages.REFUSAL:
                reason, text = messages.read_refusal(self._answers)
                raise DecodeError(clean(text, longest=500), reason)
            if kind != messages.PICTURE:
                raise ProtocolError("it answers neither with a picture nor with a refusal")
            head = messages.read_head(self._answers)
            if not head.is_sound(request.max_pixels):
                raise ProtocolError("there is no such picture")
            return Shrunk(self._pixels(head), head.size, head.extent)

    def _pixels(self, head: messages.Head) -> Image.Image:
        width, height = head.decoded
        if height <= head.rows:
            return self._rows(width, height)
        image = Image.new("RGB", head.decoded)
        for top in range(0, height, head.rows):
            image.paste(self._rows(width, min(head.rows, height - top)), (0, top))
        return image

    def _rows(self, width: int, height: int) -> Image.Image:
        amount = 3 * width * height
        if amount > len(self._band):
            self._band = bytearray(amount)
        band = memoryview(self._band)[:amount]
        messages.read_pixels(self._answers, band)
        return Image.frombytes("RGB", (width, height), band)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ProtocolError) as exc:
            if self.stalled:
                raise Stalled(f"{self.most_seconds:g} s") from exc
            code = None
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self._process.wait(1)
            if code is not None and code == -getattr(signal, "SIGXCPU", 0) != 0:
                raise Stalled(f"{MOST_SECONDS} s") from exc
            raise Crash(str(exc) if code is None else f"signal {-code}" if code < 0 else f"code {code:#x}") from exc

    def kill(self) -> None:
        """Whoever waits for it hears of it; may be called by any thread."""
        with contextlib.suppress(OSError):
            self._process.kill()

    def end(self) -> None:
        self.kill()
        for pipe in (self._asks, self._answers):
            with contextlib.suppress(OSError):
                pipe.close()
        self._process.wait()


def _widen(pipe: io.FileIO) -> None:
    """So that the two sides take turns less often; where Linux allows it."""
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, _SET_PIPE_SIZE, _PIPE_BYTES)
