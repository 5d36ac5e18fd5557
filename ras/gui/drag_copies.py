"""Copies of pictures that are dragged to other programs: in a folder of this window's own, which goes with it."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Sequence

from ras.errors import RASError
from ras.gui.picture_file import PictureFile, picture_file
from ras.launch.lock import Lock, NoLocks
from ras.paths import data_folder
from ras.records import Job
from ras.text import clean

if TYPE_CHECKING:
    from ras.records import SearchResult

_LOCK = "in-use"


@dataclass(frozen=True)
class DragCopy:
    path: str
    is_preview: bool
    """Whether it is only the small copy that the search has made."""


class DragCopies:
    """Each copy lies in a folder of its own, so that none replaces another of its name."""

    def __init__(self) -> None:
        self._lock: Lock | None = None
        self._folder: Path | None = None
        self._guard = threading.Lock()  # a worker writes, and so does the window

    def write(self, file: PictureFile) -> DragCopy:
        """Raises RASError."""
        try:
            with self._guard:
                folder = Path(tempfile.mkdtemp(dir=str(self._own_folder())))
            path = folder / file.saved_name
            with path.open("xb") as copy:
                copy.write(file.data)
        except OSError as exc:
            shown = f"“{clean(file.name, longest=100)}”"
            raise RASError(f"{shown} could not be copied to {_all()}: {exc.strerror or exc}.") from exc
        return DragCopy(str(path), file.is_preview)

    def clear(self) -> None:
        """Delete all of them."""
        with self._guard:
            if self._lock is not None:
                self._lock.release()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
            self._lock = self._folder = None

    def _own_folder(self) -> Path:
        if self._folder is None:
            _all().mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(dir=str(_all())))
            lock = Lock(folder / _LOCK)
            with contextlib.suppress(NoLocks):  # then no window clears away what another one left
                lock.acquire()
            self._folder, self._lock = folder, lock
        return self._folder


def copy_for_drag(
    result: SearchResult, media_folders: Sequence[str], copies: DragCopies, unused: DragCopy | None
) -> Job[DragCopy]:
    """Write the result's picture, or what there is of it, and forget the copy that was not dragged. Raises RASError."""
    yield from ()
    if unused is not None:
        shutil.rmtree(Path(unused.path).parent, ignore_errors=True)
    return copies.write(picture_file(result, media_folders))


def clear_leftovers() -> Job[None]:
    """Delete the copies of windows that ended without doing so."""
    folders = []
    with contextlib.suppress(OSError):  # there mostly are none
        folders = [folder for folder in _all().iterdir() if folder.is_dir()]
    for folder in folders:
        yield from ()
        lock = Lock(folder / _LOCK)
        try:
            is_left = lock.acquire()
        except OSError:
            continue
        if is_left:
            lock.release()
            shutil.rmtree(folder, ignore_errors=True)


def _all() -> Path:
    return data_folder() / "cache" / "dragged"
