"""What could not be had, from the store and by reason, and the hosts that are not allowed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ras.downloader.addresses import parse_allowed
from ras.errors import SkipReason
from ras.failures import by_reason, failures_of, host_of
from ras.records import Skipped
from ras.store import EmbeddingStore, Failure
from tests.store_samples import DIMENSION, ENCODER, archive_of, fill
from tests.unit.test_failures_csv import RECORD


def skipped(reason: SkipReason, url: str = RECORD.url) -> Skipped:
    return Skipped(replace(RECORD, url=url), reason, "for the test")


def test_the_most_frequent_reason_comes_first_and_the_order_in_it_stays() -> None:
    reasons = [SkipReason.GONE, SkipReason.DAMAGED, SkipReason.NETWORK, SkipReason.DAMAGED, SkipReason.NETWORK]
    failures = [replace(skipped(reason), detail=str(number)) for number, reason in enumerate(reasons)]
    groups = by_reason(failures)
    assert [group.reason for group in groups] == [SkipReason.NETWORK, SkipReason.DAMAGED, SkipReason.GONE]
    assert [failure.detail for failure in groups[0].pictures] == ["2", "4"]
    assert by_reason([]) == ()


def test_what_a_new_link_may_bring_back_is_counted() -> None:
    elsewhere = "https://example.org/a.png"
    gone = [skipped(SkipReason.GONE), skipped(SkipReason.GONE, elsewhere), skipped(SkipReason.GONE)]
    groups = by_reason([*gone, skipped(SkipReason.EXPIRED), skipped(SkipReason.BLOCKED, elsewhere)])
    assert {group.reason: group.refreshable(slice(0, 9)) for group in groups} == {
        SkipReason.GONE: 2,
        SkipReason.EXPIRED: 1,
        SkipReason.BLOCKED: 0,
    }
    assert groups[0].refreshable(slice(0, 2)) == 1
    assert groups[0].hosts_counted == ()


def test_hosts_that_are_not_allowed_are_counted() -> None:
    urls = ["https://i.imgur.com/a.png", "https://example.org:8443/b.png", "https://I.IMGUR.com/c.png", RECORD.url]
    groups = by_reason([skipped(SkipReason.BLOCKED, url) for url in urls] + [skipped(SkipReason.GONE)])
    assert groups[0].hosts == ("i.imgur.com", "example.org:8443", "i.imgur.com", "")
    assert groups[0].hosts_counted == (("i.imgur.com", 2), ("example.org:8443", 1))


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://bücher.example/a.png", "xn--bcher-kva.example"),
        ("https://user:word@Example.org/a.png", "example.org"),
        ("http://[2001:db8::1]:80/a.png", "[2001:db8::1]:80"),
        ("https://cdn.discordapp.com/attachments/1/2/a.png", ""),
        ("https://a b/x.png", ""),
        ("https://[broken/x.png", ""),
        ("https://example.org:99999/x.png", ""),
        ("https://" + "a" * 70 + ".example/x.png", ""),
        ("file:///etc/passwd", ""),
        ("", ""),
    ],
)
def test_a_host_is_named_as_the_setting_takes_it(url: str, host: str) -> None:
    assert host_of(replace(RECORD, url=url)) == host
    if host:
        assert parse_allowed([host])


def test_the_failures_of_an_archive_are_those_without_an_embedding(tmp_path: Path) -> None:
    archive = archive_of(range(6))
    with EmbeddingStore(tmp_path) as store:
        store.register(archive)
        fill(store, range(3))
        keys = [record.key for record in archive.records]
        failures = [Failure(keys[place], SkipReason.GONE, f"number {place}", 0.0, "") for place in (1, 4, 5)]
        failures.append(Failure("a:other", SkipReason.GONE, "another archive's", 0.0, ""))
        store.add(ENCODER, DIMENSION, [], failures=failures)
        found = failures_of(archive, store, ENCODER)
        assert [(failure.record.key, failure.detail) for failure in found] == [
            (keys[4], "number 4"),
            (keys[5], "number 5"),
        ]
        assert len(failures_of(archive, store)) == 3
