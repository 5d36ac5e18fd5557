"""How keys, ids and texts are written into facts.sqlite: small, and exactly reversible."""

from __future__ import annotations

import json
import zlib
from typing import Iterator, Sequence, TypeVar, Union

import numpy as np

T = TypeVar("T")

StoredKey = Union[int, bytes, str]

# SQLite before 3.32 takes no more values in one statement.
_MOST_VALUES = 900


def stored_key(key: str) -> StoredKey:
    """A picture's key as it is stored: an attachment's id as a number, a URL's hash as bytes, any other as JSON.

    It halves the table and its index. The three types never compare equal in SQLite, and each is reversible.
    """
    rest = key[2:]
    try:
        if key[:2] == "a:":
            number = int(rest)
            if str(number) == rest and -(2**63) <= number < 2**63:
                return number
        elif key[:2] == "u:" and len(rest) == 32:
            digest = bytes.fromhex(rest)
            if digest.hex() == rest:
                return digest
    except ValueError:
        pass
    return json.dumps(key)


def key_from(stored: StoredKey) -> str:
    if isinstance(stored, int):
        return f"a:{stored}"
    if isinstance(stored, bytes):
        return f"u:{stored.hex()}"
    return str(json.loads(stored))


def pack_ids(ids: np.ndarray) -> bytes:
    """int64 (n,) → bytes: differences, deflated. Ids mostly count up, so that one takes a byte or less."""
    return zlib.compress(np.diff(ids, prepend=0).astype("<i8").tobytes(), 1)


def unpack_ids(data: bytes) -> np.ndarray:
    """The inverse of ``pack_ids``: int64 (n,)."""
    return np.cumsum(np.frombuffer(zlib.decompress(data), "<i8"), dtype=np.int64)


def text_bytes(text: str) -> bytes:
    """Any str, lone surrogates too, as bytes."""
    return text.encode("utf-8", "surrogatepass")


def text_from(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def chunks(values: Sequence[T], most: int = _MOST_VALUES) -> Iterator[tuple[str, Sequence[T]]]:
    """The values in parts that fit one statement, each with its ``?,?,…``."""
    for start in range(0, len(values), most):
        part = values[start : start + most]
        yield ",".join("?" * len(part)), part
