"""The messages in the JSON exports of DiscordChatExporter, as far as records are made of them."""

# ruff: noqa: UP006, UP045  msgspec evaluates the annotations of its Structs, on Python 3.8 too.
from __future__ import annotations

import re
from typing import Any, Callable, List, NamedTuple, Optional, Type

import msgspec

from ras.archive.lenient_json import lenient_json
from ras.archive.lenient_structs import coerced
from ras.archive.values import id_of
from ras.records import PictureKinds

# Only what records are made of: everything else is skipped without making objects of it. Single values are Any, since
# real exports have numbers for texts and the reverse; only a wrong shape sends a message to ``coerced``.


class Attachment(msgspec.Struct, gc=False):
    id: Any = None
    url: Any = None
    fileName: Any = None
    fileSizeBytes: Any = None


class Picture(msgspec.Struct, gc=False):
    url: Any = None
    canonicalUrl: Any = None


class Embed(msgspec.Struct, gc=False):
    url: Any = None
    thumbnail: Optional[Picture] = None
    image: Optional[Picture] = None
    images: Optional[List[Picture]] = None


class Author(msgspec.Struct, gc=False):
    id: Any = None
    name: Any = None
    nickname: Any = None


class Reference(msgspec.Struct, gc=False):
    channelId: Any = None


class Forwarded(msgspec.Struct, gc=False):
    content: Any = None
    attachments: Optional[List[Attachment]] = None
    embeds: Optional[List[Embed]] = None


class Message(msgspec.Struct, gc=False):
    id: str
    timestamp: Any = None
    content: Any = None
    author: Optional[Author] = None
    attachments: Optional[List[Attachment]] = None
    embeds: Optional[List[Embed]] = None
    reference: Optional[Reference] = None
    forwardedMessage: Optional[Forwarded] = None


# The same with what is off by default. Nobody should pay for it who does not want it.


class Sticker(msgspec.Struct, gc=False):
    id: Any = None
    name: Any = None
    format: Any = None
    sourceUrl: Any = None


class Emoji(msgspec.Struct, gc=False):
    id: Any = None
    name: Any = None
    isAnimated: Any = None
    imageUrl: Any = None


class Reaction(msgspec.Struct, gc=False):
    emoji: Optional[Emoji] = None


class FullAuthor(Author, gc=False):
    avatarUrl: Any = None


class FullForwarded(Forwarded, gc=False):
    stickers: Optional[List[Sticker]] = None
    inlineEmojis: Optional[List[Emoji]] = None


class FullMessage(Message, gc=False):
    author: Optional[FullAuthor] = None
    forwardedMessage: Optional[FullForwarded] = None
    stickers: Optional[List[Sticker]] = None
    inlineEmojis: Optional[List[Emoji]] = None
    reactions: Optional[List[Reaction]] = None


MESSAGE_START = r'\{[ \t\r\n]*"id"[ \t\r\n]*:[ \t\r\n]*"?\d{1,20}"?[ \t\r\n]*,[ \t\r\n]*"type"[ \t\r\n]*:'
"""Nothing else in an export has an id that is followed by a type, but for the channel, which stands in no array."""


_ID = re.compile(r"\d{1,19}", re.ASCII)


class Decoders(NamedTuple):
    """For ``ElementStream``."""

    block: Callable[[bytes], list[Message]]
    element: Callable[[bytes], Message | None]


def decoders(kinds: PictureKinds) -> Decoders:
    """Those that decode what these kinds of pictures need."""
    full = kinds.stickers or kinds.emoji or kinds.avatars
    kind: Type[Message] = FullMessage if full else Message
    decoder: Any = msgspec.json.Decoder(List[kind])  # type: ignore[valid-type]

    def block(raw: bytes) -> list[Message]:
        try:
            messages: list[Message] = decoder.decode(raw)
        except msgspec.MsgspecError as exc:  # a ValueError in newer versions only
            raise ValueError(str(exc)) from exc
        if not all(map(_ID.fullmatch, [message.id for message in messages])):
            raise ValueError("a message has no id")
        return messages

    def element(raw: bytes) -> Message | None:
        try:
            return block(b"[" + raw + b"]")[0]
        except (ValueError, RecursionError):
            pass
        try:
            value = lenient_json(raw)
            if not isinstance(value, dict) or not id_of(value.get("id")):
                return None
            message = coerced(kind, value)
        except (ValueError, RecursionError):
            return None
        message.id = id_of(message.id)
        return message

    return Decoders(block, element)
