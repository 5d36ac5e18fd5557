"""Two starts of the program on a real screen: the second hands its files to the window of the first."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from ras.desktop.freedesktop import desktop_entry
from tests.display import need, screen
from tests.program import REPOSITORY, local_export, picture

CLASS = next(
    line.partition("=")[2]
    for line in desktop_entry(["ras"], open_json=False).splitlines()
    if line.startswith("StartupWMClass=")
)
"""By which a desktop knows whose a window is."""

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="looks at windows through X11")


@pytest.fixture(scope="module", autouse=True)
def desktop() -> Iterator[None]:
    need("xprop", "xdotool", "openbox")
    with screen():
        yield


class Windows:
    """The processes that a test starts, and what is to be seen of them."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.processes: list[subprocess.Popen[str]] = []
        settings = {"encoder": "fingerprint", "download_clip": False, "theme": "dark", "window_geometry": "900x600+0+0"}
        (home / "settings.json").write_text(json.dumps(settings))

    def start(self, *arguments: object, program: str = "module", cwd: Path | None = None) -> subprocess.Popen[str]:
        run = ["-m", "ras"] if program == "module" else [str(REPOSITORY / program)]
        process = subprocess.Popen(
            [sys.executable, *run, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "RAS_NO_ENV": "1"},
        )
        self.processes.append(process)
        return process

    def open(self, *arguments: object) -> subprocess.Popen[str]:
        """Start, and wait for the window."""
        before = len(self.seen())
        process = self.start(*arguments)
        self.until(lambda: process.poll() is not None or len(self.seen()) == before + 1)
        assert process.poll() is None, process.communicate()
        return process

    def hand_over(self, *arguments: object, **how: Any) -> None:
        """Start, and wait for its end: a success that says nothing."""
        process = self.start(*arguments, **how)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (0, "", "")

    def until(self, true: Callable[[], object], seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, f"it did not come to that; the windows: {self.seen()}"
            time.sleep(0.05)

    def seen(self) -> dict[str, dict[str, str]]:
        """The windows of RAS that the window manager has: id → properties."""
        found = {}
        for window in re.findall(r"0x[0-9a-f]+", said("xprop", "-root", "_NET_CLIENT_LIST")):
            about = said("xprop", "-id", window, "WM_CLASS", "_NET_WM_NAME", "WM_STATE")
            if f'"{CLASS}"' in about:
                title = re.search(r'_NET_WM_NAME.*= "(.*)"', about)
                found[window] = {"title": title.group(1) if title else "", "all": about}
        return found

    @property
    def titles(self) -> list[str]:
        return [about["title"] for about in self.seen().values()]

    def end(self) -> None:
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
            process.kill()
            process.communicate()
        self.until(lambda: not self.seen())


def said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False).stdout


@pytest.fixture
def windows(ras_home: Path) -> Iterator[Windows]:
    windows = Windows(ras_home)
    yield windows
    windows.end()


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return local_export(tmp_path / "an export", 1, 2, 3)


def test_the_files_of_a_second_start_are_opened_in_the_window_of_the_first(windows: Windows, export: Path) -> None:
    first = windows.open()
    assert windows.titles == ["Reverse Archive Search"]
    windows.hand_over(export)
    windows.until(lambda: windows.titles[0] != "Reverse Archive Search")
    assert len(windows.seen()) == 1
    assert first.poll() is None
    assert json.loads((windows.home / "settings.json").read_text("utf-8"))["last_archive"] == [str(export)]


@pytest.mark.parametrize("program", ["module", "run_app.py"])
def test_a_relative_path_and_a_url_are_what_they_are_where_the_second_starts(
    windows: Windows, export: Path, tmp_path: Path, program: str
) -> None:
    windows.open()
    windows.hand_over(export.name, cwd=export.parent, program=program)
    windows.until(lambda: windows.titles[0] != "Reverse Archive Search")
    other = local_export(tmp_path / "ein anderer Ördner", 4)
    windows.hand_over(other.as_uri(), program=program)
    windows.until(
        lambda: json.loads((windows.home / "settings.json").read_text("utf-8"))["last_archive"] == [str(other)]
    )


def test_it_comes_to_the_front(windows: Windows) -> None:
    windows.open()
    [window] = windows.seen()
    code = "import tkinter as tk; root = tk.Tk(); root.geometry('900x700+0+0'); root.title('in front'); root.mainloop()"
    cover = subprocess.Popen([sys.executable, "-c", code])
    try:
        windows.until(lambda: front() != window and front() in said("xdotool", "search", "--name", "in front").split())
        windows.hand_over()
        windows.until(lambda: int(front()) == int(window, 16))
        windows.until(lambda: int(said("xdotool", "getactivewindow") or 0) == int(window, 16))
    finally:
        cover.kill()
        cover.wait()


def front() -> str:
    """The topmost window, as a decimal number."""
    stacked = re.findall(r"0x[0-9a-f]+", said("xprop", "-root", "_NET_CLIENT_LIST_STACKING"))
    return str(int(stacked[-1], 16)) if stacked else "0"


def test_it_comes_back_from_the_taskbar(windows: Windows) -> None:
    windows.open()
    [window] = windows.seen()
    said("xdotool", "windowminimize", str(int(window, 16)))
    windows.until(lambda: "window state: Iconic" in windows.seen()[window]["all"])
    windows.hand_over()
    windows.until(lambda: "window state: Normal" in windows.seen()[window]["all"])


def test_another_window_is_opened_when_it_is_asked_for(windows: Windows, export: Path) -> None:
    windows.open()
    windows.open("--new-window", export)
    windows.until(lambda: "Reverse Archive Search" in windows.titles and len(set(windows.titles)) == 2)


def test_after_a_crash_the_next_start_is_the_window(windows: Windows, export: Path) -> None:
    windows.open().kill()
    windows.until(lambda: not windows.seen())
    second = windows.open(export)
    windows.hand_over()
    assert second.poll() is None


def test_a_window_that_hangs_does_not_hang_the_next_start(windows: Windows, export: Path) -> None:
    windows.open().send_signal(signal.SIGSTOP)
    second = windows.open(export)
    assert second.poll() is None


def test_closed_it_ends_and_leaves_nothing_that_listens(windows: Windows) -> None:
    first = windows.open()
    [window] = windows.seen()
    windows.until(lambda: (windows.home / "window.json").exists())

    def quit_by_keyboard() -> bool:
        said("xdotool", "windowactivate", "--sync", str(int(window, 16)))
        said("xdotool", "key", "--clearmodifiers", "ctrl+q")
        time.sleep(0.5)  # a key that comes before the window has the focus is lost
        return first.poll() is not None

    windows.until(quit_by_keyboard)
    assert first.returncode == 0
    left = {path.name for path in windows.home.iterdir()}
    assert not {"window.json", "window.socket"} & left
    windows.open()


def test_closed_while_it_is_drawn_it_ends(windows: Windows) -> None:
    """Tk cannot leave a loop that has not begun: such a window was gone, and its process stayed for ever."""
    hasty = """
import sys
from ras.gui import app, start
from ras.settings import Settings

class Hasty(app.App):
    def __init__(self, *parts):
        super().__init__(*parts)
        self.root.after_idle(self.close)

app.App = Hasty
sys.exit(start.run(Settings(encoder="fingerprint", download_clip=False), []))
"""
    done = subprocess.run([sys.executable, "-c", hasty], cwd=REPOSITORY, timeout=30, check=False)
    assert done.returncode == 0


def test_an_archive_and_a_picture_are_opened_and_searched(windows: Windows, export: Path, tmp_path: Path) -> None:
    """What a second start does not hand over, because there is no window, its own opens."""
    windows.open(export, picture(tmp_path / "query.png", 2))
    log = windows.home / "logs" / "ras.log"
    windows.until(lambda: windows.titles[0] != "Reverse Archive Search")
    assert not log.exists() or "Traceback" not in log.read_text("utf-8")


def test_the_taskbar_knows_it_by_its_class_and_its_icon(windows: Windows) -> None:
    windows.open()
    [window] = windows.seen()

    def icons() -> list[int]:
        numbers = said("xprop", "-id", window, "-len", "4000000", "32c", "_NET_WM_ICON").partition("=")[2]
        values = [int(number) for number in numbers.split(",")] if numbers.strip() else []
        sizes, place = [], 0
        while place < len(values):
            sizes.append(values[place])
            assert values[place] == values[place + 1]
            place += 2 + values[place] ** 2
        return sizes

    windows.until(lambda: 256 in icons())  # until then, it has Tk's
    assert sorted(icons()) == [16, 24, 32, 48, 64, 128, 256]
