"""The bytes of a result's picture, to be taken out of the window: its own file, else the search's preview of it."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Sequence

from ras.errors import DecodeError, FetchError, RASError, SkipReason
from ras.records import Job
from ras.text import clean

if TYPE_CHECKING:
    from ras.records import SearchResult

MOST_BYTES = 256_000_000
ENDINGS = {"PNG": ".png", "JPEG": ".jpg", "GIF": ".gif", "WEBP": ".webp", "BMP": ".bmp"}
_DEVICE = re.compile(r"con|prn|aux|nul|(?:com|lpt)[0-9¹²³]", re.IGNORECASE)
"""On Windows, no file can have such a name, whatever its ending: it is written to a device."""


@dataclass(frozen=True)
class PictureFile:
    name: str
    """As the archive has it."""
    data: bytes
    kind: str
    """As ``sniff_format`` names it."""
    is_preview: bool
    """Whether it is only the small copy that the search has made."""

    @property
    def saved_name(self) -> str:
        """A name for its file that every system takes, with the ending of what it is."""
        last = re.split(r"[/\\]", clean(self.name))[-1]
        # 60 letters of four bytes are as many as most file systems take.
        stem = re.sub(r"[^\w() –-]+", "_", last.rpartition(".")[0] or last)[:60].strip("_ ")
        return ("picture" if not stem or _DEVICE.fullmatch(stem) else stem) + ENDINGS.get(self.kind, "")


def picture_file(result: SearchResult, media_folders: Sequence[str]) -> PictureFile:
    """From this computer, else the preview. Raises PictureError where there is neither."""
    from ras.images import sniff_format

    name = result.record.file_name
    try:
        from ras.media import MediaReader

        with MediaReader(media_folders) as media:
            data, is_preview = media.read(result.record, MOST_BYTES), False
    except FetchError as exc:
        if result.preview is None:
            if exc.reason is SkipReason.MISSING:
                shown = clean(name, longest=100)
                raise DecodeError(
                    f"“{shown}” is not on this computer, and there is no preview of it.", exc.reason
                ) from exc
            raise
        data, is_preview = result.preview, True
    return PictureFile(name, data, sniff_format(data) or "", is_preview)


def find_picture(result: SearchResult, media_folders: Sequence[str]) -> Job[PictureFile]:
    """As ``picture_file``, as a job."""
    yield from ()
    return picture_file(result, media_folders)


def save_picture(file: PictureFile, path: str) -> Job[None]:
    """Write it to ``path``, as a whole or not at all; a file that is there is replaced. Raises RASError."""
    yield from ()
    target = Path(path)
    import secrets

    part = target.with_name(f".{secrets.token_hex(6)}.part")
    try:
        with part.open("xb") as out:
            out.write(file.data)
        os.replace(part, target)
    except OSError as exc:
        with contextlib.suppress(OSError):
            part.unlink()
        why = exc.strerror or exc
        raise RASError(f"“{clean(path, longest=300)}” could not be written: {why}.") from exc
