"""Identical is what was at most saved again or resized: any part that differs says no."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from benchmarks.quality.screens import font
from ras.images import make_preview
from ras.matching import Features, QueryFeatures
from ras.matching.identity import block_differences, is_identical
from ras.matching.local import thumbnail
from tests.copies import checkerboard, drawn, extracted, jpeg, kept

SOFT = ("checking/3", "checking/6", "load/1", "photo")
"""Pictures without noise, which saving or resizing would change."""


def pixels_of(preview: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(preview)) as image:
        return np.asarray(image.convert("RGB"))


def identical(copy: Image.Image, picture: Image.Image | str) -> bool:
    if isinstance(picture, str):
        features, preview = kept(picture)
    else:
        features, preview = extracted(picture), make_preview(picture)
    return is_identical(QueryFeatures.of(copy, local=False), features, pixels_of(preview))


def resized(image: Image.Image, x: float, y: float | None = None) -> Image.Image:
    size = (round(image.width * x), round(image.height * (y or x)))
    return image.resize(size, Image.Resampling.LANCZOS)


@pytest.mark.parametrize("seed", SOFT)
def test_saved_again_or_resized_it_is_identical(seed: str) -> None:
    picture = drawn(seed)
    for copy in (
        picture,
        jpeg(picture, 85),
        resized(picture, 0.6),
        jpeg(resized(picture, 0.6), 90),
        resized(picture, 1.7),
    ):
        assert identical(copy, seed)


@pytest.mark.parametrize("seed", SOFT)
def test_mirrored_turned_or_cut_it_is_not(seed: str) -> None:
    picture = drawn(seed)
    width, height = picture.size
    for copy in (
        ImageOps.mirror(picture),
        picture.transpose(Image.Transpose.ROTATE_90),
        picture.transpose(Image.Transpose.ROTATE_180),
        picture.crop((0, 0, width - width // 12, height - height // 12)),
        ImageOps.expand(picture, width // 30, "white"),
    ):
        assert not identical(copy, seed)


@pytest.mark.parametrize("seed", SOFT)
def test_stretched_coloured_or_brighter_it_is_not(seed: str) -> None:
    picture = drawn(seed)
    assert not identical(resized(picture, 1.05, 1), seed)
    assert not identical(ImageEnhance.Brightness(picture).enhance(1.15), seed)
    assert not identical(ImageEnhance.Brightness(picture).enhance(0.85), seed)


@pytest.mark.parametrize("colour", ["#959595", "#c45e80"], ids=["brighter", "of another colour"])
def test_a_faint_speck_makes_it_another(colour: str) -> None:
    """A digit that was replaced: small, and of little contrast, or none but that of colours."""
    picture = drawn("photo").resize((256, 256))
    ImageDraw.Draw(picture).rectangle((96, 96, 160, 160), fill="#808080")
    other = picture.copy()
    ImageDraw.Draw(other).rectangle((120, 120, 127, 127), fill=colour)
    assert identical(jpeg(picture), picture)
    assert not identical(other, picture)


def test_a_pattern_that_differs_everywhere_makes_it_another() -> None:
    """Thumbnails show nothing of it, and no part of it differs more than the others."""
    board = np.asarray(checkerboard(4, (256, 256)).convert("L"), np.int16)
    one, other = (np.clip(110 + sign * (board - 127) // 5, 0, 255) for sign in (1, -1))
    pictures = [Image.fromarray(pixels.astype(np.uint8)).convert("RGB") for pixels in (one, other)]
    assert np.abs(thumbnail(pictures[0]).astype(int) - thumbnail(pictures[1])).max() <= 3
    assert identical(pictures[0], pictures[0])
    assert not identical(pictures[0], pictures[1])


@pytest.mark.parametrize("colours", ["gray", "other"])
def test_with_other_colours_it_is_not(colours: str) -> None:
    picture = drawn("photo")
    red, green, blue = picture.split()
    copy = picture.convert("L").convert("RGB") if colours == "gray" else Image.merge("RGB", (blue, red, green))
    assert not identical(copy, "photo")


def test_another_picture_is_not() -> None:
    for one in SOFT:
        assert not any(identical(drawn(one), other) for other in SOFT if other != one)


def dialog(*words: str, ground: str = "#f0f0ee") -> Image.Image:
    """A window with some lines of text."""
    image = Image.new("RGB", (480, 320), ground)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 480, 28), fill="#3a6ea5")
    draw.text((12, 6), "Settings", fill="white", font=font(13))
    for number, word in enumerate(words):
        draw.text((24, 50 + 40 * number), f"Name of the {word} that is kept", fill="black", font=font(13))
        draw.rectangle((330, 46 + 40 * number, 450, 72 + 40 * number), outline="#888888")
    return image


def test_a_dialog_with_one_word_replaced_is_not() -> None:
    one = dialog("folder", "archive", "channel", "author")
    assert identical(jpeg(one), one)
    for number in range(4):
        words = ["folder", "archive", "channel", "author"]
        words[number] = "server"
        other = dialog(*words)
        assert np.abs(np.asarray(other, np.int16) - np.asarray(one)).mean() < 1, "they are nearly the same"
        assert not identical(other, one)
        assert not identical(jpeg(other), one)


def test_a_speck_that_was_added_makes_it_another() -> None:
    picture = drawn("photo").copy()
    ImageDraw.Draw(picture).ellipse((20, 20, 36, 36), fill="#00ff00")
    assert not identical(picture, "photo")


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 200), (200, 3), (1024, 1), (5, 7)])
def test_small_pictures_are_identical_to_themselves(size: tuple[int, int]) -> None:
    picture = drawn("photo").resize(size)
    assert identical(picture, picture)
    white = Image.new("RGB", size, "white")
    assert not identical(white, ImageOps.invert(white))


def test_differences_are_told_block_by_block() -> None:
    one = np.full((40, 60, 3), 100, np.uint8)
    other = one.copy()
    other[8:12, 20:24] = 150
    found = block_differences(one, other)
    assert found.shape == (10, 15)
    assert found[2, 5] == pytest.approx(50, abs=0.1)
    assert (found > 0.01).sum() == 1


@pytest.mark.parametrize("size", [(1, 1), (30, 20), (61, 40), (256, 3)])
def test_previews_of_other_sizes_are_compared_too(size: tuple[int, int]) -> None:
    one = np.full((40, 60, 3), 100, np.uint8)
    other = np.full((size[1], size[0], 3), 110, np.uint8)
    assert block_differences(one, other) == pytest.approx(10, abs=0.6)


def test_a_preview_of_another_aspect_is_survived() -> None:
    """It belongs to another picture: what is stored was mixed up."""
    features, _ = kept("photo")
    query = QueryFeatures.of(drawn("photo"), local=False)
    for size in ((10, 250), (250, 10), (1, 1)):
        assert is_identical(query, features, np.zeros((*size, 3), np.uint8)) is False


def test_the_thumbnail_counts() -> None:
    features, preview = kept("photo")
    query = QueryFeatures.of(drawn("photo"), local=False)
    other = Features(features.size, features.hash, 255 - features.thumbnail, features.keypoints)
    assert is_identical(query, features, pixels_of(preview))
    assert not is_identical(query, other, pixels_of(preview))
