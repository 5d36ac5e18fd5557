"""The fingerprint: copies score high, unrelated and blank pictures low."""

from __future__ import annotations

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from benchmarks.quality.pictures import procedural_picture
from benchmarks.quality.transforms import apply
from ras.encoders.fingerprint import FingerprintEncoder, content_box

COUNT = 24
SEED = "tests"
MAY_MISS = {"half of a screenshot": 4}
QUARTER_TURNS = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)


@pytest.fixture(scope="module")
def encoder() -> FingerprintEncoder:
    return FingerprintEncoder()


@pytest.fixture(scope="module")
def pictures() -> list[Image.Image]:
    return [procedural_picture(f"{SEED}/{number}") for number in range(COUNT)]


@pytest.fixture(scope="module")
def embeddings(encoder: FingerprintEncoder, pictures: list[Image.Image]) -> np.ndarray:
    return encoder.encode_images(pictures)


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def test_embeddings_are_unit_vectors(encoder: FingerprintEncoder, embeddings: np.ndarray) -> None:
    assert embeddings.shape == (COUNT, encoder.dimension) == (COUNT, 512)
    assert embeddings.dtype == np.float32
    assert np.allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)


def test_unrelated_pictures_score_near_zero(embeddings: np.ndarray) -> None:
    scores = (embeddings @ embeddings.T)[~np.eye(COUNT, dtype=bool)]
    assert abs(scores.mean()) < 0.15
    assert np.percentile(scores, 95) < 0.45


@pytest.mark.parametrize(
    ("transform", "least"),
    [
        ("saved again, JPEG q75–90", 0.9),
        ("JPEG q30", 0.8),
        ("gray", 0.7),
        ("hue turned", 0.6),
        ("brightness", 0.7),
        ("quarter size", 0.7),
        ("stretched 15–40 %", 0.8),
        ("border", 0.6),
        ("crop to 75 % of area", 0.45),
        ("crop 60 %, half size, q40", 0.4),
        ("half of a screenshot", 0.3),
        ("mirrored", 0.95),
        ("rotated 90°", 0.95),
        ("mirrored, crop to 80 %", 0.5),
    ],
)
def test_copies_are_found(
    encoder: FingerprintEncoder,
    pictures: list[Image.Image],
    embeddings: np.ndarray,
    transform: str,
    least: float,
) -> None:
    """At most one of 24 copies may be missed (four of screenshots), and the typical copy scores at least ``least``."""
    found, true = 0, []
    for number, picture in enumerate(pictures):
        copy = apply(transform, picture, pictures[:3], f"{SEED}/{number}")
        scores = (encoder.encode_query(copy) @ embeddings.T).max(axis=0)
        found += int(scores.argmax() == number)
        true.append(scores[number])
    assert found >= COUNT - MAY_MISS.get(transform, 1)
    assert np.median(true) >= least


@pytest.mark.parametrize("colour", ["black", "white", "#808080", "#2b4fa0"])
def test_a_blank_picture_resembles_no_picture(encoder: FingerprintEncoder, embeddings: np.ndarray, colour: str) -> None:
    blank = Image.new("RGB", (300, 200), colour)
    noise = np.random.RandomState(0).randint(-2, 3, (200, 300, 1))
    noisy = jpeg(Image.fromarray(np.clip(np.asarray(blank) + noise, 0, 255).astype(np.uint8)), 60)
    vectors = encoder.encode_images([blank, noisy])
    assert np.isfinite(vectors).all()
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > 0.7
    assert (vectors @ embeddings.T).max() < 0.5


@pytest.mark.parametrize("size", [(1, 1), (2, 700), (700, 2), (5, 5), (3000, 40)])
def test_odd_sizes_are_encoded(encoder: FingerprintEncoder, size: tuple[int, int]) -> None:
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).line((0, 0, *size), fill="black")
    row = encoder.preprocess(image)
    assert row.shape == (128, 128, 3)
    assert row.dtype == np.uint8
    assert np.isfinite(encoder.encode_batch(row[None])).all()


@pytest.mark.parametrize("colour", ["black", "white", "#c01f2e"])
def test_borders_are_cut_off_and_stay_cut_after_recompression(pictures: list[Image.Image], colour: str) -> None:
    picture = Image.effect_noise((240, 200), 90).convert("RGB")
    framed = ImageOps.expand(picture, (60, 20, 30, 0), colour)
    for copy in (framed, jpeg(framed, 40), framed.resize((165, 110))):
        box = content_box(copy)
        inside = [value * framed.width / copy.width for value in box]
        assert np.allclose(inside, (60, 20, 300, 220), atol=6)


def test_a_gradient_has_no_border() -> None:
    sky = Image.linear_gradient("L").resize((320, 240)).convert("RGB")
    assert content_box(sky) == (0, 0, 320, 240)


def test_a_query_is_searched_for_mirrored_and_turned_too(encoder: FingerprintEncoder) -> None:
    picture = procedural_picture("a view").resize((900, 600))
    views = encoder.query_views(picture)
    assert len(views) == 5
    assert max(views[0].size) <= 256
    assert np.array_equal(encoder.preprocess(views[0]), encoder.preprocess(picture))
    copies = [ImageOps.mirror(picture), *(picture.transpose(way) for way in QUARTER_TURNS)]
    embeddings = encoder.encode_images(copies)
    scores = encoder.encode_query(picture) @ embeddings.T
    assert scores.max(axis=0).min() > 0.95
    assert scores[0].max() < 0.9


def test_threads_and_batches_change_nothing(
    encoder: FingerprintEncoder, pictures: list[Image.Image], embeddings: np.ndarray
) -> None:
    with ThreadPoolExecutor(4) as pool:
        rows = np.stack(list(pool.map(encoder.preprocess, pictures)))
    for size in (1, 3, 5, len(rows)):
        batches = [encoder.encode_batch(rows[start : start + size]) for start in range(0, len(rows), size)]
        assert np.array_equal(np.concatenate(batches), embeddings)


def test_importing_it_loads_no_heavy_library() -> None:
    code = (
        "import sys, ras.encoders.fingerprint; "
        "print([m for m in ('torch', 'cv2', 'scipy', 'faiss', 'tkinter') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
