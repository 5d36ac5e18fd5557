"""The quality benchmark measures what it says: seeded transforms, published hashes, near-duplicates, counts."""

from __future__ import annotations

from random import Random
from typing import Sequence

import numpy as np
import pytest
from PIL import Image, ImageOps

from benchmarks.quality import hashes
from benchmarks.quality.corpus import Thumbs, thumb
from benchmarks.quality.dialogs import dialog
from benchmarks.quality.methods import Answer
from benchmarks.quality.pictures import procedural_picture
from benchmarks.quality.report import bounded, outcome, share
from benchmarks.quality.screens import shown_in_chat
from benchmarks.quality.transforms import TRANSFORMS, apply


@pytest.fixture(scope="module")
def pictures() -> Sequence[Image.Image]:
    return [procedural_picture(f"benchmark/{number}") for number in range(4)]


def test_there_are_24_transforms() -> None:
    assert len(TRANSFORMS) == 24


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_transform_is_seeded_and_leaves_its_picture_alone(name: str, pictures: Sequence[Image.Image]) -> None:
    before = pictures[0].tobytes()
    copies = [apply(name, pictures[0], pictures[1:], "seed") for _ in range(2)]
    assert copies[0].tobytes() == copies[1].tobytes() != before
    assert copies[0].mode == "RGB"
    assert max(copies[0].size) <= 1600
    assert pictures[0].tobytes() == before


@pytest.mark.parametrize("share", [0.25, 0.5])
@pytest.mark.parametrize("size", [(640, 360), (360, 640), (200, 200), (640, 120)])
def test_a_picture_has_its_share_of_a_screenshot(share: float, size: tuple[int, int]) -> None:
    red = Image.new("RGB", size, (255, 0, 0))
    for seed in range(5):
        shot = np.asarray(shown_in_chat(red, Random(seed), [], share))
        assert (shot == (255, 0, 0)).all(axis=2).mean() == pytest.approx(share, abs=0.04)


def test_pdq_of_a_turned_picture_is_among_the_eight(pictures: Sequence[Image.Image]) -> None:
    square = pictures[0].resize((512, 512))
    turn = Image.Transpose
    ways = hashes.pdq_dihedral(square)
    assert len(set(ways)) == 8
    assert ways[0] == hashes.pdq(square)
    for way in (turn.FLIP_LEFT_RIGHT, turn.ROTATE_90, turn.ROTATE_180, turn.TRANSPOSE):
        turned = np.frombuffer(hashes.pdq(square.transpose(way)), np.uint8)[None]
        assert min(int(hashes.distances(one, turned)[0]) for one in ways) <= 31


def test_pdq_has_as_many_ones_as_zeros_and_outlives_jpeg(pictures: Sequence[Image.Image]) -> None:
    of_picture = np.frombuffer(hashes.pdq(pictures[0]), np.uint8)
    assert np.unpackbits(of_picture).sum() == 128
    copy = apply("JPEG q30", pictures[0], pictures[1:], "seed")
    assert hashes.distances(hashes.pdq(copy), of_picture[None])[0] <= 20


def test_near_duplicates_are_strict(pictures: Sequence[Image.Image]) -> None:
    faint = pictures[0].point([min(255, level + 3) for level in range(256)] * 3)
    several = [*pictures, faint, ImageOps.mirror(pictures[0]), pictures[0].resize((300, 100))]
    assert list(Thumbs([thumb(picture) for picture in several]).near_duplicates(thumb(pictures[0]))) == [0, 4]


def test_dialogs_come_in_families() -> None:
    drawn = [dialog(Random(number)) for number in range(60)]
    assert len({picture.size for picture in drawn}) <= 16
    assert len({picture.tobytes() for picture in drawn}) == 60


def test_an_outcome_counts_hits_and_mistakes() -> None:
    answer = Answer((5, 3, 9), {3: "altered", 5: "identical", 9: "alike"})
    one = outcome(answer, frozenset({3, 7}))
    assert (one.rank, one.verdict, one.mistaken) == (1, "altered", (5,))
    assert outcome(answer.without(5), frozenset({3})).rank == 0
    assert outcome(Answer(()), frozenset({3})).rank > 10


def test_shares_are_short_and_a_zero_has_its_bound() -> None:
    assert [share(value) for value in (0, 1, 0.984, 0.5, 0.004, 0.999)] == ["0", "1", ".98", ".50", ".00", "1.00"]
    assert bounded(0, 552) == "0 (95 % bound 0.54 %)"
    assert bounded(3, 300) == "1.00 %"
