"""What the pixels of an overlay tell: colours, brightness, covered parts; and nothing where nothing was done."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from ras.matching.alignment import Overlay, laid_over
from ras.matching.colours import colour_changes, is_covered
from ras.records import Change
from tests.copies import drawn, jpeg

PICTURE = drawn("checking/0").resize((256, 256))


def overlay(copy: Image.Image, picture: Image.Image = PICTURE) -> Overlay:
    return laid_over(np.asarray(copy), np.asarray(picture), np.eye(3))


def test_the_picture_is_colourful() -> None:
    strength = np.asarray(PICTURE.convert("YCbCr"), np.float32)[:, :, 1:] - 128
    assert np.hypot(*strength.T).mean() > 12


@pytest.mark.parametrize("quality", [95, 75, 40])
def test_saving_it_again_changes_nothing(quality: int) -> None:
    assert colour_changes(overlay(jpeg(PICTURE, quality))) == []
    assert not is_covered(overlay(jpeg(PICTURE, quality)))


def test_black_and_white_is_told() -> None:
    gray = PICTURE.convert("L").convert("RGB")
    found = colour_changes(overlay(gray))
    assert Change.GRAY in found
    assert Change.RECOLOURED not in found
    assert colour_changes(overlay(gray, gray)) == [], "it was so before"


def test_other_colours_are_told() -> None:
    red, green, blue = PICTURE.split()
    found = colour_changes(overlay(Image.merge("RGB", (green, blue, red))))
    assert Change.RECOLOURED in found
    assert Change.GRAY not in found


@pytest.mark.parametrize(("factor", "told"), [(1.6, Change.BRIGHTER), (0.5, Change.DARKER)])
def test_brightness_is_told(factor: float, told: Change) -> None:
    picture = ImageEnhance.Color(PICTURE).enhance(0.3)
    assert colour_changes(overlay(ImageEnhance.Brightness(picture).enhance(factor), picture)) == [told]


def test_only_what_both_show_counts() -> None:
    """The ground around a picture that lies in the middle is none of its colours."""
    small = laid_over(np.asarray(PICTURE.resize((128, 128))), np.asarray(PICTURE), np.eye(3))
    other = Overlay(small.pixels, np.where(small.inside[:, :, None], small.pixels, 0), small.inside, small.correlations)
    assert colour_changes(other) == []


def blocks(values: list[float], rows: int = 4) -> Overlay:
    nothing = np.zeros((1, 1, 3), np.uint8)
    return Overlay(nothing, nothing, np.zeros((1, 1), bool), np.array(values, np.float32).reshape(rows, -1))


def test_of_too_few_pixels_nothing_is_said() -> None:
    nothing = np.zeros((9, 9, 3), np.uint8)
    assert colour_changes(Overlay(nothing, nothing + 200, np.ones((9, 9), bool), np.ones((1, 1), np.float32))) == []
    assert not is_covered(blocks([-1] * 8))
    assert colour_changes(blocks([1] * 4)) == []


def test_what_hides_a_part_is_told() -> None:
    assert is_covered(blocks([1] * 24 + [0] * 8))
    assert not is_covered(blocks([1] * 31 + [0]))
    assert not is_covered(blocks([1] * 16 + [np.nan] * 16)), "where nothing can be compared nothing is hidden"
