"""Programs that read, write, delete, tidy up, verify, index and search one store at the same time, for a while.

    python -m tests.reliability.shared_store FOLDER NAME SEED [STEPS]

Each begins when a line comes, ends after so many steps or when its input ends, and says as JSON what it did. Any error
is its end.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Callable, Counter, Iterator, Sequence

import numpy as np

import ras
from ras.errors import SkipReason, StaleView
from ras.filters import EVERYTHING
from ras.records import Archive, Notice
from ras.records import finish as finished
from ras.store import EmbeddingStore, Failure, filling, rewriting
from ras.strategies.cached import CachedSearchStrategy
from ras.strategies.faiss_index import FAISSSearchStrategy
from tests.store_samples import (
    DIMENSION,
    ENCODER,
    archive_of,
    check,
    check_features,
    described,
    embedding_of,
    entry_of,
    features_of,
    key_of,
    missing,
    record_of,
    rows_by_content,
)
from tests.stores import GivenEncoder, query

LASTING = range(240)
"""Pictures that every program may index, again and again, and none removes."""
PASSING = {"one": range(200, 300), "two": range(270, 370), "three": range(340, 440)}
"""Name of a program → the pictures of an archive that comes and goes; some of them are others', too."""
TOP = 10


class Given(GivenEncoder):
    id = ENCODER


def encoder_of() -> GivenEncoder:
    return Given(*(embedding_of(number) for number in range(0, 200, 40)))


@contextlib.contextmanager
def small_shards() -> Iterator[None]:
    before = filling.SHARD_ROWS, rewriting.SHARD_ROWS, rewriting._SMALL
    filling.SHARD_ROWS = rewriting.SHARD_ROWS = 40
    rewriting._SMALL = 20
    try:
        yield
    finally:
        filling.SHARD_ROWS, rewriting.SHARD_ROWS, rewriting._SMALL = before


class Program:
    """What one program does, by chance; it sees what the others do between any two of its steps."""

    def __init__(self, folder: Path, name: str, seed: int) -> None:
        self._folder, self._name = folder, name
        self._chance = Random(f"{name}/{seed}")
        self._store = EmbeddingStore(folder)
        self._encoder = encoder_of()
        self._modes = [
            CachedSearchStrategy(self._encoder, self._store),
            FAISSSearchStrategy(self._encoder, self._store),
        ]
        self._own = archive_of(LASTING, f"/exports/{name}.json")
        self._committed: set[int] = set()
        self.done: Counter[str] = Counter()
        self._steps: dict[str, tuple[int, Callable[[], object]]] = {
            "wrote": (30, self._write),
            "searched": (20, self._search),
            "read": (12, self._read),
            "registered": (6, lambda: self._store.register(self._own)),
            "failed": (6, self._fail),
            "removed": (5, self._come_and_go),
            "compacted": (7, lambda: finished(self._store.compact())),
            "verified": (3, self._verify),
            "indexed": (7, lambda: finished(self._modes[1].prepare(self._store))),
            "opened": (3, self._open_anew),
        }
        self._store.register(self._own)

    def step(self) -> None:
        names = list(self._steps)
        name = self._chance.choices(names, [self._steps[one][0] for one in names])[0]
        self._steps[name][1]()
        self.done[name] += 1

    def close(self) -> None:
        for mode in self._modes:
            mode.close()
        self._store.close()

    def _write(self) -> None:
        numbers = self._chance.sample(LASTING, self._chance.randint(1, 12))
        entries = [entry_of(number) for number in numbers]
        self._store.add(ENCODER, DIMENSION, entries, features=[described(number) for number in numbers])
        self._committed.update(numbers)
        lost = missing(self._store, sorted(self._committed))
        assert not lost, f"{len(lost)} pictures that were committed are gone"

    def _search(self) -> None:
        mode = self._chance.choice(self._modes)
        if mode.unavailable(self._own) is not None:
            assert not self._committed, mode.unavailable(self._own)
            return
        said: list[str] = []
        job = mode.search([query(self._chance.randrange(5))], self._own, TOP, EVERYTHING)
        while True:
            try:
                event = next(job)
            except StopIteration as stop:
                (report,) = stop.value
                break
            if isinstance(event, Notice):
                said.append(event.text)
        assert not said, said
        scores = [result.score for result in report.results]
        assert scores == sorted(scores, reverse=True)
        assert report.searched >= len(self._committed)

    def _read(self) -> None:
        expected = {embedding_of(number).astype("f2").tobytes() for number in range(440)}
        try:
            assert set(rows_by_content(self._store).values()) <= expected, "a row is none that was written"
        except StaleView as exc:
            if exc.damaged:
                raise
        (archive,) = [one for one in self._store.archives() if one.name == self._name]
        assert self._store.load([archive.id]).records == self._own.records

    def _fail(self) -> None:
        number = 1000 + self._chance.randrange(50)
        self._store.add(ENCODER, DIMENSION, [], [Failure(key_of(number), SkipReason.GONE, "It is gone.", 1.0, "")])

    def _come_and_go(self) -> None:
        numbers = PASSING[self._name]
        id = self._store.register(archive_of(numbers, f"/exports/passing-{self._name}.json"))
        entries = [entry_of(number) for number in numbers]
        self._store.add(ENCODER, DIMENSION, entries, features=[described(number) for number in numbers])
        finished(self._store.remove(id))

    def _verify(self) -> None:
        report = finished(self._store.verify())
        assert not report.damaged, report.damaged

    def _open_anew(self) -> None:
        with EmbeddingStore(self._folder) as store:
            assert not store.notices, store.notices
            lost = missing(store, sorted(self._committed))
            assert not lost


def run_at_once(
    folder: Path, names: Sequence[str], seed: int, seconds: float = 0.0, steps: int = 0
) -> list[dict[str, int]]:
    """Let the programs work at once, so long or so many steps each; → how often each did what.

    Raises AssertionError with what one said that ended otherwise.
    """
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.shared_store", str(folder), name, str(seed), str(steps)],
            cwd=Path(ras.__file__).parent.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]
    ready = [child.stdout.readline() for child in children if child.stdout is not None]
    for child in children:
        if child.stdin is not None and all(ready):
            child.stdin.write("go\n")
            child.stdin.flush()
    until = time.monotonic() + seconds
    while seconds and time.monotonic() < until and all(child.poll() is None for child in children):
        time.sleep(0.5)
    with ThreadPoolExecutor(len(children)) as pool:
        # Where seconds count, the end of the input is what ends them; else they end by themselves.
        said = list(pool.map(lambda child: child.communicate() if seconds else _heard(child), children))
    for name, child, (_, errors) in zip(names, children, said):
        assert child.returncode == 0, f"{name}: {errors}"
    return [json.loads(out) for out, _ in said]


def _heard(child: subprocess.Popen[str]) -> tuple[str, str]:
    assert child.stdout is not None
    assert child.stderr is not None
    out, errors = child.stdout.read(), child.stderr.read()
    child.communicate()
    return out, errors


def check_end(folder: Path, names: Sequence[str]) -> None:
    """Finish what is missing, and see that the store has what it must, nothing else, and ranks rightly."""
    with small_shards(), EmbeddingStore(folder) as store:
        assert store.notices == []
        assert finished(store.verify()).damaged == ()
        there = set(LASTING) - set(missing(store, LASTING))
        check(store, sorted(there))
        late = [number for number in LASTING if number not in there]
        store.add(ENCODER, DIMENSION, [entry_of(n) for n in late], features=[described(n) for n in late])
        for archive in store.archives():
            if archive.name not in names:
                finished(store.remove(archive.id))
        finished(store.compact())
        check(store, LASTING)
        check_features(store, LASTING)
        usage = store.usage()
        assert usage.embeddings == {ENCODER: len(LASTING)}, usage
        assert usage.feature_bytes == sum(len(features_of(number)) for number in LASTING)
        known = {file for (file,) in store._facts.connection.execute("SELECT file FROM shards")}
        assert {path.name for path in (folder / "shards").iterdir()} == known
        assert not (folder / "damaged").exists(), "something was set aside"
        _check_rankings(store, archive_of(LASTING, f"/exports/{names[0]}.json"))


def _check_rankings(store: EmbeddingStore, whole: Archive) -> None:
    """Those of all modes are those that the embeddings themselves give."""
    encoder = encoder_of()
    rows = np.stack([embedding_of(number).astype(np.float16).astype(np.float32) for number in LASTING])
    for mode in (CachedSearchStrategy(encoder, store), FAISSSearchStrategy(encoder, store)):
        for number in range(5):
            (report,) = finished(mode.search([query(number)], whole, TOP, EVERYTHING))
            right = np.argsort(-(rows @ encoder.embeddings[number][0]), kind="stable")[:TOP]
            assert [result.record.key for result in report.results] == [record_of(int(one)).key for one in right]
        mode.close()


def main(arguments: Sequence[str]) -> None:
    folder, name, seed, steps = Path(arguments[0]), arguments[1], int(arguments[2]), int(arguments[3])
    ended = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        ended.set()

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    threading.Thread(target=wait, daemon=True).start()
    with small_shards():
        program = Program(folder, name, seed)
        while not ended.is_set() and (not steps or sum(program.done.values()) < steps):
            program.step()
        program.close()
    sys.stdout.write(json.dumps(program.done))


if __name__ == "__main__":
    main(sys.argv[1:])
