"""Names and texts that strangers chose: nothing of the window shows what could mislead or steer."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path
from tkinter import ttk

import pytest

from ras.gui.app import App
from tests.gui.conftest import Driver
from tests.program import gradient
from tests.reliability.hostile_words import hostile_export
from tests.reliability.tricks import tricks


def texts(widget: tk.Misc) -> list[str]:
    """All that a widget and those in it show or would show, menus too."""
    found = []
    if isinstance(widget, (tk.Tk, tk.Toplevel)):
        found.append(widget.title())
    if isinstance(widget, tk.Canvas):
        found += [widget.itemcget(item, "text") for item in widget.find_all() if widget.type(item) == "text"]
    elif isinstance(widget, tk.Text):
        found.append(widget.get("1.0", "end-1c"))
    elif isinstance(widget, tk.Menu):
        last = widget.index("end")
        kinds = [(entry, widget.type(entry)) for entry in range(0 if last is None else last + 1)]
        found += [widget.entrycget(entry, "label") for entry, kind in kinds if kind not in ("separator", "tearoff")]
    elif isinstance(widget, (tk.Entry, ttk.Entry)):
        found.append(widget.get())
    elif "text" in widget.keys():  # noqa: SIM118  a widget is no mapping
        found.append(str(widget.cget("text")))
    if isinstance(widget, ttk.Combobox):
        found += map(str, widget.cget("values"))
    for child in widget.winfo_children():
        found += texts(child)
    return found


def looked_at(driver: Driver, seen: list[str], state: str) -> None:
    driver.live(0.2)
    for text in texts(driver.root):
        assert not tricks(text), (state, ascii(text))
        seen.append(text)


@pytest.fixture
def app(driver: Driver, tmp_path: Path) -> App:
    export = hostile_export(tmp_path)
    query = tmp_path / "query \u202egnp\x1b[31m.png"
    query.write_bytes(gradient(1, 200))
    app = driver.open()
    app.inputs.open_archive([str(export)])
    driver.until(lambda: app.inputs.archive is not None)
    app.inputs.take_files([str(query)])
    driver.until(lambda: app.run.report is not None)
    return app


def test_no_state_of_the_window_shows_a_trick(driver: Driver, app: App) -> None:
    seen: list[str] = []
    looked_at(driver, seen, "results")
    app.show_rest()
    looked_at(driver, seen, "all results")
    for key in ("<Home>", "<Right>", "<End>"):
        driver.press(app.results.canvas, key)
        looked_at(driver, seen, f"result by {key}")
    for keys in (
        "<Control-Shift-M>",
        "<F4>",
        "<Escape>",
        "<Control-Shift-L>",
        "<Control-f>",
        "<Alt-a>",
        "<Escape>",
        "<Control-h>",
    ):
        driver.press(driver.root, keys)
        driver.live(0.3)
        looked_at(driver, seen, keys)
    driver.press(driver.root, "<Escape>")
    app.status.skipped.invoke()
    driver.until(lambda: app.report.window is not None)
    assert app.report.window is not None
    driver.until(app.report.window.list.canvas.winfo_ismapped)
    looked_at(driver, seen, "left out")
    whole = "\n".join(seen)
    for part in ("all your pictures were found", "calc", "<script>", "gnp.exe"):
        assert part in whole, f"{part} was not shown at all"
