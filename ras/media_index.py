"""The files of a whole media folder by name: it may hold the media of many exports, in folders of folders."""

from __future__ import annotations

import logging
from typing import Iterator

from ras.trees import Tree, TreeFile

log = logging.getLogger(__name__)

_MOST_FILES = 1_000_000
_MOST_FOLDERS = 20_000
_DEEPEST = 8
_MOST_OF_A_NAME = 100


class Place(TreeFile):
    """Where a media file lies."""

    @property
    def folder_name(self) -> str:
        """Of the folder that it lies in; empty for the tree's own."""
        return self.name.rpartition("/")[0].rpartition("/")[2]

    def size(self) -> int | None:
        """Bytes; None where nobody knows."""
        try:
            return self.tree.size(self.name)
        except (OSError, ValueError):
            return None


class MediaIndex:
    """Lists a tree once, links to folders left out; ``None`` is an empty one. Knows what ``advance`` has listed."""

    def __init__(self, tree: Tree | None) -> None:
        self._tree = tree
        self._folders: dict[str, tuple[str, ...]] = {}
        self._work = iter(()) if tree is None else self._list(tree)

    def advance(self) -> bool:
        """List one folder more; False if there is none."""
        return next(self._work, None) is not None

    def places(self, name: str) -> Iterator[Place]:
        """The files of this name, those in the upper folders first."""
        for folder in self._folders.get(name, ()):
            assert self._tree is not None
            yield Place(self._tree, f"{folder}/{name}" if folder else name)

    def _list(self, tree: Tree) -> Iterator[str]:
        level, listed, files = [""], 0, 0
        for _ in range(_DEEPEST):
            below: list[str] = []
            for folder in level:
                for name in tree.files(folder):
                    known = self._folders.get(name, ())
                    if len(known) < _MOST_OF_A_NAME:
                        self._folders[name] = (*known, folder)
                    files += 1
                below += [f"{folder}/{name}" if folder else name for name in tree.folders(folder)]
                listed += 1
                if files >= _MOST_FILES or listed >= _MOST_FOLDERS:
                    log.warning("%s has so many files that media are looked for only in some of them.", tree.root)
                    return
                yield folder
            level = below
