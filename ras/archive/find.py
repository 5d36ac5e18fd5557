"""Finds the exports among what was opened: files, folders and zips, told apart by content."""

from __future__ import annotations

import os
from typing import Sequence

from ras.archive.candidate import Candidate, looked_at, not_opened
from ras.archive.export import ExportFile, shown_name
from ras.archive.folder_search import FolderSearch
from ras.archive.seems import seems
from ras.trees import BlobTree, DiskTree, Tree, holder_of, is_tree, open_tree


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
            refused.append(not_opened(os.path.basename(path), exc))
            continue
        trees.append(tree)
        candidates = _named(ExportFile(tree, name), refused) if name else FolderSearch(trees, refused).exports_in(tree)
        before = len(found)
        for candidate in candidates:
            found.setdefault(os.path.realpath(candidate.file.path), candidate)
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


def _named(file: ExportFile, refused: list[str]) -> list[Candidate]:
    """A file that was asked for by itself, if it seems to be an export."""
    try:
        candidate, head = looked_at(file)
    except OSError as exc:
        refused.append(not_opened(file.shown, exc))
        return []
    if candidate is None:
        refused.append(f"“{file.shown}” is no Discord export that RAS can read; it seems to be {seems(head)}.")
        return []
    return [candidate]
