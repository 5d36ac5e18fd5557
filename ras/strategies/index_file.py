"""The FAISS index on disk: written atomically, and read only after it proved to be what RAS wrote."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import secrets
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Callable

from ras.called import BUILT
from ras.errors import ModeError, StoreError
from ras.library import first_line, load_library
from ras.text import count, whole

if TYPE_CHECKING:
    from ras.store import EmbeddingStore, IndexFacts

log = logging.getLogger(__name__)

# What FAISS parses when it maps a file lies in its first megabytes: the header, the centroids of the lists (4 MB for
# 2048 of 512 dimensions) and the lists' lengths; codes follow. A write that was cut short shows at the end.
HEAD = 5 << 20
TAIL = 1 << 16

_CHUNK = 1 << 20

# <random>-<SHA-256 of head and tail, the first 32 digits>.faiss
_NAME = re.compile(r"[0-9a-f]{8}-([0-9a-f]{32})\.faiss")
_UNFINISHED = ".part"


class UnusableIndex(StoreError):
    """An index file is not what the store says of it. The text says in what, and goes on a sentence."""


@dataclass(frozen=True)
class Written:
    """What an index file was when it had been written; the fields are those of IndexFacts."""

    file: str
    size: int
    sha256: str
    mtime_ns: int


def load_faiss() -> Any:
    """The faiss module. Raises ModeError with the remedy where there is none that works."""
    if sys.platform == "darwin":
        # PyTorch and FAISS bring an OpenMP runtime each, and the second one aborts the process unless told not to; two
        # that are both at work crash it: github.com/faiss-wheels/faiss-wheels/issues/73. See also ``set_threads``.
        os.environ.setdefault("KMP_DUPLICATE_LIB_OK", "TRUE")
    try:
        with warnings.catch_warnings():
            # Of the code that SWIG generates, on Python 3.12: nothing that RAS could change.
            warnings.simplefilter("ignore", DeprecationWarning)
            faiss: Any = load_library("faiss")
        if not hasattr(faiss, "IndexFlatIP"):  # Python takes a folder that an uninstalling left for a package
            raise ImportError("parts of it are missing")
    except ImportError as exc:
        raise ModeError(
            f"FAISS cannot be loaded here ({_reason(exc)}); "
            + ("this program was built without it." if BUILT else "install it with “pip install faiss-cpu”.")
        ) from exc
    return faiss


def failure(exc: RuntimeError | MemoryError) -> StoreError:
    """What FAISS raised while it searched or built, as an error for the user."""
    if isinstance(exc, MemoryError):
        return StoreError("There is not enough memory for the search index; close other programs and try again.")
    return StoreError(f"FAISS failed ({_reason(exc)}); see the log.")


def set_threads(faiss: Any, number: int) -> None:
    """How many threads FAISS may use for the calls of this thread; only ever one on macOS, see ``load_faiss``."""
    faiss.omp_set_num_threads(1 if sys.platform == "darwin" else max(1, number))


def write_index(index: Any, folder: Path) -> Written:
    """Write a FAISS index into the folder, under a new name: it is there whole or not at all. Raises StoreError."""
    faiss = load_faiss()
    token = secrets.token_hex(4)
    temporary = folder / f"{token}{_UNFINISHED}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with open(temporary, "x+b") as out:
                digest = hashlib.sha256()

                def write(data: bytes) -> int:
                    digest.update(data)
                    return out.write(data)

                # By a writer of ours: FAISS opens no path with letters beyond the code page on Windows.
                faiss.write_index(index, faiss.PyCallbackIOWriter(write))
                out.flush()
                os.fsync(out.fileno())
                size = out.tell()
                name = f"{token}-{_edges(out, size)}.faiss"
            os.replace(temporary, folder / name)
        finally:
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()
        _sync_folder(folder)
        return Written(name, size, digest.hexdigest(), (folder / name).stat().st_mtime_ns)
    except (OSError, RuntimeError, MemoryError) as exc:  # FAISS raises RuntimeError where it does not pass ours on
        raise StoreError(
            f"The search index could not be written to {folder} ({_reason(exc)}); "
            "make room there, or check that the folder may be written."
        ) from exc


def remove_unfinished(folder: Path) -> None:
    """Delete what a write that was killed has left. Only for who holds the lock under which indexes are written."""
    for path in folder.glob(f"*{_UNFINISHED}"):
        with contextlib.suppress(OSError):
            path.unlink()


def read_index(folder: Path, facts: IndexFacts, dimension: int, *, mapped: bool) -> Any:
    """The FAISS index of a file, once the file is known to be what was written. Raises UnusableIndex.

    With ``mapped`` the pages of the file are its memory, where this FAISS can do so; that index cannot be added to.
    The file's head and tail are always compared with what was written, and all of it unless its time stamp and
    ``mapped`` speak for it: ``damage`` does that for a mapped one later.
    """
    faiss = load_faiss()
    path = checked_path(folder, facts)
    try:
        if not mapped or path.stat().st_mtime_ns != facts.mtime_ns:
            reason = damage(path, facts)
            if reason is not None:
                raise UnusableIndex(reason)
        index = _read(faiss, path, facts.kind, mapped)
    except (OSError, RuntimeError, MemoryError) as exc:
        raise UnusableIndex(f"it cannot be read ({_reason(exc)})") from exc
    _check(faiss, index, facts, dimension)
    return index


def checked_path(folder: Path, facts: IndexFacts) -> Path:
    """The index file, if its name, its size, its head and its tail are right. Raises UnusableIndex."""
    match = _NAME.fullmatch(facts.file)
    if match is None:
        raise UnusableIndex("it has a name that RAS does not give")
    path = folder / facts.file
    try:
        if path.is_symlink() or not path.is_file():
            raise UnusableIndex("it is gone")
        size = path.stat().st_size
        if size != facts.size:
            raise UnusableIndex(f"it has {count(size, 'byte')} where {whole(facts.size)} were written")
        with open(path, "rb") as file:
            if _edges(file, size) != match.group(1):
                raise UnusableIndex("it is not what was written")
    except OSError as exc:
        raise UnusableIndex(f"it cannot be read ({_reason(exc)})") from exc
    return path


def damage(path: Path, facts: IndexFacts, cancelled: Callable[[], bool] = lambda: False) -> str | None:
    """Read the whole file (a gigabyte takes about a second): None if it is what was written, else in what it is not."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            for chunk in iter(lambda: file.read(_CHUNK), b""):
                digest.update(chunk)
                if cancelled():
                    return None
    except OSError as exc:
        return f"it cannot be read ({_reason(exc)})"
    return None if digest.hexdigest() == facts.sha256 else "it is not what was written"


def set_aside(store: EmbeddingStore, encoder_id: str, facts: IndexFacts, reason: str) -> str:
    """Take an unusable index out of use, and its file to the store's folder ``damaged``; the sentence to say of it.

    Raises StoreError. Where another program has replaced the index meanwhile, only the file is moved.
    """
    path = store.indexes_folder / facts.file
    damaged = store.folder / "damaged" / f"{secrets.token_hex(4)}-{Path(facts.file).name}"
    moved = False
    if not store.read_only and _NAME.fullmatch(facts.file):
        with contextlib.suppress(OSError):  # it may be gone, or open in another program on Windows
            damaged.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, damaged)
            moved = True
    now = store.index_facts(encoder_id)
    if not store.read_only and now is not None and now.file == facts.file:
        store.set_index(encoder_id, None)
    log.warning("the index %s was set aside: %s", path, reason)
    where = f" It was set aside as {damaged}." if moved else ""
    after = "Cached search does without it" if store.read_only else "It is built anew from the embeddings"
    return f"The search index {path} cannot be used: {reason}.{where} {after}."


def _edges(file: BinaryIO, size: int) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    digest.update(file.read(HEAD))
    file.seek(max(0, size - TAIL))
    digest.update(file.read(TAIL))
    return digest.hexdigest()[:32]


def _read(faiss: Any, path: Path, kind: str, mapped: bool) -> Any:
    flags = []
    if mapped:
        # Of the lists of an IVF, OnDiskInvertedLists are the older and quicker to open; flat codes need the newer way.
        names = ("IO_FLAG_MMAP", "IO_FLAG_MMAP_IFC") if kind.startswith("IVF") else ("IO_FLAG_MMAP_IFC",)
        flags = [getattr(faiss, name) for name in names if hasattr(faiss, name)]
    for flag in flags:
        try:
            return _downcast(faiss, faiss.read_index(str(path), flag))
        except RuntimeError as exc:  # not on this system, or FAISS cannot open such a path
            log.debug("%s is not mapped: %s", path, _reason(exc))
    with open(path, "rb") as file:
        return _downcast(faiss, faiss.read_index(faiss.PyCallbackIOReader(file.read)))


def _downcast(faiss: Any, index: Any) -> Any:
    lists = faiss.downcast_InvertedLists(index.invlists) if hasattr(index, "invlists") else None
    if lists is not None and hasattr(lists, "prefetch_nthread"):
        lists.prefetch_nthread = 0  # starting 32 threads costs each search more than waiting for the pages
    return index


def _check(faiss: Any, index: Any, facts: IndexFacts, dimension: int) -> None:
    """Whether it is an index of the kind that RAS builds. Raises UnusableIndex."""
    kind = kind_of(faiss, index)
    if kind != facts.kind:
        raise UnusableIndex(f"it is of the kind {kind}, not {facts.kind}")
    if index.d != dimension:
        raise UnusableIndex(f"its embeddings have {index.d} numbers, those of this encoder {dimension}")
    if index.ntotal != facts.rows or len(facts.contents) != facts.rows:
        raise UnusableIndex(f"it has {count(index.ntotal, 'row')} where {whole(facts.rows)} were written")
    if index.metric_type != faiss.METRIC_INNER_PRODUCT or not index.is_trained:
        raise UnusableIndex("it was not made to rank by the inner product")


def kind_of(faiss: Any, index: Any) -> str:
    """``Flat``, ``SQfp16`` or ``IVF1024,SQfp16``; something else for what RAS does not build."""
    half = faiss.ScalarQuantizer.QT_fp16
    if isinstance(index, faiss.IndexFlat):
        return "Flat"
    if isinstance(index, faiss.IndexScalarQuantizer) and index.sq.qtype == half:
        return "SQfp16"
    # Residuals would be rounded anew: the scores would not be those of the stored embeddings.
    if isinstance(index, faiss.IndexIVFScalarQuantizer) and index.sq.qtype == half and not index.by_residual:
        return f"IVF{index.nlist},SQfp16"
    return type(index).__name__


def _sync_folder(folder: Path) -> None:
    """Make the new name last; where folders cannot be opened (Windows), the file system sees to it."""
    with contextlib.suppress(OSError):
        descriptor = os.open(str(folder), os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _reason(exc: BaseException) -> str:
    if isinstance(exc, OSError) and exc.strerror:
        return exc.strerror
    return first_line(exc)
