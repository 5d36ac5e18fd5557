"""Finds the media files that an export has beside it. Nothing outside the export's own folder is ever named."""

from __future__ import annotations

import os
import re
from urllib.parse import unquote, urlsplit

from ras.archive.export import ExportFile
from ras.archive.values import LONGEST_TEXT
from ras.saved_names import saved_names


def is_url(text: str) -> bool:
    """Whether the text is a URL and no path (``C:\\…`` and ``file:`` are paths)."""
    return re.match(r"(?!file:)[A-Za-z][A-Za-z0-9+.-]+://", text, re.IGNORECASE) is not None


class MediaFolder:
    """The media beside one export, on the disk or in the same zip. Every folder is listed once; no file is touched."""

    def __init__(self, export: ExportFile) -> None:
        self._tree, self._folder = export.tree, export.folder
        in_file = not os.path.isdir(export.tree.root)
        self.root = export.tree.root if in_file else os.path.dirname(export.path)
        """What no path may leave: the export's folder, or the file that holds it and its media."""
        name = export.file_name
        # All parts of a partitioned export share the first one's folder.
        whole = re.sub(r" \[part \d+\](?=\.[^.]*$)", "", name)
        self._own = tuple(dict.fromkeys((f"{name}_Files", f"{whole}_Files")))
        self._names: dict[str, frozenset[str]] = {}

    def locate(self, text: str) -> str | None:
        """The absolute path for what an export with media says instead of a URL; None where it leads outside.

        A relative path is taken as it is, or percent-decoded where only such a file exists; the file may be missing.
        Any other (an absolute path of the machine that exported, one with ``..``) counts where a file of that name
        lies in the same folder beside the export; where none does, an absolute path becomes the place in the export's
        media folder where the file should lie.
        """
        if "\0" in text or len(text) >= LONGEST_TEXT:  # no system has so long a path, and it may have been cut
            return None
        if text[:5].lower() == "file:":
            text = "/" + unquote(text[5:]).lstrip("/")
        spellings = [_parts(text), _parts(unquote(text))]
        for parts in spellings:
            if parts and _is_inside(parts) and self._has(parts):
                return self._path(parts)
        if spellings[0] and _is_inside(spellings[0]):
            return self._path(spellings[0])
        for parts in spellings:
            for folder in (*parts[-2:-1], *self._own):
                anchored = [folder, *parts[-1:]]
                if len(anchored) == 2 and _is_inside(anchored) and self._has(anchored):
                    return self._path(anchored)
        should = [self._own[0], *spellings[0][-1:]]
        return self._path(should) if _is_absolute(text) and _is_inside(should) and len(should) == 2 else None

    def find(self, url: str) -> str | None:
        """The file that DiscordChatExporter saved from this URL, by its rule for names; None where there is none."""
        for folder in self._own:
            names = self._list(folder)
            if names:
                for name in saved_names(url):
                    if name in names:
                        return self._path([folder, name])
        return None

    def _path(self, parts: list[str]) -> str:
        # Joined by hand: on Windows os.path.join would leave the root for a part like "D:name".
        inner = self._folder.split("/") if self._folder else []
        return os.sep.join([self._tree.root.rstrip(os.sep), *inner, *parts])

    def _has(self, parts: list[str]) -> bool:
        return parts[-1] in self._list("/".join(parts[:-1]))

    def _list(self, folder: str) -> frozenset[str]:
        if folder not in self._names:
            self._names[folder] = frozenset(self._tree.files("/".join(filter(None, (self._folder, folder)))))
        return self._names[folder]


def _parts(text: str) -> list[str]:
    text = text.replace("\\", "/")
    parts = [part for part in text.split("/") if part not in ("", ".")]
    # What is not relative keeps a first part that is never inside.
    return ["/", *parts] if text.startswith("/") else parts


def _is_absolute(text: str) -> bool:
    return re.match(r"[\\/]|[A-Za-z]:[\\/]", text) is not None


def _is_inside(parts: list[str]) -> bool:
    drive = re.match(r"[A-Za-z]:", parts[0])
    return not drive and not any(part == ".." or "/" in part or "\\" in part or "\0" in part for part in parts)


def name_in_url(url: str) -> str:
    """The file name at the end of a URL or path, decoded; empty where there is none."""
    try:
        path = urlsplit(url).path if is_url(url) else url
    except ValueError:
        return ""
    return unquote(path.replace("\\", "/").rpartition("/")[2])
