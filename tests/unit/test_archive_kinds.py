"""Pictures that messages show without having attached them: which count is a setting, from the reader to the window."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from ras.archive import read_archive
from ras.archive.assets import Avatars
from ras.archive.discord_chat_exporter.json_messages import decoders
from ras.cli.options import settings_of
from ras.cli.parser import build_parser
from ras.opening import open_archive
from ras.records import ImageRecord, Notice, PictureKinds, finish
from ras.settings import Settings, load_settings, save_settings
from tests.exports import attachment, author, embed, make_export, media_name, message, picture

CDN = "https://cdn.discordapp.com"
LINK = "https://a.test/cat.png"
PROXIED = "https://images-ext-1.discordapp.net/external/sig/https/a.test/cat.png"


def sticker(number: int, form: str = "Png") -> Any:
    ending = {"Lottie": "json", "Gif": "gif"}.get(form, "png")
    source = f"{CDN}/stickers/{number}.{ending}"
    return {"id": str(number), "name": f"sticker{number}", "format": form, "sourceUrl": source}


def emoji(number: int | None, animated: bool = False) -> Any:
    source = (
        f"{CDN}/emojis/{number}.{'gif' if animated else 'png'}" if number else "https://cdn.jsdelivr.net/x/1f44d.svg"
    )
    name = f"emoji{number}" if number else "👍"
    return {"id": str(number or ""), "name": name, "code": name, "isAnimated": animated, "imageUrl": source}


def reaction(number: int | None) -> Any:
    return {"emoji": emoji(number), "count": 2, "users": [author(id="5"), author(id="6")]}


def posted() -> list[Any]:
    everything = message(f"see {LINK} :emoji1: :emoji2:", [attachment("own.png")])
    everything["stickers"] = [sticker(11), sticker(12, "Gif"), sticker(13, "Lottie"), sticker(14, "Apng")]
    everything["inlineEmojis"] = [emoji(1), emoji(2, animated=True), emoji(None)]
    everything["reactions"] = [reaction(3), reaction(None), reaction(1)]
    forwarded = message("https://a.test/far.png")
    forwarded["stickers"] = [sticker(15)]
    another = {**author("bob", id="820000000000000001"), "avatarUrl": f"{CDN}/avatars/82/a_6d.gif?size=512"}
    default = {**author("eve", id="830000000000000001"), "avatarUrl": f"{CDN}/embed/avatars/3.png"}
    return [
        everything,
        message(forwarded=forwarded),
        message("nothing"),
        message("nothing", by=another),
        message("nothing", by=default),
        message("", [attachment("bobs.png")], by=another),
    ]


def read(path: Path, **kinds: bool) -> list[ImageRecord]:
    return list(finish(read_archive([path], PictureKinds(**kinds))).records)


def shown(path: Path, **kinds: bool) -> list[tuple[str, str, str]]:
    return [(one.kind, one.file_name, one.url) for one in read(path, **kinds) if one.kind != "attachment"]


LINKS = [("link", "cat.png", LINK), ("link", "far.png", "https://a.test/far.png")]
STICKERS = [
    ("sticker", "sticker11.png", f"{CDN}/stickers/11.png"),
    ("sticker", "sticker12.gif", f"{CDN}/stickers/12.gif"),
    ("sticker", "sticker14.png", f"{CDN}/stickers/14.png"),
    ("sticker", "sticker15.png", f"{CDN}/stickers/15.png"),
]
EMOJI = [
    ("emoji", "emoji1.png", f"{CDN}/emojis/1.png"),
    ("emoji", "emoji2.gif", f"{CDN}/emojis/2.gif"),
    ("emoji", "emoji3.png", f"{CDN}/emojis/3.png"),
]
AVATARS = [
    ("avatar", "5c.png", f"{CDN}/avatars/810000000000000003/5c.png?size=512"),
    ("avatar", "a_6d.gif", f"{CDN}/avatars/82/a_6d.gif?size=512"),
]


@pytest.mark.parametrize("layout", ["pretty", "minified"])
def test_each_kind_by_itself(tmp_path: Path, layout: str) -> None:
    path = make_export(tmp_path, messages=posted(), layout=layout)
    assert shown(path) == LINKS
    assert shown(path, links=False) == []
    assert shown(path, links=False, stickers=True) == STICKERS
    assert shown(path, links=False, emoji=True) == EMOJI
    assert shown(path, links=False, avatars=True) == AVATARS
    everything = shown(path, stickers=True, emoji=True, avatars=True)
    assert sorted(everything) == sorted(LINKS + STICKERS + EMOJI + AVATARS)


def test_a_message_of_odd_shape_has_them_too(tmp_path: Path) -> None:
    path = make_export(tmp_path, messages=posted())
    document = json.loads(path.read_text("utf-8"))
    document["messages"][0]["embeds"] = "odd"
    document["messages"][1]["forwardedMessage"]["embeds"] = [None, 5]
    path.write_text(json.dumps(document), "utf-8")
    everything = shown(path, stickers=True, emoji=True, avatars=True)
    assert sorted(everything) == sorted(LINKS + STICKERS + EMOJI + AVATARS)


def test_what_is_off_is_not_decoded() -> None:
    raw = b'[{"id":"1","stickers":[{"id":"5"}],"reactions":[],"author":{"avatarUrl":"x"}}]'
    (plain,) = decoders(PictureKinds()).block(raw)
    assert not hasattr(plain, "stickers")
    assert not hasattr(plain.author, "avatarUrl")
    (full,) = decoders(PictureKinds(stickers=True)).block(raw)
    assert full.stickers[0].id == "5"  # type: ignore[attr-defined]


def test_a_link_that_the_message_shows_anyhow_is_one_picture(tmp_path: Path) -> None:
    own = attachment("own.png")
    messages = [
        message(LINK, embeds=[embed(url=LINK, thumbnail=picture(PROXIED, LINK))]),
        message(f"{own['url']} again", [own]),
        message(f"{LINK} {LINK}"),
    ]
    records = read(make_export(tmp_path, messages=messages))
    assert [(one.kind, one.file_name) for one in records] == [
        ("embed", "cat.png"),
        ("attachment", "own.png"),
        ("link", "cat.png"),
    ]
    assert records[0].url == PROXIED
    assert records[0].key == records[2].key


def test_what_a_hidden_link_shows_is_a_spoiler(tmp_path: Path) -> None:
    page = "https://a.test/page"
    messages = [
        message(f"||{LINK}||", embeds=[embed(url=LINK, thumbnail=picture(PROXIED))]),
        message(f"||{page}|| {LINK}", embeds=[embed(url=page, image=picture("https://a.test/inside.png"))]),
        message(f"||{LINK}||"),
    ]
    messages[0]["embeds"][0]["url"] = LINK
    records = read(make_export(tmp_path, messages=messages))
    assert [(one.kind, one.file_name, one.spoiler) for one in records] == [
        ("embed", "SPOILER_cat.png", True),
        ("embed", "SPOILER_inside.png", True),
        ("link", "cat.png", False),
        ("link", "SPOILER_cat.png", True),
    ]


@pytest.mark.parametrize("version", ["2.40.1", "2.44", "2.46.1", "2.47"])
def test_media_beside_the_export(tmp_path: Path, version: str) -> None:
    messages = posted()[:1]
    path = make_export(tmp_path, messages=messages, version="2.47")
    document = json.loads(path.read_text("utf-8"))
    folder = tmp_path / f"{path.name}_Files"
    folder.mkdir()

    def save(holder: Any, key: str) -> str:
        name = media_name(holder[key], version)
        (folder / name).write_bytes(b"1")
        holder[key] = f"{folder.name}\\{name}"
        return str(folder / name)

    (only,) = document["messages"]
    saved = {"sticker": save(only["stickers"][0], "sourceUrl"), "emoji": save(only["inlineEmojis"][0], "imageUrl")}
    saved["avatar"] = save(only["author"], "avatarUrl")
    path.write_text(json.dumps(document), "utf-8")
    with_media = {one.kind: one for one in reversed(read(path, stickers=True, emoji=True, avatars=True))}
    for kind, place in saved.items():
        assert with_media[kind].local_path == place
        assert with_media[kind].media_root == str(tmp_path)
    # The same keys as without media: both exports of a channel are one archive.
    without = {
        one.kind: one
        for one in reversed(
            read(make_export(tmp_path / "links", messages=messages), stickers=True, emoji=True, avatars=True)
        )
    }
    for kind in saved:
        assert with_media[kind].key == without[kind].key
        assert with_media[kind].url == without[kind].url


def test_an_avatar_is_given_once() -> None:
    avatars = Avatars()
    for source in ("5c" * 16, f"{CDN}/avatars/81/{'5c' * 16}.png?size=512"):
        found = list(avatars.first("81", source))
        assert len(found) == (source == "5c" * 16)


def test_hostile_paths_lead_nowhere(tmp_path: Path) -> None:
    messages = posted()[:1]
    messages[0]["stickers"] = [{**sticker(11), "sourceUrl": "../../etc/passwd"}]
    messages[0]["inlineEmojis"] = [{**emoji(1), "imageUrl": "/etc/passwd"}]
    messages[0]["author"] = {**author(), "avatarUrl": "..\\..\\secret.png"}
    for one in read(make_export(tmp_path, messages=messages), stickers=True, emoji=True, avatars=True):
        assert one.local_path is None or one.local_path.startswith(str(tmp_path))


# -- the setting ---------------------------------------------------------------------------------------------------


def test_settings_say_which(ras_home: Path) -> None:
    assert Settings().kinds == PictureKinds()
    every = Settings(picture_links=False, stickers=True, emoji=True, avatars=True)
    assert every.kinds == PictureKinds(links=False, stickers=True, emoji=True, avatars=True)
    save_settings(every)
    assert load_settings().kinds == every.kinds
    for name in ("stickers", "emoji", "avatars"):
        assert dataclasses.replace(Settings(), **{name: True}).kinds == PictureKinds(**{name: True})


@pytest.mark.parametrize("command", [["search", "a.json", "b.png"], ["index", "a.json"]])
def test_the_command_line_says_which(ras_home: Path, command: list[str]) -> None:
    def kinds(*options: str) -> PictureKinds:
        return settings_of(build_parser().parse_args([*command, *options])).kinds

    assert kinds() == PictureKinds()
    assert kinds("--no-links") == PictureKinds(links=False)
    assert kinds("--also", "stickers") == PictureKinds(stickers=True)
    assert kinds("--also", "stickers, Emoji", "--also", "avatars") == PictureKinds(True, True, True, True)
    save_settings(Settings(picture_links=False, stickers=True))
    assert kinds() == PictureKinds(links=False, stickers=True)
    assert kinds("--also", "links,emoji") == PictureKinds(links=True, stickers=True, emoji=True)


def test_an_unknown_kind_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["index", "a.json", "--also", "stickers,hats"])
    assert "'hats' is none of links, stickers, emoji, avatars" in capsys.readouterr().err


def test_opening_passes_them_on(tmp_path: Path, ras_home: Path) -> None:
    path = make_export(tmp_path, messages=posted())
    job = open_archive([str(path)], kinds=PictureKinds(links=False, emoji=True))
    assert {one.kind for one in finish(job).records} == {"attachment", "emoji"}


def test_an_export_in_a_zip_is_not_thought_gone(tmp_path: Path, ras_home: Path) -> None:
    from ras.paths import store_folder
    from ras.store import EmbeddingStore

    path = make_export(tmp_path, name="general.json")
    with ZipFile(tmp_path / "x.zip", "w") as packed:
        packed.write(path, "general.json")
    inside = str(tmp_path / "x.zip" / "general.json")
    with EmbeddingStore(store_folder()) as store:
        store.register(finish(read_archive([inside])))
    events, job = [], open_archive([inside])
    while True:
        try:
            events.append(next(job))
        except StopIteration as stop:
            archive = stop.value
            break
    assert not [event for event in events if isinstance(event, Notice)]
    assert archive.paths == (inside,)
