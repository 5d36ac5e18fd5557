"""The Help menu: shortcuts as they are bound, the log, and about the program."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path
from typing import Any, Iterator

import pytest

from ras import __version__
from ras.gui.app import App
from ras.gui.commands import Command, key_sequences, shown_keys
from ras.gui.help_menu import shortcut_groups
from tests.gui.conftest import Driver
from tests.gui.streams import StreamBench


@pytest.fixture
def app(driver: Driver) -> App:
    return driver.open(StreamBench(rounds=1, shown=3))


def windows(app: App, title: str) -> list[tk.Toplevel]:
    found = [child for child in app.root.winfo_children() if isinstance(child, tk.Toplevel)]
    return [window for window in found if title in window.title()]


def texts(widget: tk.Misc) -> Iterator[str]:
    for child in widget.winfo_children():
        if child.winfo_class() == "TLabel":
            yield str(child.cget("text"))
        yield from texts(child)


def choose(app: App, label: str) -> None:
    next(entry for entry in app.menu_bar.entries if isinstance(entry, Command) and entry.label == label).run()


def test_f1_lists_every_shortcut_that_is_bound(driver: Driver, app: App) -> None:
    driver.press(app.root, "<F1>")
    (window,) = windows(app, "Keyboard shortcuts")
    driver.live(0.2)
    listed = list(texts(window))
    commands = [entry for entry in app.menu_bar.entries if isinstance(entry, Command) and entry.keys]
    assert len(commands) > 10
    for entry in commands:
        assert entry.label.rstrip(" …") in listed
        assert all(app.root.bind(keys) for keys in key_sequences(entry.keys, app.root))
    for action in app.actions.in_menu:
        if action is not None and action.keys:
            assert action.label.rstrip(" …") in listed
            for keys in key_sequences(action.sequence, app.root) if action.sequence else ():
                assert app.root.bind(keys) or app.results.canvas.bind(keys), keys
    assert {"Ctrl", "Shift", ",", "+"} <= set(listed)
    driver.press(app.root, "<F1>")
    assert windows(app, "Keyboard shortcuts") == [window]
    driver.press(window, "<Escape>")
    assert not windows(app, "Keyboard shortcuts")


def test_no_keys_are_listed_twice(app: App) -> None:
    keys = [keys for _, rows in shortcut_groups(app) for _, keys in rows]
    assert len(keys) == len(set(keys))
    assert next(heading for heading, _ in shortcut_groups(app)) == "File"


def test_all_shortcuts_are_within_the_window(driver: Driver, app: App) -> None:
    for geometry in ("1240x800", "900x600"):
        app.root.geometry(geometry)
        driver.live(0.1)
        driver.press(app.root, "<F1>")
        (window,) = windows(app, "Keyboard shortcuts")
        driver.live(0.3)
        assert window.winfo_width() <= app.root.winfo_width()

        def right(widget: tk.Misc) -> int:
            edges = [right(child) for child in widget.winfo_children() if child.winfo_ismapped()]
            return max([widget.winfo_rootx() + widget.winfo_width(), *edges])

        assert right(window) <= window.winfo_rootx() + window.winfo_width()
        window.destroy()


def test_about_tells_versions_and_copies_them(driver: Driver, app: App, ras_home: Path) -> None:
    choose(app, "About")
    driver.until(lambda: windows(app, "About"))
    (window,) = windows(app, "About")
    said = list(texts(window))
    for part in (
        __version__,
        "PyTorch",
        "FAISS",
        "OpenCV",
        "Pillow",
        "Licence",
        f"Tk {app.root.tk.call('info', 'patchlevel')}",
    ):
        assert any(part in line for line in said), part
    copy = next(child for child in window.winfo_children()[0].winfo_children()[1].winfo_children() if _is_copy(child))
    copy.invoke()  # type: ignore[attr-defined]
    copied = app.root.clipboard_get()
    assert f"Reverse Archive Search: {__version__}" in copied
    assert f"Data folder: {ras_home}" in copied


def _is_copy(widget: tk.Misc) -> bool:
    return widget.winfo_class() == "TButton" and str(widget.cget("text")) == "Copy"


def test_the_log_file_is_shown(driver: Driver, app: App, ras_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[str, str]] = []
    monkeypatch.setattr("ras.gui.links.open_folder", lambda path: shown.append(("folder", path)))
    monkeypatch.setattr("ras.gui.links.show_in_folder", lambda path: shown.append(("file", path)))
    choose(app, "Show the log file")
    driver.until(lambda: shown)
    assert shown == [("folder", str(ras_home / "logs"))]
    assert (ras_home / "logs").is_dir()
    (ras_home / "logs" / "ras.log").write_text("a line\n", "utf-8")
    choose(app, "Show the log file")
    driver.until(lambda: len(shown) == 2)
    assert shown[1] == ("file", str(ras_home / "logs" / "ras.log"))


def test_buttons_without_words_say_what_they_do(driver: Driver, app: App) -> None:
    app.notices.say("something")
    driver.live(0.1)
    button = app.notices._close
    button.event_generate("<Enter>")
    driver.until(lambda: _tip(button))
    assert _tip(button) == ["Close this notice"]
    button.event_generate("<Leave>")
    assert _tip(button) == []


def _tip(widget: tk.Misc) -> list[str]:
    tops = [child for child in widget.winfo_children() if isinstance(child, tk.Toplevel)]
    return [str(label.cget("text")) for top in tops for label in top.winfo_children()]


def test_short_labels_are_told_in_full(app: App) -> None:
    from ras.gui.action_board import Action, ActionBoard

    board = ActionBoard(app.root, app.theme, [Action("Open it in the app", "Shift+Enter", lambda _result: None)])
    (action, _), = board.buttons  # fmt: skip
    assert board._told(action) == "Open it in the app (Shift+Enter)"
    refused: Any = Action("Open it", "", lambda _result: None, lambda _result: "It is gone.")
    board._result = object()  # type: ignore[assignment]
    assert board._told(refused) == "It is gone."
    assert shown_keys("Shift-Return", aqua=False) == "Shift+Enter"
