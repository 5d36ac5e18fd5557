"""Files of messages as Discord's API has them: Discrub's, bots', answers of the search."""

from __future__ import annotations

import dataclasses
import json
import re
import tempfile
from pathlib import Path
from typing import Any, Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ras.archive import json_stream, read_archive
from ras.archive.api.message_lists import recognises
from ras.archive.export import ExportFile
from ras.errors import ArchiveError
from ras.records import Archive, PictureKinds, finish
from ras.trees import DiskTree
from tests import exports
from tests.exports import CHANNEL_ID, GUILD_ID, make_export
from tests.exports_api import attachment, author, forward, message, picture
from tests.unit.test_archive_stream import check, garbage, places, relaxed, texts

PROXIED = "https://images-ext-1.discordapp.net/external/sig/https/i.imgur.com/a.png"


def read(path: Path, **kinds: bool) -> Archive:
    return finish(read_archive([path], PictureKinds(**kinds)))


def write(path: Path, document: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    return path


def test_what_becomes_a_record(tmp_path: Path) -> None:
    cat = attachment("cat.png")
    posted = [
        message("a cat", [cat, {**attachment("clip.mp4"), "content_type": "video/mp4"}]),
        message("look", embeds=[{"type": "rich", "image": picture("https://i.imgur.com/a.png", PROXIED)}]),
        message("nothing here"),
        message("see https://a.test/link.png", embeds=[{"thumbnail": picture("https://a.test/link.png")}]),
        forward(message("from there", [attachment("far.jpg")])),
        message("a reply", referenced_message=message("the first", [attachment("old.png")])),
        message("odd", [{**attachment("odd.osz"), "content_type": "image/png"}]),
        message("hidden", [{**attachment("h.png"), "flags": 8}, attachment("SPOILER_i.png")]),
        message("||https://a.test/x.png||", embeds=[{"url": "https://a.test/x.png", "thumbnail": picture(PROXIED)}]),
    ]
    archive = read(write(tmp_path / "general.json", posted))
    assert archive.message_count == 9
    assert archive.warnings == ()
    assert [(r.file_name, r.kind, r.content, r.spoiler) for r in archive.records] == [
        ("cat.png", "attachment", "a cat", False),
        ("a.png", "embed", "look", False),
        ("link.png", "embed", "see https://a.test/link.png", False),
        ("far.jpg", "forwarded", "from there", False),
        ("odd.osz", "attachment", "odd", False),
        ("SPOILER_h.png", "attachment", "hidden", True),
        ("SPOILER_i.png", "attachment", "hidden", True),
        ("SPOILER_a.png", "embed", "||https://a.test/x.png||", True),
        ("SPOILER_x.png", "link", "||https://a.test/x.png||", True),
    ]
    record = archive.records[0]
    assert (record.key, record.attachment_id) == (f"a:{cat['id']}", cat["id"])
    assert (record.url, record.file_size, record.local_path) == (cat["url"], 1234, None)
    assert (record.author, record.author_id) == ("Alice", "810000000000000003")
    assert record.timestamp.isoformat() == posted[0]["timestamp"]
    assert record.channel.id == CHANNEL_ID
    assert record.channel.name == archive.name == "general"
    assert archive.records[1].url == PROXIED


_SEARCH = {"analytics_id": "a", "doing_deep_historical_index": False, "total_results": 7}

LAYOUTS: dict[str, Callable[[list[Any]], str]] = {
    "array": json.dumps,
    "minified": lambda posted: json.dumps(posted, separators=(",", ":")),
    "indented": lambda posted: json.dumps(posted, indent=2),
    "no indentation": lambda posted: json.dumps(posted, indent=0),
    "windows": lambda posted: json.dumps(posted, indent="\t").replace("\n", "\r\n"),
    "sorted": lambda posted: json.dumps(posted, sort_keys=True, separators=(",", ":")),
    "lines": lambda posted: "".join(json.dumps(one) + "\n" for one in posted),
    "lines without an end": lambda posted: "\r\n".join(json.dumps(one) for one in posted),
    "lines with gaps": lambda posted: "\n\n".join(json.dumps(one) + "," for one in posted),
    "documents": lambda posted: "\n".join(json.dumps(one, indent=2) for one in posted),
    "member": lambda posted: json.dumps({"messages": posted, "count": 3}),
    "data": lambda posted: json.dumps({"ok": True, "meta": {"messages": 7}, "data": posted}, indent=1),
    "nested": lambda posted: json.dumps([[one] for one in posted]),
    "nested and minified": lambda posted: json.dumps([posted[:2], [], posted[2:]], separators=(",", ":")),
    "nested and indented": lambda posted: json.dumps([posted[:1], posted[1:]], indent=2),
    "search": lambda posted: json.dumps({**_SEARCH, "messages": [[one] for one in posted]}),
    "search, indented": lambda posted: json.dumps({**_SEARCH, "messages": [posted[:3], posted[3:]]}, indent=2),
}


@st.composite
def api_messages(draw: st.DrawFn) -> Any:
    attachments = [
        attachment(draw(st.sampled_from(["a.png", "b.jpg", "c.mp4", "noextension"])), id=str(number + 1))
        for number in range(draw(st.integers(0, 3)))
    ]
    for one in attachments:
        one["content_type"] = None
    embeds = [
        {"title": draw(texts), "image": picture(f"https://a.test/{n}.png")} for n in range(draw(st.integers(0, 2)))
    ]
    made = message(draw(texts), attachments, embeds, author=author(global_name=draw(texts)))
    if draw(st.booleans()):
        made["referenced_message"] = message(draw(texts), [attachment("replied.png")])
    if draw(st.booleans()):
        made = {"id": made.pop("id"), **made}
    return made


@pytest.fixture
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "_BLOCK", 1500)


def read_bytes(data: bytes) -> Archive:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.json"
        path.write_bytes(data)
        return finish(read_archive([path]))


@pytest.mark.usefixtures("_small_blocks")
@settings(relaxed, max_examples=15)
@given(st.lists(api_messages(), min_size=1, max_size=9))
def test_every_layout_gives_the_same_records(posted: list[Any]) -> None:
    expected = [
        (one["id"], one["content"])
        for one in posted
        for _ in range(sum(a["filename"] != "c.mp4" for a in one["attachments"]) + len(one["embeds"]))
    ]
    for name, layout in LAYOUTS.items():
        encoding = "utf-16" if name in ("lines", "nested") else "utf-8-sig" if name == "search" else "utf-8"
        archive = read_bytes(layout(posted).encode(encoding))
        assert archive.warnings == (), name
        assert archive.message_count == len(posted), name
        assert [(record.message_id, record.content) for record in archive.records] == expected, name


@pytest.mark.usefixtures("_small_blocks")
@relaxed
@given(st.lists(api_messages(), min_size=1, max_size=6), st.data())
def test_a_cut_anywhere_gives_the_beginning_and_a_warning(posted: list[Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(LAYOUTS)))
    raw = LAYOUTS[name](posted).encode()
    expected = read_bytes(raw).records
    for _ in range(5):
        cut = data.draw(st.integers(0, len(raw.rstrip()) - 1))
        try:
            archive = read_bytes(raw[:cut])
        except ArchiveError:
            continue
        assert archive.records == expected[: len(archive.records)]
        # Where every message is a document of its own, an end between two of them is none that can be seen.
        between = raw[:cut].rstrip(b"\r\n,").endswith(b"}") and ("line" in name or name == "documents")
        assert len(archive.warnings) == 1 or between
        assert archive.message_count >= len(posted) - raw[cut:].count(b'"tts"') - 1


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("around", ["{}", "   {}"])
def test_what_is_in_a_message_that_was_cut_is_no_message(line_end: str, around: str) -> None:
    posted = [message("one", [attachment("a.png")]), message("two", [attachment("b.png")])]
    raw = around.format(LAYOUTS["documents"](posted)).replace("\n", line_end).encode()
    whole = read_bytes(raw)
    assert (whole.message_count, len(whole.records)) == (2, 2)
    second = raw.index(b'"two"')
    ends = [second + end.start() for end in re.finditer(rb"\n +\},?\r?\n", raw[second:])]
    assert len(ends) >= 4
    for end in ends:
        cut = read_bytes(raw[: raw.index(b"\n", end + 1) + 1])
        assert (cut.message_count, cut.records) == (1, whole.records[:1])
        assert len(cut.warnings) == 1


@pytest.mark.usefixtures("_small_blocks")
@relaxed
@given(st.lists(api_messages(), min_size=1, max_size=3), garbage, st.data())
def test_garbage_in_any_field_is_survived(posted: list[Any], value: Any, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places(posted)))
        container[key] = json.loads(json.dumps(value))
    name = data.draw(st.sampled_from(["array", "lines", "search", "indented"]))
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "x.json", LAYOUTS[name](posted))
        try:
            archive = read(path, stickers=True, emoji=True, avatars=True)
        except ArchiveError:
            return
    for record in archive.records:
        server = dataclasses.replace(record.channel, guild_id=record.channel.guild_id or GUILD_ID)
        check(dataclasses.replace(record, channel=server))


@pytest.mark.usefixtures("_small_blocks")
@pytest.mark.parametrize(
    "layout", ["array", "minified", "indented", "lines", "member", "nested", "search", "search, indented"]
)
@pytest.mark.parametrize("damage", ['"tts": !', '"tts": [}', '"tts": "', '"tts": nul'])
@pytest.mark.parametrize("which", [1, 10, 29])
def test_a_damaged_message_loses_only_itself(tmp_path: Path, layout: str, damage: str, which: int) -> None:
    posted = [message(f"text {number}", [attachment()]) for number in range(30)]
    posted[which]["tts"] = "DAMAGE"
    text = LAYOUTS[layout](posted)
    assert text.count("DAMAGE") == 1
    text = text.replace('"tts": "DAMAGE"', damage).replace('"tts":"DAMAGE"', damage)
    archive = read(write(tmp_path / "x.json", text))
    assert [record.content for record in archive.records] == [f"text {n}" for n in range(30) if n != which]
    assert archive.warnings == ("“x.json” is damaged inside: 1 message could not be read.",)


def test_replies_are_no_messages_even_in_what_is_damaged(tmp_path: Path) -> None:
    posted = [message(f"{number}") for number in range(5)]
    posted[2] = {
        "type": 0,
        "content": "2",
        "x": "DAMAGE",
        **message("2"),
        "referenced_message": message("replied", [attachment()]),
    }
    for layout in ("array", "minified", "indented", "lines"):
        text = LAYOUTS[layout](posted).replace('"DAMAGE"', "!")
        assert read(write(tmp_path / "x.json", text)).records == ()


@pytest.mark.parametrize(
    "layout", ["array", "minified", "sorted", "lines", "nested", "nested and minified", "indented"]
)
def test_memory_stays_small_and_blocks_are_decoded_whole(
    tmp_path: Path, layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_stream, "_BLOCK", 20_000)
    walked = 0
    walk = json_stream.ElementStream._walk
    largest = 0

    def watched(self: Any) -> Any:
        nonlocal walked
        elements = walk(self)
        walked += len(elements)
        return elements

    fill = json_stream.ElementStream._fill

    def filled(self: Any, size: int = 0) -> bool:
        nonlocal largest
        more = fill(self, size)
        largest = max(largest, len(self._buffer))
        return more

    monkeypatch.setattr(json_stream.ElementStream, "_walk", watched)
    monkeypatch.setattr(json_stream.ElementStream, "_fill", filled)
    posted = [message(f"text {n}", [attachment()], referenced_message=message("x")) for n in range(1000)]
    archive = read(write(tmp_path / "x.json", LAYOUTS[layout](posted)))
    assert len(archive.records) == 1000
    assert largest <= 3 * 20_000
    assert walked < 100


def test_a_search_finds_messages_several_times(tmp_path: Path) -> None:
    one, two, three = (message(str(n), [attachment()]) for n in range(3))
    archive = read(
        write(tmp_path / "x.json", {"total_results": 2, "messages": [[one, {**two, "hit": True}], [two, three]]})
    )
    assert archive.message_count == 3
    assert [record.content for record in archive.records] == ["0", "1", "2"]


def test_numbers_as_ids_and_no_timestamp(tmp_path: Path) -> None:
    posted = message("a", [attachment()])
    written = posted["timestamp"]
    posted.update(
        {"id": int(posted["id"]), "channel_id": int(CHANNEL_ID), "timestamp": None, "guild_id": int(GUILD_ID)}
    )
    posted["attachments"][0]["id"] = int(posted["attachments"][0]["id"])
    posted["author"]["id"] = 810000000000000003
    (record,) = read(write(tmp_path / "x.json", [posted])).records
    assert record.timestamp.isoformat()[:16] == written[:16]
    assert record.message_link == f"https://discord.com/channels/{GUILD_ID}/{CHANNEL_ID}/{posted['id']}"
    assert (record.author_id, record.key[:2]) == ("810000000000000003", "a:")


def test_what_bots_write(tmp_path: Path) -> None:
    url = exports.cdn_url("880000000000000077", "cat.png")
    posted = [
        {"id": 1200000000000000001, "author": "alice#0001", "content": "a", "created_at": "2024-01-05 10:00:00+00:00",
         "attachments": [url], "channel": "memes", "guild": "Test Server"},
        {"id": 1200000000000000002, "author": {"id": 81, "name": "bob", "display_name": "Bob"}, "content": "b",
         "attachments": [{"url": url + "?ex=1", "name": "dog.png"}],
         "guild": {"id": int(GUILD_ID), "name": "Test Server"}},
    ]  # fmt: skip
    one, two = read(write(tmp_path / "dump.json", posted)).records
    assert (one.author, one.channel.name, one.channel.id) == ("alice#0001", "memes", CHANNEL_ID)
    assert (one.key, one.file_name) == ("a:880000000000000077", "cat.png")
    assert one.timestamp.isoformat() == "2024-01-05T10:00:00+00:00"
    assert (two.author, two.author_id, two.file_name) == ("Bob", "81", "dog.png")
    assert (two.channel.guild_id, two.channel.guild_name) == (GUILD_ID, "Test Server")


def test_the_server_is_known_from_a_reply(tmp_path: Path) -> None:
    reply = message("b", message_reference={"channel_id": CHANNEL_ID, "guild_id": GUILD_ID, "message_id": "1"})
    away = message("c", message_reference={"channel_id": "5", "guild_id": "6", "message_id": "1"})
    archive = read(write(tmp_path / "x.json", [message("a", [attachment()]), away, reply]))
    assert archive.records[0].channel.guild_id == GUILD_ID
    archive = read(write(tmp_path / "x.json", [message("a", [attachment()]), away]))
    assert archive.records[0].channel.guild_id == ""
    assert archive.records[0].message_link == ""


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("memes.json", "memes"),
        ("memes_page_3.json", "memes"),
        ("memes_1b4e28ba-2fa1-41d2-883f-0016d3cca427/memes_page_1.json", "memes"),
        ("memes/messages.json", "memes"),
        ("memes_1b4e28ba-2fa1-41d2-883f-0016d3cca427/page_1.json", "memes"),
        ("messages.json", "messages"),
    ],
)
def test_the_channel_is_named_by_the_file(tmp_path: Path, path: str, name: str) -> None:
    write(tmp_path / path, [message("a", [attachment()])])
    (channel,) = finish(read_archive([tmp_path])).channels
    assert (channel.name, channel.id) == (name, CHANNEL_ID)


def test_several_channels_are_named_by_their_ids_or_by_the_document(tmp_path: Path) -> None:
    posted = [message("a", [attachment()]), message("b", [attachment()], channel_id="777000000000000001")]
    archive = read(write(tmp_path / "search.json", [posted]))
    assert [channel.name for channel in archive.channels] == [CHANNEL_ID, "777000000000000001"]
    document = {"guild": {"id": GUILD_ID, "name": "Server"}, "messages": posted[:1], "channel": {"name": "memes"}}
    archive = read(write(tmp_path / "one.json", document))
    assert archive.name == "Server › memes"


def test_kinds(tmp_path: Path) -> None:
    wave = [
        {"id": "11", "name": "wave", "format_type": 1},
        {"id": "12", "name": "dance", "format_type": 4},
        {"id": "13", "name": "shapes", "format_type": 3},
    ]
    posted = [
        message("<:pepe:21> and <a:party:22> https://a.test/link.png", sticker_items=wave,
                reactions=[{"emoji": {"id": "23", "name": "ok"}, "count": 1}, {"emoji": {"id": None, "name": "👍"}}]),
        message("again", author=author(avatar="5c" * 16)),
        message("another", author=author(id="9", avatar="a_" + "6d" * 16)),
        message("none", author=author(id="10", avatar=None)),
        forward(message("<:far:24>", sticker_items=[{"id": "14", "name": "far", "format_type": 2}])),
    ]  # fmt: skip
    path = write(tmp_path / "x.json", posted)

    def shown(**kinds: bool) -> list[tuple[str, str]]:
        return [(record.kind, record.url) for record in read(path, **kinds).records]

    cdn = "https://cdn.discordapp.com"
    link = [("link", "https://a.test/link.png")]
    assert shown() == link
    assert shown(links=False) == []
    assert shown(links=False, stickers=True) == [
        ("sticker", f"{cdn}/stickers/11.png"),
        ("sticker", "https://media.discordapp.net/stickers/12.gif"),
        ("sticker", f"{cdn}/stickers/14.png"),
    ]
    assert shown(links=False, emoji=True) == [
        ("emoji", f"{cdn}/emojis/21.png"),
        ("emoji", f"{cdn}/emojis/22.gif"),
        ("emoji", f"{cdn}/emojis/23.png"),
        ("emoji", f"{cdn}/emojis/24.png"),
    ]
    assert shown(links=False, avatars=True) == [
        ("avatar", f"{cdn}/avatars/810000000000000003/{'5c' * 16}.png?size=512"),
        ("avatar", f"{cdn}/avatars/9/a_{'6d' * 16}.gif?size=512"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "[[]]", "{}", "[1,2]", "[{}]", "null", "[" * 5000, '{"a":' * 5000, '{"messages": []}',
        '[{"ID": 1200000000000000001, "Timestamp": "2024-01-01 00:00:00", "Contents": "a", "Attachments": ""}]',
        '[{"id": "1200000000000000001", "username": "a", "avatar": null}]',
        '[{"id": "1200000000000000001", "type": 0, "guild_id": "1", "name": "general", "last_message_id": "5"}]',
        '[{"id": "1", "content": "a", "author": "b", "attachments": []}]',
        '[{"id": "112233445566778899", "content": "<p>", "account": {"id": "1"}, "media_attachments": []}]',
        '[{"client_msg_id": "x", "type": "message", "text": "hi", "user": "U1", "ts": "1.2"}]',
        '{"name": "chat", "type": "personal_chat", "id": 1200000000000000001, "messages": [{"id": 1, "text": "a"}]}',
    ],
)  # fmt: skip
def test_other_json_is_not_taken(tmp_path: Path, text: str) -> None:
    assert not recognises(text, ExportFile(DiskTree(str(tmp_path)), "x.json"))


@pytest.mark.parametrize("version", exports.VERSIONS)
@pytest.mark.parametrize("layout", ["pretty", "minified"])
def test_exports_of_discord_chat_exporter_are_not_taken(tmp_path: Path, version: str, layout: str) -> None:
    path = make_export(tmp_path, version=version, layout=layout)
    assert not recognises(path.read_text("utf-8"), ExportFile(DiskTree(str(tmp_path)), path.name))


def test_a_first_message_longer_than_the_head_is_recognised(tmp_path: Path) -> None:
    posted = [message("a" * 100_000, [attachment()]), message("b", [attachment()])]
    posted = [{"id": one["id"], "channel_id": one["channel_id"], "author": one["author"], **one} for one in posted]
    assert len(read(write(tmp_path / "x.json", posted)).records) == 2
