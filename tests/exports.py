"""Small exports in DiscordChatExporter's format, of every version, for tests.

    path = make_export(tmp_path)                                        # three messages, a picture each
    path = make_export(tmp_path, messages=[message("hi", [attachment("cat.png", data=png)])], media=True)
    path = make_export(tmp_path, messages=[message(attachments=[attachment(url=server.url + "/a.png")])])

The builders return plain dicts with every key of the newest version; ``make_export`` takes away what ``version`` did
not know yet, writes media beside the JSON as ``--media`` does, and dumps in DCE's own layout.
"""

from __future__ import annotations

import codecs
import copy
import hashlib
import itertools
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Iterable

VERSIONS = ("2.18", "2.30", "2.33", "2.35", "2.40.1", "2.41", "2.42", "2.44", "2.46.1", "2.47")
GUILD_ID = "860000000000000001"
CHANNEL_ID = "870000000000000002"
DISCORD_EPOCH = datetime(2015, 1, 1, tzinfo=timezone.utc)

_numbers = itertools.count(1)

Json = Any


def snowflake(when: datetime, number: int = 0) -> str:
    """Discord's id for something made at ``when``."""
    return str(((when - DISCORD_EPOCH) // timedelta(milliseconds=1) << 22) + number)


def signed(url: str, expires: datetime | None = None, issued: datetime | None = None, hm: str = "ab" * 32) -> str:
    """A CDN URL with Discord's signature; it expires a day from now where ``expires`` is not given."""
    expires = expires or datetime.now(timezone.utc) + timedelta(days=1)
    issued = issued or expires - timedelta(days=1)
    return f"{url}?ex={int(expires.timestamp()):x}&is={int(issued.timestamp()):x}&hm={hm}&"


def cdn_url(attachment_id: str, file_name: str, channel_id: str = CHANNEL_ID) -> str:
    return f"https://cdn.discordapp.com/attachments/{channel_id}/{attachment_id}/{file_name}"


def attachment(
    file_name: str = "unknown.png",
    *,
    url: str | None = None,
    id: str | None = None,
    size: int | None = None,
    data: bytes | None = None,
    expires: datetime | None = None,
) -> Json:
    """``data`` is written beside the JSON by ``make_export(media=True)``; without it the link stays, as in DCE."""
    id = id or str(880_000_000_000_000_000 + next(_numbers))
    url = signed(cdn_url(id, file_name), expires) if url is None else url
    size = (1234 if data is None else len(data)) if size is None else size
    return {"id": id, "url": url, "fileName": file_name, "fileSizeBytes": size, "_data": data}


def picture(url: str | None, canonical_url: str | None = None, *, data: bytes | None = None) -> Json:
    """A picture of an embed; DCE writes the proxy's address as ``url`` where Discord gives one."""
    made = {"url": url, "canonicalUrl": canonical_url or url, "width": 400, "height": 300, "_data": data}
    return {key: value for key, value in made.items() if value is not None or key == "_data"}


def embed(*, image: Json = None, images: Iterable[Json] = (), thumbnail: Json = None, url: str | None = None) -> Json:
    images = list(images) or ([image] if image else [])
    image = image or (images[0] if images else None)
    made = {"title": "A title", "url": url, "timestamp": None, "description": "", "thumbnail": thumbnail}
    made.update({"image": image, "images": images, "fields": []})
    return {key: value for key, value in made.items() if value is not None or key in ("url", "timestamp")}


def author(name: str = "alice", nickname: str | None = "Alice", id: str = "810000000000000003") -> Json:
    return {
        "id": id,
        "name": name,
        "discriminator": "0000",
        "nickname": nickname,
        "color": "#992D22",
        "isBot": False,
        "roles": [{"id": "820000000000000004", "name": "Member", "color": "#112233", "position": 1}],
        "avatarUrl": f"https://cdn.discordapp.com/avatars/{id}/5c.png?size=512",
    }


def message(
    content: str = "",
    attachments: Iterable[Json] = (),
    embeds: Iterable[Json] = (),
    *,
    id: str | None = None,
    when: datetime | None = None,
    by: Json = None,
    forwarded: Json = None,
    forwarded_from: str = "870000000000000009",
) -> Json:
    """``forwarded`` is another message: its attachments and embeds appear as a forwarded message's."""
    number = next(_numbers)
    when = when or datetime(2024, 3, 1, 12, tzinfo=timezone.utc) + timedelta(minutes=number)
    made = {
        "id": id or snowflake(when, number),
        "type": "Default",
        "timestamp": when,
        "timestampEdited": None,
        "callEndedTimestamp": None,
        "isPinned": False,
        "content": content,
        "author": by or author(),
        "attachments": list(attachments),
        "embeds": list(embeds),
        "stickers": [],
        "reactions": [],
        "mentions": [],
        "inlineEmojis": [],
    }
    if forwarded:
        made["reference"] = {"type": "Forward", "messageId": forwarded["id"], "channelId": forwarded_from}
        kept = ("timestamp", "timestampEdited", "content", "attachments", "embeds", "stickers")
        made["forwardedMessage"] = {key: forwarded[key] for key in kept}
    return made


def document(
    messages: Iterable[Json],
    *,
    version: str = "2.47",
    guild: str = "Test Server",
    guild_id: str = GUILD_ID,
    channel: str = "general",
    channel_id: str = CHANNEL_ID,
    category: str = "Text channels",
    exported_at: datetime | None = None,
) -> Json:
    """The document that DCE of this version writes, as plain JSON values; ``_data`` of media is still inside."""
    known = _number(version)
    whole = {
        "guild": {"id": guild_id, "name": guild, "iconUrl": "https://cdn.discordapp.com/icons/1/2.png"},
        "channel": {
            "id": channel_id,
            "type": "GuildTextChat" if guild_id != "0" else "DirectTextChat",
            "categoryId": "850000000000000005",
            "category": category,
            "name": channel,
            "topic": 'Rules: no "messages": [ here, please',
        },
        "dateRange": {"after": None, "before": None},
        "exportedAt": exported_at or datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=timezone.utc),
        "messages": copy.deepcopy(list(messages)),
        "messageCount": 0,
    }
    whole["messageCount"] = len(whole["messages"])
    unknown = {
        key
        for since, keys in (
            ("2.30", {"nickname", "color", "callEndedTimestamp"}),
            ("2.33", {"stickers"}),
            ("2.35", {"images"}),
            ("2.40.1", {"exportedAt", "roles"}),
            ("2.44", {"inlineEmojis"}),
            ("2.46.1", {"canonicalUrl"}),
            ("2.47", {"forwardedMessage"}),
        )
        if known < _number(since)
        for key in keys
    }
    return _of_version(whole, unknown, timezone(timedelta(hours=2)) if known >= _number("2.41") else timezone.utc)


def make_export(
    folder: Path,
    *,
    messages: Iterable[Json] | int = 3,
    version: str = "2.47",
    media: bool = False,
    name: str = "Test Server - Text channels - general [870000000000000002].json",
    slash: str = "/",
    layout: str = "pretty",
    newline: str = "\n",
    encoding: str = "utf-8",
    bom: bool = False,
    **about: Any,
) -> Path:
    """Write an export into ``folder`` and return the path of its JSON.

    ``messages`` is a list of ``message(…)``, or how many to make with a picture each. ``media`` writes every
    attachment and picture that has ``data`` into ``<name>_Files`` under DCE's name for it, with ``slash`` in the path.
    ``layout`` is ``pretty`` or ``minified``. ``about`` goes to ``document``: guild, channel, exported_at, …
    """
    if isinstance(messages, int):
        messages = [message(f"message {n}", [attachment(f"picture{n}.png")]) for n in range(messages)]
    whole = document(messages, version=version, **about)
    _place_media(whole, folder / f"{name}_Files" if media else None, version, slash)
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(dump(whole, layout=layout, newline=newline, encoding=encoding, bom=bom))
    return path


def dump(
    whole: Json, *, layout: str = "pretty", newline: str = "\n", encoding: str = "utf-8", bom: bool = False
) -> bytes:
    """JSON text as DCE writes it: indented by two, empty arrays as ``[]``; letters as they are, emoji as escapes."""
    if layout == "pretty":
        text = json.dumps(whole, indent=2, ensure_ascii=False)
    else:
        text = json.dumps(whole, separators=(",", ":"), ensure_ascii=False)
    text = "".join(json.dumps(c)[1:-1] if ord(c) > 0xFFFF or 0xD800 <= ord(c) < 0xE000 else c for c in text)
    mark = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}[encoding]
    return (mark if bom else b"") + text.replace("\n", newline).encode(encoding)


def media_name(url: str, version: str = "2.47") -> str:
    """The name DCE of this version gives to the file it downloads from ``url``."""
    known, hashed = _number(version), url
    if known >= _number("2.42") and url.startswith("https://cdn.discordapp.com/"):
        path, _, query = url.partition("?")
        hashed = path + "&".join(p for p in query.split("&") if p and p[:3] not in ("ex=", "is=", "hm="))
    digest = hashlib.sha256(hashed.encode()).hexdigest()
    digest = (
        digest[:16] if known >= _number("2.47") else digest[:5] if known >= _number("2.46.1") else digest[:5].upper()
    )
    stem, dot, ending = url.partition("?")[0].rpartition("/")[2].rpartition(".")
    return f"{stem[:42]}-{digest}{dot}{ending}" if dot else f"{ending[:42]}-{digest}"


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _of_version(value: Json, unknown: set[str], zone: timezone) -> Json:
    if isinstance(value, dict):
        return {key: _of_version(inner, unknown, zone) for key, inner in value.items() if key not in unknown}
    if isinstance(value, list):
        return [_of_version(inner, unknown, zone) for inner in value]
    return value.astimezone(zone).isoformat() if isinstance(value, datetime) else value


def _place_media(value: Json, folder: Path | None, version: str, slash: str) -> None:
    if isinstance(value, list):
        for inner in value:
            _place_media(inner, folder, version, slash)
    elif isinstance(value, dict):
        data = value.pop("_data", None)
        if data is not None and folder is not None:
            name = media_name(value["url"], version)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
            value["url"] = f"{folder.name}{slash}{name}"
        for inner in value.values():
            _place_media(inner, folder, version, slash)
