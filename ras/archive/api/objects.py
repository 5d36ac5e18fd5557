"""The message objects of Discord's API, as far as records are made of them, and what bots make of them."""

# ruff: noqa: UP006, UP007, UP045  msgspec evaluates the annotations of its Structs, on Python 3.8 too.
from __future__ import annotations

from typing import Any, Callable, List, NamedTuple, Optional, Type, Union

import msgspec

from ras.archive.lenient_json import lenient_json
from ras.archive.lenient_structs import coerced
from ras.archive.values import id_of
from ras.records import PictureKinds

# As for DiscordChatExporter: only what is needed, single values of any type, what is off by default in its own Structs.
# Names in quotes are Discord's reference; ``name``, ``author_id``, ``created_at``, … are what bots write.


class Attachment(msgspec.Struct, gc=False):
    id: Any = None
    filename: Any = None
    name: Any = None
    url: Any = None
    size: Any = None
    content_type: Any = None
    flags: Any = None


class Picture(msgspec.Struct, gc=False):
    url: Any = None
    proxy_url: Any = None


class Embed(msgspec.Struct, gc=False):
    url: Any = None
    image: Optional[Picture] = None
    thumbnail: Optional[Picture] = None


class Author(msgspec.Struct, gc=False):
    id: Any = None
    username: Any = None
    global_name: Any = None
    display_name: Any = None
    name: Any = None
    avatar: Any = None
    avatar_url: Any = None


class Member(msgspec.Struct, gc=False):
    nick: Any = None


class Place(msgspec.Struct, gc=False):
    """A channel or server that a bot writes into each message."""

    id: Any = None
    name: Any = None


class Reference(msgspec.Struct, gc=False):
    channel_id: Any = None
    guild_id: Any = None


class Sticker(msgspec.Struct, gc=False):
    id: Any = None
    name: Any = None
    format_type: Any = None


class Emoji(msgspec.Struct, gc=False):
    id: Any = None
    name: Any = None
    animated: Any = None


class Reaction(msgspec.Struct, gc=False):
    emoji: Union[Emoji, str, None] = None


class Forwarded(msgspec.Struct, gc=False):
    content: Any = None
    attachments: Optional[List[Union[Attachment, str]]] = None
    embeds: Optional[List[Embed]] = None


class Snapshot(msgspec.Struct, gc=False):
    message: Optional[Forwarded] = None


class Message(msgspec.Struct, gc=False):
    id: Any
    channel_id: Any = None
    guild_id: Any = None
    channel: Union[Place, str, int, None] = None
    guild: Union[Place, str, int, None] = None
    timestamp: Any = None
    created_at: Any = None
    content: Any = None
    author: Union[Author, str, int, None] = None
    author_id: Any = None
    member: Optional[Member] = None
    attachments: Optional[List[Union[Attachment, str]]] = None
    embeds: Optional[List[Embed]] = None
    message_reference: Optional[Reference] = None
    message_snapshots: Optional[List[Snapshot]] = None


class FullForwarded(Forwarded, gc=False):
    sticker_items: Optional[List[Sticker]] = None
    stickers: Optional[List[Sticker]] = None


class FullSnapshot(Snapshot, gc=False):
    message: Optional[FullForwarded] = None


class FullMessage(Message, gc=False):
    message_snapshots: Optional[List[FullSnapshot]] = None  # type: ignore[assignment]
    sticker_items: Optional[List[Sticker]] = None
    stickers: Optional[List[Sticker]] = None
    reactions: Optional[List[Reaction]] = None


class Decoders(NamedTuple):
    """For ``ElementStream``."""

    block: Callable[[bytes], list[Message]]
    element: Callable[[bytes], Message | None]


def decoders(kinds: PictureKinds) -> Decoders:
    """Those that decode what these kinds of pictures need."""
    kind: Type[Message] = FullMessage if kinds.stickers or kinds.emoji else Message
    decoder: Any = msgspec.json.Decoder(List[kind])  # type: ignore[valid-type]
    nested: Any = msgspec.json.Decoder(List[List[kind]])  # type: ignore[valid-type]

    def block(raw: bytes) -> list[Message]:
        try:
            if raw.startswith(b"[["):
                messages = [message for inner in nested.decode(raw) for message in inner]
            else:
                messages = decoder.decode(raw)
        except msgspec.MsgspecError as exc:  # a ValueError in newer versions only
            raise ValueError(str(exc)) from exc
        for message in messages:
            message.id = id_of(message.id)
            if not message.id:
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
