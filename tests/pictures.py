"""Small pictures, records and an encoder whose embeddings can be checked by hand."""

from __future__ import annotations

import io
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Sequence

import numpy as np
from PIL import Image

from ras.encoders.base import Encoder
from ras.records import Archive, Channel, ImageRecord

CHANNEL = Channel("20", "general", "10", "Test guild")
NOON = datetime(2021, 3, 2, 12, tzinfo=timezone.utc)


def picture(colour: tuple[int, int, int] | str, size: tuple[int, int] = (32, 24), kind: str = "PNG") -> bytes:
    """The file of a picture of one colour."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, kind)
    return file.getvalue()


def record(number: int, **changes: object) -> ImageRecord:
    """The record of an attachment that was posted ``number`` minutes past noon."""
    values: dict[str, object] = {
        "key": f"a:{number}",
        "message_id": str(1000 + number),
        "attachment_id": str(number),
        "file_name": f"{number}.png",
        "url": f"https://cdn.discordapp.com/attachments/20/{number}/{number}.png?ex=ffffffff&is=65df2db3&hm=00",
        "local_path": None,
        "file_size": None,
        "author_id": "7",
        "author": "Mira",
        "channel": CHANNEL,
        "timestamp": NOON + timedelta(minutes=number),
    }
    values.update(changes)
    return ImageRecord(**values)  # type: ignore[arg-type]


def local_record(folder: Path, number: int, data: bytes, **changes: object) -> ImageRecord:
    """The record of an attachment whose file lies in ``folder``."""
    path = folder / f"{number}.png"
    path.write_bytes(data)
    return record(number, local_path=str(path), media_root=str(folder), **changes)


def archive(records: Sequence[ImageRecord], path: str = "test.json") -> Archive:
    return Archive((path,), "general", (CHANNEL,), len(records), tuple(records))


class ColourEncoder(Encoder):
    """The mean colour as a direction in space: red (1, 0, 0), yellow (0.71, 0.71, 0), …"""

    id = "colour-1"
    name = "Colour"
    device = "cpu"
    dimension = 3

    def __init__(self, batch_size: int = 4) -> None:
        self.batch_size = batch_size
        self.batches: list[int] = []

    def preprocess(self, image: Image.Image) -> np.ndarray:
        return np.asarray(image.resize((1, 1), Image.Resampling.BOX), np.float32).reshape(3)

    def encode_batch(self, rows: np.ndarray) -> np.ndarray:
        self.batches.append(len(rows))
        rows = rows + np.float32(1e-3)
        embeddings: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return embeddings


class WordyEncoder(ColourEncoder):
    """Knows words: ``green`` is the direction of green pictures, ``anti-red`` the opposite of that of red ones."""

    id = "wordy-1"
    name = "Wordy"
    convincing_text = 0.25

    def encode_text(self, texts: Sequence[str]) -> np.ndarray:
        embeddings: np.ndarray = np.concatenate([self._word(text) for text in texts])
        return embeddings

    def _word(self, text: str) -> np.ndarray:
        if text.startswith("anti-"):
            return -self._word(text[5:])
        return self.encode_images([Image.new("RGB", (1, 1), text)])
