"""Which channel an export is of whose text does not say so: by its file’s name, else by the addresses in it."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter

from ras.records import Channel

_DAY = r"\d{4}-\d\d-\d\d"
_NAME = re.compile(
    rf"(?P<names>.*?) ?\[(?P<id>\d{{1,19}})\](?: \((?:(?:after|before) {_DAY}|{_DAY} to {_DAY})\))?",
    re.ASCII | re.DOTALL,
)
_PART = re.compile(r" \[part \d+\]\Z")
_ATTACHMENT = re.compile(r"https://cdn\.discordapp\.com/attachments/(\d{1,19})/\d{1,19}/", re.ASCII)
_MESSAGE = re.compile(r"//(?:\w+\.)?discord(?:app)?\.com/channels/(\d{1,19})/(\d{1,19})/", re.ASCII)
_MEMBER = re.compile(r"//cdn\.discordapp\.com/guilds/(\d{1,19})/users/", re.ASCII)
_DIRECT_MESSAGES = "Direct Messages"
"""What DCE calls the server of direct messages."""
_MOST_IDS = 100_000
"""That are counted: an honest export names some."""


def channel_in_name(file_name: str) -> Channel:
    """The channel of ``Server - Category - channel [id] (after 2024-01-01) [part 2].csv``, as DCE names its files.

    What the name does not say is empty; of another name, all of it counts as the channel's.
    """
    stem = _PART.sub("", file_name.rpartition(".")[0] or file_name)
    match = _NAME.fullmatch(stem)
    if match is None:
        return Channel(id="", name=stem, guild_id="", guild_name="")
    # Names may hold " - " too; servers' and categories' do so more often than channels'.
    guild, *between = match["names"].split(" - ")
    name = between.pop() if between else guild
    return Channel(match["id"], name, guild_id_of(guild), guild, category=" - ".join(between))


def guild_id_of(guild_name: str) -> str:
    """``"0"`` where the name is the one that stands for direct messages; empty for a server's."""
    return "0" if guild_name == _DIRECT_MESSAGES else ""


class ChannelHints:
    """Counts what the addresses in an export say about its channel."""

    def __init__(self) -> None:
        self._channels: Counter[str] = Counter()
        self._guilds: Counter[str] = Counter()

    def attachment(self, canonical_url: str) -> None:
        """An attachment that was posted in the channel: the channel's id is a part of its address.

        Not so where a message was sent on from elsewhere; most are not.
        """
        match = _ATTACHMENT.match(canonical_url)
        if match:
            _count(self._channels, match[1])

    def text(self, text: str, channel_id: str) -> None:
        """A text with addresses: of the channel's messages, or of members' pictures in its server."""
        for guild, channel in _MESSAGE.findall(text):
            if channel == channel_id:
                _count(self._guilds, guild)
        for guild in _MEMBER.findall(text):
            _count(self._guilds, guild)

    def complete(self, channel: Channel) -> Channel:
        """The channel with the ids that it lacks, as far as they are known."""
        return dataclasses.replace(
            channel,
            id=channel.id or _most_common(self._channels),
            guild_id=channel.guild_id or _most_common(self._guilds),
        )


def _count(counter: Counter[str], value: str) -> None:
    if value in counter or len(counter) < _MOST_IDS:
        counter[value] += 1


def _most_common(counter: Counter[str]) -> str:
    return counter.most_common(1)[0][0] if counter else ""
