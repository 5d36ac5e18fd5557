"""The real window on a real screen. One Tk root for all tests: a second one may abort the interpreter."""

from __future__ import annotations

import gc
import time
import tkinter as tk
from dataclasses import replace
from pathlib import Path
from typing import Callable, Iterator

import pytest

from ras.gui import window
from ras.gui.app import App
from ras.gui.bench import Bench
from ras.gui.theme import Theme
from ras.settings import Settings
from tests.display import missing, screen
from tests.gui.pictures import write_export

PLAIN = Settings(encoder="fingerprint", theme="dark", window_geometry="1240x800+0+0", download_clip=False)


@pytest.fixture(scope="session")
def root() -> Iterator[tk.Tk]:
    with screen():
        try:
            root = window.make_root()
        except tk.TclError as exc:
            missing(f"A screen ({exc})")
        yield root
        root.destroy()


@pytest.fixture(scope="session")
def theme(root: tk.Tk) -> Theme:
    return Theme(root)


@pytest.fixture(scope="session")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export with 24 pictures beside it and 4 dead links."""
    return write_export(tmp_path_factory.mktemp("export"), 28, expired=4)


class Driver:
    """Opens the window and lets it live until something is so."""

    def __init__(self, root: tk.Tk, theme: Theme) -> None:
        self.root, self.theme = root, theme
        self.apps: list[App] = []

    def open(self, bench: Bench | None = None, **settings: object) -> App:
        app = App(self.root, self.theme, replace(PLAIN, **settings), bench)  # type: ignore[arg-type]
        self.apps.append(app)
        self.root.deiconify()
        self.root.update()
        app.start()
        return app

    def until(self, true: Callable[[], object], seconds: float = 15.0) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, "the window did not come to what was waited for"
            self.root.update()
            time.sleep(0.003)

    def live(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.root.update()
            time.sleep(0.003)

    def press(self, widget: tk.Misc, keys: str) -> None:
        widget.focus_force()
        self.root.update()
        widget.event_generate(keys)
        self.root.update()


def bound(root: tk.Tk) -> dict[tuple[str, str], str]:
    """What the root window, and "all", do at which event: a script of Tcl."""
    return {(tag, event): root.tk.call("bind", tag, event) for tag in (".", "all") for event in root.bind_class(tag)}


@pytest.fixture
def driver(root: tk.Tk, theme: Theme) -> Iterator[Driver]:
    """The test fails when any callback of the window raised, unless it took the error from ``crashes.reported``."""
    driver = Driver(root, theme)
    before, commands = bound(root), set(root._tclCommands or ())  # type: ignore[attr-defined]
    yield driver
    reported = [error for app in driver.apps for error in app.crashes.reported]
    for app in driver.apps:
        app.stop()
    still_run = [worker.name for app in driver.apps for worker in app.workers.all if not worker.close(timeout=20)]
    # A menu that a test left posted: Tk would give the keyboard back to where it was then, in another test.
    root.tk.call("tk::MenuUnpost", "")
    root.tk.eval('set tk::Priv(focus) ""')
    for child in root.winfo_children():
        child.destroy()
    root.configure(menu="")
    # The root window stays. What a window bound to it would go on with every event of the next ones, ever more slowly.
    for tag, event in bound(root):
        root.tk.call("bind", tag, event, before.get((tag, event), ""))
    for command in set(root._tclCommands or ()) - commands:  # type: ignore[attr-defined]
        root.deletecommand(command)
    root.withdraw()
    root.update()
    gc.collect()  # here, not on a worker of the next test: variables of Tk are let go of on Tk's thread
    for error in reported:
        raise error
    assert not still_run, "threads of the window that closing it does not end"
