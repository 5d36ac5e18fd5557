"""The picture of a result from the archive's media on this computer, where it has them: sharper than the preview."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Sequence

from ras.records import ImageRecord, Job, Notice

if TYPE_CHECKING:
    from PIL.Image import Image

    from ras.gui.overlay import Layers

_MOST_BYTES = 64_000_000
_SHORTER_SIDE = 2400
"""Of a large picture that is looked at closely no more is decoded than this asks for."""


@dataclass(frozen=True)
class LocalPicture:
    key: str
    """Of the record."""
    image: Image | None
    """Reduced to the room it is shown in; None where there is no such file, it cannot be decoded, or need not be."""
    there: bool = False
    """Whether there is such a file."""


def look(record: ImageRecord, media_folders: Sequence[str], room: tuple[int, int] | None) -> Job[LocalPicture]:
    """Find the record's file and decode it to about ``room`` (pixels); with None, only find it."""
    yield from ()
    from ras.errors import DecodeError, FetchError
    from ras.images import decode_image
    from ras.media import MediaReader

    with MediaReader(media_folders) as media:
        there = media.find(record) is not None
        if not there or room is None:
            return LocalPicture(record.key, None, there)
        try:
            image = decode_image(media.read(record, _MOST_BYTES), extra_formats=True)
        except (DecodeError, FetchError):  # the preview of the search stays
            return LocalPicture(record.key, None, there)
    image.thumbnail((room[0] * 2, room[1] * 2))
    return LocalPicture(record.key, image, there)


def look_closely(record: ImageRecord, media_folders: Sequence[str]) -> Job[Layers | None]:
    """Find the record's file and decode it to be looked at in parts; None where there is none to be had."""
    yield from ()
    from ras.errors import DecodeError, FetchError
    from ras.gui.overlay import layers
    from ras.images import decode_shrunk

    try:
        from ras.media import MediaReader

        with MediaReader(media_folders) as media:
            data = media.read(record, _MOST_BYTES)
        yield Notice("")  # a place to be cancelled at
        shrunk = decode_shrunk(data, at_least=_SHORTER_SIDE, extra_formats=True)
    except (DecodeError, FetchError):
        return None
    yield Notice("")  # a place to be cancelled at
    return layers(shrunk.image, shrunk.size)
