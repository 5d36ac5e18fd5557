"""Stores of every earlier version are brought up to date with all that they have; one of a newer RAS is left alone."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import ras
from ras.errors import SkipReason, StoreError
from ras.records import finish
from ras.store import EmbeddingStore, filling, schema
from tests.reliability.old_stores import VERSIONS, unpack
from tests.store_samples import FEATURES, archive_of, check, check_features, describe, fill, key_of

ROOT = Path(ras.__file__).parent.parent
FEATURED = {1: 0, 2: 60}
"""Version → how many of the contents have features."""


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "SHARD_ROWS", 40)


def version_of(folder: Path) -> int:
    with contextlib.closing(sqlite3.connect(folder / "facts.sqlite")) as facts:
        return schema.version_of(facts)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def check_all(store: EmbeddingStore, version: int) -> None:
    assert store.notices == []
    check(store, range(100))
    check_features(store, range(FEATURED.get(version, 60)))
    assert store.load([store.archives()[0].id]) == archive_of(range(100))
    (failure,) = store.failures().values()
    assert (failure.key, failure.reason, failure.detail, failure.at) == (key_of(200), SkipReason.GONE, "why", 1.0)
    assert finish(store.verify()).damaged == ()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_store_of_an_earlier_version_keeps_all_and_goes_on(version: int, tmp_path: Path) -> None:
    folder = unpack(version, tmp_path / "store")
    assert version_of(folder) == version
    shards = {name: data for name, data in files_of(folder).items() if name != "facts.sqlite"}
    for _ in range(2):
        with EmbeddingStore(folder) as store:
            check_all(store, version)
    assert version_of(folder) == len(schema.MIGRATIONS)
    assert shards.items() <= files_of(folder).items(), "no shard is made anew"
    with EmbeddingStore(folder) as store:
        store.register(archive_of(range(150)))
        fill(store, range(100, 150))
        describe(store, range(150))
        check(store, range(150))
        check_features(store, range(150))
        finish(store.compact())
        check(store, range(150))
        assert finish(store.verify()).damaged == ()
        assert store.features_generation(FEATURES) > 0


@pytest.mark.parametrize("version", VERSIONS)
def test_several_programs_bring_it_up_to_date_at_once(version: int, tmp_path: Path) -> None:
    folder = unpack(version, tmp_path / "store")
    program = """
        import sys
        from pathlib import Path
        from ras.store import EmbeddingStore
        from tests.store_samples import check
        sys.stdin.readline()
        with EmbeddingStore(Path(sys.argv[1])) as store:
            check(store, range(100))
    """
    children = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program), str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    said = [child.communicate("go\n")[1] for child in children]
    assert [child.returncode for child in children] == [0, 0, 0], said
    with EmbeddingStore(folder) as store:
        check_all(store, version)


@pytest.mark.parametrize("version", [*VERSIONS, len(schema.MIGRATIONS)])
def test_a_store_of_a_newer_ras_is_refused_and_left_as_it_is(version: int, tmp_path: Path) -> None:
    """Whatever its tables are: of each version that this RAS knows, and of one that it does not."""
    folder = unpack(min(version, VERSIONS[-1]), tmp_path / "store")
    with contextlib.closing(sqlite3.connect(folder / "facts.sqlite")) as facts:
        if version not in VERSIONS:
            facts.execute("DROP TABLE fresh")
            facts.execute("CREATE TABLE of_the_future (id INTEGER PRIMARY KEY)")
            facts.commit()
        facts.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + version}")
    before = files_of(folder)
    for _ in range(2):
        with pytest.raises(StoreError, match="was written by a newer RAS; update RAS, or move that folder away"):
            EmbeddingStore(folder)
    assert files_of(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["store"], "nothing is set aside or begun"


def test_one_of_each_version_is_kept() -> None:
    kept = {path.name for path in (Path(__file__).parent / "old_stores").glob("*.zip")}
    assert kept == {f"version{version}.zip" for version in VERSIONS}
