"""What the classes of elements mean in the web pages of DiscordChatExporter, over all of its versions."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from ras.archive.discord_chat_exporter.html_elements import attributes_of, classes_of

# What a place of the page belongs to. Numbers, since flags of enum cost ten times as much.
QUOTED = 1
"""Another message that this one answers, or a note such as “(edited)”: none of it is its own."""
TEXT = 2
FORWARDED = 4
ATTACHMENT = 8
EMBED = 16
HIDDEN = 32
"""As a spoiler."""
SPACED = 64
"""White space counts."""
AUTHOR = 128
STICKER = 256
READ = TEXT | AUTHOR

_PLACES = {
    "chatlog__reply": QUOTED,
    "chatlog__reference": QUOTED,
    "chatlog__edited-timestamp": QUOTED,
    "chatlog__content": TEXT,
    "chatlog__forwarded": FORWARDED,
    "chatlog__forwarded-content": FORWARDED | TEXT,
    "chatlog__forwarded-attachments": FORWARDED | ATTACHMENT,
    "chatlog__forwarded-timestamp": QUOTED,
    "chatlog__attachment": ATTACHMENT,
    "chatlog__attachment--hidden": HIDDEN,
    "chatlog__attachment-spoiler": HIDDEN,
    "spoiler": HIDDEN,
    "spoiler-image": HIDDEN,
    "spoiler-text": HIDDEN,
    "chatlog__markdown-spoiler": HIDDEN,
    "chatlog__embed": EMBED,
    "chatlog__sticker": STICKER,
    "chatlog__markdown-preserve": SPACED,
    "preserve-whitespace": SPACED,
    "markdown": SPACED,
    "chatlog__author": AUTHOR,
    "chatlog__author-name": AUTHOR,
    "chatlog__system-notification-author": AUTHOR,
}
_PICTURES = {
    "chatlog__attachment-media": "attachment",
    "chatlog__attachment-thumbnail": "attachment",
    "chatlog__forwarded-attachment": "attachment",
    "chatlog__embed-thumbnail": "embed",
    "chatlog__embed-image": "embed",
    "chatlog__embed-generic-image": "embed",
    "chatlog__embed-plainimage": "embed",
    "chatlog__sticker--media": "sticker",
    "chatlog__emoji": "emoji",
    "emoji": "emoji",
    "chatlog__avatar": "avatar",
    "chatlog__author-avatar": "avatar",
}
_OWN = frozenset(("chatlog__message", "chatlog__message-container"))
"""Every message has one of each at most."""


class Element(NamedTuple):
    """What a tag's attributes say."""

    attributes: dict[str, str]
    place: int
    kind: str
    """Of a picture."""
    own: frozenset[str]
    """Classes that each message has once."""


def element_of(text: str) -> Element:
    """What the attributes in a tag say."""
    # Most tags of a page are the same few.
    return _remembered(text) if len(text) < _LONGEST_REPEATED else _read(text)


def _read(text: str) -> Element:
    if not text:
        return Element({}, 0, "", frozenset())
    attributes = attributes_of(text)
    classes = classes_of(attributes)
    place = 0
    for name in classes:
        place |= _PLACES.get(name, 0)
    kind = next((_PICTURES[name] for name in classes if name in _PICTURES), "")
    return Element(attributes, place, kind, _OWN & classes)


_remembered = lru_cache(maxsize=512)(_read)
_LONGEST_REPEATED = 60
