"""Reads the tensors out of a file of weights without running anything that is in it."""

from __future__ import annotations

import collections
import errno
import io
import math
import mmap
import pickle
import struct
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Callable, ClassVar, Iterator, Mapping

from ras.encoders.device import is_out_of_memory
from ras.errors import WeightsError
from ras.library import first_line
from ras.regular_file import open_regular

if TYPE_CHECKING:
    import torch

_LEGACY_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""How torch.save began a file before torch 1.6: the pickled number 0x1950a86a20f9469cfc6c."""

_LONGEST_PICKLE = 2 << 20
"""Bytes. A tensor takes some 130; what they become in memory can be a hundred times as long."""

_MOST_TENSORS = 5000
"""The largest published model has fewer than 2000."""

_LONGEST_NAME = 300

_MOST_SHARED = 2
"""So many times its own length may a file's tensors be long together: some may be the same numbers under two names."""


def read_state_dict(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a TorchScript archive or a saved state dict, by name: on the CPU, in the file's dtypes.

    Most are views of the memory-mapped file: copy what is kept. Raises WeightsError with the reason in a few words
    (the caller names the file), and MemoryError.

    torch.load is not asked: what its ``weights_only`` reads is not bounded in memory and time, and up to torch 2.5 it
    could be led to run code (CVE-2025-32434).
    """
    import torch

    try:
        with open_regular(path) as file:
            # A private map: torch wants writable memory, and nothing written to it reaches the file.
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
            is_legacy = content[: len(_LEGACY_MAGIC)] == _LEGACY_MAGIC
            loaded = _read_legacy(content) if is_legacy else _read_zip(file, content)
        if isinstance(loaded, _Object):
            loaded = dict(_tensors(loaded, "", set()))
        if not isinstance(loaded, Mapping):
            raise WeightsError("it holds something else than a state dict")
        tensors = {name: value for name, value in loaded.items() if isinstance(name, str) and torch.is_tensor(value)}
        lengths = [math.prod(tensor.shape) * tensor.element_size() for tensor in tensors.values()]
        if sum(lengths) > _MOST_SHARED * len(content):
            raise WeightsError("its tensors are said to be longer than the file is")
        if len(tensors) > _MOST_TENSORS:
            raise WeightsError("it holds more tensors than any CLIP model has")
    except OSError as exc:
        if exc.errno == errno.ENOMEM:
            raise MemoryError from exc
        raise WeightsError(f"it cannot be read ({exc.strerror or exc})") from exc
    except (WeightsError, MemoryError):
        raise
    # A damaged or hostile file makes zipfile, pickle and torch raise nearly anything; each means the same here.
    except Exception as exc:
        if is_out_of_memory(exc):
            raise MemoryError from exc
        raise WeightsError(f"it is damaged, or no file of weights ({first_line(exc)})") from exc
    return tensors


class _Object:
    """Stands for any object of the archive's own classes; keeps its attributes, runs none of its code."""

    attributes: Any = {}  # noqa: RUF012  replaced, never changed


_Storage = Callable[[str, "torch.dtype", int], "torch.Tensor"]
"""A storage's key, the dtype and number of its elements → the elements."""

_OPERATIONS = (
    *(pickle.PROTO, pickle.STOP, pickle.MARK, pickle.GLOBAL, pickle.BINPERSID, pickle.REDUCE, pickle.NEWOBJ),
    *(pickle.BINPUT, pickle.LONG_BINPUT, pickle.BINGET, pickle.LONG_BINGET),
    *(pickle.NONE, pickle.NEWTRUE, pickle.NEWFALSE, pickle.BININT, pickle.BININT1, pickle.BININT2, pickle.LONG1),
    *(pickle.BINFLOAT, pickle.BINUNICODE, pickle.SHORT_BINSTRING),
    *(pickle.EMPTY_TUPLE, pickle.TUPLE, pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3),
    *(pickle.EMPTY_LIST, pickle.APPEND, pickle.APPENDS, pickle.EMPTY_DICT),
)
"""What torch.save and torch.jit.save write, but for what _Unpickler has of its own."""


class _Unpickler(pickle._Unpickler):
    """Reads a table of contents. Every name and every operation outside of these short lists is refused.

    By Python's own unpickler: C's makes room for as many objects as a number in the file says, which may be 2³², and
    cannot be told which operations to take. It takes 0.1 seconds for the largest published model.
    """

    stack: list[Any]  # typeshed does not have it
    pop_mark: Callable[[], list[Any]]

    def __init__(self, file: io.BytesIO, storage: _Storage) -> None:
        super().__init__(file)
        self._storage = storage

    def find_class(self, module: str, name: str) -> Any:
        import torch

        if module == "__torch__" or module.startswith("__torch__."):
            return _Object
        if module == "torch._utils" and name in ("_rebuild_tensor_v2", "_rebuild_tensor"):
            return _rebuild_tensor
        if module == "torch.jit._pickle" or (module, name) == ("torch._utils", "_rebuild_parameter"):
            return _first
        if (module, name) == ("collections", "OrderedDict"):
            return _ordered_dict
        dtype = {
            "HalfStorage": torch.float16,
            "BFloat16Storage": torch.bfloat16,
            "FloatStorage": torch.float32,
            "DoubleStorage": torch.float64,
            "LongStorage": torch.int64,
            "IntStorage": torch.int32,
            "ShortStorage": torch.int16,
            "CharStorage": torch.int8,
            "ByteStorage": torch.uint8,
            "BoolStorage": torch.bool,
        }.get(name)
        if module == "torch" and dtype is not None:
            return dtype
        # Not UnpicklingError: the file may be sound, a whole training run.
        raise WeightsError(f"it holds more than weights ({f'{module}.{name}'[:80]}); save the state dict alone")

    def persistent_load(self, pid: Any) -> Any:
        import torch

        _, dtype, key, _, count, *view = pid
        if not (isinstance(dtype, torch.dtype) and isinstance(key, str) and _are_sizes(count)):
            raise pickle.UnpicklingError("a storage is described wrongly")
        if any(view):
            raise pickle.UnpicklingError("a storage is a part of another")
        return self._storage(key, dtype, count)

    def _build(self) -> None:
        """Only _Object takes a state, that of other things is passed over: Python would set any attribute to it."""
        state = self.stack.pop()
        if isinstance(self.stack[-1], _Object):
            self.stack[-1].attributes = state

    def _set_item(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._set(self.stack[-1], [key, value])

    def _set_items(self) -> None:
        items = self.pop_mark()
        self._set(self.stack[-1], items)

    def _set(self, target: Any, items: list[Any]) -> None:
        # Of tuples of tuples of … and of chosen large numbers a dictionary would take for ever to calculate hashes.
        if not isinstance(target, dict) or not all(_is_key(key) for key in items[::2]):
            raise pickle.UnpicklingError("a dictionary has keys that no file of weights needs")
        target.update(zip(items[::2], items[1::2]))

    def _refuse(self) -> None:
        raise pickle.UnpicklingError("it does what no file of weights needs")

    dispatch: ClassVar[Any] = {
        **dict.fromkeys(range(256), _refuse),
        **{operation[0]: pickle._Unpickler.dispatch[operation[0]] for operation in _OPERATIONS},
        pickle.BUILD[0]: _build,
        pickle.SETITEM[0]: _set_item,
        pickle.SETITEMS[0]: _set_items,
    }


def _is_key(key: Any) -> bool:
    return type(key) is str or (type(key) is int and abs(key) < 1 << 32)


def _are_sizes(*numbers: Any) -> bool:
    return all(type(number) is int and number >= 0 for number in numbers)


def _rebuild_tensor(storage: Any, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> Any:
    if not _are_sizes(offset, *size, *stride):
        raise pickle.UnpicklingError("a tensor is described wrongly")
    return storage.as_strided(size, stride, offset)


def _first(value: Any, *_: Any) -> Any:
    """torch.jit._pickle has functions that mark a list's type, and no more; a parameter is a tensor."""
    return value


def _ordered_dict() -> Any:
    return collections.OrderedDict()


def _read_zip(file: BinaryIO, content: mmap.mmap) -> Any:
    if not zipfile.is_zipfile(file):
        raise WeightsError("it is not a file of weights that RAS can read")
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        entry = next((e for e in entries if e.filename.count("/") == 1 and e.filename.endswith("/data.pkl")), None)
        if entry is None:
            raise WeightsError("it is not a file of weights that RAS can read")
        if entry.file_size > _LONGEST_PICKLE:
            raise WeightsError("its table of contents is too long")
        # Of the other methods Python unpacks all at once, however long the entry says that it is.
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise WeightsError("its table of contents is compressed as that of no file of weights")
        with archive.open(entry) as packed:
            data = packed.read(_LONGEST_PICKLE)
    root = entry.filename[: -len("data.pkl")] + "data/"
    kept = {e.filename[len(root) :]: e for e in entries if e.filename.startswith(root)}
    made: dict[str, torch.Tensor] = {}

    def storage(key: str, dtype: torch.dtype, count: int) -> torch.Tensor:
        info = kept[key]
        if info.compress_type != zipfile.ZIP_STORED or count * _element_size(dtype) > info.file_size:
            raise pickle.UnpicklingError("a tensor is longer than what the file holds of it")
        if key not in made or made[key].dtype != dtype or len(made[key]) != count:
            made[key] = _elements(content, dtype, count, _data_offset(content, info))
        return made[key]

    return _Unpickler(io.BytesIO(data), storage).load()


def _data_offset(content: mmap.mmap, info: zipfile.ZipInfo) -> int:
    """Where an entry's bytes begin: behind its local header, whose padding the central directory does not tell."""
    name_length, extra_length = struct.unpack_from("<HH", content, info.header_offset + 26)
    return int(info.header_offset + 30 + name_length + extra_length)


def _read_legacy(content: mmap.mmap) -> Any:
    """Five pickles: the magic number, a version, the system, the state dict, its storages' keys; then the storages."""
    import torch

    made: dict[str, torch.Tensor] = {}
    length = 0

    def storage(key: str, dtype: torch.dtype, count: int) -> torch.Tensor:
        nonlocal length
        if key not in made:
            length += count * _element_size(dtype)
            if length > len(content):
                raise pickle.UnpicklingError("a tensor is longer than what the file holds of it")
            made[key] = torch.empty(count, dtype=dtype)
        return made[key]

    head = io.BytesIO(content[:_LONGEST_PICKLE])
    *_, loaded, keys = [_Unpickler(head, storage).load() for _ in range(5)]
    position = head.tell()
    for key in list(keys):
        elements = made.pop(key)
        (count,) = struct.unpack_from("<q", content, position)
        if count != len(elements):
            raise pickle.UnpicklingError("a tensor has another length than its numbers")
        # A copy: they lie at any address, and not every processor calculates with those.
        elements.copy_(_elements(content, elements.dtype, count, position + 8))
        position += 8 + count * elements.element_size()
    if made:
        raise pickle.UnpicklingError("the numbers of a tensor are missing")
    return loaded


def _element_size(dtype: torch.dtype) -> int:
    import torch

    return torch.empty((), dtype=dtype).element_size()


def _elements(content: mmap.mmap, dtype: torch.dtype, count: int, offset: int) -> torch.Tensor:
    import torch

    return torch.frombuffer(content, dtype=dtype, count=count, offset=offset) if count else torch.empty(0, dtype=dtype)


def _tensors(module: _Object, prefix: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Each module once, by the first of its names: there are 2ⁿ ways through n modules that hold the next one twice."""
    import torch

    seen.add(id(module))
    for name, value in module.attributes.items():
        if len(prefix) + len(name) > _LONGEST_NAME:
            raise WeightsError("it holds a tensor whose name is too long")
        if torch.is_tensor(value):
            yield prefix + name, value
        elif isinstance(value, _Object) and id(value) not in seen:
            yield from _tensors(value, f"{prefix}{name}.", seen)
