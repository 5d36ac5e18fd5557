"""read_archive: what becomes a record, merging, and what people are told."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ras.archive import read_archive
from ras.errors import ArchiveError
from ras.records import Archive, Progress, finish
from tests import exports
from tests.exports import attachment, cdn_url, embed, make_export, message, picture, signed

PROXIED = "https://images-ext-1.discordapp.net/external/sig/https/i.imgur.com/a.png"


def read(*paths: Path) -> Archive:
    return finish(read_archive(paths))


def write(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document), "utf-8")
    return path


@pytest.mark.parametrize("layout", ["pretty", "minified"])
@pytest.mark.parametrize("version", exports.VERSIONS)
def test_every_version(tmp_path: Path, version: str, layout: str) -> None:
    posted = [
        message("a cat", [attachment("cat.png", data=b"1234"), attachment("clip.mp4")]),
        message("look", embeds=[embed(image=picture(PROXIED, "https://i.imgur.com/a.png"))]),
        message("nothing here"),
        message(forwarded=message("from there", [attachment("far.jpg")])),
    ]
    archive = read(make_export(tmp_path, messages=posted, version=version, layout=layout))
    assert archive.message_count == 4
    assert archive.warnings == ()
    assert archive.name == "Test Server › general"
    assert [(r.file_name, r.kind, r.content) for r in archive.records] == [
        ("cat.png", "attachment", "a cat"),
        ("a.png", "embed", "look"),
        ("far.jpg", "forwarded", "from there"),
    ][: 3 if version == "2.47" else 2]
    cat = archive.records[0]
    assert cat.key == f"a:{cat.attachment_id}"
    assert cat.author == ("alice" if version == "2.18" else "Alice")
    assert cat.author_id == "810000000000000003"
    assert cat.file_size == 4
    assert cat.timestamp == posted[0]["timestamp"]
    assert cat.url == posted[0]["attachments"][0]["url"]
    assert cat.local_path is None
    assert cat.channel.category == "Text channels"
    assert cat.message_link == f"https://discord.com/channels/{exports.GUILD_ID}/{exports.CHANNEL_ID}/{posted[0]['id']}"


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("a.PNG", True),
        ("a.jpeg", True),
        ("a.jfif", True),
        ("SPOILER_a.webp", True),
        ("a.tif", True),
        ("noextension", True),
        ("photo.jpg_large", True),
        ("Screenshot at 12.33", True),
        ("a.mp4", False),
        ("a.tar.gz", False),
        ("png.txt", False),
        ("a.osz", False),
    ],
)
def test_which_attachments_are_taken(tmp_path: Path, name: str, taken: bool) -> None:
    archive = read(make_export(tmp_path, messages=[message("", [attachment(name)])]))
    assert [record.file_name for record in archive.records] == [name] * taken
    assert archive.message_count == 1


def test_a_picture_is_taken_once_per_message(tmp_path: Path) -> None:
    cat = attachment("cat.png")
    same = [picture(PROXIED), picture(PROXIED.replace("ext-1", "ext-2") + "?width=100")]
    posted = message(
        "",
        [cat, cat],
        [
            embed(images=[*same, picture("https://i.imgur.com/b.png")], thumbnail=picture("https://i.imgur.com/a.png")),
            embed(image=picture(cat["url"].replace("cdn.discordapp.com", "media.discordapp.net"))),
        ],
    )
    archive = read(make_export(tmp_path, messages=[posted, message("again", embeds=[embed(image=same[0])])]))
    assert [(r.message_id == posted["id"], r.file_name) for r in archive.records] == [
        (True, "cat.png"),
        (True, "a.png"),
        (True, "b.png"),
        (False, "a.png"),
    ]
    assert archive.records[1].key == archive.records[3].key


def test_embeds_prefer_discords_own_address(tmp_path: Path) -> None:
    posted = message("", embeds=[embed(image=picture("https://i.imgur.com/a.png", PROXIED))])
    assert read(make_export(tmp_path, messages=[posted])).records[0].url == PROXIED


def test_text_of_a_forwarded_message_and_where_its_file_lies(tmp_path: Path) -> None:
    inner = message("inner", [attachment("far.png", id="5", data=b"x")])
    posted = message("", forwarded=inner, forwarded_from="77")
    record = read(make_export(tmp_path, messages=[posted], media=True)).records[0]
    assert record.url == cdn_url("5", "far.png", channel_id="77")
    assert record.local_path is not None
    assert record.content == "inner"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-03T12:33:44+00:00", datetime(2024, 5, 3, 12, 33, 44, tzinfo=timezone.utc)),
        ("2024-05-03T12:33:44Z", datetime(2024, 5, 3, 12, 33, 44, tzinfo=timezone.utc)),
        ("2024-05-03T12:33:44", datetime(2024, 5, 3, 12, 33, 44, tzinfo=timezone.utc)),
        ("2024-05-03T12:33:44.1234567-03:30", datetime(2024, 5, 3, 16, 3, 44, 123456, tzinfo=timezone.utc)),
        ("2024-05-03T12:33:44.5+02:00", datetime(2024, 5, 3, 10, 33, 44, 500000, tzinfo=timezone.utc)),
        *((text, exports.DISCORD_EPOCH + timedelta(days=1)) for text in ("", "yesterday", "2024-13-01T00:00:00Z")),
        *((text, exports.DISCORD_EPOCH + timedelta(days=1)) for text in ("0001-01-01T00:00:00+14:00", None, 17, {})),
    ],
)
def test_timestamps(tmp_path: Path, text: Any, expected: datetime) -> None:
    posted = message("", [attachment()], id=exports.snowflake(exports.DISCORD_EPOCH + timedelta(days=1)))
    posted["timestamp"] = text
    when = read(make_export(tmp_path, messages=[posted])).records[0].timestamp
    assert when == expected
    assert when.tzinfo is not None


def test_a_direct_message(tmp_path: Path) -> None:
    path = make_export(tmp_path, messages=1, guild="Direct Messages", guild_id="0", channel="bob")
    archive = read(path)
    assert archive.records[0].message_link.startswith("https://discord.com/channels/@me/")


def test_overlapping_exports_become_one(tmp_path: Path) -> None:
    early, late = datetime(2030, 1, 1, tzinfo=timezone.utc), datetime(2030, 1, 9, tzinfo=timezone.utc)

    def cat(expires: datetime) -> Any:
        return attachment("cat.png", id="5", url=signed(cdn_url("5", "cat.png"), expires))

    def dog(name: str) -> Any:
        return message(name, [attachment("dog.png", id=str(ord(name)))], id=str(10**17 + ord(name)))

    newer = make_export(
        tmp_path / "new",
        messages=[message("edited", [cat(early)], id=str(10**17)), dog("b")],
        exported_at=datetime(2026, 2, 1, tzinfo=timezone.utc),
    )
    older = make_export(
        tmp_path / "old",
        messages=[dog("a"), message("first", [cat(late)], id=str(10**17)), message("no picture", id="123456")],
        exported_at=datetime(2026, 1, 1, tzinfo=timezone.utc),
        version="2.42",
    )
    for paths in ([newer, older], [older, newer]):
        archive = read(*paths)
        assert archive.message_count == 4
        assert len(archive.channels) == 1
        assert sorted(r.file_name for r in archive.records) == ["cat.png", "dog.png", "dog.png"]
        (record,) = [r for r in archive.records if r.file_name == "cat.png"]
        assert record.url == signed(cdn_url("5", "cat.png"), late)
    assert record.content == "edited"


def test_media_of_either_export_is_kept(tmp_path: Path) -> None:
    posted = [message("", [attachment("cat.png", id="5", data=b"x")], id=str(10**17))]
    with_media = make_export(tmp_path / "media", messages=posted, media=True)
    with_links = make_export(tmp_path / "links", messages=posted)
    for paths in ([with_media, with_links], [with_links, with_media]):
        (record,) = read(*paths).records
        assert record.url == posted[0]["attachments"][0]["url"]
        assert record.media_root == str(tmp_path / "media")


def test_a_folder_of_exports(tmp_path: Path) -> None:
    for name, channel_id in (("b [part 10].json", "1"), ("b [part 2].json", "1"), ("sub/c.json", "2")):
        make_export(tmp_path, messages=1, name=name, channel_id=channel_id, channel=f"c{channel_id}")
    write(tmp_path / "notes.json", {"hello": "there"})
    make_export(tmp_path / "x.json_Files", messages=5, name="posted by someone.json")
    archive = read(tmp_path)
    assert [Path(path).name for path in archive.paths] == ["b [part 2].json", "b [part 10].json", "c.json"]
    assert archive.name == "Test Server (2 channels)"
    assert archive.message_count == 3
    assert archive.warnings == ()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "an empty file"),
        (b" \n", "an empty file"),
        (b"\0" * 5000, "zero bytes"),
        (b"<!DOCTYPE html><html><div class=chatlog__message>", "ends before its first message"),
        (b"<html><body>404", "a web page"),
        (b"PK\x03\x04rest", "the zip is damaged"),
        (b"\x89PNG\r\n\x1a\n", "a picture (PNG)"),
        (b"\xff\xd8\xff\xe0", "a picture (JPEG)"),
        (b"Channel,AuthorID,Author,Date\n1,2,3,4\n", "a table (CSV) of another kind"),
        (b'[{"ID": 123, "Timestamp": "2020-01-01 00:00:00", "Contents": "", "Attachments": ""}]', "data package"),
        (b'{"hello": [1, 2]}', "JSON of another kind"),
        (b"[1, 2]", "JSON of another kind"),
        (b"Dear diary", "a text file"),
        (b"\x00\x01\xfe\xff\x00binary", "a binary file"),
        (b'{"name": "x", "id": 1, "messages": [{"id": 1, "type": "message", "date": "2020"}]}', "no export"),
        (b'{"guild": {"id": "1", "name": "x"}}', "no list of messages"),
        (b'{"guild": {"id": "1", "name": "x"}, "messages": null}', "no list of messages"),
        (b'{"guild": {"id": "1", "na', "ends before its first message"),
        (b'{"guild":' + b"[" * 100_000, "ends before its first message"),
    ],
)
def test_what_is_no_export_gets_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "thing.json"
    path.write_bytes(content)
    with pytest.raises(ArchiveError) as caught:
        read(path)
    assert said in str(caught.value)
    assert "“thing.json”" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_paths_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"“missing.json” could not be opened: No such file"):
        read(tmp_path / "missing.json")
    with pytest.raises(ArchiveError, match="holds no Discord export"):
        read(tmp_path)
    with pytest.raises(ArchiveError, match="No export was given"):
        read()


def test_one_bad_file_does_not_spoil_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    archive = read(tmp_path / "a.png", make_export(tmp_path))
    assert len(archive.records) == 3
    assert len(archive.warnings) == 1
    assert "a picture (PNG)" in archive.warnings[0]


def test_a_cut_export_says_how_far_it_goes(tmp_path: Path) -> None:
    posted = [message(f"{n}", [attachment()], when=datetime(2021, 5, 1 + n, 12, tzinfo=timezone.utc)) for n in range(5)]
    path = make_export(tmp_path, messages=posted, name="general.json")
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.index(posted[3]["id"].encode()) + 300])
    archive = read(path)
    assert len(archive.records) == archive.message_count == 3
    assert archive.warnings == (
        "“general.json” ends in the middle: 3 messages up to 3 May 2021 were read; "
        "export the channel again to get the rest.",
    )


@pytest.mark.parametrize("layout", ["pretty", "minified"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw.replace(b'"isPinned"', b'"isPinned'),
        lambda raw: raw.replace(b'"isPinned"', b"isPinned"),
        lambda raw: raw[:1] + b"\0" * 50 + raw[1:],
        lambda raw: raw[:-30] + b"}",
        lambda raw: b"null",
        lambda raw: b"[" * 50_000,
        lambda raw: raw[:1] + b'"deep":' + b"[" * 50_000 + b"]" * 50_000 + b"," + raw[1:],
    ],
    ids=["open quote", "bare key", "zero bytes", "cut", "null", "open brackets", "deep"],
)
def test_a_damaged_message_loses_only_itself(tmp_path: Path, layout: str, damage: Any) -> None:
    posted = [message(f"{n}", [attachment(f"{n}.png")]) for n in range(20)]
    path = make_export(tmp_path, messages=posted, layout=layout)
    whole = path.read_bytes()
    start = whole.rindex(b"{", 0, whole.index(posted[7]["id"].encode()))
    end = whole.rindex(b"}", 0, whole.index(posted[8]["id"].encode())) + 1
    path.write_bytes(whole[:start] + damage(whole[start:end]) + whole[end:])
    archive = read(path)
    assert [r.content for r in archive.records] == [str(n) for n in range(20) if n != 7]
    assert archive.message_count == 19
    assert len(archive.warnings) == 1
    assert "1 message could not be read" in archive.warnings[0]


@pytest.mark.parametrize("layout", ["pretty", "minified"])
@pytest.mark.parametrize("which", [0, 19])
def test_a_damaged_message_at_either_end(tmp_path: Path, layout: str, which: int) -> None:
    posted = [message(f"{n}", [attachment(f"{n}.png")]) for n in range(20)]
    path = make_export(tmp_path, messages=posted, layout=layout)
    path.write_bytes(path.read_bytes().replace(posted[which]["id"].encode() + b'"', posted[which]["id"].encode()))
    archive = read(path)
    assert [r.content for r in archive.records] == [str(n) for n in range(20) if n != which]
    assert "1 message could not be read" in archive.warnings[0]


def test_odd_text_is_taken(tmp_path: Path) -> None:
    posted = message("CONTENT", [attachment()])
    path = make_export(tmp_path, messages=[posted, message("after", [attachment()])])
    odd = {
        r"\ud83d lone": "\ufffd lone",
        r"\ud83d\ude00": "😀",
        "tab\there": "tab\there",
        r"\u0000": "\0",
        '"messages": ['.replace('"', r"\""): '"messages": [',
    }
    for raw, text in odd.items():
        changed = tmp_path / "odd.json"
        changed.write_bytes(path.read_bytes().replace(b"CONTENT", raw.encode()))
        archive = read(changed)
        assert [r.content for r in archive.records] == [text, "after"]
        archive.records[0].content.encode()
        assert archive.warnings == ()
    (tmp_path / "odd.json").write_bytes(path.read_bytes().replace(b"CONTENT", b"broken \xff\xc3 bytes"))
    assert read(tmp_path / "odd.json").records[0].content == "broken \ufffd\ufffd bytes"


def test_odd_values_are_taken(tmp_path: Path) -> None:
    document = exports.document([message("", [attachment("a.png"), attachment("b.png")]), message("")])
    first = document["messages"][0]
    first["id"] = int(first["id"])
    first["content"] = 17
    first["author"] = {"id": 5, "name": None, "nickname": 12}
    first["attachments"][0].update(id=9, fileSizeBytes="many")
    first["attachments"].insert(1, None)
    first["embeds"] = {"no": "list"}
    first["isPinned"] = float("nan")
    archive = read(write(tmp_path / "odd.json", _public(document)))
    assert [(r.key, r.content, r.author, r.author_id, r.file_size) for r in archive.records][:1] == [
        ("a:9", "17", "12", "5", None)
    ]
    assert len(archive.records) == 2
    assert archive.message_count == 2
    assert archive.warnings == ()


def _public(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _public(inner) for key, inner in value.items() if key != "_data"}
    return [_public(inner) for inner in value] if isinstance(value, list) else value


def test_messages_may_come_before_the_channel(tmp_path: Path) -> None:
    document = json.loads(make_export(tmp_path, messages=3).read_text("utf-8"))
    turned = dict(reversed(list(document.items())))
    turned["messageCount"] = "wrong"
    del turned["exportedAt"]
    for indent in (None, 2, "\t"):
        path = tmp_path / "turned.json"
        path.write_text(json.dumps(turned, indent=indent), "utf-8")
        archive = read(path)
        assert [r.channel.name for r in archive.records] == ["general"] * 3
        assert archive.warnings == ()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_of_a_powershell_redirect(tmp_path: Path, encoding: str) -> None:
    path = make_export(tmp_path, messages=[message("héllo 👀", [attachment()])], encoding=encoding, bom=True)
    assert read(path).records[0].content == "héllo 👀"


def test_progress_and_cancel(tmp_path: Path) -> None:
    path = make_export(tmp_path, messages=4000)
    events = list(read_archive([path, path]))
    assert all(isinstance(event, Progress) and event.unit == "bytes" for event in events)
    done = [event.done for event in events if isinstance(event, Progress)]
    assert done == sorted(done)
    assert done[0] == 0
    assert done[-1] == path.stat().st_size, "the same file twice is read once"
    job = read_archive([path])
    next(job)
    job.close()
