"""An archive as large as one likes, whose pictures are made when they are fetched, and an encoder that costs little."""

from __future__ import annotations

import io
import json
import re
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Iterator
from unittest import mock

import numpy as np
from PIL import Image

from ras.downloader import Downloader
from ras.encoders.base import Encoder, Picture
from ras.errors import FetchError, SkipReason
from ras.records import ImageRecord, Job

MISSING = 50
"""Each picture whose number is one less than a multiple of this cannot be had."""
_START = datetime(2021, 3, 4, tzinfo=timezone.utc)
_NUMBER = re.compile(r"/attachments/7/88(\d{10})/")


class StubEncoder(Encoder):
    """Colours at 4 × 4 places, less what all pictures have in common."""

    id, name, device = "stub-1", "Stub", "cpu"
    dimension = 48
    batch_size = 32
    decode_side = 64

    def preprocess(self, image: Picture) -> np.ndarray:
        return np.asarray(image.resize((4, 4), Image.Resampling.BOX), np.float32).reshape(-1)

    def encode_batch(self, rows: np.ndarray) -> np.ndarray:
        rows = rows - 127.3
        embeddings: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return embeddings


class MadeUpDownloader(Downloader):
    """Makes the pictures of ``write_archive``, in place of the network; files beside an export are read."""

    def _download(self, record: ImageRecord) -> bytes:
        match = _NUMBER.search(record.url)
        if match is None or is_missing(int(match[1])):
            raise FetchError(f"“{record.file_name}” is not on the server any more.", SkipReason.GONE)
        return picture(int(match[1]))


def is_missing(number: int) -> bool:
    return number % MISSING == MISSING - 1


def picture(number: int, size: tuple[int, int] = (96, 72), quality: int = 80) -> bytes:
    """As a JPEG file: clouds of colour, others for each number."""
    pixels = np.random.default_rng(number + 1000).integers(0, 256, (6, 8, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC).save(file, "JPEG", quality=quality)
    return file.getvalue()


def write_archive(path: Path, pictures: int) -> Path:
    """An export whose texts repeat, so that what is remembered of texts is soon full, of however many pictures."""
    with path.open("w", encoding="utf-8") as file:
        file.write(
            '{"guild":{"id":"5","name":"Wanderers","iconUrl":""},"channel":{"id":"7","type":"GuildTextChat",'
            '"categoryId":"6","category":"Text","name":"landscapes","topic":null},"messages":[\n'
        )
        for number in range(pictures):
            file.write((",\n" if number else "") + json.dumps(_message(number)))
        file.write(f'],"messageCount":{pictures}}}')
    return path


def _message(number: int) -> dict[str, object]:
    author, name = number * 7919 % 23, f"view-{number % 29}.jpg"
    return {
        "id": f"87{number:010}",
        "type": "Default",
        "timestamp": (_START + timedelta(hours=number % 31)).isoformat(),
        "isPinned": False,
        "content": "What a view!" if number % 3 else "",
        "author": {"id": str(author), "name": f"user{author}", "nickname": f"Wanderer {author}", "isBot": False},
        "attachments": [
            {
                "id": f"88{number:010}",
                "url": f"https://cdn.discordapp.com/attachments/7/88{number:010}/{name}?ex=ffffffff&is=64feae80&hm=00&",
                "fileName": name,
                "fileSizeBytes": None,
            }
        ],
        "embeds": [],
        "reactions": [],
    }


@contextmanager
def stubbed() -> Iterator[None]:
    """Engines that are built meanwhile are the real ones, but for the encoder and where pictures come from."""

    def load_encoder(*_arguments: object, **_named: object) -> Job[Encoder]:
        yield from ()
        return StubEncoder()

    with mock.patch("ras.encoders.load_encoder", load_encoder), mock.patch(
        "ras.downloader.Downloader", MadeUpDownloader
    ):
        yield
