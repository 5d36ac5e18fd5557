"""Makes records of the pictures that a reader found in one message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Iterable, NamedTuple

from ras.archive.media import name_in_url
from ras.archive.values import LONGEST_TEXT
from ras.cdn import picture_key
from ras.records import Channel, ImageRecord


@dataclass(frozen=True)
class Posted:
    """What all pictures of a message have in common."""

    message_id: str
    """Empty where the format does not have it."""
    author_id: str
    author: str
    channel: Channel
    timestamp: datetime
    media_root: str | None = None
    """What no ``local_path`` may leave."""


class Found(NamedTuple):
    """A picture of a message, with what is its own."""

    kind: str
    """As in ``ImageRecord.kind``; ``embed`` and ``link`` are left out where the same picture is attached."""
    attachment_id: str | None
    file_name: str
    url: str
    local_path: str | None
    file_size: int | None
    content: str = ""
    """The text of the message that it was posted in: of a forwarded one, where it is that one's."""


def records_of(posted: Posted, found: Iterable[Found]) -> list[ImageRecord]:
    """One record for each different picture, in their order."""
    found = list(found)
    # Bots show their own attachment as the picture of an embed, people paste the link of what they attach.
    attached = {picture_key(None, picture.url) for picture in found if picture.attachment_id} if len(found) > 1 else ()
    records: dict[str, ImageRecord] = {}
    for picture in found:
        # A saved file has the hash of its URL in its name: it is the same in every export with media.
        key = picture_key(picture.attachment_id, picture.url or f"media:{name_in_url(picture.local_path or '')}")
        if key in records or key in attached:
            continue
        records[key] = ImageRecord(
            key=key,
            message_id=posted.message_id,
            attachment_id=picture.attachment_id,
            file_name=picture.file_name[:LONGEST_TEXT],
            url=picture.url[:LONGEST_TEXT],
            local_path=picture.local_path,
            file_size=picture.file_size,
            author_id=posted.author_id,
            author=posted.author[:LONGEST_TEXT],
            channel=posted.channel,
            timestamp=posted.timestamp,
            content=picture.content[:LONGEST_TEXT],
            kind=picture.kind,
            media_root=posted.media_root if picture.local_path else None,
        )
    return list(records.values())
