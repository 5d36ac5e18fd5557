"""An archive's records as compressed blocks, and back: exactly the same values."""

from __future__ import annotations

import dataclasses
import json
import zlib
from datetime import datetime
from typing import Any, Iterable, Iterator, Sequence

from ras.records import Archive, Channel, ImageRecord

_BLOCK_RECORDS = 2000

_FIELDS = tuple(field.name for field in dataclasses.fields(ImageRecord))
# In URLs, see _short_url.
_ID, _NAME, _AS_IT_IS = _MARKS = "\x01\x02\x03"
_CHANNEL_FIELDS = tuple(field.name for field in dataclasses.fields(Channel))


def snapshot(archive: Archive) -> tuple[str, list[bytes]]:
    """What describes the archive (ASCII JSON) and its records in blocks.

    Channels are written once, and a field's name once in a block. All text is ASCII, where JSON can hold what UTF-8
    cannot: lone surrogates.
    """
    places: dict[Channel, int] = {}
    for channel in archive.channels:
        places.setdefault(channel, len(places))
    own = [places[channel] for channel in archive.channels]
    blocks = [
        zlib.compress(_block(archive.records[start : start + _BLOCK_RECORDS], places), 6)
        for start in range(0, len(archive.records), _BLOCK_RECORDS)
    ]
    about = {
        "name": archive.name,
        "paths": archive.paths,
        "warnings": archive.warnings,
        "message_count": archive.message_count,
        # A record may have its channel as another export of it had it.
        "channels": [{name: getattr(channel, name) for name in _CHANNEL_FIELDS} for channel in places],
        "of_archive": own,
    }
    return json.dumps(about), blocks


def _block(records: Sequence[ImageRecord], places: dict[Channel, int]) -> bytes:
    """JSON: field → its values in all the records. Like stands beside like, which deflates to two thirds of rows."""
    columns: dict[str, list[Any]] = {name: [getattr(record, name) for record in records] for name in _FIELDS}
    columns["channel"] = [places.setdefault(record.channel, len(places)) for record in records]
    columns["timestamp"] = [record.timestamp.isoformat() for record in records]
    columns["url"] = [_short_url(record) for record in records]
    columns["key"] = [None if record.key == f"a:{record.attachment_id}" else record.key for record in records]
    return json.dumps(columns, separators=(",", ":")).encode()


def _short_url(record: ImageRecord) -> str:
    """The URL with control characters for the attachment's id and the file's name, which are known anyway.

    A URL that has such characters itself stays as it is, behind another one.
    """
    if any(mark in record.url for mark in _MARKS):
        return _AS_IT_IS + record.url
    url = record.url
    for mark, known in ((_ID, record.attachment_id), (_NAME, record.file_name)):
        url = url.replace(known, mark) if known else url
    return url


def _long_url(short: str, attachment_id: str | None, file_name: str) -> str:
    if short.startswith(_AS_IT_IS):
        return short[1:]
    return short.replace(_NAME, file_name).replace(_ID, attachment_id or "")


def described(about: str) -> tuple[dict[str, Any], tuple[Channel, ...], tuple[Channel, ...]]:
    """What ``snapshot`` wrote as JSON, all channels that records refer to, and those of the archive itself."""
    values = json.loads(about)
    channels = tuple(
        Channel(**{name: value for name, value in channel.items() if name in _CHANNEL_FIELDS})
        for channel in values["channels"]
    )
    return values, channels, tuple(channels[place] for place in values["of_archive"])


def keys_from(blocks: Iterable[bytes]) -> Iterator[str]:
    """The keys of the records."""
    for block in blocks:
        columns: dict[str, list[Any]] = json.loads(zlib.decompress(block))
        yield from _keys(columns)


def _keys(columns: dict[str, list[Any]]) -> list[str]:
    return [f"a:{id}" if key is None else key for key, id in zip(columns["key"], columns["attachment_id"])]


def records_from(blocks: Iterable[bytes], channels: Sequence[Channel]) -> Iterator[ImageRecord]:
    """The records. Fields that this version does not know are left out, those that are not there have their default."""
    for block in blocks:
        columns: dict[str, list[Any]] = json.loads(zlib.decompress(block))
        ids = columns["attachment_id"]
        columns["channel"] = [channels[place] for place in columns["channel"]]
        columns["timestamp"] = [datetime.fromisoformat(moment) for moment in columns["timestamp"]]
        columns["url"] = list(map(_long_url, columns["url"], ids, columns["file_name"]))
        columns["key"] = _keys(columns)
        names = [name for name in _FIELDS if name in columns]
        for values in zip(*(columns[name] for name in names)):
            yield ImageRecord(**dict(zip(names, values)))
