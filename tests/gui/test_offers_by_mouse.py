"""What RAS offers by itself, taken by real mouse and keys: CLIP, new exports in a folder, an export that changed."""

from __future__ import annotations

import re
import sys
import tkinter as tk
from pathlib import Path

import pytest

from ras.encoders import download
from ras.encoders.weights import weights_path
from ras.gui import archive_watch, folder_watch
from ras.gui.app import App
from ras.gui.settings_window import SettingsWindow
from ras.settings import load_settings
from tests.display import need
from tests.gui.conftest import Driver
from tests.gui.pictures import picture, write_export
from tests.gui.test_archive_watch import add_to, amount, offered
from tests.gui.test_drop_and_paste import hand
from tests.gui.test_encoder_choice import clip_can_run, publish, tiny  # noqa: F401  a fixture
from tests.gui.test_indexing import settled
from tests.gui.test_keyboard_alone import Keyboard
from tests.gui.test_mouse_alone import click, click_entry, menu_bar
from tests.weights_server import WeightsServer

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="driven by xdotool, which X11 has")


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    for watch in (archive_watch, folder_watch):
        monkeypatch.setattr(watch, "EVERY_MS", 60)


def saying(top: tk.Misc, text: str) -> list[tk.Misc]:
    """What is to be seen under ``top`` and says just that."""
    found = []
    for widget in top.winfo_children():
        if "text" in (widget.keys() or ()) and str(widget["text"]).strip() == text and widget.winfo_viewable():
            found.append(widget)
        found += saying(widget, text)
    return found


def click_on(driver: Driver, text: str, top: tk.Misc | None = None) -> None:
    """On the one widget that says so, once it is there and stands still."""
    driver.until(lambda: len(saying(top or driver.root, text)) == 1)
    driver.live(0.2)
    click(driver, saying(top or driver.root, text)[0])


def sentence(app: App) -> str:
    """Of the notice that is to be seen."""
    return app.notices.sentences[-1][1] if app.notices.winfo_viewable() else ""


def settings_page(driver: Driver, app: App, page: str) -> SettingsWindow:
    click_entry(driver, click_entry(driver, menu_bar(driver), "File"), "Settings …")
    driver.until(lambda: app.settings_change.window is not None and app.settings_change.window.exists)
    window = app.settings_change.window
    assert window is not None
    click_on(driver, page, window.window)
    return window


@clip_can_run
def test_the_download_of_clip_is_cancelled_and_taken_up_again(
    driver: Driver,
    tiny: bytes,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    half = len(tiny) // 2
    with WeightsServer(tiny, faults=("stalls",)) as server:
        publish(monkeypatch, tmp_path, server.url, tiny)
        app = driver.open(encoder="auto", clip_model="tiny", download_clip=True)
        line = app.status._download
        driver.until(lambda: float(line._bar["value"]) > 0.9 * half)
        assert re.fullmatch(r"Downloading the CLIP model: [\d.]+ MB of [\d.]+ MB.*", line.text)
        click_on(driver, "Cancel download")
        assert not line.winfo_viewable()
        assert sentence(app).startswith("The download of the CLIP model was stopped")
        driver.until(lambda: not load_settings().download_clip)
        click_on(driver, "Download")
        driver.until(lambda: app.encoder.facts is not None and app.encoder.facts.encoder_name.startswith("CLIP"), 60)
    first, second = server.ranges
    assert first is None
    assert second is not None
    assert half * 0.9 < int(second[len("bytes=") : -1]) <= half, "what there was is not asked for again"
    assert sentence(app).endswith("is ready: from now on searches use it.")
    assert len(app.notices.sentences) == 1
    driver.until(lambda: load_settings().download_clip)
    assert weights_path("tiny").read_bytes() == tiny
    assert str(app.status._encoder.cget("text")).startswith("CLIP")


@clip_can_run
def test_a_download_that_failed_is_tried_again_from_the_menu(
    driver: Driver,
    tiny: bytes,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(download, "FIRST_ANSWER", 30.0)
    with WeightsServer(tiny, faults=("404",)) as server:
        publish(monkeypatch, tmp_path, server.url, tiny)
        app = driver.open(encoder="auto", clip_model="tiny", download_clip=True)
        driver.until(lambda: offered(app).endswith("[Try again]"), 30)
        assert "the server answered 404" in sentence(app)
        server.gate.clear()
        click_entry(driver, click_entry(driver, menu_bar(driver), "Model"), "Download the CLIP model")
        driver.until(lambda: saying(driver.root, "Cancel download"))
        assert not app.notices.sentences, "it offers what is being done"
        server.gate.set()
        driver.until(lambda: app.encoder.facts is not None and app.encoder.facts.encoder_name.startswith("CLIP"), 60)


@clip_can_run
def test_the_download_of_clip_by_keys_alone(
    driver: Driver,
    tiny: bytes,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keyboard = Keyboard(driver)
    with WeightsServer(tiny, faults=("stalls",)) as server:
        publish(monkeypatch, tmp_path, server.url, tiny)
        app = driver.open(encoder="auto", clip_model="tiny", download_clip=False)
        driver.root.focus_force()
        driver.until(lambda: offered(app).endswith("[Download]"))
        keyboard.go_to(app.notices.offer_button)
        keyboard.press("Return")
        driver.until(lambda: app.encoder.downloading)
        keyboard.go_to(app.status._download.stop)
        keyboard.press("Return")
        driver.until(lambda: offered(app).endswith("[Download]"))
        keyboard.go_to(app.notices.offer_button)
        keyboard.press("space")
        driver.until(lambda: app.encoder.facts is not None and app.encoder.facts.encoder_name.startswith("CLIP"), 60)


def test_a_folder_is_watched_and_its_new_export_opened_and_indexed(driver: Driver, tmp_path: Path) -> None:
    need("openbox")
    exports = tmp_path / "exports"
    exports.mkdir()
    app = driver.open()
    driver.until(lambda: app.encoder.facts is not None)
    window = settings_page(driver, app, "Places")
    add = window.rows["watch_folders"].control.master.winfo_children()[-1]
    assert str(add["text"]) == "Add a folder …"
    window.rows["watch_folders"].control.focus_set()  # scrolls to it
    driver.live(0.5)
    x, y = add.winfo_rootx() + add.winfo_width() // 2, add.winfo_rooty() + add.winfo_height() // 2
    # Tk's own dialog, which does not let go of the thread: mouse and keys go on from another.
    chosen = ["sleep 0.7", "key ctrl+slash", f"type --delay 20 {exports}", "key Return", "sleep 0.3", "key Return"]
    hand(driver, [f"mousemove {x} {y}", "click 1", *chosen])
    driver.until(lambda: window.changed)
    assert window.changed == {"watch_folders": (str(exports),)}
    click_on(driver, "OK", window.window)
    driver.until(lambda: load_settings().watch_folders == (str(exports),))
    path = write_export(exports / "today", 4, name="general")
    driver.until(lambda: offered(app) == "There is a new export: “general.json” in “today”. [Open and index]")
    click_on(driver, "Open and index")
    driver.until(lambda: app.index.readiness.index is not None and app.index.readiness.index.indexed == 4)
    settled(driver, app)
    assert app.inputs.archive is not None
    assert app.inputs.archive.archive.paths == (str(path),)
    assert not app.notices.sentences


def test_an_export_that_changed_is_read_again_and_later_by_itself(driver: Driver, tmp_path: Path) -> None:
    path = write_export(tmp_path, 6, name="general")
    app = driver.open()
    app.inputs.open_archive([str(path)])
    app.inputs.load_query(picture(2), "two")
    driver.until(lambda: app.run.report is not None and app.watch._known)
    add_to(path, 3)
    driver.until(lambda: offered(app) == "“general.json” has changed. [Read again]")
    before = app.run.report
    click_on(driver, "Read again")
    driver.until(lambda: amount(app) == 9 and app.run.report is not None and app.run.report is not before)
    assert not app.notices.sentences
    window = settings_page(driver, app, "Places")
    click_on(driver, "Read archives again by themselves", window.window)
    click_on(driver, "OK", window.window)
    driver.until(lambda: load_settings().watch_archives)
    write_export(tmp_path / "later", 4, name="general", first=4)
    (tmp_path / "later" / "general.json").replace(path)
    driver.until(lambda: amount(app) == 4)
    assert not app.notices.sentences
