"""Odd pictures and damaged data: whatever comes is described and checked, in bounded memory, and judged sensibly."""

from __future__ import annotations

import dataclasses
import functools
import io
import struct
import zlib
from typing import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ras.images import make_preview
from ras.matching import Features, QueryFeatures, check, inverted
from ras.matching.codebook import WORDS
from ras.matching.features import KEYPOINT
from ras.matching.local import KEPT, LONGEST
from ras.matching.query import ASKED
from ras.records import Verdict
from tests.copies import CONVINCING, checkerboard, drawn, extracted, kept, noise, query_of


def lined(size: tuple[int, int]) -> Image.Image:
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).line((0, 0, *size), fill="black", width=3)
    return image


def grating(lines: int, height: int) -> Image.Image:
    row = (np.arange(2 * lines) % 2 * 255).astype(np.uint8)
    return Image.fromarray(np.tile(row, (height, 1))).convert("RGB")


PICTURES: dict[str, Callable[[], Image.Image]] = {
    "1 × 1": lambda: Image.new("RGB", (1, 1), "blue"),
    "2 × 2": lambda: noise(5, (2, 2)),
    "7 × 9": lambda: noise(5, (7, 9)),
    "black": lambda: Image.new("RGB", (300, 200)),
    "white": lambda: Image.new("RGB", (300, 200), "white"),
    "red": lambda: Image.new("RGB", (300, 200), "red"),
    "gradient": lambda: Image.linear_gradient("L").convert("RGB"),
    "30,000 × 10": lambda: lined((30000, 10)),
    "10 × 30,000": lambda: lined((10, 30000)),
    "30,000 × 10 noise": lambda: noise(6, (30000, 10)),
    "1,000 × 12 noise": lambda: noise(7, (1000, 12)),
    "checkerboard": lambda: checkerboard(8),
    "checkerboard, shifted": lambda: checkerboard(8, shift=3),
    "checkerboard of pixels": lambda: checkerboard(1),
    "checkerboard of large fields": lambda: checkerboard(40),
    "noise": lambda: noise(1),
    "other noise": lambda: noise(2),
    "grating": lambda: grating(5000, 60),
    "fine grating": lambda: grating(250, 400),
    "photo": lambda: drawn("photo"),
}
ALIKE = {"checkerboard", "checkerboard, shifted"}


@functools.lru_cache(maxsize=None)
def known(name: str) -> tuple[Features, bytes, QueryFeatures]:
    picture = PICTURES[name]()
    return extracted(picture), make_preview(picture), QueryFeatures.of(picture)


@pytest.mark.parametrize("name", PICTURES)
def test_what_comes_back_is_bounded(name: str) -> None:
    features, preview, query = known(name)
    assert len(features.keypoints) <= KEPT
    assert len(features.pack()) < 6400
    assert len(preview) < 60_000
    assert query.image.size == features.size
    assert max(features.size) <= LONGEST
    assert query.image.width * query.image.height <= 512 * 512
    assert len(query.hashes) == 8
    assert len(query.sides) == 2
    for side in query.sides:
        assert len(side.keypoints) == len(side.words) == len(query.sides[0].keypoints) <= ASKED
        assert side.words.max(initial=0) < WORDS
    assert Features.unpack(features.pack()).hash == features.hash


@pytest.mark.parametrize("name", PICTURES)
def test_each_is_identical_to_itself_and_no_copy_of_any_other(name: str) -> None:
    _, _, query = known(name)
    for other in PICTURES:
        features, preview, _ = known(other)
        for finding in (
            check(query, features, preview, 0.0, CONVINCING),
            check(dataclasses.replace(query, sides=()), features, preview, 0.0, CONVINCING),
        ):
            if name == other:
                assert finding.verdict is Verdict.IDENTICAL
            elif {name, other} != ALIKE:
                assert not finding.verdict.is_copy, other


def test_votes_for_pages_of_the_same_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keypoints that all look the same find each other, and no more are compared than may be."""
    features, _, query = known("checkerboard")
    monkeypatch.setattr(inverted, "MOST_OF_A_WORD", 64)
    segment = inverted.build([np.array(features.keypoints)] * 50, [features.hash] * 50)
    votes = inverted.vote(segment, query, None, np.ones(WORDS, np.float32))
    assert 0 < len(votes.pictures) <= sum(side.words.size for side in query.sides) * 64
    best, _ = inverted.tally(votes, segment.counts.astype(np.int64), 10)
    assert len(best) == 10


def png(size: tuple[int, int]) -> bytes:
    """A PNG that says to be so large; there are hardly any pixels in it."""
    data = io.BytesIO()
    Image.new("RGB", (1, 1)).save(data, "PNG")
    head = struct.pack(">4sIIBBBBB", b"IHDR", *size, 8, 2, 0, 0, 0)
    return data.getvalue()[:12] + head + struct.pack(">I", zlib.crc32(head)) + data.getvalue()[33:]


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (2000, 2000), (20000, 20000), (2**31 - 1, 2**31 - 1)])
def test_a_preview_that_says_to_be_huge_is_not_opened(size: tuple[int, int]) -> None:
    features, _ = kept("photo")
    finding = check(QueryFeatures.of(drawn("photo")), features, png(size), 0.0, CONVINCING)
    assert finding.verdict is Verdict.ALIKE


def test_a_preview_that_is_larger_than_previews_are_is_none() -> None:
    features, _ = kept("photo")
    query = QueryFeatures.of(drawn("photo"))
    for width, is_copy in ((LONGEST, True), (LONGEST + 300, False)):
        data = io.BytesIO()
        drawn("photo").resize((width, round(width * 296 / 373))).save(data, "PNG")
        assert check(query, features, data.getvalue(), 0.0, CONVINCING).verdict.is_copy is is_copy


def test_damaged_previews_are_survived() -> None:
    features, preview = kept("photo")
    query = QueryFeatures.of(drawn("photo"))
    data = io.BytesIO()
    drawn("photo").resize((96, 72)).save(data, "PNG")
    random = np.random.RandomState(0)
    for whole in (preview, data.getvalue()):
        for number in range(40):
            damaged = bytearray(whole)
            for _ in range(random.randint(1, 6)):
                damaged[random.randint(len(damaged) if number % 2 else 60)] = random.randint(256)
            if number % 3 == 0:
                del damaged[random.randint(len(damaged)) :]
            check(query, features, bytes(damaged), 0.0, CONVINCING)


@pytest.mark.parametrize("size", [(1, 1), (200, 3), (3, 200), (256, 30), (30, 256), (256, 256)])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "1"])
def test_previews_of_another_aspect_and_kind_are_survived(size: tuple[int, int], mode: str) -> None:
    features, _ = kept("photo")
    data = io.BytesIO()
    drawn("photo").resize(size).convert(mode).save(data, "PNG")
    finding = check(QueryFeatures.of(drawn("photo")), features, data.getvalue(), 0.0, CONVINCING)
    assert finding.evidence.inliers > 20


def test_damaged_features_are_refused_or_survived() -> None:
    features, preview = kept("photo")
    query = QueryFeatures.of(drawn("photo"))
    whole = features.pack()
    random = np.random.RandomState(1)
    refused = 0
    for number in range(120):
        damaged = bytearray(whole)
        for _ in range(random.randint(1, 5)):
            damaged[random.randint(len(damaged) if number % 2 else 60)] = random.randint(256)
        try:
            unpacked = Features.unpack(bytes(damaged))
        except ValueError:
            refused += 1
            continue
        check(query, unpacked, preview, 0.0, CONVINCING)
        segment = inverted.build([np.array(unpacked.keypoints)], [unpacked.hash])
        inverted.vote(segment, query, None, np.ones(WORDS, np.float32))
    assert 0 < refused < 120


def degenerate(kind: str, count: int) -> np.ndarray:
    """Matching keypoints where no projection can be told from."""
    random = np.random.RandomState(count)
    keypoints = np.frombuffer(random.bytes(16 * count), KEYPOINT).copy()
    keypoints["word"] %= WORDS - 1
    keypoints["angle"], keypoints["scale"] = 0, 100
    keypoints["x"], keypoints["y"] = random.randint(0, 9000, (2, count))
    if kind == "line":
        keypoints["y"] = keypoints["x"] // 2
    elif kind == "row":
        keypoints["y"] = 3000
    elif kind == "point":
        keypoints["x"] = keypoints["y"] = 3000
    elif kind == "three points":
        keypoints["x"], keypoints["y"] = np.array([(300, 300), (6000, 900), (2000, 6000)])[
            random.randint(0, 3, count)
        ].T
    return keypoints


@pytest.mark.parametrize("mine", ["anywhere", "line", "row", "point", "three points"])
@pytest.mark.parametrize("theirs", ["anywhere", "line", "row", "point", "three points"])
def test_keypoints_that_tell_of_no_projection_are_survived(mine: str, theirs: str) -> None:
    features, preview = kept("photo")
    for count in (4, 6, 9, 60):
        one, other = degenerate(mine, count), degenerate(theirs, count)
        assert np.array_equal(one["signature"], other["signature"])
        query = query_of(one, one, size=features.size)
        finding = check(query, dataclasses.replace(features, keypoints=other), preview, 0.0, CONVINCING)
        assert not finding.verdict.is_copy
