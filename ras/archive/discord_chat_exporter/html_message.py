"""Reads one message of a web page of DiscordChatExporter: who posted it, its text, and what pictures it shows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from ras.archive.discord_chat_exporter.html_classes import (
    ATTACHMENT,
    AUTHOR,
    EMBED,
    FORWARDED,
    HIDDEN,
    QUOTED,
    READ,
    SPACED,
    STICKER,
    TEXT,
    Element,
    element_of,
)
from ras.archive.discord_chat_exporter.html_elements import TAG, attributes_of, unescaped, without_scripts

_LONGEST_TEXT = 20_000
"""Characters; Discord's messages have 4,000 at most."""
_MOST_LINKS = 100
_DEEPEST = 200
"""Elements in elements. Deeper ones are no exporter's."""
_MOST_UNCLOSED = 20
"""Elements in a row whose end tags are missing."""
_VOID = frozenset(
    (
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "path",
        "source",
        "track",
        "use",
        "wbr",
    )
)
_BLOCKS = frozenset(("blockquote", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ol", "p", "pre", "ul"))


_OF_ATTACHMENT = re.compile(r"(?:Image|Video|Audio|File|Attachment): (.+?) ?\([^()]*\)", re.DOTALL)
_NAME = re.compile(r"\w+", re.ASCII)


class Shown(NamedTuple):
    """A picture or file that a message shows."""

    kind: str
    """As in ``ImageRecord.kind``, but that attachments and embeds have ``forwarded`` besides."""
    source: str
    """Its URL or path."""
    name: str = ""
    """Where the page says it: an attachment's file name, an emoji's or a sticker's name."""
    forwarded: bool = False
    hidden: bool = False


@dataclass
class PageMessage:
    """What a message shows."""

    author_id: str = ""
    """Empty where it does not name its author, who is the group's then."""
    author: str = ""
    avatar: str = ""
    text: str = ""
    forwarded_text: str = ""
    links: list[str] = field(default_factory=list)
    """Of its texts; hidden ones between ``||``."""
    shown: list[Shown] = field(default_factory=list)
    damaged: int = 0
    """Messages that begin inside of it, without an id: what they show is left out."""


def read_message(text: str) -> PageMessage:
    """Read the HTML from the tag that a message begins with to its end or beyond it."""
    return _Reader().read(text)


class _Reader:
    def __init__(self) -> None:
        self._message = PageMessage()
        self._places: list[tuple[str, int]] = []
        """The elements that are open, from the outermost to the innermost."""
        self._here = 0
        self._texts: dict[bool, list[str]] = {False: [], True: []}
        """By whether they are forwarded."""
        self._length = 0
        self._link: str | None = None
        """The attributes of the link to an attachment whose picture or name did not come yet."""
        self._link_text: list[str] = []
        self._begun: set[str] = set()
        self._sticker = ""
        """The name of the one that comes next."""

    def read(self, text: str) -> PageMessage:
        text = without_scripts(text)
        position = 0
        for tag in TAG.finditer(text):
            if (self._here & READ or self._link is not None) and tag.start() > position:
                self._read_text(unescaped(text[position : tag.start()]))
            position = tag.end()
            slash, name, attributes = tag.groups()
            if slash:
                self._end(name.lower())
            elif name and not self._start(name.lower(), attributes):
                break
        else:
            self._read_text(unescaped(text[position:]))
        message = self._message
        message.author = " ".join(message.author.split())
        message.text, message.forwarded_text = ("".join(self._texts[of]).strip() for of in (False, True))
        return message

    def _start(self, tag: str, text: str) -> bool:
        """Go into an element; False where what follows is none of the message."""
        if tag == "a":
            self._anchor(text)
            self._places.append((tag, self._here))
            return len(self._places) <= _DEEPEST
        element = element_of(text)
        if element.own and tag == "div":
            if element.own & self._begun:
                self._message.damaged += 1
                return False
            self._begun |= element.own
        attributes = element.attributes
        here = self._here | element.place
        if here & TEXT and (tag in _BLOCKS or tag == "br"):
            self._break_line(here)
        if here & AUTHOR and self._message.author_id and "data-user-id" in attributes:
            here |= QUOTED
        if here & QUOTED:
            pass
        elif tag in ("img", "video"):
            self._picture(tag, element, here)
        elif element.place & STICKER:
            self._sticker = attributes.get("title", "")
        elif here & AUTHOR and "data-user-id" in attributes:
            self._message.author_id = attributes["data-user-id"]
        if tag not in _VOID:
            self._here = here
            self._places.append((tag, here))
            if len(self._places) > _DEEPEST:
                self._message.damaged += 1
                return False
        return True

    def _end(self, tag: str) -> None:
        here, places = self._here, self._places
        for depth in range(len(places) - 1, max(-1, len(places) - 1 - _MOST_UNCLOSED), -1):
            if places[depth][0] == tag:
                del places[depth:]
                self._here = places[-1][1] if places else 0
                break
        if here & TEXT and tag in _BLOCKS:
            self._break_line(here)
        if self._link is not None and tag == "a":
            self._file("".join(self._link_text), here)

    def _read_text(self, text: str) -> None:
        here = self._here
        if here & QUOTED:
            return
        if here & AUTHOR:
            self._message.author += text[: _LONGEST_TEXT - len(self._message.author)]
        elif here & TEXT:
            self._add(text if here & SPACED else re.sub(r"\s+", " ", text), here)
        elif self._link is not None and len(self._link_text) < 100:
            self._link_text.append(text[:_LONGEST_TEXT])

    def _add(self, text: str, here: int) -> None:
        text = text[: _LONGEST_TEXT - self._length]
        self._length += len(text)
        if text:
            self._texts[bool(here & FORWARDED)].append(text)

    def _break_line(self, here: int) -> None:
        texts = self._texts[bool(here & FORWARDED)]
        if not here & QUOTED and texts and not texts[-1].endswith("\n"):
            self._add("\n", here)

    def _anchor(self, text: str) -> None:
        here = self._here
        if here & TEXT and not here & QUOTED:
            address = attributes_of(text).get("href", "")
            if address.lower().startswith(("http://", "https://")) and len(self._message.links) < _MOST_LINKS:
                self._message.links.append(f"||{address}||" if here & HIDDEN else address)
        elif here & ATTACHMENT:
            self._link, self._link_text = text, []

    def _picture(self, tag: str, element: Element, here: int) -> None:
        attributes, kind = element.attributes, element.kind
        source, name = attributes.get("src", ""), attributes.get("title", "")
        if tag == "video":
            # A video's own picture is all that is worth a look, as a GIF's of Tenor; the video is none.
            kind, source, name, self._link = "embed", attributes.get("poster", ""), "", None
        if kind == "emoji":
            alt = attributes.get("alt", "")
            name = alt or name
            if here & TEXT:
                self._add(f":{alt}:" if _NAME.fullmatch(alt) else alt, here)
            if here & EMBED:
                return
        elif kind == "avatar":
            self._message.avatar = self._message.avatar or source
            return
        elif kind == "sticker":
            name = self._sticker
        elif kind == "attachment":
            found = _OF_ATTACHMENT.fullmatch(name)
            name, self._link = found[1] if found else "", None
        if kind and source:
            self._show(kind, source, name, here)

    def _file(self, text: str, here: int) -> None:
        """An attachment that is shown by its name alone."""
        found = _OF_ATTACHMENT.fullmatch(text.strip())
        address = attributes_of(self._link or "").get("href", "")
        if address:
            self._show("attachment", address, found[1] if found else text.strip(), here)
        self._link = None

    def _show(self, kind: str, source: str, name: str, here: int) -> None:
        self._message.shown.append(Shown(kind, source, name, bool(here & FORWARDED), bool(here & HIDDEN)))
