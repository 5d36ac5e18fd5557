"""Alter pictures and search for the copies, in all cores."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import Pool
from random import Random
from typing import Iterator, Mapping, Sequence

from PIL import Image

from benchmarks.quality.corpus import PictureRef
from benchmarks.quality.methods import Answer, Method
from benchmarks.quality.progress import shown
from benchmarks.quality.transforms import TRANSFORMS, apply

AS_IT_IS = ""
"""In place of a transform: the picture itself is searched for."""


@dataclass(frozen=True)
class Errand:
    """A picture, and in which ways it is to be altered and searched for."""

    number: int
    """Which picture, in the list that it was chosen from."""
    ref: PictureRef
    transforms: tuple[str, ...]


@dataclass(frozen=True)
class Trial:
    """What each method said of one copy."""

    number: int
    transform: str
    answers: Mapping[str, Answer]
    """By the method's name."""


@dataclass
class Bench:
    """What other processes need: methods that have taken in what they keep, and pictures to put beside a copy."""

    methods: Sequence[Method]
    outside: Sequence[PictureRef]
    """Pictures that are not in the index: they are in collages and chats beside the one that is."""
    seed: str

    def copy_of(self, ref: PictureRef, transform: str, picture: Image.Image | None = None) -> Image.Image:
        """The same copy whenever it is asked for. ``picture``: what ``ref.load`` gives, if it is at hand."""
        if picture is None:
            picture = ref.load()
        if transform == AS_IT_IS:
            return picture
        seed = f"{self.seed}/{ref.name}"
        choices = [other for other in self.outside if other.key != ref.key]
        others = [_loaded(other) for other in Random(f"{seed}/others/{transform}").sample(choices, 3)]
        return apply(transform, picture, others, seed)


@lru_cache(maxsize=64)
def _loaded(ref: PictureRef) -> Image.Image:
    return ref.load()


_bench: Bench | None = None
"""Of this process; it reaches the others when they are made, which costs no memory where they are forked."""


def _start(bench: Bench) -> None:
    global _bench
    _bench = bench


def _try(errand: Errand) -> list[Trial]:
    assert _bench is not None
    picture = errand.ref.load()
    trials = []
    for transform in errand.transforms:
        copy = _bench.copy_of(errand.ref, transform, picture)
        trials.append(Trial(errand.number, transform, {method.name: method.search(copy) for method in _bench.methods}))
    return trials


def run(bench: Bench, errands: Sequence[Errand], processes: int, what: str) -> Iterator[Trial]:
    with Pool(processes, _start, (bench,)) as pool:
        for trials in shown(pool.imap_unordered(_try, errands), len(errands), what):
            yield from trials


def of_sources(refs: Sequence[PictureRef], numbers: Sequence[int]) -> list[Errand]:
    """Each of these pictures in every way."""
    return [Errand(number, refs[number], tuple(TRANSFORMS)) for number in numbers]


def of_absent(refs: Sequence[PictureRef], ways: int) -> list[Errand]:
    """Each picture in so many ways, every way about as often."""
    names = list(TRANSFORMS)
    return [
        Errand(number, ref, tuple(names[(number * ways + step) % len(names)] for step in range(min(ways, len(names)))))
        for number, ref in enumerate(refs)
    ]


def as_they_are(refs: Sequence[PictureRef], numbers: Sequence[int]) -> list[Errand]:
    return [Errand(number, refs[number], (AS_IT_IS,)) for number in numbers]
