"""The picture of a result on this computer, if the archive has it: for viewer, folder, and a sharper preview."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Sequence

from ras.records import ImageRecord, Job

if TYPE_CHECKING:
    from PIL.Image import Image

_MOST_BYTES = 64_000_000


@dataclass(frozen=True)
class LocalPicture:
    key: str
    """Of the record."""
    path: str | None
    """None where there is no such file, or the export names one outside its own folder."""
    image: Image | None
    """The picture, reduced to the room it is shown in."""


def path_of(record: ImageRecord, media_folders: Sequence[str]) -> str | None:
    """The record's media file if it exists inside the export's folder (or one that the user named), links resolved.

    An export is foreign input: it must not make the window open any other file of this computer.
    """
    if record.local_path is None or record.media_root is None:
        return None
    real = os.path.realpath(record.local_path)
    for folder in (record.media_root, *media_folders):
        root = os.path.realpath(folder)
        try:
            inside = os.path.commonpath([root, real]) == root
        except ValueError:  # another drive
            continue
        if inside and os.path.isfile(real):
            return real
    return None


def look(record: ImageRecord, media_folders: Sequence[str], room: tuple[int, int]) -> Job[LocalPicture]:
    """Find the record's file and decode it to about ``room`` (pixels)."""
    yield from ()
    from ras.errors import DecodeError
    from ras.images import decode_image

    path = path_of(record, media_folders)
    if path is None or os.path.getsize(path) > _MOST_BYTES:
        return LocalPicture(record.key, path, None)
    try:
        with open(path, "rb") as file:
            image = decode_image(file.read(), extra_formats=True)
    except (DecodeError, OSError):  # the preview of the search stays
        return LocalPicture(record.key, path, None)
    image.thumbnail((room[0] * 2, room[1] * 2))
    return LocalPicture(record.key, path, image)
