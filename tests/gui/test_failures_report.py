"""What could not be had, in the real window: by reason, picture by picture, and what is done about it."""

from __future__ import annotations

import csv
import json
import shutil
import tkinter as tk
from dataclasses import replace
from pathlib import Path
from typing import Sequence

import pytest

from ras.errors import SkipReason
from ras.gui import dialogs, links
from ras.gui.app import App
from ras.gui.failures_window import FailuresWindow
from ras.records import Skipped
from ras.settings import load_settings
from tests.cdn_double import CdnDouble, Fault
from tests.discord_double import TOKEN, DiscordDouble
from tests.gui.conftest import Driver
from tests.gui.pictures import encoded, picture, write_export
from tests.gui.streams import StreamBench, record
from tests.gui.test_indexing import indexed, opened, path_of, settled


def report(driver: Driver, app: App) -> FailuresWindow:
    """The window with what was left out of the index."""
    before = app.report.window
    app.status.skipped.invoke()
    driver.until(lambda: app.report.window is not None and app.report.window is not before)
    assert app.report.window is not None
    driver.until(app.report.window.list.canvas.winfo_ismapped)
    driver.live(0.05)
    return app.report.window


def done_indexing(driver: Driver, app: App, said: str) -> None:
    """Wait until the indexing that was started has come to this."""
    driver.until(lambda: app.status.text.startswith(said) and not app.index.run.running)
    settled(driver, app)


def rows(window: FailuresWindow) -> list[str]:
    """What stands in the rows that can be seen, from the top."""
    canvas = window.list.canvas
    texts: dict[int, list[tuple[int, str]]] = {}
    for item in canvas.find_all():
        if canvas.type(item) == "text" and canvas.itemcget(item, "state") == "normal":
            x, y = canvas.coords(item)
            texts.setdefault(round(y), []).append((round(x), canvas.itemcget(item, "text")))
    return [" | ".join(text for _, text in sorted(row)) for _, row in sorted(texts.items())]


def button(window: FailuresWindow, part: tk.Misc) -> str:
    """Its text where it can be pressed."""
    assert part.winfo_ismapped()
    return str(part.cget("text")) if str(part.cget("state")) == "normal" else ""


@pytest.fixture
def lost(cdn: CdnDouble, tmp_path: Path) -> Path:
    """An export of 12 pictures, of which 2 are gone and 3 come as error pages."""
    path = write_export(tmp_path, 12, cdn=cdn)
    for number in (2, 9):
        cdn.serve(path_of(number), fault=Fault.status(404))
    for number in (3, 4, 5):
        cdn.serve(path_of(number), fault=Fault.error_page())
    return path


def test_reasons_come_most_first_and_unfold_to_the_pictures(driver: Driver, cdn: CdnDouble, lost: Path) -> None:
    app = opened(driver, cdn, lost)
    indexed(driver, app)
    assert app.status.skipped.cget("text") == "Show left out …"
    window = report(driver, app)
    assert window.window.title() == "Left out of the index (5) – RAS"
    assert rows(window) == ["Not a picture | 3 pictures", "No longer on the server | 2 pictures"]
    assert window.scope == "All 5 pictures"
    assert window.explained.startswith("Not a picture\nWhat came was something else")
    driver.press(window.list.canvas, "<Right>")
    assert window.list.materialised < 60
    shown = rows(window)
    assert shown[0] == "Not a picture | 3 pictures"
    assert shown[1].startswith("view-003.png | m.eriksen | ")
    assert shown[1].endswith(" | #landscapes | " + f"{cdn.host}/…/9003/view-003.png")
    assert [row.partition(" ")[0] for row in shown[1:4]] == ["view-003.png", "view-004.png", "view-005.png"]
    driver.press(window.list.canvas, "<Down>")
    assert window.explained.startswith("Not a picture: view-003.png\n")
    assert window.scope == "1 picture selected · Enter opens its message"
    driver.press(window.list.canvas, "<Left>")
    assert rows(window) == ["Not a picture | 3 pictures", "No longer on the server | 2 pictures"]


def test_only_what_was_left_out_for_one_reason_is_shown(driver: Driver, cdn: CdnDouble, lost: Path) -> None:
    app = opened(driver, cdn, lost)
    indexed(driver, app)
    window = report(driver, app)
    menu = window.filter_menu
    labels = [menu.entrycget(place, "label") for place in range(3)]
    assert labels == ["All reasons · 5", "Not a picture · 3", "No longer on the server · 2"]
    assert app.root.getvar(str(menu.entrycget(0, "variable"))) == menu.entrycget(0, "value")
    menu.invoke(2)
    driver.live(0.05)
    assert [row.partition(" |")[0] for row in rows(window)] == [
        "No longer on the server",
        "view-002.png",
        "view-009.png",
    ]
    assert [failure.record.file_name for failure in window.chosen] == ["view-002.png", "view-009.png"]
    menu.invoke(0)
    assert len(window.chosen) == 5


def test_the_mouse_unfolds_and_selects_as_in_any_list(driver: Driver, cdn: CdnDouble, lost: Path) -> None:
    app = opened(driver, cdn, lost)
    indexed(driver, app)
    window = report(driver, app)
    canvas = window.list.canvas

    def click(row: int, keys: str = "") -> None:
        driver.live(0.05)
        y = round((row + 0.5) * window.list._row_height)
        canvas.event_generate(f"<{keys}Button-1>", x=200, y=y)
        canvas.event_generate("<ButtonRelease-1>", x=200, y=y)
        driver.root.update()

    click(1)
    assert window.scope == "2 pictures selected"  # the group's
    assert [row.partition(" ")[0] for row in rows(window)] == ["Not", "No", "view-002.png", "view-009.png"]
    click(2)
    click(0, "Control-")
    assert [failure.record.file_name for failure in window.chosen] == [
        "view-003.png",
        "view-004.png",
        "view-005.png",
        "view-002.png",
    ]
    click(3)
    assert window.scope.startswith("1 picture selected")
    click(2, "Shift-")
    assert window.scope == "2 pictures selected"
    click(8)  # below the last row
    assert window.scope == "All 5 pictures"


def test_only_what_is_selected_is_tried_again(driver: Driver, cdn: CdnDouble, lost: Path) -> None:
    app = opened(driver, cdn, lost)
    indexed(driver, app)
    for number in (2, 9):
        cdn.serve(path_of(number), encoded(picture(number)))
    before = {number: cdn.hits(path_of(number)) for number in range(12)}
    window = report(driver, app)
    window.filter(SkipReason.GONE.value)
    driver.press(window.list.canvas, "<End>")
    window.again_button.invoke()
    done_indexing(driver, app, "8 of 12 pictures are indexed")
    assert not window.exists
    after = {number: cdn.hits(path_of(number)) for number in range(12)}
    assert [number for number in range(12) if after[number] != before[number]] == [9]
    window = report(driver, app)
    window.again_button.invoke()
    done_indexing(driver, app, "9 of 12 pictures are indexed")
    assert {number for number in range(12) if cdn.hits(path_of(number)) != after[number]} == {2, 3, 4, 5}


def test_a_host_is_allowed_after_asking_and_its_pictures_are_fetched(
    driver: Driver, cdn: CdnDouble, tmp_path: Path
) -> None:
    app = driver.open()
    app.inputs.open_archive([str(write_export(tmp_path, 4, cdn=cdn))])
    driver.until(lambda: app.inputs.archive is not None and app.encoder.facts is not None)
    driver.until(lambda: app.index.readiness.index is not None)
    indexed(driver, app)
    assert cdn.requests == []
    window = report(driver, app)
    assert rows(window)[0] == f"Host not allowed | 4 pictures: {cdn.host} 4"
    assert button(window, window.allow_button) == "Allow host …"
    assert button(window, window.refresh_button) == ""
    window.refresh_button.event_generate("<Enter>", x=2, y=2)
    driver.until(window.refresh_button.winfo_children)
    tip = window.refresh_button.winfo_children()[0].winfo_children()[0]
    assert tip.cget("text") == "None of these is a link of Discord’s that could be refreshed."
    window.refresh_button.event_generate("<Leave>", x=2, y=2)
    window.allow_button.invoke()
    assert window.question.text.startswith(f"Download pictures from {cdn.host}, now and from now on?")
    driver.live(0.05)
    driver.press(window.question.no_button, "<Return>")
    assert window.question.text == ""
    assert app.settings.allowed_hosts == ()
    window.allow_button.invoke()
    window.question.yes_button.invoke()
    done_indexing(driver, app, "All 4 pictures are indexed")
    app.saving.finish()
    assert app.settings.allowed_hosts == load_settings().allowed_hosts == (cdn.host,)


def test_a_folder_with_the_media_is_chosen_and_they_are_found(
    driver: Driver, discord: DiscordDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = write_export(tmp_path / "export", 4)
    shutil.move(str(export.with_name("export.json_Files")), str(tmp_path / "elsewhere"))
    app = driver.open()
    app.inputs.open_archive([str(export)])
    driver.until(lambda: app.inputs.archive is not None and app.encoder.facts is not None)
    driver.until(lambda: app.index.readiness.index is not None)
    indexed(driver, app)
    assert "left out 4: " in app.status.text
    window = report(driver, app)
    assert rows(window)[1].endswith("| …/export.json_Files/view-000.png")
    monkeypatch.setattr(dialogs, "choose_folder", lambda *_: None)
    window.media_button.invoke()
    assert window.exists
    assert app.settings.media_folders == ()
    monkeypatch.setattr(dialogs, "choose_folder", lambda *_: str(tmp_path / "elsewhere"))
    window.media_button.invoke()
    done_indexing(driver, app, "All 4 pictures are indexed")
    app.saving.finish()
    assert load_settings().media_folders == (str(tmp_path / "elsewhere"),)


def test_dead_links_are_refreshed_with_the_bot_token(
    driver: Driver, discord: DiscordDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_export(tmp_path, 3, expired=3)
    export = json.loads(path.read_text("utf-8"))
    for number, message in enumerate(export["messages"]):
        name = message["attachments"][0]["fileName"]
        message["attachments"][0]["url"] = discord.post(7, 9000 + number, name, encoded(picture(number)), live=-60)
    path.write_text(json.dumps(export), "utf-8")
    app = driver.open()
    app.inputs.open_archive([str(path)])
    driver.until(lambda: app.inputs.archive is not None and app.encoder.facts is not None)
    driver.until(lambda: app.index.readiness.index is not None)
    indexed(driver, app)
    assert "3 links expired" in app.status.text
    window = report(driver, app)
    assert button(window, window.refresh_button) == "Refresh 3 links …"
    monkeypatch.setenv("RAS_DISCORD_BOT_TOKEN", TOKEN)
    ask, shown = app.report.ask_for_token, []
    monkeypatch.setattr(app.report, "ask_for_token", lambda then: shown.append(ask(then)))
    window.refresh_button.invoke()
    driver.until(lambda: shown and shown[0].main_button.cget("text") == "Refresh links")
    assert "environment variable RAS_DISCORD_BOT_TOKEN is used" in shown[0].said
    driver.until(lambda: str(shown[0].main_button.cget("state")) == "normal")
    driver.press(shown[0].main_button, "<Return>")
    done_indexing(driver, app, "All 3 pictures are indexed")
    assert len(discord.refreshes) == 1
    assert not window.exists


def test_the_table_is_written_and_trouble_is_one_sentence(
    driver: Driver, cdn: CdnDouble, lost: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(driver, cdn, lost)
    indexed(driver, app)
    window = report(driver, app)
    target = tmp_path / "left out.csv"
    monkeypatch.setattr(dialogs, "choose_csv", lambda *_: str(target))
    window.csv_button.invoke()
    driver.until(lambda: window.said)
    assert window.said == f"Saved 5 pictures to “{target}”."
    with target.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    names = ["view-003.png", "view-004.png", "view-005.png", "view-002.png", "view-009.png"]
    assert [row["file name"] for row in found] == names
    assert {row["reason"] for row in found} == {"not a picture", "no longer on the server"}
    window.list.fold(0, True)
    window.list.select(2)
    window.csv_button.invoke()  # the dialog has asked whether to overwrite it
    driver.until(lambda: window.said.startswith("Saved 1 picture "))
    with target.open(encoding="utf-8-sig", newline="") as file:
        assert [row["file name"] for row in csv.DictReader(file)] == ["view-004.png"]
    monkeypatch.setattr(dialogs, "choose_csv", lambda *_: str(tmp_path / "none" / "x.csv"))
    window.csv_button.invoke()
    driver.until(lambda: "There is no folder" in window.said)


def test_a_double_click_opens_the_message(
    driver: Driver, cdn: CdnDouble, lost: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(driver, cdn, lost)
    indexed(driver, app)
    window = report(driver, app)
    seen: list[str] = []
    monkeypatch.setattr(links, "open_link", seen.append)
    window.list.fold(0, True)
    driver.live(0.05)
    y = round(1.5 * window.list._row_height)
    for _ in range(2):
        window.list.canvas.event_generate("<Button-1>", x=200, y=y)
        window.list.canvas.event_generate("<ButtonRelease-1>", x=200, y=y)
    driver.until(lambda: seen)
    assert seen == ["https://discord.com/channels/5/7/1000003"]
    driver.press(window.list.canvas, "<Down>")
    driver.press(window.list.canvas, "<Return>")
    driver.until(lambda: len(seen) == 2)
    assert seen[1].endswith("/1000004")


def shown_with(driver: Driver, failures: Sequence[Skipped]) -> App:
    app = driver.open(StreamBench(rounds=1, shown=3))
    app.report.show_skipped(failures, lambda _keys: None)
    driver.until(lambda: app.report.window is not None)
    driver.live(0.1)
    return app


def test_where_the_message_is_not_known_nothing_is_opened(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "open_link", lambda link: pytest.fail(f"{link} was opened"))
    bare = replace(record(1), message_id="", url="")
    app = shown_with(driver, [Skipped(bare, SkipReason.MISSING, "for the test")])
    window = app.report.window
    assert window is not None
    assert rows(window)[1].endswith("| neither a link nor a file")
    window.list.select(1)
    driver.press(window.list.canvas, "<Return>")
    assert window.said.startswith("This export does not say which message")


def test_of_a_hundred_thousand_pictures_only_those_that_are_seen_exist(driver: Driver) -> None:
    reasons = (SkipReason.EXPIRED, SkipReason.BLOCKED)
    failures = [Skipped(record(number), reasons[number % 10 == 0], "for the test") for number in range(100_000)]
    app = shown_with(driver, failures)
    window = app.report.window
    assert window is not None
    assert rows(window) == ["Link expired | 90,000 pictures", "Host not allowed | 10,000 pictures"]
    window.list.fold(0, True)
    window.list.fold(1, True)
    for keys in ("<Control-a>", "<End>", "<Shift-Home>", "<Prior>", "<Next>"):
        driver.press(window.list.canvas, keys)
    assert window.list.rows.amount == 100_002
    driver.press(window.list.canvas, "<End>")
    assert rows(window)[-1].startswith("view-99990.png | ")
    assert window.list.materialised < 60
    assert len(window.list.canvas.find_all()) < 60 * 10
    window.list.canvas.event_generate("<Button-4>", x=5, y=5)
    driver.live(0.05)
    assert not any(row.startswith("view-99990.png ") for row in rows(window))
    window.list.select_all()
    assert window.scope == "100,000 pictures selected"


def test_names_from_an_export_are_shown_harmless(driver: Driver) -> None:
    hostile = replace(record(1), file_name="ge\u202ene\x1b[31m\nral.png", author="a\nb\u2066", url="https://x/\x07y")
    app = shown_with(driver, [Skipped(hostile, SkipReason.GONE, "a\x00b \u202e")])
    window = app.report.window
    assert window is not None
    window.list.select(1)
    said = "".join(rows(window)) + window.explained.replace("\n", "")
    assert said.isprintable()
    assert "gene[31m ral.png" in said


def test_what_a_search_skipped_is_searched_for_again(driver: Driver, cdn: CdnDouble, lost: Path) -> None:
    app = opened(driver, cdn, lost, mode="realtime")
    app.inputs.load_query(picture(1), "one")
    driver.until(lambda: app.run.report is not None)
    assert app.status.skipped.cget("text") == "Show skipped …"
    window = report(driver, app)
    assert window.window.title() == "Skipped pictures (5) – RAS"
    for number in (2, 3, 4, 5, 9):
        cdn.serve(path_of(number), encoded(picture(number)))
    window.again_button.invoke()
    driver.until(lambda: app.run.running)
    driver.until(lambda: app.run.report is not None)
    assert app.run.skipped == []


def test_what_is_not_open_any_more_is_only_listed(driver: Driver, cdn: CdnDouble, lost: Path, export: Path) -> None:
    app = opened(driver, cdn, lost)
    indexed(driver, app)
    show = app.status.skipped.cget("command")
    app.inputs.open_archive([str(export)])
    driver.until(lambda: app.inputs.archive is not None and len(app.inputs.archive.archive.records) == 28)
    app.root.tk.call(show)
    driver.until(lambda: app.report.window is not None)
    driver.live(0.05)
    window = app.report.window
    assert window is not None
    parts = (window.again_button, window.refresh_button, window.media_button, window.allow_button)
    assert [bool(part.winfo_ismapped()) for part in parts] == [False] * 4
    assert window.csv_button.winfo_ismapped()


def test_while_an_indexing_is_under_way_nothing_is_started(driver: Driver, cdn: CdnDouble, lost: Path) -> None:
    app = opened(driver, cdn, lost)
    indexed(driver, app)
    window = report(driver, app)
    app.index.run.archive = app.inputs.archive.archive  # type: ignore[union-attr]
    window.again_button.invoke()
    assert window.said == "An indexing is under way: wait until it ends, or stop it."
    assert window.exists
    app.index.run.archive = None


def test_the_buttons_stand_above_each_other_where_there_is_no_room(driver: Driver) -> None:
    app = shown_with(driver, [Skipped(record(1), SkipReason.EXPIRED, "for the test")])
    window = app.report.window
    assert window is not None
    assert window.csv_button.winfo_rooty() == window.again_button.winfo_rooty()
    window.window.geometry("600x420")
    driver.until(lambda: window.window.winfo_width() == 600)
    driver.live(0.1)
    assert window.csv_button.winfo_rooty() < window.again_button.winfo_rooty()
    right = window.window.winfo_rootx() + 600
    assert window.csv_button.winfo_rootx() + window.csv_button.winfo_width() <= right
