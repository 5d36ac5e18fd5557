"""A small CLIP with random weights, the same in every run: state dict and TorchScript archive in OpenAI's layout."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import Any

RESOLUTION = 32
DIMENSION = 48
NAME = "ViT-64/8@32px"
"""What RAS calls a model of this shape."""


def tiny_state(resnet: bool = False) -> dict[str, Any]:
    """float16, as OpenAI publishes them, with the three constants of its archives. The vocabulary is the real one."""
    import torch

    from ras.encoders.clip_package import clip_module

    vision = (
        {"vision_layers": (1, 1, 1, 1), "vision_patch_size": None}
        if resnet
        else {"vision_layers": 2, "vision_patch_size": 8}
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        model = clip_module("model").CLIP(
            embed_dim=DIMENSION,
            image_resolution=RESOLUTION,
            vision_width=16 if resnet else 64,
            context_length=77,
            vocab_size=49408,
            transformer_width=64,
            transformer_heads=1,
            transformer_layers=2,
            **vision,
        )
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if name.endswith("norm.weight") or ".ln_" in name or ".bn" in name:
                    parameter.add_(torch.randn(parameter.shape) * 0.1)
                else:
                    parameter.copy_(torch.randn(parameter.shape) * (0.02 if "embedding" in name else 0.15))
    state = {
        name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in model.state_dict().items()
    }
    constants = {"input_resolution": RESOLUTION, "context_length": 77, "vocab_size": 49408}
    return {**state, **{name: torch.tensor(value) for name, value in constants.items()}}


def write_state_dict(path: Path, resnet: bool = False, legacy: bool = False) -> Path:
    """A plain state dict, without the constants, as people save it after fine-tuning."""
    import torch

    state = tiny_state(resnet)
    for name in ("input_resolution", "context_length", "vocab_size"):
        del state[name]
    torch.save(state, str(path), _use_new_zipfile_serialization=not legacy)
    return path


def write_torchscript(path: Path) -> Path:
    """An archive as OpenAI's ``ViT-B-32.pt``: the traced model with its constants as buffers."""
    import torch

    from ras.encoders.clip_package import clip_module

    state = tiny_state()
    model = clip_module("model").build_model(dict(state)).float()
    for name in ("input_resolution", "context_length", "vocab_size"):
        model.__dict__.pop(name, None)
        model.register_buffer(name, state[name])
    inputs = torch.zeros(1, 3, RESOLUTION, RESOLUTION), torch.zeros(1, 77, dtype=torch.long)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # TorchScript is deprecated; the published archives are what they are
        traced = torch.jit.trace_module(
            model, {"forward": inputs, "encode_image": inputs[0], "encode_text": inputs[1]}, check_trace=False
        )
        torch.jit.save(traced.half(), str(path))
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
