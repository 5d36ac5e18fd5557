"""The main job, in the real window with the real engine: open, choose, search, look, copy."""

from __future__ import annotations

import json
import time
import tkinter as tk
from pathlib import Path

import pytest
from PIL import Image

from ras.errors import SkipReason
from ras.gui.app import App
from ras.gui.sample import SAMPLE
from ras.records import (
    Archive,
    Job,
    Progress,
    Query,
    SearchReport,
    Skipped,
)
from ras.settings import Settings, load_settings
from tests.gui.conftest import Driver
from tests.gui.pictures import picture, write_export
from tests.gui.streams import StreamBench


def opened(driver: Driver, export: Path) -> App:
    app = driver.open()
    app.inputs.open_archive([str(export)])
    driver.until(lambda: app.inputs.archive is not None and app.encoder.facts is not None)
    return app


def searched(driver: Driver, export: Path, tmp_path: Path, number: int = 5) -> App:
    app = opened(driver, export)
    query = tmp_path / "query.jpg"
    picture(number).save(query, quality=70)
    app.inputs.load_query(str(query))
    driver.until(lambda: app.run.report is not None)
    driver.live(0.05)
    driver.until(lambda: app.results.complete)  # the details have come, and the tiles were laid out anew
    return app


@pytest.mark.parametrize("size", ["1240x800", "900x600"])
def test_nothing_that_is_clicked_on_moves_while_a_search_begins_and_ends(
    driver: Driver, export: Path, tmp_path: Path, size: str
) -> None:
    """The first search of all, which has the row of recent queries come."""
    app = driver.open(mode="realtime")
    driver.root.geometry(f"{size}+0+0")
    app.inputs.open_archive([str(export)])
    driver.until(lambda: app.inputs.archive is not None and app.encoder.facts is not None)
    picture(5).save(tmp_path / "query.jpg")
    app.inputs.load_query(str(tmp_path / "query.jpg"))
    panel = app.query_panel
    driver.until(panel._caption.winfo_ismapped)
    driver.live(0.02)
    parts = (panel.zone, panel.scope_button, panel._modes, panel.action)
    places = {tuple((part.winfo_rooty(), part.winfo_height()) for part in parts)}
    end = time.monotonic() + 60
    while not (app.results.complete and panel.strip.items) and time.monotonic() < end:
        driver.live(0.01)
        places.add(tuple((part.winfo_rooty(), part.winfo_height()) for part in parts))
    driver.live(0.6)
    places.add(tuple((part.winfo_rooty(), part.winfo_height()) for part in parts))
    assert app.results.complete
    assert panel.strip.winfo_ismapped()
    assert len(places) == 1


def test_first_start_invites(driver: Driver) -> None:
    app = driver.open()
    assert app.centre.welcome.headline == "Find where a picture was posted"
    assert max(text.winfo_width() for text in app.centre.welcome._texts) <= app.theme.px(560)
    assert "disabled" in app.query_panel.action.state()


def test_archive_line_counts_and_is_remembered(driver: Driver, export: Path) -> None:
    app = opened(driver, export)
    driver.until(lambda: app.state.condition is not None)
    about = app.archive_bar.about
    assert "28 pictures in 1 channel" in about
    assert "28 messages" in about
    assert "4 links expired" in about
    app.saving.finish()
    assert load_settings().last_archive == (str(export),)
    again = driver.open(last_archive=(str(export),))
    driver.until(lambda: again.inputs.archive is not None)


def test_picture_starts_a_search_and_its_copy_is_on_top(driver: Driver, export: Path, tmp_path: Path) -> None:
    app = searched(driver, export, tmp_path)
    best = app.results.selection
    assert best is not None
    assert best.record.file_name == "view-005.png"
    assert app.run.report is not None
    assert app.run.report.searched == 24
    assert "Compared 24 of 28 pictures" in app.status.text
    assert "4 links expired" in app.status.text
    assert len(app.run.skipped) == 4
    assert app.details.result == best
    driver.until(lambda: app.details.is_sharp)


def test_results_come_while_the_search_runs(driver: Driver, export: Path, tmp_path: Path) -> None:
    app = opened(driver, export)
    amounts = []
    show = app.results.show
    app.results.show = lambda shown, *more: (amounts.append((len(shown), app.run.report)), show(shown, *more))  # type: ignore
    app.inputs.load_query(picture(3), "three")
    driver.until(lambda: app.run.report is not None)
    assert any(amount and report is None for amount, report in amounts)


def test_picture_before_the_archive(driver: Driver, export: Path) -> None:
    app = driver.open()
    app.inputs.load_query(picture(8), "eight")
    driver.until(lambda: app.inputs.query is not None)
    assert app.run.report is None
    app.inputs.open_archive([str(export)])
    driver.until(lambda: app.run.report is not None)
    assert app.results.selection is not None
    assert app.results.selection.record.file_name == "view-008.png"


def test_copy_by_keyboard(driver: Driver, export: Path, tmp_path: Path) -> None:
    app = searched(driver, export, tmp_path)
    assert app.results.selection is not None
    driver.press(app.results.canvas, "<Control-c>")
    assert driver.root.clipboard_get() == app.results.selection.record.url
    driver.press(app.results.canvas, "<Control-Shift-C>")
    assert driver.root.clipboard_get() == "https://discord.com/channels/5/7/1000005"


def test_keys_move_the_selection(driver: Driver, export: Path, tmp_path: Path) -> None:
    app = searched(driver, export, tmp_path)
    canvas, grid = app.results.canvas, app.results
    app.show_rest()
    driver.press(canvas, "<Home>")

    def rank() -> int:
        assert grid.selection is not None
        return grid.selection.rank

    driver.press(canvas, "<Right>")
    assert rank() == 2
    driver.press(canvas, "<Down>")
    assert rank() == 2 + grid.layout.columns
    driver.press(canvas, "<Left>")
    driver.press(canvas, "<Up>")
    assert rank() == 1
    driver.press(canvas, "<End>")
    assert rank() == grid.amount
    driver.live(0.4)
    assert canvas.canvasy(0) > 0
    driver.press(canvas, "<Home>")
    assert rank() == 1


def test_menu_bar_by_keyboard_over_results(driver: Driver, export: Path, tmp_path: Path) -> None:
    searched(driver, export, tmp_path)
    driver.root.event_generate("<Alt-f>")
    driver.live(0.2)
    driver.root.event_generate("<Escape>")
    driver.live(0.1)


def test_spoiler_is_veiled_until_it_is_clicked(driver: Driver, export: Path, tmp_path: Path) -> None:
    app = searched(driver, export, tmp_path, number=7)
    best = app.results.selection
    assert best is not None
    assert best.record.spoiler
    assert app.results.is_veiled(best)
    driver.live(0.1)
    x, y = app.results.layout.origin(0)
    app.results.canvas.event_generate("<Button-1>", x=x + 20, y=y + 20)
    driver.root.update()
    assert not app.results.is_veiled(best)


def test_theme_switches_and_is_remembered(driver: Driver, export: Path, tmp_path: Path) -> None:
    app = searched(driver, export, tmp_path)
    app.choose_theme("light")
    driver.live(0.2)
    assert app.results.canvas.cget("background") == app.theme.palette.ground == "#f2f3f5"
    app.saving.finish()
    assert load_settings().theme == "light"
    app.choose_theme("dark")
    driver.live(0.2)
    assert app.results.canvas.cget("background") == "#1e1f22"


def test_closing_saves_size_and_choices(driver: Driver) -> None:
    app = driver.open()
    driver.root.geometry("1000x700+30+40")
    driver.live(0.3)
    app.choose_mode("realtime")
    app.close()
    saved = load_settings()
    assert saved.mode == "realtime"
    assert saved.window_geometry.startswith("1000x700+")


def test_a_mode_that_is_chosen_before_there_is_an_archive_is_shown(driver: Driver) -> None:
    app = driver.open()
    app.choose_mode("faiss")
    assert app.query_panel.mode_shown == "FAISS"


def test_a_file_that_is_no_export_is_one_sentence(driver: Driver, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"fruit": ["apple"]}))
    app = driver.open()
    app.inputs.open_archive([str(other)])
    driver.until(lambda: app.notices.sentences)
    kind, sentence = app.notices.sentences[-1]
    assert kind == "Error"
    assert "other.json" in sentence
    assert app.inputs.archive is None


def test_a_picture_that_cannot_be_used_is_one_sentence(driver: Driver, tmp_path: Path) -> None:
    query = tmp_path / "animation.webp"
    Image.new("RGB", (8, 8)).save(query)
    app = driver.open()
    app.inputs.load_query(str(query))
    driver.until(lambda: app.notices.sentences)
    assert "WebP" in app.notices.sentences[-1][1]
    assert app.inputs.query is None


def test_a_fault_is_logged_and_shown_with_its_details(driver: Driver) -> None:
    app = driver.open()
    driver.root.after(1, lambda: 1 / 0)
    driver.until(lambda: app.crashes.dialog is not None)
    error = app.crashes.reported.pop()
    assert isinstance(error, ZeroDivisionError)
    assert app.crashes.dialog is not None
    assert app.crashes.dialog.winfo_exists()


def test_the_real_engine_tells_a_copy_from_nothing(driver: Driver, export: Path, tmp_path: Path) -> None:
    app = searched(driver, export, tmp_path)
    assert app.centre.headline.startswith("Found: the ")
    app.inputs.load_query(Image.effect_noise((300, 200), 80).convert("RGB"), "noise")
    driver.until(lambda: app.inputs.query is not None and app.inputs.query.query.name == "noise")
    driver.until(lambda: app.run.report is not None)
    assert app.run.report is not None
    assert app.results.amount == 0
    assert app.centre.welcome.headline == "Probably not in this archive"


def test_the_sample_offers_its_queries_by_keyboard(driver: Driver) -> None:
    app = driver.open()
    app.inputs.open_archive([str(SAMPLE)])
    driver.until(lambda: app.centre.sample_queries)
    buttons = [widget for widget in descendants(app.centre.welcome) if widget.winfo_class() == "TButton"]
    names = [str(button.cget("text")) for button in buttons]
    assert "mirrored" in names
    driver.press(buttons[names.index("mirrored")], "<Return>")
    driver.until(lambda: app.run.report is not None, seconds=60)
    assert app.inputs.query is not None
    assert app.inputs.query.query.name == "mirrored.png"
    app.inputs.clear_query()
    driver.root.update()
    assert app.centre.welcome.headline == "Now choose a picture"


@pytest.mark.parametrize("geometry", ["900x600", "760x540", "760x430", "1240x800"])
def test_the_search_button_is_never_cut_off(driver: Driver, export: Path, tmp_path: Path, geometry: str) -> None:
    app = searched(driver, export, tmp_path)
    driver.root.minsize(1, 1)  # on a small screen of a large scale
    driver.root.geometry(geometry)
    driver.live(0.3)
    for word in ("Short.", "A long word on what is not indexed yet and what to do about it. " * 3):
        app.query_panel.say(word)
        driver.live(0.1)
        panel, button = app.query_panel, app.query_panel.action
        bottom = panel.winfo_rooty() + panel.winfo_height()
        assert button.winfo_rooty() + button.winfo_height() <= bottom
        assert button.winfo_height() >= button.winfo_reqheight()
        assert panel.zone.winfo_height() >= app.theme.px(72)


def test_what_the_status_says_is_cut_to_its_room_and_kept_whole(driver: Driver) -> None:
    app = driver.open()
    driver.root.geometry("760x540")
    said = "left out 351: 340 links expired, 11 other kinds of file; " * 5
    app.status.say(said)
    driver.live(0.2)
    label = app.status._text
    assert app.status.text == said
    assert str(label.cget("text")).endswith("…")
    assert label.winfo_reqwidth() <= label.winfo_width()


class HeldSearch(StreamBench):
    """Its search says how far it is, and goes no further."""

    def search(self, settings: Settings, query: Query, archive: Archive) -> Job[SearchReport]:
        while True:
            yield Skipped(archive.records[0], SkipReason.EXPIRED, "for the test")
            yield Progress("Searching", 1204, 3561, "pictures", 94, 0.4, 412_000_000, 12)
            time.sleep(0.01)


def test_a_search_says_how_far_it_is_and_the_end_of_that_is_cut_first(driver: Driver) -> None:
    app = driver.open(HeldSearch(1, 3, endless=True))
    driver.root.geometry("760x540")
    app.inputs.open_archive(["stream.json"])
    app.inputs.load_query(picture(1), "one")
    driver.until(lambda: "3,561" in app.status.text)
    said = "Searching: 1,204 of 3,561 pictures · about 2 min left · 24 pictures/min · 12 skipped · 412 MB"
    assert app.status.text == said
    driver.live(0.2)
    shown = str(app.status._text.cget("text"))
    assert shown.startswith("Searching: 1,204 of 3,561 pictures · about 2 min left")
    assert shown.endswith("…")
    app.run.cancel()
    assert app.status.text.startswith("Cancelled.")


def test_reading_an_archive_is_cancelled(driver: Driver, export: Path) -> None:
    app = opened(driver, export)
    app.inputs.open_archive([str(SAMPLE)])
    driver.root.event_generate("<Escape>")
    assert not app.inputs.opening
    driver.live(0.5)
    assert app.inputs.archive is not None
    assert app.inputs.archive.archive.paths == (str(export),)


def test_an_archive_without_pictures_says_so(driver: Driver, tmp_path: Path) -> None:
    app = opened(driver, write_export(tmp_path, 0))
    assert app.centre.welcome.headline == "This archive has no pictures"
    app.inputs.load_query(picture(1), "one")
    driver.until(lambda: app.inputs.query is not None)
    assert not app.run.running
    assert "disabled" in app.query_panel.action.state()


def descendants(widget: tk.Misc) -> list[tk.Misc]:
    return [inner for child in widget.winfo_children() for inner in (child, *descendants(child))]
