"""Reads the tensors out of a file of weights without running anything that is in it."""

from __future__ import annotations

import collections
import io
import mmap
import pickle
import struct
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, Mapping

from ras.encoders.clip_package import first_line
from ras.errors import WeightsError

if TYPE_CHECKING:
    import torch

_LEGACY_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""How torch.save began a file before torch 1.6: the pickled number 0x1950a86a20f9469cfc6c."""

_LONGEST_PICKLE = 64 << 20


def read_state_dict(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a TorchScript archive or a saved state dict, by name: on the CPU, in the file's dtypes.

    Most are views of the memory-mapped file: copy what is kept. Raises WeightsError with the reason in a few words
    (the caller names the file).
    """
    import torch

    try:
        with path.open("rb") as file:
            start = file.read(len(_LEGACY_MAGIC))
        is_zip = zipfile.is_zipfile(path)
        if is_zip:
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
            if any(name.endswith("/constants.pkl") for name in names):
                return _read_torchscript(path)
        # torch.load also takes tar files, and did so without its weights_only guard up to 2.5 (CVE-2025-32434):
        # nothing but the two formats of torch.save may reach it.
        elif start != _LEGACY_MAGIC:
            raise WeightsError("it is not a file of weights that RAS can read")
        options: dict[str, Any] = {"mmap": True} if is_zip and _version(torch) >= (2, 1) else {}
        loaded = torch.load(str(path), map_location="cpu", weights_only=True, **options)
    except OSError as exc:
        raise WeightsError(f"it cannot be read ({exc.strerror or exc})") from exc
    except (WeightsError, MemoryError):
        raise
    # A damaged or hostile file makes zipfile, pickle and torch raise nearly anything; each means the same here.
    except Exception as exc:
        raise WeightsError(f"it is damaged, or no file of weights ({first_line(exc)})") from exc
    if not isinstance(loaded, Mapping):
        raise WeightsError("it holds something else than a state dict")
    return {name: value for name, value in loaded.items() if isinstance(name, str) and torch.is_tensor(value)}


def _version(torch: Any) -> tuple[int, int]:
    major, minor = str(torch.__version__).split(".")[:2]
    return int(major), int(minor)


class _Object:
    """Stands for any object of the archive's own classes; keeps its attributes, runs none of its code."""

    def __setstate__(self, state: Any) -> None:
        self.attributes = state


class _Unpickler(pickle.Unpickler):
    """Reads ``data.pkl`` of a TorchScript archive. Every name outside of this short list is refused."""

    def __init__(self, data: bytes, storages: Mapping[str, tuple[int, int]], content: mmap.mmap) -> None:
        super().__init__(io.BytesIO(data))
        self._storages = storages
        self._content = content

    def find_class(self, module: str, name: str) -> Any:
        import torch

        if module == "__torch__" or module.startswith("__torch__."):
            return _Object
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if module == "torch.jit._pickle":
            return _first
        dtype = {
            "HalfStorage": torch.float16,
            "BFloat16Storage": torch.bfloat16,
            "FloatStorage": torch.float32,
            "DoubleStorage": torch.float64,
            "LongStorage": torch.int64,
            "IntStorage": torch.int32,
            "BoolStorage": torch.bool,
        }.get(name)
        if module == "torch" and dtype is not None:
            return dtype
        raise pickle.UnpicklingError(f"it names {module}.{name}, which no file of weights needs")

    def persistent_load(self, pid: Any) -> Any:
        import torch

        _, dtype, key, _, count = pid
        offset, size = self._storages[f"data/{key}"]
        if count * torch.empty((), dtype=dtype).element_size() > size:
            raise pickle.UnpicklingError("a tensor is longer than what the file holds of it")
        if not count:
            return torch.empty(0, dtype=dtype)
        return torch.frombuffer(self._content, dtype=dtype, count=count, offset=offset)


def _rebuild_tensor(storage: Any, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> Any:
    return storage.as_strided(size, stride, offset)


def _first(value: Any, *_: Any) -> Any:
    """torch.jit._pickle has functions that mark a list's type, and no more."""
    return value


def _read_torchscript(path: Path) -> dict[str, torch.Tensor]:
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        entry = next(
            info for info in archive.infolist() if info.filename.count("/") == 1 and info.filename.endswith("/data.pkl")
        )
        if entry.file_size > _LONGEST_PICKLE:
            raise WeightsError("its table of contents is too long")
        data = archive.read(entry)
        root = entry.filename[: -len("data.pkl")]
        # A private map: torch wants writable memory, and nothing written to it reaches the file.
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        storages = {
            info.filename[len(root) :]: (_data_offset(content, info), info.file_size)
            for info in archive.infolist()
            if info.filename.startswith(root + "data/") and info.compress_type == zipfile.ZIP_STORED
        }
    module = _Unpickler(data, storages, content).load()
    return dict(_tensors(module, ""))


def _data_offset(content: mmap.mmap, info: zipfile.ZipInfo) -> int:
    """Where an entry's bytes begin: behind its local header, whose padding the central directory does not tell."""
    name_length, extra_length = struct.unpack_from("<HH", content, info.header_offset + 26)
    return int(info.header_offset + 30 + name_length + extra_length)


def _tensors(module: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    import torch

    for name, value in module.attributes.items():
        if torch.is_tensor(value):
            yield prefix + name, value
        elif isinstance(value, _Object):
            yield from _tensors(value, f"{prefix}{name}.")
