"""The clock is set a year back or forth while RAS works: nothing is lost, nothing hangs, nothing goes for being old."""

from __future__ import annotations

import contextlib
import os
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Iterator

import numpy as np
import pytest
from filelock import FileLock

from ras import cdn
from ras.downloader.hosts import retry_after
from ras.encoders import weights
from ras.encoders.fingerprint import FingerprintEncoder
from ras.errors import SkipReason
from ras.filters import EVERYTHING
from ras.launch.lock import Lock
from ras.matching.local import LocalExtractor
from ras.records import finish
from ras.store import EmbeddingStore, Failure, filling, last_verify
from ras.strategies.cached import CachedSearchStrategy
from ras.strategies.faiss_index import FAISSSearchStrategy
from ras.strategies.stored import Coverage
from tests.drawn_archives import drawn, drawn_archive, file_of, index, query_of
from tests.store_samples import (
    DIMENSION,
    ENCODER,
    archive_of,
    check,
    check_features,
    describe,
    fill,
    key_of,
)
from tests.stores import GivenEncoder, query

YEAR = 366 * 86400.0
JUMPS = pytest.mark.parametrize("jump", [YEAR, -YEAR, 40 * YEAR], ids=["forth", "back", "far"])

# A clock for a whole process: what Python reads the time of day with. Files get their times from the kernel, whose
# clock stays: which is what a jump looks like to whoever compares the two.
_TIME, _DATETIME = time.time, datetime


class Clock:
    """The wall clock; only ``ras`` sees it jump, and time that is measured goes on."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        patch.setattr(time, "time", lambda: _TIME() + self.ahead)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock(monkeypatch)

    class Jumping(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return _DATETIME.fromtimestamp(time.time(), tz)  # type: ignore[arg-type]

    for module in JUMPING:
        monkeypatch.setattr(f"{module}.datetime", Jumping)
    return made


JUMPING = (
    *("ras.cdn", "ras.strategies.stored", "ras.strategies.realtime", "ras.indexing.pipeline", "ras.indexing.details"),
    *("ras.condition", "ras.downloader.hosts", "ras.store.verified"),
)
"""Modules that ask what day it is."""


class Given(GivenEncoder):
    id = ENCODER


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddingStore]:
    monkeypatch.setattr(filling, "SHARD_ROWS", 40)
    with EmbeddingStore(tmp_path / "store") as store:
        store.register(archive_of(range(100)))
        fill(store, range(100))
        yield store


@JUMPS
def test_indexing_goes_on_over_a_jump(store: EmbeddingStore, clock: Clock, jump: float) -> None:
    for turn in range(4):
        clock.ahead = jump * (turn % 2)
        numbers = range(100 + 20 * turn, 120 + 20 * turn)
        store.register(archive_of(range(numbers[-1] + 1)))
        fill(store, numbers)
        describe(store, numbers)
        assert finish(store.verify()).damaged == ()
        finish(store.compact())
    check(store, range(180))
    check_features(store, range(100, 180))
    with EmbeddingStore(store.folder) as opened:
        assert opened.notices == []
        check(opened, range(180))


@JUMPS
def test_what_was_registered_last_comes_first(store: EmbeddingStore, clock: Clock, jump: float) -> None:
    """By a count, not by the clock; and of a picture of two archives the newer link is taken."""
    clock.ahead = jump
    second = store.register(archive_of(range(50), "/exports/second.json", signature="2"))
    clock.ahead = -jump
    first = store.find(["/exports/general.json"])
    assert first is not None
    assert [archive.name for archive in store.archives()] == ["second", "general"]
    both = store.load([first.id, second])
    assert "ex=2" in both.records[0].url
    clock.ahead = 0.0
    store.register(archive_of(range(100)))
    assert [archive.name for archive in store.archives()] == ["general", "second"]


@JUMPS
def test_sweeping_deletes_nothing_that_is_in_use(store: EmbeddingStore, clock: Clock, jump: float) -> None:
    """However old the clock says that it is; only what nothing refers to and nobody is making."""
    whole = archive_of(range(100))
    encoder = Given(np.eye(1, DIMENSION))
    describe(store, range(100))
    strategy = FAISSSearchStrategy(encoder, store)
    finish(strategy.search([query()], whole, 5, EVERYTHING))
    strategy.close()
    facts = store.index_facts(ENCODER)
    assert facts is not None
    just_made = store.indexes_folder / "01234567.part"
    just_made.write_bytes(b"another program writes it at this moment")
    clock.ahead = jump
    with FileLock(str(store.folder / "index.lock")):
        finish(store.compact())
    assert just_made.exists(), "it is being made, whatever the clock says"
    finish(store.compact())
    assert (store.indexes_folder / facts.file).exists()
    assert store.index_facts(ENCODER) == facts
    clock.ahead = YEAR
    finish(store.compact())
    assert not just_made.exists()
    check(store, range(100))
    assert finish(store.verify()).damaged == ()


@JUMPS
def test_a_picture_that_failed_is_tried_again(store: EmbeddingStore, clock: Clock, jump: float) -> None:
    """Network trouble passes in ten minutes; a failure that seems to come from the future must not keep it for ever."""
    whole = archive_of(range(101))
    encoder = Given(np.eye(1, DIMENSION))
    store.register(whole)
    clock.ahead = jump
    store.add(ENCODER, DIMENSION, [], [Failure(key_of(100), SkipReason.NETWORK, "No network.", time.time(), "")])
    assert Coverage(whole, encoder, store).failed == {100: SkipReason.NETWORK}
    clock.ahead = 0.0
    assert Coverage(whole, encoder, store).unsearched == (100,)


@JUMPS
def test_links_die_by_the_clock_and_live_again_with_it(clock: Clock, jump: float) -> None:
    """Nothing is written down of that: a clock that was wrong for an hour costs nothing for good."""
    moment = int(_TIME() + YEAR / 2)
    url = f"https://cdn.discordapp.com/attachments/1/2/a.png?ex={moment:x}&is=0&hm=00"
    assert not cdn.is_dead(url)
    clock.ahead = jump
    assert cdn.is_dead(url) == (jump > 0)
    clock.ahead = 0.0
    assert not cdn.is_dead(url)


@JUMPS
def test_what_failed_by_a_wrong_clock_is_fetched_when_it_is_right(tmp_path: Path, clock: Clock, jump: float) -> None:
    """An expired link is no failure for good."""
    encoder, extractor = FingerprintEncoder(), LocalExtractor()
    (tmp_path / "pictures").mkdir()
    whole = drawn_archive(tmp_path / "pictures", [1, 2])
    with EmbeddingStore(tmp_path / "store") as store:
        clock.ahead = jump
        index(whole, store, encoder, extractor)
        clock.ahead = -jump
        index(whole, store, encoder, extractor)
        strategy = CachedSearchStrategy(encoder, store)
        (report,) = finish(strategy.search([query_of(file_of(drawn(1)))], whole, 2, EVERYTHING))
        assert report.results[0].record.key == whole.records[0].key
        assert report.searched == 2
        assert store.failures() == {}


@JUMPS
def test_a_server_that_names_a_day_is_waited_for_no_longer_than_is_known(clock: Clock, jump: float) -> None:
    named = _DATETIME.fromtimestamp(_TIME() + 5, timezone.utc)
    clock.ahead = jump
    stated = retry_after(named.strftime("%a, %d %b %Y %H:%M:%S GMT"))
    assert stated is not None
    assert stated >= 0.0
    if jump > 0:
        assert stated == 0.0


@JUMPS
def test_locks_are_held_by_the_system_and_grow_no_older(tmp_path: Path, clock: Clock, jump: float) -> None:
    one, two = Lock(tmp_path / "lock"), Lock(tmp_path / "lock")
    assert one.acquire()
    clock.ahead = jump
    assert not two.acquire()
    one.release()
    assert two.acquire()
    two.release()
    os.utime(tmp_path / "lock", (_TIME() + jump, _TIME() + jump))
    assert one.acquire()
    one.release()


@JUMPS
def test_files_with_times_of_another_year_are_good_files(store: EmbeddingStore, clock: Clock, jump: float) -> None:
    """As a backup or another computer leaves them."""
    for path in [*store.folder.rglob("*")]:
        with contextlib.suppress(FileNotFoundError):
            os.utime(path, (_TIME() + jump, max(0.0, _TIME() + jump)))
    clock.ahead = -jump
    with EmbeddingStore(store.folder) as opened:
        assert opened.notices == []
        check(opened, range(100))
        assert finish(opened.verify()).damaged == ()
        finish(opened.compact())
        check(opened, range(100))
    found = last_verify(store.folder)
    assert found is not None
    assert found.report.damaged == ()


@JUMPS
def test_weights_that_were_checked_stay_checked_and_changed_ones_do_not(
    clock: Clock, jump: float, ras_home: Path
) -> None:
    path = ras_home / "models" / "x.pt"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"weights")
    known = finish(weights.file_sha256(path))
    clock.ahead = jump
    assert finish(weights.file_sha256(path)) == known
    path.write_bytes(b"changed")
    os.utime(path, (_TIME() + jump, _TIME() + jump))
    assert finish(weights.file_sha256(path)) != known
