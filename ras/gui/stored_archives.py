"""Jobs on the embedding store beside the searches: each opens a connection of its own, so any worker may run them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Sequence

from ras.errors import StoreError
from ras.kept_store import existing_store, kept_store
from ras.records import Archive, Job, Skipped

if TYPE_CHECKING:
    from ras.gui.bench import IndexState
    from ras.store import CompactReport, StoredArchive, Usage, VerifyReport


@dataclass(frozen=True)
class ArchiveRow:
    """An archive in the store, as the window lists it."""

    id: int
    name: str
    paths: tuple[str, ...]
    pictures: int
    indexed_at: datetime
    gone: tuple[str, ...]
    """Those of ``paths`` that are no longer there."""


@dataclass(frozen=True)
class StoreContents:
    archives: tuple[ArchiveRow, ...]
    usage: Usage


def list_archives() -> Job[StoreContents]:
    """Every archive in the store, the latest first, and the space that all take."""
    from ras.store import Usage

    yield from ()
    store = existing_store()
    if store is None:
        return StoreContents((), Usage(0, 0, {}, 0, 0, 0, 0, 0, 0))
    with store:
        rows = [
            ArchiveRow(found.id, found.name, found.paths, found.pictures, found.indexed_at, _gone(found.paths))
            for found in store.archives()
        ]
        rows.sort(key=lambda row: row.indexed_at, reverse=True)
        return StoreContents(tuple(rows), store.usage())


@dataclass(frozen=True)
class Switchable:
    """What the window can switch to."""

    indexed: tuple[ArchiveRow, ...]
    """The latest first."""
    recent: tuple[tuple[str, ...], ...]
    """Paths of archives that were open of late and are not indexed, as far as they are still there."""


def switchable(recent: Sequence[tuple[str, ...]], most: int) -> Job[Switchable]:
    """Of the indexed archives after the first ``most`` it is not looked whether their files are there."""
    from ras.opening import is_at

    yield from ()
    store = existing_store()
    stored: list[StoredArchive] = []
    if store is not None:
        with store:
            stored = list(store.archives())
    rows = []
    for place, found in enumerate(stored):
        gone = _gone(found.paths) if place < most else ()
        rows.append(ArchiveRow(found.id, found.name, found.paths, found.pictures, found.indexed_at, gone))

    def is_listed(paths: tuple[str, ...]) -> bool:
        inside = [found for found in stored if is_at(found, paths[0])] if len(paths) == 1 else []
        return len(inside) == 1 or any(set(found.paths) == set(paths) for found in stored)

    return Switchable(tuple(rows), tuple(paths for paths in recent if not is_listed(paths) and not _gone(paths)))


def indexed_files() -> frozenset[str]:
    """The export files of all indexed archives."""
    store = existing_store()
    if store is None:
        return frozenset()
    with store:
        return frozenset(path for found in store.archives() for path in found.paths)


def remove_archives(ids: Sequence[int]) -> Job[int]:
    """Remove archives from the store; how many bytes that freed. The exports themselves stay."""
    freed = 0
    with kept_store() as store:
        for archive_id in ids:
            freed += yield from store.remove(archive_id)
    return freed


def verify_store() -> Job[VerifyReport]:
    with kept_store() as store:
        return (yield from store.verify())


def compact_store() -> Job[CompactReport]:
    with kept_store() as store:
        return (yield from store.compact())


def list_failures(archive: Archive, encoder_id: str) -> Job[tuple[Skipped, ...]]:
    """The pictures of the archive that could not be indexed with the encoder when they were last tried."""
    from ras.failures import failures_of

    yield from ()
    with kept_store() as store:
        return failures_of(archive, store, encoder_id)


def count_indexed(archive: Archive, encoder_id: str, features_id: str = "") -> IndexState | None:
    """How much of the archive has embeddings of the encoder, previews, and details of ``features_id`` unless empty.

    None where the store cannot be used.
    """
    from ras.gui.bench import IndexState

    records = archive.records
    try:
        with kept_store() as store:
            there = store.contents_of(records, encoder_id) >= 0
            missing = [record.key for record, found in zip(records, there) if not found]
            failures = store.failures(missing)
            lacking = store.lacking_previews(records, encoder_id)
            if features_id:
                lacking |= store.lacking_features(records, encoder_id, features_id)
            unfinished = int(lacking.sum())
    except StoreError:  # who builds the engine hears of it, and the modes say it
        return None
    failed = sum(key in failures for key in missing)
    return IndexState(len(records), len(records) - len(missing), failed, unfinished)


def _gone(paths: Sequence[str]) -> tuple[str, ...]:
    from ras.trees import missing

    return tuple(missing(paths))
