"""What the archive's line says of where its pictures can be had from; pictures that lie in a zip, in the window."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ras import condition as condition_module
from ras.condition import Condition, Source
from ras.gui import links
from ras.gui.app import App
from ras.gui.archive_state import condition_parts
from ras.gui.bench import load_result
from ras.gui.dates import long_date
from ras.gui.local_picture import look
from ras.records import SearchResult, finish
from ras.settings import Settings
from tests.exports import attachment, cdn_url, make_export, media_name, message, signed
from tests.gui.conftest import Driver
from tests.gui.pictures import encoded, picture, write_export
from tests.gui.streams import AnswerBench, judged, record
from tests.zips import zip_folder

LATER = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(hours=20)


def opened(driver: Driver, *paths: Path, **settings: object) -> App:
    app = driver.open(**settings)
    app.inputs.open_archive([str(path) for path in paths])
    driver.until(lambda: app.state.condition is not None)
    return app


def test_the_line_says_what_is_here_and_what_is_dead(driver: Driver, export: Path) -> None:
    app = opened(driver, export)
    assert app.archive_bar.about == "28 pictures in 1 channel · 24 on this computer · 4 links expired · 28 messages"


def test_the_line_says_until_when_links_live(driver: Driver, tmp_path: Path) -> None:
    urls = [signed(cdn_url(str(number), "a.png"), LATER + timedelta(hours=number)) for number in range(3)]
    posted = [message("", [attachment("a.png", url=url)]) for url in urls]
    app = opened(driver, make_export(tmp_path, messages=posted))
    assert app.archive_bar.about.endswith(f"channel · 3 links live until {long_date(LATER)} · 3 messages")


def test_links_that_die_meanwhile_are_noticed(driver: Driver, tmp_path: Path) -> None:
    url = signed(cdn_url("1", "a.png"), datetime.now(timezone.utc) + timedelta(seconds=3))
    app = opened(driver, make_export(tmp_path, messages=[message("", [attachment("a.png", url=url)])]))
    assert "1 link live until" in app.archive_bar.about
    driver.until(lambda: app.archive_bar.about.endswith("channel · 1 link expired · 1 message"))
    assert "live" not in app.archive_bar.about


def test_a_media_folder_that_is_named_counts_at_once(driver: Driver, tmp_path: Path) -> None:
    url = cdn_url("1", "a.png")
    media = tmp_path / "media" / "deep" / media_name(url)
    media.parent.mkdir(parents=True)
    media.write_bytes(b"12345")
    posted = [message("", [attachment("a.png", url=url, size=5)])]
    app = opened(driver, make_export(tmp_path / "export", messages=posted))
    assert app.archive_bar.about.endswith("channel · 1 link expired · 1 message")
    app.change(media_folders=(str(tmp_path / "media"),))
    driver.until(lambda: app.archive_bar.about.endswith("channel · all on this computer · 1 message"))


def test_another_archive_is_not_described_by_the_one_before(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where looking at the one before takes long."""
    first, second = write_export(tmp_path / "a", 3), write_export(tmp_path / "b", 5, expired=5)
    let_on, plain = threading.Event(), condition_module.condition

    def slow(archive: Any, settings: Settings) -> Any:
        if len(archive.records) == 3:
            yield from ()
            let_on.wait(10)
        return (yield from plain(archive, settings))

    monkeypatch.setattr(condition_module, "condition", slow)
    app = driver.open()
    app.inputs.open_archive([str(first)])
    driver.until(lambda: app.inputs.archive is not None)
    assert app.archive_bar.about == "3 pictures in 1 channel · 3 messages"
    app.inputs.open_archive([str(second)])
    driver.until(lambda: len(app.inputs.archive.archive.records) == 5)
    let_on.set()
    driver.until(lambda: app.state.condition is not None)
    assert app.archive_bar.about == "5 pictures in 1 channel · 5 links expired · 5 messages"
    driver.live(0.2)
    assert app.archive_bar.about.endswith("5 links expired · 5 messages")


def test_words() -> None:
    def words(**sources: int) -> list[str]:
        named = {Source[name]: number for name, number in sources.items()}
        return condition_parts(Condition(sum(sources.values()), 1, None, None, named, LATER, LATER))

    assert words() == []
    assert words(ON_DISK=3) == ["all on this computer"]
    assert words(ON_DISK=1200, EXPIRED=3, UNSIGNED=4) == ["1,200 on this computer", "7 links expired"]
    assert words(LIVE=1, LASTING=2) == [f"1 link live until {long_date(LATER)}", "2 links without expiry"]
    assert words(BLOCKED=3, NONE=1) == ["3 on other hosts", "1 lost"]
    lost = Condition(2, 1, None, None, {Source.UNSIGNED: 2}, lost=1)
    assert condition_parts(lost) == ["1 file missing", "2 links expired"]


# -- pictures in a zip -------------------------------------------------------------------------------------------------


@pytest.fixture
def zipped(tmp_path: Path) -> SearchResult:
    """A result whose picture lies in a zip; its name is not one to give a file."""
    media = tmp_path / "export" / "x.json_Files"
    media.mkdir(parents=True)
    (media / "a.png").write_bytes(encoded(picture(3, (640, 480))))
    path = zip_folder(tmp_path / "export")
    inner = str(path / "x.json_Files" / "a.png")
    held = record(1, local_path=inner, media_root=str(path), file_name="../Über\x1b: a.b?.exe.png")
    return SearchResult(1, 0.9, replace(held, file_size=None))


def test_a_picture_in_a_zip_is_seen_and_searched_for(zipped: SearchResult) -> None:
    found = finish(look(zipped.record, (), (300, 300)))
    assert found.image is not None
    assert found.image.size == (600, 450)
    loaded = finish(load_result(zipped, ()))
    assert loaded.query.image.size == (640, 480)


def test_a_picture_in_a_zip_is_opened_as_a_copy_of_it(
    driver: Driver, zipped: SearchResult, monkeypatch: pytest.MonkeyPatch, ras_home: Path
) -> None:
    handed: list[str] = []
    monkeypatch.setattr(links, "_hand_over", lambda path, _sorry: handed.append(path))
    app = driver.open()
    for _ in range(2):
        app.actions.open_picture.run(zipped)
    driver.until(lambda: len(handed) == 2)
    path = Path(handed[0])
    assert handed == [str(path)] * 2
    assert path.parent == ras_home / "cache" / "opened"
    assert path.name.startswith("Über_a_b_exe-")
    assert path.suffix == ".png"
    assert path.read_bytes() == encoded(picture(3, (640, 480)))
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_picture_in_a_zip_is_shown_in_its_folder_as_the_zip(
    driver: Driver, zipped: SearchResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(links, "show_in_folder", shown.append)
    app = driver.open()
    app.actions.show_in_folder.run(zipped)
    driver.until(lambda: shown)
    assert shown == [zipped.record.media_root]


def test_a_picture_of_a_media_folder_is_opened_too(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an export without media: the file is found by the name that its link has in a media folder."""
    url = cdn_url("1", "a.png")
    media = tmp_path / media_name(url)
    media.write_bytes(encoded(picture(3)))
    result = SearchResult(1, 0.9, record(1, url=url, file_size=None))
    handed: list[str] = []
    monkeypatch.setattr(links, "_hand_over", lambda path, _sorry: handed.append(path))
    app = driver.open(media_folders=(str(tmp_path),))
    assert app.actions.show_in_folder.possible(result)
    app.actions.open_picture.run(result)
    driver.until(lambda: handed)
    assert handed == [str(media)]


def test_a_picture_of_a_media_folder_is_seen_in_the_details(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = judged(1)
    url = cdn_url("1", "a.png")
    (tmp_path / media_name(url)).write_bytes(encoded(picture(3, (640, 480))))
    result = replace(first, record=replace(first.record, url=url, file_size=None))
    app = driver.open(AnswerBench((result,)), media_folders=(str(tmp_path),))
    seen: list[str] = []
    monkeypatch.setattr(app.details, "sharpen", lambda key, _image: seen.append(key))
    app.inputs.open_archive(["stream.json"])
    app.inputs.load_query(picture(1), "one")
    driver.until(lambda: seen)
    assert seen == [result.record.key]
