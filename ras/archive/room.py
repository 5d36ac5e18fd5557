"""How much of an archive is taken, all of its exports together: an export can be made as long as its maker likes."""

from __future__ import annotations

from sys import getsizeof
from typing import Any, TypeVar, Union

from ras.archive.messages import Found
from ras.records import MOST_PICTURES, MOST_TEXT, Channel, ImageRecord
from ras.text import count, size, whole

Picture = TypeVar("Picture", bound=Union[Found, ImageRecord])


class Room:
    """What there is room for yet."""

    def __init__(self) -> None:
        self._pictures, self._text = MOST_PICTURES, MOST_TEXT
        self._waiting = self._waiting_text = 0
        self.full = False
        """Whether something had no room: nothing more is to be read."""

    def take(self, pictures: list[Picture], *texts: str) -> list[Picture]:
        """The pictures of a message that there is room for, the first ones; ``texts``: what is kept beside them."""
        if min(self._pictures, self._text) < 0:
            return []
        self._text -= sum(map(getsizeof, texts)) if texts else 0
        content = ""
        for place, picture in enumerate(pictures):
            self._pictures -= 1
            self._text -= getsizeof(picture.url) + getsizeof(picture.file_name)
            if picture.content is not content:  # most pictures of a message share one
                content = picture.content
                self._text -= getsizeof(content)
            if self._is_over():
                return pictures[:place]
        return pictures

    def take_channel(self, channel: Channel) -> None:
        """Count a channel; it may be one of millions, too."""
        self._pictures -= 1
        self._text -= sum(map(getsizeof, (channel.name, channel.guild_name, channel.category)))
        self._is_over()

    def hold(self, message: Any) -> None:
        """Count a decoded message that waits until its channel is known: whatever it has in it."""
        waiting = [message]
        while waiting:
            value = waiting.pop()
            if isinstance(value, str):
                self._waiting_text += getsizeof(value)
            elif isinstance(value, list):
                waiting += value
            elif hasattr(value, "__struct_fields__"):
                self._waiting += 1
                waiting += [getattr(value, name) for name in value.__struct_fields__]
        self._is_over()

    def release(self) -> None:
        """What was waiting is about to become pictures."""
        self._waiting = self._waiting_text = 0

    def _is_over(self) -> bool:
        over = self._pictures < self._waiting or self._text < self._waiting_text
        self.full = self.full or over
        return over


def not_all(shown: str, unread: int) -> str:
    """What to tell where there was no more room in the file ``shown``; so many other files were not read at all."""
    others = f", and {count(unread, 'other file')} not at all" if unread else ""
    return (
        f"“{shown}” was not read to its end{others}: RAS takes {whole(MOST_PICTURES)} pictures of an archive, with "
        f"{size(MOST_TEXT)} of texts. What was read can be searched; for the rest, open fewer or smaller exports at a "
        "time."
    )
