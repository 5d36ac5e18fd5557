"""Programs for processes that decode pictures, and do harm where a picture has a mark behind its end."""

from __future__ import annotations

from ras.images.decoder_process import PROGRAM

HONEST = PROGRAM

MARKED = r"""
import os, sys, time
from ras.errors import DecodeError, SkipReason
from ras.images import child

honest = child.decode_shrunk

def decode(data, **options):
    if data.endswith(b"CRASH"):
        os.abort()
    if data.endswith(b"SEGV"):
        import ctypes
        ctypes.string_at(0)
    while data.endswith(b"STALL"):
        pass
    if data.endswith(b"SLOW"):
        time.sleep(2.5)
    if data.endswith(b"FOREVER"):
        child.MOST_SECONDS = 1
        child._limit_time()
        while True:
            pass
    if data.endswith(b"GREED"):
        try:
            kept = bytearray(3_000_000_000)
        except MemoryError:
            raise DecodeError("There is not enough memory.", SkipReason.TOO_LARGE)
    if data.endswith(b"TELL"):
        written = -1
        try:
            with open(os.path.join(os.environ.get("TMPDIR", "/tmp"), "ras-told"), "wb") as file:
                written = os.write(file.fileno(), b"x")
        except OSError:
            written = 0
        secrets = sum("secret" in value for value in os.environ.values())
        raise DecodeError(f"{secrets} secrets, written {written}, of {sorted(os.environ)}", SkipReason.DAMAGED)
    return honest(data, **options)

child.decode_shrunk = decode
child.main()
"""


def answering(answer: bytes) -> str:
    """One that says this to whatever it is asked, and no more."""
    return f"""
import sys
from ras.images import messages
from io import FileIO
source, target = FileIO(0, "rb", closefd=False), FileIO(1, "wb", closefd=False)
messages.write_ready(target)
messages.read_request(source)
messages.write_pixels(target, {answer!r})
"""
