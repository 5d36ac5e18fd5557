"""What a pane shows, pixel for pixel; and the query laid over a picture where both show the same."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageChops

from ras.gui.overlay import MOST_PIXELS, Layers, draw_over, draw_part, inside, layers, mapped, projection
from ras.gui.zoom import Zoom
from ras.records import MatchedRegion, Point
from tests.gui.pictures import picture

WHOLE: tuple[Point, ...] = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean of the differences of all pixels, of 255."""
    return float(np.asarray(ImageChops.difference(one, other)).mean())


def test_a_part_at_its_true_size_is_the_picture_itself() -> None:
    image = picture(3, (500, 400))
    zoom = Zoom(0.5, 0.4).scaled(1.0, image.size, (100, 80))
    shown = draw_part(layers(image), zoom, (100, 80), "black")
    left, top = round(zoom.x * 500 - 50), round(zoom.y * 400 - 40)
    assert difference(shown, image.crop((left, top, left + 100, top + 80))) == 0


def test_the_whole_picture_stands_in_the_middle_on_the_ground() -> None:
    image = Image.new("RGB", (40, 20), "red")
    shown = draw_part(layers(image), Zoom(), (100, 80), "#000080")
    assert shown.getpixel((50, 40)) == (255, 0, 0)
    assert shown.getpixel((50, 10)) == (0, 0, 128)
    assert shown.crop((0, 15, 100, 65)).getcolors() == [(5000, (255, 0, 0))]


def test_single_pixels_are_squares() -> None:
    image = picture(5, (30, 20))
    shown = draw_part(layers(image), Zoom().scaled(8.0, image.size, (80, 80)), (80, 80), "black")
    assert len(shown.getcolors(10_000) or ()) <= 11 * 11


def test_a_picture_of_120_megapixels_is_kept_reduced() -> None:
    kept = layers(Image.new("RGB", (12_000, 10_000)))
    assert kept.size == (12_000, 10_000)
    assert kept.images[0].width * kept.images[0].height <= MOST_PIXELS
    assert kept.reduced
    assert not layers(Image.new("RGB", (4000, 4000))).reduced


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (20_000, 3), (513, 2)])
def test_pictures_of_any_shape_are_drawn(size: tuple[int, int]) -> None:
    shown = draw_part(layers(Image.new("RGB", size, "white")), Zoom(), (60, 60), "black")
    assert shown.size == (60, 60)
    assert shown.getextrema()[0][1] == 255  # type: ignore[index]


def shrunk(kept: Layers) -> list[int]:
    return [image.width for image in kept.images]


def test_the_copy_that_is_drawn_has_a_pixel_for_each_of_the_screen_and_hardly_more() -> None:
    kept = layers(picture(1, (2048, 1024)))
    assert shrunk(kept) == [2048, 1024, 512]
    assert kept.at_scale(0.5).width == 1024
    assert kept.at_scale(0.51).width == 2048
    assert kept.at_scale(0.001).width == 512
    assert kept.at_scale(3).width == 2048


CORNERS = {
    "cropped": ((0.1, 0.2), (0.8, 0.2), (0.8, 0.9), (0.1, 0.9)),
    "mirrored": ((0.9, 0.1), (0.1, 0.1), (0.1, 0.9), (0.9, 0.9)),
    "tilted": ((0.14, 0.10), (0.90, 0.17), (0.84, 0.93), (0.10, 0.80)),
}


@pytest.mark.parametrize("corners", CORNERS.values(), ids=CORNERS)
def test_the_query_lies_where_the_picture_shows_the_same(corners: tuple[Point, ...]) -> None:
    """The query is cut out of the picture, so that laid over it nothing changes."""
    image = picture(4, (800, 600))
    quad = [corners[place] for place in (0, 3, 2, 1)]
    flat = [value * side for x, y in quad for value, side in ((x, 800), (y, 600))]
    # A projection, as a camera has it, which Pillow's own QUAD is not.
    onto = projection(MatchedRegion(corners, WHOLE))
    assert onto is not None
    scaled = np.diag([800, 600, 1]) @ np.array(onto).reshape(3, 3) @ np.diag([1 / 400, 1 / 300, 1])
    coefficients = tuple((scaled / scaled[2, 2]).ravel()[:8])
    query = image.transform((400, 300), Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC)
    there = projection(MatchedRegion(WHOLE, corners))
    assert there is not None
    room = (640, 480)
    plain = draw_part(layers(image), Zoom(), room, "black")
    over = draw_over(layers(image), layers(query), there, 1.0, Zoom(), room, "black")
    middle = (x0 := 220, 160, x0 + 200, 320)
    assert difference(plain.crop(middle), over.crop(middle)) < 4
    assert difference(plain, over) < 3
    wrong = draw_over(layers(image), layers(query), inside((800, 600), (400, 300)), 1.0, Zoom(), room, "black")
    assert difference(plain.crop(middle), wrong.crop(middle)) > 8
    assert len(flat) == 8


def test_the_blend_goes_from_the_picture_to_the_query() -> None:
    black, white = layers(Image.new("RGB", (90, 90), "black")), layers(Image.new("RGB", (90, 90), "white"))
    same = inside((90, 90), (90, 90))
    seen = [
        draw_over(black, white, same, blend, Zoom(), (90, 90), "black").getpixel((45, 45)) for blend in (0, 0.25, 1)
    ]
    assert seen == [(0, 0, 0), (64, 64, 64), (255, 255, 255)]


def test_beside_the_query_only_the_picture_is_seen() -> None:
    black, white = layers(Image.new("RGB", (90, 90), "black")), layers(Image.new("RGB", (30, 90), "white"))
    over = draw_over(black, white, inside((90, 90), (30, 90)), 1.0, Zoom(), (90, 90), "black")
    assert over.getpixel((45, 45)) == (255, 255, 255)
    assert over.getpixel((10, 45)) == over.getpixel((80, 45)) == (0, 0, 0)


def test_what_lies_behind_the_eye_is_not_drawn() -> None:
    black, white = layers(Image.new("RGB", (90, 90), "black")), layers(Image.new("RGB", (90, 90), "white"))
    # The depth is nothing at x = 0.5, and less to the right of it.
    onto = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, -2.0, 0.0, 1.0)
    over = draw_over(black, white, onto, 1.0, Zoom(), (90, 90), "black")
    assert over.getpixel((10, 10)) == (255, 255, 255)
    assert over.crop((46, 0, 90, 90)).getextrema() == ((0, 0), (0, 0), (0, 0))


@pytest.mark.parametrize(
    ("query", "here"),
    [
        ((), ()),
        (WHOLE[:2], WHOLE[:2]),
        (WHOLE, WHOLE[:3]),
        (((0.5, 0.5),) * 4, WHOLE),
        (WHOLE, ((0.5, 0.5),) * 4),
        (((0.0, 0.0), (0.5, 0.5), (1.0, 1.0), (0.2, 0.2)), WHOLE),
        (((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)), WHOLE),
    ],
)
def test_what_is_no_projection_lays_nothing_over(query: tuple[Point, ...], here: tuple[Point, ...]) -> None:
    assert projection(MatchedRegion(query, here)) is None


def test_three_and_five_corners_do_as_well() -> None:
    three = projection(MatchedRegion(WHOLE[:3], ((0.2, 0.2), (0.6, 0.2), (0.6, 0.6))))
    assert three is not None
    assert mapped(three, (0.2, 0.6)) == pytest.approx((0.0, 1.0))
    five = projection(MatchedRegion((*WHOLE, (0.0, 0.5)), ((0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6), (0.2, 0.4))))
    assert five is not None
    assert mapped(five, (0.4, 0.4)) == pytest.approx((0.5, 0.5))
