"""New exports in folders that the user named are offered, once, and opened and indexed where that is wanted."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from ras.gui import archive_watch, folder_watch
from ras.gui.app import App
from ras.gui.folder_watch import new_text
from tests.gui.conftest import Driver
from tests.gui.pictures import write_export
from tests.gui.test_archive_watch import offered
from tests.gui.test_indexing import settled


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_watch, "EVERY_MS", 60)
    monkeypatch.setattr(archive_watch, "EVERY_MS", 60)


def watching(driver: Driver, folder: Path) -> App:
    app = driver.open(watch_folders=(str(folder),))
    driver.until(lambda: app.encoder.facts is not None)
    return app


def test_a_new_export_is_offered_opened_and_indexed(driver: Driver, tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    app = watching(driver, exports)
    (exports / "notes.json").write_text("{}", "utf-8")
    driver.live(0.5)
    assert not app.notices.sentences
    path = write_export(exports / "today", 4, name="general")
    driver.until(lambda: offered(app) == "There is a new export: “general.json” in “today”. [Open and index]")
    app.notices.offer_button.invoke()
    driver.until(lambda: app.index.readiness.index is not None and app.index.readiness.index.indexed == 4)
    settled(driver, app)
    assert app.inputs.archive is not None
    assert app.inputs.archive.archive.paths == (str(path),)
    driver.live(0.5)
    assert not app.notices.sentences


def test_an_offer_stays_when_another_archive_is_opened(driver: Driver, tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    other = write_export(tmp_path / "other", 2, name="other", first=30)
    app = watching(driver, exports)
    path = write_export(exports, 4, name="general")
    driver.until(lambda: offered(app).startswith("There is a new export: “general.json”"))
    app.inputs.open_archive([str(other)])
    driver.until(lambda: app.inputs.archive is not None)
    driver.live(0.3)
    assert offered(app).startswith("There is a new export: “general.json”")
    app.inputs.open_archive([str(path)])
    driver.until(lambda: app.watch.paths == (str(path),))
    assert not app.notices.sentences


def test_what_is_opened_while_another_archive_is_indexed_is_said_not_to_be(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = watching(driver, tmp_path / "exports")
    path = write_export(tmp_path / "exports", 4, name="general")
    driver.until(lambda: offered(app).endswith("[Open and index]"))
    with monkeypatch.context() as patched:
        patched.setattr(type(app.index.run), "running", property(lambda _self: True))
        app.notices.offer_button.invoke()
        driver.until(lambda: app.watch.paths == (str(path),))
        driver.until(lambda: offered(app).startswith("The new export is open, and is not indexed yet"))
    app.notices.offer_button.invoke()
    driver.until(lambda: app.index.readiness.index is not None and app.index.readiness.index.indexed == 4)
    settled(driver, app)


def test_a_wish_to_index_ends_with_the_opening_that_failed(driver: Driver, tmp_path: Path) -> None:
    app = watching(driver, tmp_path / "exports")
    path = write_export(tmp_path / "exports", 4, name="general")
    driver.until(lambda: offered(app).endswith("[Open and index]"))
    app.notices.offer_button.invoke()
    app.inputs.cancel_opening()
    app.inputs.open_archive([str(path)])
    driver.until(lambda: app.inputs.archive is not None)
    driver.live(0.5)
    assert app.index.readiness.index is None or app.index.readiness.index.indexed == 0
    assert not app.index.run.running


def test_several_are_one_offer_and_none_is_offered_twice(driver: Driver, tmp_path: Path) -> None:
    write_export(tmp_path, 2, name="one")
    app = watching(driver, tmp_path)
    driver.until(lambda: offered(app).startswith("There is a new export: “one.json”"))
    write_export(tmp_path, 3, name="two", first=20)
    driver.until(lambda: offered(app) == "There are 2 new exports: “one.json” and 1 more. [Open and index]")
    assert len(app.notices.sentences) == 1
    app.notices.dismiss()
    (tmp_path / "one.json").write_text((tmp_path / "one.json").read_text("utf-8") + "\n", "utf-8")
    driver.live(0.6)
    assert not app.notices.sentences


def test_what_is_indexed_is_not_new_also_in_a_zip(driver: Driver, tmp_path: Path) -> None:
    made = write_export(tmp_path / "made", 2, name="held")
    folder = tmp_path / "exports"
    folder.mkdir()
    with zipfile.ZipFile(folder / "all.zip", "w") as held:
        held.write(made, "held.json")
    one = write_export(folder, 2, name="one", first=10)
    app = driver.open()
    driver.until(lambda: app.encoder.facts is not None)
    app.inputs.open_archive([str(one), str(folder / "all.zip")])
    driver.until(lambda: app.index.possible)
    app.index.start()
    driver.until(lambda: not app.index.run.running)
    settled(driver, app)
    app.inputs.open_archive([str(made)])
    driver.until(lambda: not app.inputs.opening)
    app.change(watch_folders=(str(folder),))
    driver.live(0.6)
    assert not app.notices.sentences
    write_export(folder, 2, name="two", first=30)
    driver.until(lambda: offered(app).startswith("There is a new export: “two.json”"))


def test_a_file_that_was_empty_at_first_is_found(driver: Driver, tmp_path: Path) -> None:
    text = write_export(tmp_path / "made", 2, name="made").read_text("utf-8")
    folder = tmp_path / "exports"
    folder.mkdir()
    app = watching(driver, folder)
    (folder / "late.json").write_text("", "utf-8")
    driver.live(0.5)
    (folder / "late.json").write_text(text, "utf-8")
    driver.until(lambda: offered(app).startswith("There is a new export: “late.json”"))


def test_a_folder_that_is_open_is_offered_once(driver: Driver, tmp_path: Path) -> None:
    write_export(tmp_path, 2, name="one")
    app = driver.open()
    app.inputs.open_archive([str(tmp_path)])
    driver.until(lambda: app.watch._known)
    app.change(watch_folders=(str(tmp_path),))
    write_export(tmp_path, 2, name="two", first=20)
    driver.until(lambda: offered(app) == "“two.json” is new in the folder of the archive. [Read again]")
    driver.live(0.5)
    assert len(app.notices.sentences) == 1


def test_new_exports_are_one_sentence() -> None:
    assert new_text(["/a/exports/x.json"]) == "There is a new export: “x.json” in “exports”."
    assert new_text(["/a/x.json", "/a/y.json", "/a/z.json"]) == "There are 3 new exports: “x.json” and 2 more."
