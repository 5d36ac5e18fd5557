"""The web pages of DiscordChatExporter."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ras.archive import read_archive, text_blocks
from ras.archive.discord_chat_exporter import html_export, html_stream
from ras.archive.discord_chat_exporter.html_elements import TAG, attributes_of, unescaped
from ras.archive.discord_chat_exporter.html_message import read_message
from ras.archive.discord_chat_exporter.html_stream import MessageStream
from ras.errors import ArchiveError
from ras.records import DEFAULT_KINDS, Archive, ImageRecord, PictureKinds, finish
from tests.exports import attachment, author, cdn_url, document, embed, make_export, message, picture
from tests.exports_html import VERSIONS, groups, head, make_html, page, tail

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100
ALL = PictureKinds(links=True, stickers=True, emoji=True, avatars=True)
NAMELESS = "chat.html"


def read(*paths: Path, kinds: PictureKinds = DEFAULT_KINDS) -> Archive:
    return finish(read_archive(paths, kinds))


def written(folder: Path, text: str | bytes, name: str = NAMELESS) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def in_page(body: str, version: str = "2.47") -> str:
    """A page with these messages, written by hand."""
    return head(document([]), version) + body + tail(1, version)


def container(inner: str, id: str = "1213094890045440001") -> str:
    kind = f"id=chatlog__message-container-{id} class=chatlog__message-container data-message-id={id}"
    return f"<div {kind}><div class=chatlog__message>{inner}</div></div>"


def posts() -> list[Any]:
    pictures = [
        attachment("cat photo.png", data=PNG),
        attachment("SPOILER_secret.jpg"),
        attachment("movie.mp4"),
        attachment("doc.pdf"),
        attachment("noextension"),
    ]
    proxied = picture("https://images-ext-1.discordapp.net/external/sig/https/b.test/y.png", "https://b.test/y.png")
    when = datetime(2024, 5, 6, 7, 8, 9, 123000, tzinfo=timezone.utc)
    return [
        message(
            "see https://a.test/x.png", pictures, [embed(image=proxied, thumbnail=picture("https://t.test/z.png"))]
        ),
        message("", [attachment("b.webp", data=PNG)], when=when),
        message("nothing to see"),
        message(
            "", [attachment("c.gif")], by=author("bob", None, "810000000000000009"), when=when + timedelta(hours=1)
        ),
        message("from <b>me</b>", [], [embed(images=[picture(f"https://i.test/{n}.jpg") for n in range(3)])]),
    ]


def facts(record: ImageRecord) -> tuple[object, ...]:
    where = (record.message_id, record.channel, record.author_id, record.author, record.timestamp)
    return (*where, record.key, record.kind, record.file_name, record.attachment_id, record.url, record.spoiler)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_archive_is_the_same_as_json_and_as_html(tmp_path: Path, version: str) -> None:
    posted = posts()
    category = "" if version == "2.18" else "Text channels"  # not in its pages
    expected = read(make_export(tmp_path / "json", messages=posted, version=version, category=category))
    archive = read(make_html(tmp_path / "html", messages=posted, version=version))
    assert {facts(record) for record in archive.records} == {facts(record) for record in expected.records}
    assert len(archive.records) == len(expected.records)
    assert (archive.message_count, archive.channels) == (5, expected.channels)
    assert archive.warnings == ()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["general.html", "Guild, Inc - 50% off #1 [870000000000000002].html"])
def test_media_beside_a_page_are_found(tmp_path: Path, version: str, name: str) -> None:
    path = make_html(tmp_path, messages=posts(), version=version, media=True, name=name)
    local = [record for record in read(path).records if record.local_path]
    assert [Path(record.local_path or "").read_bytes() for record in local] == [PNG, PNG]
    assert {record.media_root for record in local} == {str(tmp_path)}
    assert [record.attachment_id for record in local] == [None, None]
    if version != "2.18":
        assert [record.file_name for record in local] == ["cat photo.png", "b.webp"]


def test_links_to_what_lies_in_the_media_folder_find_it(tmp_path: Path) -> None:
    posted = posts()
    make_html(tmp_path, messages=posted, media=True)
    archive = read(make_html(tmp_path, messages=posted))
    assert sum(record.local_path is not None for record in archive.records) == 2


def test_messages_without_a_header_are_of_the_author_of_the_group(tmp_path: Path) -> None:
    ann, bob = author("ann", "Ann", "11"), author("bob", None, "12")
    joined = {**message(by=author("eve", "Eve", "13")), "type": "GuildMemberJoin"}
    answer = {**message("yes", [attachment()], by=ann), "reference": {"messageId": "77"}}
    posted = [
        *(message("", [attachment()], by=ann) for _ in range(3)),
        joined,
        *(message("", [attachment()], by=bob) for _ in range(2)),
        answer,
        message("", [attachment()], by=ann),
    ]
    archive = read(make_html(tmp_path, messages=posted))
    authors = [(record.author_id, record.author) for record in archive.records]
    assert authors == [("11", "Ann")] * 3 + [("12", "bob")] * 2 + [("11", "Ann")] * 2
    assert archive.message_count == 8
    assert [record.kind for record in archive.records] == ["attachment"] * 7


def test_nothing_of_an_answered_message_counts(tmp_path: Path) -> None:
    answer = {**message("yes", [attachment()]), "reference": {"messageId": "77"}}
    archive = read(make_html(tmp_path, messages=[answer]), kinds=ALL)
    assert [(record.kind, record.content) for record in archive.records] == [("attachment", "yes"), ("avatar", "yes")]
    assert "/avatars/810000000000000003/" in archive.records[1].url


def test_pictures_of_videos_count_and_emoji_of_embeds_do_not(tmp_path: Path) -> None:
    body = container(
        "<div class=chatlog__attachment><video class=chatlog__attachment-media poster=https://t.test/a.png loop>"
        "<source src=https://t.test/a.mp4></video></div><div class=chatlog__embed><div class=chatlog__embed-text>"
        "<img class=chatlog__emoji alt=x src=https://cdn.discordapp.com/emojis/123456789012345678.png></div></div>"
    )
    archive = read(written(tmp_path, in_page(body)), kinds=ALL)
    assert [(record.kind, record.url) for record in archive.records] == [("embed", "https://t.test/a.png")]


def test_a_group_without_an_author_is_of_nobody(tmp_path: Path) -> None:
    first, second = groups(
        document([message("", [attachment()]), message("", [attachment()], by=author("b"))])["messages"]
    )
    broken = second.replace("class=chatlog__author ", "class=chatlog__auth0r ")
    archive = read(written(tmp_path, in_page(first + broken)))
    assert [(record.author_id, record.author) for record in archive.records] == [
        ("810000000000000003", "Alice"),
        ("", "unknown"),
    ]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("one\n  two   three\n\nfour", "one\n  two   three\n\nfour"),
        ("1 < 2 && \"quoted\" 'it' > é 👀", "1 < 2 && \"quoted\" 'it' > é 👀"),
        ("**bold** <:pepe:123456789012345678> <a:wave:123456789012345679>", "bold :pepe: :wave:"),
        (
            "</div><div class=chatlog__message data-message-id=9>",
            "</div><div class=chatlog__message data-message-id=9>",
        ),
        ("&amp; &lt;", "&amp; &lt;"),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_the_text_of_a_message(tmp_path: Path, content: str, text: str, version: str) -> None:
    posted = {**message(content, [attachment()]), "timestampEdited": datetime(2024, 9, 9, tzinfo=timezone.utc)}
    archive = read(make_html(tmp_path, messages=[posted], version=version))
    assert [record.content for record in archive.records] == [text]
    assert archive.message_count == 1


def test_blocks_of_a_text_are_lines_of_their_own() -> None:
    quote = "<div class=chatlog__markdown-quote><div class=border></div><div class=c>quoted</div></div>"
    text = (
        f"<div class=chatlog__content><span class=chatlog__markdown-preserve>a{quote}b<br>c<ul><li>d<li>e</ul></span>"
    )
    assert read_message(text).text == "a\nquoted\nb\nc\nd\ne"
    assert read_message("<div class=chatlog__content> a \n\t b<b> c</b> </div> not this").text == "a b c"
    assert len(read_message("<div class=chatlog__content>" + "x" * 30_000).text) == 20_000


def test_forwarded_messages(tmp_path: Path) -> None:
    original = message(
        "look https://l.test/link.png",
        [attachment("f.png"), attachment("noextension")],
        [embed(image=picture("https://e.test/e.png"))],
    )
    posted = [message(forwarded=original), message("mine", [attachment("own.png")], forwarded=original)]
    expected = read(make_export(tmp_path, messages=posted))
    archive = read(make_html(tmp_path, messages=posted))
    assert {facts(record) for record in archive.records} == {facts(record) for record in expected.records}
    assert {record.kind for record in archive.records} == {"forwarded", "attachment", "link"}
    assert {record.content for record in archive.records} == {"look https://l.test/link.png", "mine"}


def test_hidden_pictures_are_spoilers(tmp_path: Path) -> None:
    body = container(
        "<div class=chatlog__content><span class=chatlog__markdown-spoiler><a href=https://a.test/link.png>x</a></span>"
        '</div><div class="chatlog__attachment chatlog__attachment--hidden"><a href=https://a.test/b.png>'
        "<img class=chatlog__attachment-media src=https://a.test/b.png></a></div><div class=chatlog__embed>"
        "<img class=chatlog__embed-generic-image src=https://a.test/link.png></div>"
    )
    records = read(written(tmp_path, in_page(body))).records
    assert [(record.kind, record.file_name) for record in records] == [
        ("attachment", "SPOILER_b.png"),
        ("embed", "SPOILER_link.png"),
    ]


def test_links_behind_words_count_as_links(tmp_path: Path) -> None:
    content = "<div class=chatlog__content><a href=https://a.test/masked.png>words</a> http://a.test/page.html</div>"
    path = written(tmp_path, in_page(container(content)))
    assert [(r.kind, r.url, r.content) for r in read(path).records] == [
        ("link", "https://a.test/masked.png", "words http://a.test/page.html")
    ]
    with_links = read(path, kinds=PictureKinds(links=False))
    assert with_links.records == ()


@pytest.mark.parametrize(
    "text", ["{}", "({})", "||{}||", "&lt;{}&gt;", "look:{}", "[x]({})", "“{}”", "x{}", "&quot;{}&quot;", "a\n{}"]
)
@pytest.mark.parametrize("address", ["https://a.test/b.png", "HTTP://a.test/b.png"])
def test_links_of_a_raw_text(tmp_path: Path, text: str, address: str) -> None:
    """Exported with ``--markdown false``, a page has no links but in its text."""
    content = f"<div class=chatlog__content><span class=chatlog__markdown-preserve>{text.format(address)}</span></div>"
    (found,) = read(written(tmp_path, in_page(container(content)))).records
    assert (found.kind, found.url) == ("link", address)


def test_a_message_without_pictures_and_links_is_not_looked_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To read all of them would take most of the time."""
    posted = [message("no more than words", by=author(name)) for name in ("ann", "bob", "ann")]
    for version in VERSIONS:
        with monkeypatch.context() as patch:
            patch.setattr(html_export, "read_message", lambda text: pytest.fail("a message was looked into"))
            assert read(make_html(tmp_path, messages=posted, version=version)).message_count == 3


def test_emoji_stickers_and_avatars_are_a_choice(tmp_path: Path) -> None:
    posted = message("<:pepe:123456789012345678> <a:wave:123456789012345679>")
    heart = {
        "id": "",
        "name": "❤",
        "imageUrl": "https://cdn.jsdelivr.net/gh/twitter/twemoji@latest/assets/svg/2764.svg",
    }
    own = {
        "id": "123456789012345670",
        "name": "own",
        "imageUrl": "https://cdn.discordapp.com/emojis/123456789012345670.png",
    }
    posted["reactions"] = [{"emoji": heart, "count": 2}, {"emoji": own, "count": 1}]
    source = "https://cdn.discordapp.com/stickers/751606379340365864.png"
    posted["stickers"] = [{"id": "751606379340365864", "name": "Wave", "format": "Png", "sourceUrl": source}]
    path = make_html(tmp_path, messages=[posted, message("again")])
    assert read(path).records == ()
    found = [(record.kind, record.file_name, record.url) for record in read(path, kinds=ALL).records]
    assert found == [
        ("emoji", "pepe.png", "https://cdn.discordapp.com/emojis/123456789012345678.png"),
        ("emoji", "wave.gif", "https://cdn.discordapp.com/emojis/123456789012345679.gif"),
        ("sticker", "Wave.png", source),
        ("emoji", "own.png", own["imageUrl"]),
        ("avatar", "5c.png", "https://cdn.discordapp.com/avatars/810000000000000003/5c.png?size=512"),
    ]
    for kind in ("emoji", "stickers", "avatars"):
        only = read(path, kinds=PictureKinds(links=False, **{kind: True}))
        assert {record.kind for record in only.records} == {kind.rstrip("s") if kind != "emoji" else kind}


@pytest.mark.parametrize("version", ["2.25", "2.47"])
def test_every_author_has_one_avatar(tmp_path: Path, version: str) -> None:
    by = [
        {**author(str(n), None, str(10 + n)), "avatarUrl": f"https://cdn.discordapp.com/avatars/{n}/a.png"}
        for n in (1, 2)
    ]
    posted = [message("text", by=by[n % 2]) for n in range(6)]
    archive = read(make_html(tmp_path, messages=posted, version=version), kinds=PictureKinds(avatars=True))
    assert [(record.kind, record.author_id) for record in archive.records] == [("avatar", "11"), ("avatar", "12")]


def test_the_channel_is_known_by_addresses_where_the_name_does_not_say_it(tmp_path: Path) -> None:
    elsewhere = attachment("e.png", url=cdn_url("5", "e.png", "999"))
    posted = [message("", [elsewhere]), *(message("", [attachment()]) for _ in range(3))]
    archive = read(make_html(tmp_path, messages=posted, name=NAMELESS))
    assert {record.channel.id for record in archive.records} == {"870000000000000002"}
    assert archive.records[0].message_link.startswith(
        "https://discord.com/channels/860000000000000001/870000000000000002/"
    )


def test_without_its_server_a_message_has_no_link(tmp_path: Path) -> None:
    path = make_html(tmp_path, messages=1)
    text = path.read_text("utf-8").replace("/icons/", "/embed/")
    assert {(r.channel.guild_id, r.message_link) for r in read(written(tmp_path, text, path.name)).records} == {
        ("", "")
    }
    text = text.replace(
        "message 0", "<a href=https://discord.com/channels/860000000000000001/870000000000000002/1>x</a>"
    )
    link = read(written(tmp_path, text, path.name)).records[0].message_link
    assert link.startswith("https://discord.com/channels/860000000000000001/870000000000000002/")


def test_direct_messages(tmp_path: Path) -> None:
    archive = read(make_html(tmp_path, guild="Direct Messages", guild_id="x", category="Private", channel="bob"))
    assert archive.channels[0].guild_id == "0"
    assert archive.records[0].message_link.startswith("https://discord.com/channels/@me/870000000000000002/")


def test_threads_and_names_with_slashes(tmp_path: Path) -> None:
    archive = read(make_html(tmp_path, guild="A - B", category="Text / more", channel="a / b", name=NAMELESS))
    assert archive.channels == (archive.records[0].channel,)
    assert (archive.channels[0].guild_name, archive.channels[0].category, archive.channels[0].name) == (
        "A - B",
        "Text / more",
        "a / b",
    )


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    posted = [message("é 👀", [attachment()])]
    expected = read(make_html(tmp_path, messages=posted))
    assert read(make_html(tmp_path, messages=posted, encoding=encoding)).records == expected.records


def test_exports_overlap_across_formats(tmp_path: Path) -> None:
    posted = posts()
    make_html(tmp_path, messages=posted[:4])
    make_export(tmp_path, messages=posted[2:])
    archive = read(tmp_path)
    assert archive.message_count == 5
    assert len(archive.records) == len(read(make_export(tmp_path / "all", messages=posted)).records)


# What is damaged, cut or hostile.


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_blocks, "_BLOCK", 700)


relaxed = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40, database=None
)
texts = st.one_of(
    st.text(max_size=30), st.sampled_from(["<div data-message-id=1>", "</html>", "-->", "'", '"', "&#9;"])
)


@st.composite
def some_messages(draw: st.DrawFn) -> list[Any]:
    return [
        message(
            draw(texts),
            [
                attachment(draw(st.sampled_from(["a.png", "b.mp4", "SPOILER_c.jpg"])))
                for _ in range(draw(st.integers(0, 2)))
            ],
            [embed(image=picture(f"https://a.test/{n}.png")) for n in range(draw(st.integers(0, 2)))],
            by=author(nickname=draw(texts) or "x", id=draw(st.sampled_from(["11", "12"]))),
        )
        for _ in range(draw(st.integers(1, 6)))
    ]


def read_raw(raw: bytes) -> Archive:
    with tempfile.TemporaryDirectory() as folder:
        return read(written(Path(folder), raw, "x [870000000000000002].html"))


@pytest.mark.usefixtures("small_blocks")
@relaxed
@given(
    some_messages(),
    st.sampled_from(VERSIONS),
    st.one_of(st.just(1), st.integers(2, 2000)),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_where_blocks_end_does_not_matter(posted: list[Any], version: str, size: int, encoding: str) -> None:
    raw = page(document(posted), version).encode(encoding, "replace")
    expected = read_raw(raw)
    assert (expected.message_count, expected.warnings) == (len(posted), ())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_blocks, "_BLOCK", size)
        archive = read_raw(raw)
    assert (archive.records, archive.message_count, archive.warnings) == (expected.records, len(posted), ())


@pytest.mark.usefixtures("small_blocks")
@relaxed
@given(some_messages(), st.sampled_from(VERSIONS), st.data())
def test_a_cut_anywhere_gives_the_beginning_and_a_warning(posted: list[Any], version: str, data: st.DataObject) -> None:
    raw = page(document(posted), version).encode("utf-8", "replace")
    expected = read_raw(raw).records
    for _ in range(5):
        cut = data.draw(st.integers(0, raw.rindex(b"</div>\n<div")))
        try:
            archive = read_raw(raw[:cut])
        except ArchiveError:
            assert cut < raw.index(b'<div class="chatlog">') + 30
            continue
        read_keys = [record.key for record in archive.records]
        assert read_keys == [record.key for record in expected[: len(read_keys)]]
        assert len(archive.warnings) == 1
        assert "ends in the middle" in archive.warnings[0]


def check(record: ImageRecord) -> None:
    for text in (record.key, record.message_id, record.file_name, record.url, record.author, record.content):
        assert isinstance(text, str)
        text.encode()
    assert record.message_id.isdigit()
    assert record.timestamp.tzinfo is not None
    assert record.url or record.local_path


@relaxed
@given(st.binary(max_size=200), st.sampled_from(VERSIONS), st.data())
def test_bytes_changed_anywhere_are_survived(noise: bytes, version: str, data: st.DataObject) -> None:
    raw = page(document([message(f"{n}", [attachment()], by=author(id=str(n))) for n in range(4)]), version).encode()
    start = raw.index(b'<div class="chatlog">') if data.draw(st.booleans()) else 0
    at = data.draw(st.integers(start, len(raw)))
    try:
        archive = read_raw(raw[:at] + noise + raw[at + data.draw(st.integers(0, 300)) :])
    except ArchiveError:
        return
    for record in archive.records:
        check(record)


@pytest.mark.parametrize("version", ["2.25", "2.47"])
def test_a_message_without_its_id_is_left_out_alone(tmp_path: Path, version: str) -> None:
    posted = [message("", [attachment(f"{n}.png")], by=author(id=str(n + 10))) for n in range(3)]
    path = make_html(tmp_path, messages=posted, version=version)
    path.write_text(path.read_text("utf-8").replace(posted[1]["id"], "?"), "utf-8")
    archive = read(path)
    assert [(record.file_name, record.author_id) for record in archive.records] == [("0.png", "10"), ("2.png", "12")]
    assert archive.message_count == 2
    assert archive.warnings == (f"“{path.name}” is damaged inside: 1 message could not be read.",)


@pytest.mark.parametrize("version", ["2.25", "2.47"])
def test_a_message_without_its_id_in_a_group_is_not_taken_for_the_one_before(tmp_path: Path, version: str) -> None:
    posted = [message("", [attachment(f"{n}.png")]) for n in range(3)]
    path = make_html(tmp_path, messages=posted, version=version)
    path.write_text(path.read_text("utf-8").replace(posted[1]["id"], "?"), "utf-8")
    archive = read(path)
    assert [record.file_name for record in archive.records] == ["0.png", "2.png"]
    assert {record.author_id for record in archive.records} == {"810000000000000003"}
    assert archive.warnings == (f"“{path.name}” is damaged inside: 1 message could not be read.",)


def test_null_bytes_are_no_part_of_texts(tmp_path: Path) -> None:
    body = container(
        "<div class=chatlog__content>a\0b</div><img class=chatlog__embed-image src=https://a.test/\0a.png>"
    )
    assert [(r.content, r.url) for r in read(written(tmp_path, in_page(body))).records] == [
        ("ab", "https://a.test/a.png")
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<!DOCTYPE html><html><body>chatlog__message is a class</body></html>", "a web page (HTML) of another kind"),
        ("<html><style>.message{}</style>", "a web page (HTML) of another kind"),
        ("<p class=chatlog__message>", "a web page (HTML) of another kind"),
        ("<!DOCTYPE html><style>.chatlog__message-group{}</style>", "ends before its first message"),
    ],
)
def test_other_web_pages_are_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ArchiveError, match=r"“chat\.html”") as caught:
        read(written(tmp_path, text))
    assert said in str(caught.value)


def test_no_path_leads_outside(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.png").write_bytes(PNG)
    sources = [
        "../secret.png",
        "..%2fsecret.png",
        "/etc/passwd",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "C:\\x.png",
    ]
    body = "".join(
        container(f'<img class=chatlog__embed-image src="{source}">', str(1213094890045440001 + number))
        for number, source in enumerate(sources)
    )
    paths = [record.local_path or "" for record in read(written(tmp_path / "in", in_page(body))).records]
    assert [Path(path).relative_to(tmp_path / "in").parts for path in paths] == [
        ("..%2fsecret.png",),
        ("chat.html_Files", "passwd"),
        ("chat.html_Files", "passwd"),
        ("chat.html_Files", "x.png"),
    ]


def test_what_only_looks_like_a_message_is_none(tmp_path: Path) -> None:
    forged = (
        '<div class="chatlog__reply-author" title="data-message-id=5 class=chatlog__message">x</div>'
        "<span data-message-id=6 class=chatlog__message></span><div data-message-id=7 class=other></div>"
        '<!-- <img class=chatlog__embed-image src="https://a.test/comment.png"> -->'
        "<script>'<img class=chatlog__embed-image src=https://a.test/script.png>'</script>"
        "<img class=chatlog__embed-image src=https://a.test/real.png>"
    )
    archive = read(written(tmp_path, in_page(container(forged))))
    assert [record.url for record in archive.records] == ["https://a.test/real.png"]
    assert archive.message_count == 1


@pytest.mark.parametrize(
    "inner",
    [
        "<b></b>" * 800_000,
        "<b>" * 800_000,
        "<b>" * 150 + "</i>" * 300_000,
        "<div class=" + "x" * 8_000_000 + ">",
        '<a "' * 1_000_000,
        "<a '<a \"" * 300_000,
        "<!--" * 1_000_000,
        "<script>" * 300_000,
        "<div class=chatlog__content>&#" + "9" * 3_900_000 + ";</div>",
        "&amp;" * 800_000,
        "<a " + "a=" * 1_900_000 + ">",
        "<a" + " " * 3_900_000 + "<",
        "<div data-message-id=" * 400_000,
        "<div class=chatlog__message-group " * 200_000,
        "<div class=chatlog__content><a href=http://a.test/" + "<a href=http://a.test/>" * 150_000,
    ],
    ids=lambda inner: inner[:20],
)
def test_hostile_messages_cost_no_more_than_their_length(tmp_path: Path, inner: str) -> None:
    """Any of these would take minutes if a part of it were looked at again and again."""
    picture_element = "<img class=chatlog__embed-image src=https://a.test/{}.png>"
    first = container(picture_element.format(1) + inner)
    last = container(picture_element.format(2), "1213094890045440009")
    archive = read(written(tmp_path, in_page(first + "\n" + last)))
    assert [record.url[-5:] for record in archive.records if record.kind == "embed"] == ["1.png", "2.png"]


def test_entities_of_a_document_type_are_not_expanded(tmp_path: Path) -> None:
    laughs = '<!DOCTYPE html [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>'
    text = in_page(
        container("<div class=chatlog__content>&c;</div><img class=chatlog__embed-image src=https://a.test/1.png>")
    )
    archive = read(written(tmp_path, text.replace("<!DOCTYPE html>", laughs)))
    assert [record.content for record in archive.records] == ["&c;"]


def test_memory_stays_small_while_reading(tmp_path: Path, small_blocks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_stream, "_LONGEST", 5000)
    posted = document([message("x" * 300) for _ in range(500)])["messages"]
    text = in_page("\n".join(groups(posted[:250])) + container("y" * 20_000) + "\n".join(groups(posted[250:])))
    path = written(tmp_path, text)
    largest = 0
    with path.open("rb") as file:
        stream = MessageStream(file)
        count = 0
        for batch in stream:
            count += len(batch)
            largest = max(largest, len(stream._buffer)) if stream.found else 0
    assert (count, stream.damaged, stream.closed) == (501, 1, True)
    assert largest < 5000 + 2 * 700


def test_tags_and_attributes() -> None:
    assert attributes_of(""" a="1" B='2' c=3/4 d a=5 e = "&lt;" """) == {
        "a": "1",
        "b": "2",
        "c": "3/4",
        "d": "",
        "e": "<",
    }
    assert [tag[0] for tag in TAG.finditer("a <b> < c <d e='>'> </f > <!-- <g> --> <1> <h")] == [
        "<b>",
        "<d e='>'>",
        "</f >",
        "<!-- <g> -->",
    ]
    assert unescaped("&amp;lt; &#128064; &#xD800; &nosuch;") == "&lt; 👀 \ufffd &nosuch;"
