"""Extractors: the one with keypoints where OpenCV can be had, else hashes alone, which recognise whole pictures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ras.images import Shrunk
from ras.matching import Features, load_extractor
from ras.matching.hashing import perceptual_hash
from ras.matching.load import HashExtractor
from ras.matching.local import LONGEST, SIDE, LocalExtractor, reduced, thumbnail
from ras.records import finish
from tests.copies import drawn


def test_with_opencv_keypoints_are_extracted() -> None:
    events = list(load_extractor())
    extractor = finish(load_extractor())
    assert events == []
    assert extractor.is_local
    assert (extractor.id, extractor.decode_side) == ("local-1", SIDE)
    image = extractor.reduced(drawn("load"))
    features = Features.unpack(extractor.extract(image))
    assert len(features.keypoints) > 20
    assert features.size == image.size
    assert features.hash == perceptual_hash(image.convert("L"))
    assert np.array_equal(features.thumbnail, thumbnail(image))
    assert extractor.extract(image) == extractor.extract(image.copy())


def test_hashes_and_thumbnails_are_the_same_without_keypoints() -> None:
    image = reduced(drawn("load"))
    local, hashes = (Features.unpack(one.extract(image)) for one in (LocalExtractor(), HashExtractor()))
    assert len(hashes.keypoints) == 0
    assert (hashes.size, hashes.hash) == (local.size, local.hash)
    assert np.array_equal(hashes.thumbnail, local.thumbnail)
    assert HashExtractor.id != LocalExtractor.id
    assert not HashExtractor.is_local


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((300, 200), (300, 200)),
        ((1000, 500), (512, 256)),
        ((500, 2000), (181, 724)),
        ((512, 1), (512, 1)),
        ((4000, 100), (1024, 26)),
        ((30000, 10), (1024, 1)),
        ((10, 30000), (1, 1024)),
        ((1, 1), (1, 1)),
    ],
)
def test_pictures_are_reduced_and_never_enlarged(size: tuple[int, int], expected: tuple[int, int]) -> None:
    image = reduced(Image.new("RGB", size))
    assert image.size == expected
    assert max(image.size) <= LONGEST
    assert image.width * image.height * 3 < 1_000_000


def test_a_picture_that_was_decoded_smaller_is_reduced_too() -> None:
    large = drawn("load").resize((1600, 1200))
    one, other = reduced(Shrunk(large.resize((800, 600), Image.Resampling.BOX), large.size)), reduced(large)
    assert one.size == other.size == (512, 384)
    assert np.abs(np.asarray(one, np.float32) - np.asarray(other)).mean() < 3


BLOCKED = """
import sys

sys.modules["cv2"] = None
import io
from PIL import Image, ImageOps
from benchmarks.quality.pictures import procedural_picture
from ras.images import make_preview
from ras.matching import Features, QueryFeatures, check, load_extractor, same_bytes
from ras.records import Notice

job = load_extractor()
event = next(job)
assert isinstance(event, Notice), event
assert "OpenCV" in event.text and "run_app.py setup" in event.text, event.text
try:
    next(job)
except StopIteration as stop:
    extractor = stop.value
assert (extractor.id, extractor.is_local) == ("hashes-1", False)
assert extractor.decode_side > 0


def verdict(copy, picture, preview=True):
    features = Features.unpack(extractor.extract(extractor.reduced(picture)))
    query = QueryFeatures.of(copy, local=False)
    finding = check(query, features, make_preview(picture) if preview else None, 0.0, 0.9)
    return " ".join([finding.verdict.value, *(change.value for change in finding.changes)])


def jpeg(image):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return Image.open(buffer).convert("RGB")


one, other = procedural_picture("load/1"), procedural_picture("load/2")
print(verdict(jpeg(one), one))
print(verdict(jpeg(ImageOps.mirror(one)), one))
print(verdict(jpeg(one.transpose(Image.Transpose.ROTATE_90)), one))
print(verdict(other, one))
print(verdict(one, one, preview=False))
print(verdict(one.crop((0, 0, one.width // 2, one.height // 2)), one))
print(same_bytes(1.0).verdict.value)
assert "cv2" not in sys.modules or sys.modules["cv2"] is None
"""


def test_without_opencv_whole_pictures_are_recognised() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", BLOCKED], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    assert told[0] == "identical"
    assert told[1] == "altered mirrored"
    assert told[2] == "altered turned"
    assert told[3:6] == ["unlikely"] * 3
    assert told[6] == "identical"


LOADED_TWICE = """
import sys
from ras.matching import load_extractor
from ras.records import Notice
for _ in range(2):
    job = load_extractor()
    event = next(job)
    assert isinstance(event, Notice), event
    print(event.text)
    try:
        next(job)
    except StopIteration as stop:
        print(stop.value.id)
print([name for name in sys.modules if name.split(".")[0] == "cv2"])
"""


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise AttributeError(\"module 'cv2.dnn' has no attribute 'DictValue'\")", "no attribute 'DictValue')"),
        ("raise OSError('[WinError 1114] cv2.pyd')", "([WinError 1114] cv2.pyd)"),
        ("raise RuntimeError('module compiled against another numpy')", "(module compiled against another numpy)"),
        ("import cv2.missing", "(No module named 'cv2.missing')"),
        ("import cv2.part; raise SystemError('half of it was there')", "(half of it was there)"),
        ("", "no SIFT"),  # as of the folder alone, which an uninstalling may leave
    ],
)
def test_a_broken_opencv_is_as_good_as_none(tmp_path: Path, source: str, reason: str) -> None:
    (tmp_path / "cv2").mkdir()
    (tmp_path / "cv2" / "part.py").write_text("")
    (tmp_path / "cv2" / "__init__.py").write_text(f"print('tried')\n{source}\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {LOADED_TWICE}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *told, left = done.stdout.splitlines()
    assert told.count("tried") == 1, "what fails once is not tried again"
    notices = [line for line in told if line not in ("tried", "hashes-1")]
    assert told.count("hashes-1") == len(notices) == 2
    assert all(line.startswith("Crops, collages") and reason in line for line in notices)
    assert left == ("[]" if source else "['cv2']")


def test_importing_it_loads_no_opencv() -> None:
    code = "import sys, ras.matching; print([m for m in ('cv2', 'torch', 'faiss', 'tkinter') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_opencv_without_sift_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    from ras.matching.keypoints import load_opencv

    load_opencv.cache_clear()
    monkeypatch.setitem(sys.modules, "cv2", type(sys)("cv2"))
    try:
        with pytest.raises(ImportError, match="SIFT"):
            LocalExtractor()
        (notice,) = load_extractor()
        assert "no SIFT" in notice.text  # type: ignore[union-attr]
    finally:
        monkeypatch.undo()
        load_opencv.cache_clear()
    assert load_opencv().__name__ == "cv2"
