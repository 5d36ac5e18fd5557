"""Keeping the FAISS index up with the store: built and grown by one at a time, in the background where it is long."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable, Iterator

import numpy as np
import pytest
from filelock import FileLock

import ras
from ras.errors import StoreError
from ras.records import Event, Notice, Progress, finish
from ras.store import EmbeddingStore, IndexFacts
from ras.strategies import index_upkeep
from ras.strategies.index_build import STAGE, Sizes
from ras.strategies.index_file import read_index
from ras.strategies.index_upkeep import IndexUpkeep
from tests.pictures import archive, record
from tests.stores import GivenEncoder, fill, unit

DIMENSION = 16
ENCODER = GivenEncoder(unit(np.random.default_rng(9), 1, DIMENSION))
SIZES = Sizes(flat=300, quantised=1000, fewest_beside=20)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddingStore]:
    with EmbeddingStore(tmp_path / "store") as opened:
        yield opened


def grow_to(store: EmbeddingStore, start: int, end: int) -> None:
    records = [record(number) for number in range(start, end)]
    fill(store, ENCODER, archive(records, f"{start}.json"), unit(np.random.default_rng(start), end - start, DIMENSION))


def facts_of(store: EmbeddingStore) -> IndexFacts:
    facts = store.index_facts(ENCODER.id)
    assert facts is not None
    return facts


def holds_the_store(store: EmbeddingStore) -> bool:
    """Whether the index has exactly the rows of the store, each under its content."""
    facts, view = facts_of(store), store.view(ENCODER.id)
    index = read_index(store.indexes_folder, facts, DIMENSION, mapped=False)
    if hasattr(index, "nlist"):
        index.make_direct_map()
    order, places = np.argsort(facts.contents), np.argsort(view.contents)
    rows = index.reconstruct_n(0, index.ntotal)
    return (
        facts.contents[order].tolist() == view.contents[places].tolist()
        and (rows[order] == view.take(places).astype(np.float32)).all()
        and [path.name for path in store.indexes_folder.iterdir()] == [facts.file]
    )


def test_it_is_built_grown_and_built_anew_as_the_store_grows(store: EmbeddingStore, caplog: Any) -> None:
    caplog.set_level("INFO", index_upkeep.__name__)
    upkeep = IndexUpkeep(ENCODER.id, SIZES)
    finish(upkeep.bring_up(store))
    assert store.index_facts(ENCODER.id) is None  # of nothing there is no index
    for start, end, kind, how in (
        (0, 100, "Flat", "build"),
        (100, 130, "Flat", "grow"),
        (130, 140, "Flat", None),
        (140, 400, "SQfp16", "build"),
        (400, 500, "SQfp16", "grow"),
        (500, 1200, "IVF64,SQfp16", "build"),
        (1200, 1500, "IVF64,SQfp16", "grow"),
    ):
        grow_to(store, start, end)
        caplog.clear()
        version, before = upkeep.version, store.index_facts(ENCODER.id)
        finish(upkeep.bring_up(store))
        assert [entry.getMessage().rpartition("(")[2] for entry in caplog.records] == ([f"{how})"] if how else [])
        facts = facts_of(store)
        if how is None:
            assert facts is before
            continue
        assert upkeep.version > version
        assert (facts.kind, facts.rows, facts.generation) == (kind, end, store.generation(ENCODER.id))
        assert holds_the_store(store)
        if how == "grow":
            assert before is not None
            assert facts.contents[: before.rows].tolist() == before.contents.tolist()
            assert facts.nprobe == before.nprobe


def test_dead_rows_are_got_rid_of(store: EmbeddingStore) -> None:
    upkeep = IndexUpkeep(ENCODER.id, SIZES)
    grow_to(store, 0, 100)
    grow_to(store, 100, 150)
    finish(upkeep.bring_up(store))
    before = facts_of(store)
    finish(store.remove(store.archives()[0].id))
    finish(store.compact())
    finish(upkeep.bring_up(store))
    facts = facts_of(store)
    assert (before.rows, facts.rows) == (150, 100)
    assert holds_the_store(store)


def test_progress_goes_from_nothing_to_all(store: EmbeddingStore) -> None:
    grow_to(store, 0, 1200)
    events = list(IndexUpkeep(ENCODER.id, SIZES).bring_up(store))
    assert all(isinstance(event, Progress) and event.stage == STAGE and event.total == 1200 for event in events)
    assert [events[0].done, events[-1].done] == [0, 1200]  # type: ignore[union-attr]


def test_a_damaged_index_does_not_grow_but_is_built_anew(store: EmbeddingStore) -> None:
    upkeep = IndexUpkeep(ENCODER.id, SIZES)
    grow_to(store, 0, 100)
    finish(upkeep.bring_up(store))
    path = store.indexes_folder / facts_of(store).file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    grow_to(store, 100, 200)
    notices = [event.text for event in upkeep.bring_up(store) if isinstance(event, Notice)]
    assert len(notices) == 1
    assert "it is not what was written" in notices[0]
    assert [path.read_bytes() for path in (store.folder / "damaged").iterdir()] == [bytes(data)]
    assert holds_the_store(store)


def test_closing_the_job_leaves_the_old_index(store: EmbeddingStore) -> None:
    upkeep = IndexUpkeep(ENCODER.id, SIZES)
    grow_to(store, 0, 100)
    finish(upkeep.bring_up(store))
    before = facts_of(store)
    grow_to(store, 100, 200)
    job = upkeep.bring_up(store)
    next(job)
    job.close()
    assert facts_of(store) == before
    assert [path.name for path in store.indexes_folder.iterdir()] == [before.file]
    finish(upkeep.bring_up(store))  # nothing is left locked
    assert holds_the_store(store)


def killed_in(store: EmbeddingStore, where: str) -> None:
    """A program of its own is killed while it makes the index."""
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from ras.strategies import index_file, index_upkeep; from ras.store import EmbeddingStore\n"
        "from ras.strategies.index_build import Sizes; from ras.records import finish\n"
        "def killed(*_): os.kill(os.getpid(), signal.SIGKILL)\n"
        f"{where} = killed\n"
        "with EmbeddingStore(Path(sys.argv[1])) as store:\n"
        "    finish(index_upkeep.IndexUpkeep('given-1', Sizes(flat=300, fewest_beside=20)).bring_up(store))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(store.folder)], check=False, cwd=Path(ras.__file__).parent.parent
    )
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("where", ["index_file.os.replace", "index_file.os.fsync", "EmbeddingStore.set_index"])
def test_killed_at_any_moment_the_old_index_is_as_good_as_before(store: EmbeddingStore, where: str) -> None:
    upkeep = IndexUpkeep(ENCODER.id, SIZES)
    grow_to(store, 0, 100)
    finish(upkeep.bring_up(store))
    before = facts_of(store)
    grow_to(store, 100, 200)
    killed_in(store, where)
    assert facts_of(store) == before
    assert read_index(store.indexes_folder, before, DIMENSION, mapped=True).ntotal == 100
    finish(upkeep.bring_up(store))
    assert facts_of(store).rows == 200
    assert list(store.indexes_folder.glob("*.part")) == []
    for path in store.indexes_folder.iterdir():
        if path.name != facts_of(store).file:
            os.utime(path, (1, 1))
    finish(store.compact())  # deletes what had its name already, and is nobody's, when it is old enough
    assert holds_the_store(store)


def test_a_failing_store_leaves_no_file(store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    upkeep = IndexUpkeep(ENCODER.id, SIZES)
    grow_to(store, 0, 100)

    def full(*_: object) -> None:
        raise StoreError("The disk is full; make room.")

    with monkeypatch.context() as patched:
        patched.setattr(EmbeddingStore, "set_index", full)
        with pytest.raises(StoreError, match="make room"):
            finish(upkeep.bring_up(store))
    assert list(store.indexes_folder.iterdir()) == []
    assert upkeep.trouble == "The disk is full; make room."
    assert not upkeep.may_try
    monkeypatch.setattr(index_upkeep, "PAUSE", 0.0)
    assert upkeep.may_try
    finish(upkeep.bring_up(store))
    assert upkeep.trouble is None
    assert holds_the_store(store)


def test_a_store_that_cannot_be_written_is_left_alone(store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    grow_to(store, 0, 100)
    monkeypatch.setattr(EmbeddingStore, "read_only", property(lambda _: True))
    assert list(IndexUpkeep(ENCODER.id, SIZES).bring_up(store)) == []
    assert not (store.folder / "index.lock").exists()


def test_one_at_a_time(store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes second waits, and then finds it done."""
    grow_to(store, 0, 100)
    made: list[str] = []
    write = index_upkeep.write_index

    def counted(*arguments: Any) -> Any:
        made.append(threading.current_thread().name)
        return write(*arguments)

    monkeypatch.setattr(index_upkeep, "write_index", counted)
    first, second = IndexUpkeep(ENCODER.id, SIZES), IndexUpkeep(ENCODER.id, SIZES)
    job = first.bring_up(store)
    next(job)  # at work, and holding the lock
    with EmbeddingStore(store.folder) as other:
        waiting = second.bring_up(other)
        assert [next(waiting) for _ in range(3)] == [Progress(STAGE, 0)] * 3
        list(job)
        assert list(waiting) == []
    assert len(made) == 1
    assert holds_the_store(store)


def test_patience_ends(store: EmbeddingStore) -> None:
    grow_to(store, 0, 100)
    with FileLock(str(store.folder / "index.lock")):
        finish(IndexUpkeep(ENCODER.id, SIZES).bring_up(store, patience=0.2))
    assert store.index_facts(ENCODER.id) is None


def test_a_folder_that_knows_no_locks(store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    grow_to(store, 0, 100)

    def none(*_: object, **__: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(FileLock, "acquire", none)
    with pytest.raises(StoreError, match=r"cannot be locked there .*No locks available"):
        finish(IndexUpkeep(ENCODER.id, SIZES).bring_up(store))


def test_it_starts_again_when_the_store_is_tidied_up_meanwhile(store: EmbeddingStore) -> None:
    grow_to(store, 0, 5000)
    grow_to(store, 5000, 10_000)
    job = IndexUpkeep(ENCODER.id, Sizes()).bring_up(store)
    next(job)
    with EmbeddingStore(store.folder) as other:
        finish(other.remove(other.archives()[-1].id))
        finish(other.compact())
    events: list[Event] = list(job)
    assert not [event for event in events if isinstance(event, Notice)]
    assert facts_of(store).rows == 5000
    assert holds_the_store(store)


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextlib.contextmanager
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Writing an index waits for the event."""
    go_on = threading.Event()
    write = index_upkeep.write_index

    def waiting(*arguments: Any) -> Any:
        assert go_on.wait(60)
        return write(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(index_upkeep, "write_index", waiting)
        try:
            yield go_on
        finally:
            go_on.set()


def test_in_the_background(store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    grow_to(store, 0, 1200)
    upkeep = IndexUpkeep(ENCODER.id, SIZES)
    with held(monkeypatch) as go_on:
        upkeep.begin(store.folder)
        upkeep.begin(store.folder)
        assert [thread.name for thread in threading.enumerate()].count("index") == 1
        assert upkeep.is_building
        wait_for(lambda: "99 %" in upkeep.state() or "100 %" in upkeep.state())
        assert upkeep.state().startswith("its index is being built (")
        assert upkeep.state().endswith("); Cached answers meanwhile.")
        assert store.index_facts(ENCODER.id) is None
        version = upkeep.version
        go_on.set()
        wait_for(lambda: not upkeep.is_building)
    assert upkeep.version > version
    assert upkeep.trouble is None
    assert holds_the_store(store)
    upkeep.close()


def test_closing_ends_what_goes_on_in_the_background(store: EmbeddingStore) -> None:
    grow_to(store, 0, 1200)
    upkeep = IndexUpkeep(ENCODER.id, SIZES)
    with FileLock(str(store.folder / "index.lock")):  # so that it is not through at once
        upkeep.begin(store.folder)
        assert upkeep.is_building
        upkeep.close()
    assert not upkeep.is_building
    assert store.index_facts(ENCODER.id) is None
    upkeep.begin(store.folder)
    assert not upkeep.is_building


def test_a_failure_in_the_background_is_told(store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    grow_to(store, 0, 100)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    upkeep = IndexUpkeep(ENCODER.id, SIZES)
    upkeep.begin(store.folder)
    wait_for(lambda: not upkeep.is_building)
    assert upkeep.state().startswith("its index could not be built. The search index could not be written to ")
    assert not upkeep.may_try
