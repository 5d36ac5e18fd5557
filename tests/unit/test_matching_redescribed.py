"""Details of a picture, looked for where they lie on a query: windows with other words in them are no copies."""

from __future__ import annotations

import dataclasses
from random import Random
from typing import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from benchmarks.quality.dialogs import FAMILIES, dialog
from benchmarks.quality.screens import font
from ras.images import make_preview
from ras.matching import QueryFeatures, check, checking
from ras.matching import redescribed as redescribed_module
from ras.matching.alignment import Overlay, laying
from ras.matching.hashing import WAYS, laid
from ras.matching.local import LONGEST
from ras.matching.redescribed import OFF, Details, covered_band, is_contradicted, redescribed
from ras.records import Verdict
from tests.copies import CONVINCING, checked, drawn, extracted, jpeg, noise

SIBLINGS = 3


def siblings() -> dict[int, list[Image.Image]]:
    """Of each family of dialogs a few, which differ in some of their words."""
    found: dict[int, list[Image.Image]] = {family: [] for family in range(FAMILIES)}
    number = 0
    while min(map(len, found.values())) < SIBLINGS:
        seed = f"redescribed/{number}"
        family = found[Random(seed).randrange(FAMILIES)]
        if len(family) < SIBLINGS:
            family.append(dialog(Random(seed)))
        number += 1
    return found


@pytest.fixture(scope="module")
def families() -> dict[int, list[Image.Image]]:
    return siblings()


def test_windows_with_other_words_are_no_copies(families: dict[int, list[Image.Image]]) -> None:
    """Of 48 pairs one is let through: in some families a word or two is all that differs."""
    taken = 0
    for family in families.values():
        for number, one in enumerate(family):
            finding = checked(one, family[number - 1])
            assert finding.verdict is not Verdict.IDENTICAL
            assert finding.evidence.inliers > 20, "their frames and labels are the same"
            taken += finding.verdict.is_copy
    assert taken <= 1


def captioned(picture: Image.Image) -> Image.Image:
    copy = Image.new("RGB", (picture.width, picture.height + 60), "white")
    copy.paste(picture, (0, 60))
    ImageDraw.Draw(copy).text((10, 20), "what it says here", fill="black", font=font(20))
    return copy


WINDOW_COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "saved again": lambda one: jpeg(one, 40),
    "smaller": lambda one: one.resize((one.width * 2 // 3, one.height * 2 // 3), Image.Resampling.LANCZOS),
    "blurred": lambda one: one.filter(ImageFilter.GaussianBlur(2)),
    "cropped": lambda one: one.crop((one.width // 8, one.height // 8, one.width, one.height * 7 // 8)),
    "captioned": captioned,
    "turned": lambda one: one.rotate(4, Image.Resampling.BICUBIC, expand=True),
}


@pytest.mark.parametrize("name", WINDOW_COPIES)
def test_copies_of_windows_are_copies(name: str, families: dict[int, list[Image.Image]]) -> None:
    found = [checked(jpeg(WINDOW_COPIES[name](family[0])), family[0]).verdict.is_copy for family in families.values()]
    assert sum(found) >= FAMILIES - 1


def test_siblings_are_none_where_keypoints_say_nothing_either(
    families: dict[int, list[Image.Image]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a whole they agree as well."""
    monkeypatch.setattr(checking, "project", lambda query, features: None)
    monkeypatch.setattr(checking, "WHOLE_DISTANCE", 256)
    found = [checked(family[0], family[1]).verdict.is_copy for family in families.values()]
    assert sum(found) <= 1
    assert all(checked(jpeg(family[0]), family[0]).verdict.is_copy for family in families.values())
    monkeypatch.setattr(checking, "is_contradicted", lambda *details: False)
    assert sum(checked(family[0], family[1]).verdict.is_copy for family in families.values()) > FAMILIES // 2


@pytest.mark.parametrize("way", WAYS)
def test_a_picture_has_its_details_however_it_is_laid(way: tuple[int, int, int]) -> None:
    picture = drawn("keypoints/1")
    features = extracted(Image.fromarray(np.ascontiguousarray(laid(np.asarray(picture), way))))
    luma = QueryFeatures.of(picture, local=False).luma
    size = luma.shape[1], luma.shape[0]
    details = redescribed(luma, laying(way, size, features.size), features)
    assert len(details.bits) > 50
    assert len(details.heights) == len(details.reach) == len(details.bits)
    assert np.percentile(details.bits, 90) < OFF / 2
    assert details.heights.min() >= 0
    assert details.heights.max() <= 1
    other = WAYS[WAYS.index(way) - 1]
    wrong = redescribed(luma, laying(other, size, features.size), features)
    assert np.median(wrong.bits) > OFF


def test_what_the_query_does_not_show_whole_or_large_is_left_out() -> None:
    picture = drawn("keypoints/1")
    features = extracted(picture)
    luma = QueryFeatures.of(picture, local=False).luma
    whole = redescribed(luma, np.eye(3), features)
    half = redescribed(np.ascontiguousarray(luma[: len(luma) // 2]), np.eye(3), features)
    assert 0 < len(half.bits) < len(whole.bits)
    assert (half.heights + half.reach).max() < 0.55
    assert half.bits.max() <= whole.bits.max() + 3, "edges of the query are in none of them"
    small = np.asarray(Image.fromarray(luma).resize((luma.shape[1] // 4, luma.shape[0] // 4), Image.Resampling.BOX))
    few = redescribed(small, np.array([[4, 0, 1.5], [0, 4, 1.5], [0, 0, 1.0]]), features)
    assert 0 < len(few.bits) < len(whole.bits)
    assert few.reach.min() * features.size[1] >= 2 * 3 * 4 - 1


HALF = np.tile([[0.95] * 8, [0.2] * 8], (4, 1))
"""Blocks that differ in every other row."""
AGREED = np.full((8, 8), 0.95)
COVERED = np.where(np.arange(8)[:, None] // 2 == 2, 0.1, AGREED)
"""Blocks of which half of the lower half is hidden."""


def overlay_of(correlations: np.ndarray, recoloured: bool = False) -> Overlay:
    pixels = np.full((128, 128, 3), (200, 40, 40), np.uint8)
    other = pixels[:, :, ::-1] if recoloured else pixels
    return Overlay(other, pixels, np.ones((128, 128), bool), correlations.astype(np.float32))


def bits_of(count: int, others: object, same: int = 2, other: int = 25) -> np.ndarray:
    """So many details, evenly from top to bottom; ``others`` (a slice, or their numbers) are other ones."""
    bits = np.full(count, same, np.uint8)
    bits[others] = other
    return bits


SPREAD = np.arange(100)
BY_TEXTS = np.r_[:15, 85:100]
CASES: dict[str, tuple[np.ndarray, Overlay, bool]] = {
    "few others": (bits_of(100, SPREAD[::17]), overlay_of(HALF), False),
    "some others, all over it": (bits_of(100, SPREAD[::12]), overlay_of(HALF), True),
    "as many, a little off": (bits_of(100, SPREAD[::12], other=17), overlay_of(HALF), False),
    "a faint copy": (bits_of(100, SPREAD[::5], same=9, other=20), overlay_of(HALF), False),
    "a faint one of something else": (bits_of(100, SPREAD[::5], same=9, other=24), overlay_of(HALF), True),
    "no block differs": (bits_of(100, SPREAD[::4]), overlay_of(AGREED), False),
    "no block differs, but details do": (bits_of(100, SPREAD[::3]), overlay_of(AGREED), True),
    "other colours": (bits_of(100, SPREAD[::3]), overlay_of(HALF, recoloured=True), False),
    "something else in other colours": (bits_of(100, SPREAD[::2]), overlay_of(HALF, recoloured=True), True),
    "texts at the top and at the bottom": (bits_of(100, BY_TEXTS), overlay_of(HALF), False),
    "and something in between": (bits_of(100, np.r_[BY_TEXTS, 40:44]), overlay_of(HALF), True),
    "more than texts hide": (bits_of(100, np.r_[:20, 80:100]), overlay_of(HALF), True),
    "hardly anything between": (np.r_[bits_of(70, slice(20)), bits_of(8, slice(0)), []], overlay_of(HALF), True),
    "a bar": (bits_of(100, slice(48, 78)), overlay_of(COVERED), False),
    "a bar, and something above it": (bits_of(100, np.r_[10:13, 48:78]), overlay_of(COVERED), True),
    "too few to say": (bits_of(3, slice(3)), overlay_of(HALF), False),
    "one of few": (bits_of(6, [2]), overlay_of(HALF), False),
    "half of few": (bits_of(6, [1, 3, 5]), overlay_of(HALF), True),
    "none": (bits_of(0, slice(0)), overlay_of(HALF), False),
}


@pytest.mark.parametrize("case", CASES)
def test_details_contradict_unless_something_else_explains_them(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bits, overlay, contradicted = CASES[case]
    heights = (np.arange(len(bits)) + 0.5) / max(len(bits), 1)
    if case == "hardly anything between":
        heights = np.r_[np.linspace(0, 0.2, 70), np.linspace(0.4, 0.6, 8)]
    details = Details(heights, np.full(len(bits), 0.03), bits)
    monkeypatch.setattr(redescribed_module, "redescribed", lambda luma, matrix, features: details)
    features = extracted(drawn("keypoints/1"))
    assert is_contradicted(np.zeros((9, 9), np.uint8), np.eye(3), features, overlay) is contradicted


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (7, 7), (LONGEST + 1, 8), (65535, 65535), (300, 9)])
def test_damaged_features_are_survived(size: tuple[int, int]) -> None:
    features = extracted(drawn("keypoints/1"))
    keypoints = features.keypoints.copy()
    keypoints["scale"][::3] = 255
    keypoints["x"][::2] = 65535
    damaged = dataclasses.replace(features, size=size, keypoints=keypoints)
    luma = np.asarray(noise(3, (200, 100)).convert("L"))
    details = redescribed(luma, np.diag([size[0] / 200, size[1] / 100, 1.0]), damaged)
    assert len(details.bits) <= len(keypoints)
    check(QueryFeatures.of(drawn("keypoints/1")), damaged, make_preview(drawn("keypoints/1")), 0.0, CONVINCING)


def blocks(*rows: str) -> np.ndarray:
    """``#``: it differs; ``.``: it agrees; a space: there is nothing to compare."""
    values = {"#": 0.1, ".": 0.95, " ": np.nan}
    return np.array([[values[block] for block in row] for row in rows], np.float32)


@pytest.mark.parametrize(
    ("correlations", "band"),
    [
        (blocks("....", "....", "####", "....", "...."), (0.4, 0.6)),
        (blocks("....", "....", "....", "####", "#.##"), (0.6, 1.0)),
        (blocks("....", "....", "# ##", "#  #", "...."), (0.4, 0.8)),
        (blocks("....", "....", "#.#.", "....", "...."), None),  # words beside labels
        (blocks("....", "#...", "####", "....", "...."), None),
        (blocks("####", "####", "####", "....", "...."), None),  # too much
        (blocks("    ", ".   ", "####", "    ", "  .."), (0.4, 0.6)),
        (blocks("    ", "    ", "####", "    ", "  . "), None),  # hardly anything beside it
        (blocks("....", "....", "###.", "....", "...."), (0.4, 0.6)),
        (blocks("....", "...."), None),
    ],
)
def test_a_band_hides_all_across_the_picture_and_nothing_else(
    correlations: np.ndarray, band: tuple[float, float] | None
) -> None:
    assert covered_band(correlations) == (None if band is None else pytest.approx(band))
