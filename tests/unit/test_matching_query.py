"""What a query is recognised by: keypoints as it is and mirrored, hashes in all ways to lay it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from ras.images import make_preview
from ras.matching import QueryFeatures
from ras.matching.codebook import WORDS, ones
from ras.matching.features import points_of
from ras.matching.hashing import dihedral_hashes
from ras.matching.query import ASKED, WORDS_ASKED
from tests.copies import drawn

PICTURE = drawn("keypoints/1")


@pytest.fixture(scope="module")
def query() -> QueryFeatures:
    return QueryFeatures.of(PICTURE, "ab" * 32)


def test_it_is_described_as_a_whole(query: QueryFeatures) -> None:
    gray = query.image.convert("L")
    assert query.image.mode == "RGB"
    assert np.array_equal(query.luma, np.asarray(gray))
    assert query.hashes == tuple(dihedral_hashes(gray))
    assert query.content_hash == "ab" * 32
    with Image.open(io.BytesIO(make_preview(PICTURE))) as preview:
        assert np.array_equal(query.preview, np.asarray(preview))


def test_each_keypoint_is_asked_for_in_several_words(query: QueryFeatures) -> None:
    for side in query.sides:
        assert len(side.keypoints) == ASKED
        assert side.words.shape == (ASKED, WORDS_ASKED)
        assert side.words.dtype == np.uint16
        assert side.words.max() < WORDS
        assert np.array_equal(side.words[:, 0], side.keypoints["word"])
        assert (side.words[:, 0] != side.words[:, 1]).all()


def test_its_mirror_image_has_the_keypoints_that_the_mirrored_picture_has(query: QueryFeatures) -> None:
    mine = query.sides[1].keypoints
    theirs = QueryFeatures.of(ImageOps.mirror(PICTURE)).sides[0].keypoints
    apart = np.hypot(*(points_of(mine)[:, None] - points_of(theirs)[None]).transpose(2, 0, 1))
    scales = np.abs(mine["scale"][:, None].astype(int) - theirs["scale"])
    different = ones(mine["signature"][:, None] ^ theirs["signature"])
    partner = different.argmin(axis=1)
    rows = np.arange(len(mine))
    found = (different[rows, partner] <= 10) & (apart[rows, partner] < 1.5) & (scales[rows, partner] <= 8)
    assert found.mean() > 0.6
    turns = (mine["angle"] - theirs["angle"][partner])[found].astype(np.int8).astype(int)
    assert np.median(np.abs(turns)) <= 2
    assert (mine["word"] == theirs["word"][partner])[found].mean() > 0.7


def test_without_opencv_it_has_no_keypoints(query: QueryFeatures) -> None:
    other = QueryFeatures.of(PICTURE, local=False)
    assert other.sides == ()
    assert other.hashes == query.hashes
    assert other.content_hash == ""


def test_a_large_query_is_reduced_first() -> None:
    large = PICTURE.resize((1500, 1500), Image.Resampling.BICUBIC)
    query = QueryFeatures.of(large)
    assert query.image.size == (512, 512)
    assert points_of(query.sides[0].keypoints).max() < 512
