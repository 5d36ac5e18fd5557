"""One trial of damage: a file of a whole store is harmed; is it noticed, does the rest stay, is all well after that?"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import signal
import threading
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any, Iterator

from ras.errors import RASError
from ras.records import finish
from ras.store import EmbeddingStore
from tests.reliability import whole_store
from tests.reliability.harms import HARMS, Surroundings

LONGEST = 60
"""Seconds after which it counts as hanging: a trial takes one."""

REFUSED = ("was written by a newer RAS; update RAS", "is a database of another program. Move it away")
"""What is said of facts.sqlite where a flip makes it look like one that RAS must leave alone."""

KINDS = {
    "facts": "facts.sqlite",
    "log": "facts.sqlite-wal",
    "shared memory": "facts.sqlite-shm",
    "shard": "shards/*.joblib",
    "index": "indexes/*.faiss",
    "segment": "features/*.words",
    "lock": "index.lock",
}
"""Kind of file → where it lies in the store."""

HARMLESS = {"shared memory", "lock"}
"""Kinds whose contents say nothing that lasts."""


class Broken(Exception):
    """A promise was broken; the text says which."""


class Damage:
    """Trials on copies of two stores that are made once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._trials = 0
        self.whole = whole_store.archive_of()
        (folder / "made").mkdir()
        for name, first in (("store", 0), ("other", 1000)):
            whole_store.make(folder / "made" / name, first, folder / "made" / f"{name} unclosed")
        with whole_store.small_files(), EmbeddingStore(self._copied("looked at", True)) as store:
            self._rankings = whole_store.rank(store, self.whole, [])
            self._contents = whole_store.contents(store, self.whole)
            self._clean(store)

    @property
    def made(self) -> Path:
        """The store that is copied."""
        return self._folder / "made" / "store"

    def _copied(self, name: str, unclosed: bool = False) -> Path:
        target = self._folder / name / "store"
        shutil.copytree(self._folder / "made" / ("store unclosed" if unclosed else "store"), target)
        return target

    def run(self, kind: str, harm: str, seed: int) -> str:
        """Try it; → what was said of it, in one line. Raises Broken."""
        self._trials += 1
        place = self._folder / f"trial {self._trials}"
        (place / "outside").mkdir(parents=True)
        unclosed = kind in ("log", "shared memory")
        folder = self._copied(place.name, unclosed)
        chance = Random(f"{kind}/{harm}/{seed}")
        victims = sorted(folder.glob(KINDS[kind]))
        victim = victims[chance.randrange(len(victims))]
        other = self._folder / "made" / ("other unclosed" if unclosed else "other")
        around = Surroundings(place / "outside", sorted(other.glob(KINDS[kind]))[0])
        before = _hashes(folder, victim)
        with whole_store.small_files():
            HARMS[harm](victim, chance, around)
            with no_hang(), no_bug():
                said = self._notice(folder, kind, before)
                self._recover(folder, kind)
            around.check()
        shutil.rmtree(place)
        return " | ".join(said)

    def _notice(self, folder: Path, kind: str, before: Counter[str]) -> list[str]:
        """Use the store, then verify it, as people do; everything that is said is a sentence, and nothing is lost."""
        said: list[str] = []
        other = self._used(folder, said)
        if other and not said and kind not in ("facts", "log"):
            raise Broken(f"a search said nothing, and these were not what they were: {other}")
        # Opened once more: what was found in use is set aside at the next start.
        try:
            with EmbeddingStore(folder) as store:
                said += store.notices
                said += finish(store.verify()).damaged
        except RASError as exc:
            said.append(str(exc))
        if other and not said:
            raise Broken(f"neither use nor verify noticed that these are not what they were: {other}")
        for sentence in said:
            if not sentence.endswith((".", "?")) or "\n" in sentence or "Traceback" in sentence:
                raise Broken(f"this is no sentence: {sentence!r}")
        lost = before - _hashes(folder.parent)
        # The index is made anew where it was in doubt: nothing that is not also in the store is in it.
        if kind not in ("index",) and sum(lost.values()):
            raise Broken(f"{sum(lost.values())} other files are gone")
        return said

    def _used(self, folder: Path, said: list[str]) -> str:
        """Search and read all. → what was not as before the damage."""
        try:
            with EmbeddingStore(folder) as store:
                said += store.notices
                found = {"rankings": whole_store.rank(store, self.whole, said)}
                found.update(whole_store.contents(store, self.whole)._asdict())
        except RASError as exc:
            said.append(str(exc))
            return "all"
        right = {"rankings": self._rankings, **self._contents._asdict()}
        return ", ".join(name for name, value in right.items() if found[name] != value)

    def _recover(self, folder: Path, kind: str) -> None:
        """Start again, index, and search: as if nothing had been. The second start is for what the first one found."""
        said: list[str] = []
        for _ in range(3):
            try:
                with EmbeddingStore(folder) as store:
                    encoded = whole_store.index(store, self.whole, whole_store.kept())
                    if kind == "shard" and encoded > 2 * whole_store.SHARD_ROWS:
                        raise Broken(f"{encoded} pictures were lost, more than the file had")
                    if kind in ("index", "segment", *HARMLESS) and encoded:
                        raise Broken(f"{encoded} pictures had to be encoded, and no embedding was in the file")
                    ranked = whole_store.rank(store, self.whole, said)
                    now = whole_store.contents(store, self.whole)
                    if now != self._contents:
                        raise Broken("what the store gives out after it is not what it was")
                    if ranked != self._rankings:
                        raise Broken(f"the rankings after it are others; it said: {said}")
                    self._clean(store)
                    return
            except RASError as exc:
                said.append(str(exc))
        if not (kind == "facts" and any(text in said[-1] for text in REFUSED)):
            raise Broken(f"it never comes to work again: {said[-1]}")

    def _clean(self, store: EmbeddingStore) -> None:
        report = finish(store.verify())
        if report.damaged:
            raise Broken(f"after it, verify says: {report.damaged}")


def _hashes(folder: Path, but: Path | None = None) -> Counter[str]:
    """Of the shards and segments under it: what they hold, wherever they lie."""
    return Counter(
        hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.suffix in (".joblib", ".words", ".faiss") and path != but and path.is_file() and not path.is_symlink()
    )


@contextlib.contextmanager
def no_bug() -> Iterator[None]:
    try:
        yield
    except Broken:
        raise
    except Exception as exc:
        raise Broken(f"{type(exc).__name__}: {exc}") from exc


@contextlib.contextmanager
def no_hang() -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise Broken(f"it hangs for more than {LONGEST} s")

    assert threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, LONGEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
