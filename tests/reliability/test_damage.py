"""Each file of the store harmed in each way: noticed, set aside, made anew, and nothing else is lost. A small choice.

All of them, many times: ``python -m benchmarks.reliability damage``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Iterator

import pytest

import ras
from ras.errors import SkipReason, StoreError
from ras.records import finish
from ras.store import EmbeddingStore, Failure, filling
from ras.store_files import is_there
from tests.reliability.damage_trials import Damage
from tests.reliability.harms import HARMS
from tests.reliability.own_files import OWN_FILES, try_own_file
from tests.store_samples import (
    ENCODER,
    FEATURES,
    archive_of,
    check,
    check_features,
    describe,
    fill,
    hash_of_content,
    missing,
    preview_of,
    record_of,
)

TRIALS = {
    "facts": (
        *("flip in the head", "flip in the middle", "flip anywhere", "flip in a small table", "overwrite a page"),
        *("empty", "cut in half", "delete", "swap", "hostile pickle", "make a folder", "link outside", "make a pipe"),
    ),
    "log": ("flip in the middle", "cut in half", "swap", "make a folder", "link outside", "make a pipe"),
    "shared memory": ("overwrite a page", "make a folder"),
    "shard": (
        "flip at the end",
        "cut by a byte",
        "swap",
        "hostile joblib",
        "hostile pickle of the same size",
        "delete",
    ),
    "index": ("flip in the head", "empty", "swap", "hostile pickle of the same size", "link outside", "make a pipe"),
    "segment": ("flip anywhere", "cut to a byte", "swap", "hostile pickle of the same size", "make a pipe"),
    "lock": ("hostile pickle", "make a folder", "link outside"),
}


@pytest.fixture(scope="module")
def damage(tmp_path_factory: pytest.TempPathFactory) -> Damage:
    return Damage(tmp_path_factory.mktemp("damage"))


@pytest.mark.parametrize(("kind", "harm"), [(kind, harm) for kind, harms in TRIALS.items() for harm in harms])
def test_harm_is_noticed_and_made_good(damage: Damage, kind: str, harm: str) -> None:
    damage.run(kind, harm, 1)


@pytest.mark.parametrize("name", OWN_FILES)
def test_the_small_files_of_the_data_folder_stop_nothing(name: str, tmp_path: Path) -> None:
    for harm in HARMS:
        if harm not in ("swap", "flip in a small table"):
            try_own_file(name, harm, 1, tmp_path / harm)


@pytest.mark.skipif(os.name == "nt", reason="there are no such permissions")
def test_files_that_may_not_be_read_are_a_sentence_and_come_back(damage: Damage) -> None:
    """By a user who is not root, whom nothing is denied."""
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        folder = Path(place) / "home" / "store"
        shutil.copytree(damage.made, folder)
        drop = "os.setgid(65534); os.setuid(65534)" if os.geteuid() == 0 else ""
        for path in [folder.parent, *folder.parent.rglob("*")]:
            if drop:
                os.chown(path, 65534, 65534)
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(UNREADABLE).format(drop=drop), str(folder)],
            cwd=Path(ras.__file__).parent.parent,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == "all tried"


UNREADABLE = """
    import os, sys
    sys.dont_write_bytecode = True
    from pathlib import Path
    # What is imported late: afterwards the interpreter's own files may be out of reach.
    import faiss, filelock, joblib
    from ras.errors import RASError
    from ras.records import finish
    from ras.store import EmbeddingStore
    from tests.reliability import whole_store
    from tests.reliability.damage_trials import KINDS
    folder, whole = Path(sys.argv[1]), whole_store.archive_of()
    def used():
        said = []
        try:
            with EmbeddingStore(folder) as store:
                return whole_store.rank(store, whole, said), said + store.notices
        except RASError as exc:
            return None, [str(exc)]
    with whole_store.small_files():
        right, said = used()
        assert right and not said, said
        {drop}
        assert used() == (right, [])
        for kind in ("facts", "shard", "index", "segment"):
            path = sorted(folder.glob(KINDS[kind]))[0]
            path.chmod(0)
            found, said = used()
            assert found == right or said, kind
            if path.exists():
                path.chmod(0o644)
            found, said = used()
            assert found == right, (kind, said)
    print("all tried")
"""


# One value of facts.sqlite, as a disk may give it out: SQLite itself sees nothing wrong in any of them.


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddingStore]:
    monkeypatch.setattr(filling, "SHARD_ROWS", 40)
    with EmbeddingStore(tmp_path / "store") as store:
        store.register(archive_of(range(100)))
        fill(store, range(100))
        describe(store, range(60))
        yield store


def harm(store: EmbeddingStore, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(store.folder / "facts.sqlite", isolation_level=None)) as facts:
        assert facts.execute(statement).rowcount == 1


FLIPPED = "CAST(substr({0}, 1, 4) || x'ff' || substr({0}, 6) AS BLOB)"


def test_embeddings_that_wait_for_a_shard(store: EmbeddingStore) -> None:
    harm(store, f"UPDATE fresh SET embeddings = {FLIPPED.format('embeddings')} WHERE id = (SELECT max(id) FROM fresh)")
    with EmbeddingStore(store.folder) as opened:
        with pytest.raises(StoreError, match=r"of the embeddings in .* are damaged: index the archive once more"):
            opened.view(ENCODER)
        lost = missing(opened, range(100))
        assert lost == [96, 97, 98, 99]
        check(opened, range(96))
        fill(opened, lost)
        check(opened, range(100))


@pytest.mark.parametrize("table", ["fresh", "shards"])
def test_the_list_of_contents_of(store: EmbeddingStore, table: str) -> None:
    harm(store, f"UPDATE {table} SET contents = {FLIPPED.format('contents')} WHERE id = (SELECT max(id) FROM {table})")
    with EmbeddingStore(store.folder) as opened:
        with pytest.raises(StoreError, match="once more"):
            opened.contents_of([record_of(1)], ENCODER)
        lost = missing(opened, range(100))
        assert 0 < len(lost) < 60
        check(opened, [number for number in range(100) if number not in lost])
        fill(opened, lost)
        check(opened, range(100))
        assert finish(opened.verify()).damaged == ()


def test_the_content_that_a_picture_has(store: EmbeddingStore) -> None:
    harm(store, "UPDATE pictures SET content = content + 1 WHERE id = 7")
    (told,) = finish(store.verify()).damaged
    assert "keeps of 1 picture is damaged: index the archive once more" in told
    lost = missing(store, range(100))
    assert len(lost) == 1
    fill(store, lost)
    check(store, range(100))
    assert finish(store.verify()).damaged == ()
    finish(store.compact())
    check(store, range(100))


def test_the_hash_of_a_content(store: EmbeddingStore) -> None:
    harm(store, "UPDATE contents SET hash = CAST(x'00' || substr(hash, 2) AS BLOB) WHERE id = 7")
    assert len(finish(store.verify()).damaged) == 1
    lost = missing(store, range(100))
    assert len(lost) == 1
    fill(store, lost)
    check(store, range(100))


def test_a_preview(store: EmbeddingStore) -> None:
    harm(store, f"UPDATE previews SET data = {FLIPPED.format('data')} WHERE content = 7")
    report = finish(store.verify())
    assert (report.lost, report.previews, len(report.damaged)) == (0, 1, 1)
    assert "are damaged, those of 1 picture: index the archive once more" in " ".join(report.damaged)
    assert sorted(store.previews([6, 7, 8])) == [6, 8]
    again = finish(store.verify())
    assert (again.lost, again.previews, len(again.damaged)) == (0, 1, 1)
    assert "are missing, those of 1 picture: index the archive once more" in " ".join(again.damaged)
    lacking = [number for number in range(100) if store.lacking_previews([record_of(number)], ENCODER)[0]]
    assert len(lacking) == 1
    store.add_previews({hash_of_content(lacking[0]): preview_of(lacking[0])})
    check(store, range(100))
    assert not store.lacking_previews(archive_of(range(100)).records, ENCODER, again=True).any()
    assert finish(store.verify()).damaged == ()


def test_features(store: EmbeddingStore) -> None:
    id = store.content_ids([hash_of_content(30)])[hash_of_content(30)]
    harm(store, f"UPDATE features SET data = {FLIPPED.format('data')} WHERE content = {id}")
    with pytest.raises(StoreError, match=r"Features .* are damaged"):
        store.features([id], FEATURES)
    check_features(store, [number for number in range(60) if number != 30])
    describe(store, [30])
    check_features(store, range(60))


@pytest.mark.parametrize("column", ["about", "digest"])
def test_what_is_kept_of_an_archive(store: EmbeddingStore, column: str) -> None:
    harm(store, f"UPDATE archives SET {column} = {FLIPPED.format(column)}")
    for look in (store.archives, lambda: store.find(["/exports/general.json"])):
        assert look()
    (archive,) = store.archives()
    with pytest.raises(StoreError, match="is damaged; index its export again"):
        store.load([archive.id])
    (told,) = finish(store.verify()).damaged
    assert "index its export again" in told
    store.register(archive_of(range(100)))
    assert finish(store.verify()).damaged == ()
    assert store.load([archive.id]) == archive_of(range(100))
    check(store, range(100))


def test_the_records_of_an_archive_come_back_with_its_export(store: EmbeddingStore) -> None:
    """Its digest says that nothing is new, and yet something must be written."""
    harm(store, f"UPDATE record_blocks SET data = {FLIPPED.format('data')} WHERE number = 0")
    (archive,) = store.archives()
    with pytest.raises(StoreError, match="is damaged; index its export again"):
        store.load([archive.id])
    store.register(archive_of(range(100)))
    assert store.load([archive.id]) == archive_of(range(100))


def test_which_pictures_an_archive_has(store: EmbeddingStore) -> None:
    harm(store, "DELETE FROM holdings WHERE picture = 7")
    assert finish(store.verify()).damaged == ()
    finish(store.compact())
    check(store, range(100))


def test_the_next_content_id_names_no_other_picture(store: EmbeddingStore) -> None:
    harm(store, "UPDATE counters SET value = 5 WHERE name = 'next_content'")
    finish(store.verify())
    store.register(archive_of(range(120)))
    fill(store, range(100, 120))
    check(store, range(120))


def test_the_dimension_of_an_encoder(store: EmbeddingStore) -> None:
    harm(store, "UPDATE encoders SET dimension = 17")
    assert finish(store.verify()).lost == 0
    with EmbeddingStore(store.folder) as opened:
        check(opened, range(100))


def test_why_a_picture_failed(store: EmbeddingStore) -> None:
    store.add(ENCODER, 16, [], [Failure("a:1", SkipReason.GONE, "why", 1.0, "")])
    harm(store, "UPDATE failures SET reason = 'gome'")
    with pytest.raises(StoreError, match="the next indexing tries again"):
        store.failures()
    assert store.failures() == {}


def test_a_list_that_only_sqlite_uses_is_made_anew(store: EmbeddingStore) -> None:
    connection = store._facts.connection
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("DELETE FROM sqlite_master WHERE name = 'features_of_maker'")
    connection.execute("PRAGMA writable_schema = RESET")
    with EmbeddingStore(store.folder) as opened:
        check(opened, range(100))


def test_a_store_without_its_facts_is_set_aside_whole(store: EmbeddingStore, tmp_path: Path) -> None:
    store.close()
    shards = sorted(path.name for path in (store.folder / "shards").iterdir())
    (store.folder / "facts.sqlite").unlink()
    with EmbeddingStore(store.folder) as opened:
        assert "facts.sqlite is gone" in opened.notices[0]
    (aside,) = tmp_path.glob("store.damaged-*")
    assert sorted(path.name for path in (aside / "shards").iterdir()) == shards


@pytest.mark.parametrize("loss", ["gone", "empty"])
@pytest.mark.parametrize("left", ["an index", "a segment", "a verification"])
def test_a_small_store_without_its_facts_is_set_aside_whole(tmp_path: Path, loss: str, left: str) -> None:
    """So small that it has no shards yet: what was made of it later tells that it was there."""
    folder = tmp_path / "store"
    with EmbeddingStore(folder) as store:
        store.register(archive_of(range(9)))
        fill(store, range(9))
        made = {"an index": store.indexes_folder / "1.faiss", "a segment": store.segments_folder / f"{'0' * 32}.words"}
        if left in made:
            made[left].write_bytes(b"x")
        else:
            finish(store.verify())
        assert not (folder / "shards").exists()
    for path in folder.glob("facts.sqlite*"):
        path.unlink()
    if loss == "empty":
        (folder / "facts.sqlite").touch()
    assert is_there(folder)
    with EmbeddingStore(folder) as opened:
        assert "facts.sqlite is gone" in opened.notices[0]
        assert opened.archives() == ()
    (aside,) = tmp_path.glob("store.damaged-*")
    assert f"set aside as {aside}" in opened.notices[0]
    with EmbeddingStore(folder) as opened:
        assert opened.notices == [], "the new one is sound"


def test_a_store_that_was_emptied_is_not_damaged(store: EmbeddingStore) -> None:
    finish(store.verify())
    finish(store.remove(store.archives()[0].id))
    finish(store.compact())
    store.close()
    with EmbeddingStore(store.folder) as opened:
        assert (opened.notices, opened.archives()) == ([], ())


def test_a_store_that_another_program_just_makes_is_not_damaged(tmp_path: Path) -> None:
    """It has facts.sqlite, which is empty at first, and folders."""
    folder = tmp_path / "store"
    for name in ("shards", "indexes", "features"):
        (folder / name).mkdir(parents=True)
    (folder / "index.lock").touch()
    (folder / "indexes" / "12345678.part").touch()
    assert not is_there(folder)
    (folder / "facts.sqlite").touch()
    with EmbeddingStore(folder) as opened:
        assert opened.notices == []
