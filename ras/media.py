"""Where a record's media file lies: beside its export, in the same zip or database, or in a folder that the user named.

Nowhere else: an export is foreign input, and must not make RAS read any other file.
"""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Sequence

from ras.cdn import canonical_url
from ras.errors import FetchError, SkipReason
from ras.media_index import MediaIndex
from ras.records import ImageRecord
from ras.saved_names import has_short_mark, saved_names
from ras.text import clean, size
from ras.trees import DiskTree, Tree, TreeFile, open_tree

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MediaFile:
    """A file that is there, on the disk or in a file that holds files."""

    path: str
    """Absolute, see ``ras.trees``; on the disk with all links resolved."""
    holder: str
    """The zip or database that it lies in; empty for a file of the disk."""
    _place: TreeFile

    def read(self, most: int) -> bytes:
        """Its beginning, so many bytes. Raises OSError."""
        with self._place.tree.open(self._place.name) as file:
            parts, left = [], most
            while left > 0:
                part = file.read(min(left, 1_000_000))
                if not part:
                    break
                parts.append(part)
                left -= len(part)
            return b"".join(parts)


class MediaReader:
    """Finds and reads media files for many records: what it has listed it knows until it is closed. Thread-safe.

    A file is looked for by the path that the export has. In each of ``folders`` (or zips), and in the folders in there,
    it is looked for by the name that it has in that path (media that were moved away from their export), then by the
    name that DiscordChatExporter gives to what it saves from the record's URL.
    """

    def __init__(self, folders: Sequence[str] = ()) -> None:
        self._folders = tuple(os.path.abspath(folder) for folder in folders if folder)
        self._lock = threading.RLock()
        self._cancelled = threading.Event()
        self._trees: dict[str, Tree | None] = {}
        self._indexes: dict[str, MediaIndex] = {}
        self._listings: dict[tuple[str, str], frozenset[str]] = {}

    def __enter__(self) -> MediaReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def cancel(self) -> None:
        """Stop listing folders, which may take long for those of the user: what is not listed yet is not found."""
        self._cancelled.set()

    def close(self) -> None:
        """Let go of what is held open and known."""
        self.cancel()
        with self._lock:
            for tree in self._trees.values():
                if tree is not None:
                    tree.close()
            self._trees.clear()
            self._indexes.clear()
            self._listings.clear()

    def prepare(self) -> Iterator[None]:
        """List the user's folders, which else the first look-up does; yields often."""
        for root in self._folders:
            with self._lock:
                index = self._indexes.setdefault(root, MediaIndex(self._tree(root)))
            while not self._cancelled.is_set():
                with self._lock:
                    if not index.advance():
                        break
                yield

    def files(self, record: ImageRecord) -> Iterator[MediaFile]:
        """Where the record's media file lies: several files where it is not certain, the likeliest first."""
        seen = set()
        for root, path in self._candidates(record):
            file = self._file(root, path)
            if file is not None and file.path not in seen:
                seen.add(file.path)
                yield file

    def find(self, record: ImageRecord) -> MediaFile | None:
        """The likeliest of ``files``; None where there is none."""
        return next(self.files(record), None)

    def is_there(self, record: ImageRecord) -> bool:
        """Whether there is any; of folders' listings, so that it is quick for many records."""
        if record.local_path is not None:
            for root in (record.media_root, *self._folders):
                if root and self._is_listed(root, record.local_path):
                    return True
        return next(self._moved(record), None) is not None

    def read(self, record: ImageRecord, limit: int) -> bytes:
        """The record's picture. A file that was cut is taken if no other is whole. Raises FetchError.

        MISSING: there is none, or it cannot be read; TOO_LARGE: it has more than ``limit`` bytes; NOT_A_PICTURE: it
        does not begin like one.
        """
        from ras.images import sniff_format

        name = f"“{clean(record.file_name, longest=100)}”"
        problem: FetchError | None = None
        cut: bytes | None = None
        for file in self.files(record):
            try:
                data = file.read(limit + 1)
            except OSError as exc:
                why = clean(str(exc.strerror or exc))
                problem = problem or FetchError(f"The file of {name} cannot be read ({why}).", SkipReason.MISSING)
                continue
            if len(data) > limit:
                sentence = f"The file of {name} is larger than {size(limit)}, the limit."
                problem = problem or FetchError(sentence, SkipReason.TOO_LARGE)
            elif sniff_format(data) is None:
                # DiscordChatExporter saves error pages under the picture's name.
                problem = problem or FetchError(f"The file of {name} holds no picture.", SkipReason.NOT_A_PICTURE)
            elif record.file_size is None or len(data) >= record.file_size:
                return data
            elif cut is None or len(data) > len(cut):
                cut = data
        if cut is not None:
            return cut
        raise problem or FetchError(
            f"The file of {name} is missing beside the export; if the media lie elsewhere, name their folder "
            "(--media FOLDER, or “media_folders” in the settings).",
            SkipReason.MISSING,
        )

    def _candidates(self, record: ImageRecord) -> Iterator[tuple[str, str]]:
        """(what it may not leave, path) of every file that may be it."""
        if record.local_path is not None:
            for root in (record.media_root, *self._folders):
                if root:
                    yield root, record.local_path
        yield from self._moved(record)

    def _moved(self, record: ImageRecord) -> Iterator[tuple[str, str]]:
        """Files in the user's folders whose name is the record's: first those of the right size, if it is known."""
        names = _names(record) if self._folders else {}
        home = os.path.basename(os.path.dirname(record.local_path)) if record.local_path else ""
        for root in self._folders:
            unfit = []
            for name, is_own in names.items():
                for place in self._index(root).places(name):
                    fits = record.file_size is None or place.size() == record.file_size
                    if fits:
                        yield root, place.path
                    # In the media of many exports, 5 digits may well be the same for another picture.
                    elif not has_short_mark(name) or (is_own and place.folder_name in ("", home)):
                        unfit.append(place.path)
            for path in unfit:
                yield root, path

    def _file(self, root: str, path: str) -> MediaFile | None:
        tree = self._tree(root)
        if tree is None:
            return None
        if not isinstance(tree, DiskTree):
            name = _below(tree.root, path)
            if name is None or name.rpartition("/")[2] not in self._listed(tree, name.rpartition("/")[0]):
                return None
            return MediaFile(path, tree.root, TreeFile(tree, name))
        try:
            real = Path(path).resolve()
            if not real.is_file() or Path(root).resolve() not in real.parents:
                return None
        except (OSError, ValueError, RuntimeError):  # a null character, a name too long, links in a circle
            return None
        return MediaFile(str(real), "", TreeFile(DiskTree(str(real.parent)), real.name))

    def _is_listed(self, root: str, path: str) -> bool:
        tree = self._tree(root)
        inner = None if tree is None else _below(tree.root, path)
        if tree is None or inner is None:
            return False
        folder, _, name = inner.rpartition("/")
        listed = self._listed(tree, folder)
        # A Mac lists accented letters in another spelling than the one by which it finds them.
        return name in listed or (bool(listed) and not name.isascii() and self._file(root, path) is not None)

    def _listed(self, tree: Tree, folder: str) -> frozenset[str]:
        """The names of files in a folder of a tree; none where links lead out of it."""
        with self._lock:
            key = (tree.root, folder)
            if key not in self._listings:
                outside = isinstance(tree, DiskTree) and not _leads_inside(tree.root, folder)
                self._listings[key] = frozenset(() if outside else tree.files(folder))
            return self._listings[key]

    def _index(self, root: str) -> MediaIndex:
        with self._lock:
            if root not in self._indexes:
                self._indexes[root] = MediaIndex(self._tree(root))
            index = self._indexes[root]
            while not self._cancelled.is_set() and index.advance():
                pass
            return index

    def _tree(self, root: str) -> Tree | None:
        with self._lock:
            if root not in self._trees:
                try:
                    self._trees[root] = open_tree(root)
                except (OSError, ValueError) as exc:
                    log.info("There are no media in %s: %s", root, exc)
                    self._trees[root] = None
            return self._trees[root]


def seems_local(record: ImageRecord) -> bool:
    """Whether its media file is there, or what holds it, as quickly as can be told for one record."""
    if record.local_path is None:
        return False
    return os.path.isfile(record.local_path) or (record.media_root is not None and os.path.isfile(record.media_root))


def _names(record: ImageRecord) -> dict[str, bool]:
    """The names that its file may have elsewhere, and whether it is the one that the export has."""
    names: dict[str, bool] = {}
    if record.local_path:
        names[os.path.basename(record.local_path)] = True
    if record.url:
        canonical = canonical_url(record.url)
        bare = canonical.partition("?")[0]
        # Of the signature nothing is left in the name: the URL is worth a look where it differs in more.
        own = () if record.url.partition("?")[0] == bare else (record.url,)
        for url in dict.fromkeys((canonical, bare, *own)):
            for name in saved_names(url):
                names.setdefault(name, False)
    return names


def _below(root: str, path: str) -> str | None:
    """The path's name in the tree at ``root``; None where it is not in there."""
    start = root.rstrip(os.sep) + os.sep
    if not os.path.normcase(path).startswith(os.path.normcase(start)):
        return None
    return path[len(start) :].replace(os.sep, "/")


def _leads_inside(root: str, folder: str) -> bool:
    real, home = os.path.realpath(os.path.join(root, folder)), os.path.realpath(root)
    return real == home or real.startswith(home.rstrip(os.sep) + os.sep)
