"""The perceptual hash: of copies it is nearly the same, of other pictures not; in all ways to lay a picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from ras.matching.hashing import WAYS, dihedral_hashes, distance, distances, laid, perceptual_hash
from tests.copies import drawn, jpeg

Turn = Image.Transpose
TRANSPOSES = {
    (0, 0, 0): None,
    (0, 1, 0): Turn.FLIP_LEFT_RIGHT,
    (0, 0, 1): Turn.FLIP_TOP_BOTTOM,
    (0, 1, 1): Turn.ROTATE_180,
    (1, 0, 0): Turn.TRANSPOSE,
    (1, 1, 0): Turn.ROTATE_270,
    (1, 0, 1): Turn.ROTATE_90,
    (1, 1, 1): Turn.TRANSVERSE,
}
HASH = st.binary(min_size=32, max_size=32)


@pytest.fixture(scope="module", params=["hash/0", "hash/1", "hash/2"])
def luma(request: pytest.FixtureRequest) -> Image.Image:
    return drawn(request.param).convert("L")


def transposed(image: Image.Image, way: tuple[int, int, int]) -> Image.Image:
    how = TRANSPOSES[way]
    return image if how is None else image.transpose(how)


def test_the_ways_are_eight_and_each_once() -> None:
    assert set(WAYS) == set(TRANSPOSES)
    assert len(WAYS) == 8
    assert WAYS[0] == (0, 0, 0), "as it is"


@pytest.mark.parametrize("way", WAYS)
def test_pixels_are_laid_as_pillow_lays_them(way: tuple[int, int, int]) -> None:
    pixels = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    assert np.array_equal(laid(pixels, way), np.asarray(transposed(Image.fromarray(pixels), way)))
    assert np.array_equal(laid(pixels[:, :, 0], way), laid(pixels, way)[:, :, 0])


@pytest.mark.parametrize("way", WAYS)
def test_each_hash_is_that_of_the_picture_laid_so(luma: Image.Image, way: tuple[int, int, int]) -> None:
    """But for the bits of frequencies that are the median to the last digit."""
    hashes = dihedral_hashes(luma)
    really = perceptual_hash(transposed(luma, way))
    assert distance(hashes[WAYS.index(way)], really) <= 6
    nearest = min(WAYS, key=lambda other: distance(hashes[WAYS.index(other)], really))
    assert nearest == way


def test_the_first_is_the_hash_itself(luma: Image.Image) -> None:
    assert dihedral_hashes(luma)[0] == perceptual_hash(luma)
    assert len(dihedral_hashes(luma)) == 8


def test_half_of_the_bits_are_set(luma: Image.Image) -> None:
    found = perceptual_hash(luma)
    assert len(found) == 32
    assert 96 <= distance(found, bytes(32)) <= 128


def test_copies_are_near_and_others_are_far() -> None:
    pictures = [drawn(f"hash/{number}").convert("L") for number in range(6)]
    hashes = [perceptual_hash(picture) for picture in pictures]
    for number, picture in enumerate(pictures):
        half = picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.BICUBIC)
        bright = picture.point([min(255, 30 + level * 4 // 5) for level in range(256)])
        for copy in (jpeg(picture.convert("RGB")).convert("L"), half, bright):
            assert distance(perceptual_hash(copy), hashes[number]) <= 24
        assert min(distance(hashes[number], other) for other in hashes if other is not hashes[number]) > 60
        assert distance(perceptual_hash(ImageOps.mirror(picture)), hashes[number]) > 60


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (3000, 2), (64, 64)])
@pytest.mark.parametrize("shade", [0, 128, 255])
def test_any_size_has_one(size: tuple[int, int], shade: int) -> None:
    plain = Image.new("L", size, shade)
    assert len(perceptual_hash(plain)) == 32
    assert len(dihedral_hashes(plain)) == 8


@given(HASH, st.lists(HASH, max_size=5))
def test_distances_count_bits(one: bytes, others: list[bytes]) -> None:
    expected = [sum(bin(a ^ b).count("1") for a, b in zip(one, other)) for other in others]
    assert [distance(one, other) for other in others] == expected
    table = np.frombuffer(b"".join(others), np.uint8).reshape(-1, 32)
    assert distances(one, table).tolist() == expected
    assert distance(one, one) == 0
    assert distance(one, bytes(255 - value for value in one)) == 256
