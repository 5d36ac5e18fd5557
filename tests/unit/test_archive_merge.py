"""merge: exports of one channel, of any formats, are one archive with one record per picture and message."""

from __future__ import annotations

import itertools
import json
import random
import sys
from array import array
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Sequence

import pytest

from ras.archive import read_archive
from ras.archive.export import Export
from ras.archive.merge import merge
from ras.archive.partners import is_same
from ras.archive.same_channel import same_channels
from ras.cdn import picture_key
from ras.records import Channel, ImageRecord, PictureKinds, finish
from tests.exports import CHANNEL_ID, GUILD_ID, attachment, cdn_url, make_export, media_name, message, signed
from tests.exports_api import attachment as api_attachment
from tests.exports_api import message as api_message

POSTED = datetime(2024, 3, 1, 12, 0, 7, tzinfo=timezone.utc)
EARLY, LATE = datetime(2030, 1, 1, tzinfo=timezone.utc), datetime(2030, 1, 9, tzinfo=timezone.utc)
AN_HOUR = timedelta(hours=1)
GENERAL = Channel(CHANNEL_ID, "general", GUILD_ID, "Test Server", "Text channels")


def record(attachment_id: str | None = "5", url: str | None = None, **about: Any) -> ImageRecord:
    """A record as the reader of a format makes it; by default as of DiscordChatExporter's JSON."""
    url = cdn_url(attachment_id or "0", "cat.png") if url is None else url
    fields: dict[str, Any] = {
        "key": picture_key(attachment_id, url or "media:" + str(about.get("local_path")).rpartition("/")[2]),
        "message_id": "100000000000000001",
        "attachment_id": attachment_id,
        "file_name": "cat.png",
        "url": url,
        "local_path": None,
        "file_size": 1234,
        "author_id": "81",
        "author": "Alice",
        "channel": GENERAL,
        "timestamp": POSTED,
        "content": "a cat",
    }
    return ImageRecord(**{**fields, **about})


def export(*records: ImageRecord, day: int = 1, ids: Sequence[int] | None = (), count: int | None = None) -> Export:
    return Export(
        path=f"/{day}.json",
        channels=tuple(dict.fromkeys(one.channel for one in records)) or (GENERAL,),
        message_count=len(records) if count is None else count,
        message_ids=None if ids is None else array("Q", ids or [int(one.message_id or 0) for one in records]),
        records=records,
        exported_at=datetime(2026, 1, day, tzinfo=timezone.utc),
        warnings=(),
    )


def both_ways(*exports: Export) -> ImageRecord:
    """The only record that is left, in whatever order the exports are given."""
    merged = {merge(order).records for order in itertools.permutations(exports)}
    assert len(merged) == 1
    ((one,),) = merged
    return one


def test_the_newest_text_and_the_freshest_link() -> None:
    old = record(url=signed(cdn_url("5", "cat.png"), LATE), content="first", author="Al", file_size=None)
    new = record(url=signed(cdn_url("5", "cat.png"), EARLY), content="edited", author="Alice")
    one = both_ways(export(old, day=1), export(new, day=2))
    assert (one.content, one.author, one.file_size) == ("edited", "Alice", 1234)
    assert one.url == old.url
    one = both_ways(export(new, day=1), export(old, day=2))
    assert (one.content, one.url, one.file_size) == ("first", old.url, 1234)


def test_what_was_taken_away_later_stays(tmp_path: Path) -> None:
    first = [message("two", [attachment("a.png", id="1"), attachment("b.png", id="2")], id=str(10**17)),
             message("deleted", [attachment("c.png", id="3")], id=str(10**17 + 1))]  # fmt: skip
    then = [message("one is left", [attachment("a.png", id="1")], id=str(10**17))]
    old = make_export(tmp_path / "old", messages=first, exported_at=datetime(2026, 1, 1, tzinfo=timezone.utc))
    new = make_export(tmp_path / "new", messages=then, exported_at=datetime(2026, 2, 1, tzinfo=timezone.utc))
    for paths in ([old, new], [new, old]):
        archive = finish(read_archive(paths))
        found = {one.file_name: one.content for one in archive.records}
        assert found == {"a.png": "one is left", "b.png": "two", "c.png": "deleted"}
        assert archive.message_count == 2


def test_a_picture_in_several_messages_stays_several() -> None:
    again = record(message_id="100000000000000002", kind="forwarded")
    link = record(None, "https://a.test/a.png", kind="link")
    other = replace(link, message_id="100000000000000003")
    assert len(merge([export(record(), again, link), export(record(), again, other, day=2)]).records) == 4


def test_an_empty_text_does_not_win() -> None:
    one = both_ways(export(record()), export(record(content="", author="unknown", author_id=""), day=2))
    assert (one.content, one.author, one.author_id) == ("a cat", "Alice", "81")


def test_the_media_file_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    path.write_bytes(b"1")
    here = record(local_path=str(path), media_root=str(tmp_path))
    gone = record(local_path=str(tmp_path / "gone" / "cat.png"), media_root=str(tmp_path / "gone"))
    for exports in ((export(here), export(gone, day=2)), (export(gone), export(here, day=2))):
        one = both_ways(*exports)
        assert (one.local_path, one.media_root) == (str(path), str(tmp_path))
    one = both_ways(export(here), export(record(), day=2))
    assert one.local_path == str(path)
    (tmp_path / "newer").mkdir()
    (tmp_path / "newer" / "cat.png").write_bytes(b"1")
    newer = record(local_path=str(tmp_path / "newer" / "cat.png"), media_root=str(tmp_path / "newer"))
    assert both_ways(export(here), export(newer, day=2)).local_path == newer.local_path


def csv(**about: Any) -> ImageRecord:
    """As a CSV file has it: no id of the message, perhaps no seconds, the newest name of the author."""
    at = POSTED.replace(second=0)
    return record(**{"message_id": "", "timestamp": at, "author": "alice#0001", "file_size": None, **about})


@pytest.mark.parametrize("days", [(1, 2), (2, 1)])
def test_csv_joins_what_has_the_id_of_the_message(days: tuple[int, int]) -> None:
    url = signed(cdn_url("5", "cat.png"), LATE)
    forwarded = record(message_id="100000000000000009", kind="forwarded", timestamp=POSTED.replace(second=0))
    full, lacking = export(record(), day=days[0]), export(csv(url=url), day=days[1], ids=None)
    one = both_ways(full, lacking)
    assert (one.message_id, one.timestamp, one.author) == ("100000000000000001", POSTED, "Alice")
    assert one.url == url
    found = {one.kind: one for one in merge([export(record(), forwarded), lacking]).records}
    assert (found["attachment"].url, found["forwarded"].url) == (url, forwarded.url)


def test_links_in_csv_join_by_author_and_time() -> None:
    link = record(None, "https://a.test/a.png", kind="link")
    later = replace(link, message_id="100000000000000002", timestamp=POSTED + timedelta(hours=1))
    both = export(link, later)
    same = csv(attachment_id=None, url=link.url, kind="link")
    for lacking, left in (
        (same, 2),
        (replace(same, timestamp=later.timestamp), 2),
        (replace(same, timestamp=POSTED + timedelta(minutes=30)), 3),
        (replace(same, author_id="99"), 3),
    ):
        assert len(merge([both, export(lacking, day=2, ids=None)]).records) == left
    # Without any other export, the same address at two times is two messages.
    assert len(merge([export(same, replace(same, timestamp=later.timestamp), ids=None)]).records) == 2
    assert len(merge([export(same, ids=None), export(same, day=2, ids=None)]).records) == 1


@pytest.mark.parametrize("day", [1, 3])
def test_a_saved_file_joins_the_url_that_it_was_saved_from(day: int) -> None:
    url = cdn_url("5", "cat.png")
    saved = f"/x/a.html_Files/{media_name(url)}"
    html = record(None, "", local_path=saved, media_root="/x", file_name=media_name(url), file_size=None)
    full = export(record(url=signed(url, LATE)), day=2)
    one = both_ways(full, export(html, day=day))
    assert (one.key, one.attachment_id, one.file_name) == ("a:5", "5", "cat.png")
    assert (one.url, one.local_path, one.media_root) == (signed(url, LATE), saved, "/x")
    # Of a CSV with media nothing but the file, the author and the minute is known.
    one = both_ways(full, export(replace(html, message_id=""), day=day, ids=None))
    assert (one.key, one.message_id, one.local_path) == ("a:5", "100000000000000001", saved)
    one = both_ways(export(html, day=2), export(csv(url=url), day=day, ids=None))
    assert (one.key, one.message_id, one.local_path, one.url) == ("a:5", "100000000000000001", saved, url)
    # One address in two messages was saved into one file: each message keeps its own.
    twice = [record(None, "https://a.test/a.png", message_id=str(10**17 + n), kind="embed") for n in range(2)]
    files = [replace(one, key="u:file", url="", local_path=f"/x/f/{media_name(one.url)}") for one in twice]
    for order in ([*files], [*reversed(files)]):
        both = merge([export(*twice, day=2), export(*order, day=day)]).records
        assert [(one.message_id, one.local_path is None) for one in both] == [
            (str(10**17 + n), False) for n in range(2)
        ]
    # The same file in another message is another picture.
    away = replace(html, message_id="100000000000000002")
    assert len(merge([export(record(url=url)), export(away, day=2)]).records) == 2


@pytest.mark.parametrize("twice", [False, True])
def test_a_file_whose_mark_nobody_can_tell_joins_the_only_picture_of_its_name_in_the_message(twice: bool) -> None:
    """Before 2.42 the mark in a saved file's name was made of the link with its signature, which is gone."""
    saved = record(None, "", local_path="/x/cat-0BAD0.png", file_name="cat-0BAD0.png", message_id="7")
    others = [record("5", message_id="7"), record("6", message_id="7", url=cdn_url("6", "dog.png"))]
    others.append(record("8", message_id="7" if twice else "9"))
    joined = merge([export(saved), export(*others, day=2)]).records
    by_attachment = {one.attachment_id: one for one in joined}
    assert len(joined) == 3 + twice
    assert by_attachment["5"].local_path == (None if twice else "/x/cat-0BAD0.png")
    assert by_attachment["6"].local_path is by_attachment["8"].local_path is None


def test_all_formats_of_one_channel_are_one_record_per_picture() -> None:
    url = cdn_url("5", "cat.png")
    unknown = Channel(CHANNEL_ID, "general", "", "")
    no_id = Channel("", "general", "", "Test Server")
    saved = f"/x/a.html_Files/{media_name(url)}"
    formats = [
        export(record(url=signed(url, EARLY)), day=1),
        export(csv(url=signed(url, LATE), channel=no_id), day=2, ids=None),
        export(record(None, "", local_path=saved, media_root="/x", channel=unknown), day=3),
        export(record(author="unknown", file_size=None, channel=Channel(CHANNEL_ID, "", GUILD_ID, "")), day=4),
    ]
    one = both_ways(*formats)
    assert one.channel == GENERAL
    assert one.url == signed(url, LATE)
    assert (one.author, one.file_size, one.content, one.timestamp) == ("Alice", 1234, "a cat", POSTED)
    archive = merge(formats)
    assert archive.channels == (GENERAL,)
    assert archive.message_count == 1


def test_json_and_api_messages_of_one_channel(tmp_path: Path) -> None:
    posted = api_message("edited", [api_attachment("cat.png", id="5")], id=str(10**17))
    api = tmp_path / "general_page_1.json"
    api.write_text(json.dumps([posted, api_message("more", [api_attachment(id="6")])]), "utf-8")
    dce = make_export(
        tmp_path / "dce",
        messages=[message("first", [attachment("cat.png", id="5")], id=str(10**17))],
        exported_at=datetime(2020, 1, 1, tzinfo=timezone.utc),
    )
    archive = finish(read_archive([dce, api]))
    assert [one.content for one in archive.records] == ["edited", "more"]
    assert archive.name == "Test Server › general"
    assert archive.message_count == 2
    assert GUILD_ID in archive.records[1].message_link


def test_avatars_are_one_record_each(tmp_path: Path) -> None:
    paths = [
        make_export(
            tmp_path / str(day),
            messages=[message(f"{day}", when=datetime(2024, 1, day, tzinfo=timezone.utc)), message("later")],
            exported_at=datetime(2026, 1, exported, tzinfo=timezone.utc),
        )
        for day, exported in ((2, 5), (1, 3), (3, 4))
    ]
    (one,) = finish(read_archive(paths, PictureKinds(avatars=True))).records
    assert (one.kind, one.content) == ("avatar", "1")


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        # id, name, server's id and name; then what they become
        ([("1", "a", "9", "S"), ("1", "a", "", "")], [("1", "a", "9", "S")]),
        ([("1", "a", "0", ""), ("1", "channel 1", "9", "S")], [("1", "channel 1", "9", "S")]),
        ([("1", "old", "9", "S"), ("1", "new", "9", "S")], [("1", "new", "9", "S")]),
        ([("1", "general", "9", "S"), ("1", "page", "", "")], [("1", "general", "9", "S")]),
        ([("1", "1", "", ""), ("1", "memes", "", "")], [("1", "memes", "", "")]),
        ([("1", "memes", "", ""), ("1", "1", "", "")], [("1", "memes", "", "")]),
        ([("", "General", "", "S"), ("1", "general", "9", "S")], [("1", "general", "9", "S")]),
        (
            [("", "a", "", ""), ("1", "a", "9", "S"), ("2", "a", "8", "T")],
            [("1", "a", "9", "S"), ("2", "a", "8", "T"), ("", "a", "", "")],
        ),
        (
            [("", "a", "", "T"), ("1", "a", "9", "S"), ("2", "a", "8", "T")],
            [("1", "a", "9", "S"), ("2", "a", "8", "T")],
        ),
        ([("", "a", "", "S"), ("", "a", "", "")], [("", "a", "", "S")]),
        ([("", "a", "", ""), ("", "b", "", "")], [("", "a", "", ""), ("", "b", "", "")]),
        ([("1", "a", "0", ""), ("2", "a", "0", "")], [("1", "a", "0", ""), ("2", "a", "0", "")]),
        ([("1", "a", "8", "S"), ("1", "a", "9", "S")], [("1", "a", "8", "S"), ("1", "a", "9", "S")]),
    ],
)
def test_which_channels_are_one(channels: list[Any], expected: list[Any]) -> None:
    made = [Channel(*channel) for channel in channels]
    found = same_channels(made)
    assert set(found) == set(made)
    assert sorted(map(repr, set(found.values()))) == sorted(repr(Channel(*channel)) for channel in expected)


def test_messages_are_counted_once() -> None:
    other = replace(GENERAL, id="2", name="other")
    with_ids = export(record(), day=1, ids=[1, 2, 3], count=3)
    more = export(record(), day=2, ids=[3, 4], count=2)
    csv_of_it = export(csv(), day=3, ids=None, count=7)
    csv_of_another = export(csv(channel=other), day=4, ids=None, count=11)
    assert merge([with_ids, more]).message_count == 4
    assert merge([with_ids, csv_of_it, more]).message_count == 4
    assert merge([with_ids, csv_of_it, more, csv_of_another]).message_count == 15
    assert merge([csv_of_it, csv_of_another]).message_count == 18


N = 2000
POSTED_N_TIMES = [
    record(None, "https://a.test/a.png", kind="link", message_id=str(10**17 + n), timestamp=POSTED + n * AN_HOUR)
    for n in range(N)
]
AT_ONCE = [replace(one, timestamp=POSTED, author_id=str(n)) for n, one in enumerate(POSTED_N_TIMES)]
SAVED = {"key": "u:file", "url": "", "local_path": f"/x/{media_name('https://a.test/a.png')}"}


def nameless(records: Sequence[ImageRecord], **about: Any) -> list[ImageRecord]:
    return [replace(one, message_id="", **about) for one in records]


@pytest.mark.parametrize(
    ("full", "lacking"),
    [
        ([record(str(n), cdn_url(str(n), f"{n}.png"), message_id=str(10**17 + n)) for n in range(1, N)], {}),
        (POSTED_N_TIMES, {}),
        (POSTED_N_TIMES, {"author_id": ""}),
        ([replace(one, author_id="") for one in POSTED_N_TIMES], {"author_id": "81"}),
        (POSTED_N_TIMES, SAVED),
        (AT_ONCE, {}),
        (AT_ONCE, SAVED),
    ],
)
@pytest.mark.parametrize("with_ids", [False, True])
def test_no_record_is_compared_with_all_others(
    full: list[ImageRecord], lacking: dict[str, Any], with_ids: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = 0

    def counting(*records: ImageRecord) -> bool:
        nonlocal compared
        compared += 1
        return is_same(*records)

    monkeypatch.setattr(sys.modules[is_same.__module__], is_same.__name__, counting)
    others = [replace(one, **lacking) for one in full] if with_ids else nameless(full, **lacking)
    archive = merge([export(*full), export(*others, day=2, ids=None)])
    assert len(archive.records) == len(full)
    assert compared <= 4 * len(full)


@pytest.mark.parametrize("seed", range(30))
def test_the_nearest_of_many_is_the_one_that_a_look_at_all_finds(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    urls = [f"https://a.test/{n}.png" for n in range(3)]

    def posted(message_id: str) -> ImageRecord:
        url = chance.choice(urls)
        about: dict[str, Any] = {
            "message_id": message_id,
            "timestamp": POSTED.replace(second=0) + timedelta(seconds=chance.randrange(900)),
            "author_id": chance.choice(["81", "82", ""]),
            "kind": chance.choice(["link", "embed", "forwarded"] if message_id else ["link"]),
        }
        if chance.random() < 0.3:
            return record(None, "", local_path=f"/x/{media_name(url)}", **about)
        return record(None, url, **about)

    exports = [
        export(*(posted(str(10**17 + n) if full else "") for n in range(60)), day=day, ids=None)
        for day, full in enumerate((True, False, chance.random() < 0.5, False), 1)
    ]
    merged = []
    for few in (0, 1000):
        monkeypatch.setattr(sys.modules[is_same.__module__], "_FEW", few)
        merged.append(merge(exports).records)
    assert merged[0] == merged[1]


@pytest.mark.parametrize("channel_id", ["", "5"])
def test_no_channel_is_compared_with_all_others(channel_id: str) -> None:
    compared = 0

    class Name(str):
        def casefold(self) -> str:
            nonlocal compared
            compared += 1
            return super().casefold()

    names = [Name(f"channel {number}") for number in range(500)]
    without = [Channel("", name, "", "") for name in names]
    servers = [Channel("", Name("general"), f"9{number}", f"S{number}") for number in range(500)]
    with_id = [Channel(channel_id and f"5{number}", name, "8", "S") for number, name in enumerate(names)]
    found = same_channels([*without, *servers, *with_id])
    assert len(set(found.values())) == 1000
    assert compared <= 10 * len(found)
