"""Keypoints: from all over the picture, the most telling first; those of the mirror image for nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageOps

from ras.matching.keypoints import GRID, LEAST_SIDE, described_at, find_keypoints, mirrored
from tests.copies import drawn, noise


def luma_of(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L"))


@pytest.fixture(scope="module")
def luma() -> np.ndarray:
    return luma_of(drawn("keypoints/1"))


def test_descriptors_have_length_one(luma: np.ndarray) -> None:
    places, descriptors = find_keypoints(luma, 150)
    assert places.shape == (150, 4)
    assert descriptors.shape == (150, 128)
    assert places.dtype == descriptors.dtype == np.float32
    assert np.allclose(np.linalg.norm(descriptors, axis=1), 1, atol=1e-4)
    assert (places[:, :2] >= 0).all()
    assert (places[:, :2] < luma.shape[::-1]).all()
    assert (places[:, 2] > 0).all()


def test_fewer_are_the_first_of_more(luma: np.ndarray) -> None:
    few, more = find_keypoints(luma, 40), find_keypoints(luma, 150)
    assert np.array_equal(few[0], more[0][:40])
    # OpenCV does not enlarge the picture where no keypoint is small enough to need that.
    assert np.allclose(few[1], more[1][:40], atol=0.05)


def test_they_come_from_all_over_the_picture() -> None:
    """One half is all contrast, the other faint: the strongest keypoints alone would leave it out."""
    strong, faint = (np.asarray(noise(seed, (150, 200)).convert("L"), np.float32) for seed in (1, 2))
    luma = np.concatenate([strong, 128 + (faint - 128) * 0.3], axis=1).astype(np.uint8)
    places, _ = find_keypoints(luma, 100)
    assert len(places) == 100
    assert (places[:, 0] > 150).sum() > 30
    fields = (places[:, 0] * GRID // 300).astype(int) + GRID * (places[:, 1] * GRID // 200).astype(int)
    assert len(set(fields[: GRID * GRID])) == GRID * GRID, "each field has its turn before any has two"
    assert np.bincount(fields).max() <= 6


def test_mirrored_descriptors_are_those_of_the_mirrored_picture(luma: np.ndarray) -> None:
    width = luma.shape[1]
    places, descriptors = find_keypoints(luma, 150)
    others, theirs = find_keypoints(np.ascontiguousarray(luma[:, ::-1]), 400)
    flipped = places * (-1, 1, 1, -1) + (width - 1, 0, 0, 180)
    apart = np.hypot(*(flipped[:, None, :2] - others[None, :, :2]).transpose(2, 0, 1))
    turn = np.abs((flipped[:, None, 3] - others[None, :, 3] + 180) % 360 - 180)
    same = (apart < 1) & (turn < 8) & (np.abs(np.log2(flipped[:, None, 2] / others[None, :, 2])) < 0.2)
    found = same.any(axis=1)
    assert found.mean() > 0.8
    partner = same.argmax(axis=1)[found]
    alike = (mirrored(descriptors)[found] * theirs[partner]).sum(axis=1)
    assert np.median(alike) > 0.98
    assert (alike > 0.9).mean() > 0.95
    assert np.median((descriptors[found] * theirs[partner]).sum(axis=1)) < 0.9, "unmirrored they are others"


def test_mirrored_twice_is_as_before() -> None:
    descriptors = np.random.RandomState(0).rand(5, 128).astype(np.float32)
    assert np.array_equal(mirrored(mirrored(descriptors)), descriptors)
    assert not np.array_equal(mirrored(descriptors), descriptors)


def test_threads_find_the_same(luma: np.ndarray) -> None:
    pictures = [luma, luma_of(ImageOps.flip(drawn("keypoints/1"))), luma]
    alone = [find_keypoints(picture, 100)[1] for picture in pictures]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda picture: find_keypoints(picture, 100)[1], pictures))
    for one, other in zip(alone, together):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (7, 500), (500, 7), (8, 8), (60, 60)])
def test_where_there_are_none_nothing_comes(shape: tuple[int, int]) -> None:
    picture = luma_of(noise(1, shape[::-1])) if min(shape) < 8 else np.full(shape, 200, np.uint8)
    places, descriptors = find_keypoints(picture, 100)
    assert places.shape == (0, 4)
    assert descriptors.shape == (0, 128)


def test_what_opencv_cannot_take_has_none_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    unfit = np.zeros((20, 30))
    assert find_keypoints(unfit, 100)[0].shape == (0, 4)
    assert not described_at(unfit, np.array([[9, 9, 5, 0]], np.float32)).any()
    assert caplog.text.count("30 × 20") == 2


def test_what_was_found_is_described_alike_where_it_is_looked_for(luma: np.ndarray) -> None:
    places, descriptors = find_keypoints(luma, 150)
    large = places[:, 2] >= 3
    assert large.sum() > 80
    again = described_at(luma, places[large])
    alike = (again * descriptors[large]).sum(axis=1)
    assert np.percentile(alike, 5) > 0.95
    elsewhere = described_at(luma, places[large][::-1])
    assert np.median((elsewhere * descriptors[large]).sum(axis=1)) < 0.8


def test_nothing_is_described_nowhere(luma: np.ndarray) -> None:
    assert described_at(luma, np.zeros((0, 4), np.float32)).shape == (0, 128)


@pytest.mark.parametrize("size", [(LEAST_SIDE, LEAST_SIDE), (9, 400), (1024, 31)])
def test_details_larger_than_the_picture_are_survived(size: tuple[int, int]) -> None:
    luma = np.asarray(noise(5, size).convert("L"))
    places = np.array([[x, 3, diameter, 45] for x in (-5, 2, 5000) for diameter in (3, 20, 250)], np.float32)
    descriptors = described_at(luma, places)
    assert descriptors.shape == (9, 128)
    assert np.isfinite(descriptors).all()
