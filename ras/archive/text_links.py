"""Finds the links to pictures that people write into their messages."""

from __future__ import annotations

import re
from typing import Iterator, NamedTuple
from urllib.parse import urlsplit

from ras.archive.media import MediaFolder, name_in_url
from ras.archive.messages import Found
from ras.archive.pictures import ends_as_picture

_LONGEST_TEXT = 20_000
"""Characters that are looked at: messages have 4,000 at most."""
_LONGEST_LINK = 2_048
_MOST_LINKS = 50

_START = re.compile(r"https?://", re.IGNORECASE)
_HIDDEN = re.compile(r"\|\|(.+?)\|\|", re.DOTALL)
# Foreign quotes and full stops are no part of a link, nor are zero-width and direction marks.
_NEVER = r"\s<>\"`\\“”«»、。，！？（）「」【】\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
# A link in pieces: what it may hold, then what may end it.
_PIECE = re.compile(rf"[^|()\[\]{_NEVER}]+|[()\[\]]|\|(?!\|)")
_AFTER = ".,:;!?'*_~|"
"""Punctuation and markup behind a link rather than its end."""


def linked_pictures(text: str, media: MediaFolder | None = None) -> Iterator[Found]:
    """The http(s) links of a message's text whose path ends as a picture's name does, each once, without markup.

    At most 50, in time that grows with the text's length alone. What the text hides (``||https://…||``) gets the name
    of a spoiler.
    """
    for url, hidden in _links(text):
        name = name_in_url(url)
        yield Found("link", None, as_spoiler(name) if hidden else name, url, media.find(url) if media else None, None)


def hidden_links(text: str) -> frozenset[str]:
    """All http(s) links that the text hides as spoilers: what Discord shows of them is hidden too."""
    if "||" not in text or "://" not in text:
        return frozenset()
    return frozenset(url for url, hidden in _all_links(text) if hidden)


def as_spoiler(file_name: str) -> str:
    """The name that Discord itself gives to a file that is hidden: it is what says so in a record."""
    return file_name if file_name.startswith("SPOILER_") else f"SPOILER_{file_name}"


class _Link(NamedTuple):
    url: str
    hidden: bool


def _links(text: str) -> Iterator[_Link]:
    """Those to pictures, each once."""
    seen: set[str] = set()
    for link in _all_links(text) if "://" in text else ():
        if link.url not in seen and _is_picture(link.url):
            seen.add(link.url)
            yield link
            if len(seen) == _MOST_LINKS:
                return


def _all_links(text: str) -> Iterator[_Link]:
    # Every other part is what stood between two of ||.
    for number, part in enumerate(_HIDDEN.split(text[:_LONGEST_TEXT])):
        position = 0
        while True:
            start = _START.search(part, position)
            if start is None:
                break
            position = _end_of_link(part, start.end())
            yield _Link(part[start.start() : position].rstrip(_AFTER), hidden=number % 2 == 1)


def _end_of_link(text: str, position: int) -> int:
    """Where a link ends: at what cannot be in one, and at a bracket that was opened before it."""
    opened = {")": 0, "]": 0}
    while True:
        piece = _PIECE.match(text, position)
        if piece is None:
            return position
        if piece[0] in opened:
            opened[piece[0]] -= 1
            if opened[piece[0]] < 0:
                return position
        elif piece[0] in "([":
            opened[")" if piece[0] == "(" else "]"] += 1
        position = piece.end()


def _is_picture(url: str) -> bool:
    if len(url) > _LONGEST_LINK:
        return False
    try:
        return bool(urlsplit(url).hostname) and ends_as_picture(name_in_url(url))
    except ValueError:  # such as "http://["
        return False
