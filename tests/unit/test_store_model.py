"""The store against a model of plain dictionaries: whatever is done in whatever order, both say the same."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from unittest import mock

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ras.errors import SkipReason
from ras.records import finish
from ras.store import EmbeddingStore, Entry, Failure, filling, rewriting
from tests.store_samples import (
    DIMENSION,
    archive_of,
    check_features,
    described,
    embedding_of,
    features_of,
    hash_of_content,
    key_of,
    preview_of,
    record_of,
    rows_by_content,
)

ENCODERS = ("clip:ViT-B/32", "fingerprint:1")
MAKERS = ("local-1", "local-2")
PICTURES = range(40)
RECORDS = [record_of(number) for number in PICTURES]

pictures = st.integers(0, PICTURES[-1])
contents = st.integers(0, 25)
encoders = st.sampled_from(ENCODERS)
paths = st.sampled_from(["/exports/one.json", "/exports/two.json", "/exports/three.json"])


class Model(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.patches = [
            mock.patch.object(filling, "SHARD_ROWS", 5),
            mock.patch.object(filling, "_LARGEST_BUNDLE", 3),
            mock.patch.object(rewriting, "SHARD_ROWS", 5),
            mock.patch.object(rewriting, "_SMALL", 3),
        ]
        for patch in self.patches:
            patch.start()
        self.place = Path(tempfile.mkdtemp())
        self.store = EmbeddingStore(self.place / "store")
        self.other = EmbeddingStore(self.place / "store")
        self.archives: dict[str, tuple[int, list[int]]] = {}
        self.content: dict[int, int] = {}  # picture → content
        self.embedded: dict[str, set[int]] = {name: set() for name in ENCODERS}
        self.maker: dict[int, str] = {}  # content → who made its features
        self.failed: dict[int, Failure] = {}
        nothing: tuple[list[int], set[int]] = ([-1] * len(PICTURES), set())
        self.generations = dict.fromkeys(ENCODERS, (0, nothing))
        self.features_generations: dict[str, tuple[int, set[int]]] = dict.fromkeys(MAKERS, (0, set()))

    def teardown(self) -> None:
        self.store.close()
        self.other.close()
        for patch in self.patches:
            patch.stop()
        shutil.rmtree(self.place)

    @rule(
        encoder=encoders,
        chosen=st.lists(st.tuples(pictures, contents), max_size=12),
        failing=st.lists(st.tuples(pictures, st.sampled_from(list(SkipReason))), max_size=3),
    )
    def add(self, encoder: str, chosen: list[tuple[int, int]], failing: list[tuple[int, SkipReason]]) -> None:
        entries = []
        for picture, content in chosen:
            known = content in self.embedded[encoder]
            row = None if known and picture % 2 else embedding_of(content, encoder)
            entries.append(Entry(key_of(picture), hash_of_content(content), row, preview_of(content)))
            self.content[picture] = content
            self.embedded[encoder].add(content)
            self.failed.pop(picture, None)
        failures = [Failure(key_of(picture), reason, "why", 1.0, "") for picture, reason in failing]
        self.failed.update({picture: failure for (picture, _), failure in zip(failing, failures)})
        self.store.add(encoder, DIMENSION, entries, failures)

    @rule(encoder=encoders, maker=st.sampled_from(MAKERS), chosen=st.lists(contents, max_size=8))
    def describe(self, encoder: str, maker: str, chosen: list[int]) -> None:
        known = self.store.content_ids([hash_of_content(content) for content in chosen])
        self.store.add(encoder, DIMENSION, [], features=[described(content, maker) for content in chosen])
        for content in chosen:
            # A content that no picture has any more stays until the next tidying up.
            if hash_of_content(content) in known:
                self.maker[content] = maker

    @rule(path=paths, numbers=st.lists(pictures, max_size=25))
    def register(self, path: str, numbers: list[int]) -> None:
        id = self.store.register(archive_of(numbers, path))
        assert path not in self.archives or self.archives[path][0] == id
        self.archives[path] = (id, numbers)

    @rule(path=paths)
    def remove(self, path: str) -> None:
        if path not in self.archives:
            return
        id, numbers = self.archives.pop(path)
        finish(self.store.remove(id))
        kept = {number for _, others in self.archives.values() for number in others}
        self._forget(set(numbers) - kept)

    @rule()
    def compact(self) -> None:
        finish(self.store.compact())
        held = {number for _, numbers in self.archives.values() for number in numbers}
        self._forget((self.content.keys() | self.failed.keys()) - held)
        for known in self.embedded.values():
            known &= set(self.content.values())
        self.maker = {content: maker for content, maker in self.maker.items() if content in self.content.values()}
        usage = self.store.usage()
        assert usage.feature_bytes == sum(len(features_of(*item)) for item in self.maker.items())
        assert usage.embeddings == {name: len(known) for name, known in self.embedded.items() if known}
        assert usage.contents == len(set(self.content.values()))
        assert usage.pictures == len(held)

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = EmbeddingStore(self.place / "store")
        assert not self.store.notices

    @rule()
    def go_on_with_the_other(self) -> None:
        self.store, self.other = self.other, self.store

    @rule()
    def verify(self) -> None:
        assert finish(self.store.verify()).damaged == ()

    def _forget(self, pictures: set[int]) -> None:
        """These pictures are gone, and the contents that only they had."""
        gone = {self.content.pop(picture) for picture in pictures if picture in self.content}
        for picture in pictures:
            self.failed.pop(picture, None)
        gone -= set(self.content.values())
        for known in self.embedded.values():
            known -= gone
        for content in gone:
            self.maker.pop(content, None)

    @invariant()
    def both_say_the_same(self) -> None:
        if not hasattr(self, "store"):
            return
        for store in (self.store, self.other):
            for encoder in ENCODERS:
                self._compare(store, encoder)
            for maker in MAKERS:
                self._compare_features(store, maker)
        assert self.store.failures() == {key_of(picture): failure for picture, failure in self.failed.items()}
        assert {archive.paths[0]: archive.id for archive in self.store.archives()} == {
            path: id for path, (id, _) in self.archives.items()
        }
        for path, (id, numbers) in self.archives.items():
            assert self.store.load([id]) == archive_of(numbers, path)

    def _compare(self, store: EmbeddingStore, encoder: str) -> None:
        known = self.embedded[encoder]
        ids = store.contents_of(RECORDS, encoder).tolist()
        rows = rows_by_content(store, encoder)
        previews = store.previews(ids)
        by_content: dict[int, int] = {}
        for picture, id in zip(PICTURES, ids):
            content = self.content.get(picture)
            assert (id >= 0) == (content in known), picture
            if content is not None and id >= 0:
                assert rows[id] == embedding_of(content, encoder).astype(np.float16).tobytes()
                assert previews[id] == preview_of(content)
                assert by_content.setdefault(content, id) == id
        assert len(set(by_content.values())) == len(by_content)
        hashes = store.embedded_hashes(encoder)
        assert {content for content in range(26) if hash_of_content(content) in hashes} == known
        generation, state = store.generation(encoder), (ids, set(rows))
        before, state_before = self.generations[encoder]
        assert generation > before or (generation == before and state == state_before)
        self.generations[encoder] = generation, state

    def _compare_features(self, store: EmbeddingStore, maker: str) -> None:
        known = {content for content, by in self.maker.items() if by == maker}
        check_features(store, sorted(known), maker)
        for encoder in ENCODERS:
            lacking = store.lacking_features(RECORDS, encoder, maker).tolist()
            for picture, lacks in zip(PICTURES, lacking):
                content = self.content.get(picture, -1)
                assert lacks == (content in self.embedded[encoder] and content not in known)
        generation, (before, state_before) = store.features_generation(maker), self.features_generations[maker]
        assert generation > before or (generation == before and known == state_before)
        self.features_generations[maker] = generation, known


TestModel = Model.TestCase
TestModel.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
