"""Features of a picture: packed and unpacked they are the same; what is damaged is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ras.matching.codebook import WORDS
from ras.matching.features import KEYPOINT, Features, points_of
from ras.matching.local import KEPT, packed_keypoints
from tests.copies import extracted, kept, noise


def some_features(size: tuple[int, int] = (400, 300), keypoints: int = 5, seed: int = 0) -> Features:
    random = np.random.RandomState(seed)
    points = np.frombuffer(random.bytes(keypoints * KEYPOINT.itemsize), KEYPOINT).copy()
    points["word"] %= WORDS
    return Features(size, random.bytes(32), random.randint(0, 256, (32, 32, 3)).astype(np.uint8), points)


def same(one: Features, other: Features) -> bool:
    return (
        (one.size, one.hash) == (other.size, other.hash)
        and np.array_equal(one.thumbnail, other.thumbnail)
        and one.keypoints.tobytes() == other.keypoints.tobytes()
    )


@given(
    st.tuples(st.integers(1, 65535), st.integers(1, 65535)), st.sampled_from([0, 1, 7, 200]), st.integers(0, 2**32 - 1)
)
@settings(max_examples=50)
def test_what_was_packed_is_unpacked(size: tuple[int, int], keypoints: int, seed: int) -> None:
    features = some_features(size, keypoints, seed)
    data = features.pack()
    assert len(data) == 40 + 32 * 32 * 3 + 16 * keypoints
    unpacked = Features.unpack(data)
    assert same(unpacked, features)
    assert unpacked.thumbnail.shape == (32, 32, 3)
    assert unpacked.keypoints.dtype == KEYPOINT
    assert unpacked.pack() == data


def test_a_picture_takes_six_kilobytes() -> None:
    features, _ = kept("photo")
    assert len(features.keypoints) <= KEPT
    assert len(features.pack()) <= 40 + 3072 + 16 * KEPT < 6400


@pytest.mark.parametrize("length", [0, 1, 39, 40, 3111, 3112, 3191])
def test_what_was_cut_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="no features"):
        Features.unpack(some_features().pack()[:length])


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, 0),  # another version
        (0, 2),
        (1, 1),
        (6, 4),  # another number of keypoints
        (6, 6),
        (7, 1),
    ],
)
def test_what_is_of_another_kind_is_refused(place: int, value: int) -> None:
    data = bytearray(some_features().pack())
    assert data[place] != value
    data[place] = value
    with pytest.raises(ValueError, match="no features"):
        Features.unpack(bytes(data))


def test_more_than_there_should_be_is_refused() -> None:
    with pytest.raises(ValueError, match="no features"):
        Features.unpack(some_features().pack() + b"\0")


@pytest.mark.parametrize("size", [(0, 300), (400, 0)])
def test_a_picture_without_pixels_is_refused(size: tuple[int, int]) -> None:
    """Sizes are divided by."""
    with pytest.raises(ValueError, match="no features"):
        Features.unpack(some_features(size).pack())


def test_a_word_that_there_is_not_is_refused() -> None:
    """It would be counted where there is no place for it."""
    features = some_features()
    features.keypoints["word"][3] = WORDS
    with pytest.raises(ValueError, match="no features"):
        Features.unpack(features.pack())
    features.keypoints["word"][3] = WORDS - 1
    assert same(Features.unpack(features.pack()), features)


@given(st.binary(max_size=80) | st.binary(min_size=3112, max_size=3112 + 32))
@settings(max_examples=60)
def test_anything_else_is_refused(data: bytes) -> None:
    try:
        unpacked = Features.unpack(data)
    except ValueError:
        return
    assert unpacked.pack() == data  # they happen to be some


def test_points_are_in_pixels() -> None:
    places = np.array([[10.5, 20.25, 1, 0], [0, 299.97, 2, 90]], np.float32)
    keypoints = packed_keypoints(places, np.zeros(2), np.zeros(2))
    assert np.allclose(points_of(keypoints), places[:, :2], atol=1 / 64)
    features = Features((400, 300), bytes(32), np.zeros((32, 32, 3), np.uint8), keypoints)
    assert np.array_equal(features.points, points_of(keypoints))
    assert features.points.dtype == np.float32
    assert points_of(keypoints[:0]).shape == (0, 2)


def test_angles_and_scales_are_steps() -> None:
    angles = [0, 90, 359.9, -90, 540]
    places = np.array([[5, 5, 2.0**number, angle] for number, angle in enumerate(angles)], np.float32)
    keypoints = packed_keypoints(places, np.arange(5), np.arange(5))
    assert keypoints["angle"].tolist() == [0, 64, 0, 192, 128]
    assert keypoints["scale"].tolist() == [0, 32, 64, 96, 128]
    assert keypoints["word"].tolist() == keypoints["signature"].tolist() == [0, 1, 2, 3, 4]


def test_steps_are_rounded() -> None:
    places = np.array([[5.02, 5.01, 5, 1], [5, 5, 5.2, 0.6]], np.float32)
    keypoints = packed_keypoints(places, np.zeros(2), np.zeros(2))
    assert keypoints["scale"].tolist() == [74, 76]  # 74.3, 76.1
    assert keypoints["angle"].tolist() == [1, 0]
    assert keypoints["x"].tolist() == [161, 160]
    assert keypoints["y"].tolist() == [160, 160]


def test_what_does_not_fit_is_cut_off() -> None:
    places = np.array([[-3, 5000, 0, 0], [1, 1, 1e9, 0]], np.float32)
    keypoints = packed_keypoints(places, np.zeros(2), np.zeros(2))
    assert keypoints["x"].tolist() == [0, 32]
    assert keypoints["y"].tolist() == [65535, 32]
    assert keypoints["scale"].tolist() == [0, 255]


def test_keypoints_lie_in_the_picture() -> None:
    features = extracted(noise(1, (400, 240)))
    assert len(features.keypoints) == KEPT
    assert features.size == (400, 240)
    assert (features.points < features.size).all()
    assert (features.points.max(axis=0) > (350, 200)).all()
