"""Reads exports: ``read_archive`` tells their formats apart by content and makes one archive of all of them."""

from __future__ import annotations

import gc
import os
import time
from pathlib import Path
from typing import Sequence

from ras.archive.candidate import Candidate
from ras.archive.export import Export, shown_name
from ras.archive.find import find_exports
from ras.archive.merge import merge
from ras.archive.room import Room, not_all
from ras.errors import ArchiveError
from ras.pace import Pace
from ras.records import DEFAULT_KINDS, Archive, Job, PictureKinds, Progress
from ras.text import count
from ras.trees import Tree

_EVENT_SECONDS = 0.05


def read_archive(paths: Sequence[str | Path], kinds: PictureKinds = DEFAULT_KINDS) -> Job[Archive]:
    """Read exports into one archive: yields Progress in bytes.

    A path is an export file, a folder or zip with exports in it, or an export in a zip. Exports may overlap. Of the
    pictures that messages show without having posted them, those of ``kinds`` count. Raises ArchiveError where nothing
    at all can be read; what is missing besides is said in ``Archive.warnings``.
    """
    trees: list[Tree] = []
    try:
        yield Progress("Reading the archive", 0, None, "bytes")
        files, refused = find_exports([os.path.abspath(path) for path in paths], trees)
        return (yield from _archive(files, kinds, refused))
    except MemoryError:
        pass  # what was read is held by this error alone
    finally:
        for tree in trees:
            tree.close()
    gc.collect()
    names = ", ".join(dict.fromkeys(f"“{shown_name(str(path))}”" for path in paths[:3]))
    more = f" and {count(len(paths) - 3, 'other file')}" if len(paths) > 3 else ""
    raise ArchiveError(
        f"There is not enough memory to read {names}{more}. Close other programs, or open fewer or smaller exports at "
        "a time."
    )


def _archive(files: Sequence[Candidate], kinds: PictureKinds, refused: list[str]) -> Job[Archive]:
    exports = yield from _read(files, kinds, refused)
    if not exports:
        more = f" {count(len(refused) - 1, 'other file')} could not be read either." if len(refused) > 1 else ""
        raise ArchiveError((refused[0] if refused else "No export was given.") + more)
    return merge(exports, refused)


def _read(files: Sequence[Candidate], kinds: PictureKinds, refused: list[str]) -> Job[list[Export]]:
    total = sum(candidate.size for candidate in files)
    pace, room, done, last_event = Pace(), Room(), 0, 0.0
    exports: list[Export] = []
    yield Progress("Reading the archive", 0, total, "bytes")
    for number, (file, form, size) in enumerate(files, 1):
        reading = form.read(file, kinds, room, keep_ids=len(files) > 1)
        while True:
            try:
                through = min(next(reading), size)
            except StopIteration as stop:
                exports.append(stop.value)
                break
            except ArchiveError as exc:
                refused.append(str(exc))
                break
            except OSError as exc:
                refused.append(f"“{file.shown}” could not be read: {exc.strerror or exc}.")
                break
            if time.monotonic() - last_event >= _EVENT_SECONDS:
                last_event = time.monotonic()
                left = pace.seconds_left(done + through, total)
                yield Progress("Reading the archive", done + through, total, "bytes", left)
        done += size
        if room.full:
            refused.append(not_all(file.shown, len(files) - number))
            break
    yield Progress("Reading the archive", total, total, "bytes", 0.0)
    return exports
