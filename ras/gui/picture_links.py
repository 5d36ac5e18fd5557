"""The link to a picture in what a browser hands over: a list of links, a piece of a page, or the picture itself."""

from __future__ import annotations

import base64
import binascii
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from ras.errors import DecodeError, SkipReason
from ras.gui.bench import load
from ras.records import Job

if TYPE_CHECKING:
    from ras.gui.bench import LoadedQuery
    from ras.settings import Settings

_LONGEST_LINK = 8_000
"""Characters; browsers and servers take no longer ones."""
_LONGEST_PAGE = 100_000_000
"""Characters of a piece of a page, in which a picture may be."""


def link_in(text: str) -> str:
    """The first link to what may be a picture: http, https, or data; empty where there is none."""
    text = text[:_LONGEST_PAGE].lstrip("\ufeff\0 \r\n\t")
    if "<img" in text.lower():
        finder = _FirstPicture()
        finder.feed(text)
        if finder.source:
            return _usable(finder.source)
    for line in text.replace("\0", "").splitlines():
        if not line.startswith("#") and (link := _usable(line.strip())):
            return link
    return ""


def _usable(link: str) -> str:
    if link.startswith("//"):  # as pages write it
        link = f"https:{link}"
    start = link[:11].lower()
    if start.startswith("data:image/"):
        return link
    return link if start.startswith(("http://", "https://")) and len(link) <= _LONGEST_LINK and " " not in link else ""


class _FirstPicture(HTMLParser):
    source = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img" and not self.source:
            self.source = (dict(attrs).get("src") or "").strip()


def picture_name(link: str) -> str:
    """To be shown."""
    from ras.downloader.by_link import name_of_link

    return "Picture of a page" if link[:5].lower() == "data:" else name_of_link(link)


def load_link(link: str, settings: Settings) -> Job[LoadedQuery]:
    """The picture behind a link, or in it, as the query. Raises FetchError and DecodeError."""
    name = picture_name(link)
    if link[:5].lower() == "data:":
        return (yield from load(_decoded(link, settings.max_megabytes), name))
    from ras.downloader.by_link import fetch_link

    data = yield from fetch_link(link, settings)
    return (yield from load(data, name))


def _decoded(link: str, max_megabytes: int) -> bytes:
    """The bytes in a ``data:`` URL (RFC 2397)."""
    head, _, data = link.partition(",")
    if len(data) > max_megabytes * 1_000_000 * 4 // 3 + 4:
        raise DecodeError(
            f"The picture is larger than {max_megabytes} MB, the limit in the settings.", SkipReason.TOO_LARGE
        )
    try:
        raw = unquote_to_bytes(data)
        if head.lower().rstrip().endswith(";base64"):
            raw = base64.b64decode(b"".join(raw.split()), validate=True)
        return raw
    except (binascii.Error, ValueError) as exc:
        raise DecodeError(
            "The picture of the page is damaged: save it first and drop its file.", SkipReason.DAMAGED
        ) from exc
