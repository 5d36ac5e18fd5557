"""Where the scans of a JPEG picture begin and where it ends, by its markers: what is appended to it is none of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
"""What ends the data of a scan, and garbage between segments. The others stand alone, and decoding goes on."""
_SOI, _EOI, _SCAN = 0xD8, 0xD9, 0xDA
_MOST_SEGMENTS = 4000
"""Honest pictures have up to some hundreds, of metadata and an embedded profile."""


@dataclass(frozen=True)
class Scans:
    starts: tuple[int, ...]
    """Of their markers."""
    end: int
    """Of the picture: where its end is marked; that of the file where it is not."""
    excessive: bool
    """Whether there are more than was asked for, or so many segments that nobody would write them; the rest is not
    looked at."""


def find_scans(data: bytes, most: int) -> Scans:
    """Walks as libjpeg does, so that neither sees a marker that the other takes for data. Takes a moment per 50 MB."""
    starts: list[int] = []
    position = 2
    for _ in range(_MOST_SEGMENTS):
        found = _MARKER.search(data, position)
        if found is None:
            return Scans(tuple(starts), len(data), excessive=False)
        position = found.start()
        marker = data[position + 1]
        if marker == _EOI:
            return Scans(tuple(starts), position, excessive=False)
        if marker == _SCAN:
            starts.append(position)
            if len(starts) > most:
                break
        position += 2
        if marker != _SOI:
            position += max(2, int.from_bytes(data[position : position + 2], "big"))
    return Scans(tuple(starts), len(data), excessive=True)
