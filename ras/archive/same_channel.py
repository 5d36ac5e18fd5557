"""Tells which channels of several exports are one, where formats know different things of it."""

from __future__ import annotations

from bisect import bisect_left, insort
from itertools import product
from typing import Iterator, Sequence

from ras.records import Channel


def same_channels(channels: Sequence[Channel]) -> dict[Channel, Channel]:
    """What each channel is in the archive of all; of names that differ the last one counts.

    Ids of channels are Discord's and unique. A channel without one is that of its name, if there is one alone that the
    name fits; servers may be unknown.
    """
    distinct = list(dict.fromkeys(reversed(channels)))[::-1]
    with_id, without = _Groups(), _Groups()
    for group in _by_id([channel for channel in distinct if channel.id]):
        with_id.put(group)
    for channel in distinct:
        if not channel.id:
            groups, fitting = with_id, with_id.fitting(channel)
            if len(fitting) != 1:
                groups, fitting = without, without.fitting(channel)
            groups.put([channel], into=fitting[0] if fitting else None)
    return {channel: one for group in (*with_id, *without) for one in [_as_one(group)] for channel in group}


def _by_id(channels: Sequence[Channel]) -> list[list[Channel]]:
    """Groups of one id and one server, which may be unknown."""
    groups: list[list[Channel]] = []
    by_id: dict[str, dict[str, list[Channel]]] = {}
    for channel in channels:
        # One whose server is unknown is alone, or with those of the one server that came first.
        servers, server = by_id.setdefault(channel.id, {}), _server_of(channel)
        if server and "" in servers:
            servers[server] = servers.pop("")
        group = servers.get(server) if server else next(iter(servers.values()), None)
        if group is None:
            group = servers[server] = []
            groups.append(group)
        group.append(channel)
    return groups


class _Groups:
    """Groups of channels, found by what one without an id fits, in time that does not grow with their number."""

    def __init__(self) -> None:
        self._groups: list[list[Channel]] = []
        self._servers: list[str] = []
        """Their ids, by group; empty where unknown."""
        self._places: dict[tuple[str, str | None, str | None], list[int]] = {}
        """The numbers of groups, in order, by a channel's name, its server's name and id; None stands for any."""

    def __iter__(self) -> Iterator[list[Channel]]:
        return iter(self._groups)

    def fitting(self, channel: Channel) -> list[int]:
        """The first group that it fits and, if there is one, another."""
        server = _server_of(channel)
        names = (channel.guild_name, "") if channel.guild_name else (None,)
        servers = (server, "") if server else (None,)
        places = [self._places.get((channel.name.casefold(), *each), ()) for each in product(names, servers)]
        return sorted({number for numbers in places for number in numbers[:2]})[:2]

    def put(self, channels: list[Channel], into: int | None = None) -> None:
        """Add channels to the group of this number, or as another group."""
        if into is None:
            into = len(self._groups)
            self._groups.append([])
            self._servers.append("")
        group = self._groups[into]
        group += channels
        server = next(filter(None, map(_server_of, channels)), "")
        if server and not self._servers[into]:
            for channel in group:
                self._remove(channel, into)
            self._servers[into] = server
            channels = group
        for channel in channels:
            for place in self._places_of(channel, into):
                numbers = self._places.setdefault(place, [])
                if not _is_in(numbers, into):
                    insort(numbers, into)

    def _remove(self, channel: Channel, number: int) -> None:
        for place in self._places_of(channel, number):
            numbers = self._places.get(place, [])
            if _is_in(numbers, number):
                del numbers[bisect_left(numbers, number)]

    def _places_of(self, channel: Channel, number: int) -> list[tuple[str, str | None, str | None]]:
        name, server = channel.name.casefold(), self._servers[number]
        return [(name, *each) for each in product((channel.guild_name, None), (server, None))]


def _is_in(numbers: Sequence[int], number: int) -> bool:
    at = bisect_left(numbers, number)
    return at < len(numbers) and numbers[at] == number


def _server_of(channel: Channel) -> str:
    """The id of its server; empty where it is unknown, as the one of direct messages is in some formats."""
    return "" if channel.guild_id == "0" else channel.guild_id


def _as_one(group: Sequence[Channel]) -> Channel:
    """All that is known; where a server is named, the channel's name is no file's."""
    if len(group) == 1:
        return group[0]
    latest = list(reversed(group))
    named = sorted(latest, key=lambda one: (not one.guild_name, not one.id, one.name in ("", one.id)))
    ids = [one.guild_id for one in latest]
    return Channel(
        id=next((one.id for one in latest if one.id), ""),
        name=named[0].name,
        guild_id=next((one for one in ids if one not in ("", "0")), "0" if "0" in ids else ""),
        guild_name=next((one.guild_name for one in latest if one.guild_name), ""),
        category=next((one.category for one in latest if one.category), ""),
    )
