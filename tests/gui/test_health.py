"""The health page by mouse and keyboard; reports of crashes in the window."""

from __future__ import annotations

import json
import random
import tkinter as tk
from dataclasses import replace
from pathlib import Path
from tkinter import ttk

import pytest

from ras.crashes.folder import reports
from ras.gui.app import App
from ras.gui.health_card import HealthCard
from ras.gui.health_page import WAIT
from ras.gui.health_window import HealthWindow
from ras.gui.stored_archives import list_archives
from ras.gui.theme import Theme
from ras.health.facts import READ_ONLY, UNUSABLE
from ras.health.words import FINE, Section
from ras.paths import crashes_folder, store_folder
from ras.records import finish
from ras.store import EmbeddingStore, last_verify
from tests.gui.conftest import Driver
from tests.gui.pictures import write_export
from tests.gui.test_indexing import indexed


@pytest.fixture
def export_with_losses(tmp_path: Path) -> Path:
    """Six pictures, two of which cannot be had."""
    return write_export(tmp_path / "export", 6, expired=2)


def indexed_app(driver: Driver, export: Path) -> App:
    app = driver.open()
    app.inputs.open_archive([str(export)])
    driver.until(lambda: app.index.possible)
    indexed(driver, app)
    return app


def opened(driver: Driver, app: App) -> HealthWindow:
    """By its shortcut."""
    driver.press(app.root, "<Control-H>")
    driver.until(lambda: app.health.window is not None and app.health.window.cards)
    window = app.health.window
    assert window is not None
    driver.live(0.1)
    return window


def texts(window: HealthWindow, card: str) -> list[str]:
    def inside(widget: tk.Misc) -> list[str]:
        own = [str(widget.cget("text"))] if widget.winfo_class() == "TLabel" else []
        return own + [text for child in widget.winfo_children() for text in inside(child)]

    return inside(window.cards[card])


def click(driver: Driver, widget: tk.Misc) -> None:
    driver.root.update()
    for event in ("<Enter>", "<Button-1>", "<ButtonRelease-1>"):
        widget.event_generate(event, x=8, y=8)
    driver.root.update()


def set_something_aside(size: int = 5000) -> Path:
    path = store_folder() / "damaged" / "fingerprint-000001.joblib"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x" * size)
    return path


def test_an_empty_store_has_nothing_to_care_for(driver: Driver) -> None:
    window = opened(driver, driver.open())
    assert window.headline.cget("text") == "Everything is in order."
    assert any("No archive is indexed yet" in text for text in texts(window, "Store"))
    for button in (window.verify_button, window.repair_button):
        driver.until(lambda button=button: button.instate(["disabled"]))
    window.verify_button.event_generate("<Enter>")
    driver.root.update()
    assert "index an archive first" in window.hint


def test_it_tells_what_is_kept_and_what_was_left_out(driver: Driver, export_with_losses: Path) -> None:
    app = indexed_app(driver, export_with_losses)
    window = opened(driver, app)
    assert any(text.startswith("1 archive, ") for text in texts(window, "Store"))
    assert {"Embeddings", "Previews"} <= set(texts(window, "Store"))
    assert "2 pictures of the indexed archives could not be had." in texts(window, "Left out")
    assert "Link expired" in texts(window, "Left out")
    assert "up to 64 MB" in texts(window, "Limits and disk")
    click(driver, window.copy_button)
    copied = app.root.clipboard_get()
    assert "Left out: 2 pictures" in copied
    assert "Link expired: 2" in copied
    app.change(max_megabytes=7)
    driver.press(window.window, "<F5>")
    driver.until(lambda: "up to 7 MB" in texts(window, "Limits and disk"))
    driver.press(window.window, "<Escape>")
    assert app.health.window is None


def test_cards_side_by_side_come_to_rest_at_every_width(
    driver: Driver, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of two columns has the odd pixel: which one must not depend on how the texts wrap, or they never end."""
    wraps: list[int] = []
    wrap = HealthCard._wrap

    def counted(card: HealthCard, *width: int) -> None:
        wraps.append(1)
        if len(wraps) < 300:
            wrap(card, *width)

    monkeypatch.setattr(HealthCard, "_wrap", counted)
    driver.root.deiconify()
    frame = ttk.Frame(driver.root)
    for column in (0, 1):
        frame.columnconfigure(column, weight=1, uniform="side")
    rng = random.Random(1)
    for place in range(8):
        words = ["w" * rng.randint(1, 9) for _ in range(60)]
        card = HealthCard(frame, theme)
        card.show(Section("A title", FINE, " ".join(words)))
        card.grid(row=place // 2, column=place % 2, sticky="new")
    for width in range(700, 780):
        wraps.clear()
        frame.place(x=0, y=0, width=width, height=900)
        driver.root.update()
        assert len(wraps) < 300, f"the cards do not come to rest at {width} pixels"


def test_verify_by_keyboard_is_remembered(driver: Driver, export_with_losses: Path) -> None:
    app = indexed_app(driver, export_with_losses)
    window = opened(driver, app)
    assert any(text.startswith("Not yet.") for text in texts(window, "Last verification"))
    window.verify_button.focus_force()
    driver.root.update()
    assert "Nothing is deleted" in window.hint  # what it will do, before it does it
    driver.press(window.verify_button, "<space>")
    driver.until(lambda: window.said)
    assert window.said == "Everything in the index is as it was written."
    driver.until(lambda: any("everything was as it was" in text for text in texts(window, "Last verification")))
    last = last_verify(store_folder())
    assert last is not None
    assert last.report.damaged == ()


def damage_shard() -> None:
    shard = sorted((store_folder() / "shards").iterdir())[0]
    shard.write_bytes(shard.read_bytes()[:-8] + b"damaged!")


def test_repair_asks_first_and_says_what_must_be_indexed_again(
    driver: Driver, export_with_losses: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ras.store.filling.SHARD_ROWS", 2)
    app = indexed_app(driver, export_with_losses)
    name = finish(list_archives()).archives[0].name
    damage_shard()
    window = opened(driver, app)
    click(driver, window.repair_button)
    assert window.question.text.startswith("Repair the store?")
    driver.press(window.question.no_button, "<Escape>")
    assert not window.question.text
    assert not (store_folder() / "damaged").exists()
    click(driver, window.repair_button)
    click(driver, window.question.yes_button)
    driver.until(lambda: window.said)
    assert "Open and index again" in window.said
    assert name in window.said
    driver.until(lambda: "1 damaged thing" in " ".join(texts(window, "Set aside")))
    assert "Set aside" in window.headline.cget("text")
    assert "Last verification" in window.headline.cget("text")
    assert len(list((store_folder() / "damaged").iterdir())) == 1


def choose(window: HealthWindow, start: str) -> str:
    """The entry of the Clear menu that starts so, opened as a click opens it."""
    menu = window.clear_menu
    for place in range((menu.index("end") or 0) + 1):
        if menu.type(place) == "command" and str(menu.entrycget(place, "label")).startswith(start):
            label, state = str(menu.entrycget(place, "label")), str(menu.entrycget(place, "state"))
            menu.invoke(place)
            return f"{state}: {label}"
    raise AssertionError(start)


def test_what_was_set_aside_is_deleted_after_a_question(driver: Driver, export_with_losses: Path) -> None:
    app = indexed_app(driver, export_with_losses)
    aside = set_something_aside()
    whole = store_folder().with_name("store.damaged-2026-01-02")
    (whole / "shards").mkdir(parents=True)
    (whole / "shards" / "x").write_bytes(b"y" * 2000)
    other = store_folder().with_name("store.damaged-by-me")
    other.mkdir()
    window = opened(driver, app)
    assert choose(window, "What was set aside") == "normal: What was set aside (7 KB) …"
    assert "Delete what was set aside (2 things, 7 KB)?" in window.question.text
    driver.root.update()
    assert str(window.window.focus_get()) == str(window.question.no_button)
    driver.press(window.question.no_button, "<space>")
    driver.live(0.1)
    assert aside.exists()
    choose(window, "What was set aside")
    driver.press(window.question.yes_button, "<space>")
    driver.until(lambda: window.said)
    assert window.said == "Deleted what was set aside; 7 KB were freed."
    assert not aside.exists()
    assert not whole.exists()
    assert other.exists()
    driver.until(lambda: "Nothing was damaged and set aside." in texts(window, "Set aside"))
    assert choose(window, "What was set aside") == "disabled: What was set aside: nothing was set aside"


def test_what_could_not_be_had_is_tried_again(driver: Driver, export_with_losses: Path) -> None:
    app = indexed_app(driver, export_with_losses)
    window = opened(driver, app)
    assert "2 pictures" in choose(window, "What could not be had")
    click(driver, window.question.yes_button)
    driver.until(lambda: window.said)
    assert window.said == "Forgotten: the next indexing tries 2 pictures again."
    with EmbeddingStore(store_folder()) as store:
        assert store.failures() == {}
        assert len(store.archives()) == 1


def test_the_whole_index_is_cleared(driver: Driver, export_with_losses: Path) -> None:
    app = indexed_app(driver, export_with_losses)
    set_something_aside()
    window = opened(driver, app)
    choose(window, "The whole index")
    assert "Exports and pictures on the disk stay" in window.question.text
    click(driver, window.question.yes_button)
    driver.until(lambda: window.said)
    assert window.said.startswith("The index is empty; ")
    assert finish(list_archives()).archives == ()
    assert list((store_folder() / "damaged").iterdir()) == []
    assert export_with_losses.is_file()
    driver.until(lambda: choose(window, "The whole index") == "disabled: The whole index: no archive is indexed")


def test_nothing_is_cared_for_while_indexing_runs(driver: Driver, export_with_losses: Path) -> None:
    app = indexed_app(driver, export_with_losses)
    window = opened(driver, app)
    assert not window.verify_button.instate(["disabled"])
    app.index.run.archive = app.inputs.archive.archive  # type: ignore[union-attr]  # as if it were being indexed
    driver.until(lambda: window.verify_button.instate(["disabled"]))
    assert window.hint == WAIT
    assert window.clear_button.instate(["disabled"])
    app.health._verify()
    assert window.said == WAIT
    app.index.run.archive = None
    driver.until(lambda: not window.verify_button.instate(["disabled"]))
    assert window.hint.startswith("Verify looks")


def test_a_store_that_cannot_be_written_is_only_verified(driver: Driver, export_with_losses: Path) -> None:
    app = indexed_app(driver, export_with_losses)
    window = opened(driver, app)
    health = app.health._health
    assert health is not None
    window.show(replace(health, store=replace(health.store, state=READ_ONLY)))
    assert not window.verify_button.instate(["disabled"])
    assert window.repair_button.instate(["disabled"])
    window.repair_button.event_generate("<Enter>")
    driver.root.update()
    assert "can be verified but not repaired" in window.hint
    assert choose(window, "The whole index") == "disabled: The whole index: the store cannot be written"
    assert choose(window, "What could not be had") == "disabled: What could not be had: the store cannot be written"
    window.show(replace(health, store=replace(health.store, state=UNUSABLE, usage=None, sentences=("It is newer.",))))
    assert window.verify_button.instate(["disabled"])
    assert "It is newer." in texts(window, "Store")
    assert "Store" in window.headline.cget("text")


def test_closing_the_page_stops_what_it_began(driver: Driver, export_with_losses: Path) -> None:
    app = indexed_app(driver, export_with_losses)
    window = opened(driver, app)
    window.verify_button.invoke()
    assert window.verify_button.instate(["disabled"])
    assert app.health._work.running
    window.close()
    assert app.health.window is None
    assert not app.health._work.running
    driver.live(0.3)
    again = opened(driver, app)
    assert not again.verify_button.instate(["disabled"])
    again.verify_button.invoke()
    assert again._line.text.startswith("Verifying")
    again._line.stop.invoke()
    assert again.said == "Stopped."
    assert not again.verify_button.instate(["disabled"])


@pytest.mark.parametrize("geometry", ["900x600", "1240x800"])
def test_everything_is_within_the_window(driver: Driver, export_with_losses: Path, geometry: str) -> None:
    app = indexed_app(driver, export_with_losses)
    app.root.geometry(geometry)
    driver.live(0.1)
    window = opened(driver, app)
    driver.live(0.2)
    right = window.window.winfo_rootx() + window.window.winfo_width()
    for button in (window.verify_button, window.clear_button, window.copy_button, window.folder_button):
        assert button.winfo_ismapped()
        assert window.window.winfo_rootx() <= button.winfo_rootx()
        assert button.winfo_rootx() + button.winfo_width() <= right


# -- crashes -----------------------------------------------------------------------------------------------------------


def crash_of_the_last_run() -> None:
    stem = crashes_folder() / ".run-0123456789ab"
    crashes_folder().mkdir()
    stem.with_suffix(".lock").touch()
    stem.with_suffix(".json").write_text(json.dumps({"in": "window", "mode": "faiss"}), "utf-8")
    stem.with_suffix(".dump").write_text("Fatal Python error: Segmentation fault\n", "utf-8")


def test_a_crash_of_the_last_run_is_told_and_its_report_shown(driver: Driver) -> None:
    crash_of_the_last_run()
    app = driver.open()
    driver.until(lambda: app.notices.sentences)
    assert app.notices.sentences[-1][1].startswith("RAS ended unexpectedly last time. A report is in ")
    assert app.notices.offer_button.cget("text") == "Show report"
    click(driver, app.notices.offer_button)
    driver.until(lambda: app.crash_notice.window is not None)
    window = app.crash_notice.window
    assert window is not None
    assert "Segmentation fault" in window.text.get("1.0", "end")
    click(driver, window.copy_button)
    assert "Segmentation fault" in app.root.clipboard_get()
    driver.press(window.window, "<Escape>")
    assert not window.exists
    health = opened(driver, app)
    assert any(text.startswith("1 report in the folder") for text in texts(health, "Crash reports"))
    choose(health, "Reports of crashes")
    click(driver, health.question.yes_button)
    driver.until(lambda: "None: RAS has not crashed." in texts(health, "Crash reports"))
    assert reports() == ()


def test_a_fault_leaves_a_report_that_the_dialog_shows(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    app = driver.open()
    secret = "".join(("quil", "ting at nine"))
    shown: list[str] = []
    monkeypatch.setattr("ras.gui.links.show_in_folder", shown.append)
    driver.root.after(1, lambda: {}[secret])  # type: ignore[var-annotated]
    driver.until(lambda: app.crashes.window is not None)
    assert isinstance(app.crashes.reported.pop(), KeyError)
    window = app.crashes.window
    assert window is not None
    (report,) = reports()
    told = window.text.get("1.0", "end")
    assert "KeyError" in told
    assert secret not in told
    assert secret not in report.text()
    assert "pictures of the archive: 0" in report.text()
    assert window.show_button.cget("text") == "Show report"
    click(driver, window.show_button)
    driver.until(lambda: shown)
    assert shown == [str(report.path)]


def test_a_fault_is_shown_where_no_report_can_be_written(driver: Driver, ras_home: Path) -> None:
    app = driver.open()
    driver.live(0.1)
    (ras_home / "crashes").write_text("in the way", "utf-8")
    app.crashes.report(ValueError("an example"))
    app.crashes.reported.clear()
    window = app.crashes.window
    assert window is not None
    assert "ValueError: an example" in window.text.get("1.0", "end")
    assert "No report of it could be written" in window.lead.cget("text")
    assert not window.show_button.winfo_manager()


def test_a_fault_on_a_worker_leaves_a_report(driver: Driver) -> None:
    app = driver.open()

    def job():  # type: ignore[no-untyped-def]
        yield from ()
        raise LookupError("on the worker")

    app.chore(job)
    driver.until(lambda: app.crashes.reported)
    app.crashes.reported.clear()
    assert "LookupError: on the worker" in reports()[0].text()
