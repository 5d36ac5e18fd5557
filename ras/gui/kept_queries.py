"""The queries of late, kept in the data folder: a small picture each, and a list. No Tk here."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from ras.errors import RASError
from ras.gui.bench import LoadedQuery, crop, load
from ras.gui.crop_box import CropBox
from ras.paths import data_folder
from ras.records import Job
from ras.regular_file import read_regular
from ras.text import clean

log = logging.getLogger(__name__)

MOST = 20
_SIDE = 96
"""Pixels of a thumbnail, shown at up to twice the scale."""
_LONGEST_LIST = 200_000
_LARGEST_PICTURE = 4_000_000
"""Bytes; a picture of 720 pixels a side has no more."""


@dataclass(frozen=True)
class KeptQuery:
    name: str
    picture: str = ""
    """The name of its file in the folder; empty of a text."""
    content_hash: str = ""
    text: str = ""
    text_weight: float = 0.5
    crop: tuple[float, ...] = ()
    """Left, top, right and bottom of the part that was searched for, in shares of the sides."""

    @property
    def shown(self) -> str:
        return self.name if not self.picture or not self.text else f"{self.name}, {self.text}"


@dataclass(frozen=True)
class Thumbnail:
    query: KeptQuery
    image: Image.Image | None


def folder() -> Path:
    return data_folder() / "recent-queries"


def kept() -> Job[tuple[Thumbnail, ...]]:
    """The newest first. What is damaged, or was not written by RAS, is left out."""
    yield from ()
    return _thumbnails(_read())


def keep(loaded: LoadedQuery) -> Job[tuple[Thumbnail, ...]]:
    """Put a query first; of the same picture and text, the last part that was searched for counts."""
    yield from ()
    import hashlib

    query, data = loaded.query, b""
    if loaded.preview is not None:
        buffer = io.BytesIO()
        loaded.preview.save(buffer, "PNG")
        data = buffer.getvalue()
    box = loaded.crop
    one = KeptQuery(
        clean(query.name, longest=100),
        f"{hashlib.sha256(data).hexdigest()[:32]}.png" if data else "",
        (loaded.whole or query).content_hash,
        query.text,
        query.text_weight,
        () if box is None else tuple(value / box.size[side % 2] for side, value in enumerate(box.box)),
    )
    before = [other for other in _read() if (other.picture, other.text) != (one.picture, one.text)]
    queries = [one, *before][:MOST]
    try:
        folder().mkdir(parents=True, exist_ok=True)
        if data and not (folder() / one.picture).exists():
            _write(folder() / one.picture, data)
        _write(folder() / "queries.json", json.dumps([asdict(query) for query in queries]).encode())
        _tidy({query.picture for query in queries})
    except OSError as exc:  # a disk that is full must not stop a search
        log.warning("The query was not kept in %s: %s", folder(), exc)
    return _thumbnails(queries)


def forget() -> Job[tuple[Thumbnail, ...]]:
    """All of them. Raises RASError where that cannot be done."""
    yield from ()
    try:
        with contextlib.suppress(FileNotFoundError):
            (folder() / "queries.json").unlink()
        _tidy(set())
    except OSError as exc:
        raise RASError(
            f"The recent queries in “{clean(str(folder()), longest=300)}” could not be deleted: {exc.strerror or exc}."
        ) from exc
    return ()


def recall(query: KeptQuery) -> Job[LoadedQuery]:
    """The picture of a query that has one, as it was searched for. Raises RASError where it is gone."""
    loaded = yield from load(folder() / query.picture, query.name)
    # The small picture stands for the file: what is identical to that is still found as such.
    loaded = replace(loaded, query=replace(loaded.query, content_hash=query.content_hash))
    if query.crop:
        width, height = loaded.size
        left, top, right, bottom = query.crop
        box = CropBox.between((left * width, top * height), (right * width, bottom * height), (width, height))
        loaded = yield from crop(loaded, box)
    return loaded


def _read() -> list[KeptQuery]:
    try:
        raw = json.loads(read_regular(folder() / "queries.json", _LONGEST_LIST))
        return [query for query in map(_query, raw[:MOST] if isinstance(raw, list) else []) if query is not None]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, RecursionError) as exc:
        log.warning("The list of recent queries in %s is damaged and not used: %s", folder(), exc)
        return []


def _query(raw: Any) -> KeptQuery | None:
    """None where it is not one that RAS wrote."""
    try:
        query = KeptQuery(**{**raw, "crop": tuple(float(value) for value in raw["crop"])})
        texts = (query.name, query.picture, query.content_hash, query.text)
        sound = all(isinstance(text, str) and len(text) <= 1000 for text in texts) and 0 <= query.text_weight <= 1
        sound = sound and re.fullmatch(r"([0-9a-f]{32}\.png)?", query.picture) is not None
        sound = sound and len(query.crop) in (0, 4) and all(0 <= value <= 1 for value in query.crop)
        return query if sound and (query.picture or query.text) else None
    except (TypeError, KeyError, ValueError):
        return None


def _thumbnails(queries: list[KeptQuery]) -> tuple[Thumbnail, ...]:
    found = []
    for query in queries:
        image = None
        if query.picture:
            try:
                path = folder() / query.picture
                data = io.BytesIO(read_regular(path, _LARGEST_PICTURE))
                # Within this process, while the window opens: RAS wrote it, from pixels.
                with Image.open(data, formats=["PNG"]) as opened:
                    if max(opened.size) > 2000:
                        continue
                    whole = opened.convert("RGB")
            except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
                continue  # somebody removed or changed it
            if query.crop:
                left, top, right, bottom = query.crop
                sides = (left * whole.width, top * whole.height, right * whole.width, bottom * whole.height)
                box = tuple(round(value) for value in sides)
                whole = whole.crop((box[0], box[1], max(box[2], box[0] + 1), max(box[3], box[1] + 1)))
            whole.thumbnail((_SIDE, _SIDE), reducing_gap=2.0)
            image = whole
        found.append(Thumbnail(query, image))
    return tuple(found)


def _tidy(wanted: set[str]) -> None:
    """Delete the pictures that no query has any more."""
    for path in folder().glob("*.png"):
        if path.name not in wanted and re.fullmatch(r"[0-9a-f]{32}\.png", path.name):
            path.unlink()


def _write(path: Path, data: bytes) -> None:
    part = path.with_suffix(".part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
