"""Which device CLIP runs on, and with which numbers. Asked for when a model is loaded, never at import."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ras.encoders.clip_package import import_torch
from ras.errors import EncoderError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Placement:
    """A device, by torch's name (``cpu``, ``cuda:1``, ``mps``), and the dtype of the model's matrices there."""

    device: str
    dtype: torch.dtype


def placements(choice: str = "auto") -> tuple[Placement, ...]:
    """Where to try the model, best first. Whether a graphics card really works, only the model itself can show.

    ``auto`` takes CUDA, else MPS, and ends with the CPU; a device that is named stands alone. Raises EncoderError for a
    name that is none.
    """
    torch = import_torch()
    if choice != "auto" and not re.fullmatch(r"cpu|mps|cuda(:\d+)?", choice):
        raise EncoderError(f"There is no device “{choice}”; choose auto, cpu, cuda, cuda:1 or mps.")
    if choice == "cpu":
        return (_cpu(),)
    if choice == "mps":
        return (Placement("mps", torch.float32),)
    if choice.startswith("cuda"):
        return _cuda(choice)
    if _cuda_is_there():
        return (*_cuda("cuda"), _cpu())
    if hasattr(torch.backends, "mps") and torch.backends.mps.is_available():
        # float16 on MPS has given wrong results in some versions of torch and macOS; float32 is right in all.
        return (Placement("mps", torch.float32), _cpu())
    return (_cpu(),)


def is_out_of_memory(exc: BaseException) -> bool:
    """Whether an error of torch's says that memory ran out, that of the computer or of a graphics card."""
    # torch has a class for CUDA alone; MPS, the CPU's allocator (on Linux, on Windows) and cuBLAS only have words.
    words = ("out of memory", "can't allocate memory", "not enough memory", "ALLOC_FAILED", "bad_alloc")
    return isinstance(exc, RuntimeError) and any(word in str(exc) for word in words)


def _cuda(name: str) -> tuple[Placement, ...]:
    # Some cards (GTX 16xx) answer NaN in float16; they are fine in float32.
    import torch

    return Placement(name, torch.float16), Placement(name, torch.float32)


def _cuda_is_there() -> bool:
    import torch

    with warnings.catch_warnings():
        # A driver that is too old is a warning for whoever runs torch by hand; here the answer is simply no.
        warnings.simplefilter("ignore")
        return bool(torch.cuda.is_available())


def _cpu() -> Placement:
    return Placement("cpu", cpu_dtype())


def cpu_dtype() -> torch.dtype:
    """bfloat16 where this CPU has instructions for it (AMX, AVX512-BF16), else float32.

    torch runs bfloat16 on every CPU, but emulates it where it has none: 2.5 times slower than float32 on an AVX512
    machine, while an AMX machine is 4 times faster. Timing it here instead was wrong whenever the machine was busy.
    """
    import torch

    checks = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    # Not public, and absent before torch 2.5; where torch cannot tell, float32 is always right.
    fast = any(getattr(torch.cpu, name, bool)() for name in checks)
    return torch.bfloat16 if fast else torch.float32
