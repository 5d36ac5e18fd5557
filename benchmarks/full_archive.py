"""An export of many pictures: nearly all are in the store, the others are files beside it that wait to be indexed."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.picture_folder import DEFAULT_PARENT, picture_folder, pictures_of
from ras.archive import read_archive
from ras.encoders.fingerprint import FingerprintEncoder
from ras.images import make_preview
from ras.paths import store_folder
from ras.records import finish
from ras.store import EmbeddingStore, Entry

_BLOCK, _DRAWN = 4096, 40
_START = datetime(2021, 3, 4, tzinfo=timezone.utc)
_WORDS = ("look at this", "", "again", "what a view!", "", "does anybody know where that is from?")


def full_archive(folder: Path, pictures: int, fresh: int) -> Path:
    """The export, of so many pictures, of which ``fresh``, spread evenly, are not in the store of the data folder.

    What is stored has random embeddings, previews as real ones, links that have expired, and no features yet.
    """
    drawn = picture_folder(DEFAULT_PARENT, _DRAWN)
    sources = [(drawn / one["name"]).read_bytes() for one in pictures_of(drawn)]
    endings = [Path(one["name"]).suffix for one in pictures_of(drawn)]
    export = folder / "full.json"
    media = folder / "full.json_Files"
    media.mkdir()
    every = max(1, pictures // fresh) if fresh else pictures + 1
    with export.open("w", encoding="utf-8") as file:
        file.write(
            '{"guild":{"id":"5","name":"Wanderers","iconUrl":""},"channel":{"id":"7","type":"GuildTextChat",'
            '"categoryId":"6","category":"Text","name":"landscapes","topic":null},"messages":[\n'
        )
        for number in range(pictures):
            url = ""
            if number % every == 0 and number // every < fresh:
                place = number // every
                name = f"view-{number}{endings[place % _DRAWN]}"
                # What comes after the end of a picture is not looked at, but makes it another file.
                (media / name).write_bytes(sources[place % _DRAWN] + b"%d" % number)
                url = f"{media.name}/{name}"
            file.write((",\n" if number else "") + json.dumps(_message(number, url)))
        file.write(f'],"messageCount":{pictures}}}')
    _store(export)
    return export


def _message(number: int, url: str) -> dict[str, Any]:
    author = number * 7919 % 97
    name = url.rpartition("/")[2] or f"view-{number}.png"
    attachment = 880_000_000_000_000_000 + number
    expired = "?ex=65000000&is=64feae80&hm=" + hashlib.sha256(b"%d" % number).hexdigest() + "&"
    return {
        "id": str(870_000_000_000_000_000 + number),
        "type": "Default",
        "timestamp": (_START + timedelta(minutes=number)).isoformat(),
        "isPinned": False,
        "content": _WORDS[number % len(_WORDS)],
        "author": {"id": str(author), "name": f"user{author}", "nickname": f"Wanderer {author}", "isBot": False},
        "attachments": [
            {
                "id": str(attachment),
                "url": url or f"https://cdn.discordapp.com/attachments/7/{attachment}/{name}{expired}",
                "fileName": name,
                "fileSizeBytes": 250_000 if not url else 1,
            }
        ],
        "embeds": [],
        "reactions": [],
    }


def _store(export: Path) -> None:
    encoder, generator = FingerprintEncoder(), np.random.default_rng(1)
    noise = [generator.integers(0, 256, (12, 16, 3), np.uint8) for _ in range(64)]
    previews = [make_preview(Image.fromarray(pixels).resize((256, 192))) for pixels in noise]
    archive = finish(read_archive([export]))
    stored = [record for record in archive.records if record.local_path is None]
    with EmbeddingStore(store_folder()) as store:
        store.register(archive)
        for first in range(0, len(stored), _BLOCK):
            part = stored[first : first + _BLOCK]
            rows = generator.standard_normal((len(part), encoder.dimension), np.float32)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            entries = [
                Entry(record.key, hashlib.sha256(record.key.encode()).hexdigest(), row, previews[place % 64])
                for place, (record, row) in enumerate(zip(part, rows))
            ]
            store.add(encoder.id, encoder.dimension, entries)
