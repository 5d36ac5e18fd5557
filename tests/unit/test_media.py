"""Where a record's media file may lie, how it is found where it was moved to, and which of several is the picture."""

from __future__ import annotations

import os
import sqlite3
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Sequence

import pytest

from ras.downloader import Downloader
from ras.errors import FetchError, SkipReason
from ras.media import MediaReader, seems_local
from ras.records import ImageRecord
from ras.settings import Settings
from tests.cdn_double import make_record
from tests.exports import cdn_url, media_name, signed
from tests.zips import Raw, raw_zip, zip_folder

posix = pytest.mark.skipif(os.name == "nt", reason="needs links")

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(100))
URL = cdn_url("5", "unknown.png")


def media_path(record: ImageRecord, folders: Sequence[str] = ()) -> Path | None:
    """The record's media file where it is a file of the disk."""
    with MediaReader(folders) as media:
        return next((Path(file.path) for file in media.files(record) if not file.holder), None)


def put(path: Path, data: bytes = PNG) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def beside(path: Path, **values: Any) -> ImageRecord:
    """A record of an export in the folder above the one with its media."""
    return make_record(
        **{"file_size": len(PNG), "local_path": str(path), "media_root": str(path.parent.parent), **values}
    )


def linked(**values: Any) -> ImageRecord:
    """A record of an export without media."""
    return make_record(**{"file_size": len(PNG), "url": signed(URL), "file_name": "unknown.png", **values})


def found(record: ImageRecord, *folders: Path) -> list[str]:
    with MediaReader([str(folder) for folder in folders]) as media:
        paths = [file.path for file in media.files(record)]
        assert media.is_there(record) == bool(paths)
        first = media.find(record)
        assert (first.path if first is not None else None) == (paths[0] if paths else None)
    return paths


def read(record: ImageRecord, *folders: Path, limit: int = 1000) -> bytes:
    with MediaReader([str(folder) for folder in folders]) as media:
        return media.read(record, limit)


def refusal(record: ImageRecord, *folders: Path, limit: int = 1000) -> SkipReason:
    with pytest.raises(FetchError) as caught:
        read(record, *folders, limit=limit)
    return caught.value.reason


# -- nowhere else ------------------------------------------------------------------------------------------------------


@posix
def test_an_export_names_no_file_outside_its_folder(tmp_path: Path) -> None:
    inside, outside = put(tmp_path / "export" / "media" / "a.png"), put(tmp_path / "secret.png")
    link = inside.with_name("link.png")
    link.symlink_to(outside)
    (inside.parent.parent / "linked").symlink_to(tmp_path)
    root = str(tmp_path / "export")

    def look(path: Path, *folders: Path) -> Path | None:
        record = make_record(local_path=str(path), media_root=root)
        return media_path(record, [str(folder) for folder in folders])

    assert look(inside) == inside
    assert look(outside) is None
    assert look(link) is None
    assert look(tmp_path / "export" / ".." / "secret.png") is None
    assert look(outside, tmp_path) == outside
    for path in (outside, tmp_path / "export" / "linked" / "secret.png", tmp_path / "export" / ".." / "secret.png"):
        assert found(make_record(local_path=str(path), media_root=root)) == []


def test_a_record_without_a_root_has_no_file(tmp_path: Path) -> None:
    assert found(make_record(local_path=str(put(tmp_path / "a.png")))) == []


@pytest.mark.parametrize("path", ["../secret.png", "m/../../secret.png", "m/none.png", "m", "", "m/a\0.png"])
def test_a_zip_names_nothing_outside_of_itself(tmp_path: Path, path: str) -> None:
    put(tmp_path / "secret.png")
    holder = raw_zip(tmp_path / "a.zip", [Raw(b"m/a.png", PNG)])
    assert found(make_record(local_path=f"{holder}{os.sep}{path}", media_root=str(holder))) == []


# -- in a zip or database ----------------------------------------------------------------------------------------------


def in_zip(path: Path, name: str, **values: Any) -> ImageRecord:
    return make_record(
        **{"local_path": str(path / name), "media_root": str(path), "file_size": len(PNG), "url": "", **values}
    )


def test_a_file_in_a_zip(tmp_path: Path) -> None:
    put(tmp_path / "export" / "x.json_Files" / "a.png")
    path = zip_folder(tmp_path / "export")
    record = in_zip(path, "x.json_Files/a.png")
    assert found(record) == [str(path / "x.json_Files" / "a.png")]
    assert read(record) == PNG
    assert media_path(record) is None
    with MediaReader() as media:
        (file,) = media.files(record)
        assert file.holder == str(path)
        assert file.read(10) == PNG[:10]
    assert seems_local(record)
    assert not seems_local(in_zip(tmp_path / "none.zip", "a.png"))


def test_files_in_zips_of_every_kind_of_trouble(tmp_path: Path) -> None:
    files = [
        Raw(b"page.png", b"<html>404</html>"),
        Raw(b"huge.png", PNG + bytes(1000)),
        Raw(b"locked.png", PNG, flags=1),
        Raw(b"odd.png", PNG, method=9),
        Raw(b"wrong.png", PNG, crc=1),
        Raw(b"more.png", PNG + bytes(900_000), size=len(PNG)),
    ]
    path = raw_zip(tmp_path / "a.zip", files)
    reasons = {
        "page.png": SkipReason.NOT_A_PICTURE,
        "huge.png": SkipReason.TOO_LARGE,
        **dict.fromkeys(("locked.png", "odd.png", "wrong.png", "more.png", "none.png"), SkipReason.MISSING),
    }
    for name, reason in reasons.items():
        assert refusal(in_zip(path, name)) is reason, name
    with MediaReader() as media:
        kept = in_zip(path, "page.png")
        assert media.is_there(kept)
        path.unlink()
        with pytest.raises(FetchError, match="cannot be read"):
            media.read(kept, 1000)


def test_a_picture_in_a_database(tmp_path: Path) -> None:
    path = tmp_path / "archive.dht"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE download_blobs (normalized_url TEXT PRIMARY KEY, blob BLOB)")
    connection.execute("INSERT INTO download_blobs VALUES (?, ?)", (URL, PNG))
    connection.commit()
    connection.close()
    name = "https%3A%2F%2F" + URL[len("https://") :].replace("/", "%2F")
    record = in_zip(path, name)
    assert found(record) == [str(path / name)]
    assert read(record) == PNG
    assert found(in_zip(path, "none")) == []


def test_threads_share_a_reader(tmp_path: Path) -> None:
    names = [f"{number}.png" for number in range(20)]
    path = raw_zip(tmp_path / "a.zip", [Raw(name.encode(), PNG + name.encode()) for name in names])
    wrong: list[object] = []

    def work(media: MediaReader) -> None:
        for name in names * 5:
            try:
                data = media.read(in_zip(path, name), 1000)
            except FetchError as exc:
                wrong.append(exc)
            else:
                wrong.extend([name] if data != PNG + name.encode() else [])

    with MediaReader([str(tmp_path)]) as media:
        threads = [threading.Thread(target=work, args=(media,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


# -- in a folder that the user named -----------------------------------------------------------------------------------


def test_a_file_that_was_moved_is_found_by_name(tmp_path: Path) -> None:
    lost = beside(tmp_path / "export" / "x.json_Files" / "a.png")
    for place in ("moved/a.png", "moved/deep/x.json_Files/a.png"):
        moved = put(tmp_path / place)
        assert media_path(lost) is None
        assert media_path(lost, [str(tmp_path / "moved")]) == moved
        moved.unlink()


def test_the_export_s_own_file_comes_first(tmp_path: Path) -> None:
    own = put(tmp_path / "export" / "x.json_Files" / "a.png")
    other = put(tmp_path / "moved" / "a.png")
    assert found(beside(own), tmp_path / "moved") == [str(own), str(other)]


@pytest.mark.parametrize("version", ["2.42", "2.46.1", "2.47"])
@pytest.mark.parametrize("place", ["", "general.json_Files/", "server/category/general.json_Files/"])
def test_a_file_is_found_by_the_name_that_the_exporter_gave_it(tmp_path: Path, version: str, place: str) -> None:
    """The export has links; the media of this and other exports lie in a folder that the user named."""
    file = put(tmp_path / "media" / place / media_name(URL, version))
    put(tmp_path / "media" / place / media_name(cdn_url("6", "unknown.png"), version))
    assert found(linked()) == []
    for url in (
        signed(URL),
        URL,
        f"{URL}?ex=0&is=0&hm=00&uc=dp",
        signed(URL.replace("cdn.discordapp.com", "cdn.discord.com")),
    ):
        assert found(linked(url=url), tmp_path / "media") == [str(file)]
    assert found(linked(url=signed(cdn_url("7", "unknown.png"))), tmp_path / "media") == []


def test_an_embed_s_picture_is_found_by_name(tmp_path: Path) -> None:
    url = "https://images-ext-1.discordapp.net/external/abc/https/example.org/cat.png?width=400"
    file = put(tmp_path / "media" / media_name(url))
    assert found(linked(url=url, file_size=None, attachment_id=None), tmp_path / "media") == [str(file)]


def test_a_zip_can_be_a_media_folder(tmp_path: Path) -> None:
    put(tmp_path / "m" / "general.json_Files" / media_name(URL))
    path = zip_folder(tmp_path / "m", tmp_path / "m.zip")
    (name,) = found(linked(), path)
    assert name == str(path / "general.json_Files" / media_name(URL))
    assert read(linked(), path) == PNG


def test_five_digits_are_no_proof_where_the_size_is_another(tmp_path: Path) -> None:
    """Two of 10,000 “unknown.png” may have the same: that a file is of the right size is what tells."""
    short = put(tmp_path / "media" / media_name(URL, "2.46.1"), PNG + b"another picture")
    assert found(linked(), tmp_path / "media") == []
    long = put(tmp_path / "media" / media_name(URL, "2.47"), PNG[:50])
    assert found(linked(), tmp_path / "media") == [str(long)]
    assert found(linked(file_size=None), tmp_path / "media") == [str(long), str(short)]


def test_of_files_of_one_name_the_one_of_the_right_size_is_taken(tmp_path: Path) -> None:
    name = media_name(URL, "2.46.1")
    put(tmp_path / "media" / "a" / name, PNG[:70])
    right = put(tmp_path / "media" / "b" / name)
    put(tmp_path / "media" / "c" / name, PNG + bytes(10))
    lost = beside(tmp_path / "export" / "x.json_Files" / name, url=signed(URL))
    assert found(lost, tmp_path / "media") == [str(right)]
    cut = put(tmp_path / "media" / "x.json_Files" / name, PNG[:60])  # its own folder: this is it, though cut
    assert found(lost, tmp_path / "media") == [str(right), str(cut)]


def test_listing_large_folders_can_be_stopped(tmp_path: Path) -> None:
    put(tmp_path / "media" / "deep" / media_name(URL))
    with MediaReader([str(tmp_path / "media")]) as media:
        steps = media.prepare()
        assert next(steps, "end") is None
        assert next(steps, "end") is None
        assert next(steps, "end") == "end"
        assert media.is_there(linked())
    with MediaReader([str(tmp_path / "media")]) as media:
        media.cancel()
        assert list(media.prepare()) == []
        assert not media.is_there(linked())


def test_folders_that_are_not_there(tmp_path: Path) -> None:
    assert found(linked(), tmp_path / "none", put(tmp_path / "text.txt", b"text")) == []


@posix
def test_links_in_a_named_folder_lead_nowhere(tmp_path: Path) -> None:
    secret = put(tmp_path / "secret.png")
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / media_name(URL)).symlink_to(secret)
    with MediaReader([str(tmp_path / "media")]) as media:
        assert media.find(linked()) is None
        with pytest.raises(FetchError, match="missing"):
            media.read(linked(), 1000)


# -- what is saved under a picture's name ------------------------------------------------------------------------------


def test_error_pages_and_cut_downloads_give_way_to_the_picture(tmp_path: Path) -> None:
    good = put(tmp_path / "media" / "a.png")
    for bad in (b"<html>404 Not Found</html>", PNG[:50], b""):
        own = put(tmp_path / "export" / "x.json_Files" / "a.png", bad)
        assert read(beside(own), good.parent) == PNG


def test_a_cut_picture_is_better_than_nothing(tmp_path: Path) -> None:
    own = put(tmp_path / "export" / "x.json_Files" / "a.png", PNG[:50])
    assert read(beside(own)) == PNG[:50]
    put(tmp_path / "media" / "a.png", PNG[:70])
    assert read(beside(own), tmp_path / "media") == PNG[:70]


def test_what_is_no_use(tmp_path: Path) -> None:
    own = put(tmp_path / "export" / "x.json_Files" / "a.png", b"<html>")
    assert refusal(beside(own)) is SkipReason.NOT_A_PICTURE
    put(own, PNG)
    assert refusal(beside(own), limit=len(PNG) - 1) is SkipReason.TOO_LARGE
    assert read(beside(own), limit=len(PNG)) == PNG
    own.unlink()
    assert refusal(beside(own)) is SkipReason.MISSING
    assert refusal(linked()) is SkipReason.MISSING


def test_nothing_is_downloaded_that_is_here(tmp_path: Path) -> None:
    """The link is dead, and a request would fail: there is no network."""
    dead = signed(URL, datetime(2024, 1, 1, tzinfo=timezone.utc))
    put(tmp_path / "media" / "deep" / media_name(URL))
    path = raw_zip(tmp_path / "a.zip", [Raw(b"a.png", PNG), Raw(b"page.png", b"<html>")])
    with Downloader(Settings(media_folders=(str(tmp_path / "media"),))) as downloader:
        assert downloader.fetch(linked(url=dead)) == PNG
        assert downloader.fetch(in_zip(path, "a.png", url=dead)) == PNG
        assert downloader.fetch(in_zip(path, "page.png", url=dead)) == PNG
    with Downloader(Settings()) as downloader:
        for record in (linked(url=dead), in_zip(path, "page.png", url=dead)):
            with pytest.raises(FetchError) as caught:
                downloader.fetch(record)
            assert caught.value.reason is SkipReason.EXPIRED


def test_accented_names(tmp_path: Path) -> None:
    own = put(tmp_path / "export" / "x.json_Files" / "bücher-ABCDE.png")
    assert found(beside(own)) == [str(own)]


def test_seems_local(tmp_path: Path) -> None:
    own = put(tmp_path / "export" / "x.json_Files" / "a.png")
    assert seems_local(beside(own))
    own.unlink()
    assert not seems_local(beside(own))
    assert not seems_local(linked())
