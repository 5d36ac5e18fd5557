"""Every fault of a network at once: it ends, what can be reached is reached, the rest is listed with its reason."""

from __future__ import annotations

import resource
import threading
from pathlib import Path

import pytest

from ras.archive import read_archive
from ras.downloader import Downloader, Patience
from ras.errors import SkipReason
from ras.indexing import fill_store
from ras.records import IndexReport, Job, Skipped, finish
from ras.settings import Settings
from ras.store import EmbeddingStore
from tests.cdn_double import CA_FILE
from tests.pictures import ColourEncoder
from tests.reliability.bad_network import BadNetwork

QUICK = Patience(connect=3, read=0.7, total=4, slowest=10_000_000, tries=4, backoff=0.02, longest_pause=2, useless=9)
MEMORY = 300_000_000
"""Bytes more than before that the process may take: 8 connections with 4 MB each, and what threads cost."""


def taken(job: Job[IndexReport]) -> tuple[IndexReport, list[Skipped]]:
    skipped = []
    while True:
        try:
            event = next(job)
        except StopIteration as stop:
            return stop.value, skipped
        if isinstance(event, Skipped):
            skipped.append(event)


def test_a_server_with_every_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", CA_FILE)
    encoder, threads = ColourEncoder(), threading.active_count()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with BadNetwork(tmp_path / "export", each=2, seed=1, throttled=1.5) as network:
        settings = Settings(allowed_hosts=network.hosts, max_megabytes=4)
        archive = finish(read_archive([network.export]))
        with EmbeddingStore(tmp_path / "store") as store, Downloader(settings, QUICK) as downloader:
            options = {"connections": 8, "max_pixels": settings.max_pixels, "limits": settings.limits}
            report, skipped = taken(fill_store(archive, store, downloader.fetch, encoder, **options))
            left_out = {one.record.file_name: one.reason for one in skipped}
            assert network.broken(left_out) == []
            assert all(one.detail for one in skipped), "a reason without a sentence"
            assert report.indexed == len(network.expected) - len(left_out)
            kept = store.failures([record.key for record in archive.records])
            assert len(kept) == len(left_out), "a failure was not kept"
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < MEMORY
    assert threading.active_count() <= threads + 1, "threads were left behind"


def test_what_was_not_reached_is_reached_the_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", CA_FILE)
    encoder = ColourEncoder()
    with BadNetwork(tmp_path / "export", each=1, seed=2, throttled=0) as network:
        archive = finish(read_archive([network.export]))
        reachable = {file for file, expected in network.expected.items() if not expected.reasons}
        settings = Settings(allowed_hosts=network.hosts, max_megabytes=4)
        options = {"connections": 8, "max_pixels": settings.max_pixels, "limits": settings.limits}
        with EmbeddingStore(tmp_path / "store") as store:
            with monkeypatch.context() as away, Downloader(settings, QUICK) as downloader:
                away.setenv("HTTP_PROXY", "http://127.0.0.1:1")
                away.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
                _, skipped = taken(fill_store(archive, store, downloader.fetch, encoder, **options))
            assert {one.record.file_name for one in skipped} == set(network.expected)
            assert {one.reason for one in skipped} == {SkipReason.NETWORK}
            with Downloader(settings, QUICK) as downloader:
                _, skipped = taken(fill_store(archive, store, downloader.fetch, encoder, **options))
            contents = store.contents_of(archive.records, encoder.id)
        indexed = {record.file_name for record, content in zip(archive.records, contents) if content >= 0}
    assert indexed == reachable
    assert indexed.isdisjoint(one.record.file_name for one in skipped)
