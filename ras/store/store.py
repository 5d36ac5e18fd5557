"""The embedding store: a folder with facts.sqlite, shards of embeddings, and the files of indexes made from them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Container, Mapping, NoReturn, Sequence

import numpy as np

from ras import untold
from ras.errors import SkipReason
from ras.records import Archive, ImageRecord, Job
from ras.store import (
    archives,
    care,
    damage,
    features,
    filling,
    index_files,
    lookup,
    previews,
    segments,
    verification,
    verified,
)
from ras.store.connection import DamagedFacts
from ras.store.features import Featured
from ras.store.present import Present
from ras.store.shards import Shard, ShardTrouble
from ras.store.values import (
    CompactReport,
    Entry,
    Failure,
    FeatureEntry,
    FeatureSegment,
    IndexFacts,
    StoredArchive,
    Usage,
    VerifyReport,
)
from ras.store.view import EmbeddingView


class EmbeddingStore:
    """What was indexed, on disk: archives with their records, embeddings, features, previews, and what failed.

    A *content* is one set of bytes (SHA-256); embeddings, features and previews belong to contents, and pictures (by
    ``ImageRecord.key``) have a content. Embeddings are float16 and belong to one encoder id each; features belong to
    one features id (``FeatureExtractor.id``) and to no encoder.

    A store belongs to the thread that made it. Any number of stores, of this and of other programs, may have the same
    folder open at the same time. Every method raises StoreError where the disk or the folder does not let it work.
    """

    def __init__(self, folder: Path) -> None:
        """Open the store in ``folder``, or make one. Raises StoreError.

        A folder that cannot be written is opened ``read_only``. One whose facts are damaged is set aside under another
        name and begun anew; ``notices`` says so, and ``ras.untold``.
        """
        self.folder = Path(os.path.abspath(folder))
        self.notices: list[str] = []
        """Sentences for the user on what was found when it was opened."""
        try:
            self._facts = damage.open_facts(self.folder, self.notices)
        except DamagedFacts:
            self._facts = damage.begin_anew(self.folder, self.notices)
        for sentence in self.notices:
            untold.leave(sentence)
        self._skipped: set[int] = set()
        self._present: dict[str, Present] = {}
        self._featured: dict[str, Featured] = {}
        self._indexes: dict[str, tuple[int, IndexFacts]] = {}
        self._segments: dict[str, dict[int, FeatureSegment]] = {}

    @property
    def read_only(self) -> bool:
        return self._facts.read_only

    @property
    def indexes_folder(self) -> Path:
        """Where FAISS index files lie; made where it can be."""
        return self._made("indexes")

    @property
    def segments_folder(self) -> Path:
        """Where the files of indexes over features lie; made where it can be."""
        return self._made(segments.FOLDER)

    def close(self) -> None:
        self._facts.close()

    def __enter__(self) -> EmbeddingStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Archives

    def register(self, archive: Archive) -> int:
        """Keep the archive's records, instead of those of the archive from the same export files; return its id.

        What is indexed of its pictures stays: they are known by their keys, whatever their URLs are now.
        """
        return archives.register(self._facts, archive)

    def archives(self) -> tuple[StoredArchive, ...]:
        """All archives, the one that was registered last first."""
        with self._facts.reading() as connection:
            return tuple(archives.stored(connection))

    def find(self, paths: Sequence[str]) -> StoredArchive | None:
        """The archive that was registered from these export files."""
        with self._facts.reading() as connection:
            found = archives.stored(connection, "WHERE identity = ?", (archives.identity_of(paths),))
        return found[0] if found else None

    def load(self, ids: Sequence[int]) -> Archive:
        """The archive as it was registered, whether or not its files still exist; several as one.

        Then each picture of a message is there once, as it was registered last.
        """
        return archives.load(self._facts, ids)

    def remove(self, archive_id: int) -> Job[int]:
        """Forget the archive and everything that only it used; return how many bytes that freed."""
        return (yield from care.remove(self._facts, archive_id))

    # Filling

    def embedded_hashes(self, encoder_id: str) -> Container[str]:
        """The content hashes (hexadecimal) that have an embedding of the encoder now; any thread may ask it."""
        with self._facts.reading() as connection:
            present = self._refreshed(encoder_id)
            return lookup.hashes(connection, present.has)

    def featured_hashes(self, features_id: str) -> Container[str]:
        """The content hashes (hexadecimal) that have features by this id now; any thread may ask it."""
        with self._facts.reading() as connection:
            return lookup.hashes(connection, self._described(features_id).has)

    def add(
        self,
        encoder_id: str,
        dimension: int,
        entries: Sequence[Entry],
        failures: Sequence[Failure] = (),
        features: Sequence[FeatureEntry] = (),
    ) -> None:
        """Keep what was indexed and what failed, all or nothing; a success deletes the picture's failure.

        Features replace those that their content had; of contents that are neither in the store nor among the entries
        they are dropped. When this returns it survives the end of the program, and after a few seconds
        (``SYNC_SECONDS``) a power cut.
        """
        if not entries and not failures and not features:
            return
        filling.add(self._facts, self._of(encoder_id), dimension, entries, failures, features)
        filling.seal(self._facts, encoder_id, self.folder / "shards")

    def failures(self, keys: Sequence[str] | None = None) -> dict[str, Failure]:
        """Key → why the picture could not be indexed, of these pictures or of all."""
        with self._facts.reading() as connection:
            return filling.failures(connection, keys)

    def failures_by_reason(self) -> dict[SkipReason, int]:
        """How many pictures could not be indexed for which reason, the most frequent first."""
        with self._facts.reading() as connection:
            return filling.failures_by_reason(connection)

    def forget_failures(self) -> int:
        """Have the next indexing try every picture again that could not be indexed; how many there are."""
        return filling.forget_failures(self._facts)

    # Searching

    def generation(self, encoder_id: str) -> int:
        """A number that grows with every change to what ``contents_of`` and ``view`` say, whoever makes it.

        0 where there was never an embedding of the encoder.
        """
        with self._facts.translated():
            known = self._facts.connection.execute(
                "SELECT generation FROM encoders WHERE name = ?", (encoder_id,)
            ).fetchone()
        return int(known[0]) + len(self._skipped) if known else 0

    def contents_of(self, records: Sequence[ImageRecord], encoder_id: str) -> np.ndarray:
        """int64 (n,): the content id of each record, -1 where it has no embedding of the encoder."""
        with self._facts.reading() as connection:
            present = self._refreshed(encoder_id)
            contents = lookup.contents_of(connection, [record.key for record in records])
        contents[~present.has(contents)] = -1
        return contents

    def view(self, encoder_id: str) -> EmbeddingView:
        """The encoder's embeddings as they are now. It has no rows where there are none."""
        with self._facts.reading() as connection:
            present = self._refreshed(encoder_id)
            _, contents, rows = filling.read_bundles(connection, present.row, present.dimension)
        return EmbeddingView(
            encoder_id,
            present.dimension,
            present.generation + (len(self._skipped) if present.row else 0),
            self.folder / "shards",
            tuple(present.shards.values()),
            (contents, rows),
            self._give_up,
        )

    def previews(self, content_ids: Sequence[int]) -> dict[int, bytes]:
        """Content id → its preview, of those that have one. What is damaged is deleted: indexing makes it anew."""
        with self._facts.reading() as connection:
            found, damaged = previews.read(connection, content_ids)
        if damaged:
            previews.take_out(self._facts, damaged)
        return found

    def lacking_previews(self, records: Sequence[ImageRecord], encoder_id: str, again: bool = False) -> np.ndarray:
        """bool (n,): which records have an embedding of the encoder, and a content whose preview was damaged.

        With ``again``, also those that ``add_previews`` was told of that there is none to be had.
        """
        with self._facts.reading() as connection:
            if not previews.are_lost(connection):
                return np.zeros(len(records), bool)
            present = self._refreshed(encoder_id)
            contents = lookup.contents_of(connection, [record.key for record in records])
            lacking: np.ndarray = present.has(contents) & previews.lacking(connection, contents, again)
        return lacking

    def add_previews(self, made: Mapping[str, bytes]) -> None:
        """Keep previews, by content hash (hexadecimal), of contents that lack theirs; all or nothing.

        An empty one says that it could not be made: nobody is told any more that it is to come.
        """
        if made:
            previews.add(self._facts, made)

    def content_ids(self, content_hashes: Sequence[str]) -> dict[str, int]:
        """Content hash (hexadecimal) → content id, of those that the store knows."""
        with self._facts.reading() as connection:
            return lookup.content_ids(connection, content_hashes)

    def content_hashes(self, content_ids: Sequence[int]) -> dict[int, str]:
        """Content id → content hash (hexadecimal), of those that the store knows. Reads through all that it knows."""
        with self._facts.reading() as connection:
            return lookup.content_hashes(connection, content_ids)

    # Features

    def features_generation(self, features_id: str) -> int:
        """A number that grows with every change to which contents have features by this id, whoever makes it.

        0 where there were never any.
        """
        with self._facts.translated():
            return features.generation(self._facts.connection, features_id)

    def featured_contents(self, features_id: str) -> np.ndarray:
        """int64, ascending, not to be written: the ids of the contents that have features by this id."""
        with self._facts.reading():
            return self._described(features_id).contents

    def lacking_features(self, records: Sequence[ImageRecord], encoder_id: str, features_id: str) -> np.ndarray:
        """bool (n,): which records have an embedding of the encoder, and a content without features by this id."""
        with self._facts.reading() as connection:
            present, featured = self._refreshed(encoder_id), self._described(features_id)
            contents = lookup.contents_of(connection, [record.key for record in records])
        lacking: np.ndarray = present.has(contents) & ~featured.has(contents)
        return lacking

    def features(self, content_ids: Sequence[int], features_id: str) -> dict[int, bytes]:
        """Content id → its features, of those that have some by this id."""
        with self._facts.reading() as connection:
            return features.read(connection, content_ids, features_id)

    def segments(self, features_id: str) -> tuple[FeatureSegment, ...]:
        """What was kept by ``add_segment``, oldest first."""
        with self._facts.reading() as connection:
            return segments.of(connection, features_id, self._segments)

    def add_segment(self, features_id: str, segment: FeatureSegment) -> bool:
        """Keep the facts of a new file in ``segments_folder``, which must be safely on the disk. → whether it is kept.

        It is not where another segment has one of its contents, such as one that another program made at the same time:
        then the caller deletes its file. Raises StoreError where the store has no features by this id.
        """
        return segments.add(self._facts, features_id, segment, self._segments)

    def drop_segment(self, segment: FeatureSegment, why: str) -> str:
        """Set the segment's file aside and forget it; of a store that is read-only, nothing changes.

        ``why`` stands behind the file's name: ``is damaged``. Returns a sentence for the user.
        """
        return segments.drop(self._facts, segment, why) or segments.sentence(segment, why)

    # FAISS index files

    def index_facts(self, encoder_id: str) -> IndexFacts | None:
        """What was kept by ``set_index``."""
        with self._facts.reading() as connection:
            return index_files.facts_of(connection, encoder_id, self._indexes)

    def set_index(self, encoder_id: str, facts: IndexFacts | None) -> None:
        """Keep the facts of an index file that lies in ``indexes_folder``, instead of the one before, which is deleted.

        None forgets and deletes it. Raises StoreError where the store has no embeddings of the encoder.
        """
        index_files.replace(self._facts, encoder_id, facts)

    # Care

    def usage(self) -> Usage:
        """What is in the store and how much disk it takes."""
        return lookup.usage(self._facts)

    def verify(self) -> Job[VerifyReport]:
        """Read everything through; set aside what is damaged. Its pictures are encoded by the next indexing."""
        report = yield from verification.verify(self._facts)
        if not self.read_only:
            verified.keep(self.folder, report)
        return report

    def compact(self) -> Job[CompactReport]:
        """Give back the space of what no archive uses any more and of files that were left over."""
        return (yield from care.compact(self._facts))

    def _of(self, encoder_id: str) -> Present:
        return self._present.setdefault(encoder_id, Present(encoder_id, self._skipped))

    def _made(self, name: str) -> Path:
        folder = self.folder / name
        if not self.read_only:
            with self._facts.translated():
                folder.mkdir(exist_ok=True)
        return folder

    def _described(self, features_id: str) -> Featured:
        featured = self._featured.setdefault(features_id, Featured(features_id))
        featured.refresh(self._facts.connection)
        return featured

    def _refreshed(self, encoder_id: str) -> Present:
        present = self._of(encoder_id)
        present.refresh(self._facts.connection)
        return present

    def _give_up(self, shard: Shard, trouble: ShardTrouble | OSError) -> NoReturn:
        """Set a shard that a view could not open aside, and raise StaleView."""
        sentence = damage.drop_shard(self._facts, shard, trouble)
        if sentence is not None and self.read_only:
            self._skipped.add(shard.id)
            for present in self._present.values():
                present.forget()
        damage.raise_stale(sentence, self.folder)
