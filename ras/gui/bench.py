"""The window's long jobs on the engine: building it, reading an archive, searching, indexing.

All but ``index`` and ``count_indexed`` go to one worker's thread, which runs one job after the other: a search that is
asked for while the engine is still being built, or an archive still being read, simply waits for its turn, and there is
nothing to synchronise. Indexing runs on a worker of its own, with a connection to the store of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Sequence

from ras.errors import DecodeError, FetchError, SkipReason
from ras.filters import EVERYTHING
from ras.records import DEFAULT_KINDS, Archive, IndexReport, Job, Notice, PictureKinds, Progress, Query, SearchReport
from ras.settings import Settings
from ras.text import clean

if TYPE_CHECKING:
    from PIL.Image import Image

    from ras.engine import ModeState, Retry, SearchEngine
    from ras.gui.crop_box import CropBox
    from ras.gui.wanted import Wanted
    from ras.records import SearchResult

PREVIEW_SIDE = 720
_THUMBNAIL = 96


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
    knows_text: bool = False
    """Whether pictures can be searched for by a description."""


@dataclass(frozen=True)
class ArchiveFacts:
    """An archive, and what takes a while to count in it."""

    archive: Archive
    readiness: Readiness


@dataclass(frozen=True)
class LoadedQuery:
    """A query and what is shown of it."""

    query: Query
    preview: Image | None
    """Of the whole picture, at most 720 pixels a side; None of a text."""
    crop: CropBox | None = None
    """What part of the picture is searched for; None is the whole."""
    whole: Query | None = None
    """With the whole picture, where a part of it is searched for."""
    thumbnail: Image | None = None
    """Where it is one of several."""

    @property
    def size(self) -> tuple[int, int]:
        """Of the whole picture."""
        image = (self.whole or self.query).image
        return (0, 0) if image is None else image.size


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
        return EngineFacts(
            encoder.id, encoder.name, encoder.device, self._readiness(), encoder.convincing_text is not None
        )

    def open(self, paths: Sequence[str], kinds: PictureKinds = DEFAULT_KINDS) -> Job[ArchiveFacts]:
        """Read an archive, from the store where its files are gone; the one before it stays when that fails."""
        from ras.gui.interpreter import uncollected
        from ras.opening import open_archive

        with uncollected():
            archive = yield from open_archive(paths, kinds=kinds)
        for warning in archive.warnings:
            yield Notice(warning)
        self._archive = archive
        return ArchiveFacts(archive, self._readiness())

    def search(
        self, settings: Settings, query: Query, archive: Archive, wanted: Wanted | None = None
    ) -> Job[SearchReport]:
        """``wanted``: search only in pictures that fit it."""
        return (yield from self.search_many(settings, [query], archive, wanted))[0]

    def search_many(
        self, settings: Settings, queries: Sequence[Query], archive: Archive, wanted: Wanted | None = None
    ) -> Job[tuple[SearchReport, ...]]:
        """Of all queries at once; a report for each."""
        if self._engine is None:
            yield from self.build(settings)
        assert self._engine is not None
        where = EVERYTHING if wanted is None else wanted.filter(archive.records)
        return (
            yield from self._engine.search_many(
                queries, archive, mode=settings.mode, top_k=settings.top_k, where=where, scope=settings.scope
            )
        )

    def readiness(self) -> Job[Readiness]:
        """What can be done with the archive that is open, after something may have changed."""
        yield from ()
        return self._readiness()

    def index(self, archive: Archive, retry: Retry) -> Job[IndexReport]:
        """Bring the archive into the store; ``retry`` also what failed before for good, or only what has these keys.

        For a worker of its own.
        """
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


def load(source: str | Path | bytes | Image, name: str | None = None) -> Job[LoadedQuery]:
    """Decode a picture that becomes the query, and its preview."""
    yield from ()
    from ras.images import load_query

    query = load_query(source, name)
    assert query.image is not None  # it came from a picture
    preview = query.image.copy()
    # Halved and halved as far as it goes, then resized: a quarter of the time, and the search waits for it.
    preview.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), reducing_gap=1.0)
    return LoadedQuery(query, preview)


def with_text(loaded: LoadedQuery | None, text: str, weight: float) -> LoadedQuery | None:
    """A picture, or none, with a text as the query; ``weight``: how much it counts beside the picture."""
    if not text:
        return loaded
    if loaded is None:
        return LoadedQuery(Query(None, clean(text, longest=100), text=text), None)
    return replace(loaded, query=replace(loaded.query, text=text, text_weight=weight))


def load_several(paths: Sequence[str]) -> Job[tuple[LoadedQuery, ...]]:
    """Pictures that are searched for together. One that cannot be used is left out, with a Notice; large ones are made
    smaller, so that they have room in memory side by side. Raises DecodeError where none is left.
    """
    from ras.images.query import make_room

    found: list[LoadedQuery] = []
    for number, path in enumerate(paths):
        yield Progress("Opening the pictures", number, len(paths))
        try:
            loaded = yield from load(path)
        except DecodeError as exc:
            if number == len(paths) - 1 and not found:
                raise
            yield Notice(str(exc))
            continue
        make_room(loaded.query)
        thumbnail = loaded.preview.copy() if loaded.preview is not None else None
        if thumbnail is not None:
            thumbnail.thumbnail((_THUMBNAIL, _THUMBNAIL), reducing_gap=2.0)
        found.append(replace(loaded, thumbnail=thumbnail))
    return tuple(found)


def crop(loaded: LoadedQuery, box: CropBox | None) -> Job[LoadedQuery]:
    """A part of a query's whole picture as the query; None is all of it. Raises DecodeError where nothing is in it."""
    yield from ()
    from ras.images.query import part_of

    whole = loaded.whole or loaded.query
    if box is None or box.whole:
        return LoadedQuery(whole, loaded.preview)
    return LoadedQuery(part_of(whole, box.box), loaded.preview, box, whole)


def load_result(result: SearchResult, media_folders: Sequence[str]) -> Job[LoadedQuery]:
    """A result's picture as the query: its media file, or its preview where that is gone or of a kind that RAS does not
    search for. Raises PictureError where there is neither.
    """
    from ras.gui import shapes
    from ras.images.query import MAX_QUERY_BYTES
    from ras.media import MediaReader

    name = result.record.file_name
    try:
        with MediaReader(media_folders) as media:
            data = media.read(result.record, MAX_QUERY_BYTES)
        return (yield from load(data, name))
    except DecodeError:
        if result.preview is None:
            raise
    except FetchError as exc:
        if result.preview is None and exc.reason is not SkipReason.MISSING:
            raise
    if result.preview is None:
        raise DecodeError(f"“{clean(name, longest=100)}” is not on this computer.", SkipReason.MISSING)
    return (yield from load(shapes.open_preview(result.preview), name))
