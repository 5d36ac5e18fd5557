"""Tells which channels of several exports are one, where formats know different things of it."""

from __future__ import annotations

from typing import Iterable, Sequence

from ras.records import Channel


def same_channels(channels: Sequence[Channel]) -> dict[Channel, Channel]:
    """What each channel is in the archive of all; of names that differ the last one counts.

    Ids of channels are Discord's and unique. A channel without one is that of its name, if there is one alone that the
    name fits; servers may be unknown.
    """
    groups: list[list[Channel]] = []
    by_id: dict[str, list[list[Channel]]] = {}
    distinct = list(dict.fromkeys(reversed(channels)))[::-1]
    for channel in distinct:
        if channel.id:
            there = by_id.setdefault(channel.id, [])
            _add(channel, [group for group in there if _one_server(channel, group)][:1], groups, there)
    with_id = list(groups)
    without: list[list[Channel]] = []
    for channel in distinct:
        if not channel.id:
            fitting = [group for group in with_id if _fits(channel, group)]
            if len(fitting) != 1:
                fitting = [group for group in without if _fits(channel, group)][:1]
            _add(channel, fitting, groups, without)
    return {channel: one for group in groups for one in [_as_one(group)] for channel in group}


def _add(channel: Channel, fitting: Sequence[list[Channel]], *lists: list[list[Channel]]) -> None:
    if fitting:
        fitting[0].append(channel)
        return
    group = [channel]
    for each in lists:
        each.append(group)


def _one_server(channel: Channel, group: Iterable[Channel]) -> bool:
    return all(_agree(*({one.guild_id, ""} - {"0"} for one in (channel, other))) for other in group)


def _agree(one: set[str], other: set[str]) -> bool:
    return len((one | other) - {""}) <= 1


def _fits(channel: Channel, group: Iterable[Channel]) -> bool:
    return _one_server(channel, group) and any(
        channel.name.casefold() == other.name.casefold() and _agree({channel.guild_name}, {other.guild_name})
        for other in group
    )


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
