"""Reads the web pages of DiscordChatExporter, 2.18 to 2.47 (``MessageGroupTemplate.cshtml``), and of tools like it."""

from __future__ import annotations

import re
from array import array
from typing import Generator, Iterator

from ras.archive.assets import Avatars, emoji, sticker
from ras.archive.discord_chat_exporter.export_channel import ChannelHints, channel_in_name, guild_id_of
from ras.archive.discord_chat_exporter.html_elements import TAG, attributes_of, classes_of, unescaped, without_scripts
from ras.archive.discord_chat_exporter.html_message import PageMessage, Shown, read_message
from ras.archive.discord_chat_exporter.html_stream import Cut, MessageStream
from ras.archive.export import Export, ExportFile
from ras.archive.linked_embeds import with_links
from ras.archive.media import MediaFolder, is_url, name_in_url
from ras.archive.messages import Found, Posted, records_of
from ras.archive.missing import what_is_missing
from ras.archive.pictures import may_be_picture
from ras.archive.room import Room
from ras.archive.text_links import as_spoiler, hidden_links, linked_pictures
from ras.archive.timestamps import snowflake_time
from ras.archive.values import attachment_id_in, id_of
from ras.cdn import canonical_url
from ras.errors import ArchiveError
from ras.records import Channel, ImageRecord, PictureKinds

_PAGE = re.compile(r"\s*<(?:!doctype html|html)\b", re.IGNORECASE)
_OURS = re.compile(r"\.chatlog__message(?:-group|-container)?\s*[{,:]|<div\s+class=[\"']?chatlog__message")
_ICON = re.compile(r"//cdn\.discordapp\.com/icons/(\d{1,19})/", re.ASCII)
_ASSET = re.compile(
    # An id at the end of its URL, or at the beginning of the name of a saved file.
    r"(?:/(?:emojis|stickers)/(\d{1,19})|(?:^|[/\\])(\d{15,19})-[0-9A-Fa-f]{5,16})\.(\w{1,5})(?:\?|\Z)",
    re.ASCII,
)
_LINK = re.compile(rb"://(?<!src=http://)(?<!src=https://)(?<!src=\"http://)(?<!src=\"https://)")
"""An address anywhere but as the source of a picture, which most messages have."""


def recognises(head: str, file: ExportFile) -> bool:
    """Whether it is a web page that begins with the styles of such an export."""
    return _PAGE.match(head) is not None and _OURS.search(head) is not None


def read(export: ExportFile, kinds: PictureKinds, room: Room, keep_ids: bool = False) -> Generator[int, None, Export]:
    """Read one page; yields how many bytes of it are through, often. Raises ArchiveError and OSError."""
    ids: array[int] | None = array("Q") if keep_ids else None
    message_count, last = 0, ""
    with export.open() as file:
        stream = MessageStream(file)
        reading: _Reading | None = None
        for batch in stream:
            if stream.found and reading is None:
                reading = _Reading(_channel(stream.head, export), kinds, MediaFolder(export), room)
            message_count += len(batch)
            last = batch[-1].id if batch else last
            if ids is not None:
                ids.extend(int(cut.id) for cut in batch)
            for cut in batch:
                assert reading is not None
                reading.add(cut)
            yield stream.bytes_read
            if room.full:
                break
    if reading is None:
        raise ArchiveError(f"“{export.shown}” ends before its first message. Export the channel again.")
    channel = reading.finish()
    damaged = stream.damaged + reading.damaged
    when = snowflake_time(last) if last else None
    return Export(
        path=export.path,
        channels=(channel,),
        message_count=message_count,
        message_ids=ids,
        records=tuple(reading.records),
        exported_at=export.modified,
        warnings=tuple(what_is_missing(export.shown, damaged, stream.closed or room.full, message_count, when)),
    )


class _Reading:
    """Makes records of the messages of one page."""

    def __init__(self, channel: Channel, kinds: PictureKinds, media: MediaFolder, room: Room) -> None:
        self._channel, self._kinds, self._media, self._room = channel, kinds, media, room
        self._avatars = Avatars()
        self._hints = ChannelHints()
        self._waiting: list[tuple[str, str, str, list[Found]]] = []
        """Ids of messages with pictures, of their authors, and those's names, until the channel's ids are known."""
        self._header = b""
        self._author = PageMessage()
        """Who is named in the header."""
        # Most messages show no picture; to read all of them would take most of the time.
        self._marks = (
            *(b"chatlog__attachment", b"chatlog__embed", b"chatlog__forwarded"),
            *((b"chatlog__sticker",) if kinds.stickers else ()),
            *((b"emoji",) if kinds.emoji else ()),
        )
        self.records: list[ImageRecord] = []
        self.damaged = 0

    def add(self, cut: Cut) -> None:
        """Read a message, if it may show a picture."""
        if not self._channel.guild_id and (b"/channels/" in cut.body or b"/guilds/" in cut.body):
            self._hints.text(cut.body.decode("utf-8", "replace"), self._channel.id)
        new_author = self._kinds.avatars and cut.header is not self._header
        may_link = self._kinds.links and _LINK.search(cut.body) is not None
        if not (may_link or new_author or any(mark in cut.body for mark in self._marks)):
            return
        message = read_message(cut.body.decode("utf-8", "replace"))
        self.damaged += message.damaged
        if cut.header is not self._header:
            self._header = cut.header
            own = cut.header is cut.body
            self._author = message if own else read_message(cut.header.decode("utf-8", "replace"))
        content = message.text or message.forwarded_text
        found = [one._replace(content=content) for one in self._found(message)]
        author_id, author = id_of(self._author.author_id), self._author.author or "unknown"
        found = self._room.take(found, author) if found else found
        if found:
            self._waiting.append((cut.id, author_id, author, found))
        if self._channel.id and self._channel.guild_id:
            self._flush()

    def finish(self) -> Channel:
        """The channel, as far as it is known, once all messages were added."""
        self._channel = self._hints.complete(self._channel)
        self._flush()
        return self._channel

    def _flush(self) -> None:
        for message_id, author_id, author, found in self._waiting:
            posted = Posted(
                message_id=message_id,
                author_id=author_id,
                author=author,
                channel=self._channel,
                timestamp=snowflake_time(message_id),
                media_root=self._media.root,
            )
            self.records += records_of(posted, found)
        self._waiting.clear()

    def _found(self, message: PageMessage) -> Iterator[Found]:
        hidden = hidden_links("\n".join(message.links))
        shown: list[Shown] = []
        found: list[Found] = []
        for each in message.shown:
            one = self._asset(each) if each.kind in ("emoji", "sticker") else self._posted(each, hidden)
            if one is not None:
                shown.append(each)
                found.append(one)
        text = "\n".join((*message.links, message.text, message.forwarded_text))
        links = list(linked_pictures(text, self._media)) if self._kinds.links or found else []
        for each, one in zip(shown, with_links(found, links)):
            yield one._replace(kind="forwarded") if each.forwarded and one.kind in ("attachment", "embed") else one
        if self._kinds.links:
            yield from links
        if self._kinds.avatars:
            yield from self._avatars.first(id_of(self._author.author_id), self._author.avatar, self._media)

    def _posted(self, shown: Shown, hidden: frozenset[str]) -> Found | None:
        """An attachment or a picture of an embed; None where it is no picture, or where its path leads outside."""
        if is_url(shown.source):
            url, path = shown.source, self._media.find(shown.source)
        elif shown.source[:5].lower() != "data:":
            url, path = "", self._media.locate(shown.source)
        else:
            return None
        if not (url or path):
            return None
        if shown.kind == "attachment":
            name, attachment_id = self._attachment(shown, url, path or "")
            if not may_be_picture(name):
                return None
        else:
            name, attachment_id = name_in_url(canonical_url(url) if url else path or ""), None
        name = as_spoiler(name) if shown.hidden or shown.source in hidden else name
        return Found(shown.kind, attachment_id, name, url, path, None)

    def _attachment(self, shown: Shown, url: str, path: str) -> tuple[str, str | None]:
        """The name of an attachment, and its id where its address says it."""
        canonical = canonical_url(url) if url else ""
        if not shown.forwarded:
            self._hints.attachment(canonical)
        return shown.name or name_in_url(canonical or path), attachment_id_in(canonical)

    def _asset(self, shown: Shown) -> Found | None:
        """A sticker or custom emoji, where these count; those of Unicode have no id."""
        asset = _ASSET.search(shown.source)
        asset_id, ending = (asset[1] or asset[2], asset[3].lower()) if asset else ("", "")
        if shown.kind == "emoji" and self._kinds.emoji:
            return emoji(asset_id, shown.name, ending == "gif", shown.source, self._media)
        if shown.kind == "sticker" and self._kinds.stickers:
            return sticker(asset_id, shown.name, ending or "png", shown.source, self._media)
        return None


def _channel(head: bytes, export: ExportFile) -> Channel:
    """The channel by what the page says before its messages, and by the file's name."""
    named = channel_in_name(export.file_name)
    title, icon, entries = _names(head.decode("utf-8", "replace"))
    if len(entries) < 2:
        return named
    guild, hierarchy = entries[:2]
    # The title is "Server - channel", the second entry "Category / channel".
    name = title[len(guild) + 3 :] if title.startswith(f"{guild} - ") else ""
    if not name or not hierarchy.endswith(name):
        name = hierarchy.rpartition(" / ")[2]
    found = _ICON.search(icon)
    return Channel(
        id=named.id,
        name=name,
        guild_id=found[1] if found else guild_id_of(guild),
        guild_name=guild,
        category=hierarchy[: -len(name)].rstrip(" /"),
    )


def _names(page: str) -> tuple[str, str, list[str]]:
    """A page's title, the address of its icon, and what it says on server and channel."""
    page = without_scripts(page)
    title, icon = "", ""
    entries: list[str] = []
    position, within = 0, ""
    for tag in TAG.finditer(page):
        text, position = page[position : tag.start()], tag.end()
        if within == "title":
            title += unescaped(text)
        elif within == "entry":
            entries[-1] += unescaped(text)
        slash, name, attributes = tag.groups()
        if not name or slash:
            within = "" if slash else within
            continue
        named = attributes_of(attributes)
        classes = classes_of(named)
        if "preamble__guild-icon" in classes:
            icon = named.get("src", "")
        within = "entry" if "preamble__entry" in classes else name.lower()
        if within == "entry":
            entries.append("")
    return " ".join(title.split()), icon, [" ".join(entry.split()) for entry in entries]
