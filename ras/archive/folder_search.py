"""Looks through a folder or zip and the folders in it for what seems to be an export."""

from __future__ import annotations

import os
import re
from typing import Sequence

from ras.archive.candidate import Candidate, looked_at, not_opened
from ras.archive.data_package.layout import searched
from ras.archive.export import ExportFile, shown_name
from ras.archive.formats import ENDINGS
from ras.archive.posted import PostedFiles, is_marked
from ras.archive.seems import head_text
from ras.text import whole
from ras.trees import DiskTree, Tree, is_tree, open_tree
from ras.trees.disk import LEADS_OUT

_DEPTH = 4
"""Levels of folders that are looked into: server, category and channel are often folders."""
_MOST_FOLDERS = 20_000
_MOST_FILES = 50_000
"""Of a folder or zip. To look at a million files would take minutes."""


class FolderSearch:
    """Of what was opened.

    Zips in a folder are looked into, but not zips in a zip. What lies among media is not: a JSON file there was posted
    by somebody and is no export of this archive.
    """

    def __init__(self, trees: list[Tree], refused: list[str]) -> None:
        self._trees, self._refused = trees, refused
        self._left = _MOST_FILES
        self._all = True

    def exports_in(self, tree: Tree) -> list[Candidate]:
        """What it finds, in people's order."""
        found = sorted(self._look_through(tree), key=lambda candidate: _order(candidate.file))
        if not self._all:
            self._refused.append(
                f"“{shown_name(tree.root)}” holds more than {whole(_MOST_FILES)} files that may be exports; only so "
                "many were looked at."
            )
        return found

    def _look_through(self, tree: Tree) -> list[Candidate]:
        files, zips = _files_in(tree)
        posted = PostedFiles(tree)
        doubtful: list[ExportFile] = []
        found = self._among(files, posted, doubtful, learn=any(is_marked(file.file_name) for file in (*files, *zips)))
        zips = [file for file in zips if not posted.has_one(file)]
        doubtful += [file for file in zips if posted.may_have(file)]
        zips = [file for file in zips if not posted.may_have(file)]
        if isinstance(tree, DiskTree):
            for file in zips:
                found += self._in_zip(file)
        elif zips:
            more = f" and {whole(len(zips) - 1)} more" if len(zips) > 1 else ""
            self._refused.append(
                f"“{zips[0].shown}”{more} in the zip “{shown_name(tree.root)}” was not looked into: unpack the outer "
                "zip and open the folder."
            )
        if doubtful:
            self._refused.append(_among_media(doubtful))
        return found

    def _among(
        self, files: Sequence[ExportFile], posted: PostedFiles, doubtful: list[ExportFile], *, learn: bool
    ) -> list[Candidate]:
        found: list[Candidate] = []
        self._all = self._all and len(files) <= self._left
        taken = files[: self._left]
        self._left -= len(taken)
        # What is not marked says first where media lie. A marked export lies above its media, if not beside them.
        for file in sorted(taken, key=lambda file: file.name.count("/") if is_marked(file.file_name) else -1):
            if posted.has_one(file):
                continue
            try:
                candidate, head = looked_at(file)
            except OSError as exc:
                self._refused.append(not_opened(file.shown, exc))
                continue
            if candidate is None:
                continue
            if posted.may_have(file):
                doubtful.append(file)
                continue
            found.append(candidate)
            if learn:
                posted.learn(file, head_text(head))
        return found

    def _in_zip(self, file: ExportFile) -> list[Candidate]:
        if not self._left:
            self._all = False
            return []
        try:
            inner = _zip_of(file)
        except OSError as exc:
            self._refused.append(not_opened(file.shown, exc))
            return []
        if inner is None:
            return []
        self._trees.append(inner)
        return self._look_through(inner)


def _files_in(tree: Tree) -> tuple[list[ExportFile], list[ExportFile]]:
    """The files that may be exports by their names, and the zips, each in people's order."""
    waiting = [("", 0)]
    files: list[ExportFile] = []
    zips: list[ExportFile] = []
    for _ in range(_MOST_FOLDERS):
        if not waiting or len(files) > _MOST_FILES:
            break
        folder, depth = waiting.pop()
        prefix = f"{folder}/" if folder else ""
        names, folders = searched(tree, folder)
        files += [ExportFile(tree, prefix + name) for name in names if name.lower().endswith(ENDINGS)]
        zips += [ExportFile(tree, prefix + name) for name in names if name.lower().endswith(".zip")]
        if depth < _DEPTH:
            waiting += [(prefix + name, depth + 1) for name in folders if not name.endswith("_Files")]
    return sorted(files, key=_order), sorted(zips, key=_order)


def _zip_of(file: ExportFile) -> Tree | None:
    """The file as a zip; None where it is none. Raises OSError."""
    if isinstance(file.tree, DiskTree) and file.tree.leads_out(file.name):
        raise OSError(None, LEADS_OUT)
    return open_tree(file.path) if is_tree(file.path) else None


def _among_media(files: Sequence[ExportFile]) -> str:
    more = f" and {whole(len(files) - 1)} more" if len(files) > 1 else ""
    were = "were not read: they lie" if more else "was not read: it lies"
    return (
        f"“{files[0].shown}”{more} {were} among media, as what people posted does. An export that lies there can be "
        "opened by itself."
    )


def _order(file: ExportFile) -> str:
    """The whole name before its parts, part 2 before part 10."""
    name = os.path.splitext(file.path.lower())[0]
    return re.sub(r"\d+", lambda number: number[0].zfill(20), name)
