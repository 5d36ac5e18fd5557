"""The inverted file of local features: from each word to the keypoints that have it, in some thousand pictures."""

from __future__ import annotations

import dataclasses
import math
import mmap
import os
import tokenize
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Sequence

import numpy as np

from ras.matching.codebook import WORDS, ones
from ras.matching.features import KEYPOINT
from ras.matching.query import QueryFeatures

SEGMENT_PICTURES = 4096
"""Of one inverted file."""

FARTHEST = 14
"""Signatures that differ in more bits are of other things."""

MOST_OF_A_WORD = 512
"""Keypoints of one word that are looked at in each segment: of longer lists an even choice. Words that so many have say
little, and would take three quarters of the time; and a logo that was posted ten thousand times costs no more."""

MOST_VOTES = 1 << 23
"""Votes of all segments together: of more, as a halftone or a table has them, an even choice. So many take half a
gigabyte; screenshots and memes have up to three millions among 100,000 pictures."""

_AT_ONCE = 1 << 18
"""Keypoints compared at once by each thread: bounds the memory."""

_NEARNESS = np.exp(-((np.arange(FARTHEST + 1) / 16) ** 2)).astype(np.float32)


@dataclass(frozen=True)
class Segment:
    """The keypoints of some pictures, sorted by word."""

    offsets: np.ndarray
    """uint32 (WORDS + 1,): where each word begins."""
    signatures: np.ndarray
    """uint64 (n,)."""
    owners: np.ndarray
    """uint16 (n,): whose keypoint it is, counted from 0 in this segment."""
    angles: np.ndarray
    """uint8 (n,)."""
    scales: np.ndarray
    """uint8 (n,)."""
    counts: np.ndarray
    """uint16 (pictures,): how many keypoints each picture has."""
    hashes: np.ndarray
    """uint8 (pictures, 32): their perceptual hashes."""

    @property
    def pictures(self) -> int:
        return len(self.counts)


_KINDS = ("<u4", "<u8", "<u2", "u1", "u1", "<u2", "u1")
_FOREIGN = "It is no inverted file of RAS."


def build(keypoints: Sequence[np.ndarray], hashes: Sequence[bytes]) -> Segment:
    """Keypoints (``KEYPOINT``) and hashes of at most SEGMENT_PICTURES pictures → their inverted file."""
    counts = np.array([len(some) for some in keypoints], "<u2")
    together = np.concatenate([np.zeros(0, KEYPOINT), *keypoints])
    order = np.argsort(together["word"], kind="stable")
    offsets = np.zeros(WORDS + 1, "<u4")
    offsets[1:] = np.cumsum(np.bincount(together["word"], minlength=WORDS))
    return Segment(
        offsets,
        np.ascontiguousarray(together["signature"][order]),
        np.repeat(np.arange(len(counts), dtype="<u2"), counts)[order],
        np.ascontiguousarray(together["angle"][order]),
        np.ascontiguousarray(together["scale"][order]),
        counts,
        np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32),
    )


def write(file: IO[bytes], segment: Segment) -> None:
    """Arrays of NumPy's own format, one behind the other."""
    for array in vars(segment).values():
        np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)


def map_segment(path: Path) -> Segment:
    """Open a file that ``write`` made; its arrays are mapped, not read. Raises ValueError and OSError."""
    arrays: list[np.ndarray] = []
    with path.open("rb") as file:
        length = os.fstat(file.fileno()).st_size
        if not length:
            raise ValueError(_FOREIGN)
        # One map for all arrays: each holds a file handle, of which macOS gives a program 256.
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        for kind in _KINDS:
            shape = _read_head(file, np.dtype(kind))
            start = file.tell()
            size = math.prod(shape) * np.dtype(kind).itemsize
            if not 0 <= size <= length - start:
                raise ValueError(_FOREIGN)
            arrays.append(np.frombuffer(mapped, kind, math.prod(shape), start).reshape(shape))
            file.seek(start + size)
    segment = Segment(*arrays)
    n, pictures = segment.signatures.size, segment.counts.size
    shapes = tuple(array.shape for array in arrays)
    if shapes != ((WORDS + 1,), (n,), (n,), (n,), (n,), (pictures,), (pictures, 32)) or pictures > SEGMENT_PICTURES:
        raise ValueError(_FOREIGN)
    offsets = segment.offsets
    if offsets[0] or offsets[-1] != n or (offsets[1:] < offsets[:-1]).any() or segment.counts.sum() != n:
        raise ValueError(_FOREIGN)
    return segment


def _read_head(file: IO[bytes], kind: np.dtype) -> tuple[int, ...]:
    """The shape of the array that begins here. Raises ValueError where it is not as ``write`` makes it."""
    try:
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError(_FOREIGN)
        shape, by_columns, dtype = np.lib.format.read_array_header_1_0(file)
    except tokenize.TokenError as exc:  # NumPy reads headers as Python
        raise ValueError(_FOREIGN) from exc
    if dtype != kind or by_columns or min(shape, default=0) < 0:
        raise ValueError(_FOREIGN)
    return tuple(shape)


@dataclass(frozen=True)
class Votes:
    """Keypoints of a query that found one like them: what each says of which picture."""

    pictures: np.ndarray
    """int32 (n,)."""
    sides: np.ndarray
    """uint8 (n,): 0 for the query as it is, 1 for its mirror image."""
    turns: np.ndarray
    """uint8 (n,): by how much the picture would be turned, in 256ths of a full turn."""
    zooms: np.ndarray
    """int16 (n,): by how much the picture would be larger, as ``KEYPOINT``'s scale."""
    weights: np.ndarray
    """float32 (n,)."""
    asked: np.ndarray
    """int32 (n,): which keypoint of the query it is."""


def vote(segment: Segment, query: QueryFeatures, allowed: np.ndarray | None, rarity: np.ndarray) -> Votes:
    """Look the query's keypoints up. ``allowed``, bool (pictures,): only these. ``rarity``: see ``rarities``."""
    words = np.concatenate([side.words for side in query.sides])
    keypoints = np.concatenate([side.keypoints for side in query.sides])
    sides = np.repeat(np.arange(len(query.sides), dtype=np.uint8), [len(side.words) for side in query.sides])
    asked = np.repeat(np.arange(len(words)), words.shape[1])
    flat = words.reshape(-1).astype(np.int64)
    starts = segment.offsets[flat].astype(np.int64)
    lengths = segment.offsets[flat + 1].astype(np.int64) - starts
    taken = np.minimum(lengths, MOST_OF_A_WORD)
    found = []
    ends = np.cumsum(taken)
    first = 0
    while first < len(flat):
        before = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + _AT_ONCE, "right")))
        part = slice(first, last)
        which = np.repeat(np.arange(first, last), taken[part])
        steps = np.arange(len(which)) - np.repeat(ends[part] - taken[part] - before, taken[part])
        long = lengths[part] > MOST_OF_A_WORD
        if long.any():
            steps = steps * lengths[which] // taken[which]
        places = starts[which] + steps
        far = ones(segment.signatures[places] ^ keypoints["signature"][asked[which]])
        near = np.flatnonzero(far <= FARTHEST)
        which, places, far = which[near], places[near], far[near]
        owners = segment.owners[places]
        passing = owners < segment.pictures  # all of them, unless the file is damaged
        if allowed is not None:
            passing[passing] = allowed[owners[passing]]
        if not passing.all():
            which, places, far, owners = which[passing], places[passing], far[passing], owners[passing]
        mine = asked[which]
        found.append(
            Votes(
                owners.astype(np.int32),
                sides[mine],
                segment.angles[places] - keypoints["angle"][mine],
                segment.scales[places].astype(np.int16) - keypoints["scale"][mine],
                _NEARNESS[far] * rarity[flat[which]],
                mine.astype(np.int32),
            )
        )
        first = last
    return joined(found)


class InvertedFiles:
    """Segments that are searched together; their pictures are counted on from one to the next."""

    def __init__(self, parts: Sequence[Segment]) -> None:
        self.parts = tuple(parts)
        self.counts = np.concatenate([np.zeros(0, np.int64), *(part.counts for part in parts)]).astype(np.int64)
        """int64 (pictures,): how many keypoints each has."""
        self.hashes = np.concatenate([np.zeros((0, 32), np.uint8), *(part.hashes for part in parts)])
        """uint8 (pictures, 32): their perceptual hashes."""
        lengths = np.zeros(WORDS, np.int64)
        for part in parts:
            ends = part.offsets.astype(np.int64)
            lengths = lengths + (ends[1:] - ends[:-1])
        self._rarity = rarities(lengths, len(self.counts))
        self._ends = np.cumsum([part.pictures for part in parts]).tolist()

    def votes(self, number: int, query: QueryFeatures, allowed: np.ndarray | None = None) -> Votes:
        """Those of one segment. ``allowed``, bool (pictures of all segments,): only these."""
        part, end = self.parts[number], self._ends[number]
        first = end - part.pictures
        found = vote(part, query, None if allowed is None else allowed[first:end], self._rarity)
        return dataclasses.replace(found, pictures=found.pictures + first)

    def search(self, query: QueryFeatures, most: int, threads: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """The pictures that the query's keypoints speak for, the best first: int64 (n,) and scores float32 (n,).

        n ≤ ``most``.
        """
        collected = Collected()
        with ThreadPoolExecutor(threads, thread_name_prefix="vote") as pool:
            for votes in pool.map(lambda number: self.votes(number, query), range(len(self.parts))):
                collected.add(votes)
        return tally(collected.together(), self.counts, most)


class Collected:
    """Votes of one segment after the other; where they are too many, the same share of each, the same each time."""

    def __init__(self) -> None:
        self._parts: list[Votes] = []
        self._share = 1.0
        # By chance: every second vote might be none of a picture whose keypoints stand at odd places.
        self._chance = np.random.default_rng(0)

    def add(self, votes: Votes) -> None:
        self._parts.append(self._thinned(votes, self._share))
        while sum(len(part.asked) for part in self._parts) > MOST_VOTES:
            self._share /= 2
            self._parts = [self._thinned(part, 0.5) for part in self._parts]

    def together(self) -> Votes:
        """All that were kept; they are given away."""
        parts, self._parts = self._parts, []
        return joined(parts)

    def _thinned(self, votes: Votes, share: float) -> Votes:
        if share == 1:
            return votes
        kept = np.flatnonzero(self._chance.random(len(votes.asked), np.float32) < share)
        return Votes(*(array[kept] for array in vars(votes).values()))


def joined(parts: Sequence[Votes]) -> Votes:
    kinds = (np.int32, np.uint8, np.uint8, np.int16, np.float32, np.int32)
    empty = Votes(*(np.zeros(0, kind) for kind in kinds))
    return Votes(*(np.concatenate(arrays) for arrays in zip(*(vars(one).values() for one in (empty, *parts)))))


_TURNS, _ZOOMS = 16, 16
_SHORTLIST = 1000


def tally(votes: Votes, counts: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Votes, and how many keypoints each picture has, int (pictures,) → the pictures they speak for, the best first.

    int64 (n,) and float32 (n,), n ≤ ``most``. Votes count where they agree on how the picture was turned and zoomed, up
    to a sixteenth of a turn and a factor of about 1.6. A keypoint of the query has one vote for each picture, shared
    by those that it found there: else a page of text, where each letter finds all others, would win over everything
    (Jégou, Douze, Schmid, "On the burstiness of visual elements", 2009).
    """
    totals = np.bincount(votes.pictures, votes.weights, minlength=len(counts))
    spread = np.sqrt(counts + 20.0)
    listed = np.flatnonzero(totals)
    listed = listed[np.argsort(-totals[listed] / spread[listed], kind="stable")[:_SHORTLIST]]
    slots = np.full(len(counts), -1, np.int32)
    slots[listed] = np.arange(len(listed))
    mine = slots[votes.pictures]
    keep = np.flatnonzero(mine >= 0)
    mine, asked = mine[keep], votes.asked[keep]
    ballots = mine * (1 + asked.max(initial=0)) + asked  # a few millions
    weights = votes.weights[keep] / np.bincount(ballots)[ballots]
    del ballots, asked
    turns = votes.turns[keep] // (256 // _TURNS)
    zooms = np.clip((votes.zooms[keep] + 192) // 24, 0, _ZOOMS - 1)
    cell = ((mine * 2 + votes.sides[keep]) * _TURNS + turns) * _ZOOMS + zooms
    del mine, keep, turns, zooms
    cells = np.bincount(cell, weights, minlength=len(listed) * 2 * _TURNS * _ZOOMS)
    cells = cells.reshape(-1, _TURNS, _ZOOMS).astype(np.float32)
    wide = cells + np.roll(cells, 1, axis=1)  # a turn near the edge of a cell falls into two
    wide = np.maximum(wide[:, :, 1:] + wide[:, :, :-1], wide[:, :, 1:])
    best = wide.max(axis=(1, 2)).reshape(-1, 2).max(axis=1) / spread[listed]
    order = np.argsort(-best, kind="stable")[:most]
    return listed[order], best[order].astype(np.float32)


def rarities(lengths: np.ndarray, pictures: int) -> np.ndarray:
    """How many keypoints have each word, of so many pictures → float32 (WORDS,): idf², the weight of a word's votes."""
    weights: np.ndarray = np.log1p(pictures / np.maximum(lengths, 1)).astype(np.float32) ** 2
    return weights
