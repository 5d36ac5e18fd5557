"""What a process that decodes pictures is asked, and what it answers: the form in which both go through pipes."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from io import FileIO

from ras.errors import SkipReason

READY = b"RAS decodes\n"
"""What it says first, and whether its memory has a limit."""
PICTURE, REFUSAL = b"P", b"R"
"""What an answer begins with."""
BAND = 8_000_000
"""Bytes of pixels that are sent at once."""
_LONGEST = 2000
"""Bytes of a refusal's sentence."""

_REQUEST = struct.Struct("<QQQ?")
_HEAD = struct.Struct("<4Q4d")
_REFUSAL = struct.Struct("<HH")


class ProtocolError(Exception):
    """The other side is gone, or says what makes no sense."""


@dataclass(frozen=True)
class Request:
    """A picture to be decoded, see ``decode_shrunk``."""

    data: bytes
    at_least: int | None
    max_pixels: int
    extra_formats: bool


@dataclass(frozen=True)
class Head:
    """What comes before the pixels (RGB, in bands of whole rows): see ``Shrunk``."""

    size: tuple[int, int]
    decoded: tuple[int, int]
    """Width and height of what was decoded."""
    extent: tuple[float, float, float, float]

    @property
    def rows(self) -> int:
        """Of a band."""
        return max(1, BAND // (3 * self.decoded[0]))

    def is_sound(self, max_pixels: int) -> bool:
        """Whether there can be such a picture: who decodes hostile bytes may have been taken over by them."""
        sizes = (self.size, self.decoded)
        if not all(width > 0 and height > 0 and width * height <= max_pixels for width, height in sizes):
            return False
        left, top, right, bottom = self.extent
        inside = 0 <= left < right <= self.decoded[0] and 0 <= top < bottom <= self.decoded[1]
        return inside and all(map(math.isfinite, self.extent))


def write_request(target: FileIO, request: Request) -> None:
    head = _REQUEST.pack(len(request.data), request.at_least or 0, request.max_pixels, request.extra_formats)
    _write(target, head)
    _write(target, request.data)


def read_request(source: FileIO) -> Request:
    length, at_least, max_pixels, extra_formats = _REQUEST.unpack(_read(source, _REQUEST.size))
    return Request(bytes(_read(source, length)), at_least or None, max_pixels, extra_formats)


def write_head(target: FileIO, head: Head) -> None:
    _write(target, PICTURE + _HEAD.pack(*head.size, *head.decoded, *head.extent))


def read_head(source: FileIO) -> Head:
    width, height, across, down, *extent = _HEAD.unpack(_read(source, _HEAD.size))
    left, top, right, bottom = extent
    return Head((width, height), (across, down), (left, top, right, bottom))


def write_pixels(target: FileIO, pixels: bytes) -> None:
    _write(target, pixels)


def read_pixels(source: FileIO, band: memoryview) -> None:
    _fill(source, band)


def write_refusal(target: FileIO, reason: SkipReason, text: str) -> None:
    words = (reason.value.encode(), text.encode("utf-8", "replace")[:_LONGEST])
    _write(target, REFUSAL + _REFUSAL.pack(*map(len, words)) + b"".join(words))


def read_refusal(source: FileIO) -> tuple[SkipReason, str]:
    lengths = _REFUSAL.unpack(_read(source, _REFUSAL.size))
    reason, text = (_read(source, min(length, _LONGEST)).decode("utf-8", "replace") for length in lengths)
    try:
        return SkipReason(reason), text
    except ValueError as exc:
        raise ProtocolError("there is no such reason") from exc


def read_kind(source: FileIO) -> bytes:
    """``PICTURE`` or ``REFUSAL``."""
    return bytes(_read(source, 1))


def read_ready(source: FileIO) -> bool:
    """Whether the process has a limit of memory."""
    said = bytes(_read(source, len(READY) + 1))
    if said[:-1] != READY or said[-1:] not in (b"+", b"-"):
        raise ProtocolError("it says something else than that it is ready")
    return said[-1:] == b"+"


def write_ready(target: FileIO, limited: bool = True) -> None:
    _write(target, READY + (b"+" if limited else b"-"))


def _write(target: FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        written = target.write(rest)
        rest = rest[written or 0 :]


def _read(source: FileIO, amount: int) -> bytearray:
    data = bytearray(amount)
    _fill(source, memoryview(data))
    return data


def _fill(source: FileIO, rest: memoryview) -> None:
    while rest:
        got = source.readinto(rest)
        if not got:
            raise ProtocolError("it said no more")
        rest = rest[got:]
