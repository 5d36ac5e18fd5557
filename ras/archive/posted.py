"""Tells the files that people posted, and DiscordChatExporter saved, from the exports that lie in the same folders."""

from __future__ import annotations

import contextlib
import os
import re
from functools import lru_cache
from typing import Iterator
from urllib.parse import unquote

from ras.archive.candidate import looked_at
from ras.archive.export import ExportFile
from ras.archive.formats import ENDINGS
from ras.archive.lenient_json import lenient_json
from ras.archive.media import is_url
from ras.archive.seems import head_text
from ras.saved_names import unmarked
from ras.trees import DiskTree, Tree

_LONGEST = 1000
"""Characters of a path that are looked at."""
_MOST_PATHS = 2000
"""Of one export: they say the same again and again."""
_MOST_BESIDE = 1000
"""Files that are looked at to tell what a new one is."""
_IN_JSON = re.compile(rf'"(?:url|iconUrl|avatarUrl|sourceUrl|imageUrl)"\s*:\s*("(?:[^"\\]|\\.){{1,{_LONGEST}}}")')
_IN_PAGE = re.compile(
    rf"(?:\b(?:src|href|poster)\s*=|\burl\()\s*(?:\"([^\"]{{1,{_LONGEST}}})\"|'([^']{{1,{_LONGEST}}})'|"
    rf"([^\s\"'<>]{{1,{_LONGEST}}}))"
)
_IN_TABLE = re.compile(rf'[^",;\t\r\n]{{1,{_LONGEST}}}')
_LETTER_IN_MARK = re.compile(r"-[0-9]*[A-Fa-f][0-9A-Fa-f]*(?:\.[^.]*)?\Z")
_NEVER_MEDIA = (*ENDINGS, ".zip")


def is_marked(name: str) -> bool:
    """Whether a file has the name of one that was saved: whoever posted it chose all of the name but its mark."""
    return unmarked(name) != name


class PostedFiles:
    """The files of one tree that are marked as saved and lie among media, by what the exports of the tree say.

    An export with media names them by path. Where that is not in its beginning, a folder that holds other saved files,
    and no export that is not marked, is taken for one of media as well.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._folders: set[str] = set()
        """Names of folders that exports say their media lie in; the last part, since paths may be another machine's."""
        self._shared: set[str] = set()
        """Folders in which an export and its media lie together."""
        self._with_exports: set[str] = set()
        self._with_media = lru_cache(maxsize=None)(self._holds_media)

    def learn(self, export: ExportFile, head: str) -> None:
        """Take in what an export is known to have said by its beginning."""
        if not is_marked(export.file_name):
            self._with_exports.add(export.folder)
        for path in _paths(head):
            folder, _, name = path.replace("\\", "/").rpartition("/")
            if folder and is_marked(name):
                self._folders.add(_last(folder))
            elif is_marked(name) and name in self._tree.files(export.folder):
                self._shared.add(export.folder)

    def has_one(self, file: ExportFile) -> bool:
        """Whether an export says that the file lies among its media."""
        if not is_marked(file.file_name):
            return False
        return file.folder in self._shared or _last(f"{self._tree.root}/{file.folder}") in self._folders

    def may_have(self, file: ExportFile) -> bool:
        """Whether it seems so, as no export says where its media lie."""
        return is_marked(file.file_name) and file.folder not in self._with_exports and self._with_media(file.folder)

    def _holds_media(self, folder: str) -> bool:
        # People number their files with five digits too, but without letters.
        return any(
            is_marked(name) and _LETTER_IN_MARK.search(name) and not name.lower().endswith(_NEVER_MEDIA)
            for name in self._tree.files(folder)
        )


def is_posted(path: str) -> bool:
    """Whether a file on the disk seems to be such a one, by the exports beside it and in the folder above."""
    folder, name = os.path.split(path)
    above, own = os.path.split(folder)
    if not is_marked(name):
        return False
    tree = DiskTree(above)
    posted = PostedFiles(tree)
    beside = [ExportFile(tree, name) for name in tree.files()]
    beside += [ExportFile(tree, f"{own}/{name}") for name in tree.files(own)]
    exports = [file for file in beside if file.name.lower().endswith(ENDINGS) and not is_marked(file.file_name)]
    for file in exports[:_MOST_BESIDE]:
        with contextlib.suppress(OSError):
            candidate, head = looked_at(file)
            if candidate is not None:
                posted.learn(file, head_text(head))
    file = ExportFile(tree, f"{own}/{name}" if own else name)
    return posted.has_one(file) or posted.may_have(file)


def _last(folder: str) -> str:
    return folder.replace("\\", "/").rstrip("/").rpartition("/")[2].casefold()


def _paths(head: str) -> Iterator[str]:
    """The paths that an export has in the place of addresses, as far as its beginning goes."""
    start = head.lstrip()[:1]
    if start in ("{", "["):
        found = (_decoded(match[1]) for match in _IN_JSON.finditer(head))
    elif start == "<":
        found = (match[1] or match[2] or match[3].rstrip(");") for match in _IN_PAGE.finditer(head))
    else:
        found = (match[0] for match in _IN_TABLE.finditer(head))
    taken = 0
    for text in found:
        if not is_url(text):
            yield from {text, unquote(text)}
            taken += 1
        if taken >= _MOST_PATHS:
            return


def _decoded(text: str) -> str:
    try:
        return str(lenient_json(text.encode("utf-8", "replace")))
    except ValueError:
        return ""
