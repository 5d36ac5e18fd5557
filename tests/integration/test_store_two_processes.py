"""Several programs with one store: filling, reading, removing and compacting at once."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import ras
from ras.errors import StaleView
from ras.records import finish
from ras.store import EmbeddingStore, filling, rewriting
from tests.store_samples import (
    DIMENSION,
    ENCODER,
    FEATURES,
    archive_of,
    check,
    check_features,
    describe,
    entry_of,
    features_of,
    fill,
    missing,
    rows_by_content,
)

ROOT = Path(ras.__file__).parent.parent

PRELUDE = """
    import sys
    from pathlib import Path
    from ras.errors import StaleView
    from ras.records import finish
    from ras.store import EmbeddingStore, FeatureSegment, filling, rewriting
    from tests.store_samples import *

    filling.SHARD_ROWS = rewriting.SHARD_ROWS = 40
    rewriting._SMALL = 20
    folder = Path(sys.argv[1])
"""

FILL = """
    with EmbeddingStore(folder) as store:
        numbers = range({0}, {1})
        store.register(archive_of(numbers, "/exports/{0}.json"))
        known = store.embedded_hashes(ENCODER)
        for number in numbers:
            store.add(ENCODER, DIMENSION, [entry_of(number)], features=[described(number)])
        while True:
            try:
                check(store, numbers)
                break
            except StaleView as exc:  # another program compacts: what was opened is opened again, as searches do
                assert not exc.damaged, exc
"""

# Makes and removes an archive whose pictures are partly others' too, and compacts, again and again.
REMOVE = """
    with EmbeddingStore(folder) as store:
        for turn in range(8):
            archive = store.register(archive_of(range(250, 350), "/exports/passing.json"))
            fill(store, range(250, 350), batch=10)
            describe(store, range(250, 350))
            finish(store.remove(archive))
            finish(store.compact())
"""

# Reads everything, and checks that each row is the one of its content.
READ = """
    with EmbeddingStore(folder) as store:
        expected = {embedding_of(number).astype("f2").tobytes() for number in range(400)}
        whole = stale = 0
        while whole < 40:
            try:
                rows = rows_by_content(store)
            except StaleView as exc:
                assert not exc.damaged, exc
                stale += 1
                continue
            assert set(rows.values()) <= expected
            ids = store.contents_of([record_of(number) for number in range(400)], ENCODER)
            whole += 1
"""


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "SHARD_ROWS", 40)
    monkeypatch.setattr(rewriting, "SHARD_ROWS", 40)
    monkeypatch.setattr(rewriting, "_SMALL", 20)


def run_at_once(folder: Path, *programs: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(PRELUDE) + textwrap.dedent(program), str(folder)],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        for program in programs
    ]
    with ThreadPoolExecutor(len(processes)) as pool:
        said = list(pool.map(lambda process: process.communicate()[1], processes))
    assert [process.returncode for process in processes] == [0] * len(processes), "\n".join(said)


def test_programs_fill_read_remove_and_compact_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    # Fillers overlap with each other and with the archive that comes and goes; whoever is first makes the store.
    run_at_once(folder, FILL.format(0, 200), FILL.format(100, 300), REMOVE, READ)
    with EmbeddingStore(folder) as store:
        assert store.notices == []
        assert finish(store.verify()).damaged == ()
        check(store, range(300))
        assert missing(store, range(300, 350)) == list(range(300, 350))
        assert sorted(archive.name for archive in store.archives()) == ["0", "100"]
        finish(store.compact())
        check(store, range(300))
        usage = store.usage()
        assert (usage.pictures, usage.contents, usage.embeddings) == (300, 300, {ENCODER: 300})
        known = {file for (file,) in store._facts.connection.execute("SELECT file FROM shards")}
        assert {path.name for path in (folder / "shards").iterdir()} == known
        check_features(store, range(300))
        assert usage.feature_bytes == sum(len(features_of(number)) for number in range(300))


# Makes segments of what is in none yet, a few contents at a time, as a search does.
MAKE_SEGMENTS = """
    import hashlib, secrets
    import numpy as np
    with EmbeddingStore(folder) as store:
        while True:
            done = [segment.contents for segment in store.segments(FEATURES)]
            left = np.setdiff1d(store.featured_contents(FEATURES), np.concatenate([np.zeros(0, np.int64), *done]))
            if not len(left):
                break
            data = secrets.token_bytes(50)
            file = store.segments_folder / (secrets.token_hex(16) + ".words")
            file.write_bytes(data)
            facts = FeatureSegment(0, file.name, 1, len(data), hashlib.sha256(data).digest(), left[:3])
            if not store.add_segment(FEATURES, facts):
                file.unlink()
"""


def test_two_programs_that_index_features_have_each_in_one_segment(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with EmbeddingStore(folder) as store:
        store.register(archive_of(range(300)))
        fill(store, range(300))
        describe(store, range(300))
    run_at_once(folder, MAKE_SEGMENTS, MAKE_SEGMENTS, MAKE_SEGMENTS)
    with EmbeddingStore(folder) as store:
        segments = store.segments(FEATURES)
        contents = [content for segment in segments for content in segment.contents.tolist()]
        assert sorted(contents) == store.featured_contents(FEATURES).tolist()
        assert {path.name for path in store.segments_folder.iterdir()} == {segment.file for segment in segments}
        assert finish(store.verify()).damaged == ()


def test_programs_that_find_the_same_damage_begin_one_new_store(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with EmbeddingStore(folder) as store:
        fill(store, range(100))
    (folder / "facts.sqlite").write_bytes(b"damage" * 1000)
    # Slowly, so that all of them find the damage before the first one has set it aside.
    slow = """
    import time
    from ras.store import damage
    real = damage.set_folder_aside
    damage.set_folder_aside = lambda *args: (time.sleep(2), real(*args))[1]
    """
    run_at_once(folder, *(slow + FILL.format(100 * part, 100 * part + 50) for part in range(4)))
    kept = [path for path in tmp_path.iterdir() if ".damaged-" in path.name]
    assert len(kept) == 1
    with EmbeddingStore(folder) as store:
        for part in range(4):
            check(store, range(100 * part, 100 * part + 50))


def test_one_shard_is_sealed_by_one_of_two_stores(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with EmbeddingStore(folder) as one, EmbeddingStore(folder) as two:
        for number in range(200):
            (one if number % 2 else two).add(ENCODER, DIMENSION, [entry_of(number)])
        for store in (one, two):
            check(store, range(200))
            assert len(rows_by_content(store)) == 200


def test_a_search_goes_on_while_another_program_tidies_up(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with EmbeddingStore(folder) as store, EmbeddingStore(folder) as another:
        gone = another.register(archive_of(range(100), "/exports/gone.json"))
        another.register(archive_of(range(100, 200)))
        fill(another, range(200))
        blocks = store.view(ENCODER).blocks()
        next(blocks)
        finish(another.remove(gone))
        with pytest.raises(StaleView) as caught:
            list(blocks)
        assert not caught.value.damaged
        assert len(rows_by_content(store)) == 100
