"""What a search is given: tells pictures from archives, and opens the archives, exported or indexed, as one."""

from __future__ import annotations

import os
from typing import Sequence

from ras.cli.follow import follow
from ras.cli.stored import NONE_YET, find_archive
from ras.errors import SettingsError
from ras.kept_store import existing_store
from ras.opening import open_archive
from ras.records import Archive, PictureKinds

_PICTURES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic")
"""Endings of pictures. Not all can be searched for; of those that cannot, it can be said why."""


def tell_apart(
    files: Sequence[str], indexed: Sequence[str], picture_needed: bool = True
) -> tuple[list[str], list[str]]:
    """Archives and pictures among the files of a call. Raises SettingsError where either is lacking.

    Where a picture is needed, two files are an archive and a picture, in this order, unless they are clearly the other
    way round: so what is wrong with one of them is said by whoever reads it.
    """
    pictures = [file for file in files if _is_picture(file)]
    archives = [file for file in files if file not in pictures]
    if picture_needed and len(files) == 2 and not indexed and len(pictures) != 1:
        return [files[0]], [files[1]]
    if not archives and not indexed:
        raise SettingsError(
            f"No archive was given{', only pictures' if pictures else ''}: name an export, or a folder or zip "
            "of them, or --indexed all for those that are indexed."
        )
    if picture_needed and not pictures:
        raise SettingsError("No picture to search for was given: name a PNG or JPEG file.")
    return archives, pictures


def open_sources(paths: Sequence[str], indexed: Sequence[str], kinds: PictureKinds) -> Archive:
    """All that is to be searched, as one archive: the exports at ``paths`` and the ``indexed`` (names, numbers, all).

    Of the pictures that messages show without having posted them, those of ``kinds`` count in exports; an indexed
    archive has those that it was indexed with.
    Raises ArchiveError, SettingsError, StoreError.
    """
    ids: list[int] = []
    if indexed:
        store = existing_store()
        if store is None:
            raise SettingsError(NONE_YET)
        with store:
            archives = store.archives()
        if not archives:
            raise SettingsError(NONE_YET)
        for wanted in indexed:
            ids += [archive.id for archive in (archives if wanted == "all" else [find_archive(wanted, archives)])]
    return follow(open_archive(paths, ids, kinds))


def _is_picture(path: str) -> bool:
    """By its content, or where that says nothing (or does not exist), by its name."""
    from ras.archive.seems import head_text
    from ras.images.formats import sniff_format

    head = b""
    try:
        if os.path.isdir(path):
            return False
        if os.path.isfile(path):  # opening a pipe would wait forever
            with open(path, "rb") as file:
                head = file.read(64)
    except (OSError, ValueError):  # whoever reads it says why
        head = b""
    if sniff_format(head) is not None:
        return True
    return path.lower().endswith(_PICTURES) and not head_text(head).lstrip().startswith("{")
