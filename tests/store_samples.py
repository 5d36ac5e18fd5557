"""Made-up archives and embeddings for tests of the store: everything follows from a number.

with EmbeddingStore(folder) as store:
    store.register(archive_of(range(100)))
    fill(store, range(100))
    check(store, range(100))
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Iterable, Sequence

import numpy as np

from ras.records import Archive, Channel, ImageRecord
from ras.store import EmbeddingStore, Entry, FeatureEntry

ENCODER = "clip:ViT-B/32"
FEATURES = "local-1"
DIMENSION = 16
CHANNEL = Channel("870000000000000002", "general", "860000000000000001", "Test Server", "Text channels")


def key_of(number: int) -> str:
    """Two of three pictures are attachments."""
    if number % 3 == 2:
        return f"u:{hashlib.sha256(b'url%d' % number).hexdigest()[:32]}"
    return f"a:{880_000_000_000_000_000 + number}"


def hash_of_content(number: int) -> str:
    return hashlib.sha256(b"content%d" % number).hexdigest()


def embedding_of(content: int, encoder_id: str = ENCODER, dimension: int = DIMENSION) -> np.ndarray:
    """float32 (dimension,), length 1, the same for the same content."""
    seed = int.from_bytes(hashlib.sha256(f"{encoder_id} {content}".encode()).digest()[:8], "little")
    row = np.random.default_rng(seed).normal(size=dimension).astype(np.float32)
    return row / np.linalg.norm(row)


def preview_of(content: int) -> bytes:
    return b"preview %d " % content * 20


def features_of(content: int, features_id: str = FEATURES) -> bytes:
    return f"features {content} by {features_id} ".encode() * (50 + content % 7)


def described(content: int, features_id: str = FEATURES) -> FeatureEntry:
    return FeatureEntry(hash_of_content(content), features_id, features_of(content, features_id))


def record_of(number: int, signature: str = "1") -> ImageRecord:
    attachment = key_of(number)[2:] if key_of(number).startswith("a:") else None
    return ImageRecord(
        key=key_of(number),
        message_id=str(870_000_000_000_000_000 + number),
        attachment_id=attachment,
        file_name=f"picture{number}.png",
        url=f"https://cdn.discordapp.com/attachments/1/{number}/picture.png?ex={signature}&is=0&hm={signature}",
        local_path=None,
        file_size=1000 + number if number % 2 else None,
        author_id="810000000000000003",
        author="Alice",
        channel=CHANNEL,
        timestamp=datetime(2024, 3, 1, tzinfo=timezone.utc) + timedelta(minutes=number),
        content=f"message {number}",
    )


def archive_of(numbers: Iterable[int], path: str = "/exports/general.json", signature: str = "1") -> Archive:
    records = tuple(record_of(number, signature) for number in numbers)
    return Archive((path,), Path(path).stem, (CHANNEL,), len(records) + 5, records)


def entry_of(number: int, content: int | None = None, encoder_id: str = ENCODER, dimension: int = DIMENSION) -> Entry:
    """The picture ``number``; its content has the same number unless another is given."""
    content = number if content is None else content
    row = embedding_of(content, encoder_id, dimension)
    return Entry(key_of(number), hash_of_content(content), row, preview_of(content))


def fill(store: EmbeddingStore, numbers: Iterable[int], encoder_id: str = ENCODER, batch: int = 16) -> None:
    numbers = list(numbers)
    for start in range(0, len(numbers), batch):
        entries = [entry_of(number, encoder_id=encoder_id) for number in numbers[start : start + batch]]
        store.add(encoder_id, DIMENSION, entries)


def describe(store: EmbeddingStore, contents: Iterable[int], features_id: str = FEATURES) -> None:
    store.add(ENCODER, DIMENSION, [], features=[described(content, features_id) for content in contents])


def rows_by_content(store: EmbeddingStore, encoder_id: str = ENCODER) -> dict[int, bytes]:
    """Content id → the bytes of its embedding, of everything that the encoder has; each content must be there once."""
    view = store.view(encoder_id)
    found: dict[int, bytes] = {}
    for numbers, rows in view.blocks():
        for number, row in zip(numbers.tolist(), rows):
            content = int(view.contents[number])
            assert content not in found, "a content has two rows"
            found[content] = row.tobytes()
    assert len(found) == len(view.contents)
    return found


def check(store: EmbeddingStore, numbers: Sequence[int], encoder_id: str = ENCODER) -> None:
    """Every one of these pictures (with a content of the same number) is in the store, byte for byte."""
    ids = store.contents_of([record_of(number) for number in numbers], encoder_id)
    assert (ids >= 0).all(), f"{(ids < 0).sum()} of {len(ids)} pictures have no embedding"
    rows = rows_by_content(store, encoder_id)
    previews = store.previews(ids.tolist())
    for number, content in zip(numbers, ids.tolist()):
        assert rows[content] == embedding_of(number, encoder_id).astype(np.float16).tobytes(), number
        assert previews[content] == preview_of(number)


def missing(store: EmbeddingStore, numbers: Sequence[int], encoder_id: str = ENCODER) -> list[int]:
    """Those that have no embedding."""
    ids = store.contents_of([record_of(number) for number in numbers], encoder_id)
    return [number for number, content in zip(numbers, ids.tolist()) if content < 0]


def check_features(store: EmbeddingStore, contents: Sequence[int], features_id: str = FEATURES) -> None:
    """These contents have features, byte for byte, and no others do; whichever way the store is asked."""
    ids = store.content_ids([hash_of_content(content) for content in contents])
    expected = {ids[hash_of_content(content)]: features_of(content, features_id) for content in contents}
    assert store.featured_contents(features_id).tolist() == sorted(expected)
    assert store.features([*expected, 10**9], features_id) == expected
    hashes = store.featured_hashes(features_id)
    assert all(hash_of_content(content) in hashes for content in contents)
    assert hash_of_content(10**6) not in hashes
