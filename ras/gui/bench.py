"""The window's long jobs: building the engine, reading an archive, searching. All on one worker's thread.

The worker runs one job after the other, so that a search that is asked for while the engine is still being built, or an
archive still being read, simply waits for its turn: there is nothing to synchronise.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Sequence

from ras.records import Archive, Job, Notice, Query, SearchReport
from ras.settings import Settings

if TYPE_CHECKING:
    from PIL.Image import Image

    from ras.engine import ModeState, SearchEngine

PREVIEW_SIDE = 720


@dataclass(frozen=True)
class EngineFacts:
    """What the window shows of the engine."""

    encoder_id: str
    encoder_name: str
    device: str
    states: tuple[ModeState, ...]
    """What each mode can do for the archive that is open; empty without one."""


@dataclass(frozen=True)
class ArchiveFacts:
    """An archive, and what takes a while to count in it."""

    archive: Archive
    expired: int
    """Pictures whose link has expired and that name no local file."""
    states: tuple[ModeState, ...]


@dataclass(frozen=True)
class LoadedQuery:
    """A query and what is shown of it."""

    query: Query
    preview: Image
    """At most 720 pixels a side."""
    source: str
    """Where it came from: a path, or ``clipboard``."""


class Bench:
    """The jobs on the engine and the archive; submit them to one worker only."""

    def __init__(self) -> None:
        self._engine: SearchEngine | None = None
        self._archive: Archive | None = None

    def build(self, settings: Settings) -> Job[EngineFacts]:
        """(Re)build the engine; the one before it stays in use when that fails."""
        from ras.engine import build_engine

        self._engine = yield from build_engine(settings, allow_download=False)
        encoder = self._engine.encoder
        return EngineFacts(encoder.id, encoder.name, encoder.device, self._states(self._archive))

    def open(self, paths: Sequence[str]) -> Job[ArchiveFacts]:
        """Read an archive; the one before it stays when that fails."""
        from ras.archive import read_archive
        from ras.cdn import is_expired

        archive = yield from read_archive(list(paths))
        for warning in archive.warnings:
            yield Notice(warning)
        expired = sum(record.local_path is None and is_expired(record.url) for record in archive.records)
        self._archive = archive
        return ArchiveFacts(archive, expired, self._states(archive))

    def search(self, settings: Settings, query: Query, archive: Archive) -> Job[SearchReport]:
        if self._engine is None:
            yield from self.build(settings)
        assert self._engine is not None
        return (yield from self._engine.search(query, archive, mode=settings.mode, top_k=settings.top_k))

    def _states(self, archive: Archive | None) -> tuple[ModeState, ...]:
        if self._engine is None or archive is None:
            return ()
        return tuple(self._engine.mode_states(archive))


def load(source: str | Path | Image, name: str | None = None) -> Job[LoadedQuery]:
    """Decode a picture that becomes the query, and its preview."""
    yield from ()
    from ras.images import load_query

    query = load_query(source, name)
    preview = query.image.copy()
    preview.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    return LoadedQuery(query, preview, str(source) if isinstance(source, (str, Path)) else "clipboard")
