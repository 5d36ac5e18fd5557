"""The picture to search for, from a file, bytes or the clipboard."""

from __future__ import annotations

import dataclasses
import hashlib
import stat
from pathlib import Path

from PIL import Image

from ras.errors import DecodeError, SkipReason
from ras.images.blank import too_little
from ras.images.decoders import decode_image
from ras.images.decoding import MAX_PIXELS, check_size
from ras.images.formats import is_searched, kind_name, sniff_format
from ras.images.rgb import to_rgb
from ras.records import Query
from ras.text import clean, size

MAX_QUERY_BYTES = 256_000_000

SIDE_OF_SEVERAL = 2048
"""Pixels: the longest side of a picture that is searched for together with others."""


def load_query(source: str | Path | bytes | Image.Image, name: str | None = None) -> Query:
    """A picture to search for: a file, its bytes, or what the clipboard gave. PNG and JPEG only.

    Raises DecodeError with one sentence that names the picture and says what to do; also where nothing is in it.
    """
    if isinstance(source, Image.Image):
        shown = clean(name or "pasted picture", longest=100)
        try:
            check_size(source, MAX_PIXELS)
            return _query(to_rgb(source.copy()), shown)
        except DecodeError:
            raise
        except Exception as exc:  # as in decode_image: Pillow raises anything
            raise DecodeError(f"“{shown}” is damaged: copy it anew and try again.", SkipReason.DAMAGED) from exc
    if isinstance(source, bytes):
        shown, data = clean(name or "picture", longest=100), source
    else:
        shown = clean(name or Path(source).name or str(source), longest=100)
        data = _read(Path(source), shown)
    kind = sniff_format(data)
    if kind is not None and not is_searched(kind):
        raise DecodeError(
            f"“{shown}” is a {kind_name(kind)} picture; RAS searches for PNG and JPEG: save it as PNG and try again.",
            SkipReason.UNSUPPORTED,
        )
    try:
        image = decode_image(data)
    except DecodeError as exc:
        raise DecodeError(_about_query(exc.reason, shown, exc), exc.reason) from exc
    return _query(image, shown, hashlib.sha256(data).hexdigest())


def make_room(query: Query) -> None:
    """Make the picture of one of several queries smaller, where it is large: they are in memory side by side."""
    image = query.image
    if image is not None and max(image.size) > SIDE_OF_SEVERAL:
        image.thumbnail((SIDE_OF_SEVERAL, SIDE_OF_SEVERAL), reducing_gap=3.0)


def part_of(query: Query, box: tuple[int, int, int, int]) -> Query:
    """A part of a query's picture (left, top, right, bottom in pixels). Raises DecodeError where nothing is in it."""
    assert query.image is not None
    part = query.image.crop(box)
    reason = too_little(part)
    if reason is not None:
        raise DecodeError(f"This part of “{query.name}” has too little in it to be found: {reason}.", SkipReason.BLANK)
    return dataclasses.replace(query, image=part, content_hash="")


def _query(image: Image.Image, shown: str, content_hash: str = "") -> Query:
    reason = too_little(image)
    if reason is not None:
        raise DecodeError(f"“{shown}” has too little in it to be found: {reason}.", SkipReason.BLANK)
    return Query(image, shown, content_hash)


def _read(path: Path, shown: str) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise DecodeError(f"“{shown}” is a folder: choose a picture in it.", SkipReason.NOT_A_PICTURE)
        if not stat.S_ISREG(status.st_mode):
            raise DecodeError(f"“{shown}” is not a file: choose a picture.", SkipReason.NOT_A_PICTURE)
        if status.st_size > MAX_QUERY_BYTES:
            raise DecodeError(
                f"“{shown}” is too large ({size(status.st_size)}): pictures up to {size(MAX_QUERY_BYTES)} can be "
                "searched for.",
                SkipReason.TOO_LARGE,
            )
        return path.read_bytes()
    except FileNotFoundError as exc:
        raise DecodeError(
            f"“{shown}” does not exist: check its name and folder ({clean(str(path.parent), longest=300)}).",
            SkipReason.MISSING,
        ) from exc
    except PermissionError as exc:
        raise DecodeError(f"“{shown}” may not be read: check its permissions.", SkipReason.MISSING) from exc
    except (OSError, ValueError) as exc:  # ValueError: a null character in the name
        raise DecodeError(f"“{shown}” cannot be read ({clean(str(exc), longest=200)}).", SkipReason.MISSING) from exc


def _about_query(reason: SkipReason, shown: str, exc: DecodeError) -> str:
    if reason is SkipReason.NOT_A_PICTURE:
        return f"“{shown}” is not a picture: choose a PNG or JPEG file."
    if reason is SkipReason.TOO_LARGE:
        return f"“{shown}” cannot be used. {exc} Make it smaller and try again."
    return f"“{shown}” cannot be used. {exc} Try another copy of it."
