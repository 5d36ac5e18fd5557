"""Finds the pictures in the messages of Discord History Tracker, and the names of their blobs."""

from __future__ import annotations

from typing import Any, Iterator, Sequence, Tuple

from ras.archive.assets import Avatars, emoji, emoji_in
from ras.archive.history_tracker.database import Attachment, TrackerMessage, User
from ras.archive.lenient_json import lenient_json
from ras.archive.media import is_url, name_in_url
from ras.archive.messages import Found
from ras.archive.pictures import may_be_picture
from ras.archive.text_links import as_spoiler, hidden_links, linked_pictures
from ras.archive.values import host_of, id_of, size_of, text_of
from ras.cdn import attachment_url, canonical_url, is_discord_host
from ras.records import PictureKinds

_NORMALIZED_HOSTS = ("cdn.discordapp.com", "cdn.discord.com")
_IS_ANIMATED = 1
"""A flag of an emoji."""

Picture = Tuple[Found, Sequence[str]]
"""A picture, and the ``normalized_url``s that its blob may have."""


class Pictures:
    """The pictures of one database's messages."""

    def __init__(self, kinds: PictureKinds) -> None:
        self._kinds = kinds
        self._avatars = Avatars()
        self.damaged = 0
        """Embeds that could not be read."""

    def worth_a_look(self, message: TrackerMessage, author: User | None) -> bool:
        """Whether a message may have pictures: a quick choice, since most have none."""
        if message.attachments or message.embeds or message.reactions:
            return True
        kinds, text = self._kinds, message.text
        if (kinds.links and "://" in text) or (kinds.emoji and ":" in text):
            return True
        return kinds.avatars and author is not None and self._avatars.is_new(f"{message.sender_id}/{author.avatar}")

    def of(self, message: TrackerMessage, author: User | None) -> Iterator[Picture]:
        """The pictures of a message."""
        for found, keys in self._of(message, author):
            yield found._replace(content=message.text), keys

    def _of(self, message: TrackerMessage, author: User | None) -> Iterator[Picture]:
        for attachment in message.attachments:
            posted = _attached(attachment, message.channel_id)
            if posted is not None:
                yield posted, [key for key in (text_of(attachment.normalized_url),) if key]
        hidden = hidden_links(message.text)
        for text in message.embeds:
            try:
                embed = lenient_json(text.encode("utf-8", "replace"))
            except (ValueError, RecursionError):
                self.damaged += 1
                continue
            yield from _embedded(embed, hidden) if isinstance(embed, dict) else ()
        if self._kinds.links:
            for link in linked_pictures(message.text):
                yield link, ()
        if self._kinds.emoji:
            yield from ((found, [_kept(found.url)]) for found in emoji_in(message.text))
            for emoji_id, name, flags in message.reactions:
                reacted = emoji(id_of(emoji_id), text_of(name), type(flags) is int and bool(flags & _IS_ANIMATED))
                if reacted is not None:
                    yield reacted, [_kept(reacted.url)]
        if self._kinds.avatars and author is not None:
            for found in self._avatars.first(message.sender_id, author.avatar):
                yield found, [_kept(found.url), _normalized(found.url)]


def _attached(attachment: Attachment, channel_id: str) -> Found | None:
    attachment_id = id_of(attachment.id)
    urls = [url for url in (text_of(attachment.download_url), text_of(attachment.normalized_url)) if is_url(url)]
    name = text_of(attachment.name) or name_in_url(urls[0] if urls else "")
    if not _is_picture(name, text_of(attachment.type)) or not (attachment_id or urls):
        return None
    known = attachment_id and channel_id
    url = urls[0] if urls else attachment_url(channel_id, attachment_id, name) if known else ""
    return Found("attachment", attachment_id or None, name, url, None, size_of(attachment.size))


def _is_picture(name: str, mime_type: str) -> bool:
    """By what Discord says that it is, where it says anything, and by its name."""
    kind, _, subtype = mime_type.partition("/")
    if kind == "image":
        return not subtype.startswith("svg")
    return may_be_picture(name) and kind not in ("video", "audio")


def _embedded(embed: dict[str, Any], hidden: frozenset[str]) -> Iterator[Picture]:
    images = embed.get("images")
    pictures = [embed.get("image"), *(images if isinstance(images, list) else ()), embed.get("thumbnail")]
    for picture in pictures:
        if not isinstance(picture, dict):
            continue
        # Discord's API has proxy_url, its program proxyURL.
        texts = [text_of(picture.get(key)) for key in ("proxy_url", "proxyURL", "proxyUrl", "url")]
        urls = [url for url in texts if is_url(url)]
        if urls:
            # As in DCE's exports: Discord's own proxy is what may be downloaded by default.
            url = next((url for url in urls if is_discord_host(host_of(url))), urls[-1])
            name = name_in_url(canonical_url(url))
            name = as_spoiler(name) if text_of(embed.get("url")) in hidden else name
            yield Found("embed", None, name, url, None, None), [_normalized(url) for url in urls]


def _normalized(url: str) -> str:
    """What the tracker calls the file behind a URL (``DiscordCdn.cs``)."""
    return url.partition("#")[0].partition("?")[0] if host_of(url) in _NORMALIZED_HOSTS else url


def _kept(url: str) -> str:
    """The same for avatars and emoji (``DownloadLinkExtractor.cs``): all but animated emoji are asked for as WebP."""
    plain = _normalized(url)
    is_animated = plain.endswith(".gif") and "/emojis/" in plain
    return plain if is_animated else f"{plain.rpartition('.')[0]}.webp"
