"""The sample archive that the program ships is what its script says: DiscordChatExporter 2.47 with its media."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Iterator, NamedTuple

import pytest
from PIL import Image

from ras.paths import ASSETS

SAMPLE = ASSETS / "sample"
MEDIA = "sample.json_Files"
PICTURES = (".png", ".jpg")
MESSAGE_KEYS = [
    *("id", "type", "timestamp", "timestampEdited", "callEndedTimestamp", "isPinned", "content", "author"),
    *("attachments", "embeds", "stickers", "reactions", "mentions", "reference", "forwardedMessage", "inlineEmojis"),
]


class Attachment(NamedTuple):
    channel_id: str
    posted: datetime
    facts: dict[str, Any]


@pytest.fixture(scope="module")
def export() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SAMPLE / "sample.json").read_bytes())
    return document


@pytest.fixture(scope="module")
def attachments(export: dict[str, Any]) -> list[Attachment]:
    found = []
    for message in export["messages"]:
        posted = datetime.fromisoformat(padded(message["timestamp"]))
        found += [Attachment(export["channel"]["id"], posted, facts) for facts in message["attachments"]]
        forwarded = message.get("forwardedMessage")
        if forwarded:
            posted = datetime.fromisoformat(padded(forwarded["timestamp"]))
            origin = message["reference"]["channelId"]
            found += [Attachment(origin, posted, facts) for facts in forwarded["attachments"]]
    return found


def padded(timestamp: str) -> str:
    """Six digits of fraction, which Python before 3.11 wants."""
    whole, _, fraction = timestamp[:-6].partition(".")
    return f"{whole}.{fraction:0<6}{timestamp[-6:]}"


def made_at(snowflake: str) -> datetime:
    milliseconds = (int(snowflake) >> 22) + 1420070400000
    return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=milliseconds)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


def test_it_has_the_documented_shape(export: dict[str, Any]) -> None:
    assert list(export) == ["guild", "channel", "dateRange", "exportedAt", "messages", "messageCount"]
    assert list(export["guild"]) == ["id", "name", "iconUrl"]
    assert list(export["channel"]) == ["id", "type", "categoryId", "category", "name", "topic"]
    assert export["messageCount"] == len(export["messages"]) >= 150
    for message in export["messages"]:
        assert list(message) == [key for key in MESSAGE_KEYS if key in message]
        assert set(MESSAGE_KEYS) - set(message) <= {"reference", "forwardedMessage"}
        for facts in message["attachments"]:
            assert list(facts) == ["id", "url", "fileName", "fileSizeBytes"]


def test_it_is_written_as_the_exporter_writes() -> None:
    data = (SAMPLE / "sample.json").read_bytes()
    assert data.startswith(b'{\n  "guild": {\n    "id": "')
    assert b"\r" not in data
    assert b"\\uD83D" in data, "an emoji is a pair of escapes"
    assert "نور".encode() in data, "other letters are themselves"
    assert max(map(ord, data.decode())) < 0x10000


def test_ids_are_unique_and_carry_the_time(export: dict[str, Any], attachments: list[Attachment]) -> None:
    ids = [message["id"] for message in export["messages"]]
    assert ids == sorted(set(ids), key=int)
    for message in export["messages"]:
        assert made_at(message["id"]) == datetime.fromisoformat(padded(message["timestamp"]))
    assert len({each.facts["id"] for each in attachments}) == len(attachments)
    for each in attachments:
        assert timedelta(0) <= each.posted - made_at(each.facts["id"]) < timedelta(seconds=1)
    first, last = (made_at(ids[k]) for k in (0, -1))
    assert timedelta(days=600) < last - first < timedelta(days=800)


def test_every_file_is_there_but_the_one_that_was_lost(attachments: list[Attachment]) -> None:
    lost = []
    for each in attachments:
        url = each.facts["url"]
        original = (
            f"https://cdn.discordapp.com/attachments/{each.channel_id}/{each.facts['id']}/{each.facts['fileName']}"
        )
        if url.startswith("https://"):
            assert url.startswith(original + "?ex=")
            lost.append(url)
            continue
        stem, ending = each.facts["fileName"].rsplit(".", 1)
        digest = hashlib.sha256(original.encode()).hexdigest()[:16]
        assert url == f"{MEDIA}/{stem[:42]}-{digest}.{ending}"
        assert (SAMPLE / url).stat().st_size == each.facts["fileSizeBytes"]
    assert len(lost) == 1
    expiry = re.search(r"\?ex=([0-9a-f]+)&is=([0-9a-f]+)&hm=[0-9a-f]{64}&$", lost[0])
    assert expiry
    assert int(expiry[1], 16) - int(expiry[2], 16) == 86400
    assert int(expiry[1], 16) < datetime(2026, 1, 1, tzinfo=timezone.utc).timestamp()


def test_every_local_path_exists_and_stays_inside(export: dict[str, Any]) -> None:
    local = {text for text in strings(export) if text.startswith(MEDIA)}
    named = {f"{MEDIA}/{path.name}" for path in (SAMPLE / MEDIA).iterdir()}
    assert local == named
    for text in strings(export):
        assert not re.match(r"/|[A-Za-z]:[\\/]|file:|\.\.", text)


def test_it_is_worth_searching(export: dict[str, Any], attachments: list[Attachment]) -> None:
    local = [each.facts for each in attachments if not each.facts["url"].startswith("https://")]
    pictures = [facts for facts in local if facts["fileName"].endswith(PICTURES)]
    assert len(pictures) >= 60
    for facts in pictures:
        with Image.open(SAMPLE / facts["url"]) as image:
            image.load()
            assert image.format == {"png": "PNG", "jpg": "JPEG"}[facts["fileName"][-3:]]
            assert 200 <= max(image.size) <= 900
    contents = [(SAMPLE / facts["url"]).read_bytes() for facts in pictures]
    assert len(set(contents)) < len(contents), "somebody posts the same file again"
    assert {".gif", ".webp", ".txt"} <= {Path(facts["fileName"]).suffix for facts in local}
    assert any(facts["fileName"].startswith("SPOILER_") for facts in local)
    assert any(len(facts["fileName"]) > 46 for facts in local), "a name that the exporter cuts"
    shown = [embed["image"] for message in export["messages"] for embed in message["embeds"]]
    assert shown
    for picture in shown:
        with Image.open(SAMPLE / picture["url"]) as image:
            assert image.size == (picture["width"], picture["height"])
    assert sum("forwardedMessage" in message for message in export["messages"]) == 1


def test_queries_are_in_no_message() -> None:
    queries = sorted((SAMPLE / "queries").iterdir())
    assert [path.name for path in queries] == [
        "bordered.png",
        "cropped.jpg",
        "mirrored.png",
        "recoloured.jpg",
        "recompressed.jpg",
    ]
    posted = {hashlib.sha256(path.read_bytes()).digest() for path in (SAMPLE / MEDIA).iterdir()}
    for path in queries:
        assert hashlib.sha256(path.read_bytes()).digest() not in posted
        with Image.open(path) as image:
            image.load()


def test_it_stays_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file()) < 4_000_000


def test_the_icon_has_its_sizes() -> None:
    with Image.open(ASSETS / "icon.png") as image:
        assert image.size == (256, 256)
        assert image.mode == "RGBA"
    with Image.open(ASSETS / "icon.ico") as image:
        assert {(16, 16), (32, 32), (48, 48), (256, 256)} <= set(image.info["sizes"])
