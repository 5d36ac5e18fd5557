"""Exports in zips: read, kept in the store and opened again like those in a folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Sequence

import pytest

from ras.archive import read_archive
from ras.errors import ArchiveError
from ras.media import MediaReader
from ras.opening import is_at, open_archive
from ras.paths import store_folder
from ras.records import Archive, ImageRecord, Notice, Progress, finish
from ras.store import EmbeddingStore
from ras.trees import ZipTree
from tests.exports import attachment, make_export, message
from tests.program import gradient
from tests.zips import Raw, raw_zip, zip_folder


def read(*paths: Path) -> Archive:
    return finish(read_archive(paths))


def posted(name: str) -> list[object]:
    return [message(name, [attachment(f"{name}.png", data=gradient(len(name)))])]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two parts of one channel, another channel in folders, media beside each, and what is no export."""
    root = tmp_path / "exports"
    make_export(root, messages=posted("one"), media=True, name="general [part 2].json")
    make_export(root, messages=posted("three"), media=True, name="general.json")
    other = {"channel": "memes", "channel_id": "870000000000000003"}
    make_export(root / "Server" / "Text channels", messages=posted("memes"), media=True, name="memes.json", **other)
    (root / "notes.txt").write_text("no export")
    (root / "package.json").write_text('{"name": "no export either"}')
    return root


def relative(records: Sequence[ImageRecord], root: Path) -> list[ImageRecord]:
    """The records, their paths relative to what was opened."""
    return [
        dataclasses.replace(
            record,
            local_path=str(Path(record.local_path or "").relative_to(root)),
            media_root=None,
        )
        for record in records
    ]


def test_a_zip_reads_like_its_folder(folder: Path) -> None:
    path = zip_folder(folder)
    in_folder, in_zip = read(folder), read(path)
    assert [record.content for record in in_zip.records] == ["three", "one", "memes"]
    assert relative(in_zip.records, path) == relative(in_folder.records, folder)
    assert (in_zip.name, in_zip.channels) == (in_folder.name, in_folder.channels)
    assert in_zip.message_count == in_folder.message_count == 3
    assert [Path(each).relative_to(path) for each in in_zip.paths] == [
        Path(each).relative_to(folder) for each in in_folder.paths
    ]
    assert in_zip.warnings == in_folder.warnings == ()
    assert {record.media_root for record in in_zip.records} == {str(path)}


def test_pictures_in_a_zip_are_local_media(folder: Path) -> None:
    archive = read(zip_folder(folder))
    with MediaReader() as media:
        for record in archive.records:
            assert media.is_there(record)
            assert media.read(record, 1_000_000) == gradient(len(record.content))


def test_a_zip_around_one_folder(folder: Path, tmp_path: Path) -> None:
    """As most programs pack it: all lies in a folder of the zip's name."""
    path = zip_folder(folder.parent, tmp_path.parent / f"{tmp_path.name}.zip")
    archive = read(path)
    assert len(archive.records) == 3
    assert archive.paths[0] == str(path / "exports" / "general.json")


def test_one_export_of_a_zip(folder: Path) -> None:
    path = zip_folder(folder)
    archive = read(path / "general.json")
    assert archive.paths == (str(path / "general.json"),)
    assert [record.content for record in archive.records] == ["three"]
    assert archive.records[0].media_root == str(path)


def test_zips_in_a_folder(folder: Path, tmp_path: Path) -> None:
    both = tmp_path / "both"
    inner = zip_folder(folder / "Server", both / "a" / "server.ZIP")
    make_export(both, messages=posted("above"), name="above.json", channel_id="870000000000000009")
    (both / "broken.zip").write_bytes(b"PK\3\4 and no more")
    (both / "page.zip").write_text("<html>")
    archive = read(both)
    assert sorted(record.content for record in archive.records) == ["above", "memes"]
    assert str(inner / "Text channels" / "memes.json") in archive.paths
    (warning,) = archive.warnings
    assert warning.startswith("“broken.zip” could not be opened: the zip is damaged or cut")


def test_a_zip_in_a_zip_is_said(folder: Path) -> None:
    zip_folder(folder / "Server", folder / "inner.zip")
    zip_folder(folder / "Server", folder / "more" / "other.zip")
    archive = read(zip_folder(folder))
    assert len(archive.records) == 3
    (warning,) = archive.warnings
    assert warning.startswith("“inner.zip” and 1 more in the zip “exports.zip” was not looked into: unpack the outer")


def test_a_zip_without_exports(tmp_path: Path) -> None:
    path = raw_zip(tmp_path / "a.zip", [Raw(b"notes.txt", b"hello"), Raw(b"package.json", b'{"name": 1}')])
    with pytest.raises(ArchiveError, match=r"The zip “a\.zip” holds no Discord export that RAS can read"):
        read(path)
    path = tmp_path / "b.zip"
    path.write_bytes(b"PK\3\4 and no more")
    with pytest.raises(ArchiveError, match=r"“b\.zip” could not be opened: the zip is damaged or cut"):
        read(path)
    with pytest.raises(ArchiveError, match=r"zip bomb"):
        read(raw_zip(tmp_path / "c.zip", [Raw(b"a.json", b"1", size=4_000_000_000)]))


def test_a_damaged_export_in_a_zip(folder: Path, tmp_path: Path) -> None:
    whole = (folder / "general.json").read_bytes()
    files = [Raw(b"good.json", whole), Raw(b"locked.json", whole, flags=1), Raw(b"wrong.json", whole, crc=1)]
    archive = read(raw_zip(tmp_path / "a.zip", files))
    assert archive.message_count == 1
    assert [record.content for record in archive.records] == ["three"]
    first, second = archive.warnings
    assert "“locked.json”" in first
    assert "password" in first
    assert "“wrong.json” could not be opened: the zip is damaged" in second


def test_names_of_hostile_zips_are_shown_harmless(tmp_path: Path) -> None:
    files = [Raw(b"a\x1b[2J\xe2\x80\xae.json", b'{"messages": [', flags=0x801)]
    with pytest.raises(ArchiveError) as caught:
        read(raw_zip(tmp_path / "a.zip", files))
    assert str(caught.value).isprintable()


def test_progress_counts_what_is_unpacked(tmp_path: Path) -> None:
    export = make_export(tmp_path / "e", messages=4000)
    path = zip_folder(tmp_path / "e")
    events = list(read_archive([path, path]))
    done = [event.done for event in events if isinstance(event, Progress)]
    assert done == sorted(done)
    assert done[-1] == export.stat().st_size > path.stat().st_size
    job = read_archive([path])
    next(job)
    job.close()


# -- the store ---------------------------------------------------------------------------------------------------------


def opened(paths: Sequence[str]) -> tuple[Archive, list[str]]:
    """The archive and what was said while it was opened."""
    said, job = [], open_archive(paths)
    while True:
        try:
            event = next(job)
        except StopIteration as stop:
            return stop.value, said
        if isinstance(event, Notice):
            said.append(event.text)


def test_an_archive_in_a_zip_is_opened_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the paths of its exports, as the window does with the archive of the last time; the zip is opened once."""
    archive = read(zip_folder(folder))
    with EmbeddingStore(store_folder()) as store:
        store.register(archive)
    made: list[str] = []
    plain = ZipTree.__init__
    monkeypatch.setattr(ZipTree, "__init__", lambda tree, path: (made.append(path), plain(tree, path))[1])
    again, said = opened(archive.paths)
    assert (again, said) == (archive, [])
    assert len(made) <= 2  # to see whether the exports are there, and to read them


def test_the_store_stands_in_for_a_zip_that_is_gone(folder: Path) -> None:
    path = zip_folder(folder)
    archive = read(path)
    with EmbeddingStore(store_folder()) as store:
        store.register(archive)
        (kept,) = store.archives()
    assert is_at(kept, str(path))
    assert not is_at(kept, str(path / "general.json"))
    assert not is_at(kept, str(folder))
    path.unlink()
    for paths in ([str(path)], archive.paths):
        again, said = opened(paths)
        assert again.records == archive.records
        assert len(said) == 1
        assert "no longer there" in said[0]
    with pytest.raises(ArchiveError):
        opened([str(path.with_name("other.zip"))])


def test_exports_that_left_the_zip_are_gone(folder: Path) -> None:
    path = zip_folder(folder)
    archive = read(path)
    with EmbeddingStore(store_folder()) as store:
        store.register(archive)
    raw_zip(path, [Raw(b"notes.txt", b"1")])
    again, said = opened(archive.paths)
    assert again.records == archive.records
    assert "no longer there" in said[0]
    with MediaReader() as media:
        assert not any(media.is_there(record) for record in again.records)
