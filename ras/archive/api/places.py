"""The channels that message objects of Discord's API were posted in, as far as a file says so."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Mapping

from ras.archive.api.objects import Attachment, Message, Place
from ras.archive.export import ExportFile
from ras.archive.messages import Posted
from ras.archive.values import id_of, text_of
from ras.records import Channel

_ATTACHED_IN = re.compile(r"https://[^/]+/attachments/(\d{1,19})/", re.ASCII)
_PAGE = re.compile(r"_page_\d+\Z", re.ASCII)
"""Discrub's files are ``<channel>_page_1.json`` in a folder ``<channel>_<UUID>``."""
_UUID = re.compile(r"_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_SAYS_NOTHING = re.compile(
    r"(?:discord|messages?|data|export|dump|output|archive|history|page|[\W\d_])*", re.IGNORECASE
)


class Places:
    """Channels by what all messages of a file say: a REST answer names no server, a reply to a message does."""

    def __init__(self) -> None:
        self._channels: dict[str, Channel] = {}

    @property
    def channels(self) -> tuple[Channel, ...]:
        return tuple(self._channels.values())

    def see(self, message: Message) -> Channel | None:
        """Learn what the message says; its channel where that was not known."""
        channel_id = _channel_id(message)
        known = self._channels.get(channel_id)
        if known is not None and known.guild_id and known.name:
            return None
        guild_id, guild_name = id_of(message.guild_id), ""
        if isinstance(message.guild, Place):
            guild_id, guild_name = guild_id or id_of(message.guild.id), text_of(message.guild.name)
        elif isinstance(message.guild, str):
            guild_name = message.guild
        reference = message.message_reference
        if not guild_id and reference is not None and id_of(reference.channel_id) == channel_id:
            guild_id = id_of(reference.guild_id)
        name = message.channel.name if isinstance(message.channel, Place) else message.channel
        name = text_of(name) if not isinstance(name, int) else ""
        if known is None:
            new = self._channels[channel_id] = Channel(channel_id, name, guild_id, guild_name)
            return new
        if guild_id or (name and not known.name):
            self._channels[channel_id] = dataclasses.replace(
                known, name=known.name or name, guild_id=known.guild_id or guild_id
            )
        return None

    def channel_of(self, message: Message) -> Channel:
        """As far as it is known so far."""
        return self._channels[_channel_id(message)]

    def placed(self, posted: Posted) -> Posted:
        """In its channel as it is known by now; it was made with ``channel_of``."""
        return dataclasses.replace(posted, channel=self._channels[posted.channel.id])

    def name(self, export: ExportFile, members: Mapping[str, Any]) -> None:
        """Name the channels that no message names: one by the document's other members or its file, several by id."""
        guild, channel = (value if isinstance(value, dict) else {} for value in map(members.get, ("guild", "channel")))
        by_name = _by_name(export)
        for channel_id, known in self._channels.items():
            name = known.name
            if not name and len(self._channels) == 1:
                name = text_of(channel.get("name")) or by_name
            self._channels[channel_id] = dataclasses.replace(
                known,
                id=channel_id or id_of(channel.get("id")),
                name=name or channel_id or by_name,
                guild_id=known.guild_id or id_of(guild.get("id")),
                guild_name=known.guild_name or text_of(guild.get("name")),
            )


def _channel_id(message: Message) -> str:
    said = id_of(message.channel_id)
    if said:
        return said
    channel = message.channel
    said = id_of(channel.id) if isinstance(channel, Place) else id_of(channel) if isinstance(channel, int) else ""
    if said:
        return said
    for attachment in message.attachments or ():
        url = attachment.url if isinstance(attachment, Attachment) else attachment
        match = _ATTACHED_IN.match(url) if isinstance(url, str) else None
        if match is not None:
            return match[1]
    return ""


def _by_name(export: ExportFile) -> str:
    """The channel's name by the file's, or by its folder's where that says more."""
    name = _PAGE.sub("", export.file_name.rpartition(".")[0] or export.file_name)
    if _SAYS_NOTHING.fullmatch(name):
        return _UUID.sub("", export.folder.rpartition("/")[2]) or name
    return name
