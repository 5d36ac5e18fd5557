"""The program in a process of its own, from its first window to the next start, by nothing but keys of a keyboard."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from tests.display import need, screen
from tests.gui.pictures import picture, write_export
from tests.program import REPOSITORY

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="driven by xdotool, which X11 has")
LINK = "https://discord.com/channels/5/7/10000{:02}"
"""To the message of a picture of the archive."""


class Keyboard:
    """Types into the program, and knows of it what is on the screen, on the clipboard and in its files."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ras"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "RAS_NO_ENV": "1"},
        )
        self.see("Reverse Archive Search")

    def end(self) -> tuple[int, str, str]:
        """Wait for it: exit status, and what it wrote."""
        assert self.process is not None
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err

    def press(self, *keys: str) -> None:
        subprocess.run(["xdotool", "key", "--delay", "40", *keys], check=True)

    def write(self, text: str) -> None:
        subprocess.run(["xdotool", "type", "--delay", "8", text], check=True)

    def until(self, true: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + 40
        while not true():
            crashes = [report.read_text("utf-8") for report in (self._home / "crashes").glob("*")]
            assert time.monotonic() < deadline, f"{what} did not come; there is {self.front!r} {crashes}"
            assert self.process is None or self.process.poll() is None, self.process.communicate()
            time.sleep(0.1)

    def see(self, title: str) -> None:
        """Wait for a window of this title that has the keyboard."""
        self.until(lambda: title in self.front, f"“{title}”")
        time.sleep(0.2)  # until it has settled where in it the keyboard is

    def press_until(self, *keys: str, title: str) -> None:
        """Again and again, until this window comes of it: at first there may be nothing that the keys are for."""

        def is_there() -> bool:
            for key in keys:
                self.press(key)
                time.sleep(0.3)
            since = time.monotonic()
            while title not in self.front and time.monotonic() - since < 3:
                time.sleep(0.1)
            return title in self.front

        self.until(is_there, f"“{title}”")

    @property
    def front(self) -> str:
        """The title of the window with the keyboard."""
        done = subprocess.run(["xdotool", "getactivewindow", "getwindowname"], capture_output=True, encoding="utf-8")
        return done.stdout.strip()

    def copied(self, keys: str, pattern: str, *, other_than: str = "") -> str:
        """Press keys until they have brought what looks like this to the clipboard."""
        found = ""

        def is_there() -> bool:
            nonlocal found
            self.press(keys)
            asked = ["xclip", "-selection", "clipboard", "-o"]
            found = subprocess.run(asked, capture_output=True, encoding="utf-8", errors="replace", timeout=20).stdout
            return re.fullmatch(pattern, found) is not None and found != other_than

        self.until(is_there, pattern)
        return found

    def setting(self, name: str) -> Any:
        file = self._home / "settings.json"
        return json.loads(file.read_text("utf-8")).get(name) if file.exists() else None


@pytest.fixture
def keyboard(ras_home: Path) -> Iterator[Keyboard]:
    need("xdotool", "xclip", "openbox")
    with screen():
        settings = {
            "encoder": "fingerprint",
            "download_clip": False,
            "theme": "dark",
            "window_geometry": "1100x760+0+0",
        }
        (ras_home / "settings.json").write_text(json.dumps(settings))
        keyboard = Keyboard(ras_home)
        try:
            yield keyboard
        finally:
            if keyboard.process is not None:
                keyboard.process.kill()
                keyboard.process.communicate()


def test_all_of_it_without_a_mouse_and_all_of_it_is_there_after_a_restart(keyboard: Keyboard, tmp_path: Path) -> None:
    export = write_export(tmp_path, 12)
    query, saved = tmp_path / "query.jpg", tmp_path / "found.json"
    picture(5).save(query, quality=80)

    # An archive, a picture, what is found, and a file of it.
    keyboard.start()
    keyboard.press_until("ctrl+o", title="Open Discord archives")
    keyboard.write(str(export))
    keyboard.press("Return")
    keyboard.until(lambda: keyboard.setting("last_archive") == [str(export)], "the archive")
    keyboard.see("Reverse Archive Search")
    keyboard.press("ctrl+shift+o")
    keyboard.see("Choose the picture to search for")
    keyboard.write(str(query))
    keyboard.press("Return")
    keyboard.see("Reverse Archive Search")
    keyboard.press_until("ctrl+s", title="Save results")  # once all of them are there
    keyboard.press("ctrl+slash")
    keyboard.write(str(saved))
    keyboard.press("Return")
    keyboard.until(saved.exists, "the file")
    assert json.loads(saved.read_text("utf-8-sig"))["results"][0]["file_name"] == "view-005.png"

    # Among the results, and compared with the query.
    keyboard.see("view-005.png: ")
    best = keyboard.copied("ctrl+shift+c", LINK.format(r"\d\d"))
    assert best == LINK.format("05")
    keyboard.press("F7")  # to the first of those that are less alike
    second = keyboard.copied("ctrl+shift+c", LINK.format(r"\d\d"), other_than=best)
    keyboard.press("Right")
    third = keyboard.copied("ctrl+shift+c", LINK.format(r"\d\d"), other_than=second)
    keyboard.press("Home")
    assert keyboard.copied("ctrl+shift+c", LINK.format(r"\d\d"), other_than=third) == best
    keyboard.press("F4")
    keyboard.see("view-005.png – RAS")
    keyboard.press("Escape")
    keyboard.see("Reverse Archive Search")

    # A setting: back from the first page to the last field on it, past the row of buttons.
    keyboard.press("ctrl+comma")
    keyboard.see("Settings")
    keyboard.press(*["shift+Tab"] * 6, "ctrl+slash")
    keyboard.write("37")
    keyboard.press("ctrl+Return")
    keyboard.until(lambda: keyboard.setting("top_k") == 37, "the setting")
    keyboard.see("Reverse Archive Search")
    keyboard.press("ctrl+shift+l")
    keyboard.until(lambda: keyboard.setting("results_as_list") is True, "the list")
    keyboard.press("ctrl+q")
    assert keyboard.end() == (0, "", "")

    # The next start has the archive, the settings, and the query among the recent ones.
    keyboard.start()
    assert (keyboard.setting("top_k"), keyboard.setting("results_as_list")) == (37, True)
    keyboard.see("Wanderers")
    keyboard.press_until("ctrl+h", "Down", "Return", title="view-005.png: ")
    keyboard.copied("ctrl+shift+c", best, other_than=second)
    keyboard.press("ctrl+q")
    assert keyboard.end() == (0, "", "")
