"""What changed on the disk since the archive was read is offered, or read again by itself and indexed on."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Sequence

import pytest

from ras.archive import changes
from ras.gui import archive_watch
from ras.gui.app import App
from ras.gui.archive_watch import changes_text
from tests.gui.conftest import Driver
from tests.gui.pictures import picture, write_export
from tests.gui.streams import StreamBench
from tests.gui.test_indexing import settled


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_watch, "EVERY_MS", 60)


def opened(driver: Driver, path: Path, **settings: object) -> App:
    app = driver.open(**settings)
    app.inputs.open_archive([str(path)])
    driver.until(lambda: app.inputs.archive is not None and app.index.readiness.index is not None)
    driver.until(lambda: app.watch._known)
    return app


def add_to(path: Path, amount: int) -> None:
    """Further messages, as a later export of the channel has them."""
    more = json.loads(write_export(path.parent / "more", amount, name="more", expired=amount, first=500).read_text())
    export = json.loads(path.read_text("utf-8"))
    export["messages"] += more["messages"]
    path.write_text(json.dumps(export), "utf-8")


def offered(app: App) -> str:
    button = app.notices.offer_button
    return f"{app.notices.sentences[-1][1]} [{button.cget('text')}]" if button.winfo_ismapped() else ""


def amount(app: App) -> int:
    assert app.inputs.archive is not None
    return len(app.inputs.archive.archive.records)


def test_a_file_that_changed_is_offered_and_read_again(driver: Driver, tmp_path: Path) -> None:
    path = write_export(tmp_path, 6, name="general")
    app = opened(driver, path)
    driver.live(0.4)
    assert not app.notices.sentences
    add_to(path, 3)
    driver.until(lambda: offered(app) == "“general.json” has changed. [Read again]")
    assert amount(app) == 6
    driver.press(app.notices.offer_button, "<Return>")
    driver.until(lambda: amount(app) == 9)
    driver.live(0.4)
    assert not app.notices.sentences
    assert app.status.text == "Read again: 3 new pictures."


def test_what_was_read_again_sooner_than_its_files_were_looked_at_has_not_changed(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = changes.stamps

    def slow(paths: Sequence[str]) -> changes.Stamps:
        found = at_once(paths)
        time.sleep(0.4)
        return found

    monkeypatch.setattr(changes, "stamps", slow)
    monkeypatch.setattr(archive_watch, "_SHARE", 0)
    path = write_export(tmp_path, 6, name="general")
    app = opened(driver, path)
    add_to(path, 3)
    driver.until(lambda: offered(app))
    driver.press(app.notices.offer_button, "<Return>")
    driver.until(lambda: amount(app) == 9)
    driver.live(2.5)
    assert not app.notices.sentences


def test_who_does_not_want_it_is_asked_once(driver: Driver, tmp_path: Path) -> None:
    path = write_export(tmp_path, 3, name="general")
    app = opened(driver, path)
    add_to(path, 1)
    driver.until(lambda: offered(app))
    app.notices.dismiss()
    driver.live(1.2)
    assert not app.notices.sentences
    (tmp_path / "more" / "more.json").unlink()
    (tmp_path / "more" / "more.json_Files").rmdir()
    add_to(path, 1)
    driver.until(lambda: offered(app))


def test_new_exports_of_a_folder_are_offered(driver: Driver, tmp_path: Path) -> None:
    write_export(tmp_path, 3, name="general")
    app = opened(driver, tmp_path)
    (tmp_path / "notes.json").write_text("{}", "utf-8")
    driver.live(0.5)
    assert not app.notices.sentences
    write_export(tmp_path, 2, name="pictures", first=40)
    driver.until(lambda: offered(app) == "“pictures.json” is new in the folder of the archive. [Read again]")
    app.notices.offer_button.invoke()
    driver.until(lambda: amount(app) == 5)


def test_a_search_that_is_shown_is_searched_anew(driver: Driver, tmp_path: Path) -> None:
    path = write_export(tmp_path, 6, name="general")
    app = opened(driver, path)
    app.inputs.load_query(picture(2), "two")
    driver.until(lambda: app.run.report is not None)
    before = app.run.report
    add_to(path, 1)
    driver.until(lambda: offered(app))
    app.notices.offer_button.invoke()
    driver.until(lambda: app.run.report is not None and app.run.report is not before)
    assert app.results.amount


def test_by_itself_it_is_read_again_and_indexed_on(driver: Driver, tmp_path: Path) -> None:
    path = write_export(tmp_path, 6, name="general")
    app = opened(driver, path, watch_archives=True)
    app.index.start()
    driver.until(lambda: app.index.readiness.index is not None and app.index.readiness.index.indexed == 6)
    settled(driver, app)
    write_export(tmp_path / "later", 4, name="general", first=4)  # two of them are known
    (tmp_path / "later" / "general.json").replace(path)
    for file in (tmp_path / "later" / "general.json_Files").iterdir():
        file.replace(tmp_path / "general.json_Files" / file.name)
    driver.until(lambda: amount(app) == 4)
    driver.until(lambda: app.index.readiness.index is not None and app.index.readiness.index.indexed == 4)
    assert not app.notices.sentences


def test_by_itself_what_was_not_indexed_is_not(driver: Driver, tmp_path: Path) -> None:
    path = write_export(tmp_path, 3, name="general")
    app = opened(driver, path, watch_archives=True)
    add_to(path, 2)
    driver.until(lambda: amount(app) == 5)
    driver.live(0.3)
    assert app.index.readiness.index is not None
    assert app.index.readiness.index.indexed == 0
    assert not app.index.run.running


def test_nothing_is_looked_at_while_a_search_runs(driver: Driver, tmp_path: Path) -> None:
    path = tmp_path / "stream.json"
    path.write_text("{}", "utf-8")
    app = driver.open(StreamBench(rounds=2, shown=3, endless=True, pause=0.01))
    app.inputs.open_archive([str(path)])
    driver.until(lambda: app.watch._known)
    app.inputs.load_query(picture(1), "one")
    driver.until(lambda: app.run.running)
    path.write_text("{} ", "utf-8")
    driver.live(1.2)
    assert not app.notices.sentences
    app.cancel()
    driver.until(lambda: offered(app) == "“stream.json” has changed. [Read again]")


def test_an_offer_does_not_outlive_its_archive(driver: Driver, tmp_path: Path) -> None:
    path = write_export(tmp_path, 3, name="general")
    other = write_export(tmp_path / "other", 2, name="other")
    app = opened(driver, path)
    add_to(path, 1)
    driver.until(lambda: offered(app))
    app.inputs.open_archive([str(other)])
    driver.until(lambda: amount(app) == 2)
    assert not app.notices.sentences


def test_a_folder_is_opened_as_a_folder_at_the_next_start(driver: Driver, tmp_path: Path) -> None:
    write_export(tmp_path, 2, name="one")
    app = opened(driver, tmp_path)
    assert app.settings.last_archive == (str(tmp_path),)


def test_other_kinds_of_pictures_read_what_was_opened_and_search_again(driver: Driver, tmp_path: Path) -> None:
    write_export(tmp_path, 2, name="one")
    app = opened(driver, tmp_path)
    app.inputs.load_query(picture(1), "one")
    driver.until(lambda: app.run.report is not None)
    before = app.inputs.archive
    app.settings_change._apply({"stickers": True})
    driver.until(lambda: app.inputs.archive is not before and app.run.report is not None)
    assert app.watch.paths == (str(tmp_path),)


def test_other_kinds_of_pictures_do_not_undo_an_opening(driver: Driver, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    write_export(first, 2, name="one")
    write_export(second, 3, name="two", first=10)
    app = opened(driver, first)
    app.inputs.open_archive([str(second)])
    app.settings_change._apply({"stickers": True})
    driver.until(lambda: not app.inputs.opening)
    assert app.watch.paths == (str(second),)


def test_changes_are_one_sentence() -> None:
    assert changes_text(["/a/x.json"], []) == "“x.json” has changed."
    assert changes_text(["/a/x.json", "/a/y.json"], []) == "“x.json” and 1 more have changed."
    assert changes_text([], ["/a/x.json", "/a/y.json"]) == "“x.json” and 1 more are new in the folder of the archive."
    assert changes_text(["/a/x.json"], ["/a/y.json"]) == "1 file has changed, and 1 is new."
