"""Files of weights that were made to take all memory or time, or to reach beyond themselves."""

from __future__ import annotations

import collections
import io
import os
import pickle
import struct
import sys
import time
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest

from ras.encoders import checkpoint
from ras.encoders.checkpoint import read_state_dict
from ras.errors import WeightsError

torch = pytest.importorskip("torch", reason="CLIP needs torch")

OBJECT = b"c__torch__\nM\n)\x81"
"""In a pickle: an object of a class of the archive's own."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weights.pt"


def with_table(path: Path, table: bytes, compression: int = zipfile.ZIP_STORED) -> Path:
    """A TorchScript archive with this table of contents, and 4 numbers in its only storage."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/constants.pkl", b"")
        archive.writestr("a/data.pkl", table, compress_type=compression)
        archive.writestr("a/data/0", bytes(16))
    return path


def refused(path: Path) -> str:
    began = time.monotonic()
    with pytest.raises(WeightsError) as caught:
        read_state_dict(path)
    assert time.monotonic() - began < 10
    return str(caught.value)


def text(word: str) -> bytes:
    return b"X" + struct.pack("<I", len(word)) + word.encode()


def test_objects_that_hold_each_other_twice_are_walked_once(path: Path) -> None:
    table = b"\x80\x02" + OBJECT + b"}bq\x00"
    for inner in range(60):
        held = b"h" + bytes([inner])
        table += OBJECT + b"}(" + text("a") + held + text("b") + held + b"ub" + b"q" + bytes([inner + 1])
    began = time.monotonic()
    assert read_state_dict(with_table(path, table + b".")) == {}
    # And one that holds itself.
    assert read_state_dict(with_table(path, b"\x80\x02" + OBJECT + b"q\x00}(" + text("a") + b"h\x00ub.")) == {}
    assert time.monotonic() - began < 10


def test_names_that_grow_with_every_object_are_refused(path: Path) -> None:
    name = b"h\x00"
    table = b"\x80\x02" + text("n" * 100_000) + b"q\x00" + (OBJECT + b"}(" + name) * 50 + b"N" + b"ub" * 50 + b"."
    assert "too long" in refused(with_table(path, table))


def test_a_number_in_the_table_takes_no_memory(path: Path) -> None:
    """C's unpickler makes room for so many objects as an index says, which may be 2³²."""
    with_table(path, b"\x80\x02Nr" + struct.pack("<I", 30_000_000) + b".")
    tracemalloc.start()
    try:
        refused(path)
        assert tracemalloc.get_traced_memory()[1] < 10 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_python_unpacks_all_at_once_is_refused(path: Path, compression: int) -> None:
    real, told = 50_000_000, 1000
    with_table(path, bytes(real), compression)
    path.write_bytes(path.read_bytes().replace(struct.pack("<L", real), struct.pack("<L", told)))
    assert "compressed" in refused(path)


def test_a_compressed_table_is_read_as_far_as_it_may_be_long(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, told = 50_000_000, 1000
    with_table(path, b"\x80\x02" + b"N" * (real - 3) + b".", zipfile.ZIP_DEFLATED)
    assert "too long" in refused(path)
    path.write_bytes(path.read_bytes().replace(struct.pack("<L", real), struct.pack("<L", told)))
    asked: list[int] = []
    read = zipfile.ZipExtFile.read
    monkeypatch.setattr(zipfile.ZipExtFile, "read", lambda self, n=-1: (asked.append(n), read(self, n))[1])
    refused(path)
    assert asked == [checkpoint._LONGEST_PICKLE]


def state(path: Path, legacy: bool = False, **tensors: Any) -> Path:
    torch.save(tensors, str(path), _use_new_zipfile_serialization=not legacy)
    return path


@pytest.mark.parametrize("legacy", [False, True])
def test_tensors_that_are_longer_than_the_file_are_refused(path: Path, legacy: bool) -> None:
    """By a stride of 0, a tensor of any length is one number."""
    assert "longer than the file" in refused(state(path, legacy, x=torch.zeros(1, 1).expand(3_000_000, 64)))
    huge = torch.zeros(1, 1).expand(1 << 30, 1 << 30)
    assert "longer than the file" in refused(state(path, legacy, x=huge))
    one = torch.zeros(10_000)
    assert "longer than the file" in refused(state(path, legacy, **{f"x{number}": one for number in range(40)}))
    tied = read_state_dict(state(path, legacy, x=one, y=one, z=torch.ones(5)[2:]))
    assert {name: tensor.tolist() for name, tensor in tied.items()} == {
        **{"x": [0.0] * 10_000, "y": [0.0] * 10_000},
        "z": [1.0] * 3,
    }


def test_more_tensors_than_a_model_has_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "_MOST_TENSORS", 5)
    assert len(read_state_dict(state(path, **{f"x{number}": torch.zeros(1) for number in range(5)}))) == 5
    assert "more tensors" in refused(state(path, **{f"x{number}": torch.zeros(1) for number in range(6)}))


@pytest.mark.parametrize("legacy", [False, True])
def test_every_kind_of_number_is_read(path: Path, legacy: bool) -> None:
    kinds = ("float16", "bfloat16", "float32", "float64", "int64", "int32", "int16", "int8", "uint8", "bool")
    saved = {kind: torch.tensor([[0, 1, 1], [1, 0, 1]], dtype=getattr(torch, kind)).t() for kind in kinds}
    saved["none"] = torch.zeros(0, 3)
    saved["parameter"] = torch.nn.Parameter(torch.tensor(7.0))
    torch.save(collections.OrderedDict(saved), str(path), _use_new_zipfile_serialization=not legacy)
    loaded = read_state_dict(path)
    assert list(loaded) == list(saved)
    for name, tensor in saved.items():
        assert loaded[name].dtype == tensor.dtype
        assert torch.equal(loaded[name], tensor), name


def test_a_cut_file_of_the_old_format_is_refused(path: Path) -> None:
    data = state(path, True, x=torch.ones(50), y=torch.ones(50)).read_bytes()
    for length in (len(data) - 1, len(data) - 210, len(data) - 420, 300, 40):
        path.write_bytes(data[:length])
        assert "damaged" in refused(path)


STORAGE = b"(" + text("storage") + b"ctorch\nFloatStorage\nh\x00" + text("cpu") + b"K\x04tQ"


@pytest.mark.parametrize("operations", [b"}h\x00Ns", b"}(h\x00Nu", STORAGE], ids=["a key", "keys", "a storage"])
def test_tuples_of_the_same_tuple_cost_no_time(path: Path, operations: bytes) -> None:
    """2⁶⁰ ways lead through them: their hash, and their text, take all of these."""
    nested = b"\x80\x02)q\x00" + b"h\x00h\x00\x86q\x00" * 60
    assert "damaged" in refused(with_table(path, nested + operations + b"."))


def test_numbers_of_one_hash_are_no_keys(path: Path) -> None:
    keys = {(2**61 - 1) * number: None for number in range(1, 4)}
    assert "keys" in refused(with_table(path, pickle.dumps(keys, protocol=2)))


def test_operations_and_names_that_weights_do_not_need_are_refused(path: Path) -> None:
    for table in (b"\x80\x02I7\n.", b"\x80\x02L7L\n.", b"\x80\x02N2.", b"\x80\x02(l."):
        assert "what no file of weights needs" in refused(with_table(path, table))
    said = refused(with_table(path, b"\x80\x02c__main__\n" + b"Net" * 1000 + b"\n."))
    assert said.startswith("it holds more than weights (__main__.NetNet")
    assert said.endswith("); save the state dict alone")
    assert len(said) < 200


def test_a_state_changes_nothing_of_the_programs_own(path: Path) -> None:
    """BUILD would set the attributes of a function, too."""
    for name in (b"ctorch._utils\n_rebuild_tensor_v2\n", b"ccollections\nOrderedDict\n", OBJECT[:-2]):
        before = dict(vars(checkpoint._rebuild_tensor))
        refused(with_table(path, b"\x80\x02" + name + b"N}(" + text("__doc__") + text("changed") + b"u\x86b."))
        assert vars(checkpoint._rebuild_tensor) == before
        assert "changed" not in (checkpoint._rebuild_tensor.__doc__, checkpoint._ordered_dict.__doc__)
        assert checkpoint._Object.attributes == {}


def test_tensors_are_described_by_numbers_within_the_storage(path: Path) -> None:
    def tensor(count: int, offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> bytes:
        pid = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu") + integer(count) + b"tQ"
        rest = integer(offset) + b"(" + b"".join(map(integer, size)) + b"t(" + b"".join(map(integer, stride)) + b"t"
        made = b"ctorch._utils\n_rebuild_tensor_v2\n(" + pid + rest + b"tR"
        return b"\x80\x02" + OBJECT + b"}(" + text("x") + made + b"ub."

    def integer(number: int) -> bytes:
        return b"J" + struct.pack("<i", number)

    assert read_state_dict(with_table(path, tensor(4, 1, (3,), (1,))))["x"].tolist() == [0, 0, 0]
    for wrong in (
        (5, 0, (5,), (1,)),
        (-1, 0, (4,), (1,)),
        (4, 2, (3,), (1,)),
        (4, -1, (3,), (1,)),
        (4, 0, (3,), (2,)),
        (4, 0, (3,), (-1,)),
        (4, 0, (-1,), (1,)),
    ):
        assert "damaged" in refused(with_table(path, tensor(*wrong))), wrong


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are Unicode there")
def test_a_name_that_is_no_utf_8(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xe9t\xe9.pt"))
    for legacy in (False, True):
        saved = io.BytesIO()
        torch.save({"x": torch.ones(3)}, saved, _use_new_zipfile_serialization=not legacy)
        path.write_bytes(saved.getvalue())
        assert read_state_dict(path)["x"].tolist() == [1, 1, 1]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_a_device_and_a_folder_are_no_files(path: Path) -> None:
    os.mkfifo(path)
    for other in (path, Path("/dev/zero")):
        assert refused(other) == "it cannot be read (it is no ordinary file)"
    assert refused(path.parent) == "it cannot be read (it is a folder)"


def test_too_little_memory_is_no_fault_of_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    state(path, x=torch.ones(3))
    monkeypatch.setattr(checkpoint.mmap, "mmap", full)
    with pytest.raises(MemoryError):
        read_state_dict(path)
