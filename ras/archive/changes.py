"""Tells whether exports on the disk have changed, or new ones lie in a folder, without reading what is known."""

from __future__ import annotations

import os
from typing import Dict, Sequence, Tuple

from ras.archive.find import find_exports
from ras.archive.formats import ENDINGS
from ras.archive.posted import is_posted
from ras.trees import Tree

Stamps = Dict[str, Tuple[int, int]]
"""Path of a file → (when it was written, in nanoseconds; its size in bytes)."""

_DEPTH = 4
_MOST_FOLDERS = 5_000
_MOST_FILES = 50_000


def stamps(paths: Sequence[str]) -> Stamps:
    """Of the files at these paths, and of those in folders that may be exports. What cannot be looked at is not there.

    Of an export in a zip, it is the zip that is looked at.
    """
    found: Stamps = {}
    folders = []
    for path in paths:
        while not os.path.lexists(path) and os.path.dirname(path) != path:
            path = os.path.dirname(path)
        if os.path.isdir(path):
            # What a missing file was in is no folder to be searched.
            folders += [path] if path in paths else []
        elif path not in found:
            _note(path, found)
    waiting = [(folder, 0) for folder in folders]
    for _ in range(_MOST_FOLDERS):
        if not waiting or len(found) >= _MOST_FILES:
            break
        folder, depth = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if depth < _DEPTH and not entry.name.endswith("_Files"):
                            waiting.append((entry.path, depth + 1))
                    elif not entry.is_symlink() and entry.name.lower().endswith((*ENDINGS, ".zip")):
                        _note(entry.path, found)
        except OSError:
            continue
    return found


def changed(before: Stamps, now: Stamps) -> tuple[list[str], list[str]]:
    """(files that are not as they were, exports that were not there): paths, each in order. What is gone is neither."""
    other = [path for path, stamp in now.items() if path in before and before[path] != stamp]
    return sorted(other), exports_among(sorted(path for path in now if path not in before))


def exports_among(paths: Sequence[str]) -> list[str]:
    """Those of the files that are exports RAS can read, or hold some; what lies among media was posted by somebody."""
    found = []
    for path in paths:
        trees: list[Tree] = []
        try:
            if find_exports([path], trees)[0] and not is_posted(path):
                found.append(path)
        finally:
            for tree in trees:
                tree.close()
    return found


def _note(path: str, found: Stamps) -> None:
    try:
        facts = os.stat(path)
    except (OSError, ValueError):
        return
    found[path] = (facts.st_mtime_ns, facts.st_size)
