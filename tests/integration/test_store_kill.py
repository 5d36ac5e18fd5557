"""A program that fills the store is killed: whatever was committed is there, nothing is damaged, and it goes on."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

import ras
from ras.records import finish
from ras.store import EmbeddingStore, filling, rewriting
from tests.store_samples import (
    ENCODER,
    FEATURES,
    archive_of,
    check,
    check_features,
    features_of,
    fill,
    missing,
    record_of,
)

ROOT = Path(ras.__file__).parent.parent
NUMBERS = range(1500)
OTHERS = range(5000, 5100)

PRELUDE = """
    import os, signal, sys
    from pathlib import Path
    from ras.records import finish
    from ras.store import EmbeddingStore, damage, filling, rewriting
    from tests.store_samples import *

    filling.SHARD_ROWS = rewriting.SHARD_ROWS = 40
    rewriting._SMALL = 20
    store = EmbeddingStore(Path(sys.argv[1]))

    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)
"""

# Adds what is missing, and says of each picture that it was committed. With a number of batches it goes on after them
# with another archive, again and again, and compacts: so that shards are rewritten and deleted too.
WORK = """
    numbers = range(1500)
    store.register(archive_of(numbers))
    todo = missing(store, numbers)
    most = int(sys.argv[2]) * 16 if len(sys.argv) > 2 else len(todo)
    for start in range(0, most, 16):
        batch = todo[start : start + 16]
        features = [described(number) for number in batch]
        store.add(ENCODER, DIMENSION, [entry_of(number) for number in batch], features=features)
        print(*batch, flush=True)
    while len(sys.argv) > 2:
        other = store.register(archive_of(range(5000, 5100), "/exports/other.json"))
        fill(store, range(5000, 5100))
        finish(store.remove(other))
        finish(store.compact())
        print(flush=True)
    store.close()
"""


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "SHARD_ROWS", 40)
    monkeypatch.setattr(rewriting, "SHARD_ROWS", 40)
    monkeypatch.setattr(rewriting, "_SMALL", 20)


def child(folder: Path, program: str, *arguments: str) -> subprocess.Popen[str]:
    code = textwrap.dedent(PRELUDE) + textwrap.dedent(program)
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder), *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def check_clean(store: EmbeddingStore) -> None:
    assert store.notices == []
    report = finish(store.verify())
    assert report.damaged == ()
    assert report.lost == 0
    assert not (store.folder / "damaged").exists()


def test_killed_at_any_moment_nothing_that_was_committed_is_lost(tmp_path: Path) -> None:
    generator = random.Random(20240301)
    folder = tmp_path / "store"
    committed: set[int] = set()
    for _ in range(15):
        process = child(folder, WORK, "5")
        assert process.stdout is not None
        said = []
        last = generator.randint(1, 7)
        for line in process.stdout:
            said.append(line)
            if len(said) == last:
                time.sleep(generator.random() * 0.1)
                process.send_signal(signal.SIGKILL)
        process.stdout.close()
        assert process.wait() == -signal.SIGKILL
        committed.update(int(number) for line in said if line.endswith("\n") for number in line.split())
        with EmbeddingStore(folder) as store:
            check_clean(store)
            check(store, sorted(committed))
            records = [record_of(number) for number in sorted(committed)]
            assert not store.lacking_features(records, ENCODER, FEATURES).any(), "they came in the same commit"
    assert 15 * 16 <= len(committed) < len(NUMBERS)
    process = child(folder, WORK)
    process.communicate()
    assert process.returncode == 0
    with EmbeddingStore(folder) as store:
        check_clean(store)
        check(store, NUMBERS)
        left = [archive for archive in store.archives() if archive.name == "other"]
        for archive in left:
            finish(store.remove(archive.id))
        finish(store.compact())
        assert missing(store, OTHERS) == list(OTHERS)
        check_features(store, NUMBERS)
        usage = store.usage()
        assert usage.feature_bytes == sum(len(features_of(number)) for number in NUMBERS)
        assert (usage.pictures, usage.contents, usage.embeddings) == (1500, 1500, {ENCODER: 1500})
        known = {file for (file,) in store._facts.connection.execute("SELECT file FROM shards")}
        assert {path.name for path in (folder / "shards").iterdir()} == known, "files were left over"
        assert store.load([store.archives()[0].id]) == archive_of(NUMBERS)


def die_at(folder: Path, place: str, work: str) -> None:
    process = child(folder, f"{place} = die\n{work}")
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL


def test_killed_between_the_shard_and_its_row(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with EmbeddingStore(folder) as store:
        store.register(archive_of(range(100)))
    die_at(folder, "filling.insert_shard", "fill(store, range(100))")
    (left,) = (folder / "shards").iterdir()
    with EmbeddingStore(folder) as store:
        check_clean(store)
        check(store, range(48))
        fill(store, range(48, 100))
        assert left.exists()
        finish(store.compact())
        check_clean(store)
        check(store, range(100))
        assert not left.exists()


@pytest.mark.parametrize(
    "place", ["rewriting.insert_shard", "Path.unlink", "rewriting.write_shard"], ids=["row", "deleting", "file"]
)
def test_killed_while_shards_are_rewritten(tmp_path: Path, place: str) -> None:
    folder = tmp_path / "store"
    with EmbeddingStore(folder) as store:
        store.register(archive_of(range(0, 200, 2)))
        fill(store, range(200))
    die_at(folder, place, "finish(store.compact())")
    with EmbeddingStore(folder) as store:
        check_clean(store)
        check(store, range(0, 200, 2))
        finish(store.compact())
        check_clean(store)
        check(store, range(0, 200, 2))
        assert store.usage().embeddings == {ENCODER: 100}
        known = {file for (file,) in store._facts.connection.execute("SELECT file FROM shards")}
        assert {path.name for path in (folder / "shards").iterdir()} == known


def test_killed_while_damage_is_set_aside(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with EmbeddingStore(folder) as store:
        store.register(archive_of(range(100)))
        fill(store, range(100))
        (file,) = store._facts.connection.execute("SELECT file FROM shards").fetchone()
    (folder / "shards" / file).write_bytes(b"x")
    set_aside = "lambda *args, real=damage.set_aside: (real(*args), die())"
    process = child(folder, f"damage.set_aside = {set_aside}\nfinish(store.verify())")
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL
    with EmbeddingStore(folder) as store:
        (sentence,) = finish(store.verify()).damaged
        assert "is missing" in sentence
        lost = missing(store, range(100))
        assert len(lost) == 48
        fill(store, lost)
        check(store, range(100))
    assert (folder / "damaged" / file).read_bytes() == b"x"
