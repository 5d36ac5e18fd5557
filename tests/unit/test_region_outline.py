"""The outline of a matched region: clipped to the picture, seen on any ground, left out where it says nothing."""

from __future__ import annotations

import math

import pytest
from PIL import Image, ImageChops

from ras.gui.region_outline import area, clipped, draw_outline, worth_outlining
from ras.gui.shapes import framed

UNIT = (0.0, 0.0, 1.0, 1.0)
WHOLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
PART = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))
BEYOND = ((-0.5, -0.5), (0.5, -0.5), (0.5, 1.5), (-0.5, 1.5))


def test_a_polygon_is_clipped_to_its_picture() -> None:
    assert area(clipped(PART, UNIT)) == pytest.approx(0.25)
    assert area(clipped(BEYOND, UNIT)) == pytest.approx(0.5)
    assert clipped([(x + 2, y) for x, y in PART], UNIT) == []
    assert area(clipped(((-1, 0.5), (0.5, -1), (2, 0.5), (0.5, 2)), UNIT)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("region", "worth"),
    [
        (PART, True),
        (BEYOND, True),
        (WHOLE, False),
        (tuple((0.01 + 0.98 * x, 0.01 + 0.98 * y) for x, y in WHOLE), False),
        (tuple((3 * x - 1, 3 * y - 1) for x, y in WHOLE), False),
        (tuple((x + 2, y) for x, y in WHOLE), False),
        ((), False),
        (((0.2, 0.2), (0.4, 0.4)), False),
        (((math.nan, math.nan),) * 4, False),
    ],
)
def test_only_a_part_is_worth_outlining(region: tuple[tuple[float, float], ...], worth: bool) -> None:
    assert worth_outlining(region) is worth


@pytest.mark.parametrize("ground", ["white", "black", "#4f5bdf", "#ffffff", "#808080"])
def test_it_is_seen_on_any_ground(ground: str) -> None:
    image = Image.new("RGB", (200, 100), ground)
    draw_outline(image, PART, (0, 0, 200, 100), 3)
    corner = image.crop((40, 15, 60, 35)).convert("L").getextrema()
    assert corner[1] - corner[0] > 60


def test_it_lies_where_the_corners_are() -> None:
    plain = Image.new("RGB", (200, 100), "black")
    image = plain.copy()
    draw_outline(image, PART, (0, 0, 200, 100), 3)
    left, top, right, bottom = ImageChops.difference(image, plain).getbbox() or (0, 0, 0, 0)
    assert (left, top, right, bottom) == pytest.approx((50, 25, 150, 75), abs=4)
    assert image.getpixel((100, 50)) == (0, 0, 0)


def test_it_stays_within_a_picture_that_reaches_beyond_the_frame() -> None:
    image = Image.new("RGB", (100, 100), "black")
    draw_outline(image, WHOLE, (-40, 10, 180, 80), 3)
    assert image.crop((0, 0, 100, 9)).getbbox() is None
    assert image.crop((0, 0, 5, 100)).getbbox() is not None
    assert image.crop((95, 0, 100, 100)).getbbox() is not None


def test_an_absurd_region_is_survived() -> None:
    image = Image.new("RGB", (100, 100), "black")
    for region in ([(1e30, -1e30), (2e30, 5.0), (math.inf, math.nan)], [(math.nan, 0.0)] * 4, [(0.5, 0.5)] * 4):
        draw_outline(image, region, (0, 0, 100, 100), 3)


def test_a_frame_outlines_what_it_shows() -> None:
    picture = Image.new("RGB", (100, 100), "#808080")
    plain = framed(picture, (200, 100), 0, "#000000", "#ffffff")
    outlined = framed(picture, (200, 100), 0, "#000000", "#ffffff", region=PART, line=3)
    box = ImageChops.difference(plain, outlined).getbbox()
    assert box == pytest.approx((75, 25, 125, 75), abs=4)
