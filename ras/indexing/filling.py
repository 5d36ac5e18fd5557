"""Keeps in the store what the pipeline makes of an archive's pictures, in small commits, so that nothing is lost."""

from __future__ import annotations

import contextlib
import functools
import random
import time
from collections import Counter
from typing import TYPE_CHECKING, AbstractSet, Callable, Container, Iterable, Sequence

from ras.indexing.commits import Commits
from ras.indexing.details import add_details
from ras.indexing.outcomes import Described, Embedded
from ras.indexing.pipeline import embed_images
from ras.indexing.previews import add_previews
from ras.records import Archive, ImageRecord, IndexReport, Job, Progress, Skipped
from ras.store import Entry, Failure, FeatureEntry

if TYPE_CHECKING:
    from ras.encoders.base import Encoder
    from ras.matching.extractor import FeatureExtractor
    from ras.store import EmbeddingStore


def _in_order(wanted: Iterable[ImageRecord], failed: Container[str]) -> tuple[ImageRecord, ...]:
    """Those that never ``failed``, then the rest in another order each time.

    Else a few that stall would stand before the same others in every run, until their host is given up.
    """
    fresh: list[ImageRecord] = []
    again: list[ImageRecord] = []
    for record in wanted:
        (again if record.key in failed else fresh).append(record)
    random.shuffle(again)
    return (*fresh, *again)


def fill_store(
    archive: Archive,
    store: EmbeddingStore,
    fetch: Callable[[ImageRecord], bytes],
    encoder: Encoder,
    *,
    connections: int,
    max_pixels: int,
    extra_formats: bool = False,
    limits: str = "",
    retry: bool | AbstractSet[str] = False,
    extractor: FeatureExtractor | None = None,
    expect: Callable[[Sequence[ImageRecord]], None] | None = None,
) -> Job[IndexReport]:
    """Bring the pictures of the archive that the store lacks into it, and the archive's records.

    With an ``extractor``, their features too: some are made on the way, the rest once all pictures can be searched for
    (see ``add_details``), together with those of pictures that were indexed without. Before that, previews that were
    damaged are made anew (see ``add_previews``).

    What was committed stays when the job is closed, killed or fails: the next call goes on from there. A picture that
    failed for good under the same ``limits`` (see ``Settings.limits``) is not tried again without ``retry``; where that
    is keys of records, these are tried and nothing else. Yields
    Progress over what is to be done, Skipped for every picture that cannot be had, and Notices. Raises StoreError.
    """
    started = time.monotonic()
    records = archive.records
    yield Progress("Indexing", 0)
    store.register(archive)
    yield Progress("Indexing", 0)
    missing = [record for record, content in zip(records, store.contents_of(records, encoder.id)) if content < 0]
    before = store.failures([record.key for record in missing])
    wanted: dict[str, ImageRecord] = {}
    for record in missing:
        failure = before.get(record.key)
        if not isinstance(retry, bool):
            due = record.key in retry
        else:
            due = failure is None or retry or failure.limits != limits or not failure.reason.permanent
        if due:
            wanted[record.key] = record  # of a picture that stands in several messages, the newest link
        elif failure is not None:
            yield Skipped(record, failure.reason, failure.detail)
    todo = _in_order(wanted.values(), before)
    encoded = reused = 0
    embed = functools.partial(
        embed_images,
        fetch=fetch,
        encoder=encoder,
        connections=connections,
        max_pixels=max_pixels,
        extra_formats=extra_formats,
        extractor=extractor,
        expect=expect,
    )
    with Commits(store, encoder) as commits, contextlib.closing(
        embed(
            todo,
            known=store.embedded_hashes(encoder.id),
            known_features=store.featured_hashes(extractor.id) if extractor is not None else (),
            stage="Indexing",
            postpone=True,
        )
    ) as events:
        for event in events:
            if isinstance(event, Embedded):
                encoded += event.embedding is not None
                reused += event.embedding is None
                key = todo[event.index].key
                commits.entries.append(Entry(key, event.content_hash, event.embedding, event.preview))
            elif isinstance(event, Described) and extractor is not None:
                commits.features.append(FeatureEntry(event.content_hash, extractor.id, event.features))
            elif isinstance(event, Skipped) and not (event.untried and event.record.key in before):
                # What was found when it was last tried stays true.
                commits.failures.append(Failure(event.record.key, event.reason, event.detail, time.time(), limits))
            commits.when_due()
            if not isinstance(event, (Embedded, Described)):
                yield event
    yield from add_previews(records, store, encoder, extractor, embed)
    if extractor is not None:
        yield from add_details(records, store, encoder, extractor, embed)
    indexed = store.contents_of(records, encoder.id) >= 0
    failures = store.failures([record.key for record, there in zip(records, indexed) if not there])
    skipped = Counter(
        failures[record.key].reason.value
        for record, there in zip(records, indexed)
        if not there and record.key in failures
    )
    seconds = time.monotonic() - started
    return IndexReport(archive.name, len(records), int(indexed.sum()), encoded, reused, dict(skipped), seconds)
