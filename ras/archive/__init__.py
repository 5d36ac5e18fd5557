"""Reads exports: ``read_archive`` tells their formats apart by content and makes one archive of all of them."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Generator, Iterator, Protocol, Sequence

from ras.archive import discord_chat_exporter
from ras.archive.export import Export, shown_name
from ras.archive.merge import merge
from ras.archive.seems import head_text, seems
from ras.errors import ArchiveError
from ras.pace import Pace
from ras.records import Archive, Job, Progress
from ras.text import count

_HEAD_BYTES = 64 * 1024
_EVENT_SECONDS = 0.05


class Format(Protocol):
    """A module that reads one format of export."""

    def recognises(self, head: str) -> bool:
        """Whether a file that starts with this text may be of the format."""

    def read(self, path: Path, keep_ids: bool = False) -> Generator[int, None, Export]:
        """Read it; yields how many bytes of it are through, often. Raises ArchiveError and OSError."""


FORMATS: tuple[Format, ...] = (discord_chat_exporter,)
"""Every format that RAS reads. A new one is a module of this folder and an entry here."""


def read_archive(paths: Sequence[str | Path]) -> Job[Archive]:
    """Read exports into one archive: yields Progress in bytes.

    A path is an export file, or a folder with exports in it or one level below. Exports may overlap. Raises
    ArchiveError where nothing at all can be read; what is missing besides is said in ``Archive.warnings``.
    """
    files, refused = _files([Path(path) for path in paths])
    total = sum(size for _, _, size in files)
    pace, done, last_event = Pace(), 0, 0.0
    exports: list[Export] = []
    yield Progress("Reading the archive", 0, total, "bytes")
    for path, form, size in files:
        reading = form.read(path, keep_ids=len(files) > 1)
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
                refused.append(f"“{shown_name(path)}” could not be read: {exc.strerror or exc}.")
                break
            if time.monotonic() - last_event >= _EVENT_SECONDS:
                last_event = time.monotonic()
                left = pace.seconds_left(done + through, total)
                yield Progress("Reading the archive", done + through, total, "bytes", left)
        done += size
    if not exports:
        more = f" {count(len(refused) - 1, 'other file')} could not be read either." if len(refused) > 1 else ""
        raise ArchiveError((refused[0] if refused else "No export was given.") + more)
    yield Progress("Reading the archive", total, total, "bytes", 0.0)
    return merge(exports, refused)


def _files(paths: Sequence[Path]) -> tuple[list[tuple[Path, Format, int]], list[str]]:
    """The files that are exports, with format and size; and a sentence on each path that is none."""
    files: dict[str, tuple[Path, Format, int]] = {}
    refused: list[str] = []
    for path in paths:
        inside = os.path.isdir(path)  # is_dir() raises where the name is too long
        before = len(files)
        for file in _exports_in(path) if inside else (path,):
            try:
                head, size = _head(file)
            except OSError as exc:
                refused.append(f"“{shown_name(file)}” could not be opened: {exc.strerror or exc}.")
                continue
            form = next((form for form in FORMATS if form.recognises(head_text(head))), None)
            if form is not None:
                files.setdefault(os.path.realpath(file), (file, form, size))
            elif not inside:
                refused.append(
                    f"“{shown_name(file)}” is no Discord export that RAS can read; it seems to be {seems(head)}."
                )
        if inside and len(files) == before:
            refused.append(
                f"The folder “{shown_name(path)}” holds no JSON export of DiscordChatExporter. "
                "Open the export file itself."
            )
    return list(files.values()), refused


def _head(file: Path) -> tuple[bytes, int]:
    if not file.is_file():
        # Opening a pipe would wait forever; a missing file gets the system's own words.
        file.stat()
        raise OSError("it is not a regular file")
    with file.open("rb") as opened:
        return opened.read(_HEAD_BYTES), os.fstat(opened.fileno()).st_size


def _exports_in(folder: Path) -> Iterator[Path]:
    """JSON files of the folder and one level below, in people's order: part 2 before part 10."""
    found = [*folder.glob("*.json"), *folder.glob("*/*.json")]
    # Media folders hold what people posted: a JSON file there is no export of this archive.
    own = [path for path in found if not path.parent.name.endswith("_Files") or path.parent == folder]
    return iter(sorted(own, key=lambda path: re.sub(r"\d+", lambda number: number[0].zfill(20), str(path).lower())))
