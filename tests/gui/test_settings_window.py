"""The window of the settings, by mouse and keyboard: what is typed is checked, OK applies, Cancel changes nothing."""

from __future__ import annotations

import json
import locale
import tkinter as tk
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ras import number_format
from ras.gui import import_question
from ras.gui.app import App
from ras.gui.dates import short_date, use_format
from ras.gui.settings_window import SettingsWindow
from ras.settings import Settings, load_settings
from ras.settings_file import export_settings
from ras.text import whole
from tests.gui.conftest import PLAIN, Driver
from tests.gui.streams import StreamBench


class Counting(StreamBench):
    """Counts how often the engine is built and an archive read."""

    def __init__(self) -> None:
        super().__init__(rounds=1, shown=3)
        self.built: list[Settings] = []
        self.opened: list[Any] = []

    def build(self, settings: Settings) -> Any:
        self.built.append(settings)
        return super().build(settings)

    def open(self, paths: Any, kinds: Any = None) -> Any:
        self.opened.append(kinds)
        return super().open(paths, kinds)


@pytest.fixture
def bench() -> Counting:
    return Counting()


@pytest.fixture
def app(driver: Driver, bench: Counting) -> App:
    app = driver.open(bench)
    driver.until(lambda: app.encoder.facts is not None)
    return app


def opened(driver: Driver, app: App, page: str = "Searching") -> SettingsWindow:
    driver.press(app.root, "<Control-comma>")
    window = app.settings_change.window
    assert window is not None
    driver.live(0.1)
    click(driver, window.page_buttons[page])
    return window


def click(driver: Driver, widget: tk.Misc) -> None:
    driver.root.update()
    x, y = widget.winfo_width() // 2, widget.winfo_height() // 2
    widget.event_generate("<Enter>")
    widget.event_generate("<Button-1>", x=x, y=y)
    widget.event_generate("<ButtonRelease-1>", x=x, y=y)
    driver.root.update()


def type_into(driver: Driver, widget: Any, text: str) -> None:
    """Replace what is in a field, key by key."""
    widget.focus_force()
    driver.root.update()
    widget.event_generate("<Control-a>" if isinstance(widget, tk.Text) else "<Control-slash>")
    if isinstance(widget, tk.Text):
        widget.tag_add("sel", "1.0", "end")
    else:
        widget.selection_range(0, "end")
    widget.event_generate("<BackSpace>")
    for character in text:
        names = {" ": "space", "\n": "Return", "-": "minus", ".": "period", ":": "colon", "/": "slash"}
        widget.event_generate(f"<Key-{names.get(character, character)}>")
        driver.root.update()


def ready(widget: Any) -> bool:
    return "disabled" not in str(widget.cget("state"))


def test_ok_applies_and_saves_what_was_changed(driver: Driver, app: App, bench: Counting) -> None:
    window = opened(driver, app)
    type_into(driver, window.rows["top_k"].control, "50")
    click(driver, window.page_buttons["Look"])
    window.rows["theme"]._menu.invoke(2)  # type: ignore[union-attr]  a menu that is open takes the keyboard for itself
    driver.root.update()
    assert app.settings.top_k == PLAIN.top_k
    assert app.theme.name == "dark"
    assert window.said == "2 settings changed; OK applies it."
    click(driver, window.ok_button)
    assert not window.exists
    assert app.settings == replace(PLAIN, top_k=50, theme="light")
    app.saving.finish()
    assert load_settings() == app.settings
    assert app.theme.name == "light"
    driver.live(0.2)
    assert len(bench.built) == 1  # neither needs another engine
    app.choose_theme("dark")


@pytest.mark.parametrize("how", ["cancel", "escape", "close"])
def test_cancel_changes_nothing(driver: Driver, app: App, bench: Counting, how: str) -> None:
    window = opened(driver, app, "Pictures")
    click(driver, window.rows["extra_formats"].control)
    assert window.changed == {"extra_formats": True}
    if how == "cancel":
        click(driver, window.cancel_button)
    elif how == "escape":
        driver.press(window.window, "<Escape>")
    else:
        window.window.destroy()
    assert not window.exists
    driver.live(0.2)
    assert app.settings == PLAIN
    assert len(bench.built) == 1


def test_what_is_typed_is_checked_at_once(driver: Driver, app: App) -> None:
    window = opened(driver, app, "Network")
    row = window.rows["connections"]
    type_into(driver, row.control, "99")
    assert row.wrong == "“Downloads at the same time” is 99; it can be 1 to 32."
    assert not ready(window.ok_button)
    assert window.said == "1 setting cannot be taken: see Network."
    driver.press(window.window, "<Control-Return>")
    assert window.exists
    type_into(driver, row.control, "many")
    assert row.wrong == "“Downloads at the same time” takes a whole number, such as 6."
    type_into(driver, window.rows["allowed_hosts"].control, "example.org\nhttp://example.org/a")
    assert "“Other hosts to download from” has 'http://example.org/a'" in window.rows["allowed_hosts"].wrong
    assert window.said == "2 settings cannot be taken: see Network."
    type_into(driver, window.rows["allowed_hosts"].control, "example.org\nlocalhost:8000")
    type_into(driver, row.control, "8")
    driver.press(row.control, "<Up>")
    assert row.wrong == ""
    assert ready(window.ok_button)
    driver.press(window.window, "<Control-Return>")
    assert app.settings.connections == 9
    assert app.settings.allowed_hosts == ("example.org", "localhost:8000")


def test_a_page_that_was_not_seen_keeps_what_is_wrong_with_it(driver: Driver, app: App) -> None:
    window = opened(driver, app, "Pictures")
    type_into(driver, window.rows["max_megabytes"].control, "0")
    driver.press(window.page_buttons["Pictures"], "<Down>")
    assert not window.rows["max_megabytes"].winfo_ismapped()
    assert window.rows["connections"].winfo_ismapped()
    assert window.said == "1 setting cannot be taken: see Pictures."
    driver.press(window.window, "<Control-Prior>")
    assert window.rows["max_megabytes"].winfo_ismapped()


def test_the_engine_is_built_anew_only_for_what_it_is_built_with(driver: Driver, app: App, bench: Counting) -> None:
    window = opened(driver, app, "Pictures")
    click(driver, window.rows["small_previews"].control)
    driver.press(window.window, "<Control-Return>")
    driver.until(lambda: len(bench.built) == 2)
    assert not bench.built[-1].small_previews
    assert bench.opened == []


def test_the_archive_is_read_anew_for_other_kinds_of_pictures(driver: Driver, export: Path) -> None:
    app = driver.open()
    app.inputs.open_archive([str(export)])
    driver.until(lambda: app.inputs.archive is not None and app.encoder.facts is not None)
    before = app.inputs.archive
    window = opened(driver, app, "Pictures")
    driver.press(window.rows["avatars"].control, "<space>")
    driver.press(window.window, "<Control-Return>")
    driver.until(lambda: app.inputs.archive is not before)
    assert app.settings.kinds.avatars


def test_tab_leaves_a_field_of_several_lines(driver: Driver, app: App) -> None:
    window = opened(driver, app, "Network")
    box = window.rows["allowed_hosts"].control
    driver.press(box, "<Tab>")
    assert window.window.focus_get() is window.token_button
    assert window.values["allowed_hosts"] == ()
    driver.press(window.token_button, "<Shift-Tab>")
    assert window.window.focus_get() is box


def test_the_field_with_the_keyboard_is_in_view(driver: Driver, app: App) -> None:
    window = opened(driver, app, "Pictures")
    last = window.rows["small_previews"].control
    last.focus_force()
    driver.live(0.5)
    card = window._card
    assert last.winfo_rooty() + last.winfo_height() <= card.winfo_rooty() + card.winfo_height()


def test_reset_asks_and_waits_for_ok(driver: Driver, bench: Counting) -> None:
    app = driver.open(bench, top_k=7, last_archive=())
    window = opened(driver, app)
    click(driver, window.reset_button)
    assert window.question.text.startswith("Reset all settings")
    driver.press(window.window, "<Escape>")
    assert window.exists
    assert window.values["top_k"] == 7
    click(driver, window.reset_button)
    click(driver, window.question.yes_button)
    assert window.rows["top_k"].control.get() == "30"  # type: ignore[attr-defined]
    assert app.settings.top_k == 7
    assert window.said == "All settings are as they were at first; OK applies it."
    window.values["download_clip"] = False  # tests have no network
    window.values["encoder"] = "fingerprint"
    driver.press(window.window, "<Control-Return>")
    assert app.settings.top_k == 30
    assert app.settings.window_geometry == PLAIN.window_geometry


def test_export_and_import(
    driver: Driver, app: App, bench: Counting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "carried.json"
    monkeypatch.setattr(import_question, "choose_target", lambda _parent: str(path))
    monkeypatch.setattr(import_question, "choose_source", lambda _parent: str(path))
    window = opened(driver, app)
    click(driver, window.export_button)
    driver.until(lambda: window.said.startswith("Exported to"))
    assert json.loads(path.read_text("utf-8"))["encoder"] == "fingerprint"
    click(driver, window.import_button)
    driver.until(lambda: window.said == "“carried.json” has the settings as they are.")

    weights = tmp_path / "some.pt"
    export_settings(
        path, replace(PLAIN, top_k=60, clip_weights=str(weights), scope="copies", order="date"), overwrite=True
    )
    for answer in ("no", "yes"):
        click(driver, window.import_button)
        driver.until(
            lambda: app.settings_change.question is not None and app.settings_change.question.window.winfo_exists()
        )
        question = app.settings_change.question
        assert question is not None
        assert "Results to keep: 30 → 60" in question.text
        assert f"File with CLIP weights: none → {weights}" in question.text
        assert "take one only from somebody you trust" in question.text
        assert "hosts" not in question.text
        assert window.changed == {}
        click(driver, question.no_button if answer == "no" else question.yes_button)
    assert window.said == "4 settings of “carried.json” taken over; OK applies it."
    assert window.rows["clip_weights"].control.get() == str(weights)  # type: ignore[attr-defined]
    assert app.settings == PLAIN
    type_into(driver, window.rows["clip_weights"].control, "")
    click(driver, window.ok_button)
    assert (app.settings.top_k, app.settings.scope, app.settings.clip_weights) == (60, "copies", None)
    assert app.settings.order == "date"
    assert app.query_panel.scope_button.cget("text") == "Only copies"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"connections": 5000}', "is 5000; it can be 1 to 32"),
        ('{"allowed_hosts": ["http://a/"]}', "“Other hosts to download from” has 'http://a/'"),
        ('{"clip_model": "other"}', "“CLIP model” can be"),
        ('{"device": "abacus"}', "“CLIP runs on” can be"),
        ('{"media_folders": ["here"]}', "with all the folders it is in"),
        ("{", "is not a file of settings"),
    ],
)
def test_a_bad_file_is_refused_with_a_sentence(
    driver: Driver, app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, said: str
) -> None:
    path = tmp_path / "bad.json"
    path.write_text(content, "utf-8")
    monkeypatch.setattr(import_question, "choose_source", lambda _parent: str(path))
    window = opened(driver, app)
    click(driver, window.import_button)
    driver.until(lambda: window.said)
    assert window.said.startswith("“bad.json” ")
    assert said in window.said
    assert window.changed == {}
    assert app.settings_change.question is None


def test_folders_are_added_and_the_data_folder_is_shown(
    driver: Driver, app: App, ras_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("ras.gui.links.open_folder", shown.append)
    monkeypatch.setattr("ras.gui.dialogs.choose_folder", lambda *_: str(tmp_path))
    (ras_home / "file").write_bytes(b"x" * 250_000)
    window = opened(driver, app, "Places")
    driver.until(lambda: "KB in" in window._usage)
    click(driver, window.data_button)
    driver.until(lambda: shown)
    assert shown == [str(ras_home)]
    row = window.rows["media_folders"]
    next(child for child in row.control.master.winfo_children() if child.winfo_class() == "TButton").invoke()  # type: ignore[attr-defined]
    driver.root.update()
    assert window.values["media_folders"] == (str(tmp_path),)


def test_the_bot_token_has_its_own_window(driver: Driver, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(app.report, "ask_for_token", lambda: asked.append(True))
    window = opened(driver, app, "Network")
    click(driver, window.token_button)
    assert asked == [True]


def test_one_window_at_a_time(driver: Driver, app: App) -> None:
    window = opened(driver, app)
    app.settings_change.open()
    assert app.settings_change.window is window


def test_dates_follow_the_setting(driver: Driver, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")  # the one other than C that is everywhere
    use_format("system")
    monkeypatch.setattr(number_format, "_in_use", [number_format.NumberFormat(",", ".")])
    window = opened(driver, app, "Look")
    window.rows["dates"]._menu.invoke(1)  # type: ignore[union-attr]
    driver.press(window.window, "<Control-Return>")
    assert app.settings.dates == "iso"
    assert locale.setlocale(locale.LC_TIME) == "C"
    assert short_date(datetime(2021, 3, 12, 12)) == "2021-03-12"
    assert whole(12_044) == "12,044"
