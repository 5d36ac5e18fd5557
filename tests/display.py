"""A screen for tests that open windows: the one there is, else Xvfb with a window manager."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import Iterator

import pytest


def missing(what: str) -> None:
    """A test cannot run for lack of a program: that fails in CI, and is a skip elsewhere."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is not installed; the tests of the window need it.", pytrace=False)
    pytest.skip(f"{what} is not installed")


def need(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            missing(program)


@contextmanager
def screen() -> Iterator[None]:
    """DISPLAY names a screen while this is open. Nothing is started where there is one, or none is needed."""
    if os.environ.get("DISPLAY") or sys.platform in ("win32", "darwin"):
        yield
        return
    need("Xvfb")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1600x1000x24", "-dpi", "96", "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as pipe:
        os.environ["DISPLAY"] = f":{pipe.readline().strip()}"
    manager = None
    if shutil.which("openbox") is not None:
        manager = subprocess.Popen(["openbox"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.3)
    try:
        yield
    finally:
        for process in (manager, server):
            if process is not None:
                process.terminate()
                process.wait(timeout=5)
        del os.environ["DISPLAY"]
