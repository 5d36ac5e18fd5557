"""Exports without end: what there is room for is read and can be searched, the rest is told, memory is bounded."""

from __future__ import annotations

import json
import re
import tracemalloc
from pathlib import Path
from typing import Callable

import pytest

from ras.archive import read_archive, room
from ras.archive.assets import Avatars
from ras.archive.discord_chat_exporter.export_channel import ChannelHints
from ras.health.limits import limits
from ras.records import Archive, PictureKinds, finish
from ras.settings import Settings
from tests import data_packages, exports_api
from tests.exports import attachment, document, dump, make_export, message
from tests.exports_csv import make_csv
from tests.exports_html import make_html
from tests.trackers import kept, make_tracker, tracked


def read(*paths: Path, **kinds: bool) -> Archive:
    return finish(read_archive(list(paths), PictureKinds(**kinds)))


def make_api(folder: Path, amount: int) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "general.json"
    messages = [exports_api.message("", [exports_api.attachment(f"picture{n}.png")]) for n in range(amount)]
    path.write_text(json.dumps(messages), "utf-8")
    return path


def make_dht(folder: Path, amount: int) -> Path:
    return make_tracker(folder, [tracked("", [kept(f"picture{n}.png")]) for n in range(amount)])


def make_package(folder: Path, amount: int) -> Path:
    posts = [data_packages.post("", [data_packages.link(f"picture{n}.png")]) for n in range(amount)]
    return data_packages.make_package(folder, [data_packages.channel(posted=posts)])


def channel_last(folder: Path, amount: int) -> Path:
    """JSON that names its channel behind its messages: they have to wait."""
    whole = document([message(f"message {n}", [attachment(f"picture{n}.png")]) for n in range(amount)])
    last = {name: whole.pop(name) for name in ("guild", "channel")}
    folder.mkdir(exist_ok=True)
    path = folder / "Test Server - general [870000000000000002].json"
    for each in whole["messages"]:
        for one in each["attachments"]:
            one.pop("_data")
    path.write_bytes(dump({**whole, **last}))
    return path


FORMATS: dict[str, Callable[[Path, int], Path]] = {
    "json": lambda folder, amount: make_export(folder, messages=amount),
    "json, channel last": channel_last,
    "csv": lambda folder, amount: make_csv(folder, messages=amount),
    "html": lambda folder, amount: make_html(folder, messages=amount),
    "html, channel unknown": lambda folder, amount: make_html(folder, messages=amount, name="page.html"),
    "api": make_api,
    "tracker": make_dht,
    "package": make_package,
}


@pytest.mark.parametrize("form", FORMATS)
def test_what_there_is_room_for_is_read_and_the_rest_is_told(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = read(FORMATS[form](tmp_path, 30))
    assert (len(whole.records), whole.warnings) == (30, ()), "there is room for all"
    monkeypatch.setattr(room, "MOST_PICTURES", 21)  # a channel takes room, too, where a file may be of many
    archive = read(Path(whole.paths[0]))
    if form == "json, channel last":
        # A message and its attachment have to wait, and there is room for so many of both.
        assert 0 < len(archive.records) <= 30
    else:
        assert len(archive.records) in (20, 21)
        assert archive.records == whole.records[: len(archive.records)]
    (warning,) = archive.warnings
    assert f"“{Path(whole.paths[0]).name}”" in warning
    assert re.search(
        r"” was not read to its end: RAS takes 21 pictures of an archive, with 2\.0 GB of texts\.", warning
    )
    assert warning.endswith("open fewer or smaller exports at a time.")


@pytest.mark.parametrize("form", FORMATS)
def test_long_texts_take_room(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = FORMATS[form](tmp_path, 30)
    monkeypatch.setattr(room, "MOST_TEXT", 6000)
    archive = read(path)
    assert 0 < len(archive.records) < 30
    assert "with 6 KB of texts" in archive.warnings[0]


def test_all_exports_of_an_archive_share_the_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        make_export(tmp_path, messages=10, name=f"{number}.json")
    monkeypatch.setattr(room, "MOST_PICTURES", 15)
    archive = read(tmp_path)
    assert len(archive.records) == 15
    assert "“1.json” was not read to its end, and 2 other files not at all" in archive.warnings[0]
    monkeypatch.setattr(room, "MOST_PICTURES", 40)
    assert (len(read(tmp_path).records), read(tmp_path).warnings) == (40, ())


def test_channels_take_room_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ten million messages without pictures each can be of a channel of its own."""
    monkeypatch.setattr(room, "MOST_PICTURES", 100)
    path = tmp_path / "many.json"
    posted = [exports_api.message("hi", channel_id=str(870_000_000_000_000_000 + n)) for n in range(3000)]
    path.write_text(json.dumps(posted), "utf-8")
    many = make_tracker(tmp_path, [tracked("hi", channel_id=10**17 + n) for n in range(3000)])
    for archive in (read(path), read(many)):
        assert len(archive.channels) < 3000
        assert "was not read to its end" in archive.warnings[0]


def test_what_is_remembered_of_avatars_and_addresses_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ras.archive.assets._MOST_SOURCES", 10)
    monkeypatch.setattr("ras.archive.discord_chat_exporter.export_channel._MOST_IDS", 10)
    avatars, hints = Avatars(), ChannelHints()
    assert all(avatars.is_new(f"avatar {n}") for n in range(100))
    assert len(avatars._sources) <= 10
    for n in range(100):
        hints.attachment(f"https://cdn.discordapp.com/attachments/{n % 50 + 1}/2/a.png")
        hints.text(f"//cdn.discordapp.com/guilds/{n}/users/1 //discord.com/channels/{n}/5/1", "5")
    assert (len(hints._channels), len(hints._guilds)) == (10, 10)


def tiny(path: Path, amount: int, with_picture: bool) -> Path:
    """A minified export of tiny messages, with the smallest attachment that counts as a picture."""
    with path.open("w", encoding="utf-8") as file:
        file.write('{"guild": {"id": "1", "name": "g"}, "channel": {"id": "2", "name": "c"}, "messages": [')
        for n in range(amount):
            pictures = f'{{"id":"{n + 1}","url":"","fileName":"a.png"}}' if with_picture else ""
            file.write(f'{"," if n else ""}{{"id":"{n + 1}","type":"Default","attachments":[{pictures}]}}')
        file.write("]}")
    return path


def peak_of(path: Path) -> tuple[Archive, int]:
    read(path)  # what is loaded on the way is not the export's
    tracemalloc.start()
    try:
        archive = read(path)
        return archive, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_ends_where_the_room_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_PICTURES", 5_000)
    archive, peak = peak_of(tiny(tmp_path / "pictures.json", 100_000, with_picture=True))
    assert len(archive.records) == 5_000
    assert peak < 15_000_000, "all of them would take 70 MB"
    archive, peak = peak_of(tiny(tmp_path / "words.json", 100_000, with_picture=False))
    assert (archive.message_count, archive.records, archive.warnings) == (100_000, (), ())
    assert peak < 15_000_000


def test_what_waits_for_its_channel_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_PICTURES", 1_000)
    path = tmp_path / "empty.json"
    each = '{"id":"5","type":"Default","author":{},"attachments":[' + ",".join(["{}"] * 1000) + "]}"
    path.write_text('{"messages": [' + ",".join([each] * 2000) + '], "guild": {}, "channel": {}}', "utf-8")
    archive, peak = peak_of(path)
    assert "was not read to its end" in archive.warnings[0]
    assert peak < 60_000_000, "two million attachments would take 200 MB"


def test_the_limit_is_told() -> None:
    told = {limit.name: limit.value for limit in limits(Settings())}
    assert told["Pictures of an archive"] == "up to 3,000,000, with 2.0 GB of texts"
