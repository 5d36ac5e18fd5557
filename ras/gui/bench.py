"""The window's long jobs on the engine: building it, reading an archive, searching, indexing.

All but ``index`` and ``count_indexed`` go to one worker's thread, which runs one job after the other: a search that is
asked for while the engine is still being built, or an archive still being read, simply waits for its turn, and there is
nothing to synchronise. Indexing runs on a worker of its own, with a connection to the store of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Sequence

from ras.errors import DecodeError, SkipReason
from ras.records import Archive, IndexReport, Job, Notice, Query, SearchReport
from ras.settings import Settings
from ras.text import clean

if TYPE_CHECKING:
    from PIL.Image import Image

    from ras.engine import ModeState, SearchEngine
    from ras.records import SearchResult

PREVIEW_SIDE = 720


@dataclass(frozen=True)
class IndexState:
    """How much of an archive is in the store for the encoder in use."""

    pictures: int
    """Of the archive."""
    indexed: int
    failed: int
    """Pictures that could not be had when they were last tried."""
    unfinished: int = 0
    """Indexed pictures that lack details, by which altered copies are told."""

    @property
    def fresh(self) -> int:
        """Pictures that nobody has tried to index yet."""
        return self.pictures - self.indexed - self.failed


@dataclass(frozen=True)
class Readiness:
    """What can be done with the archive that is open."""

    states: tuple[ModeState, ...] = ()
    """Of each mode; empty without an engine or an archive."""
    index: IndexState | None = None
    """None without an engine, an archive, or a store that can be used."""


@dataclass(frozen=True)
class EngineFacts:
    """What the window shows of the engine."""

    encoder_id: str
    encoder_name: str
    device: str
    readiness: Readiness


@dataclass(frozen=True)
class ArchiveFacts:
    """An archive, and what takes a while to count in it."""

    archive: Archive
    expired: int
    """Pictures whose link has expired and that name no local file."""
    readiness: Readiness


@dataclass(frozen=True)
class LoadedQuery:
    """A query and what is shown of it."""

    query: Query
    preview: Image
    """At most 720 pixels a side."""
    source: str
    """Where it came from: a path, or ``clipboard``."""


class Bench:
    """The jobs on the engine and the archive; submit them to one worker only, but for those that say otherwise."""

    def __init__(self) -> None:
        self._engine: SearchEngine | None = None
        self._archive: Archive | None = None

    def build(self, settings: Settings) -> Job[EngineFacts]:
        """(Re)build the engine; the one before it stays in use when that fails."""
        from ras.engine import build_engine

        engine = yield from build_engine(settings, allow_download=False)
        if self._engine is not None:
            self._engine.close()
        self._engine = engine
        encoder = engine.encoder
        return EngineFacts(encoder.id, encoder.name, encoder.device, self._readiness())

    def open(self, paths: Sequence[str]) -> Job[ArchiveFacts]:
        """Read an archive, from the store where its files are gone; the one before it stays when that fails."""
        from ras.cdn import is_expired
        from ras.opening import open_archive

        archive = yield from open_archive(paths)
        for warning in archive.warnings:
            yield Notice(warning)
        expired = sum(record.local_path is None and is_expired(record.url) for record in archive.records)
        self._archive = archive
        return ArchiveFacts(archive, expired, self._readiness())

    def search(self, settings: Settings, query: Query, archive: Archive) -> Job[SearchReport]:
        if self._engine is None:
            yield from self.build(settings)
        assert self._engine is not None
        return (
            yield from self._engine.search(
                query, archive, mode=settings.mode, top_k=settings.top_k, scope=settings.scope
            )
        )

    def readiness(self) -> Job[Readiness]:
        """What can be done with the archive that is open, after something may have changed."""
        yield from ()
        return self._readiness()

    def index(self, archive: Archive, retry: bool) -> Job[IndexReport]:
        """Bring the archive into the store; ``retry`` also what failed before for good. For a worker of its own."""
        assert self._engine is not None  # the window offers it no sooner
        return (yield from self._engine.index(archive, retry=retry))

    def count_indexed(self, archive: Archive) -> Job[IndexState | None]:
        """How much of the archive is in the store. For any worker."""
        yield from ()
        return self._index_state(archive)

    def _readiness(self) -> Readiness:
        if self._engine is None or self._archive is None:
            return Readiness()
        return Readiness(tuple(self._engine.mode_states(self._archive)), self._index_state(self._archive))

    def _index_state(self, archive: Archive) -> IndexState | None:
        from ras.gui.stored_archives import count_indexed

        engine = self._engine
        return None if engine is None else count_indexed(archive, engine.encoder.id, engine.features_id)


def load(source: str | Path | Image, name: str | None = None) -> Job[LoadedQuery]:
    """Decode a picture that becomes the query, and its preview."""
    yield from ()
    from ras.images import load_query

    query = load_query(source, name)
    preview = query.image.copy()
    # Halved and halved as far as it goes, then resized: a quarter of the time, and the search waits for it.
    preview.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), reducing_gap=1.0)
    return LoadedQuery(query, preview, str(source) if isinstance(source, (str, Path)) else "clipboard")


def load_result(result: SearchResult, media_folders: Sequence[str]) -> Job[LoadedQuery]:
    """A result's picture as the query: its media file, or its preview where that is gone or of a kind that RAS does not
    search for. Raises DecodeError where there is neither.
    """
    from ras.gui import shapes
    from ras.media import media_path

    name = result.record.file_name
    path = media_path(result.record, media_folders)
    if path is not None:
        try:
            return (yield from load(path, name))
        except DecodeError:
            if result.preview is None:
                raise
    if result.preview is None:
        raise DecodeError(f"“{clean(name, longest=100)}” is not on this computer.", SkipReason.MISSING)
    return (yield from load(shapes.open_preview(result.preview), name))
