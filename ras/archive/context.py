"""The message of a picture with some messages before and after it, read from its export again when they are wanted."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from typing import Iterator, Sequence

from ras.archive.discord_chat_exporter import json_export
from ras.archive.discord_chat_exporter.json_around import around, channel_in
from ras.archive.discord_chat_exporter.json_messages import Author, Forwarded, Message
from ras.archive.find import find_exports
from ras.archive.pictures import may_be_picture
from ras.archive.seems import head_text
from ras.archive.timestamps import posted_at
from ras.archive.values import text_of
from ras.errors import ArchiveError
from ras.records import ImageRecord, Job, Notice
from ras.text import clean
from ras.trees import Tree

AMOUNT = 5
_HEAD_BYTES = 64 * 1024
_LONGEST = 2000
"""Characters of a message; Discord's own limit is 2,000, or 4,000 for those who pay."""


@dataclass(frozen=True)
class NearbyMessage:
    """A message as it is shown beside others. Its texts are foreign."""

    id: str
    author: str
    timestamp: datetime
    content: str
    pictures: int
    """How many it shows."""


def messages_around(paths: Sequence[str], record: ImageRecord, amount: int = AMOUNT) -> Job[tuple[NearbyMessage, ...]]:
    """The message of ``record`` and up to ``amount`` (at least 1) on each side of it, the oldest first.

    ``paths``: the export files of the archive, as ``Archive.paths`` has them. Raises ArchiveError where it is not to be
    had: the export's format does not allow it, or the file is gone or no longer has the message.
    """
    if not record.message_id.isdigit():
        raise ArchiveError("This export does not say which message the picture is from.")
    readable, problem = False, ""
    for path in sorted(paths, key=lambda path: record.channel.id not in os.path.basename(path)):
        trees: list[Tree] = []
        try:
            files, refused = find_exports([path], trees)
            problem = problem or (refused[0] if refused else "")
            for file, form, _ in files:
                if form is not json_export:
                    continue
                readable = True
                with file.open() as opened:
                    channel = channel_in(head_text(opened.read(_HEAD_BYTES)))
                if channel not in ("", record.channel.id):
                    continue
                search = around(file, record.message_id, amount)
                while True:
                    try:
                        next(search)
                    except StopIteration as stop:
                        found: list[Message] = stop.value
                        break
                    yield Notice("")  # a place to be cancelled at
                if found:
                    return tuple(map(_nearby, found))
        except OSError as exc:
            problem = (
                problem or f"“{clean(os.path.basename(path), longest=100)}” could not be read: {exc.strerror or exc}."
            )
        finally:
            for tree in trees:
                tree.close()
        yield Notice("")
    if readable:
        raise ArchiveError("The export no longer has this message.")
    raise ArchiveError(
        problem
        or "The messages around it are not available for this kind of archive, only for JSON exports of "
        "DiscordChatExporter."
    )


def _nearby(message: Message) -> NearbyMessage:
    author, forwarded = message.author or Author(), message.forwardedMessage
    content = text_of(message.content) or (text_of(forwarded.content) if forwarded else "")
    return NearbyMessage(
        message.id,
        text_of(author.nickname) or text_of(author.name) or "unknown",
        posted_at(text_of(message.timestamp), message.id),
        content[:_LONGEST],
        sum(1 for _ in _pictures(message)) + (sum(1 for _ in _pictures(forwarded)) if forwarded else 0),
    )


def _pictures(shown: Message | Forwarded) -> Iterator[object]:
    for attachment in shown.attachments or ():
        if may_be_picture(text_of(attachment.fileName)):
            yield attachment
    for embed in shown.embeds or ():
        yield from (one for one in (embed.image, *(embed.images or ()), embed.thumbnail) if one is not None)
