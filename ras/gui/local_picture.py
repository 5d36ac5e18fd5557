"""The picture of a result from the archive's media on this computer, where it has them: sharper than the preview."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Sequence

from ras.media import media_path
from ras.records import ImageRecord, Job

if TYPE_CHECKING:
    from PIL.Image import Image

_MOST_BYTES = 64_000_000


@dataclass(frozen=True)
class LocalPicture:
    key: str
    """Of the record."""
    image: Image | None
    """Reduced to the room it is shown in; None where there is no such file, or it cannot be decoded."""


def look(record: ImageRecord, media_folders: Sequence[str], room: tuple[int, int]) -> Job[LocalPicture]:
    """Find the record's file and decode it to about ``room`` (pixels)."""
    yield from ()
    from ras.errors import DecodeError
    from ras.images import decode_image

    path = media_path(record, media_folders)
    try:
        if path is None or path.stat().st_size > _MOST_BYTES:
            return LocalPicture(record.key, None)
        image = decode_image(path.read_bytes(), extra_formats=True)
    except (DecodeError, OSError):  # the preview of the search stays
        return LocalPicture(record.key, None)
    image.thumbnail((room[0] * 2, room[1] * 2))
    return LocalPicture(record.key, image)
