"""The window of the first start, in a process of its own (one Tk root per process), driven by a set-up that is told."""

from __future__ import annotations

import subprocess
import sys
from typing import Iterator

import pytest

from ras.paths import REPOSITORY
from tests.display import missing, screen

PROGRAM = """
import sys, time
from pathlib import Path
from ras.gui import setup_window
from ras.launch.place import Place, SetupError
from ras.launch.events import Outcome, Plan, Step
from ras.launch.stages import STAGES
from ras.launch.state import State

if not setup_window.has_display():
    sys.exit("no display")
stopped, left_out, tries = [], [], []

def job():
    tries.append(1)
    yield Plan(STAGES, ("pip",), 277, 1188, True)
    yield Outcome("core", "done")
    if SCENE.startswith("fails") and len(tries) == 1:
        yield Step("torch", "Looking at PyTorch", 0.3)
        raise SetupError("The disk is full. Details are in setup.log.")
    try:
        for i in range(20 if SCENE in ("works", "fails") else 10_000):
            yield Step("torch", "Downloading torch 2.13.0", 0.3, i * 1_000_000, 190_000_000)
            time.sleep(0.01)
    finally:
        stopped.append(1)
    yield Outcome("torchvision", "failed", "It does not fit.")
    yield Outcome("faiss", "failed", "The network is away.")
    return State()

window = setup_window.SetupWindow(job, lambda: left_out.append(1) or True, Place(Path("env"), Path("setup.log")))

def texts(widget):
    found = [widget.cget("text")] if "text" in widget.keys() else []
    return found + [text for child in widget.winfo_children() for text in texts(child)]

seen = set()

def look():
    seen.update(texts(window.root))
    if SCENE == "cancelled" and any("Downloading" in text for text in seen):
        window._main.invoke()
    elif SCENE == "without" and any("Downloading" in text for text in seen):
        window._without.invoke()
    elif window._main.cget("text") == "Start":
        window._main.invoke()
    elif SCENE == "fails without" and window._main.cget("text") == "Try again":
        window._without.invoke()
    elif SCENE == "fails" and window._main.cget("text") == "Try again":
        window._main.invoke()
    if not window._closed:
        window.root.after(20, look)

window.root.after(20, look)
window.root.mainloop()
print(window.start, bool(left_out), bool(stopped), len(tries))
print(*seen, sep="\\n")
"""


@pytest.fixture(scope="module")
def display() -> Iterator[None]:
    with screen():
        yield


def play(scene: str) -> list[str]:
    program = PROGRAM.replace("SCENE", repr(scene))
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    if "no display" in run.stderr:
        missing("A screen")
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    return run.stdout.splitlines()


@pytest.mark.usefixtures("display")
def test_it_tells_size_stages_and_progress_and_then_starts() -> None:
    told = play("works")
    assert told[0] == "True False True 1"
    text = "\n".join(told)
    for words in (
        "about 277 MB to download, 1.2 GB on disk",
        "OpenCV",
        "PyTorch",
        "MB of 190 MB",
        "The network is away.",
        "RAS works without FAISS",
    ):
        assert words in text
    assert "It does not fit." not in text


@pytest.mark.usefixtures("display")
def test_cancel_stops_the_work_and_starts_nothing() -> None:
    told = play("cancelled")
    assert told[0] == "False False True 1"
    assert any("goes on from here" in text for text in told)


@pytest.mark.usefixtures("display")
def test_start_without_clip_leaves_the_rest_out() -> None:
    assert play("without")[0] == "True True True 1"
    assert play("fails without")[0] == "True True False 1"


@pytest.mark.usefixtures("display")
def test_a_failure_is_told_and_can_be_tried_again() -> None:
    told = play("fails")
    assert told[0] == "True False True 2"
    assert any("disk is full" in text for text in told)
