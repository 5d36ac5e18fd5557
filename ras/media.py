"""Where a record's media file lies: in the export's own folder or one that the user named, nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

from ras.records import ImageRecord


def media_path(record: ImageRecord, folders: Sequence[str] = ()) -> Path | None:
    """The record's media file, links resolved, if it exists in a folder where it may lie; else None.

    That is the export's own folder, and each of ``folders``, where a file of the same name counts too: media that were
    moved away from their export. An export is foreign input: it must not make RAS read any other file.
    """
    if not record.local_path:
        return None
    named = Path(record.local_path)
    roots = [folder for folder in (record.media_root, *folders) if folder]
    for candidate in (named, *(Path(folder) / named.name for folder in folders)):
        try:
            path = candidate.resolve()
            if path.is_file() and any(Path(root).resolve() in path.parents for root in roots):
                return path
        except (OSError, ValueError, RuntimeError):  # a null character, a name too long, links in a circle
            continue
    return None
