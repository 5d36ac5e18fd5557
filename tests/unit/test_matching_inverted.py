"""The inverted file: it finds what comparing all with all would, from a file as from memory; votes are fair."""

from __future__ import annotations

import io
import mmap
import tracemalloc
from pathlib import Path
from typing import Callable

import numpy as np
import pytest

from ras.matching import inverted
from ras.matching.codebook import WORDS
from ras.matching.features import KEYPOINT
from ras.matching.inverted import (
    FARTHEST,
    InvertedFiles,
    Segment,
    Votes,
    build,
    joined,
    map_segment,
    rarities,
    tally,
    vote,
    write,
)
from tests.copies import query_of

EVEN = np.ones(WORDS, np.float32)


def keypoints(count: int, seed: int, words: int = 12, kinds: int = 6) -> np.ndarray:
    """Of few words, with signatures that are near to a few others and far from all else."""
    random = np.random.RandomState(seed)
    found = np.zeros(count, KEYPOINT)
    found["word"] = random.randint(0, words, count) * 1000
    found["angle"], found["scale"] = random.randint(0, 256, (2, count))
    found["x"], found["y"] = random.randint(0, 9000, (2, count))
    centres = np.random.RandomState(99).randint(0, 2**63, kinds, np.int64).astype(np.uint64)
    found["signature"] = centres[random.randint(0, kinds, count)]
    for _ in range(10):
        found["signature"] ^= np.uint64(1) << random.randint(0, 64, count).astype(np.uint64)
    return found


def hash_of(number: int) -> bytes:
    return bytes([number % 256]) * 32


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    return [keypoints(count, seed) for seed, count in enumerate((30, 0, 50, 1, 200, 40))]


@pytest.fixture(scope="module")
def segment(pictures: list[np.ndarray]) -> Segment:
    return build(pictures, [hash_of(number) for number in range(len(pictures))])


def slow_votes(
    pictures: list[np.ndarray], sides: tuple[np.ndarray, ...], rarity: np.ndarray
) -> list[tuple[int, int, int, int, int, float]]:
    """All with all. ``query_of`` asks for each keypoint's word, and the next."""
    found = []
    asked = 0
    for side, mine in enumerate(sides):
        for one in mine:
            for picture, theirs in enumerate(pictures):
                for other in theirs:
                    far = bin(int(one["signature"]) ^ int(other["signature"])).count("1")
                    word = int(other["word"])
                    if word in (int(one["word"]), int(one["word"]) + 1) and far <= FARTHEST:
                        turn = (int(other["angle"]) - int(one["angle"])) % 256
                        zoom = int(other["scale"]) - int(one["scale"])
                        weight = np.exp(-((far / 16) ** 2)) * float(rarity[word])
                        found.append((picture, side, turn, zoom, asked, round(weight, 4)))
            asked += 1
    return sorted(found)


def told(votes: Votes) -> list[tuple[int, int, int, int, int, float]]:
    columns = (votes.pictures, votes.sides, votes.turns, votes.zooms, votes.asked, votes.weights.astype(float).round(4))
    return sorted(zip(*(column.tolist() for column in columns)))


def test_it_finds_what_comparing_all_with_all_finds(pictures: list[np.ndarray], segment: Segment) -> None:
    sides = keypoints(25, 70), keypoints(25, 71)
    rarity = np.linspace(0.5, 2, WORDS).astype(np.float32)
    expected = slow_votes(pictures, sides, rarity)
    found = told(vote(segment, query_of(*sides), None, rarity))
    assert len(expected) > 100
    assert {picture for picture, *_ in expected} >= {0, 2, 4, 5}
    assert [row[:5] for row in found] == [row[:5] for row in expected]
    assert np.allclose([row[5] for row in found], [row[5] for row in expected], atol=2e-4)


def test_the_next_word_of_a_keypoint_is_asked_for_too(segment: Segment) -> None:
    picture = keypoints(20, 1)
    shifted = picture.copy()
    shifted["word"] -= 1
    shifted = shifted[picture["word"] > 0]
    found = vote(build([picture], [hash_of(0)]), query_of(shifted), None, EVEN)
    assert set(found.asked.tolist()) == set(range(len(shifted)))


def test_it_does_not_matter_how_many_are_compared_at_once(segment: Segment, monkeypatch: pytest.MonkeyPatch) -> None:
    query = query_of(keypoints(40, 70), keypoints(40, 71))
    whole = told(vote(segment, query, None, EVEN))
    sizes: list[int] = []
    count = inverted.ones

    def counted(values: np.ndarray) -> np.ndarray:
        sizes.append(len(values))
        return count(values)

    monkeypatch.setattr(inverted, "ones", counted)
    for most in (1, 50, 333):
        sizes.clear()
        monkeypatch.setattr(inverted, "_AT_ONCE", most)
        assert told(vote(segment, query, None, EVEN)) == whole
        assert len(sizes) > 5
        assert max(sizes) <= max(most, 60), "more than the longest list"


def test_only_those_that_are_allowed_are_found(segment: Segment) -> None:
    query = query_of(keypoints(40, 70))
    everyone = told(vote(segment, query, None, EVEN))
    allowed = np.array([True, True, False, True, False, True])
    found = told(vote(segment, query, allowed, EVEN))
    assert found == [row for row in everyone if allowed[row[0]]]
    assert 0 < len(found) < len(everyone)
    assert told(vote(segment, query, np.ones(6, bool), EVEN)) == everyone
    assert told(vote(segment, query, np.zeros(6, bool), EVEN)) == []


def test_who_asks_for_nothing_finds_nothing(segment: Segment) -> None:
    votes = vote(segment, query_of(keypoints(0, 0), keypoints(0, 0)), None, EVEN)
    assert told(votes) == []
    best, scores = tally(votes, segment.counts.astype(np.int64), 10)
    assert (len(best), len(scores)) == (0, 0)


def test_of_a_long_list_an_even_choice_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a logo that was posted ten thousand times would take all the time there is."""
    logo = np.zeros(1, KEYPOINT)
    logo["word"] = 7
    segment = build([logo] * 1000, [hash_of(0)] * 1000)
    monkeypatch.setattr(inverted, "MOST_OF_A_WORD", 1000)
    assert len(vote(segment, query_of(logo), None, EVEN).pictures) == 1000
    monkeypatch.setattr(inverted, "MOST_OF_A_WORD", 100)
    found = vote(segment, query_of(logo), None, EVEN).pictures
    assert len(found) == len(set(found.tolist())) == 100
    assert np.histogram(found, 10, (0, 1000))[0].tolist() == [10] * 10


def bottom_of(array: np.ndarray) -> object:
    """What the memory of an array belongs to."""
    bottom: object = array
    while True:
        below = bottom.base if isinstance(bottom, np.ndarray) else getattr(bottom, "obj", None)
        if below is None:
            return bottom
        bottom = below


def test_a_file_holds_the_same(pictures: list[np.ndarray], segment: Segment, tmp_path: Path) -> None:
    path = tmp_path / "some.words"
    with path.open("wb") as file:
        write(file, segment)
    mapped = map_segment(path)
    assert mapped.pictures == 6
    for name, array in vars(segment).items():
        other = getattr(mapped, name)
        assert other.dtype == array.dtype, name
        assert np.array_equal(other, array), name
        assert isinstance(bottom_of(other), mmap.mmap), "it is read as far as it is needed"
        assert not other.flags.writeable
    assert len({id(bottom_of(array)) for array in vars(mapped).values()}) == 1, "each map holds a file handle"
    assert mapped.counts.tolist() == [30, 0, 50, 1, 200, 40]
    assert mapped.hashes.tobytes() == b"".join(hash_of(number) for number in range(6))
    query = query_of(keypoints(25, 70))
    assert told(vote(mapped, query, None, EVEN)) == told(vote(segment, query, None, EVEN))


@pytest.mark.parametrize("count", [0, 3])
def test_pictures_without_keypoints_make_a_file_too(tmp_path: Path, count: int) -> None:
    path = tmp_path / "none.words"
    with path.open("wb") as file:
        write(file, build([np.zeros(0, KEYPOINT)] * count, [hash_of(1)] * count))
    mapped = map_segment(path)
    assert (mapped.pictures, len(mapped.signatures)) == (count, 0)
    assert mapped.hashes.shape == (count, 32)
    assert told(vote(mapped, query_of(keypoints(10, 0)), np.ones(count, bool), EVEN)) == []


def written(segment: Segment) -> bytes:
    file = io.BytesIO()
    write(file, segment)
    return file.getvalue()


def changed(**arrays: np.ndarray) -> Callable[[Segment], bytes]:
    return lambda segment: written(Segment(**{**vars(segment), **arrays}))


def test_other_files_are_refused(segment: Segment, tmp_path: Path) -> None:
    n = len(segment.signatures)
    offsets = segment.offsets.copy()
    offsets[5000:7000] = n + 5
    made: dict[str, Callable[[Segment], bytes]] = {
        "empty": lambda _: b"",
        "text": lambda _: b"a picture, or what you will" * 100,
        "numpy alone": lambda _: written(segment)[:40],
        "zip": lambda _: b"PK\3\4" + bytes(100),
        "another order": lambda one: written(Segment(*list(vars(one).values())[::-1])),
        "another kind": changed(owners=segment.owners.astype("<u4")),
        "signed": changed(signatures=segment.signatures.astype("<i8")),
        "no array": lambda _: b"\x93NUMPY\1\0\2\0{}",
        "an unknown version": lambda one: written(one).replace(b"NUMPY\1\0", b"NUMPY\x09\0"),
        "an open bracket": lambda one: written(one).replace(b"(16385,)", b"(16385, "),
        "few words": changed(offsets=segment.offsets[:-1]),
        "many words": changed(offsets=np.append(segment.offsets, segment.offsets[-1])),
        "fewer owners": changed(owners=segment.owners[1:]),
        "fewer angles": changed(angles=segment.angles[1:]),
        "more scales": changed(scales=np.append(segment.scales, segment.scales[:1])),
        "fewer hashes": changed(hashes=segment.hashes[1:]),
        "short hashes": changed(hashes=segment.hashes[:, 1:]),
        "no dimension": changed(counts=np.array(6, "<u2")),
        "squared": changed(signatures=segment.signatures[None]),
        "beyond all measure": lambda one: written(one).replace(
            b"(321,), }" + b" " * 20, b"(99999999999999999999999,), }"
        ),
        "by columns": lambda one: written(one).replace(b"False", b"True "),
        "more keypoints than there are": changed(offsets=segment.offsets + np.uint32(1)),
        "back and forth": changed(offsets=offsets),
        "other counts": changed(counts=segment.counts + np.uint16(1)),
        "too many pictures": lambda _: written(build([np.zeros(0, KEYPOINT)] * 4097, [hash_of(0)] * 4097)),
    }
    path = tmp_path / "other.words"
    for name, make in made.items():
        path.write_bytes(make(segment))
        with pytest.raises(ValueError) as caught:  # noqa: PT011  NumPy has words of its own for some
            map_segment(path)
        assert caught.type is ValueError, name
    with pytest.raises(FileNotFoundError):
        map_segment(tmp_path / "gone.words")


@pytest.mark.parametrize("where", ["anywhere", "heads", "cut"])
def test_damaged_files_are_refused_or_harmless(segment: Segment, tmp_path: Path, where: str) -> None:
    """What no look at a file can tell may be wrong, but ends no search."""
    whole = written(segment)
    heads = [place for place in range(len(whole)) if whole.startswith(b"\x93NUMPY", place)]
    assert len(heads) == 7
    random = np.random.RandomState(5)
    query = query_of(keypoints(40, 70))
    path = tmp_path / "damaged.words"
    refused = 0
    for _ in range(150):
        data = bytearray(whole)
        if where == "cut":
            del data[random.randint(len(data)) :]
        for _ in range(random.randint(1, 4) if where != "cut" else 0):
            place = random.randint(len(data)) if where == "anywhere" else random.choice(heads) + random.randint(128)
            data[place] = random.randint(256) if random.rand() < 0.5 else ord(random.choice(list("0123456789(,)'[")))
        path.write_bytes(bytes(data))
        try:
            mapped = map_segment(path)
        except (ValueError, OSError):
            refused += 1
            continue
        for allowed in (None, np.ones(mapped.pictures, bool)):
            votes = vote(mapped, query, allowed, EVEN)
            tally(votes, mapped.counts.astype(np.int64), 10)
    assert refused == 150 if where == "cut" else refused > 50


def test_a_damaged_owner_ends_no_search(segment: Segment) -> None:
    owners = segment.owners.copy()
    owners[::2] = 60000
    damaged = Segment(**{**vars(segment), "owners": owners})
    query = query_of(keypoints(40, 70))
    for allowed in (None, np.ones(6, bool)):
        votes = vote(damaged, query, allowed, EVEN)
        assert len(votes.pictures) > 0
        assert votes.pictures.max() < 6


def test_several_files_are_searched_as_one(pictures: list[np.ndarray], segment: Segment) -> None:
    hashes = [hash_of(number) for number in range(6)]
    parts = [build(pictures[start:end], hashes[start:end]) for start, end in ((0, 2), (2, 2), (2, 5), (5, 6))]
    several, one = InvertedFiles(parts), InvertedFiles([segment])
    assert several.counts.tolist() == one.counts.tolist() == [30, 0, 50, 1, 200, 40]
    assert several.hashes.tobytes() == one.hashes.tobytes() == b"".join(hashes)
    query = query_of(keypoints(40, 70), keypoints(40, 71))
    allowed = np.array([True, True, False, True, False, True])
    for passing in (None, allowed):
        assert told(joined([several.votes(number, query, passing) for number in range(4)])) == told(
            one.votes(0, query, passing)
        )
    for threads in (1, 3):
        for best, scores in (several.search(query, 4, threads), one.search(query, 4, threads)):
            expected = tally(one.votes(0, query), one.counts, 4)
            assert best.tolist() == expected[0].tolist()
            assert np.allclose(scores, expected[1])


def made_up_votes(chance: np.random.Generator, amount: int, pictures: int) -> Votes:
    return Votes(
        chance.integers(0, pictures, amount, np.int32),
        chance.integers(0, 2, amount, np.uint8),
        chance.integers(0, 256, amount, np.uint8),
        chance.integers(-255, 256, amount, np.int16),
        chance.random(amount, np.float32),
        chance.integers(0, 1200, amount, np.int32),
    )


def test_of_too_many_votes_an_even_choice_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(5)
    parts = [made_up_votes(chance, 3000, 40) for _ in range(7)]
    for number, part in enumerate(parts):
        part.pictures[:] += 40 * number
        part.pictures[::2] = 40 * number + 7  # every second vote is for this one
    whole = joined(parts)

    def collected(most: int) -> Votes:
        monkeypatch.setattr(inverted, "MOST_VOTES", most)
        votes = inverted.Collected()
        for part in parts:
            votes.add(part)
        return votes.together()

    assert told(collected(21_000)) == told(whole), "no more than may be"
    kept = collected(8_000)
    assert told(kept) == told(collected(8_000))
    assert 4_000 < len(kept.asked) <= 8_000
    assert set(told(kept)) <= set(told(whole))
    shares = np.bincount(kept.pictures // 40) / 3000
    assert np.abs(shares - 0.25).max() < 0.05, "of each file the same share"
    halves = np.bincount(kept.pictures % 40 == 7)
    assert abs(halves[1] / halves.sum() - 0.5) < 0.05


def test_a_query_that_everything_votes_for_takes_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a halftone has it, whose keypoints are like all of all others."""
    monkeypatch.setattr(inverted, "MOST_VOTES", 40_000)
    monkeypatch.setattr(inverted, "_AT_ONCE", 1 << 14)
    same = np.repeat(keypoints(1, 3), 200)
    own = keypoints(60, 70)
    parts = [build([same] * 20, [hash_of(0)] * 20) for _ in range(24)]
    parts.append(build([np.concatenate([same, own]), same], [hash_of(1), hash_of(2)]))
    files = InvertedFiles(parts)
    query = query_of(np.concatenate([np.repeat(same[:1], 100), own]))
    tracemalloc.start()
    try:
        best, _ = files.search(query, 5)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert best[0] == 24 * 20
    assert peak < 12_000_000


def test_without_files_nothing_is_found() -> None:
    nothing = InvertedFiles([])
    assert (len(nothing.counts), nothing.hashes.shape) == (0, (0, 32))
    assert [len(found) for found in nothing.search(query_of(keypoints(10, 0)), 5)] == [0, 0]


def votes_of(*rows: tuple[int, int, int, int, float, int]) -> Votes:
    """Rows of picture, side, turn, zoom, weight, asked."""
    columns = list(zip(*rows))
    kinds = (np.int32, np.uint8, np.uint8, np.int16, np.float32, np.int32)
    return Votes(*(np.array(column, kind) for column, kind in zip(columns, kinds)))


def winners(votes: Votes, counts: list[int] | None = None, most: int = 10) -> list[int]:
    return tally(votes, np.array(counts or [100] * 4), most)[0].tolist()


def test_the_picture_that_more_speaks_for_comes_first() -> None:
    votes = votes_of(*((picture, 0, 3, 0, 1.0, n) for picture in (1, 2, 3) for n in range(2 * picture)))
    best, scores = tally(votes, np.array([100] * 4), 10)
    assert best.tolist() == [3, 2, 1]
    assert scores.tolist() == pytest.approx([6 / 120**0.5, 4 / 120**0.5, 2 / 120**0.5])
    assert scores.dtype == np.float32
    assert winners(votes, most=2) == [3, 2]


def test_of_pictures_with_more_keypoints_more_is_expected() -> None:
    votes = votes_of(*((picture, 0, 3, 0, 1.0, n) for picture in (0, 1) for n in range(5)))
    assert winners(votes, [200, 50, 9, 9]) == [1, 0]


def test_rare_words_weigh_more() -> None:
    weights = rarities(np.array([1, 10, 1000, 0] + [5] * (WORDS - 4)), 1000)
    assert weights.dtype == np.float32
    assert weights.shape == (WORDS,)
    assert weights[3] == weights[0] > weights[1] > weights[2] > 0
    assert weights[1] == pytest.approx(np.log(101) ** 2)


def test_a_keypoint_has_one_vote_for_each_picture() -> None:
    """A page of text has every letter a hundred times: each letter of the query finds them all."""
    page = [(0, 0, 3, 0, 1.0, 0)] * 100
    copy = [(1, 0, 3, 0, 1.0, n) for n in range(3)]
    best, scores = tally(votes_of(*page, *copy), np.array([100] * 4), 10)
    assert best.tolist() == [1, 0]
    assert scores.tolist() == pytest.approx([3 / 120**0.5, 1 / 120**0.5])


def test_a_page_of_repeated_letters_does_not_win() -> None:
    """Letters are keypoints of few kinds; the copy has all of the query's, the page many of two kinds."""
    query = keypoints(40, 3, words=12, kinds=12)
    page = np.tile(query[:2], 100)
    page["angle"] += np.arange(200, dtype=np.uint8) // 20
    segment = build([page, query, keypoints(200, 4, kinds=12)], [hash_of(0)] * 3)
    votes = vote(segment, query_of(query), None, EVEN)
    assert (votes.pictures == 0).sum() > (votes.pictures == 1).sum()
    assert tally(votes, segment.counts.astype(np.int64), 3)[0][0] == 1


def test_votes_count_where_they_agree_on_how_the_picture_was_turned_and_zoomed() -> None:
    agreed = [(0, 0, 40, 32, 1.0, n) for n in range(4)]
    turned = [(1, 0, 64 * n, 32, 1.0, n) for n in range(4)]
    zoomed = [(2, 0, 40, 64 * n - 96, 1.0, n) for n in range(4)]
    mirrored = [(3, n % 2, 40, 32, 1.0, n) for n in range(4)]
    best, scores = tally(votes_of(*agreed, *turned, *zoomed, *mirrored), np.array([100] * 4), 10)
    assert best[0] == 0
    assert dict(zip(best.tolist(), (scores * 120**0.5).tolist())) == pytest.approx({0: 4, 1: 1, 2: 1, 3: 2})


@pytest.mark.parametrize("turns", [(15, 16), (255, 0), (0, 250)])
@pytest.mark.parametrize("zooms", [(0, 0), (-1, 0), (23, 24)])
def test_what_is_near_the_edge_of_a_cell_is_in_both(turns: tuple[int, int], zooms: tuple[int, int]) -> None:
    votes = votes_of(*((0, 1, turns[n % 2], zooms[n % 2], 1.0, n) for n in range(4)))
    assert tally(votes, np.array([80]), 1)[1].tolist() == pytest.approx([4 / 10])


def test_the_wildest_zooms_have_a_cell() -> None:
    votes = votes_of((0, 0, 0, -255, 1.0, 0), (0, 0, 0, 255, 1.0, 1), (1, 1, 255, 255, 1.0, 2))
    assert sorted(winners(votes)) == [0, 1]


def test_the_shortlist_is_of_those_with_the_most_votes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inverted, "_SHORTLIST", 2)
    votes = votes_of(*((picture, 0, 3, 0, 1.0, n) for picture in range(4) for n in range(picture + 1)))
    assert winners(votes) == [3, 2]


def test_votes_of_several_files_are_joined() -> None:
    one, other = votes_of((0, 0, 1, 2, 0.5, 3)), votes_of((1, 1, 2, 3, 0.25, 4), (2, 0, 0, -9, 1.0, 0))
    assert told(joined([one, other])) == told(one) + told(other)
    assert told(joined([])) == []
    assert [array.dtype for array in vars(joined([])).values()] == [array.dtype for array in vars(one).values()]
