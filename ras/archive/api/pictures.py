"""Finds the pictures in message objects of Discord's API."""

from __future__ import annotations

import re
from typing import Iterator, Sequence

from ras.archive.api.objects import Attachment, Author, Embed, Emoji, Forwarded, FullForwarded, FullMessage, Message
from ras.archive.assets import Avatars, emoji, sticker
from ras.archive.media import MediaFolder, is_url, name_in_url
from ras.archive.messages import Found, Posted
from ras.archive.pictures import may_be_picture
from ras.archive.text_links import as_spoiler, hidden_links, linked_pictures
from ras.archive.timestamps import posted_at
from ras.archive.values import attachment_id_in, host_of, id_of, size_of, text_of
from ras.cdn import canonical_url, is_discord_host
from ras.records import Channel, PictureKinds

_CUSTOM_EMOJI = re.compile(r"<(a?):(\w{1,64}):(\d{1,19})>", re.ASCII)
_MOST_EMOJI = 200
_IS_SPOILER = 1 << 3
"""A flag of an attachment."""


class Pictures:
    """The pictures of one file's messages."""

    def __init__(self, kinds: PictureKinds, media: MediaFolder) -> None:
        self._kinds, self._media = kinds, media
        self._avatars = Avatars()

    def worth_a_look(self, message: Message) -> bool:
        """Whether a message may have pictures: a quick choice, since most have none."""
        if message.attachments or message.embeds or message.message_snapshots:
            return True
        kinds, text = self._kinds, message.content
        if isinstance(text, str) and ((kinds.links and "://" in text) or (kinds.emoji and ":" in text)):
            return True
        if kinds.avatars and isinstance(message.author, Author) and self._avatars.is_new(_avatar(message.author)):
            return True
        return isinstance(message, FullMessage) and bool(
            message.sticker_items or message.stickers or (kinds.emoji and message.reactions)
        )

    def of(self, message: Message) -> list[Found]:
        """The pictures of a message: its own, then those of the messages that it forwards."""
        return list(self._found(message))

    def posted(self, message: Message, channel: Channel) -> Posted:
        """What they have in common."""
        author = message.author if isinstance(message.author, Author) else Author(message.author_id, message.author)
        return Posted(
            message_id=message.id,
            author_id=id_of(author.id),
            author=_name(message, author),
            channel=channel,
            timestamp=posted_at(text_of(message.timestamp) or text_of(message.created_at), message.id),
            media_root=self._media.root,
        )

    def _found(self, message: Message) -> Iterator[Found]:
        own = text_of(message.content)
        yield from self._shown(message, own)
        for snapshot in message.message_snapshots or ():
            if snapshot.message is not None:
                for found in self._shown(snapshot.message, own or text_of(snapshot.message.content)):
                    yield found._replace(kind="forwarded") if found.kind in ("attachment", "embed") else found
        if self._kinds.emoji and isinstance(message, FullMessage):
            reacted = [one.emoji for one in message.reactions or () if isinstance(one.emoji, Emoji)]
            for one in reacted:
                picture = emoji(id_of(one.id), text_of(one.name), one.animated is True)
                if picture is not None:
                    yield picture._replace(content=own)
        if self._kinds.avatars and isinstance(message.author, Author):
            for picture in self._avatars.first(id_of(message.author.id), _avatar(message.author), self._media):
                yield picture._replace(content=own)

    def _shown(self, message: Message | Forwarded, content: str) -> Iterator[Found]:
        """What a message or a forwarded one shows by itself."""
        text = text_of(message.content)
        found = [*_attachments(message.attachments or (), self._media)]
        found += _embedded(message.embeds or (), hidden_links(text), self._media)
        if self._kinds.links:
            found += linked_pictures(text, self._media)
        assets: list[Found | None] = []
        if self._kinds.stickers and isinstance(message, (FullMessage, FullForwarded)):
            stickers = (*(message.sticker_items or ()), *(message.stickers or ()))
            assets += [sticker(id_of(one.id), text_of(one.name), text_of(one.format_type)) for one in stickers]
        if self._kinds.emoji:
            for number, match in enumerate(_CUSTOM_EMOJI.finditer(text)):
                if number == _MOST_EMOJI:
                    break
                assets.append(emoji(match[3], match[2], bool(match[1])))
        found += [asset for asset in assets if asset is not None]
        return (picture._replace(content=content) for picture in found)


def _attachments(attachments: Sequence[Attachment | str], media: MediaFolder) -> Iterator[Found]:
    for attachment in attachments:
        if isinstance(attachment, str):  # bots often write the URL alone
            attachment = Attachment(url=attachment)
        text = text_of(attachment.url)
        file_name = text_of(attachment.filename) or text_of(attachment.name) or name_in_url(text)
        attachment_id = id_of(attachment.id) or (attachment_id_in(canonical_url(text)) if is_url(text) else None)
        if not text or not (may_be_picture(file_name) or text_of(attachment.content_type).startswith("image/")):
            continue
        if type(attachment.flags) is int and attachment.flags & _IS_SPOILER:
            file_name = as_spoiler(file_name)
        url, path = (text, media.find(text)) if is_url(text) else ("", media.locate(text))
        if url or path:
            yield Found("attachment", attachment_id or None, file_name, url, path, size_of(attachment.size))


def _embedded(embeds: Sequence[Embed], hidden: frozenset[str], media: MediaFolder) -> Iterator[Found]:
    for embed in embeds:
        for picture in (embed.image, embed.thumbnail):
            if picture is None:
                continue
            urls = [url for url in (text_of(picture.proxy_url), text_of(picture.url)) if is_url(url)]
            if urls:
                # As in DCE's exports: Discord's own proxy is what may be downloaded by default.
                url = next((url for url in urls if is_discord_host(host_of(url))), urls[-1])
                name = name_in_url(canonical_url(url))
                name = as_spoiler(name) if text_of(embed.url) in hidden else name
                yield Found("embed", None, name, url, media.find(url), None)


def _avatar(author: Author) -> str:
    return text_of(author.avatar_url) or text_of(author.avatar)


def _name(message: Message, author: Author) -> str:
    nick = message.member.nick if message.member else None
    names = (nick, author.global_name, author.display_name, author.username, author.name)
    return next(filter(None, map(text_of, names)), "unknown")
