"""Small data packages as Discord sends them, for tests: folders or zips, old and new, in several languages.

path = make_package(tmp_path)                                       # a server's channel and a direct message
path = make_package(tmp_path, [channel("1…", posted=[post("hi", [link("cat.png")])])], form="json", as_zip=True)
"""

from __future__ import annotations

import itertools
import json
import re
import zipfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Iterable, Mapping, NamedTuple

from tests.exports import snowflake

OWNER_ID = "810000000000000077"
GUILD_ID = "860000000000000011"
CHANNEL_ID = "870000000000000012"
DIRECT_ID = "870000000000000013"

ENGLISH = {"messages": "Messages", "account": "Account", "servers": "Servers"}
BEFORE_2025 = {"messages": "messages", "account": "account", "servers": "servers"}
JAPANESE = {"messages": "メッセージ", "account": "アカウント", "servers": "サーバー"}

_numbers = itertools.count(1)


class Post(NamedTuple):
    """A message, as the package has it."""

    id: str
    when: datetime
    content: str
    attachments: str


class PackageChannel(NamedTuple):
    id: str
    about: Mapping[str, Any]
    """What stands in ``channel.json``."""
    listed: str | None
    """What ``index.json`` says."""
    posts: tuple[Post, ...]


def link(file_name: str, id: str | None = None, channel_id: str = CHANNEL_ID) -> str:
    """A link of a package: its ``ex`` is 0, for it does not expire."""
    id = id or str(880_000_000_000_000_000 + next(_numbers))
    query = f"?ex=0&is=6931a2d3&hm={'ab' * 32}&uc=dp"
    return f"https://cdn.discordapp.com/attachments/{channel_id}/{id}/{file_name}{query}"


def post(content: str = "", attachments: Iterable[str] = (), *, when: datetime | None = None) -> Post:
    number = next(_numbers)
    when = when or datetime(2024, 3, 1, 12, tzinfo=timezone.utc) + timedelta(minutes=number)
    return Post(snowflake(when, number), when, content, " ".join(attachments))


def channel(
    id: str = CHANNEL_ID,
    name: str = "general",
    posted: Iterable[Post] = (),
    *,
    guild: str = "My Server",
    guild_id: str = GUILD_ID,
) -> PackageChannel:
    about = {"id": id, "type": "GUILD_TEXT", "name": name, "guild": {"id": guild_id, "name": guild}}
    return PackageChannel(id, about, f"{name} in {guild}", tuple(posted))


def direct(id: str = DIRECT_ID, name: str = "ann", posted: Iterable[Post] = ()) -> PackageChannel:
    about = {"id": id, "type": "DM", "recipients": [OWNER_ID, "810000000000000099"]}
    return PackageChannel(id, about, f"Direct Message with {name}#0", tuple(posted))


def files_of(
    channels: Iterable[PackageChannel] | None = None,
    *,
    form: str = "json",
    names: Mapping[str, str] = ENGLISH,
    prefix: str = "c",
    newline: str = "\n",
    user: Mapping[str, Any] | None = None,
) -> dict[str, bytes]:
    """The files of a package, by their names. ``form`` is ``json`` or ``csv``."""
    if channels is None:
        channels = [
            channel(posted=[post("a cat", [link("cat.png"), link("clip.mp4")]), post("only words")]),
            direct(posted=[post("for you", [link("SPOILER_dog.jpg", channel_id=DIRECT_ID)])]),
        ]
    channels = list(channels)
    user = {"id": OWNER_ID, "username": "owner", "global_name": "The Owner"} if user is None else user
    guilds = [one.about["guild"] for one in channels if "name" in one.about.get("guild", {})]
    files = {
        "README.txt": b"Welcome to your Discord Data Package!",
        f"{names['account']}/user.json": dumped({**user, "relationships": [], "settings": {"guild": 1}}),
        f"{names['account']}/avatar.png": b"\x89PNG",
        f"{names['servers']}/index.json": dumped({guild["id"]: guild["name"] for guild in guilds}),
        f"{names['messages']}/index.json": dumped({one.id: one.listed for one in channels}),
        "Activity/reporting/events-2024-00000-of-00001.json": b'{"event_type":"x","channel":"1"}\n' * 5,
    }
    for guild in guilds:
        files[f"{names['servers']}/{guild['id']}/guild.json"] = dumped(guild)
        files[f"{names['servers']}/{guild['id']}/audit-log.json"] = b"[]"
    for one in channels:
        folder = f"{names['messages']}/{prefix}{one.id}"
        files[f"{folder}/channel.json"] = dumped(one.about)
        content = as_json(one.posts) if form == "json" else as_csv(one.posts, newline)
        files[f"{folder}/messages.{form}"] = content
    return files


def dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=4).encode()


def as_json(posts: Iterable[Post], indent: int | None = None) -> bytes:
    made = [
        {"ID": int(one.id), "Timestamp": f"{one.when:%F %T}", "Contents": one.content, "Attachments": one.attachments}
        for one in posts
    ]
    return json.dumps(made, ensure_ascii=False, indent=indent).encode()


def as_csv(posts: Iterable[Post], newline: str = "\n") -> bytes:
    rows = [["ID", "Timestamp", "Contents", "Attachments"]]
    rows += [[one.id, f"{one.when:%F %T}.123000+00:00", one.content, one.attachments] for one in posts]
    return "".join(",".join(map(_quoted, row)) + newline for row in rows).encode()


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if re.search(r'["\r\n,]', cell) else cell


def make_package(
    folder: Path, channels: Iterable[PackageChannel] | None = None, *, as_zip: bool = False, **how: Any
) -> Path:
    """Write a package into ``folder`` and return its path: of the folder ``package``, or of ``package.zip``."""
    return write_files(folder, files_of(channels, **how), as_zip)


def write_files(folder: Path, files: Mapping[str, bytes], as_zip: bool = False) -> Path:
    if as_zip:
        path = folder / "package.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
            for name, data in files.items():
                zipped.writestr(name, data)
        return path
    for name, data in files.items():
        file = folder / "package" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return folder / "package"
