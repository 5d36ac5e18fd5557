"""The names that DiscordChatExporter gives to the media files that it saves: a file is found by its URL."""

from __future__ import annotations

import hashlib
import re
from typing import Iterator

_SIGNATURE = re.compile(r"(?:ex|is|hm)(?:=|$)")
_CDN = re.compile(r"https?://(cdn\.discordapp\.com|media\.discordapp\.net)/", re.IGNORECASE)
_SHORT_MARK = re.compile(r"(?:^|-)[0-9A-Fa-f]{5}(?:\.[^.]*)?$")


def saved_names(url: str) -> Iterator[str]:
    """The names that versions of DCE give to what they save from a URL: ``<start of its name>-<hash><ending>``.

    From ``ExportAssetDownloader.cs`` of Tyrrrz/DiscordChatExporter: SHA-256, 5 digits in upper case up to 2.46, 5 in
    lower case in 2.46.1, 16 since 2.47; characters that the file system cannot have become ``_``.
    """
    plain, _, query = url.partition("?")
    hashed = [url]
    cdn = _CDN.match(plain)
    if cdn is not None:
        unsigned = plain + "&".join(part for part in query.split("&") if part and not _SIGNATURE.match(part))
        # All of the URL counted up to 2.41, of the resizing proxy's up to 2.47.
        hashed = [unsigned, url] if query else [unsigned]
    name = plain.rpartition("/")[2]
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 40:
        stem, extension = name, ""
    ending = f".{extension}" if extension else ""
    for each in hashed:
        digest = hashlib.sha256(each.encode("utf-8", "replace")).hexdigest()
        for mark in (digest[:16], digest[:5].upper(), digest[:5]):
            saved = f"{stem[:42]}-{mark}{ending}" if name.strip() else mark
            yield saved
            mended = re.sub(r'[<>:"|?*\\\x00-\x1f]', "_", saved)
            if mended != saved:
                yield mended


def has_short_mark(name: str) -> bool:
    """Whether only 5 digits tell the file from others of its name: among thousands, two may well be the same."""
    return _SHORT_MARK.search(name) is not None


def unmarked(name: str) -> str:
    """The name of a saved file without the mark that tells its URL."""
    return re.sub(r"-(?:[0-9A-Fa-f]{5}|[0-9a-f]{16})(?=(?:\.[^.]*)?$)", "", name)
