"""Which pictures have too little in them to be searched for.

12 places that stand out, or faint differences on 2 % of the picture, are enough. Measured: a blank one below has at
most 3 places (a speck) and 0.4 % (noise of 10 levels in a small picture). The least that is searched for below: a word
of four letters on a sheet of 1240 × 1754 pixels has 22 places, a sky of 21 levels 38 %. Of 522 real pictures (photos,
memes, screenshots) none is refused; nearest to it is a photo of a dark room of 20 to 42 levels, with 77 places, then
one of pale stripes, with 50 %. At a fifth of their brightness just these two are refused, at a tenth one more.
"""

from __future__ import annotations

import io
from typing import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ras.errors import DecodeError, SkipReason
from ras.images import load_query

SIZES = [(64, 64), (300, 200), (640, 480), (1280, 960), (2000, 1500)]
SHEETS = [(400, 300), (1240, 1754), (1920, 1080)]


def surface(size: tuple[int, int], colour: tuple[int, int, int], noise: float = 0.0, shade: float = 0.0) -> Image.Image:
    """One colour under a camera's noise (standard deviation in levels), that grows brighter by ``shade`` levels."""
    width, height = size
    levels = np.random.default_rng(1).normal(colour, noise, (height, width, 3))
    levels += np.linspace(-shade / 2, shade / 2, width)[None, :, None]
    return Image.fromarray(levels.clip(0, 255).round().astype(np.uint8))


def jpeg(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def sheet(size: tuple[int, int], draw: Callable[[ImageDraw.ImageDraw], object]) -> Image.Image:
    image = Image.new("RGB", size, "white")
    draw(ImageDraw.Draw(image))
    return image


def refusal(source: Image.Image | bytes, name: str = "wall.png") -> str:
    with pytest.raises(DecodeError) as caught:
        load_query(source, name)
    assert caught.value.reason is SkipReason.BLANK
    assert caught.value.reason.permanent
    text = str(caught.value)
    assert text.startswith(f"“{name}” has too little in it to be found: it is ")
    assert text.endswith(".")
    return text


@pytest.mark.parametrize("colour", ["white", "black", "#4f5bdf"])
def test_one_colour_is_refused(colour: str) -> None:
    for size in ((8, 8), (320, 200), (1920, 1080), (30_000, 10)):
        assert refusal(Image.new("RGB", size, colour)).endswith("it is of one colour all over.")
    assert refusal(jpeg(Image.new("RGB", (640, 480), colour), 75)).endswith("it is of one colour all over.")


def test_a_picture_that_is_transparent_all_over_is_refused() -> None:
    assert refusal(Image.new("RGBA", (200, 100), (255, 0, 0, 0))).endswith("one colour all over.")


@pytest.mark.parametrize("size", SIZES)
def test_a_surface_under_noise_is_refused(size: tuple[int, int]) -> None:
    for picture in (
        surface(size, (200, 190, 180), noise=2),
        surface(size, (200, 190, 180), noise=10),
        surface(size, (4, 4, 6), noise=6),  # a lens cap: half of the noise is cut off at black
        surface(size, (120, 110, 100), noise=2, shade=8),
        jpeg(surface(size, (200, 190, 180), noise=8), 40),
        jpeg(surface(size, (120, 110, 100), noise=3, shade=6), 85),
    ):
        assert refusal(picture).endswith("it is of nearly one colour all over.")


def test_a_speck_is_nothing_to_be_found_by() -> None:
    assert refusal(sheet((640, 480), lambda draw: draw.point((33, 33), "black")))
    assert refusal(sheet((2480, 3508), lambda draw: draw.rectangle((33, 33, 35, 35), "black")))


@pytest.mark.parametrize("size", SHEETS)
@pytest.mark.parametrize("quality", [None, 70])
@pytest.mark.parametrize(
    "draw",
    [
        pytest.param(lambda draw: draw.text((40, 40), "a line of small text", "black"), id="text"),
        pytest.param(lambda draw: draw.text((40, 40), "a line of small text", "#969696"), id="gray text"),
        pytest.param(lambda draw: draw.text((40, 40), "Mira", "black"), id="word"),
        pytest.param(lambda draw: draw.line((20, 20, 380, 250), "black"), id="line"),
        pytest.param(lambda draw: draw.ellipse((20, 20, 220, 220), outline="black"), id="drawing"),
        pytest.param(lambda draw: draw.ellipse((100, 100, 116, 116), "red"), id="logo"),
    ],
)
def test_little_on_a_sheet_is_enough(
    size: tuple[int, int], draw: Callable[[ImageDraw.ImageDraw], object], quality: int | None
) -> None:
    picture = sheet(size, draw)
    assert load_query(picture if quality is None else jpeg(picture, quality)).image.size == size


@pytest.mark.parametrize("size", SIZES)
def test_shades_are_enough(size: tuple[int, int]) -> None:
    sky = surface(size, (120, 140, 200), noise=1, shade=21)
    assert load_query(sky).image.size == size
    assert load_query(jpeg(sky, 75)).image.size == size


@pytest.mark.parametrize("size", SIZES)
def test_a_dark_room_is_enough(size: tuple[int, int]) -> None:
    room = surface(size, (22, 22, 24), noise=1)
    draw = ImageDraw.Draw(room)
    width, height = size
    draw.rectangle((width // 10, height // 10, width // 5, height // 2), (34, 34, 36))  # a curtain, faintly
    assert load_query(room).image.size == size
    assert load_query(jpeg(room, 75)).image.size == size


def test_texture_is_no_noise() -> None:
    assert load_query(surface((300, 200), (120, 120, 120), noise=40)).image.size == (300, 200)
    stripes = np.full((640, 640, 3), 190, np.uint8)
    stripes[(np.add.outer(np.arange(640), np.arange(640)) // 8) % 3 == 0] = 205
    assert load_query(Image.fromarray(stripes)).image.size == (640, 640)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (7, 7), (500, 3), (3, 500)])
def test_a_few_pixels_are_too_few(size: tuple[int, int]) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8))
    assert refusal(noise).endswith(f"it is only {size[0]} × {size[1]} pixels large.")


def test_a_long_strip_is_looked_at_whole() -> None:
    strip = Image.new("RGB", (30_000, 10), "white")
    strip.paste("black", (20_000, 0, 20_100, 10))
    assert load_query(strip).image.size == (30_000, 10)
    upright = strip.transpose(Image.Transpose.ROTATE_90)
    assert load_query(upright).image.size == (10, 30_000)
