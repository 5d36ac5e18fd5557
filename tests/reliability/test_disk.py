"""The disk is full, broken, read-only or gone: one clear sentence, nothing is lost, it goes on to the same end."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
from pathlib import Path
from typing import Iterator, Sequence

import pytest

from ras.errors import StoreError
from ras.records import finish
from ras.store import EmbeddingStore
from tests.reliability.faulty_disk import compiled, need_faulty_disk
from tests.reliability.forks import Forks, each
from tests.reliability.trials import Fail, Trial, Trials, trials
from tests.store_samples import ENCODER, archive_of, check, fill, record_of

SEED = 20240302

FAULTS = (
    ("full", errno.ENOSPC),
    ("once", errno.EIO),
    ("dead", errno.EROFS),
    ("once", errno.ENOSPC),
    ("full", errno.EDQUOT),
    ("dead", errno.EIO),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trials]:
    need_faulty_disk()
    with trials(tmp_path_factory.mktemp("disk")) as made:
        yield made


def run(made: Trials, fails: Sequence[Fail]) -> list[Trial]:
    done = list(each(made.servers, fails, made.fail))
    assert [trouble for trial in done for trouble in trial.troubles] == []
    return done


def test_calls_that_fail(made: Trials) -> None:
    """A call of each kind, by turns with each fault."""
    chosen = zip(made.of_each_kind(SEED), itertools.cycle(FAULTS))
    done = run(made, [Fail("on_a_faulty_disk", (call.at, *fault, call.kind)) for call, fault in chosen])
    # Of some there may be fewer than in the undisturbed work: it depends on what is committed together.
    assert sum(trial.struck for trial in done) >= 0.8 * len(done)


def test_from_the_command_line(made: Trials) -> None:
    calls = (1, 40, len(made.calls) // 3)
    run(made, [Fail("from_the_command_line", (at, "full", errno.ENOSPC)) for at in calls])


def test_the_data_folder_goes_away(made: Trials) -> None:
    run(made, [Fail("in_a_folder_that_vanishes", (commits, back)) for commits in (1, 5) for back in (True, False)])


def test_a_store_that_was_moved_takes_nothing_that_nobody_would_find_again(tmp_path: Path) -> None:
    """SQLite itself goes on in the file that it has open, wherever that is by now, or when it is nowhere."""
    folder, away = tmp_path / "store", tmp_path / "away"
    with EmbeddingStore(folder) as store:
        store.register(archive_of(range(40)))
        fill(store, range(20))
        os.rename(folder, away)
        for begun_anew in (False, True):
            if begun_anew:  # by another program
                EmbeddingStore(folder).close()
            with pytest.raises(StoreError, match="was moved or deleted while RAS used it"):
                fill(store, range(20, 40))
            with pytest.raises(StoreError, match="was moved or deleted while RAS used it"):
                store.contents_of([record_of(1)], ENCODER)
        with EmbeddingStore(folder) as other:
            assert other.usage().pictures == 0
        shutil.rmtree(folder)
        os.rename(away, folder)
        fill(store, range(20, 40))
        check(store, range(40))
        assert finish(store.verify()).damaged == ()


def test_small_files(tmp_path: Path) -> None:
    """Settings, results, recent queries, the log, …: the old one is kept whole, and there is nothing beside it."""
    need_faulty_disk()
    with Forks(compiled(tmp_path), ["tests.reliability.small_files"]) as forks:
        ended = forks.run("tests.reliability.small_files:on_a_faulty_disk", str(tmp_path / "home"), errno.ENOSPC)
    assert [line for line in ended.said if isinstance(line, str)] == []
    assert ended.status == 0
    assert len(ended.said) == 13
    assert all(line["trials"] >= 9 for line in ended.said)
