"""Values of foreign JSON and databases, which may be of any type, as what records are made of."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

_SNOWFLAKE = re.compile(r"\d{1,19}", re.ASCII)
_ATTACHMENT = re.compile(r"/(?:ephemeral-)?attachments/(\d{1,19})/(\d{1,19})/[^/]+", re.ASCII)

LONGEST_TEXT = 20_000
"""Characters. A message has 4,000 at most, an address that a server takes 8,000."""


def text_of(value: Any) -> str:
    """A text, or the beginning of a very long one, or a number as one; anything else is an empty text."""
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    # Longer numbers are nonsense, and Python refuses to write very long ones.
    return str(value) if type(value) is int and abs(value) < 10**20 else ""


def id_of(value: Any) -> str:
    """A Discord id, or an empty text: ids become parts of links."""
    text = text_of(value)
    return text if _SNOWFLAKE.fullmatch(text) else ""


def size_of(value: Any) -> int | None:
    """A number of bytes; None where it is none."""
    return value if type(value) is int and 0 <= value < 2**62 else None


def host_of(url: str) -> str | None:
    """The host of a URL, in lower case."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def attachment_id_in(canonical_url: str) -> str | None:
    """The attachment's id in the canonical URL of one (see ``ras.cdn``)."""
    if not canonical_url.startswith("https://cdn.discordapp.com/"):
        return None
    match = _ATTACHMENT.fullmatch(urlsplit(canonical_url).path)
    return match.group(2) if match else None
