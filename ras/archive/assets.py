"""Pictures that messages show without having posted them: custom emoji, stickers, avatars."""

from __future__ import annotations

import os
import re
from itertools import islice
from typing import Iterator

from ras.archive.media import MediaFolder, is_url, name_in_url
from ras.archive.messages import Found
from ras.cdn import picture_key
from ras.saved_names import saved_names

_CDN = "https://cdn.discordapp.com"
_IN_TEXT = re.compile(r"<(a?):(\w{1,64}):(\d{1,19})>", re.ASCII)
_MOST_IN_TEXT = 200
_MOST_SOURCES = 200_000
"""Texts for avatars that are remembered; so many people seldom write in one channel."""


def emoji(emoji_id: str, name: str, animated: bool, source: str = "", media: MediaFolder | None = None) -> Found | None:
    """A custom emoji; None for one of Unicode's, which has no id. ``source`` is the URL or path that the export has."""
    if not emoji_id:
        return None
    ending = "gif" if animated else "png"
    return _found("emoji", f"{name or emoji_id}.{ending}", source, f"{_CDN}/emojis/{emoji_id}.{ending}", media)


def emoji_in(text: str) -> Iterator[Found]:
    """The custom emoji in a message's text, ``<:name:id>``."""
    for match in islice(_IN_TEXT.finditer(text), _MOST_IN_TEXT):
        found = emoji(match[3], match[2], bool(match[1]))
        if found is not None:
            yield found


def sticker(sticker_id: str, name: str, form: str, source: str = "", media: MediaFolder | None = None) -> Found | None:
    """A sticker; None for an animation of shapes (Lottie). ``form`` is the API's number or DCE's word."""
    ending = {"1": "png", "2": "png", "4": "gif", "png": "png", "apng": "png", "gif": "gif"}.get(form.lower(), "")
    if not ending or not (sticker_id or source) or source.lower().partition("?")[0].endswith(".json"):
        return None
    # By the API's reference, the CDN has no GIFs of stickers.
    host = "https://media.discordapp.net" if ending == "gif" else _CDN
    url = f"{host}/stickers/{sticker_id}.{ending}" if sticker_id else ""
    return _found("sticker", f"{name or sticker_id or 'sticker'}.{ending}", source, url, media)


def _found(kind: str, name: str, source: str, url: str, media: MediaFolder | None) -> Found:
    url = source if is_url(source) else url
    path = media.locate(source) if media and source and not is_url(source) else None
    return Found(kind, None, name, url, path or (media.find(url) if media and url else None), None)


class Avatars:
    """The avatars of an export's authors, each where it is seen first."""

    def __init__(self) -> None:
        self._sources: set[int] = set()
        """Hashes of what was asked for."""
        self._keys: set[str] = set()

    def is_new(self, source: str) -> bool:
        """Whether this is the first time that an export's own text for an avatar is asked for."""
        if hash(source) in self._sources:
            return False
        if len(self._sources) >= _MOST_SOURCES:
            self._sources.clear()  # it only saves time
        self._sources.add(hash(source))
        return bool(source)

    def first(self, author_id: str, source: str, media: MediaFolder | None = None) -> Iterator[Found]:
        """The avatar, the first time that it is asked for; nothing for those that Discord gives to everybody.

        ``source`` is the URL or path that the export has, or the avatar's hash.
        """
        if not source:
            return
        if is_url(source):
            url, path = source, media.find(source) if media else None
        elif "." not in source and "/" not in source:
            url, path = avatar_url(author_id, source) if author_id else "", None
            path = media.find(url) if media and url else None
        else:
            url, path = _url_of_saved(author_id, name_in_url(source)), media.locate(source) if media else None
        if not (url or path) or "/embed/avatars/" in url:
            return
        name = name_in_url(url or path or "")
        # As in records_of: a saved file has the hash of its URL in its name.
        key = picture_key(None, url or f"media:{name}")
        if key not in self._keys:
            self._keys.add(key)
            yield Found("avatar", None, name, url, path, None)


def avatar_url(author_id: str, avatar: str) -> str:
    """Where Discord has an avatar, in the size that DiscordChatExporter asks for too: the same picture has one key."""
    return f"{_CDN}/avatars/{author_id}/{avatar}.{'gif' if avatar.startswith('a_') else 'png'}?size=512"


def _url_of_saved(author_id: str, file_name: str) -> str:
    """The URL that DiscordChatExporter saved an avatar from, where the hash in the file's name proves it."""
    stem, extension = os.path.splitext(file_name)
    avatar = stem.rpartition("-")[0]
    places = [f"{_CDN}/avatars/{author_id}/{avatar}{extension}{size}" for size in ("?size=512", "?size=128", "")]
    for url in (*places, f"{_CDN}/embed/avatars/{avatar}{extension}"):
        if file_name in saved_names(url):
            return url
    return ""
