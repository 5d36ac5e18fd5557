"""What state an archive is in: each picture is counted once, by where it can be had from."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ras.condition import Condition, Source, condition, pictures_by_channel
from ras.records import Archive, Channel, ImageRecord, Progress, finish
from ras.settings import Settings
from tests.cdn_double import make_record
from tests.exports import cdn_url, media_name, signed
from tests.zips import zip_folder

NOW = datetime(2024, 5, 1, 12, 0, tzinfo=timezone.utc)
SOON, LATER, PAST = NOW + timedelta(hours=3), NOW + timedelta(days=2), NOW - timedelta(seconds=1)
URL = cdn_url("5", "cat.png")
PROXIED = "https://images-ext-1.discordapp.net/external/abc/https/example.org/cat.png"


def archive(*records: ImageRecord) -> Archive:
    channels = tuple(dict.fromkeys(record.channel for record in records))
    return Archive(("/a.json",), "a", channels, len(records), records)


def state(*records: ImageRecord, **settings: Any) -> Condition:
    return finish(condition(archive(*records), Settings(**settings), NOW))


def only(source: Source, number: int = 1) -> dict[Source, int]:
    return {source: number}


def media_of(folder: Path, *urls: str) -> list[ImageRecord]:
    """Records with a file of each, beside the export."""
    media = folder / "x.json_Files"
    media.mkdir(parents=True, exist_ok=True)
    records = []
    for url in urls:
        path = media / media_name(url)
        path.write_bytes(b"12345")
        records.append(make_record(url=url, local_path=str(path), media_root=str(folder), file_size=5))
    return records


@pytest.mark.parametrize(
    ("url", "source"),
    [
        (signed(URL, LATER), Source.LIVE),
        (signed(URL, PAST), Source.EXPIRED),
        (signed(URL, NOW), Source.EXPIRED),
        (URL, Source.UNSIGNED),
        (f"{URL}?ex=0&is=0&hm=ab&uc=dp", Source.LASTING),
        (PROXIED, Source.LASTING),
        ("https://cdn.discordapp.com/emojis/1.png", Source.LASTING),
        ("https://example.org/cat.png", Source.BLOCKED),
        ("http://cdn.discordapp.com/emojis/1.png", Source.BLOCKED),
        ("https://cdn.discordapp.com:8443/emojis/1.png", Source.BLOCKED),
        ("https://cdn.discordapp.com.example.org/a.png", Source.BLOCKED),
        ("", Source.NONE),
        ("file:///etc/passwd", Source.NONE),
        ("https://[broken", Source.NONE),
        ("https://example.org:999999/a.png", Source.NONE),
        ("https:///a.png", Source.NONE),
    ],
)
def test_links(url: str, source: Source) -> None:
    found = state(make_record(url=url))
    assert found.sources == only(source)
    assert (found.next_expiry, found.last_expiry) == ((LATER, LATER) if source is Source.LIVE else (None, None))
    assert found.lost == 0


def test_hosts_that_the_user_allows() -> None:
    records = [make_record(url=f"https://{host}/a.png") for host in ("a.org", "b.org", "b.org", "c.org")]
    found = state(*records, allowed_hosts=("c.org",))
    assert found.sources == {Source.LASTING: 1, Source.BLOCKED: 3}
    assert found.blocked_hosts == (("b.org", 2), ("a.org", 1))


def test_when_live_links_die() -> None:
    found = state(*(make_record(url=signed(URL, when)) for when in (LATER, SOON, PAST, SOON)))
    assert found.sources == {Source.LIVE: 3, Source.EXPIRED: 1}
    assert (found.next_expiry, found.last_expiry) == (SOON, LATER)
    assert found.dead == 1


def test_a_file_comes_before_a_link(tmp_path: Path) -> None:
    here, lost, linked = media_of(tmp_path, signed(URL, LATER), signed(cdn_url("6", "b.png"), PAST), URL)
    os.unlink(lost.local_path or "")
    found = state(here, lost, replace(linked, local_path=None))
    assert found.sources == {Source.ON_DISK: 1, Source.EXPIRED: 1, Source.UNSIGNED: 1}
    assert found.lost == 1
    assert found.dead == 2
    assert found.next_expiry is None  # of the link that nobody needs


def test_files_in_a_zip(tmp_path: Path) -> None:
    (record,) = media_of(tmp_path / "export", URL)
    path = zip_folder(tmp_path / "export")
    inner = Path(record.local_path or "").relative_to(tmp_path / "export")
    held = replace(record, local_path=str(path / inner), media_root=str(path))
    assert state(held).sources == only(Source.ON_DISK)
    assert state(replace(held, local_path=str(path / "none.png"))).sources == only(Source.UNSIGNED)


def test_files_that_lie_in_a_media_folder_are_found_by_name(tmp_path: Path) -> None:
    media_of(tmp_path / "media" / "export", URL)
    record = make_record(url=signed(URL, PAST), file_size=5)
    assert state(record).sources == only(Source.EXPIRED)
    assert state(record, media_folders=(str(tmp_path / "media"),)).sources == only(Source.ON_DISK)
    moved = replace(record, local_path=f"/gone/x.json_Files/{media_name(URL)}", media_root="/gone")
    assert state(moved).lost == 1
    assert state(moved, media_folders=(str(tmp_path / "media"),)).sources == only(Source.ON_DISK)


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_links_that_lead_out_do_not_count(tmp_path: Path) -> None:
    (record,) = media_of(tmp_path / "elsewhere", URL)
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "x.json_Files").symlink_to(tmp_path / "elsewhere" / "x.json_Files")
    path = tmp_path / "export" / "x.json_Files" / media_name(URL)
    linked = replace(record, local_path=str(path), media_root=str(tmp_path / "export"))
    assert state(linked).sources == only(Source.UNSIGNED)
    assert state(linked, media_folders=(str(tmp_path / "elsewhere"),)).sources == only(Source.ON_DISK)


def test_each_folder_is_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no file is looked at: 100,000 pictures may lie on a slow disk."""
    records = media_of(tmp_path, *(cdn_url(str(number), "a.png") for number in range(50)))
    listed: list[object] = []
    scandir, stat = os.scandir, os.stat
    looked: list[object] = []
    monkeypatch.setattr(os, "scandir", lambda path: (listed.append(path), scandir(path))[1])
    monkeypatch.setattr(os, "stat", lambda path, **options: (looked.append(path), stat(path, **options))[1])
    assert state(*records).sources == only(Source.ON_DISK, 50)
    assert listed == [str(tmp_path / "x.json_Files")]
    assert len(looked) < 10


def test_who_and_when() -> None:
    first, second = make_record(), make_record(author_id="6", author="ann", timestamp=NOW + timedelta(days=30))
    found = state(first, second, replace(first, timestamp=NOW - timedelta(days=30)))
    assert (found.pictures, found.people) == (3, 2)
    assert (found.first, found.last) == (NOW - timedelta(days=30), NOW + timedelta(days=30))
    empty = state()
    assert (empty.pictures, empty.people, empty.first, empty.last, empty.sources) == (0, 0, None, None, {})


def test_it_can_be_stopped() -> None:
    job = condition(archive(*[make_record()] * 5000), Settings(), NOW)
    events = [next(job), next(job)]
    assert all(isinstance(event, Progress) and event.total == 5000 for event in events)
    job.close()


def test_it_can_be_stopped_while_media_folders_are_listed(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / str(number)).mkdir()
    job = condition(archive(make_record()), Settings(media_folders=(str(tmp_path),)), NOW)
    events = [next(job) for _ in range(4)]
    assert [getattr(event, "stage", "") for event in events] == ["Looking at the media folders"] * 4
    job.close()


def test_pictures_by_channel() -> None:
    other = Channel("4", "memes", "2", "Friends")
    found = pictures_by_channel(archive(make_record(), make_record(channel=other), make_record()))
    assert found == [("Friends", "general", 2), ("Friends", "memes", 1)]
