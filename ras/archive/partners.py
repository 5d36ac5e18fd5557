"""Finds the record that another one joins, of the same picture in the same message, however often it was posted."""

from __future__ import annotations

from bisect import bisect_left, insort
from datetime import datetime, timedelta
from typing import Dict, Hashable, List, Tuple

from ras.records import ImageRecord

Known = Dict[Hashable, Tuple[datetime, ImageRecord]]
"""Records with when they were exported, by what names them."""
_Moments = List[Tuple[datetime, int, Hashable]]
"""When a record was posted, its place among those that came, its name; in this order."""

_SAME_TIME = timedelta(minutes=1)
"""Some formats have no seconds."""
_FEW = 16
"""Records that are compared one by one."""
_MOST_OF_A_MESSAGE = 100
"""Of its pictures with one key or file; Discord's messages have 10 attachments."""


class Partners:
    """Records by their keys, or by their files. Those of ``known`` may change meanwhile, but not when they were posted.

    ``in_message``: whether those that are looked for say of which message they are.
    """

    def __init__(self, known: Known, *, in_message: bool) -> None:
        self._known, self._in_message = known, in_message
        self._names: dict[Hashable, list[Hashable]] = {}
        self._timelines: dict[Hashable, _Timeline] = {}

    def add(self, what: str, name: Hashable) -> None:
        """A record that has this key or file."""
        names = self._names.setdefault(self._place(what, self._known[name][1]), [])
        if not self._in_message or len(names) < _MOST_OF_A_MESSAGE:
            names.append(name)

    def has(self, what: str, record: ImageRecord) -> bool:
        """Whether there is any with this key or file."""
        return self._place(what, record) in self._names

    def of(self, what: str, record: ImageRecord) -> list[Hashable]:
        """Those with this key or file that the record may join; of many, those alone that can be the nearest."""
        place = self._place(what, record)
        names = self._names.get(place, [])
        if len(names) > _FEW and not self._in_message:
            if place not in self._timelines:
                self._timelines[place] = _Timeline(self._known, names)
            names = self._timelines[place].near(record)
        return [name for name in names if is_same(record, self._known[name][1])]

    def _place(self, what: str, record: ImageRecord) -> Hashable:
        return (what, record.message_id) if self._in_message else what


class _Timeline:
    """Records that have a key or file in common, by author and time."""

    def __init__(self, known: Known, names: list[Hashable]) -> None:
        self._known = known
        self._all: _Moments = []
        self._by_author: dict[str, _Moments] = {}
        for place, name in enumerate(names):
            record = known[name][1]
            if record.kind != "forwarded":
                self._all.append((record.timestamp, place, name))
        self._all.sort()
        for moment in self._all:
            self._by_author.setdefault(known[moment[2]][1].author_id, []).append(moment)

    def near(self, record: ImageRecord) -> list[Hashable]:
        """The nearest in time, of all or of those whose author may be the record's; in the order that they came in."""
        when, found = record.timestamp, []
        if self._all and (record.attachment_id or not record.author_id):
            found.append(self._all[_nearest(self._all, when)])
        # Those without an author first: they may turn out to be the author's by now.
        for author in ("", record.author_id) if record.author_id else ():
            found += self._nearest_of(author, when)
        return [name for _, _, name in sorted(found, key=lambda moment: moment[1])]

    def _nearest_of(self, author: str, when: datetime) -> _Moments:
        moments = self._by_author.get(author, [])
        while moments:
            at = _nearest(moments, when)
            moment = moments[at]
            now = self._known[moment[2]][1].author_id
            if now == author:
                return [moment]
            # A record that it was joined with knew the author.
            del moments[at]
            insort(self._by_author.setdefault(now, []), moment)
        return []


def _nearest(moments: _Moments, when: datetime) -> int:
    """The index of the one that is nearest in time; of several, of the first that came."""
    after = bisect_left(moments, (when,))
    places = [after] if after < len(moments) else []
    if after:
        places.append(bisect_left(moments, moments[after - 1][:1]))
    return min(places, key=lambda at: (abs(moments[at][0] - when), moments[at][1]))


def is_same(lacking: ImageRecord, other: ImageRecord) -> bool:
    """Whether the same picture, by its key or its file, is in the same message too."""
    if lacking.message_id:
        return lacking.message_id == other.message_id
    if other.kind == "forwarded":
        return False
    if lacking.attachment_id and lacking.key == other.key:
        return True
    if lacking.author_id and other.author_id and lacking.author_id != other.author_id:
        return False
    return abs(lacking.timestamp - other.timestamp) <= _SAME_TIME
