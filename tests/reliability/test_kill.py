"""Indexing is killed, at random moments and between calls that write: nothing is lost, it goes on to the same end."""

from __future__ import annotations

import random
import time
from typing import Iterator, Sequence

import pytest

from tests.reliability.faulty_disk import need_faulty_disk
from tests.reliability.forks import each
from tests.reliability.trials import Kill, Trial, Trials, trials

SEED = 20240301


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trials]:
    need_faulty_disk()
    with trials(tmp_path_factory.mktemp("kill")) as made:
        yield made


def run(made: Trials, kills: Sequence[Kill]) -> list[Trial]:
    done = list(each(made.servers, kills, made.kill))
    assert [trouble for trial in done for trouble in trial.troubles] == []
    return done


def test_killed_at_random_moments(made: Trials) -> None:
    began = time.monotonic()
    (undisturbed,) = run(made, [Kill()])
    assert not undisturbed.struck
    # It was looked into as well, which takes longer than the work.
    seconds = (time.monotonic() - began) / 3
    chance = random.Random(SEED)
    done = run(made, [Kill(after=chance.uniform(0.0, seconds)) for _ in range(20)])
    assert any(trial.struck for trial in done)


@pytest.mark.parametrize("way", ["kill", "torn"])
def test_killed_between_calls_that_write(made: Trials, way: str) -> None:
    """A call of each kind, not done or half done."""
    chosen = made.of_each_kind(SEED)[way == "torn" :: 2]
    done = run(made, [Kill(call, way) for call in chosen])
    # Of some there may be fewer than in the undisturbed work: it depends on what is committed together.
    assert sum(trial.struck for trial in done) >= 0.8 * len(done)
