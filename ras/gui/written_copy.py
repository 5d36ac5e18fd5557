"""A picture that lies in a zip or database, written to a file for another program to show."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ras.gui.links import OpenError
from ras.paths import data_folder
from ras.text import clean, size

if TYPE_CHECKING:
    from ras.media import MediaFile

_MOST_BYTES = 256_000_000
_KEPT_SECONDS = 24 * 3600
"""A copy may still be open in the program that shows it."""
_ENDINGS = {"PNG": ".png", "JPEG": ".jpg", "GIF": ".gif", "WEBP": ".webp", "BMP": ".bmp"}


def write_copy(file: MediaFile, file_name: str) -> str:
    """The path of a copy, named like the picture as far as that is safe; those of yesterday go. Raises OpenError."""
    import hashlib

    from ras.images import sniff_format

    shown = f"“{clean(file_name, longest=100)}” in “{clean(os.path.basename(file.holder), longest=100)}”"
    try:
        data = file.read(_MOST_BYTES + 1)
    except OSError as exc:
        raise OpenError(f"{shown} could not be read: {exc.strerror or exc}.") from exc
    ending = _ENDINGS.get(sniff_format(data) or "")
    if ending is None:
        raise OpenError(f"{shown} was not opened, because it is not a picture.")
    if len(data) > _MOST_BYTES:
        raise OpenError(f"{shown} is larger than {size(_MOST_BYTES)}: unpack it to open it.")
    stem = re.sub(r"[^\w-]+", "_", clean(file_name).rpartition(".")[0])[:60].strip("_") or "picture"
    folder = data_folder() / "cache" / "opened"
    path = folder / f"{stem}-{hashlib.sha256(data).hexdigest()[:8]}{ending}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _clear(folder)
        handle, temporary = tempfile.mkstemp(dir=str(folder))
        try:
            with os.fdopen(handle, "wb") as copy:
                copy.write(data)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as exc:
        raise OpenError(f"{shown} could not be copied to {folder}: {exc.strerror or exc}.") from exc
    return str(path)


def _clear(folder: Path) -> None:
    for old in folder.iterdir():
        with contextlib.suppress(OSError):  # on Windows, what is open somewhere stays
            if old.is_file() and time.time() - old.stat().st_mtime > _KEPT_SECONDS:
                old.unlink()
