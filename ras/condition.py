"""What state an archive is in: which of its pictures are on this computer, whose links live, and until when."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from typing import Sequence
from urllib.parse import urlsplit

from ras.cdn import expires_at, is_dead, is_discord_host
from ras.downloader.addresses import AllowedHosts, is_allowed, parse_allowed
from ras.media import MediaReader
from ras.records import Archive, ImageRecord, Job, Progress
from ras.settings import Settings

_PORTS = {"http": 80, "https": 443}
_STEP = 1000
"""Pictures between two cancel points."""


class Source(str, Enum):
    """Where a picture can be had from: a file first, else its link."""

    ON_DISK = "on_disk"
    """A media file on this computer, perhaps in a zip."""
    LIVE = "live"
    """A link that says that it has not expired."""
    LASTING = "lasting"
    """A link that does not say when it expires; perhaps it never does."""
    EXPIRED = "expired"
    UNSIGNED = "unsigned"
    """A link to an attachment without the signature without which Discord serves none."""
    BLOCKED = "blocked_host"
    """A link to a host that RAS may not ask."""
    NONE = "no_link"
    """Neither a file nor a link."""


@dataclass(frozen=True)
class Condition:
    """Each picture counts once, in ``sources``."""

    pictures: int
    people: int
    """Who posted them."""
    first: datetime | None
    last: datetime | None
    """When the first and the last picture were posted."""
    sources: dict[Source, int]
    """Without those that no picture has."""
    next_expiry: datetime | None = None
    last_expiry: datetime | None = None
    """When the first and the last of the live links die."""
    lost: int = 0
    """Pictures whose file the export names, and that are not on this computer."""
    blocked_hosts: tuple[tuple[str, int], ...] = ()
    """The hosts that RAS may not ask and that have the most pictures, each with their number."""

    def count(self, *sources: Source) -> int:
        """How many pictures have one of these sources."""
        return sum(self.sources.get(source, 0) for source in sources)

    @property
    def dead(self) -> int:
        """Pictures that can be had again only once Discord signs their links anew, or from another export."""
        return self.count(Source.EXPIRED, Source.UNSIGNED)


def condition(archive: Archive, settings: Settings, now: datetime | None = None) -> Job[Condition]:
    """Look where every picture of the archive can be had from. Nothing is asked of the network, no file is opened."""
    now = now or datetime.now(timezone.utc)
    allowed = parse_allowed(settings.allowed_hosts)
    records = archive.records
    sources: Counter[Source] = Counter()
    hosts: Counter[str] = Counter()
    expiries: list[datetime] = []
    lost = 0
    with MediaReader(settings.media_folders) as media:
        for _ in media.prepare():
            yield Progress("Looking at the media folders", 0)
        for start in range(0, len(records), _STEP):
            yield Progress("Looking at the archive", start, len(records))
            for record in records[start : start + _STEP]:
                if media.is_there(record):
                    sources[Source.ON_DISK] += 1
                    continue
                lost += record.local_path is not None
                source, detail = _link(record, allowed, now)
                sources[source] += 1
                if isinstance(detail, datetime):
                    expiries.append(detail)
                elif detail:
                    hosts[detail] += 1
    yield Progress("Looking at the archive", len(records), len(records))
    return Condition(
        pictures=len(records),
        people=len({record.author_id or record.author for record in records}),
        first=min((record.timestamp for record in records), default=None),
        last=max((record.timestamp for record in records), default=None),
        sources={source: sources[source] for source in Source if sources[source]},
        next_expiry=min(expiries, default=None),
        last_expiry=max(expiries, default=None),
        lost=lost,
        blocked_hosts=tuple(heapq.nsmallest(5, hosts.items(), key=lambda item: (-item[1], item[0]))),
    )


def pictures_by_channel(archive: Archive) -> Sequence[tuple[str, str, int]]:
    """(server, channel, pictures) of each channel, in the archive's order."""
    counts = Counter((record.channel.guild_id, record.channel.id) for record in archive.records)
    return [(channel.guild_name, channel.name, counts[channel.guild_id, channel.id]) for channel in archive.channels]


def _link(record: ImageRecord, allowed: AllowedHosts, now: datetime) -> tuple[Source, datetime | str | None]:
    """What its link is good for; with the expiry of a live one, and the host of one that may not be followed."""
    try:
        parts = urlsplit(record.url)
        scheme, host, port = parts.scheme.lower(), parts.hostname or "", parts.port
    except ValueError:
        return Source.NONE, None
    if scheme not in _PORTS or not host:
        return Source.NONE, None
    is_discords = is_discord_host(host)
    if not is_allowed(host, port or _PORTS[scheme], allowed) and not (
        is_discords and scheme == "https" and port in (None, 443)
    ):
        return Source.BLOCKED, host
    expiry = expires_at(record.url)
    if expiry is not None:
        return (Source.LIVE, expiry) if expiry > now else (Source.EXPIRED, None)
    return (Source.UNSIGNED if is_discords and is_dead(record.url) else Source.LASTING), None
