"""Media files: a record's bytes from the disk."""

from __future__ import annotations

from typing import Sequence

from ras.errors import FetchError, SkipReason
from ras.images import sniff_format
from ras.media import media_path
from ras.records import ImageRecord
from ras.text import clean, size


def quoted(record: ImageRecord) -> str:
    """Its name as a sentence shows it."""
    return f"“{clean(record.file_name, longest=100)}”"


def read_media(record: ImageRecord, folders: Sequence[str], limit: int) -> bytes:
    """The bytes of the record's local media file, which begin like a picture. Raises FetchError.

    It may lie where ``ras.media.media_path`` says, and have at most ``limit`` bytes.
    """
    name = quoted(record)
    path = media_path(record, folders)
    if path is None:
        raise FetchError(
            f"The file of {name} is missing beside the export; if the media lie elsewhere, name their folder "
            "(--media FOLDER, or “media_folders” in the settings).",
            SkipReason.MISSING,
        )
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as exc:
        raise FetchError(f"The file of {name} cannot be read ({clean(str(exc))}).", SkipReason.MISSING) from exc
    if len(data) > limit:
        raise FetchError(f"The file of {name} is larger than {size(limit)}, the limit.", SkipReason.TOO_LARGE)
    if sniff_format(data) is None:
        # DiscordChatExporter saves error pages under the picture's name.
        raise FetchError(f"The file of {name} holds no picture.", SkipReason.NOT_A_PICTURE)
    return data
