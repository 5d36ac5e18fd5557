"""What methods keep of pictures, made in all cores, and once: a second run finds it in the temporary folder."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
from functools import lru_cache
from multiprocessing import Pool
from pathlib import Path
from typing import Callable, Iterable, Sequence

import numpy as np
from PIL import Image

from benchmarks.quality import corpus, hashes
from benchmarks.quality.corpus import PictureRef
from benchmarks.quality.pictures import procedural_picture
from benchmarks.quality.progress import shown
from ras.encoders import load_encoder
from ras.encoders.base import Encoder
from ras.images import make_preview
from ras.matching.local import LocalExtractor
from ras.records import finish

_AT_ONCE = 16
"""Pictures of one errand to another process."""


@lru_cache(maxsize=None)
def the_encoder(name: str) -> Encoder:
    return finish(load_encoder(name))


def _local(picture: Image.Image) -> bytes:
    extractor = LocalExtractor()
    return extractor.extract(extractor.reduced(picture))


MAKERS: dict[str, Callable[[Image.Image], bytes]] = {
    "thumb": corpus.thumb,
    "phash": hashes.phash,
    "pdq": hashes.pdq,
    "fingerprint": lambda picture: _vector("fingerprint", picture),
    "clip": lambda picture: _vector("clip", picture),
    "local": _local,
    "preview": make_preview,
}
"""What is kept, and how it is made of a picture."""


def _vector(encoder: str, picture: Image.Image) -> bytes:
    return the_encoder(encoder).encode_images([picture])[0].astype(np.float16).tobytes()


def _stamp(kind: str) -> str:
    """Tells apart what different code makes: by what it makes of two pictures."""
    made = b"".join(MAKERS[kind](procedural_picture(f"stamp/{number}")) for number in range(2))
    return f"{kind}/{hashlib.sha256(made).hexdigest()[:16]}"


def _make(errand: tuple[Sequence[str], Sequence[PictureRef]]) -> list[tuple[str, str, bytes]]:
    kinds, refs = errand
    rows = []
    for ref in refs:
        picture = ref.load()
        rows += [(kind, ref.key, MAKERS[kind](picture)) for kind in kinds]
    return rows


def keep(kinds: Sequence[str], refs: Sequence[PictureRef], processes: int) -> dict[str, list[bytes]]:
    """For each kind, what is kept of each picture."""
    stamps = {kind: _stamp(kind) for kind in kinds}
    base = sqlite3.connect(Path(tempfile.gettempdir()) / f"ras-quality-{os.environ.get('USER', 'me')}.sqlite")
    base.execute("CREATE TABLE IF NOT EXISTS kept (kind TEXT, picture TEXT, value BLOB, PRIMARY KEY (kind, picture))")
    missing: dict[tuple[str, ...], list[PictureRef]] = {}
    there = {
        kind: {row[0] for row in base.execute("SELECT picture FROM kept WHERE kind = ?", [stamps[kind]])}
        for kind in kinds
    }
    for ref in refs:
        lacking = tuple(kind for kind in kinds if ref.key not in there[kind])
        if lacking:
            missing.setdefault(lacking, []).append(ref)
    errands = [
        (lacking, some[first : first + _AT_ONCE])
        for lacking, some in missing.items()
        for first in range(0, len(some), _AT_ONCE)
    ]
    if errands:
        with Pool(processes) as pool:
            for rows in shown(pool.imap_unordered(_make, errands), len(errands), "made what is kept of pictures"):
                with base:
                    base.executemany(
                        "INSERT OR REPLACE INTO kept VALUES (?, ?, ?)",
                        [(stamps[kind], key, value) for kind, key, value in rows],
                    )
    found = {kind: _read(base, stamps[kind], refs) for kind in kinds}
    base.close()
    return found


def _read(base: sqlite3.Connection, stamp: str, refs: Iterable[PictureRef]) -> list[bytes]:
    ask = "SELECT value FROM kept WHERE kind = ? AND picture = ?"
    return [base.execute(ask, [stamp, ref.key]).fetchone()[0] for ref in refs]
