"""Regions: the same corners on both pictures, in one order; and what they tell of how a picture was altered."""

from __future__ import annotations

from typing import Callable, Sequence

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from ras.matching import regions
from ras.matching.geometry import Projection
from ras.matching.hashing import WAYS, laid
from ras.matching.regions import laying_changes, matched_region, shape_changes, whole_region
from ras.records import Change, MatchedRegion, Point
from tests.copies import checked, drawn

WHOLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


def area(points: Sequence[Point]) -> float:
    x, y = np.array(points).T
    return 0.5 * abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))


def box(points: Sequence[Point]) -> tuple[float, ...]:
    """Left, top, right, bottom."""
    return (*np.min(points, axis=0).tolist(), *np.max(points, axis=0).tolist())


def projection(matrix: object, mirrored: bool = False) -> Projection:
    return Projection(np.array(matrix, np.float64), mirrored, 20)


def region_of(
    matrix: object, query: tuple[int, int], picture: tuple[int, int], mirrored: bool = False
) -> MatchedRegion:
    found = matched_region(projection(matrix, mirrored), query, picture)
    assert found is not None
    assert len(found.query) == len(found.picture) >= 3
    assert all(0 <= share <= 1 for points in (found.query, found.picture) for point in points for share in point)
    return found


def test_a_crop_is_all_of_the_query_and_a_part_of_the_picture() -> None:
    found = region_of([[1, 0, 100], [0, 1, 60], [0, 0, 1]], (200, 120), (400, 300))
    assert found.query == WHOLE
    assert found.picture == ((0.25, 0.2), (0.75, 0.2), (0.75, 0.6), (0.25, 0.6))


def test_a_picture_in_a_larger_one_is_a_part_of_the_query_and_all_of_the_picture() -> None:
    found = region_of([[2, 0, -200], [0, 2, -100], [0, 0, 1]], (400, 300), (200, 100))
    assert box(found.picture) == (0, 0, 1, 1)
    assert box(found.query) == pytest.approx((0.25, 1 / 6, 0.5, 1 / 3), abs=1e-4)


def test_where_both_reach_beyond_each_other_it_is_what_they_share() -> None:
    found = region_of([[1, 0, 100], [0, 1, -50], [0, 0, 1]], (200, 200), (200, 200))
    assert box(found.picture) == (0.5, 0, 1, 0.75)
    assert box(found.query) == (0, 0.25, 0.5, 1)


def test_of_a_mirrored_query_the_corners_are_told_as_it_is() -> None:
    """Its mirror image is projected: what is at its left comes from the right."""
    found = region_of([[1, 0, 100], [0, 1, 60], [0, 0, 1]], (200, 120), (400, 300), mirrored=True)
    assert found.picture[0] == (0.25, 0.2)
    assert found.query == ((1, 0), (0, 0), (0, 1), (1, 1))


def test_pictures_that_do_not_meet_have_none() -> None:
    for x, y in ((500, 0), (-300, 0), (0, 400), (0, -200), (1e9, 1e9)):
        assert matched_region(projection([[1, 0, x], [0, 1, y], [0, 0, 1]]), (200, 120), (400, 300)) is None


@pytest.mark.parametrize(
    "matrix",
    [
        np.zeros((3, 3)),
        np.diag([1.0, 0, 1]),
        np.diag([0.0, 0, 1]),
        [[1, 1, 0], [1, 1, 0], [0, 0, 1]],  # onto a line
        [[0, 0, 100], [0, 0, 100], [0, 0, 1]],  # onto a point
        [[1e-8, 0, 100], [0, 1e-8, 100], [0, 0, 1]],
        [[1, 0, 0], [0, 1, 0], [0, 0, 0]],
        [[1, 0, 0], [0, 1, 0], [0, 0, -1]],  # all of it is behind whoever looks
        [[1, 0, 0], [0, 1, 0], [-1, 0, -1]],
    ],
)
def test_projections_that_lead_nowhere_have_none(matrix: object) -> None:
    assert matched_region(projection(matrix), (200, 120), (400, 300)) is None


def test_what_is_beyond_the_horizon_is_no_part_of_it() -> None:
    """Points there would come out on the other side of the picture."""
    matrix = np.array([[1, 0, 0], [0, 1, 0], [-1 / 100, 0, 1]])  # x = 100 is infinitely far away
    found = region_of(matrix, (200, 120), (400, 300))
    assert max(x for x, _ in found.query) < 0.5
    for query, picture in zip(found.query, found.picture):
        point = matrix @ (query[0] * 200, query[1] * 120, 1)
        assert np.allclose(point[:2] / point[2] / (400, 300), picture, atol=0.02)
    changes = shape_changes(projection(matrix), found, np.zeros((120, 200), np.uint8))
    assert Change.TILTED in changes


numbers = st.floats(-2, 2).map(lambda number: round(number, 6))


@given(
    st.lists(numbers, min_size=9, max_size=9),
    st.tuples(st.integers(1, 600), st.integers(1, 600)),
    st.tuples(st.integers(1, 600), st.integers(1, 600)),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_any_projection_has_a_region_inside_of_both_or_none(
    values: list[float], query: tuple[int, int], picture: tuple[int, int], mirrored: bool
) -> None:
    matrix = np.array(values).reshape(3, 3) * [[1, 1, 200], [1, 1, 200], [0.003, 0.003, 1]]
    if matched_region(projection(matrix, mirrored), query, picture) is not None:
        found = region_of(matrix, query, picture, mirrored)
        shape_changes(projection(matrix, mirrored), found, np.zeros(query[::-1], np.uint8))


@given(
    st.lists(st.tuples(st.floats(-300, 600), st.floats(-300, 600)), min_size=3, max_size=3),
    st.integers(1, 400),
    st.integers(1, 400),
)
@settings(max_examples=200, deadline=None)
def test_clipping_keeps_what_is_inside(corners: list[tuple[float, float]], width: int, height: int) -> None:
    """Of a triangle as many points of a grid as lie in both it and the picture."""
    polygon = np.array(corners, np.float64)
    assume(area(polygon) > 10)
    clipped = regions._clipped(polygon, width, height)
    if not len(clipped):
        return
    assert (clipped >= -1e-6).all()
    assert (clipped <= np.array([width, height]) + 1e-6).all()
    assert area(clipped) <= min(area(polygon), width * height) + 1e-6
    x, y = (
        axis.reshape(-1)
        for axis in np.meshgrid((np.arange(40) + 0.5) * width / 40, (np.arange(40) + 0.5) * height / 40)
    )
    turns = [
        (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]) for a, b in zip(polygon, np.roll(polygon, -1, axis=0))
    ]
    share = (np.all(np.array(turns) >= 0, axis=0) | np.all(np.array(turns) <= 0, axis=0)).mean()
    assert area(clipped) / (width * height) == pytest.approx(share, abs=0.06)


def test_clipping_leaves_what_is_inside_alone() -> None:
    inside = np.array([(1.0, 1.0), (9.0, 2.0), (5.0, 9.0)])
    assert np.array_equal(regions._clipped(inside, 10, 10), inside)
    assert len(regions._clipped(inside + 20, 10, 10)) == 0
    assert area(regions._clipped(inside * 100 - 300, 10, 10)) == 100


@pytest.mark.parametrize("way", WAYS)
def test_the_whole_is_told_corner_by_corner(way: tuple[int, int, int]) -> None:
    """Laid so, the query shows at each corner of the picture what is at the query's own."""
    query = np.arange(4).reshape(2, 2)
    picture = laid(query, way)
    found = whole_region(way)
    assert found.picture == WHOLE
    assert sorted(found.query) == sorted(WHOLE)
    for (x, y), (u, v) in zip(found.query, found.picture):
        assert query[int(y), int(x)] == picture[int(v), int(u)]


def test_ways_are_told_in_words() -> None:
    told = {way: laying_changes(way) for way in WAYS}
    assert told[(0, 0, 0)] == []
    assert told[(0, 1, 0)] == [Change.MIRRORED]
    assert told[(0, 1, 1)] == told[(1, 1, 0)] == told[(1, 0, 1)] == [Change.TURNED]
    for way in ((0, 0, 1), (1, 0, 0), (1, 1, 1)):
        assert told[way] == [Change.MIRRORED, Change.TURNED]


SEED = "regions"


def pasted(picture: Image.Image) -> Image.Image:
    ground = drawn("regions/ground").resize((picture.width * 2, picture.height * 2), Image.Resampling.BICUBIC)
    ground.paste(picture, (picture.width // 2, picture.height // 2))
    return ground


def cropped(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    return picture.crop((round(0.2 * width), round(0.1 * height), round(0.8 * width), round(0.9 * height)))


Place = Callable[[float, float], Point]


@pytest.mark.parametrize(
    ("alter", "on_picture", "place"),
    [
        (cropped, (0.2, 0.1, 0.8, 0.9), lambda x, y: ((x - 0.2) / 0.6, (y - 0.1) / 0.8)),
        (
            lambda one: ImageOps.mirror(cropped(one)),
            (0.2, 0.1, 0.8, 0.9),
            lambda x, y: ((0.8 - x) / 0.6, (y - 0.1) / 0.8),
        ),
        (ImageOps.mirror, (0, 0, 1, 1), lambda x, y: (1 - x, y)),
        (ImageOps.flip, (0, 0, 1, 1), lambda x, y: (x, 1 - y)),
        (lambda one: one.transpose(Image.Transpose.ROTATE_90), (0, 0, 1, 1), lambda x, y: (y, 1 - x)),
        (lambda one: one.transpose(Image.Transpose.ROTATE_180), (0, 0, 1, 1), lambda x, y: (1 - x, 1 - y)),
        (lambda one: one.transpose(Image.Transpose.ROTATE_270), (0, 0, 1, 1), lambda x, y: (1 - y, x)),
        (lambda one: one.transpose(Image.Transpose.TRANSPOSE), (0, 0, 1, 1), lambda x, y: (y, x)),
        (pasted, (0, 0, 1, 1), lambda x, y: (0.25 + x / 2, 0.25 + y / 2)),
        (lambda one: ImageOps.mirror(pasted(one)), (0, 0, 1, 1), lambda x, y: (0.75 - x / 2, 0.25 + y / 2)),
    ],
    ids=["crop", "mirror crop", "mirror", "flip", "90", "180", "270", "transpose", "embedded", "embedded mirror"],
)
def test_corners_are_where_they_must_be_on_both(
    alter: Callable[[Image.Image], Image.Image], on_picture: tuple[float, ...], place: Place
) -> None:
    found = checked(alter(drawn(SEED)), SEED).region
    assert found is not None
    assert box(found.picture) == pytest.approx(on_picture, abs=0.015)
    assert area(found.picture) == pytest.approx(
        (on_picture[2] - on_picture[0]) * (on_picture[3] - on_picture[1]), abs=0.02
    )
    for query, picture in zip(found.query, found.picture):
        assert query == pytest.approx(place(*picture), abs=0.015)
