"""Finds the pictures in the messages of DiscordChatExporter's JSON exports."""

from __future__ import annotations

from typing import Iterable, Iterator, NamedTuple, Sequence

from ras.archive.assets import Avatars, emoji, sticker
from ras.archive.discord_chat_exporter.json_messages import (
    Attachment,
    Author,
    Embed,
    Emoji,
    FullForwarded,
    FullMessage,
    Message,
    Sticker,
)
from ras.archive.linked_embeds import with_links
from ras.archive.media import MediaFolder, is_url, name_in_url
from ras.archive.messages import Found, Posted, records_of
from ras.archive.pictures import may_be_picture
from ras.archive.text_links import as_spoiler, hidden_links, linked_pictures
from ras.archive.timestamps import posted_at
from ras.archive.values import host_of, id_of, size_of, text_of
from ras.cdn import attachment_url, canonical_url, is_discord_host
from ras.records import Channel, ImageRecord, PictureKinds


class Pictures:
    """The pictures of one export's messages."""

    def __init__(self, kinds: PictureKinds, media: MediaFolder) -> None:
        self._kinds, self._media = kinds, media
        self._avatars = Avatars()

    def worth_a_look(self, messages: Iterable[Message]) -> list[Message]:
        """The messages that may have pictures: a quick choice, since most have none."""
        kinds = self._kinds
        if not kinds.links:
            found = [m for m in messages if m.attachments or m.embeds or m.forwardedMessage]
        else:
            found = [
                m
                for m in messages
                if m.attachments or m.embeds or m.forwardedMessage or (type(m.content) is str and "://" in m.content)
            ]
        if not (kinds.stickers or kinds.emoji or kinds.avatars):
            return found
        known = set(map(id, found))
        return [m for m in messages if id(m) in known or (isinstance(m, FullMessage) and self._shows_assets(m))]

    def _shows_assets(self, message: FullMessage) -> bool:
        kinds = self._kinds
        if kinds.avatars and message.author and self._avatars.is_new(text_of(message.author.avatarUrl)):
            return True
        if kinds.stickers and message.stickers:
            return True
        return kinds.emoji and bool(message.inlineEmojis or message.reactions)

    def records(self, message: Message, channel: Channel) -> list[ImageRecord]:
        """One record for each picture of a message: its own, then the forwarded message's."""
        found = list(self._found(message, channel))
        if not found:
            return []
        author = message.author or Author()
        posted = Posted(
            message_id=message.id,
            author_id=id_of(author.id),
            author=text_of(author.nickname) or text_of(author.name) or "unknown",
            channel=channel,
            timestamp=posted_at(text_of(message.timestamp), message.id),
            media_root=self._media.root,
        )
        return records_of(posted, found)

    def _found(self, message: Message, channel: Channel) -> Iterator[Found]:
        own = text_of(message.content)
        source = _Source(message.attachments or (), message.embeds or (), own, own, channel.id)
        yield from self._posted(source)
        yield from self._assets(message, own)
        forwarded = message.forwardedMessage
        if forwarded is not None:
            home = id_of(message.reference.channelId) if message.reference else ""
            text = text_of(forwarded.content)
            source = _Source(forwarded.attachments or (), forwarded.embeds or (), text, own or text, home)
            for found in self._posted(source):
                yield found if found.kind == "link" else found._replace(kind="forwarded")
            yield from self._assets(forwarded, own or text)
        if self._kinds.avatars and isinstance(message, FullMessage) and message.author:
            author = message.author
            for avatar in self._avatars.first(id_of(author.id), text_of(author.avatarUrl), self._media):
                yield avatar._replace(content=own)

    def _posted(self, source: _Source) -> Iterator[Found]:
        """What was posted, and what the text links to."""
        embedded = _embedded(source, self._media)
        links = list(linked_pictures(source.text, self._media)) if self._kinds.links or embedded else []
        shown = (*_attachments(source, self._media), *with_links(embedded, links))
        for found in (*shown, *(links if self._kinds.links else ())):
            yield found._replace(content=source.content)

    def _assets(self, shown: object, content: str) -> Iterator[Found]:
        """Stickers and custom emoji of a message or a forwarded one."""
        if not isinstance(shown, (FullMessage, FullForwarded)):
            return
        found: list[Found | None] = []
        if self._kinds.stickers:
            found += [_sticker(one, self._media) for one in shown.stickers or ()]
        if self._kinds.emoji:
            reactions = (shown.reactions or ()) if isinstance(shown, FullMessage) else ()
            reacted = [reaction.emoji for reaction in reactions if reaction.emoji]
            found += [_emoji(one, self._media) for one in (*(shown.inlineEmojis or ()), *reacted)]
        yield from (one._replace(content=content) for one in found if one is not None)


class _Source(NamedTuple):
    """Where pictures of a message come from: the message itself or the one that it forwards."""

    attachments: Sequence[Attachment]
    embeds: Sequence[Embed]
    text: str
    """Its own."""
    content: str
    """The text that its pictures are shown with."""
    channel_id: str
    """Where the attachments were posted: a part of their URL."""


def _attachments(source: _Source, media: MediaFolder) -> Iterator[Found]:
    for attachment in source.attachments:
        attachment_id, text = id_of(attachment.id), text_of(attachment.url)
        file_name = text_of(attachment.fileName) or name_in_url(text)
        if not may_be_picture(file_name) or not (attachment_id or text):
            continue
        if is_url(text):
            url, path = text, media.find(text)
        else:
            known = attachment_id and source.channel_id
            url = attachment_url(source.channel_id, attachment_id, file_name) if known else ""
            path = (media.locate(text) if text else None) or (media.find(url) if url else None)
        size = size_of(attachment.fileSizeBytes)
        yield Found("attachment", attachment_id or None, file_name, url, path, size)


def _embedded(source: _Source, media: MediaFolder) -> list[Found]:
    hidden = hidden_links(source.text) if source.embeds else frozenset()
    found: list[Found] = []
    for embed in source.embeds:
        # An embed that shows a picture link has the link.
        found += with_links(list(_pictures_of(embed, hidden, media)), linked_pictures(text_of(embed.url), media))
    return found


def _pictures_of(embed: Embed, hidden: frozenset[str], media: MediaFolder) -> Iterator[Found]:
    for picture in (embed.image, *(embed.images or ()), embed.thumbnail):
        if picture is None:
            continue
        text, canonical = text_of(picture.url), text_of(picture.canonicalUrl)
        urls = [url for url in (text, canonical) if is_url(url)]
        # DCE's url is Discord's own proxy where Discord has one, and what may be downloaded by default.
        url = next((url for url in urls if is_discord_host(host_of(url))), urls[0] if urls else "")
        path = media.find(url) if is_url(text) else media.locate(text) if text else None
        if url or path:
            name = name_in_url(canonical_url(url) if url else path or "")
            if text_of(embed.url) in hidden:
                name = as_spoiler(name)
            yield Found("embed", None, name, url, path, None)


def _sticker(one: Sticker, media: MediaFolder) -> Found | None:
    return sticker(id_of(one.id), text_of(one.name), text_of(one.format), text_of(one.sourceUrl), media)


def _emoji(one: Emoji, media: MediaFolder) -> Found | None:
    return emoji(id_of(one.id), text_of(one.name), one.isAnimated is True, text_of(one.imageUrl), media)
