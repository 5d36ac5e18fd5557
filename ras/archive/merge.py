"""Makes one archive of several exports, which may overlap: each picture of a message once, in its latest state.

What an edit or a deletion took away stays, as long as one export has it. Exports of different formats know different
things of the same picture: all of it is kept, and where they disagree, the later export is right.
"""

from __future__ import annotations

import dataclasses
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Hashable, Iterable, Sequence

from ras.archive.export import Export
from ras.archive.partners import Partners
from ras.archive.same_channel import same_channels
from ras.cdn import canonical_url, expires_at
from ras.records import Archive, Channel, ImageRecord
from ras.saved_names import saved_names, unmarked
from ras.text import count

_MOST_WARNINGS = 200


def merge(exports: Sequence[Export], warnings: Iterable[str] = ()) -> Archive:
    """The exports as one archive, in their order. ``warnings`` go before the exports' own."""
    channels = same_channels(
        [channel for export in sorted(exports, key=lambda export: export.exported_at) for channel in export.channels]
    )
    pictures = _Pictures()
    for export in exports:
        for record in export.records:
            channel = channels.get(record.channel, record.channel)
            if channel is not record.channel and channel != record.channel:
                record = dataclasses.replace(record, channel=channel)
            pictures.add(record, export.exported_at)
    if len(exports) > 1:
        pictures.join()
    order = dict.fromkeys(channels.get(channel, channel) for export in exports for channel in export.channels)
    return Archive(
        paths=tuple(export.path for export in exports),
        name=_name(tuple(order), exports),
        channels=tuple(order),
        message_count=_message_count(exports, channels),
        records=pictures.all(),
        warnings=_shortened([*warnings, *(warning for export in exports for warning in export.warnings)]),
    )


def _shortened(warnings: Sequence[str]) -> tuple[str, ...]:
    """Those that anybody will read."""
    if len(warnings) <= _MOST_WARNINGS:
        return tuple(warnings)
    left = count(len(warnings) - _MOST_WARNINGS, "other sentence")
    return (*warnings[:_MOST_WARNINGS], f"There would be {left} on what could not be read.")


def identity(record: ImageRecord) -> Hashable:
    """What two records of one picture in one message have in common, as far as they tell by themselves."""
    if record.kind == "avatar":
        return "avatar", record.key
    if record.message_id or record.attachment_id:
        return record.message_id, record.key
    # One address may be in many messages.
    minute = record.timestamp.astimezone(timezone.utc).replace(second=0, microsecond=0)
    return "", record.key, minute, record.author_id or record.author


class _Pictures:
    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[datetime, ImageRecord]] = {}

    def add(self, record: ImageRecord, exported_at: datetime) -> None:
        self._put(identity(record), record, exported_at)

    def join(self) -> None:
        """Join what lacks its message's id, or its URL, with the same picture of an export that has it."""
        self._join(
            [name for name, (_, record) in self._known.items() if not record.message_id],
            [name for name, (_, record) in self._known.items() if record.message_id],
        )
        without = [name for name, (_, record) in self._known.items() if record.message_id and not record.url]
        messages = {self._known[name][1].message_id for name in without}
        self._join(
            without,
            [name for name, (_, record) in self._known.items() if record.url and record.message_id in messages],
        )

    def all(self) -> tuple[ImageRecord, ...]:
        return tuple(record for _, record in self._known.values())

    def _put(self, name: Hashable, record: ImageRecord, exported_at: datetime) -> None:
        known = self._known.get(name)
        if known is None:
            self._known[name] = (exported_at, record)
            return
        (_, old), (latest, new) = sorted((known, (exported_at, record)), key=lambda one: one[0])
        if record.kind == "avatar":  # of an author's first message
            old, new = sorted((old, new), key=lambda one: one.timestamp, reverse=True)
        self._known[name] = (latest, _updated(old, new))

    def _join(self, lacking: Sequence[Hashable], others: Sequence[Hashable]) -> None:
        """Join those that lack something with the others: either all of them have the message's id or none has."""
        if not lacking or not others:
            return
        records = [self._known[name][1] for name in lacking]
        in_message = bool(records[0].message_id)
        keys = {record.key for record in records}
        files = {_file_of(record) for record in records if not record.url}
        by_key = Partners(self._known, in_message=in_message)
        by_file = Partners(self._known, in_message=in_message)
        # The marks in the names of versions before 2.42 are made of links with signatures that nobody has any more.
        by_name: dict[tuple[str, str], list[Hashable]] = {}
        for name in others:
            _, record = self._known[name]
            if record.key in keys:
                by_key.add(record.key, name)
            if in_message:
                by_name.setdefault((record.message_id, unmarked(_saved_name(record))), []).append(name)
            if record.local_path:
                by_file.add(_file_of(record), name)
            for file in files & {*_saved_as(record)} - {_file_of(record)} if files else ():
                by_file.add(file, name)
        for name in lacking:
            exported_at, record = self._known[name]
            partners = by_key.of(record.key, record)
            if not partners and not by_key.has(record.key, record):
                partners = [
                    other for file in {_file_of(record), *_saved_as(record)} for other in by_file.of(file, record)
                ]
            if not partners and record.message_id and not record.url:
                named = by_name.get((record.message_id, unmarked(_file_of(record))), [])
                partners = named if len(named) == 1 else []
            if partners:
                del self._known[name]
                nearest = min(partners, key=lambda other: abs(self._known[other][1].timestamp - record.timestamp))
                self._put(nearest, record, exported_at)


def _file_of(record: ImageRecord) -> str:
    return os.path.basename(record.local_path or "")


def _saved_name(record: ImageRecord) -> str:
    return next(iter(saved_names(canonical_url(record.url))), "") if record.url else _file_of(record)


def _saved_as(record: ImageRecord) -> Iterable[str]:
    """The names that an export with media may have saved the picture under."""
    if record.url:
        yield from saved_names(record.url)
        yield from saved_names(canonical_url(record.url))


def _updated(old: ImageRecord, new: ImageRecord) -> ImageRecord:
    """The later record, with the link that lives longer, the media file of either, and what only the earlier knows."""
    kept: dict[str, object] = {}
    old_expiry, new_expiry = expires_at(old.url), expires_at(new.url)
    if old.url and (not new.url or (old_expiry and (not new_expiry or old_expiry > new_expiry))):
        kept["url"] = old.url
    moved = old.local_path is not None and old.local_path != new.local_path and not _is_there(new.local_path)
    if moved and (not new.local_path or _is_there(old.local_path)):
        kept.update(local_path=old.local_path, media_root=old.media_root)
    # A message without its text is far more often one that the exporter could not see into than one that lost it.
    for field in ("content", "file_size", "author_id"):
        if getattr(old, field) and not getattr(new, field):
            kept[field] = getattr(old, field)
    if new.author in ("", "unknown"):
        kept["author"] = old.author
    if old.message_id and not new.message_id:
        kept.update(message_id=old.message_id, timestamp=old.timestamp, author=old.author)
    if (bool(old.attachment_id), bool(old.url)) > (bool(new.attachment_id), bool(new.url)):
        kept.update(key=old.key, attachment_id=old.attachment_id, file_name=old.file_name, kind=old.kind)
    return dataclasses.replace(new, **kept) if kept else new  # type: ignore[arg-type]


def _is_there(path: str | None) -> bool:
    """Whether there is such a file; what is in a zip counts as missing, since to look would take long."""
    return path is not None and os.path.exists(path)


def _message_count(exports: Sequence[Export], channels: dict[Channel, Channel]) -> int:
    """Messages, those of several exports once. Exports without ids count where no other one has their channel."""
    ids = [export.message_ids for export in exports if export.message_ids]
    if len(exports) == 1 or not ids:
        return sum(export.message_count for export in exports)
    import numpy as np

    counted = {
        channels.get(channel, channel) for export in exports if export.message_ids for channel in export.channels
    }
    others = sum(
        export.message_count
        for export in exports
        if not export.message_ids and not any(channels.get(channel, channel) in counted for channel in export.channels)
    )
    return len(np.unique(np.concatenate([np.frombuffer(each, np.uint64) for each in ids]))) + others


def _name(channels: Sequence[Channel], exports: Sequence[Export]) -> str:
    guilds = list(dict.fromkeys(channel.guild_name for channel in channels if channel.guild_name))
    if len(channels) == 1:
        return " › ".join([*guilds, channels[0].name])
    if len(guilds) == 1:
        return f"{guilds[0]} ({count(len(channels), 'channel')})"
    return (
        f"{count(len(guilds), 'server')}, {count(len(channels), 'channel')}" if guilds else Path(exports[0].path).stem
    )
