"""How much memory decoding a picture takes, told by its first bytes: nothing is decoded, and no library is asked."""

from __future__ import annotations

import struct

from ras.images.formats import sniff_format

LARGE = 50_000_000
"""Bytes: pictures that take more are decoded one at a time."""

MOST_MEMORY = 1_000_000_000
"""Bytes that decoding may take, for all pictures together that are decoded at a time."""

PER_PIXEL = 8
"""Bytes. Where the user allows so many pixels that these take more than ``MOST_MEMORY``, one picture may take them."""

_PIXEL = 4
"""Bytes of a decoded pixel, in Pillow."""
_WEBP_PIXEL = 20
"""Its decoder keeps the canvas twice, and hands over copies."""
_MOST_SEGMENTS = 4000
"""Of a JPEG file before its size is told. Honest ones have up to some hundreds, of an embedded profile."""
_NO_LENGTH = (0x00, 0x01, 0xC8, *range(0xD0, 0xDA), *range(0xF0, 0xFE))
"""JPEG markers (and the escape of 0xFF) that stand alone, or that Pillow takes for such."""
_FRAMES = frozenset((*range(0xC0, 0xD0), 0xDE)) - {0xC4, 0xC8, 0xCC}
"""JPEG markers that tell the size."""
_SCAN = 0xDA
"""JPEG marker before the pixels."""
_PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)


def most_memory(max_pixels: int) -> int:
    """Bytes that decoding one picture may take."""
    return max(MOST_MEMORY, PER_PIXEL * max_pixels)


def is_large(data: bytes, at_least: int | None = None) -> bool:
    """Whether decoding the picture takes so much memory that it should be done one at a time."""
    return needed_memory(data, at_least) > LARGE


def needed_memory(data: bytes, at_least: int | None = None) -> int:
    """Bytes that ``decode_shrunk`` takes for the picture, roughly and rather too many; 0 where no size is told."""
    kind = sniff_format(data)
    try:
        if kind == "JPEG":
            return _of_jpeg(data, at_least)
        width, height = {"PNG": _png, "GIF": _gif, "BMP": _bmp, "WEBP": _webp}.get(kind or "", _unknown)(data)
    except (struct.error, IndexError):
        return 0
    # Laid on white and turned upright, a whole picture is there twice.
    return width * height * (_WEBP_PIXEL if kind == "WEBP" else _PIXEL * (2 if at_least is None else 1))


def _png(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _gif(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", data, 6)
    return width, height


def _bmp(data: bytes) -> tuple[int, int]:
    if struct.unpack_from("<I", data, 14) == (12,):
        width, height = struct.unpack_from("<HH", data, 18)
    else:
        width, height = struct.unpack_from("<II", data, 18)
        if height >= 0xFF000000:  # negative: stored from the top down
            height = 2**32 - height
    return width, height


def _webp(data: bytes) -> tuple[int, int]:
    chunk = data[12:16]
    if chunk == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if chunk == b"VP8L":
        (packed,) = struct.unpack_from("<I", data, 21)
        return 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


def _unknown(data: bytes) -> tuple[int, int]:
    return 0, 0


def hides_size(data: bytes) -> bool:
    """Whether it is a JPEG file with so much before its size that nobody would write it but to keep decoders busy."""
    return sniff_format(data) == "JPEG" and _frame(data) is None


def _of_jpeg(data: bytes, at_least: int | None) -> int:
    """libjpeg decodes at a fraction of the size, but of a progressive picture it holds all coefficients (2 bytes)."""
    start = _frame(data)
    if start is None:
        return MOST_MEMORY  # it may be of any
    sides: tuple[int, int, int] = struct.unpack_from(">HHB", data, start + 5)
    height, width, components = sides
    scale = 1
    if at_least is not None:
        scale = next((one for one in (8, 4, 2) if min(width, height) // at_least >= one), 1)
    decoded = _PIXEL * -(-width // scale) * -(-height // scale) * (2 if at_least is None else 1)
    if data[start + 1] not in _PROGRESSIVE:
        return decoded
    return decoded + int(2 * width * height * _samples(data, start + 10, components))


def _frame(data: bytes) -> int | None:
    """Where the header of a JPEG's frame begins, of several the last one before the pixels, which Pillow believes; the
    end where there is none, None after too many segments.
    """
    start, found = 2, None
    for _ in range(_MOST_SEGMENTS):
        marker = data[start + 1 : start + 2]
        if start + 1 >= len(data) or (found is not None and marker[0] == _SCAN):
            return len(data) if found is None else found
        if data[start : start + 1] != b"\xff" or marker[0] == 0xFF:
            start += 1  # Pillow passes over a byte that is no marker as well, and over filling
        elif marker[0] in _NO_LENGTH:
            start += 2
        else:
            if marker[0] in _FRAMES:
                found = start
            start += 2 + max(2, int.from_bytes(data[start + 2 : start + 4], "big"))
    return None


def _samples(data: bytes, start: int, components: int) -> float:
    """How many samples there are for a pixel: 1.5 where colours have half of the resolution."""
    factors = [(data[start + 3 * number + 1] >> 4, data[start + 3 * number + 1] & 15) for number in range(components)]
    whole = max(across for across, _ in factors) * max(down for _, down in factors) if factors else 0
    return sum(across * down for across, down in factors) / whole if whole else float(components)
