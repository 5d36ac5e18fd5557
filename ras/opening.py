"""Opens what is to be searched: exports, stored archives, or both as one; the store stands in for what is gone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Hashable, Sequence

from ras.archive import read_archive
from ras.archive.merge import identity
from ras.errors import StoreError
from ras.kept_store import existing_store
from ras.records import DEFAULT_KINDS, Archive, Job, Notice, PictureKinds
from ras.text import clean, whole
from ras.trees import missing

if TYPE_CHECKING:
    from ras.records import ImageRecord
    from ras.store import EmbeddingStore, StoredArchive


def open_archive(paths: Sequence[str], ids: Sequence[int] = (), kinds: PictureKinds = DEFAULT_KINDS) -> Job[Archive]:
    """All that is to be searched, as one archive: the exports at ``paths`` and the stored archives ``ids``.

    Of the pictures that messages of the exports show without having posted them, those of ``kinds`` count. An export
    that does not exist any more is taken from the store, which a Notice says. Raises ArchiveError where nothing can be
    had, and StoreError where ``ids`` cannot be.
    """
    stood_in: set[str] = set()
    kept: list[Archive] = []
    gone = missing(paths)
    if ids or gone:
        try:
            store = existing_store()
        except StoreError as exc:
            if ids:
                raise
            store = None
            yield Notice(str(exc))  # what cannot be read is said next
        if store is not None:
            with store:
                chosen = dict.fromkeys(ids)
                found = _kept_of(gone, store)
                stood_in.update(found)
                if found:
                    yield Notice(_is_gone(found))
                for archives in found.values():
                    chosen.update((archive.id, None) for archive in archives)
                if chosen:
                    kept.append(store.load(list(chosen)))
    live = [path for path in paths if path not in stood_in]
    if live or not kept:
        kept.insert(0, (yield from read_archive(live, kinds)))
    return kept[0] if len(kept) == 1 else _joined(kept)


def is_at(archive: StoredArchive, path: str) -> bool:
    """Whether all of the archive's files are this file, or lie in this folder; neither need exist any more.

    No path is none, though the system would take it for the folder that is current.
    """
    return bool(path and archive.paths) and all(_is_within(each, path) for each in archive.paths)


def _kept_of(gone: Sequence[str], store: EmbeddingStore) -> dict[str, list[StoredArchive]]:
    """The stored archives that stand in for exports that are gone, by path; not those that nothing stands in for."""
    together = store.find(list(gone)) if len(gone) > 1 else None
    if together is not None:
        return {path: [together] for path in gone}
    archives = store.archives()
    found = {}
    for path in gone:
        # An archive of several files may be all that there is of this one.
        there = [archive for archive in archives if is_at(archive, path)] or [
            archive for archive in archives if any(_is_within(each, path) for each in archive.paths)
        ]
        if there:
            found[path] = there
    return found


def _is_within(file: str, path: str) -> bool:
    file, path = os.path.realpath(file), os.path.realpath(path)
    return file == path or file.startswith(path.rstrip(os.sep) + os.sep)


def _is_gone(found: dict[str, list[StoredArchive]]) -> str:
    name = f"“{clean(Path(next(iter(found))).name, longest=100)}”"
    latest = max(archive.indexed_at for archives in found.values() for archive in archives)
    when = latest.astimezone().strftime("%Y-%m-%d %H:%M")
    if len(found) == 1:
        return f"{name} is no longer there; what was indexed of it on {when} is searched."
    more = whole(len(found) - 1)
    return f"{name} and {more} more are no longer there; what was indexed of them until {when} is searched."


def _joined(archives: Sequence[Archive]) -> Archive:
    """Several archives as one; of a picture of a message that is in two, the record of the first."""
    records: dict[Hashable, ImageRecord] = {}
    for archive in archives:
        for record in archive.records:
            records.setdefault(identity(record), record)
    channels = {(channel.guild_id, channel.id): channel for archive in archives for channel in archive.channels}
    return Archive(
        paths=tuple(dict.fromkeys(path for archive in archives for path in archive.paths)),
        name=", ".join(dict.fromkeys(archive.name for archive in archives)),
        channels=tuple(channels.values()),
        message_count=sum(archive.message_count for archive in archives),
        records=tuple(records.values()),
        warnings=tuple(warning for archive in archives for warning in archive.warnings),
    )
