"""Bytes → pixels, safely: by content, upright, RGB, within limits, whatever the file holds."""

from __future__ import annotations

import io
import logging
import re
from typing import Callable

from PIL import BmpImagePlugin, GifImagePlugin, Image, ImageFile, JpegImagePlugin, PngImagePlugin

from ras.errors import DecodeError, SkipReason
from ras.images.formats import EXTRA_FORMATS, is_searched, kind_name, sniff_format
from ras.images.jpeg_scans import find_scans
from ras.images.memory import hides_size, most_memory, needed_memory
from ras.images.rgb import in_rgb, way_upright
from ras.images.shrunk import Box, Shrunk
from ras.text import size, whole

log = logging.getLogger(__name__)

MAX_PIXELS = 120_000_000
"""Unless the settings say otherwise."""
MAX_SIDE = 200_000
"""Pixels. Resizing takes memory for each pixel of a side, however narrow the picture is."""
_MAX_SCANS = 60
"""Of a JPEG. Encoders write about ten of a progressive one, and of another one for each colour at most; each costs a
pass over all pixels, thousands cost minutes."""

_KEPT_PNG_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"eXIf", b"IDAT", b"IEND")


def decode_image(data: bytes, *, extra_formats: bool = False, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Bytes of a PNG or JPEG file (with ``extra_formats`` also WebP, GIF, BMP: the first frame) → RGB, upright.

    Transparency is laid on white; 16 bit are scaled to 8. Of a file that is cut or damaged midway, what there is
    comes back. Safe in threads: Pillow's global switches stay untouched.

    Raises DecodeError, and nothing else, with the reason NOT_A_PICTURE, UNSUPPORTED, TOO_LARGE (more than
    ``max_pixels``, from the header, before anything is decoded) or DAMAGED.
    """
    return decode_shrunk(data, at_least=None, extra_formats=extra_formats, max_pixels=max_pixels).image


def decode_shrunk(
    data: bytes, *, at_least: int | None, extra_formats: bool = False, max_pixels: int = MAX_PIXELS
) -> Shrunk:
    """As ``decode_image``, but of a large picture no more is kept than a shorter side of ``at_least`` pixels needs.

    A JPEG is decoded at 1/2, 1/4 or 1/8 of its size (libjpeg's scaled decoding), others are decoded whole and averaged
    over squares of pixels; the shorter side keeps ``at_least`` pixels, and at most about twice that.
    """
    if not data:
        raise DecodeError("The file is empty.", SkipReason.DAMAGED)
    kind = sniff_format(data)
    if kind is None:
        raise DecodeError("The file is not a picture.", SkipReason.NOT_A_PICTURE)
    if not is_searched(kind, extra_formats=extra_formats):
        hint = " unless other formats are switched on in the settings" if kind in EXTRA_FORMATS else ""
        raise DecodeError(
            f"It is a {kind_name(kind)} picture; RAS searches PNG and JPEG{hint}.", SkipReason.UNSUPPORTED
        )
    try:
        return _decode(data, kind, max_pixels, at_least)
    except DecodeError:
        raise
    except MemoryError as exc:
        raise DecodeError(
            f"There is not enough memory to decode the {kind_name(kind)} picture.", SkipReason.TOO_LARGE
        ) from exc
    except Image.DecompressionBombError as exc:  # Pillow's own limit; only animations run into it
        raise DecodeError("It has too many pixels.", SkipReason.TOO_LARGE) from exc
    # Pillow promises OSError and raises whatever its parsers run into: ValueError, TypeError, IndexError, KeyError,
    # SyntaxError, EOFError, OverflowError, struct.error, zlib.error …
    except Exception as exc:
        raise DecodeError(f"The {kind_name(kind)} picture is damaged or cut short.", SkipReason.DAMAGED) from exc


def _decode(data: bytes, kind: str, max_pixels: int, at_least: int | None) -> Shrunk:
    if kind == "WEBP":  # whose decoder takes its memory as soon as it is opened
        _check_memory(data, max_pixels, at_least)
    if hides_size(data):
        raise DecodeError("The JPEG picture has too much before its size to be an honest one.", SkipReason.DAMAGED)
    image = _open(data, kind)
    check_size(image, max_pixels)
    _check_memory(data, max_pixels, at_least)
    whole = image.size
    if kind == "JPEG" and find_scans(data, _MAX_SCANS).excessive:
        raise DecodeError("The JPEG picture has too many scans to be an honest one.", SkipReason.DAMAGED)
    extent = _draft(image, at_least)
    try:
        image.load()
    except MemoryError:
        raise
    except Exception as exc:  # the same variety as in decode_image
        log.debug("Only a part of a %s picture can be decoded: %r", kind, exc)
        shrunk = _finished(_salvage(data, kind, image, at_least), whole, extent, at_least)
        if shrunk.image.getcolors(1) is not None:
            raise  # nothing but the fill colour is there
        return shrunk
    return _finished(image, whole, extent, at_least)


def _finished(image: Image.Image, size: tuple[int, int], extent: Box | None, at_least: int | None) -> Shrunk:
    """RGB, as small as may be, and upright; in this order, since fewer pixels are turned more quickly."""
    way = way_upright(image)
    extent = extent or (0, 0, image.width, image.height)
    factor = max(1, int(min(extent[2:]) / at_least)) if at_least is not None else 1
    left, top, right, bottom = extent
    smaller = (left / factor, top / factor, right / factor, bottom / factor)
    shrunk = Shrunk(in_rgb(image, factor), size, smaller)
    return shrunk.turned(way) if way is not None else shrunk


def _open(data: bytes, kind: str) -> ImageFile.ImageFile:
    """The picture with its header read."""
    strip = {"PNG": _png_without_extras, "JPEG": _jpeg_without_extras}.get(kind)
    if strip is None:
        return _open_as(data, kind)
    try:
        return _open_as(data, kind)
    except Exception as exc:  # noqa: BLE001  as in decode_image; what is wrong with the pixels is raised again below
        # Pillow refuses a picture for the sake of a text, a profile or an animation beside it.
        log.debug("Pillow refuses a %s picture (%r): trying it without its extras", kind, exc)
        return _open_as(strip(data), kind)


def _open_as(data: bytes, kind: str) -> ImageFile.ImageFile:
    """Not by ``Image.open``, whose own pixel limit is global and warns."""
    if kind == "WEBP":
        from PIL import WebPImagePlugin

        return WebPImagePlugin.WebPImageFile(io.BytesIO(data))
    openers: dict[str, Callable[[io.BytesIO], ImageFile.ImageFile]] = {
        "PNG": PngImagePlugin.PngImageFile,
        "JPEG": JpegImagePlugin.JpegImageFile,
        "GIF": GifImagePlugin.GifImageFile,
        "BMP": BmpImagePlugin.BmpImageFile,
    }
    return openers[kind](io.BytesIO(data))


def _png_without_extras(data: bytes) -> bytes:
    """A PNG file with nothing in it but what makes the pixels (and their orientation)."""
    kept = [data[:8]]
    start = 8
    while start + 8 <= len(data):
        end = start + 12 + int.from_bytes(data[start : start + 4], "big")
        if data[start + 4 : start + 8] in _KEPT_PNG_CHUNKS:
            kept.append(data[start:end])
        start = end
    return b"".join(kept)


def _jpeg_without_extras(data: bytes) -> bytes:
    """A JPEG file without metadata: APP1 to APP13, APP15 and comments. APP14 tells how its colours are meant."""
    kept = [data[:2]]
    start = 2
    while start + 4 <= len(data) and data[start] == 0xFF and data[start + 1] != 0xDA:
        marker = data[start + 1]
        end = start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")
        if not (0xE1 <= marker <= 0xED or marker in (0xEF, 0xFE)):
            kept.append(data[start:end])
        start = end
    return b"".join([*kept, data[start:]])


def check_size(image: Image.Image, max_pixels: int) -> None:
    """Raise DecodeError (TOO_LARGE) if it has more pixels, or is longer than ``MAX_SIDE``."""
    if max(image.size) > MAX_SIDE:
        raise DecodeError(
            f"Too large: {whole(image.width)} × {whole(image.height)} pixels, a side may have {whole(MAX_SIDE)}.",
            SkipReason.TOO_LARGE,
        )
    if image.width * image.height > max_pixels:
        raise DecodeError(
            f"Too large: {whole(image.width)} × {whole(image.height)} pixels, "
            f"the limit is {max_pixels / 1e6:g} megapixels.",
            SkipReason.TOO_LARGE,
        )


def _check_memory(data: bytes, max_pixels: int, at_least: int | None) -> None:
    needed, most = needed_memory(data, at_least), most_memory(max_pixels)
    if needed > most:
        raise DecodeError(
            f"Decoding it would take {size(needed)} of memory; the limit is {size(most)}.", SkipReason.TOO_LARGE
        )


def _draft(image: ImageFile.ImageFile, at_least: int | None) -> Box | None:
    """Have a JPEG decoded smaller, its shorter side ``at_least`` pixels; what of it the whole picture will cover."""
    if at_least is None or image.format != "JPEG":
        return None
    drafted = image.draft(None, (at_least, at_least))
    return None if drafted is None else drafted[1]


def _salvage(data: bytes, kind: str, image: ImageFile.ImageFile, at_least: int | None) -> Image.Image:
    """What there is of a picture whose decoding broke off. Raises where that is nothing."""
    if kind == "JPEG":
        return _salvage_jpeg(data, at_least)
    # The rows so far are in the picture; without tiles Pillow takes it for loaded.
    image.tile = []
    image.load()
    return image


def _salvage_jpeg(data: bytes, at_least: int | None) -> Image.Image:
    """Told that the picture ends where it breaks off, libjpeg gives what it has; of a progressive one all scans so far.

    The end must not fall into a header: tables that stand cut behind the last scan go, and if that does not help, the
    last scan does.
    """
    scans = find_scans(data, _MAX_SCANS)
    last_scan = scans.starts[-1] if scans.starts else 0
    cut_table = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]").search(data, last_scan + 2, scans.end)
    ends = (cut_table.start() if cut_table else scans.end, last_scan)
    for end in ends:
        image = _open(data[:end] + b"\xff\xd9", "JPEG")
        _draft(image, at_least)
        try:
            image.load()
        except OSError as exc:
            failure = exc
        else:
            return image
    raise failure
