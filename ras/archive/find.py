"""Finds the exports among what was opened: files, folders and zips, told apart by content."""

from __future__ import annotations

import os
import re
from typing import Iterator, NamedTuple, Sequence

from ras.archive.data_package.layout import searched
from ras.archive.export import ExportFile, shown_name
from ras.archive.formats import ENDINGS, FORMATS, SIZES, Format
from ras.archive.seems import head_text, seems
from ras.text import whole
from ras.trees import BlobTree, DiskTree, Tree, holder_of, is_tree, open_tree
from ras.trees.disk import LEADS_OUT

_HEAD_BYTES = 64 * 1024
_DEPTH = 4
"""Levels of folders that are looked into: server, category and channel are often folders."""
_MOST_FOLDERS = 20_000
_MOST_FILES = 50_000
"""Of a folder or zip. To look at a million files would take minutes."""


class Candidate(NamedTuple):
    """A file that seems to be an export."""

    file: ExportFile
    form: Format
    size: int
    """Bytes that there are to read."""


def find_exports(paths: Sequence[str], trees: list[Tree]) -> tuple[list[Candidate], list[str]]:
    """The exports at absolute paths, each once, and a sentence on each path that is or has none.

    What is opened for it is added to ``trees``, which the caller closes when it has read the exports.
    """
    found: dict[str, Candidate] = {}
    refused: list[str] = []
    opened: dict[str, Tree] = {}
    for path in paths:
        try:
            tree, name = _tree_and_name(path, opened)
        except OSError as exc:
            refused.append(_not_opened(os.path.basename(path), exc))
            continue
        trees.append(tree)
        files = [ExportFile(tree, name)] if name else list(_exports_in(tree, trees, refused))
        before = len(found)
        for file in files:
            try:
                head, size = _head(file)
            except OSError as exc:
                refused.append(_not_opened(file.shown, exc))
                continue
            text = head_text(head)
            form = next((form for form in FORMATS if form.recognises(text, file)), None)
            if form is not None:
                size = SIZES[form](file) if form in SIZES else size
                found.setdefault(os.path.realpath(file.path), Candidate(file, form, size))
            elif name:
                refused.append(f"“{file.shown}” is no Discord export that RAS can read; it seems to be {seems(head)}.")
        if not name and len(found) == before:
            what = "folder" if isinstance(tree, DiskTree) else "zip"
            refused.append(f"The {what} “{shown_name(path)}” holds no Discord export that RAS can read.")
    return list(found.values()), refused


def _tree_and_name(path: str, opened: dict[str, Tree]) -> tuple[Tree, str]:
    """What a path leads to: a whole tree and no name, or a file of a tree. Raises OSError.

    Files in a zip share one tree, kept in ``opened``: the archive of the last time is opened by all of its files.
    """
    if os.path.isdir(path):
        return DiskTree(path), ""
    if os.path.lexists(path):
        tree = open_tree(path) if is_tree(path) else None
        # A database is an export itself, and not a folder of exports.
        if tree is not None and not isinstance(tree, BlobTree):
            return tree, ""
        return _on_the_disk(path)
    held = holder_of(path)
    if held is None:
        return _on_the_disk(path)
    if held[0] not in opened:
        opened[held[0]] = open_tree(held[0])
    return opened[held[0]], held[1]


def _on_the_disk(path: str) -> tuple[Tree, str]:
    folder, name = os.path.split(path)
    return DiskTree(folder, named=name), name


def _head(file: ExportFile) -> tuple[bytes, int]:
    with file.open() as opened:
        return opened.read(_HEAD_BYTES), file.size


def _exports_in(tree: Tree, trees: list[Tree], refused: list[str]) -> Iterator[ExportFile]:
    """Files of a folder or zip and of the folders in it that may be exports, in people's order.

    Zips in a folder are looked into, but not zips in a zip. Media folders are not: a JSON file there was posted by
    somebody and is no export of this archive.
    """
    waiting = [("", 0)]
    files: list[ExportFile] = []
    zips: list[str] = []
    for _ in range(_MOST_FOLDERS):
        if not waiting or len(files) > _MOST_FILES:
            break
        folder, depth = waiting.pop()
        prefix = f"{folder}/" if folder else ""
        names, folders = searched(tree, folder)
        for name in names:
            if name.lower().endswith(ENDINGS):
                files.append(ExportFile(tree, prefix + name))
            elif name.lower().endswith(".zip") and not isinstance(tree, DiskTree):
                zips.append(name)
            elif name.lower().endswith(".zip"):
                try:
                    inner = _zip_in(tree, prefix + name)
                except OSError as exc:
                    refused.append(_not_opened(name, exc))
                    continue
                if inner is not None:
                    trees.append(inner)
                    files += _exports_in(inner, trees, refused)
        if depth < _DEPTH:
            waiting += [(prefix + name, depth + 1) for name in folders if not name.endswith("_Files")]
    if zips:
        more = f" and {whole(len(zips) - 1)} more" if len(zips) > 1 else ""
        refused.append(
            f"“{shown_name(zips[0])}”{more} in the zip “{shown_name(tree.root)}” was not looked into: unpack the outer "
            "zip and open the folder."
        )
    if len(files) > _MOST_FILES:
        refused.append(
            f"“{shown_name(tree.root)}” holds more than {whole(_MOST_FILES)} files that may be exports; only so many "
            "were looked at."
        )
    return iter(sorted(files, key=_order)[:_MOST_FILES])


def _zip_in(folder: Tree, name: str) -> Tree | None:
    """The zip of this name; None where it is none. Raises OSError."""
    if isinstance(folder, DiskTree) and folder.leads_out(name):
        raise OSError(None, LEADS_OUT)
    path = os.path.join(folder.root, name)
    return open_tree(path) if is_tree(path) else None


def _not_opened(name: str, exc: OSError) -> str:
    return f"“{shown_name(name)}” could not be opened: {exc.strerror or exc}."


def _order(file: ExportFile) -> str:
    """The whole name before its parts, part 2 before part 10."""
    name = os.path.splitext(file.path.lower())[0]
    return re.sub(r"\d+", lambda number: number[0].zfill(20), name)
