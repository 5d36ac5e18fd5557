"""Messages as Discord's API has them, for tests: plain dicts, with the keys of Discord's reference in its own order."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta, timezone
from typing import Any, Iterable

from tests.exports import CHANNEL_ID, cdn_url, signed, snowflake

_numbers = itertools.count(1)

Json = Any


def attachment(file_name: str = "unknown.png", *, id: str | None = None, channel_id: str = CHANNEL_ID) -> Json:
    id = id or str(880_000_000_000_000_000 + next(_numbers))
    url = signed(cdn_url(id, file_name, channel_id))
    return {
        "id": id,
        "filename": file_name,
        "size": 1234,
        "url": url,
        "proxy_url": url.replace("cdn.discordapp.com", "media.discordapp.net"),
        "width": 400,
        "height": 300,
        "content_type": "image/png",
        "content_scan_version": 1,
        "placeholder": "abc",
    }


def picture(url: str, proxy_url: str | None = None) -> Json:
    made = {"url": url, "proxy_url": proxy_url, "width": 400, "height": 300, "flags": 0}
    return {key: value for key, value in made.items() if value is not None}


def author(id: str = "810000000000000003", **about: Any) -> Json:
    return {
        "id": id,
        "username": "alice",
        "avatar": "5c" * 16,
        "discriminator": "0",
        "public_flags": 0,
        "global_name": "Alice",
        **about,
    }


def message(content: str = "", attachments: Iterable[Json] = (), embeds: Iterable[Json] = (), **about: Any) -> Json:
    """A message; ``about`` replaces or adds members."""
    number = next(_numbers)
    when = datetime(2024, 3, 1, 12, tzinfo=timezone.utc) + timedelta(minutes=number)
    return {
        "type": 0,
        "content": content,
        "mentions": [author("820000000000000001"), author("820000000000000002")],
        "mention_roles": [],
        "attachments": list(attachments),
        "embeds": list(embeds),
        "timestamp": when.isoformat(),
        "edited_timestamp": None,
        "flags": 0,
        "components": [],
        "id": snowflake(when, number),
        "channel_id": CHANNEL_ID,
        "author": author(),
        "pinned": False,
        "mention_everyone": False,
        "tts": False,
        **about,
    }


def forward(*forwarded: Json, **about: Any) -> Json:
    """A message that forwards others: they lose who wrote them."""
    kept = ("type", "content", "mentions", "attachments", "embeds", "timestamp", "flags", "sticker_items")
    snapshots = [{"message": {key: one[key] for key in kept if key in one}} for one in forwarded]
    return message(message_reference={"type": 1}, message_snapshots=snapshots, **about)
