"""What can be done with a result, and what cannot: where an export lacks a link, the window says so in words."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from ras.gui.app import App
from tests.gui.conftest import Driver
from tests.gui.pictures import picture, write_export
from tests.gui.streams import AnswerBench, judged, record
from tests.gui.test_search_in_the_window import searched


def states(app: App) -> dict[str, bool]:
    """Label → whether the button can be pressed."""
    return {action.label: str(button.cget("state")) == "normal" for action, button in app.details.board.buttons}


def test_a_csv_export_has_no_messages_to_open(driver: Driver, tmp_path: Path) -> None:
    media = tmp_path / "Wanderers - landscapes [7].csv_Files"
    media.mkdir()
    lines = ["AuthorID,Author,Date,Content,Attachments,Reactions"]
    for number in range(3):
        picture(number).save(media / f"view-{number}.png")
        attachment = f"{media.name}/view-{number}.png"
        lines.append(f'"1","luna","2021-03-04T05:06:07.0000000+00:00","A view","{attachment}",""')
    path = tmp_path / "Wanderers - landscapes [7].csv"
    path.write_text("\n".join(lines) + "\n", "utf-8-sig")
    app = driver.open()
    driver.until(lambda: app.encoder.facts is not None)
    app.inputs.take_files([str(path)])
    driver.until(lambda: app.inputs.archive is not None)
    app.inputs.load_query(picture(1), "one")
    driver.until(lambda: app.run.report is not None)
    driver.live(0.3)
    best = app.results.selection
    assert best is not None
    assert best.record.file_name == "view-1.png"
    assert best.record.message_link == ""
    possible = states(app)
    impossible = ("Open message", "Copy message link", "Open message in the Discord app")
    assert [possible[label] for label in impossible] == [False] * 3
    assert possible["Open picture"]
    assert "Saved with the archive · no link to the message" in str(app.details._facts.cget("text"))


def test_what_cannot_be_done_has_its_reason_in_words(driver: Driver) -> None:
    bare = replace(judged(alike=1)[0], record=record(1, message_id="", url=""))
    app = driver.open(AnswerBench((bare,)))
    app.inputs.open_archive(["stream.json"])
    driver.until(lambda: app.inputs.archive is not None)
    app.inputs.load_query(picture(1), "one")
    driver.until(lambda: app.run.report is not None)
    driver.live(0.3)
    assert states(app) == {
        "Open message": False,
        "Copy message link": False,
        "Copy original URL": False,
        "Open picture": False,
        "Open message in the Discord app": False,
        "More like this": True,
        "Save picture as …": True,
    }
    assert "No link to the picture · no link to the message" in str(app.details._facts.cget("text"))
    driver.press(app.results.canvas, "<Return>")
    assert app.status.text == "This export does not say which message the picture is from."
    driver.press(app.results.canvas, "<Control-c>")
    assert app.status.text == "This export has no link to the picture."
    button = app.details.board.buttons[0][1]
    button.event_generate("<Enter>", x=2, y=2)
    driver.live(0.6)
    tips = [part for part in button.winfo_children() if part.winfo_class() == "Toplevel"]
    assert [str(tip.winfo_children()[0].cget("text")) for tip in tips] == [  # type: ignore[attr-defined]
        "This export does not say which message the picture is from."
    ]
    button.event_generate("<Leave>", x=2, y=2)
    driver.live(0.05)
    assert not button.winfo_children()


GONE = "Its saved file is not there now · link expired"


def fact(app: App) -> str:
    """The last of the facts: whether the picture can be had."""
    return str(app.details._facts.cget("text")).split("\n")[-1]


def test_a_file_that_is_gone_is_said_to_be(driver: Driver, tmp_path: Path) -> None:
    """Also what was there when the archive was opened, and what comes back."""
    path = write_export(tmp_path / "drive", 9)
    app = searched(driver, path, tmp_path)
    assert app.results.selection is not None
    driver.until(lambda: fact(app) == "Saved with the archive")
    (tmp_path / "drive").rename(tmp_path / "unplugged")
    app.results.select(1)
    driver.until(lambda: fact(app) == GONE)
    app.results.select(0)
    driver.until(lambda: fact(app) == GONE)
    (tmp_path / "unplugged").rename(tmp_path / "drive")
    app.results.select(1)
    driver.until(lambda: fact(app) == "Saved with the archive")


def test_nothing_is_said_of_a_file_before_it_was_looked_for(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where its disk does not answer: the window does not wait for it."""
    here = replace(judged(alike=1)[0], record=record(1, local_path="/far/away.png", media_root="/far"))
    asked, answers = threading.Event(), threading.Event()

    def slow(_self: object, _record: object) -> None:
        assert threading.current_thread() is not threading.main_thread()
        asked.set()
        answers.wait(30)

    monkeypatch.setattr("ras.media.MediaReader.find", slow)
    monkeypatch.setattr("ras.media.MediaReader.is_there", slow)
    app = driver.open(AnswerBench((here,)))
    app.inputs.open_archive(["stream.json"])
    driver.until(lambda: app.inputs.archive is not None)
    app.inputs.load_query(picture(1), "one")
    try:
        driver.until(asked.is_set)
        driver.until(lambda: app.results.selection is not None)
        driver.live(0.5)
        assert fact(app) == "Looking for its file …"
    finally:
        answers.set()
    driver.until(lambda: fact(app).startswith(GONE))


def test_a_spoiler_is_looked_for_and_not_decoded(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "SPOILER_a.png"
    picture(3).save(file)
    veiled = record(1, file_name=file.name, local_path=str(file), media_root=str(tmp_path))
    monkeypatch.setattr("ras.images.decode_image", lambda *_, **__: pytest.fail("it was decoded"))
    app = driver.open(AnswerBench((replace(judged(alike=1)[0], record=veiled),)))
    app.inputs.open_archive(["stream.json"])
    app.inputs.load_query(picture(1), "one")
    driver.until(lambda: app.results.selection is not None)
    assert app.results.is_veiled(app.results.selection)
    driver.until(lambda: fact(app) == "Saved with the archive")
    file.unlink()
    app.selection.show(app.results.selection)
    driver.until(lambda: fact(app) == GONE)
