"""The window of the indexed archives, and archives whose export files are gone."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from ras.gui.app import App
from ras.gui.archives_window import ArchivesWindow
from ras.gui.stored_archives import list_archives
from ras.records import finish
from tests.gui.conftest import Driver
from tests.gui.pictures import picture, write_export
from tests.gui.test_indexing import button, indexed, settled


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Two exports that share no picture."""
    return write_export(tmp_path / "one", 6), write_export(tmp_path / "two", 4, first=50, name="second")


def open_and_index(driver: Driver, app: App, *paths: Path) -> None:
    wanted = tuple(str(path) for path in paths)
    app.inputs.open_archive(wanted)
    driver.until(lambda: app.inputs.archive is not None and app.inputs.archive.archive.paths == wanted)
    driver.until(lambda: app.index.possible)
    indexed(driver, app)


def listed(driver: Driver, app: App) -> ArchivesWindow:
    app.archives.open()
    window = app.archives.window
    assert window is not None
    driver.until(lambda: window.usage != "Looking …")
    driver.live(0.1)
    return window


def rows(window: ArchivesWindow) -> list[list[str]]:
    return [[str(value) for value in window.table.item(row, "values")] for row in window.table.get_children()]


def named(app: App) -> str:
    return app.inputs.query.query.name if app.inputs.query is not None else ""


def choose(window: ArchivesWindow, *places: int) -> None:
    items = window.table.get_children()
    window.table.selection_set([items[place] for place in places])
    window.table.update()


def test_they_are_listed_with_the_space_they_take(driver: Driver, two: tuple[Path, Path]) -> None:
    app = driver.open()
    open_and_index(driver, app, two[0])
    open_and_index(driver, app, two[1])
    two[0].unlink()
    window = listed(driver, app)
    assert [(row[1], row[3]) for row in rows(window)] == [("4", "second.json"), ("6", "export.json (gone)")]
    assert "2 archives · 10 pictures · " in window.usage
    assert "embeddings" in window.usage
    assert "previews" in window.usage
    assert ", the rest " in window.usage


def test_two_of_one_name_are_told_apart_by_their_folders(driver: Driver, tmp_path: Path) -> None:
    app = driver.open()
    for folder, first in (("march", 0), ("april", 50)):
        open_and_index(driver, app, write_export(tmp_path / folder, 2, first=first))
    window = listed(driver, app)
    assert sorted(row[3] for row in rows(window)) == ["export.json in april", "export.json in march"]


def test_an_empty_store_says_what_to_do(driver: Driver) -> None:
    app = driver.open()
    window = listed(driver, app)
    assert "press “Index archive”" in window.usage
    for widget in (window.open_button, window.remove_button, window.verify_button, window.compact_button):
        assert "disabled" in widget.state()


def test_several_are_searched_together_without_their_files(driver: Driver, two: tuple[Path, Path]) -> None:
    app = driver.open()
    open_and_index(driver, app, two[0])
    open_and_index(driver, app, two[1])
    for path in two:
        shutil.rmtree(path.parent)
    window = listed(driver, app)
    choose(window, 0, 1)
    window.open_button.invoke()
    driver.until(lambda: app.inputs.archive is not None and len(app.inputs.archive.archive.records) == 10)
    assert not window.exists
    assert "no longer there; what was indexed of them until" in app.notices.sentences[-1][1]
    for number in (3, 52):
        app.inputs.load_query(picture(number), str(number))
        driver.until(lambda: not app.run.running and named(app) == str(number))  # noqa: B023
        assert app.results.selection is not None
        assert app.results.selection.record.file_name == f"view-{number:03}.png"
        assert app.results.selection.preview is not None
    assert app.run.report is not None
    assert app.run.report.searched == 10


def test_what_is_there_is_read_and_what_is_gone_comes_from_the_store(driver: Driver, two: tuple[Path, Path]) -> None:
    app = driver.open()
    open_and_index(driver, app, two[0])
    shutil.rmtree(two[0].parent)
    app.inputs.open_archive([str(path) for path in two])
    driver.until(lambda: app.inputs.archive is not None and len(app.inputs.archive.archive.records) == 10)
    assert "“export.json” is no longer there" in app.notices.sentences[-1][1]
    settled(driver, app)
    driver.live(0.05)
    assert button(app) == "Index 4 new"


def test_removing_asks_once_and_frees(driver: Driver, two: tuple[Path, Path]) -> None:
    app = driver.open()
    open_and_index(driver, app, two[0])
    open_and_index(driver, app, two[1])
    window = listed(driver, app)
    choose(window, 0)
    driver.press(window.table, "<Delete>")
    assert window.confirm_button.winfo_ismapped()
    assert "The export itself stays" in window.asked
    driver.press(window.keep_button, "<Escape>")
    assert window.exists
    assert not window.confirm_button.winfo_ismapped()
    driver.live(0.1)
    assert len(finish(list_archives()).archives) == 2
    window.remove_button.invoke()
    driver.root.update()
    window.confirm_button.invoke()
    driver.until(lambda: len(rows(window)) == 1)
    assert window.said.startswith("Freed ")
    assert rows(window)[0][1] == "6"
    assert [known.pictures for known in finish(list_archives()).archives] == [6]
    settled(driver, app)
    driver.live(0.05)
    assert button(app) == "Index archive"  # the one that is open was removed
    assert two[1].is_file()
    driver.press(window.table, "<Escape>")
    assert not window.exists


def test_verify_and_compact_say_how_it_went(driver: Driver, two: tuple[Path, Path]) -> None:
    app = driver.open()
    open_and_index(driver, app, two[0])
    window = listed(driver, app)
    window.verify_button.invoke()
    driver.until(lambda: window.said)
    assert window.said == "Everything in the index is as it was written."
    window.compact_button.invoke()
    driver.until(lambda: "takes" in window.said)
    for file in (store_folder(app) / "indexes").iterdir():
        file.write_bytes(b"rubbish")
    window.verify_button.invoke()
    driver.until(lambda: "takes" not in window.said and window.said)
    assert window.said != "Everything in the index is as it was written."


def store_folder(app: App) -> Path:
    from ras.paths import store_folder

    return store_folder()


def test_care_waits_for_the_indexing(driver: Driver, two: tuple[Path, Path]) -> None:
    app = driver.open()
    open_and_index(driver, app, two[0])
    window = listed(driver, app)
    app.index.run.archive = app.inputs.archive.archive  # type: ignore[union-attr]  # as if it were being indexed
    window.compact_button.invoke()
    assert "Indexing goes on" in window.said
    app.index.run.archive = None


def test_it_works_by_keyboard(driver: Driver, two: tuple[Path, Path]) -> None:
    app = driver.open()
    open_and_index(driver, app, two[0])
    driver.press(app.results.canvas, "<Control-Shift-A>")
    window = app.archives.window
    assert window is not None
    driver.until(lambda: rows(window))
    before = app.inputs.archive
    driver.press(window.table, "<Return>")
    driver.until(lambda: app.inputs.archive is not before)
    assert not window.exists


def test_the_last_archive_is_gone_and_is_searched_all_the_same(driver: Driver, two: tuple[Path, Path]) -> None:
    app = driver.open()
    open_and_index(driver, app, two[0])
    shutil.rmtree(two[0].parent)
    again = driver.open(last_archive=app.settings.last_archive)
    driver.until(lambda: again.inputs.archive is not None and again.encoder.facts is not None)
    (said,) = (text for kind, text in again.notices.sentences if kind == "Notice" and "export.json" in text)
    assert re.fullmatch(
        r"“export\.json” is no longer there; what was indexed of it on \d{4}-\d\d-\d\d \d\d:\d\d is searched\.", said
    )
    again.inputs.load_query(picture(2), "two")
    driver.until(lambda: again.run.report is not None)
    assert again.run.report is not None
    assert again.run.report.searched == 6
    assert all(result.preview for result in again.run.report.results)


def test_a_last_archive_that_nobody_knows_is_one_sentence(driver: Driver, tmp_path: Path) -> None:
    app = driver.open(last_archive=(str(tmp_path / "gone.json"),))
    driver.until(lambda: app.notices.sentences)
    assert "gone.json" in app.notices.sentences[-1][1]
    assert app.inputs.archive is None
    assert app.centre.welcome.headline == "Find where a picture was posted"
