"""The choice of an encoder, and the way down from CLIP to the fingerprint."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ras.encoders import download, load_encoder
from ras.encoders.base import Encoder
from ras.encoders.weights import WEIGHTS, Weights, weights_path
from ras.errors import EncoderError, SettingsError, WeightsError
from ras.paths import REPOSITORY
from ras.records import Event, Job, Notice, Progress
from tests import tiny_clip
from tests.weights_server import WeightsServer

pytest.importorskip("torch", reason="CLIP needs torch")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_clip.write_state_dict(tmp_path_factory.mktemp("clip") / "tiny.pt")


@pytest.fixture(autouse=True)
def no_foreign_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(download, "BACKOFF", 0.01)
    for name, value in {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "NO_PROXY": "127.0.0.1"}.items():
        monkeypatch.setenv(name, value)


def run(job: Job[Encoder]) -> tuple[Encoder, list[Event]]:
    events: list[Event] = []
    while True:
        try:
            events.append(next(job))
        except StopIteration as stop:
            return stop.value, events


def notices(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice)]


def test_the_fingerprint_comes_at_once() -> None:
    encoder, events = run(load_encoder("fingerprint"))
    assert encoder.id.startswith("fingerprint")
    assert events == []


def test_the_fingerprint_loads_no_torch() -> None:
    code = (
        "import sys; from ras.encoders import load_encoder; from ras.records import finish\n"
        "finish(load_encoder('fingerprint')); finish(load_encoder('auto', allow_download=False))\n"
        "assert not {'torch', 'clip', 'torchvision'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True)


def test_a_file_of_ones_own(plain: Path) -> None:
    for choice in ("clip", "auto"):
        encoder, events = run(load_encoder(choice, clip_weights=plain, device="cpu"))
        assert encoder.id == f"clip:{tiny_clip.NAME}:{tiny_clip.sha256(plain)[:12]}"
        assert notices(events) == []
        assert any(isinstance(event, Progress) and event.stage == "Loading the CLIP model" for event in events)


def test_published_weights_are_downloaded_and_found_again(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with WeightsServer(plain.read_bytes(), (1_000_000,)) as server:
        facts = Weights("tiny.pt", tiny_clip.sha256(plain), plain.stat().st_size, (server.url,))
        monkeypatch.setitem(WEIGHTS, "tiny", facts)
        encoder, events = run(load_encoder("auto", clip_model="tiny", device="cpu"))
        assert encoder.id.startswith("clip:")
        assert any(isinstance(event, Progress) and event.stage == "Downloading the CLIP model" for event in events)
        assert notices(events) == []
    again, _ = run(load_encoder("clip", clip_model="tiny", device="cpu", allow_download=False))
    assert again.id == encoder.id
    # A file that was damaged since is never loaded as the published one.
    target = weights_path("tiny")
    with target.open("r+b") as file:
        file.seek(5_000_000)
        file.write(b"\xff" * 64)
    os.utime(target, (1, 1))
    with pytest.raises(WeightsError, match="not downloaded yet"):
        run(load_encoder("clip", clip_model="tiny", allow_download=False))


def test_auto_takes_the_fingerprint_and_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "cat.pt").write_bytes(b"\x89PNG\r\n")
    cases = [
        (load_encoder(allow_download=False), "not downloaded yet"),
        (load_encoder(clip_weights=tmp_path / "missing.pt"), "cannot be read"),
        (load_encoder(clip_weights=tmp_path / "cat.pt"), "cannot be used for CLIP"),
        (load_encoder(clip_weights=tmp_path), "(it is a folder)"),
        (load_encoder(clip_weights="~a user whom nobody knows/cat.pt"), "cannot be read"),
        (load_encoder(clip_model="ViT-X"), "choose one of"),
    ]
    monkeypatch.setitem(WEIGHTS, "tiny", Weights("tiny.pt", "0" * 64, 5, ("http://127.0.0.1:9",)))
    cases.append((load_encoder(clip_model="tiny"), "Connect and try again"))
    for job, reason in cases:
        encoder, events = run(job)
        (notice,) = notices(events)
        assert encoder.id.startswith("fingerprint")
        assert notice.startswith("The fingerprint encoder is used, not CLIP.")
        assert reason in notice


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "cat.pt")
    with pytest.raises(WeightsError, match=r"cat\.pt cannot be used for CLIP: .*no ordinary file"):
        run(load_encoder("clip", clip_weights=tmp_path / "cat.pt"))


def test_clip_alone_raises(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="not downloaded yet"):
        run(load_encoder("clip", allow_download=False))
    with pytest.raises(SettingsError, match="no encoder “magic”"):
        run(load_encoder("magic"))


def test_an_impossible_device(plain: Path) -> None:
    with pytest.raises(EncoderError, match="“cuda:97”"):
        run(load_encoder("clip", clip_weights=plain, device="cuda:97"))


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise ImportError('libtorch_cpu.so: cannot open shared object file')", "cannot be loaded (libtorch_cpu"),
        ("raise OSError('[WinError 126] c10.dll')", "cannot be loaded ([WinError 126] c10.dll)"),
        ("import torch.missing", "cannot be loaded"),
        (None, "torch is not installed"),
    ],
)
def test_a_broken_torch_is_one_sentence(tmp_path: Path, plain: Path, source: str | None, reason: str) -> None:
    code = "import sys; "
    if source is None:
        code += "sys.modules['torch'] = None; "
    else:
        (tmp_path / "torch").mkdir()
        (tmp_path / "torch" / "__init__.py").write_text(source)
        code += f"sys.path.insert(0, {str(tmp_path)!r}); "
    code += (
        "from ras.encoders import load_encoder\n"
        f"for event in load_encoder('auto', clip_weights={str(plain)!r}): print(event)\n"
        "print([name for name in sys.modules if name.startswith('torch.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert reason in done.stdout
    assert "Notice" in done.stdout
    assert done.stdout.endswith("[]\n")
