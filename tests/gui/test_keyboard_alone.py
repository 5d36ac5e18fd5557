"""Windows that are gone through by real keys alone, from field to field and back."""

from __future__ import annotations

import subprocess
import sys
import tkinter as tk
from dataclasses import replace
from typing import Callable

import pytest

from ras.gui.app import App
from ras.gui.settings_window import SettingsWindow
from ras.settings import load_settings
from tests.display import need
from tests.gui.conftest import PLAIN, Driver
from tests.gui.pictures import picture
from tests.gui.streams import AnswerBench, StreamBench, judged

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="driven by xdotool, which X11 has")


class Keyboard:
    """The keys go to the window that the window manager gave the keyboard to."""

    def __init__(self, driver: Driver) -> None:
        need("xdotool", "openbox")
        self._driver = driver

    def press(self, *keys: str) -> None:
        subprocess.run(["xdotool", "key", *keys], check=True)
        self._driver.live(0.1)

    def write(self, text: str) -> None:
        subprocess.run(["xdotool", "type", text], check=True)
        self._driver.live(0.2)

    def go_to(self, widget: tk.Misc, key: str = "Tab") -> None:
        """By Tab, as often as it takes."""
        for _ in range(40):
            if self.place is widget:
                return
            self.press(key)
        raise AssertionError(f"{key} never comes to {widget}")

    def until(self, true: Callable[[], object], key: str) -> None:
        for _ in range(40):
            if true():
                return
            self.press(key)
        raise AssertionError(f"{key} does not lead there")

    @property
    def place(self) -> tk.Misc | None:
        return self._driver.root.focus_get()


@pytest.fixture
def keyboard(driver: Driver) -> Keyboard:
    return Keyboard(driver)


@pytest.fixture
def app(driver: Driver) -> App:
    app = driver.open(StreamBench(rounds=1, shown=3))
    driver.until(lambda: app.encoder.facts is not None)
    driver.root.focus_force()
    driver.live(0.3)
    return app


def opened(driver: Driver, app: App, keyboard: Keyboard) -> SettingsWindow:
    keyboard.press("ctrl+comma")
    driver.until(lambda: app.settings_change.window is not None and app.settings_change.window.exists)
    window = app.settings_change.window
    assert window is not None
    driver.until(lambda: keyboard.place is window.page_buttons["Searching"])
    return window


def test_every_kind_of_setting_is_changed_and_taken(driver: Driver, app: App, keyboard: Keyboard) -> None:
    window = opened(driver, app, keyboard)
    number, tick = window.rows["top_k"].control, window.rows["keep_queries"].control
    keyboard.go_to(tick)
    keyboard.press("space")
    keyboard.go_to(number)
    keyboard.press("ctrl+slash")
    keyboard.write("0")
    assert window.said == "1 setting cannot be taken: see Searching."
    keyboard.press("BackSpace")
    keyboard.write("50")
    keyboard.press("ctrl+Next")
    keyboard.press("ctrl+Next")
    lines = window.rows["allowed_hosts"].control
    keyboard.go_to(lines)
    keyboard.write("cdn.example.org")
    keyboard.press("ctrl+Next", "ctrl+Next")
    choice = window.rows["theme"].control
    keyboard.go_to(choice)
    keyboard.press("space")
    menu = choice.nametowidget(str(choice.cget("menu")))
    driver.until(menu.winfo_ismapped)
    keyboard.press("Down")
    keyboard.press("Return")
    driver.until(lambda: not menu.winfo_ismapped() and "theme" in window.changed)
    keyboard.go_to(window.ok_button)
    keyboard.press("Return")
    driver.until(lambda: not window.exists)
    changed = replace(PLAIN, top_k=50, keep_queries=not PLAIN.keep_queries, allowed_hosts=("cdn.example.org",))
    assert app.settings == replace(changed, theme=app.settings.theme)
    assert app.settings.theme != PLAIN.theme
    driver.until(lambda: load_settings() == app.settings)


def test_escape_takes_nothing_and_the_keyboard_is_in_the_window_again(
    driver: Driver, app: App, keyboard: Keyboard
) -> None:
    window = opened(driver, app, keyboard)
    keyboard.go_to(window.rows["top_k"].control, "shift+Tab")
    keyboard.press("Up")
    assert window.changed == {"top_k": PLAIN.top_k + 1}
    keyboard.press("Escape")
    assert not window.exists
    assert app.settings == PLAIN
    driver.until(lambda: keyboard.place is not None)
    keyboard.press("F1")
    shown = [child for child in app.root.winfo_children() if isinstance(child, tk.Toplevel)]
    assert [window.title().split(" –")[0] for window in shown if window.winfo_viewable()] == ["Keyboard shortcuts"]


def test_tab_goes_only_to_what_is_seen(driver: Driver, keyboard: Keyboard) -> None:
    def walked() -> list[tk.Misc]:
        """Once round, each of it uppermost where it stands."""
        places: list[tk.Misc] = []
        while True:
            keyboard.press("Tab")
            place = keyboard.place
            assert place is not None
            if place in places:
                return places
            x, y = place.winfo_rootx() + place.winfo_width() // 2, place.winfo_rooty() + place.winfo_height() // 2
            assert place.winfo_containing(x, y) is place, f"{place} is covered"
            places.append(place)

    app = driver.open(AnswerBench(judged(alike=3)))
    driver.until(lambda: app.encoder.facts is not None)
    driver.root.focus_force()
    driver.live(0.3)
    assert app.results.canvas not in walked()
    app.inputs.open_archive(["stream.json"])
    driver.until(lambda: app.inputs.archive is not None)
    app.inputs.load_query(picture(1), "one")
    driver.until(lambda: app.run.report is not None)
    driver.live(0.5)
    assert {app.results.canvas, app.centre.bar.order_button, app.centre.bar.list_button} <= set(walked())
