"""What people posted and an export saved is no export of the archive, whatever its folder is called."""

from __future__ import annotations

import json
import os
import zipfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ras.archive import read_archive
from ras.archive.changes import changed, exports_among, stamps
from ras.records import Archive, finish
from tests.exports import CHANNEL_ID, attachment, author, cdn_url, document, dump, make_export, message
from tests.exports_csv import table
from tests.exports_html import page
from tests.zips import zip_folder

POSTED = "evil-0a1b2c3d4e5f6a7b"
"""The name of a file that was saved, without its ending."""
PICTURE = "cat-abcdef0123456789.png"


def read(path: Path) -> Archive:
    return finish(read_archive([path]))


def with_media(folder: Path, media: str, *, ending: str = ".json", name: str = "general", **about: Any) -> Path:
    """An export whose media lie in ``media``, by the path that it names them with; two files were posted."""
    path = folder / f"{name}{ending}"
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = f"{media}/" if media else ""
    posted = [attachment(url=beside + PICTURE)], [attachment("evil.json", url=f"{beside}{POSTED}.json")]
    messages = [message("a cat", posted[0], id="100000000000000001"), message("see", posted[1])]
    for each in messages:
        each["author"]["avatarUrl"] = f"{beside}5c-00112233445566aa.png"
    whole = document(messages, **about)
    whole["guild"]["iconUrl"] = f"{beside}icon-0123456789abcdef.png"
    text = {".csv": lambda: table(whole["messages"]), ".html": lambda: page(whole)}.get(ending)
    path.write_bytes(dump(whole) if text is None else text().encode())
    return path


def media_in(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PICTURE).write_bytes(b"1")
    return folder


def lie(path: Path) -> Path:
    """What claims to be a later export of the same channel."""
    claimed = message("stolen", [attachment("cat.png", id="5")], id="100000000000000001", by=author("thief", "Thief"))
    whole = document([claimed], guild="Another server", exported_at=datetime(2190, 1, 1, tzinfo=timezone.utc))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(dump(whole))
    return path


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("ending", [".json", ".csv", ".html"])
@pytest.mark.parametrize(
    ("export", "media", "named"),
    [
        ("", "media", "media"),
        ("", "all of it/media", "all of it/media"),
        ("", "", ""),
        ("Server/Text channels", "Server/Text channels/media", "media"),
        # Outside of the export's folder DiscordChatExporter names them by the paths of the machine that it ran on.
        ("Server", "media", "/home/somebody/exports/media"),
        ("Server", "media", "C:\\Users\\somebody\\exports\\media"),
    ],
)
def test_what_lies_where_an_export_has_its_media_is_no_export(
    tmp_path: Path, export: str, media: str, named: str, ending: str, packed: bool
) -> None:
    root = tmp_path / "exports"
    made = with_media(root / export, named, ending=ending)
    media_in(root / media)
    lie(root / media / f"{POSTED}.json")
    (root / media / "evil-0011223344556677.html").write_text(page(document([message("stolen")])), "utf-8")
    archive = read(zip_folder(root) if packed else root)
    assert [record.content for record in archive.records] == ["a cat"]
    assert [os.path.basename(path) for path in archive.paths] == [made.name]
    assert archive.warnings == ()


def test_a_posted_zip_is_not_looked_into(tmp_path: Path) -> None:
    with_media(tmp_path, "media")
    with zipfile.ZipFile(media_in(tmp_path / "media") / f"{POSTED}.zip", "w") as file:
        file.write(lie(tmp_path.parent / "lie.json"), "lie.json")
    archive = read(tmp_path)
    assert [record.content for record in archive.records] == ["a cat"]
    assert archive.warnings == ()


def test_a_folder_of_media_that_no_export_names_is_told(tmp_path: Path) -> None:
    make_export(tmp_path, messages=[message("a cat", [attachment()])], name="general.json")
    lie(media_in(tmp_path / "media") / f"{POSTED}.json")
    with zipfile.ZipFile(tmp_path / "media" / f"{POSTED}.zip", "w") as file:
        file.write(lie(tmp_path.parent / "lie.json"), "lie.json")
    archive = read(tmp_path)
    assert [record.content for record in archive.records] == ["a cat"]
    assert archive.warnings == (
        f"“{POSTED}.json” and 1 more were not read: they lie among media, as what people posted does. An export that "
        "lies there can be opened by itself.",
    )
    assert read(tmp_path / "media" / f"{POSTED}.json").name == "Another server › general"


def test_exports_whose_names_look_like_those_of_saved_files_are_read(tmp_path: Path) -> None:
    """Whoever numbers exports with five digits gives them such names."""
    names = ["page-00001.json", "page-00002.json", "more/chat-abcde.json", "more/chat-2abcd.json"]
    for number, name in enumerate(names):
        one = [message(name, [attachment()])]
        path = make_export(tmp_path / name, messages=one, channel_id=f"87000000000000001{number}", name="export")
        path.rename(tmp_path / "moved")
        (tmp_path / name).rmdir()
        (tmp_path / "moved").rename(tmp_path / name)
    (tmp_path / "picture-00001.png").write_bytes(b"1")
    archive = read(tmp_path)
    assert sorted(record.content for record in archive.records) == sorted(names)
    assert archive.warnings == ()
    # Only who has them in a folder of media must open them by themselves.
    media_in(tmp_path / "more")
    assert len(read(tmp_path).records) == 2
    make_export(tmp_path / "more", messages=[message("beside", [attachment()])], name="general.json")
    assert len(read(tmp_path).records) == 5


def test_exports_among_the_media_of_another_are_read(tmp_path: Path) -> None:
    """Each part has a name of its own; nothing but what was saved is marked."""
    with_media(tmp_path, "media")
    other = {"channel": "memes", "channel_id": "870000000000000003"}
    path = with_media(media_in(tmp_path / "media"), "", name="memes", **other)
    lie(tmp_path / "media" / f"{POSTED}.json")
    assert read(tmp_path).paths == (str(tmp_path / "general.json"), str(path))


def test_an_export_from_the_future_is_no_later_than_its_file(tmp_path: Path) -> None:
    posted = [message("true", [attachment("cat.png", id="5", url=cdn_url("5", "cat.png"))], id="100000000000000001")]
    made = make_export(tmp_path, messages=posted, name="b.json", exported_at=datetime(2026, 1, 2, tzinfo=timezone.utc))
    false = lie(tmp_path / "a.json")
    os.utime(false, (1_600_000_000, 1_600_000_000))
    assert [record.content for record in read(tmp_path).records] == ["true"]
    # Where the file is of the future as well, the order counts.
    for path in (false, made):
        os.utime(path, (7_000_000_000, 7_000_000_000))
    made.write_text(json.dumps({**json.loads(made.read_text("utf-8")), "exportedAt": "2190-01-01T00:00:00Z"}), "utf-8")
    os.utime(made, (7_000_000_000, 7_000_000_000))
    assert [record.content for record in read(tmp_path).records] == ["true"]
    assert read(tmp_path).channels[0].id == CHANNEL_ID


@pytest.mark.parametrize("named", ["media", "/home/somebody/media", ""])
def test_what_is_posted_later_is_no_new_export(tmp_path: Path, named: str) -> None:
    with_media(tmp_path, named)
    before = stamps([str(tmp_path)])
    posted = lie(media_in(tmp_path / (named and "media")) / f"{POSTED}.json")
    assert changed(before, stamps([str(tmp_path)])) == ([], [])
    other = make_export(tmp_path / "other", name="page-00001.json")
    assert exports_among([str(posted), str(other)]) == [str(other)]
