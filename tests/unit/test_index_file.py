"""The FAISS index on disk: written atomically, and read only after it proved to be what RAS wrote."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Iterator

import faiss
import numpy as np
import pytest

import ras
from ras.errors import ModeError, StoreError
from ras.store import EmbeddingStore
from ras.strategies import index_file
from ras.strategies.index_file import UnusableIndex, damage, load_faiss, read_index, set_aside, write_index
from tests.indexes import KINDS, written
from tests.pictures import archive, record
from tests.stores import GivenEncoder, fill, unit

DIMENSION = 32

MAPPED = [kind for kind in KINDS if kind.startswith("IVF") or hasattr(faiss, "IO_FLAG_MMAP_IFC")]


@pytest.mark.parametrize("mapped", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_what_was_written_is_read(tmp_path: Path, kind: str, mapped: bool) -> None:
    facts = written(tmp_path, kind)
    index = read_index(tmp_path, facts, DIMENSION, mapped=mapped)
    assert index_file.kind_of(faiss, index) == kind == facts.kind
    rows = unit(np.random.default_rng(0), 600, DIMENSION).astype(np.float16).astype(np.float32)
    parameters = faiss.SearchParametersIVF(nprobe=64) if kind.startswith("IVF") else None
    scores, found = index.search(rows[:20], 1, params=parameters)
    assert found[:, 0].tolist() == list(range(20))
    np.testing.assert_allclose(scores[:, 0], (rows[:20] ** 2).sum(axis=1), atol=1e-6)
    assert [path.name for path in tmp_path.iterdir()] == [facts.file]


@pytest.mark.parametrize("kind", MAPPED)
def test_it_is_mapped_and_not_read_into_memory(tmp_path: Path, kind: str) -> None:
    """Seen by what FAISS is asked for, and on Linux by what the process has mapped."""

    def is_mapped() -> bool:
        maps = Path("/proc/self/maps")
        return not maps.exists() or facts.file in maps.read_text()

    facts = written(tmp_path, kind)
    index = read_index(tmp_path, facts, DIMENSION, mapped=True)
    assert is_mapped()
    index = read_index(tmp_path, facts, DIMENSION, mapped=False)
    assert not is_mapped() or sys.platform != "linux"
    index.add(np.zeros((1, DIMENSION), np.float32))  # … and one that is not mapped can grow
    assert index.ntotal == 601


def test_a_version_without_maps_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = {kind: written(tmp_path, kind) for kind in KINDS}
    for name in ("IO_FLAG_MMAP_IFC", "IO_FLAG_MMAP"):
        monkeypatch.delattr(faiss, name, raising=False)
        for one in facts.values():
            assert read_index(tmp_path, one, DIMENSION, mapped=True).ntotal == 600


def test_a_path_that_faiss_cannot_open_is_read_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAISS on Windows takes a path for the code page's."""
    facts = written(tmp_path, "Flat")
    read = faiss.read_index

    def only_readers(what: Any, *flags: int) -> Any:
        if isinstance(what, str):
            raise RuntimeError("could not open")
        return read(what, *flags)

    monkeypatch.setattr(faiss, "read_index", only_readers)
    assert read_index(tmp_path, facts, DIMENSION, mapped=True).ntotal == 600


def flipped(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 0x10
    state = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda path: path.unlink(), "it is gone"),
        (lambda path: path.write_bytes(b""), "it has 0 bytes where"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "bytes where"),
        (lambda path: path.write_bytes(path.read_bytes() + b"\0"), "bytes where"),
        (lambda path: path.write_bytes(bytes(path.stat().st_size)), "it is not what was written"),
        (lambda path: flipped(path, 0), "it is not what was written"),
        (lambda path: flipped(path, 40), "it is not what was written"),
        (lambda path: flipped(path, -1), "it is not what was written"),
        (lambda path: (path.unlink(), path.mkdir()), "it is gone"),
    ],
    ids=["gone", "empty", "truncated", "longer", "zeros", "first byte", "header", "last byte", "folder"],
)
def test_a_damaged_file_never_reaches_faiss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, harm: Any, reason: str
) -> None:
    facts = written(tmp_path, kind)
    harm(tmp_path / facts.file)

    def parse(*_: object) -> None:
        raise AssertionError("FAISS was given a damaged file")

    monkeypatch.setattr(faiss, "read_index", parse)
    for mapped in (True, False):
        with pytest.raises(UnusableIndex, match=reason):
            read_index(tmp_path, facts, DIMENSION, mapped=mapped)


def test_damage_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found at once where the time stamp changed or the index is to grow, else by reading all of the file."""
    monkeypatch.setattr(index_file, "HEAD", 1000)
    monkeypatch.setattr(index_file, "TAIL", 1000)
    facts = written(tmp_path)
    path = tmp_path / facts.file
    assert damage(path, facts) is None
    flipped(path, facts.size // 2)
    assert read_index(tmp_path, facts, DIMENSION, mapped=True).ntotal == 600
    assert damage(path, facts) == "it is not what was written"
    with pytest.raises(UnusableIndex, match="it is not what was written"):
        read_index(tmp_path, facts, DIMENSION, mapped=False)
    os.utime(path, ns=(1, 1))
    with pytest.raises(UnusableIndex, match="it is not what was written"):
        read_index(tmp_path, facts, DIMENSION, mapped=True)


def test_a_copied_store_keeps_its_index(tmp_path: Path) -> None:
    facts = written(tmp_path)
    os.utime(tmp_path / facts.file, ns=(1, 1))
    assert read_index(tmp_path, facts, DIMENSION, mapped=True).ntotal == 600


def test_an_index_of_another_kind_is_refused(tmp_path: Path) -> None:
    """What is read must be what the store says: also where the facts were altered along with the file."""
    facts = written(tmp_path)
    right = unit(np.random.default_rng(0), 600, DIMENSION)
    others = {
        "of the kind Flat, not SQfp16": faiss.IndexFlatIP(DIMENSION),
        "inner product": faiss.IndexScalarQuantizer(DIMENSION, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_L2),
        "have 16 numbers": faiss.IndexScalarQuantizer(16, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT),
        "of the kind IndexScalarQuantizer": faiss.IndexScalarQuantizer(
            DIMENSION, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        ),
        "of the kind IndexHNSWFlat": faiss.IndexHNSWFlat(DIMENSION, 8, faiss.METRIC_INNER_PRODUCT),
        "of the kind IndexIVFScalarQuantizer": faiss.index_factory(
            DIMENSION, "IVF4,SQfp16", faiss.METRIC_INNER_PRODUCT
        ),
    }
    for reason, index in others.items():
        rows = np.ascontiguousarray(right[:, : index.d])
        index.train(rows)
        index.add(rows)
        file = write_index(index, tmp_path)
        wrong = dataclasses.replace(facts, **dataclasses.asdict(file))
        with pytest.raises(UnusableIndex, match=reason):
            read_index(tmp_path, wrong, DIMENSION, mapped=True)
    with pytest.raises(UnusableIndex, match="has 600 rows where 500 were written"):
        read_index(tmp_path, dataclasses.replace(facts, rows=500), DIMENSION, mapped=True)
    with pytest.raises(UnusableIndex, match="where 600 were written"):
        read_index(tmp_path, dataclasses.replace(facts, contents=np.arange(3)), DIMENSION, mapped=True)


@pytest.mark.parametrize("name", ["../facts.sqlite", "/etc/passwd", "index.faiss", "", "a/b.faiss"])
def test_names_that_ras_does_not_give_are_not_opened(tmp_path: Path, name: str) -> None:
    facts = written(tmp_path)
    with pytest.raises(UnusableIndex, match="a name that RAS does not give"):
        read_index(tmp_path, dataclasses.replace(facts, file=name), DIMENSION, mapped=True)


def test_what_faiss_cannot_parse_is_said(tmp_path: Path) -> None:
    facts = written(tmp_path)
    data = b"no index of FAISS" * 100
    token = hashlib.sha256(data * 2).hexdigest()[:32]
    name = f"00000000-{token}.faiss"
    (tmp_path / name).write_bytes(data)
    wrong = dataclasses.replace(facts, file=name, size=len(data), sha256=hashlib.sha256(data).hexdigest(), mtime_ns=0)
    with pytest.raises(UnusableIndex, match="it cannot be read"):
        read_index(tmp_path, wrong, DIMENSION, mapped=True)


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = written(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=r"could not be written to .*No space left on device.*make room"):
        written(tmp_path, seed=1)
    assert [path.name for path in tmp_path.iterdir()] == [facts.file]


def test_an_error_while_faiss_writes_is_translated(tmp_path: Path) -> None:
    program = (
        "import resource, faiss, numpy, sys; from pathlib import Path; import signal\n"
        "from ras.strategies.index_file import write_index; from ras.errors import StoreError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "index = faiss.IndexFlatIP(32); index.add(numpy.ones((5000, 32), 'float32'))\n"
        "try: write_index(index, Path(sys.argv[1]))\n"
        "except StoreError as exc: print('translated:', exc)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        check=True,
        stdout=subprocess.PIPE,
        cwd=Path(ras.__file__).parent.parent,
    )
    assert b"translated: The search index could not be written" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_killed_before_the_rename_the_old_index_stays(tmp_path: Path) -> None:
    facts = written(tmp_path)
    program = (
        "import os, signal, sys, faiss; from pathlib import Path\n"
        "from ras.strategies import index_file\n"
        "index_file.os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "index_file.write_index(faiss.IndexFlatIP(32), Path(sys.argv[1]))\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], check=False, cwd=Path(ras.__file__).parent.parent
    )
    assert killed.returncode == -signal.SIGKILL
    assert len(list(tmp_path.glob("*.part"))) == 1
    assert len(list(tmp_path.glob("*.faiss"))) == 1
    assert read_index(tmp_path, facts, DIMENSION, mapped=False).ntotal == 600
    index_file.remove_unfinished(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [facts.file]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddingStore]:
    encoder = GivenEncoder(unit(np.random.default_rng(1), 1, DIMENSION))
    with EmbeddingStore(tmp_path / "store") as opened:
        fill(opened, encoder, archive([record(1)]), unit(np.random.default_rng(0), 1, DIMENSION))
        yield opened


def test_set_aside(store: EmbeddingStore) -> None:
    facts = written(store.indexes_folder)
    store.set_index("given-1", facts)
    sentence = set_aside(store, "given-1", facts, "it is not what was written")
    (moved,) = (store.folder / "damaged").iterdir()
    assert moved.stat().st_size == facts.size
    assert sentence == (
        f"The search index {store.indexes_folder / facts.file} cannot be used: it is not what was written. "
        f"It was set aside as {moved}. It is built anew from the embeddings."
    )
    assert store.index_facts("given-1") is None
    assert list(store.indexes_folder.iterdir()) == []


def test_set_aside_what_is_gone_or_replaced(store: EmbeddingStore) -> None:
    facts = written(store.indexes_folder)
    store.set_index("given-1", facts)
    (store.indexes_folder / facts.file).unlink()
    sentence = set_aside(store, "given-1", facts, "it is gone")
    assert sentence.endswith("cannot be used: it is gone. It is built anew from the embeddings.")
    newer = written(store.indexes_folder, seed=2)
    store.set_index("given-1", newer)
    set_aside(store, "given-1", facts, "it is gone")
    known = store.index_facts("given-1")
    assert known is not None
    assert known.file == newer.file
    assert (store.indexes_folder / newer.file).exists()


def test_in_a_store_that_cannot_be_written_all_stays(store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = written(store.indexes_folder)
    store.set_index("given-1", facts)
    monkeypatch.setattr(EmbeddingStore, "read_only", property(lambda _: True))
    sentence = set_aside(store, "given-1", facts, "it is not what was written")
    assert sentence.endswith("cannot be used: it is not what was written. Cached search does without it.")
    known = store.index_facts("given-1")
    assert known is not None
    assert known.file == facts.file
    assert [path.name for path in store.indexes_folder.iterdir()] == [facts.file]


def test_without_faiss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(ModeError, match=r"FAISS cannot be loaded here .*pip install faiss-cpu"):
        load_faiss()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise AttributeError('_ARRAY_API not found')", "(_ARRAY_API not found)"),
        ("raise OSError(1114, 'A DLL failed', 'faiss.dll')", "A DLL failed"),
        ("raise RuntimeError('no such instruction')", "(no such instruction)"),
        ("import faiss.part; from faiss import nothing", "(cannot import name 'nothing'"),
        ("", "(parts of it are missing)"),  # as of the folder alone, which an uninstalling may leave
    ],
)
def test_a_broken_faiss_is_as_good_as_none(tmp_path: Path, source: str, reason: str) -> None:
    (tmp_path / "faiss").mkdir()
    (tmp_path / "faiss" / "part.py").write_text("")
    (tmp_path / "faiss" / "__init__.py").write_text(f"print('tried')\n{source}\n")
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
from ras.errors import ModeError
from ras.strategies.index_file import load_faiss
from ras.strategies.nearest import _tried
for _ in range(2):
    try:
        load_faiss()
    except ModeError as exc:
        print(exc)
    try:
        _tried(8)
    except RuntimeError as exc:
        print(exc)
print([name for name in sys.modules if name.split(".")[0] == "faiss"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *told, left = done.stdout.splitlines()
    assert told.count("tried") == 1, "what fails once is not tried again"
    told = [line for line in told if line != "tried"]
    assert len(told) == 4
    assert all("FAISS cannot be loaded here (" in line and reason in line for line in told)
    assert left == ("[]" if source else "['faiss']")


def test_two_openmp_runtimes_on_a_mac(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMP_DUPLICATE_LIB_OK", "")
    monkeypatch.delenv("KMP_DUPLICATE_LIB_OK")
    load_faiss()
    assert "KMP_DUPLICATE_LIB_OK" not in os.environ
    before = faiss.omp_get_max_threads()
    try:
        index_file.set_threads(faiss, 2)
        assert faiss.omp_get_max_threads() == 2
        monkeypatch.setattr(sys, "platform", "darwin")
        load_faiss()
        assert os.environ["KMP_DUPLICATE_LIB_OK"] == "TRUE"
        index_file.set_threads(faiss, 2)
        assert faiss.omp_get_max_threads() == 1
    finally:
        faiss.omp_set_num_threads(before)
