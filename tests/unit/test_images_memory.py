"""What decoding takes, told by the header: near what Pillow says, and bounded work for whatever the bytes are."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image

from ras.errors import DecodeError, SkipReason
from ras.images import decoding
from ras.images.decoding import MAX_SIDE, decode_shrunk
from ras.images.memory import LARGE, MOST_MEMORY, hides_size, is_large, most_memory, needed_memory
from tests.reliability.mutate_pictures import mutations, png, samples


def encoded(kind: str, size: tuple[int, int], mode: str = "RGB", **options: object) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size).save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP"])
def test_a_decoded_pixel_takes_four_bytes(kind: str) -> None:
    data = encoded(kind, (400, 300))
    assert needed_memory(data, 1000) == 4 * 400 * 300
    assert needed_memory(data) == 8 * 400 * 300, "whole, it is there twice for a moment"


@pytest.mark.parametrize(
    "options", [{}, {"lossless": True}, {"save_all": True, "append_images": [Image.new("1", (400, 300))]}]
)
def test_each_kind_of_webp_tells_its_size(options: dict[str, object]) -> None:
    assert needed_memory(encoded("WEBP", (400, 300), **options)) == 20 * 400 * 300


def test_a_jpeg_is_decoded_at_a_fraction_unless_it_is_progressive() -> None:
    for side, scale in ((None, 1), (2000, 1), (600, 2), (300, 4), (10, 8)):
        twice = 2 if side is None else 1
        decoded = 4 * (1600 // scale) * (1200 // scale) * twice
        assert needed_memory(encoded("JPEG", (1600, 1200)), side) == decoded
        whole = encoded("JPEG", (1600, 1200), progressive=True, subsampling=0)
        assert needed_memory(whole, side) == decoded + 2 * 3 * 1600 * 1200
        half = encoded("JPEG", (1600, 1200), progressive=True)
        assert needed_memory(half, side) == decoded + 2 * 1.5 * 1600 * 1200
        four = encoded("JPEG", (1600, 1200), "CMYK", progressive=True)
        assert needed_memory(four, side) == decoded + 2 * 4 * 1600 * 1200


def test_what_takes_too_much_is_refused_before_it_is_decoded() -> None:
    data = encoded("JPEG", (4000, 3000), "CMYK", progressive=True)
    assert needed_memory(data, 512) > 8 * 4000 * 3000
    assert decode_shrunk(data, at_least=512).size == (4000, 3000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoding, "most_memory", lambda max_pixels: 90_000_000)
        with pytest.raises(DecodeError, match=r"would take 99.0 MB of memory; the limit is 90.0 MB") as caught:
            decode_shrunk(data, at_least=512)
    assert caught.value.reason is SkipReason.TOO_LARGE
    with pytest.raises(DecodeError, match="a side may have 200,000"):
        decode_shrunk(png(MAX_SIDE + 1, 1, 8, 0, b""), at_least=512)


def test_who_allows_more_pixels_allows_more_memory() -> None:
    assert most_memory(120_000_000) == MOST_MEMORY
    assert most_memory(1_000_000_000) == 8_000_000_000


def test_a_jpeg_that_hides_its_size_counts_as_any_size_and_is_refused() -> None:
    data = samples()["jpeg"]
    for much in (b"\xff\xee\x00\x02" * 100_000, b"\xff" * 1_000_000):
        hidden = data[:2] + much + data[2:]
        assert hides_size(hidden)
        assert needed_memory(hidden) == MOST_MEMORY > LARGE
        assert is_large(hidden)
        with pytest.raises(DecodeError, match="too much before its size"):
            decode_shrunk(hidden, at_least=16)
    assert not any(hides_size(data) for data in samples().values())
    some = data[:2] + b"\xff\xee\x00\x02" * 1000 + data[2:]
    assert decode_shrunk(some, at_least=16).size == (72, 48)


def test_it_is_at_least_what_pillow_will_allocate() -> None:
    """Also of files that were tampered with: else they would be decoded beside others, and eat their memory."""
    checked = 0
    for how, data in mutations(3, 2000):
        try:
            image = decoding._open(data, decoding.sniff_format(data) or "")
        except Exception:  # noqa: BLE001  what Pillow raises is not the matter here
            continue
        if image.format in ("PNG", "JPEG", "BMP"):
            checked += 1
            assert needed_memory(data) >= 4 * image.width * image.height, how
    assert checked > 500


def test_of_two_sizes_of_a_jpeg_the_one_counts_that_pillow_believes() -> None:
    data = samples()["jpeg 4:4:4"]
    frame = data.index(b"\xff\xc0")
    header = data[frame : frame + 19]
    tall = header[:5] + (32_000).to_bytes(2, "big") + header[7:]
    twice = data[: frame + 19] + tall + data[frame + 19 :]
    image = decoding._open(twice, "JPEG")
    assert image.height == 32_000
    assert needed_memory(twice) >= 4 * image.width * image.height


def test_whatever_the_bytes_are_it_answers() -> None:
    chance = random.Random(1)
    starts = [data[: chance.randrange(4, 40)] for data in samples().values() for _ in range(20)]
    for start in starts:
        needed_memory(start + chance.getrandbits(800).to_bytes(100, "big"))
        needed_memory(start)
