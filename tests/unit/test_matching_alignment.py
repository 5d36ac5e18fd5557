"""One picture laid over another: where they show the same their blocks agree, to a pixel; where not they do not."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from ras.images import make_preview
from ras.matching.alignment import BLOCK, Overlay, laid_over, laid_whole, laying
from ras.matching.hashing import WAYS, laid
from tests.copies import drawn, noise

AS_IS = WAYS[0]


def pixels_of(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB"))


def preview_of(image: Image.Image) -> np.ndarray:
    return pixels_of(Image.open(io.BytesIO(make_preview(image))))


def shift(x: float, y: float) -> np.ndarray:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def scaled(query: np.ndarray, preview: np.ndarray) -> np.ndarray:
    """The projection of a whole picture to its preview, from the centres of pixels to those of others."""
    x, y = preview.shape[1] / query.shape[1], preview.shape[0] / query.shape[0]
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])


def agreement(overlay: Overlay) -> float:
    return float(np.median(overlay.compared))


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return pixels_of(drawn("alignment").resize((256, 192), Image.Resampling.LANCZOS))


def test_a_picture_agrees_with_itself(picture: np.ndarray) -> None:
    overlay = laid_over(picture, picture, np.eye(3))
    assert np.array_equal(overlay.pixels, picture)
    assert overlay.inside.all()
    assert overlay.correlations.shape == (192 // BLOCK, 256 // BLOCK)
    assert overlay.correlations.dtype == np.float32
    assert len(overlay.compared) > 20
    assert overlay.compared.min() > 0.999
    assert overlay.compared.max() <= 1.001


@pytest.mark.parametrize(("x", "y"), [(1, 0), (0, -1), (1, 1), (-1, 1), (0.5, -0.5)])
def test_a_pixel_off_is_the_same(picture: np.ndarray, x: float, y: float) -> None:
    overlay = laid_over(picture, picture, shift(x, y))
    assert agreement(overlay) > 0.9
    assert (overlay.compared > 0.8).mean() > 0.9


def test_five_pixels_off_is_not(picture: np.ndarray) -> None:
    still = laid_over(pixels_of(noise(1, (256, 192))), pixels_of(noise(1, (256, 192))), shift(5, 0))
    assert agreement(still) < 0.3
    assert agreement(laid_over(picture, picture, shift(5, 5))) < agreement(laid_over(picture, picture, shift(1, 1)))


def test_another_picture_does_not_agree(picture: np.ndarray) -> None:
    for seed in ("alignment/1", "alignment/2"):
        other = pixels_of(drawn(seed).resize((256, 192)))
        assert agreement(laid_over(other, picture, np.eye(3))) < 0.5
    assert agreement(laid_over(255 - picture, picture, np.eye(3))) < 0, "a negative is no copy"


def test_brightness_and_contrast_do_not_matter(picture: np.ndarray) -> None:
    paler = (60 + picture * 0.5).astype(np.uint8)
    assert agreement(laid_over(paler, picture, np.eye(3))) > 0.98


@pytest.mark.parametrize("factor", [2, 4, 7, 12])
def test_what_is_laid_much_smaller_is_averaged(factor: int) -> None:
    """Noise has its like in every single pixel: were only some of them taken, nothing would agree."""
    grains = noise(3, (64, 64)).resize((64 * factor, 64 * factor), Image.Resampling.NEAREST)
    sharp = pixels_of(noise(4, (64 * factor, 64 * factor))).astype(np.int16)
    query = np.clip((pixels_of(grains).astype(np.int16) + sharp) // 2, 0, 255).astype(np.uint8)
    preview = pixels_of(Image.fromarray(query).resize((64, 64), Image.Resampling.BOX))
    overlay = laid_over(query, preview, scaled(query, preview))
    assert agreement(overlay) > 0.9


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 200), (200, 3), (15, 15), (16, 17), (256, 1)])
def test_tiny_previews_are_survived(picture: np.ndarray, size: tuple[int, int]) -> None:
    preview = pixels_of(Image.fromarray(picture).resize(size))
    for overlay in (
        laid_over(picture, preview, scaled(picture, preview)),
        *(laid_whole(Image.fromarray(picture), preview, way) for way in WAYS),
    ):
        assert overlay.pixels.shape == preview.shape
        assert overlay.inside.shape == preview.shape[:2]
        assert overlay.correlations.size >= 1
        assert np.isfinite(overlay.compared).all()


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (15, 400), (1, 500)])
def test_tiny_queries_are_survived(picture: np.ndarray, size: tuple[int, int]) -> None:
    query = Image.fromarray(picture).resize(size)
    laid_whole(query, picture, AS_IS)
    for zoom in (0.1, 1, 40):
        overlay = laid_over(pixels_of(query), picture, np.diag([zoom, zoom, 1.0]))
        assert np.isfinite(overlay.compared).all()


def test_what_is_flat_in_both_is_not_compared() -> None:
    flat = np.full((64, 64, 3), 90, np.uint8)
    brighter = flat + 50
    assert len(laid_over(flat, brighter, np.eye(3)).compared) == 0
    half = flat.copy()
    half[:32] = pixels_of(noise(1, (64, 32)))
    overlay = laid_over(half, half, np.eye(3))
    assert np.isfinite(overlay.correlations[:2]).all()
    assert np.isnan(overlay.correlations[3]).all()


def test_what_is_flat_in_one_alone_disagrees() -> None:
    """A word on one of two dialogs, and none on the other."""
    flat = np.full((64, 64, 3), 90, np.uint8)
    rough = pixels_of(noise(1, (64, 64)))
    for one, other in ((flat, rough), (rough, flat)):
        overlay = laid_over(one, other, np.eye(3))
        assert overlay.compared.size == 16
        assert np.abs(overlay.compared).max() < 0.5


def test_what_is_not_covered_is_not_compared(picture: np.ndarray) -> None:
    overlay = laid_over(picture[:96, :128], picture, np.eye(3))
    assert overlay.inside[:95, :127].all()
    assert not overlay.inside[97:].any()
    assert not overlay.inside[:, 129:].any()
    assert np.isnan(overlay.correlations[6:]).all()
    assert np.isnan(overlay.correlations[:, 8:]).all()
    assert agreement(overlay) > 0.99


@pytest.mark.parametrize("off", [1.3, -1.3])
def test_the_ground_around_the_query_is_no_part_of_the_comparison(off: float) -> None:
    """Blocks at its edge are compared by what is in them: flat ones are flat, whatever lies beside."""
    query = np.full((192, 256, 3), 200, np.uint8)
    query[48:144, 48:208] = pixels_of(noise(2, (160, 96)))
    overlay = laid_over(query, query, shift(off, off))
    assert np.isnan(overlay.correlations[[0, -1]]).all()
    assert np.isnan(overlay.correlations[:, [0, -1]]).all()


@pytest.mark.parametrize("way", WAYS)
def test_the_whole_is_laid_in_every_way(way: tuple[int, int, int]) -> None:
    picture = drawn("alignment/2")
    preview = preview_of(Image.fromarray(np.ascontiguousarray(laid(pixels_of(picture), way))))
    for other in WAYS:
        overlay = laid_whole(picture, preview, other)
        assert overlay.inside.all()
        assert overlay.pixels.shape == preview.shape
        assert (agreement(overlay) > 0.95) == (other == way)


@pytest.mark.parametrize(
    "matrix",
    [
        np.zeros((3, 3)),
        np.diag([0.0, 0, 1]),
        np.diag([1.0, 0, 1]),
        np.diag([1e-9, 1e-9, 1]),
        np.diag([1e9, 1e9, 1]),
        shift(1e7, 0),
        np.array([[1, 0, 0], [0, 1, 0], [1, 0, -128.0]]),  # the middle has no place
        np.array([[1, 0, 0], [0, 1, 0], [0, 0, -1.0]]),
    ],
)
def test_projections_that_lead_nowhere_are_survived(picture: np.ndarray, matrix: np.ndarray) -> None:
    overlay = laid_over(picture, picture, matrix)
    assert np.isfinite(overlay.compared).all()
    assert overlay.pixels.shape == picture.shape


@pytest.mark.parametrize("way", WAYS)
def test_the_projection_of_a_way_lays_the_whole_as_that_does(way: tuple[int, int, int]) -> None:
    picture = drawn("alignment/2").resize((300, 200))
    preview = preview_of(Image.fromarray(np.ascontiguousarray(laid(pixels_of(picture), way))))
    size = preview.shape[1], preview.shape[0]
    overlay = laid_over(pixels_of(picture), preview, laying(way, picture.size, size))
    assert agreement(overlay) > 0.95
    assert overlay.inside[1:-1, 1:-1].all()
    off = overlay.pixels.astype(float) - laid_whole(picture, preview, way).pixels
    assert np.abs(off).mean() < 6
