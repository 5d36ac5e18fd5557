"""The pictures that could not be had: of an archive in the store; by reason, with the hosts that are not allowed."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Iterable
from urllib.parse import urlsplit

from ras.cdn import is_discord_host
from ras.errors import SkipReason
from ras.records import Archive, ImageRecord, Skipped

if TYPE_CHECKING:
    from ras.store import EmbeddingStore

_SETTABLE = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]+)?")
"""What the setting ``allowed_hosts`` takes."""

_BY_HOST = (SkipReason.BLOCKED, SkipReason.GONE)


@dataclass(frozen=True)
class ReasonGroup:
    """The pictures that were left out for one reason, in the order of the archive."""

    reason: SkipReason
    pictures: tuple[Skipped, ...]
    hosts: tuple[str, ...] = field(default=(), repr=False)
    """Of each picture the host of its link, empty where that is Discord's own; only for reasons where it matters."""

    def refreshable(self, part: slice) -> int:
        """How many of these pictures a new link from Discord may bring back."""
        if self.reason is SkipReason.GONE:  # of a link without a signature Discord says so, too
            return self.hosts[part].count("")
        return len(self.pictures[part]) if self.reason is SkipReason.EXPIRED else 0

    @property
    def hosts_counted(self) -> tuple[tuple[str, int], ...]:
        """(host, pictures on it) of hosts that are not allowed, most first; without what a link of Discord’s led to."""
        counted = Counter(host for host in self.hosts if host and self.reason is SkipReason.BLOCKED)
        return tuple(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def failures_of(archive: Archive, store: EmbeddingStore, encoder_id: str = "") -> tuple[Skipped, ...]:
    """The pictures of the archive that could not be had when they were last tried.

    With ``encoder_id``, those that have an embedding of it all the same are left out. Raises StoreError.
    """
    records = archive.records
    if encoder_id:
        there = store.contents_of(records, encoder_id) >= 0
        records = tuple(record for record, found in zip(records, there) if not found)
    failures = store.failures([record.key for record in records])
    return tuple(
        Skipped(record, failures[record.key].reason, failures[record.key].detail)
        for record in records
        if record.key in failures
    )


def by_reason(failures: Iterable[Skipped]) -> tuple[ReasonGroup, ...]:
    """Grouped, the most frequent reason first."""
    found: dict[SkipReason, list[Skipped]] = {}
    for failure in failures:
        found.setdefault(failure.reason, []).append(failure)
    order = list(SkipReason)
    groups = [
        ReasonGroup(
            reason,
            tuple(pictures),
            tuple(host_of(each.record) for each in pictures) if reason in _BY_HOST else (),
        )
        for reason, pictures in found.items()
    ]
    return tuple(sorted(groups, key=lambda group: (-len(group.pictures), order.index(group.reason))))


def host_of(record: ImageRecord) -> str:
    """The host of the record's link as ``allowed_hosts`` takes it, with its port if it names one.

    Empty where the link is Discord's own, or none that could be allowed.
    """
    try:
        parts = urlsplit(record.url)
        host, port = (parts.hostname or "").encode("idna").decode("ascii"), parts.port
    except (ValueError, UnicodeError):  # no URL, or no name that a host can have
        return ""
    if is_discord_host(host):
        return ""
    named = f"[{host}]" if ":" in host else host
    named += f":{port}" if port else ""
    return named if _SETTABLE.fullmatch(named) else ""
