"""What the window's buttons, lists and menus do when a real mouse clicks on them."""

from __future__ import annotations

import os
import sys
import tkinter as tk
from pathlib import Path

import pytest

from ras.gui import links
from ras.gui.app import App
from tests.cdn_double import CdnDouble
from tests.display import need
from tests.gui.conftest import Driver
from tests.gui.pictures import picture, write_export
from tests.gui.streams import StreamBench
from tests.gui.test_batch import saved
from tests.gui.test_drop_and_paste import dragged, hand
from tests.gui.test_indexing import AMOUNT, Gate, opened, settled
from tests.gui.test_search_in_the_window import searched

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="driven by xdotool, which X11 has")


def click(driver: Driver, widget: tk.Misc | str, at: tuple[int, int] | None = None, *, button: int = 1) -> None:
    """In its middle, or so far from its corner."""
    need("xdotool")
    driver.root.update()
    left, top, width, height = (
        int(driver.root.tk.call("winfo", what, widget)) for what in ("rootx", "rooty", "width", "height")
    )
    x, y = at or (width // 2, height // 2)
    hand(driver, [f"mousemove {left + x} {top + y}", f"click {button}"])
    driver.live(0.2)


def click_entry(driver: Driver, menu: tk.Menu | str, label: str) -> str:
    """Of a menu that is to be seen; what it opens."""
    call = driver.root.tk.call
    driver.until(lambda: call("winfo", "ismapped", menu))
    driver.live(0.3)  # it is mapped before it has its place, and a click goes elsewhere
    (place,) = (
        place
        for place in range(int(call(menu, "index", "end")) + 1)
        if call(menu, "type", place) != "separator" and call(menu, "entrycget", place, "-label") == label
    )
    click(driver, menu, (int(call(menu, "xposition", place)) + 12, int(call(menu, "yposition", place)) + 8))
    return str(call(menu, "entrycget", place, "-menu")) if call(menu, "type", place) == "cascade" else ""


def menu_bar(driver: Driver) -> str:
    """Tk shows a copy of it."""
    children = driver.root.tk.splitlist(driver.root.tk.call("winfo", "children", "."))
    return next(str(path) for path in children if str(path).startswith(".#") and "menubar" in str(path))


def button(app: App, label: str) -> tk.Widget:
    """Of what can be done with the selected result."""
    return next(button for action, button in app.details.board.buttons if action.label == label)


def test_a_search_is_begun_and_cancelled_by_its_button_and_begun_again_by_a_key(driver: Driver) -> None:
    app = driver.open(StreamBench(rounds=4, shown=5, endless=True, pause=0.01))
    app.inputs.open_archive(["stream.json"])
    driver.until(lambda: app.inputs.archive is not None)
    app.inputs.load_query(picture(1), "one")
    driver.until(lambda: app.run.running and app.results.amount)
    for _ in range(2):
        click(driver, app.query_panel.action)
        driver.until(lambda: not app.run.running)
        assert app.results.amount == 5, "what was found stays"
        click(driver, app.query_panel.action)
        driver.until(lambda: app.run.running)
    driver.press(app.root, "<Escape>")
    assert not app.run.running
    driver.press(app.root, "<F5>")
    driver.until(lambda: app.run.running)


def test_mode_and_theme_are_chosen_from_their_lists(driver: Driver, export: Path, tmp_path: Path) -> None:
    app = searched(driver, export, tmp_path)
    click(driver, app.query_panel.scope_button)
    click_entry(driver, app.query_panel.scope_menu, "Only copies")
    driver.until(lambda: app.settings.scope == "copies" and app.run.report is not None)
    assert app.settings.theme == "dark"
    click_entry(driver, click_entry(driver, menu_bar(driver), "View"), "Light")
    driver.until(lambda: app.settings.theme == "light")


def test_a_result_is_opened_copied_and_searched_for(
    driver: Driver, export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, str]] = []
    for name in ("open_link", "open_picture", "show_in_folder"):
        monkeypatch.setattr(links, name, lambda what, name=name: done.append((name, os.path.basename(what))))
    app = searched(driver, export, tmp_path)
    click(driver, app.results.canvas, app.results.layout.origin(0))
    best = app.results.selection
    assert best is not None
    for label, told in (
        ("Open message", ("open_link", "1000005")),
        ("Open message in the Discord app", ("open_link", "1000005")),
        ("Open picture", ("open_picture", "view-005.png")),
    ):
        click(driver, button(app, label))
        driver.until(lambda: done)
        assert done.pop() == told
    click(driver, button(app, "Copy message link"))
    assert app.root.clipboard_get() == best.record.message_link
    for keys, told in (
        ("<Shift-Return>", ("open_link", "1000005")),
        ("<Control-Return>", ("open_picture", "view-005.png")),
    ):
        driver.press(app.results.canvas, keys)
        driver.until(lambda: done)
        assert done.pop() == told
    x, y = app.results.layout.origin(0)
    for label in ("Show in folder", "Copy original URL"):
        click(driver, app.results.canvas, (x + 30, y + 30), button=3)
        click_entry(driver, app.actions._menu, label)
    driver.until(lambda: done)
    assert done == [("show_in_folder", "view-005.png")]
    assert app.root.clipboard_get() == best.record.url
    click(driver, button(app, "More like this"))
    driver.until(lambda: app.run.query is not None and app.run.query.name == "view-005.png")


def test_several_pictures_are_dropped_and_searched_for_together(driver: Driver, export: Path, tmp_path: Path) -> None:
    app = driver.open(mode="realtime")
    app.inputs.open_archive([str(export)])
    driver.until(lambda: app.inputs.archive is not None and app.encoder.facts is not None)
    paths = [Path(path).as_uri() for path in saved(tmp_path, (3, 5))]
    with dragged(driver, "files", *paths):
        pass
    driver.until(lambda: len(app.run.reports) == 2)
    click(driver, app.query_panel.strip, (app.query_panel.strip.winfo_height() + app.theme.px(6) + 5, 5))
    driver.until(lambda: app.inputs.query is not None and app.inputs.query.query.name == "view 5.png")
    assert app.run.report.results[0].record.file_name == "view-005.png"  # type: ignore[union-attr]


def test_an_archive_is_indexed_paused_gone_on_with_and_stopped(driver: Driver, cdn: CdnDouble, tmp_path: Path) -> None:
    app = opened(driver, cdn, write_export(tmp_path, AMOUNT, cdn=cdn))
    gate = Gate(cdn)
    click(driver, app.archive_bar.index_button)
    driver.until(lambda: app.index.run.running and app.status.indexing.pause is not None)
    line = app.status.indexing
    assert line.pause is not None
    click(driver, line.pause)
    driver.until(lambda: app.index.run.paused)
    click(driver, line.pause)
    driver.until(lambda: app.index.run.running)
    click(driver, line.stop)
    driver.until(lambda: not app.index.run.running)
    gate.open()
    settled(driver, app)
    click(driver, app.archive_bar.index_button)
    driver.until(lambda: str(app.archive_bar.index_button.cget("text")) == "Indexed")
