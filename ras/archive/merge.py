"""Makes one archive of several exports, which may overlap: each picture of a message once, in its latest state."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from pathlib import Path
from typing import Iterable, Sequence

from ras.archive.export import Export
from ras.cdn import expires_at
from ras.records import Archive, Channel, ImageRecord
from ras.text import count


def merge(exports: Sequence[Export], warnings: Iterable[str] = ()) -> Archive:
    """The exports as one archive, in their order. ``warnings`` go before the exports' own."""
    newest: dict[tuple[str, str], tuple[datetime, ImageRecord]] = {}
    for export in exports:
        for record in export.records:
            identity = (record.message_id, record.key)
            known = newest.get(identity)
            if known is None:
                newest[identity] = (export.exported_at, record)
            elif known[0] <= export.exported_at:
                newest[identity] = (export.exported_at, _updated(known[1], record))
            else:
                newest[identity] = (known[0], _updated(record, known[1]))
    channels: dict[tuple[str, str], Channel] = {}
    for export in sorted(exports, key=lambda export: export.exported_at):
        channels.update({(channel.guild_id, channel.id): channel for channel in export.channels})
    order = dict.fromkeys((channel.guild_id, channel.id) for export in exports for channel in export.channels)
    named = tuple(channels[key] for key in order)
    return Archive(
        paths=tuple(export.path for export in exports),
        name=_name(named, exports),
        channels=named,
        message_count=_message_count(exports),
        records=tuple(record for _, record in newest.values()),
        warnings=(*warnings, *(warning for export in exports for warning in export.warnings)),
    )


def _updated(old: ImageRecord, new: ImageRecord) -> ImageRecord:
    """The later record, with the link that lives longer and the media file of either."""
    old_expiry, new_expiry = expires_at(old.url), expires_at(new.url)
    if old.url and (not new.url or (old_expiry and (not new_expiry or old_expiry > new_expiry))):
        new = dataclasses.replace(new, url=old.url)
    if old.local_path and not new.local_path:
        new = dataclasses.replace(new, local_path=old.local_path, media_root=old.media_root)
    return new


def _message_count(exports: Sequence[Export]) -> int:
    ids = [export.message_ids for export in exports if export.message_ids]
    if len(exports) == 1 or not ids:
        return sum(export.message_count for export in exports)
    import numpy as np

    return len(np.unique(np.concatenate([np.frombuffer(each, np.uint64) for each in ids])))


def _name(channels: Sequence[Channel], exports: Sequence[Export]) -> str:
    guilds = list(dict.fromkeys(channel.guild_name for channel in channels if channel.guild_name))
    if len(channels) == 1:
        return " › ".join([*guilds, channels[0].name])
    if len(guilds) == 1:
        return f"{guilds[0]} ({count(len(channels), 'channel')})"
    return (
        f"{count(len(guilds), 'server')}, {count(len(channels), 'channel')}" if guilds else Path(exports[0].path).stem
    )
