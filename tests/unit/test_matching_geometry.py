"""The geometric check: matches by signature, and the projection that most agree on, to a pixel or two."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from ras.matching import QueryFeatures
from ras.matching.features import KEYPOINT, PLACES, Features
from ras.matching.geometry import AROUND, FARTHEST, RATIO, SAME, Projection, fitted, is_sane, match, project
from ras.matching.local import packed_keypoints
from tests.copies import drawn, extracted, query_of

SIZE = (400, 300)
CORNERS = np.array([(0, 0), (400, 0), (400, 300), (0, 300)], np.float64)


def described(
    places: np.ndarray, seed: int, angles: np.ndarray | float = 0, sizes: np.ndarray | float = 8
) -> np.ndarray:
    """Keypoints at these places (n, 2); the same seed gives the same signatures, each far from all others."""
    rows = np.zeros((len(places), 4))
    rows[:, :2], rows[:, 2], rows[:, 3] = places, sizes, angles
    random = np.random.RandomState(seed)
    return packed_keypoints(rows, np.zeros(len(rows)), np.frombuffer(random.bytes(8 * len(rows)), np.uint64))


def features_with(keypoints: np.ndarray, size: tuple[int, int] = (1000, 1000)) -> Features:
    return Features(size, bytes(32), np.zeros((32, 32, 3), np.uint8), keypoints)


def mapped(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    found = np.concatenate([points, np.ones((len(points), 1))], axis=1) @ matrix.T
    return found[:, :2] / found[:, 2:]


def similarity(degrees: float, zoom: float, x: float, y: float) -> np.ndarray:
    a, b = zoom * np.cos(np.radians(degrees)), zoom * np.sin(np.radians(degrees))
    return np.array([[a, -b, x], [b, a, y], [0, 0, 1]])


AFFINE = np.array([[1.2, 0.1, 30], [-0.05, 0.9, 60], [0, 0, 1]])
TILTED = np.array([[1.1, 0.05, 20], [0.02, 1.0, 40], [4e-4, 2e-4, 1]])


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(
    ("matrix", "degrees", "zoom"),
    [
        (similarity(0, 1, 0, 0), 0, 1),
        (similarity(0, 0.5, 120, 80), 0, 0.5),
        (similarity(30, 1.4, 250, 20), 30, 1.4),
        (similarity(180, 1, 500, 400), 180, 1),
        (similarity(-90, 0.8, 100, 500), -90, 0.8),
        (AFFINE, 0, 1),
        (TILTED, 0, 1),
    ],
    ids=["same", "half", "turned", "upside down", "quarter turn", "stretched", "tilted"],
)
def test_a_projection_is_recovered(matrix: np.ndarray, degrees: float, zoom: float, mirrored: bool) -> None:
    """From places that are off by half a pixel, among as many others that match by chance, and what matches nothing."""
    random = np.random.RandomState(1)
    places = random.uniform(0, 1, (60, 2)) * SIZE
    targets = mapped(matrix, places) + random.normal(0, 0.5, places.shape)
    sizes = random.uniform(4, 40, 60)
    wrong = random.uniform(0, 1, (2, 60, 2)) * SIZE
    mine = np.concatenate([described(places, 1, 10, sizes), described(wrong[0], 2), described(wrong[0], 3)])
    theirs = np.concatenate(
        [described(targets, 1, 10 + degrees, sizes * zoom), described(wrong[1], 2), described(wrong[1], 4)]
    )
    other = described(random.uniform(0, 1, (60, 2)) * SIZE, 5)
    found = project(query_of(*((other, mine) if mirrored else (mine, other))), features_with(theirs))
    assert found is not None
    assert found.mirrored is mirrored
    assert found.inliers >= 50
    assert np.hypot(*(mapped(found.matrix, CORNERS) - mapped(matrix, CORNERS)).T).max() < 2.5


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("way", [None, Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180])
def test_it_is_found_on_real_keypoints(mirrored: bool, way: Image.Transpose | None) -> None:
    picture = drawn("geometry")
    copy = picture.resize((picture.width * 3 // 4, picture.height * 3 // 4), Image.Resampling.BICUBIC)
    copy = ImageOps.mirror(copy) if mirrored else copy
    if way is not None:
        copy = copy.transpose(way)
    found = project(QueryFeatures.of(copy), extracted(picture))
    assert found is not None
    assert found.mirrored is mirrored
    assert found.inliers > 20
    width, height = copy.size
    corners = mapped(found.matrix, np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64))
    low, high = corners.min(axis=0), corners.max(axis=0)
    assert np.allclose(low, 0, atol=2.5)
    assert np.allclose(high, picture.size, atol=2.5)
    first = {None: (0, 0), Image.Transpose.ROTATE_90: (1, 0), Image.Transpose.ROTATE_180: (1, 1)}[way]
    if mirrored and way is Image.Transpose.ROTATE_90:
        first = (0, 1)  # a mirrored picture that was turned is one that was turned the other way and mirrored
    assert np.allclose(corners[0] / picture.size, first, atol=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_chance_agrees_on_little(seed: int) -> None:
    random = np.random.RandomState(seed)
    mine, theirs = random.uniform(0, 1, (2, 80, 2)) * SIZE
    angles, sizes = random.uniform(0, 360, 80), random.uniform(2, 60, 80)
    found = project(query_of(described(mine, 1)), features_with(described(theirs, 1, angles, sizes)))
    assert found is None or found.inliers < 6


def test_the_side_that_more_agree_on_wins() -> None:
    places = np.random.RandomState(0).uniform(0, 1, (30, 2)) * SIZE
    full, few = described(places, 1), described(places[:8], 1)
    theirs = features_with(described(places + 7, 1))
    for sides, mirrored in (((few, full), True), ((full, few), False), ((full, full), False)):
        found = project(query_of(*sides), theirs)
        assert found is not None
        assert found.mirrored is mirrored
        assert found.inliers == 30


def test_inliers_are_distinct_places() -> None:
    """A corner has several keypoints, of several sizes; they say no more than one does."""
    spots = np.random.RandomState(0).uniform(0, 1, (6, 2)) * SIZE
    many = np.repeat(spots, 5, axis=0)
    found = project(query_of(described(many, 1)), features_with(described(many + 20, 1)))
    assert found is not None
    assert found.inliers == 6
    three = np.repeat(spots[:3], 10, axis=0)
    assert project(query_of(described(three, 1)), features_with(described(three + 20, 1))) is None


def test_many_keypoints_on_one_spot_of_either_picture_are_one_place() -> None:
    """A grid of equal things finds one and the same thing."""
    spread = np.random.RandomState(0).uniform(0, 1, (30, 2)) * SIZE
    spot = np.full((30, 2), 50.0)
    for mine, theirs in ((spread, spot), (spot, spread)):
        found = project(query_of(described(mine, 1, 0, 8)), features_with(described(theirs, 1, 0, 1)))
        assert found is None


def test_without_keypoints_there_is_no_projection() -> None:
    none, some = described(np.zeros((0, 2)), 1), described(CORNERS, 1)
    for mine, theirs in ((none, some), (some, none), (none, none), (some[:3], some), (some, some[:1])):
        assert project(query_of(mine, mine), features_with(theirs)) is None
    assert project(query_of(), features_with(some)) is None


def slow_match(one: np.ndarray, other: np.ndarray) -> list[tuple[int, int]]:
    if len(other) < 2:
        return []
    far = [[bin(int(a["signature"]) ^ int(b["signature"])).count("1") for b in other] for a in one]
    found = []
    for row, distances in enumerate(far):
        best = min(distances)
        column = distances.index(best)
        back = [line[column] for line in far]
        if best > FARTHEST or back.index(min(back)) != row:
            continue
        x, y = int(other["x"][column]), int(other["y"][column])
        reach = SAME * PLACES
        elsewhere = [
            distance
            for distance, b in zip(distances, other)
            if not (abs(int(b["x"]) - x) <= reach and abs(int(b["y"]) - y) <= reach)
        ]
        if best <= RATIO * min([64, *elsewhere]):
            found.append((row, column))
    return found


@given(st.integers(0, 2**32 - 1), st.integers(0, 12), st.integers(0, 12))
@settings(max_examples=60, deadline=None)
def test_matches_are_those_of_a_slow_search(seed: int, mine: int, theirs: int) -> None:
    random = np.random.RandomState(seed)
    one, other = np.zeros(mine, KEYPOINT), np.zeros(theirs, KEYPOINT)
    kinds = np.frombuffer(random.bytes(24), np.uint64)
    for some in (one, other):
        some["x"], some["y"] = random.randint(0, 6, (2, len(some))) * random.choice([60, 100, 10000])
        some["signature"] = kinds[random.randint(0, 3, len(some))]
        for _ in range(random.randint(0, 12)):
            some["signature"] ^= np.uint64(1) << random.randint(0, 64, len(some)).astype(np.uint64)
    rows, columns = match(one, other)
    assert list(zip(rows.tolist(), columns.tolist())) == slow_match(one, other)


def test_a_double_elsewhere_spoils_a_match_and_one_at_the_same_corner_does_not() -> None:
    places = np.array([(100.0, 100.0), (300.0, 200.0)])
    mine = described(places, 1)
    theirs = np.concatenate([mine, mine[:1]])
    mine["signature"] ^= np.uint64(0b111)
    theirs["x"][2] += 2 * PLACES
    assert match(mine, theirs)[0].tolist() == [0, 1]
    theirs["x"][2] += 20 * PLACES
    assert match(mine, theirs)[0].tolist() == [1]


BOX = np.array([(0.0, 0.0), (300.0, 200.0)])


@pytest.mark.parametrize(
    ("matrix", "sane"),
    [
        (np.eye(3), True),
        (similarity(170, 0.1, 900, -50), True),
        (TILTED, True),
        (np.diag([-1.0, 1, 1]), False),  # flipped
        (np.diag([1.0, 0, 1]), False),  # all on one line
        (np.zeros((3, 3)), False),
        (np.array([[1, 0, 0], [0, 1, 0], [-0.01, 0, 1]]), False),  # folded: the horizon is at x = 100
        (np.array([[1, 0, 0], [0, 1, 0], [-0.003, 0, 1]]), False),  # one side is ten times as large
        (np.array([[1, 0, 0], [0, 1, 0], [0.01, 0, 1]]), False),
        (-np.eye(3), False),
        (np.full((3, 3), np.nan), False),
    ],
)
def test_folded_and_flipped_projections_are_told(matrix: np.ndarray, sane: bool) -> None:
    assert is_sane(matrix, BOX) is sane


def placed(kind: str, count: int, random: np.random.RandomState) -> np.ndarray:
    places = random.uniform(0, 1, (count, 2)) * SIZE
    if kind == "line":
        places[:, 1] = places[:, 0] / 2
    elif kind == "column":
        places[:, 0] = 50
    elif kind == "point":
        places[:] = 100
    elif kind == "two points":
        places = np.where(random.rand(count, 1) < 0.5, [[10, 10]], [[200, 200]])
    return places


@pytest.mark.parametrize("mine", ["anywhere", "line", "column", "point", "two points"])
@pytest.mark.parametrize("theirs", ["anywhere", "line", "column", "point", "two points", "the same"])
def test_degenerate_places_are_survived(mine: str, theirs: str) -> None:
    random = np.random.RandomState(3)
    for count in (2, 4, 5, 6, 8, 40):
        for wild in (False, True):
            places = placed(mine, count, random)
            targets = (
                places + random.uniform(-2, 2, places.shape) if theirs == "the same" else placed(theirs, count, random)
            )
            angles, sizes = (random.uniform(0, 360, count), random.uniform(1, 200, count)) if wild else (0.0, 8.0)
            side = described(places, 1)
            found = project(query_of(side, side), features_with(described(targets, 1, angles, sizes)))
            if found is not None:
                assert np.isfinite(found.matrix).all()
                assert 4 <= found.inliers <= count


def test_the_same_question_has_the_same_answer() -> None:
    """Though the homography is found by chance."""
    random = np.random.RandomState(7)
    places = random.uniform(0, 1, (120, 2)) * SIZE
    targets = mapped(TILTED, places) + random.normal(0, 4, places.shape)
    query, features = query_of(described(places, 1)), features_with(described(targets, 1))
    answers = [project(query, features) for _ in range(5)]
    for one in answers:
        assert one is not None
        assert answers[0] is not None
        assert one.inliers == answers[0].inliers
        assert np.array_equal(one.matrix, answers[0].matrix)


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_rough_projection_is_fitted_to_all_keypoints_around(mirrored: bool) -> None:
    """A pixel off in the middle and up to eight at the corners, as where keypoints of one corner alone agree."""
    picture = drawn("geometry")
    query = QueryFeatures.of(ImageOps.mirror(picture) if mirrored else picture)
    width, height = query.image.size
    rough = np.array([[1 + 7 / width, 0, -3], [0, 1 - 7 / height, 4], [1e-5, 0, 1]])
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    assert np.abs(mapped(rough, corners) - corners).max() > 4
    assert np.abs(mapped(rough, corners) - corners).max() < AROUND
    found = fitted(query, extracted(picture), Projection(rough, mirrored, 9))
    assert np.abs(mapped(found.matrix, corners) - corners).max() < 1
    assert (found.mirrored, found.inliers) == (mirrored, 9)


def test_a_projection_that_few_keypoints_bear_out_stays() -> None:
    """What lies elsewhere, and what looks otherwise, is no reason to change it."""
    random = np.random.RandomState(4)
    places = random.uniform(0, 1, (60, 2)) * SIZE
    query = query_of(described(places, 1))
    near, far = np.array([3, 0]), np.array([3 * AROUND, 0])
    projection = Projection(np.eye(3), False, 9)
    assert fitted(query, features_with(described(places + far, 1)), projection) is projection
    assert fitted(query, features_with(described(places + near, 2)), projection) is projection
    assert fitted(query, features_with(described(places[:5] + near, 1)), projection) is projection
    assert fitted(query, features_with(described(places + near, 1)), projection) is not projection
    behind = Projection(np.diag([1.0, 1, -1]), False, 9)
    assert fitted(query, features_with(described(places, 1)), behind) is behind
