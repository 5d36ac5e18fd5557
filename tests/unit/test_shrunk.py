"""Pictures decoded at a fraction of their size: what encoders and previews make of them is what the whole ones give."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks.quality.pictures import procedural_picture
from ras.encoders.fingerprint import FingerprintEncoder
from ras.images import Shrunk, decode_image, decode_shrunk, is_large, make_preview

BICUBIC = Image.Resampling.BICUBIC


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def coarse_noise(width: int, height: int, cell: int = 20) -> Image.Image:
    cells = np.random.default_rng(1).integers(0, 256, (height // cell, width // cell, 3), np.uint8)
    return Image.fromarray(cells).resize((width, height), BICUBIC)


def distance(left: Image.Image, right: Image.Image) -> float:
    """Root mean square difference, in levels of 255."""
    assert left.size == right.size
    return float(np.sqrt(np.mean((np.asarray(left, np.float32) - np.asarray(right, np.float32)) ** 2)))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_it_is_resized_as_the_whole_picture_is(kind: str, orientation: int) -> None:
    """Sides that no fraction divides, and each way to hold a camera: a shift of a fraction of a pixel would show."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(coarse_noise(1621, 1213), kind, exif=exif, quality=95)
    whole, shrunk = decode_image(data), decode_shrunk(data, at_least=300)
    assert shrunk.size == whole.size
    assert sorted(shrunk.image.size) == [304, 406]
    for box in (None, (100, 50, 700, 900)):
        wanted = whole.resize((224, 200), BICUBIC, box=box)
        assert distance(shrunk.resize((224, 200), BICUBIC, box=box), wanted) < 1.5
    # The measure would notice: taken for whole, the last pixels of each side stretch the picture.
    assert distance(shrunk.image.resize((224, 200), BICUBIC), whole.resize((224, 200), BICUBIC)) > 5


@pytest.mark.parametrize("progressive", [False, True])
def test_the_shorter_side_keeps_its_pixels(progressive: bool) -> None:
    large = encode(coarse_noise(1600, 1200), "JPEG", progressive=progressive)
    assert decode_shrunk(large, at_least=300).image.size == (400, 300)
    assert decode_shrunk(large, at_least=301).image.size == (800, 600)
    assert decode_shrunk(large, at_least=601).image.size == (1600, 1200)
    # libjpeg knows 1/2, 1/4, 1/8; what is still twice as large as it needs to be is averaged.
    assert decode_shrunk(large, at_least=50).image.size == (67, 50)
    assert decode_shrunk(encode(coarse_noise(1600, 1200), "PNG"), at_least=300).image.size == (400, 300)
    assert decode_shrunk(large, at_least=None).image.size == (1600, 1200)


def test_a_small_picture_is_left_as_it_is() -> None:
    data = encode(coarse_noise(300, 200), "JPEG")
    shrunk = decode_shrunk(data, at_least=672)
    assert np.array_equal(np.asarray(shrunk.image), np.asarray(decode_image(data)))
    assert make_preview(shrunk, 1000) == make_preview(decode_image(data), 1000)


def test_of_a_cut_picture_the_same_part_is_there() -> None:
    for kind in ("JPEG", "PNG"):
        data = encode(coarse_noise(1621, 1213), kind)
        cut = data[: len(data) // 2]
        whole, shrunk = decode_image(cut), decode_shrunk(cut, at_least=300)
        assert (
            distance(
                shrunk.resize((200, 60), BICUBIC, (0, 0, 1621, 480)),
                whole.resize((200, 60), BICUBIC, (0, 0, 1621, 480)),
            )
            < 2
        )


def test_transparency_is_laid_on_white_before_pixels_are_averaged() -> None:
    image = coarse_noise(1200, 1000).convert("RGBA")
    image.putalpha(Image.fromarray(np.random.default_rng(2).integers(0, 2, (1000, 1200), np.uint8) * 255))
    data = encode(image, "PNG")
    shrunk = decode_shrunk(data, at_least=300)
    assert distance(shrunk.resize((200, 160), BICUBIC), decode_image(data).resize((200, 160), BICUBIC)) < 6


def test_a_preview_is_that_of_the_whole_picture() -> None:
    data = encode(coarse_noise(1621, 1213), "JPEG")
    previews = [
        decode_image(make_preview(picture)) for picture in (decode_image(data), decode_shrunk(data, at_least=600))
    ]
    assert previews[0].size == (256, 192)
    assert distance(*previews) < 5


def test_the_fingerprint_hardly_notices() -> None:
    """Busy pictures, which have the most to lose: whole, as JPEG decodes them smaller, and averaged."""
    encoder = FingerprintEncoder()
    cosines = []
    tiles = [procedural_picture(f"shrunk/{tile}").resize((450, 440), BICUBIC) for tile in range(30)]
    for number in range(5):
        mosaic = Image.new("RGB", (5 * 450 - 7, 5 * 440 - 5))
        for tile, image in enumerate(tiles[number : number + 25]):
            mosaic.paste(image, (tile % 5 * 450, tile // 5 * 440))
        for kind in ("JPEG", "PNG"):
            data = encode(mosaic, kind)
            whole = encoder.encode_images([decode_image(data)])[0]
            shrunk = decode_shrunk(data, at_least=encoder.decode_side)
            assert shrunk.image.width < mosaic.width
            cosines.append(float(encoder.encode_batch(encoder.preprocess(shrunk)[None])[0] @ whole))
    assert min(cosines) > 0.999


def test_what_is_decoded_smaller_takes_less_memory() -> None:
    large = encode(Image.new("RGB", (5000, 4000)), "JPEG")
    assert is_large(large)
    assert not is_large(large, 1000)
    assert is_large(encode(Image.new("RGB", (5000, 4000)), "JPEG", progressive=True), 1000)
    assert is_large(encode(Image.new("RGB", (5000, 4000)), "PNG"), 1000)


def test_turning_and_reducing_keep_the_extent() -> None:
    image = coarse_noise(101, 61, 5)
    picture = Shrunk(image, (404, 244), (0, 0, 100.5, 60.25))
    turned = picture.turned(Image.Transpose.ROTATE_90).turned(Image.Transpose.ROTATE_270)
    assert turned.size == (404, 244)
    assert np.allclose(turned.extent, picture.extent)
    assert picture.turned(Image.Transpose.TRANSVERSE).size == (244, 404)
    assert picture.reduced(3).extent == pytest.approx((0, 0, 33.5, 60.25 / 3))
