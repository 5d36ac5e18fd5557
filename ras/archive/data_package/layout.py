"""Where things are in Discord's data package: its channels, the names of channels and servers, and whose it is.

The names of folders are in the language of the user: ``messages``, ``Messages``, ``メッセージ``. Those of files are
not, nor are those of the channels' folders: ``c<id>``, before June 2021 ``<id>``.
"""

from __future__ import annotations

import os
import re
from typing import Any, Iterator, NamedTuple

from ras.archive.export import ExportFile, shown_name
from ras.archive.json_stream import ElementStream
from ras.archive.lenient_json import lenient_json
from ras.archive.values import id_of, text_of
from ras.records import Channel
from ras.trees import DiskTree, Tree

INDEX = "index.json"
"""The list of the channels, beside their folders."""
_CHANNEL = "channel.json"
_MESSAGES = ("messages.json", "messages.csv")
_CHANNEL_FOLDER = re.compile(r"c?(\d{15,20})", re.ASCII)
_LONGEST_NAME = 1000
"""Characters of a channel's name with its server's; Discord's have 100 each."""
_MOST_NAMES = 200_000
_LOOKED_AT = 50
"""Channel folders that are looked into to tell whether it is a package."""

_LONGEST_INDEX = 16 * 1024 * 1024
_LONGEST_CHANNEL = 256 * 1024
_LONGEST_USER = 8 * 1024 * 1024
"""Of ``user.json``, which may have hundreds of megabytes. Who it is stands at its beginning."""
_NAMED = re.compile(r'"(\d{1,19})"\s*:\s*("[^"\\]*(?:\\.[^"\\]*){0,1000}")')

OWNER = "package owner"
"""The author, where the package does not say who that is."""


class Package(NamedTuple):
    """What a package says about itself."""

    shown: str
    """Its name, to stand in a sentence."""
    owner: str
    owner_id: str
    names: dict[str, str]
    """Of channels, by id: ``general in My Server``, ``Direct Message with ann#0``."""
    servers: dict[str, str]
    """Names of servers, by id."""
    server_ids: dict[str, str]
    """Ids of servers, by name; empty where two have it."""


def searched(tree: Tree, folder: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The files and folders in a folder that may be exports or hold some: of a package, only its list of channels."""
    files, folders = tree.files(folder), tree.folders(folder)
    if holds_channels(tree, folder):
        return files, tuple(name for name in folders if not _CHANNEL_FOLDER.fullmatch(name))
    if named(tree, folder, _CHANNEL) and named(tree, folder, *_MESSAGES):
        files = tuple(name for name in files if name.lower() != _CHANNEL)
    inner = [name for name in folders if not name.endswith("_Files")]
    if named(tree, folder, "readme.txt") or any(named(tree, join(folder, name), "user.json") for name in inner):
        packages = tuple(name for name in inner if holds_channels(tree, join(folder, name)))
        return files, packages or folders
    return files, folders


def channel_files(export: ExportFile) -> Iterator[tuple[str, ExportFile | None]]:
    """The folder of each channel, by id, and the file of its messages; None where there is none."""
    tree = export.tree
    if export.file_name.lower() != INDEX:
        yield export.folder, export
        return
    folders: dict[str, str] = {}
    for name in tree.folders(export.folder):
        match = _CHANNEL_FOLDER.fullmatch(name)
        # Packages of June 2021 have both; the old ones are the same or emptier.
        if match and (match.group(1) not in folders or name.startswith("c")):
            folders[match.group(1)] = name
    for channel_id in sorted(folders, key=int):
        folder = join(export.folder, folders[channel_id])
        messages = named(tree, folder, *_MESSAGES)
        yield folder, ExportFile(tree, join(folder, messages)) if messages else None


def package_of(export: ExportFile) -> Package:
    """What is known of the package that the file belongs to."""
    tree, folder = export.tree, export.folder
    if export.file_name.lower() != INDEX:
        return Package(export.shown, OWNER, "", {}, {}, {})
    names = _names(tree, export.name)
    parent, _, own = folder.rpartition("/")
    shown = shown_name(parent or tree.root)
    if not folder and isinstance(tree, DiskTree):
        # The folder of messages was opened by itself, or its list of channels: the rest lies beside it.
        outer, own = os.path.split(tree.root)
        tree = DiskTree(outer)
    if not own:
        return Package(shown, OWNER, "", names, {}, {})
    user: dict[str, Any] = {}
    servers: dict[str, str] = {}
    for name in tree.folders(parent):
        beside = join(parent, name)
        if name == own:
            continue
        user_file, index = named(tree, beside, "user.json"), named(tree, beside, INDEX)
        if user_file and not user:
            read = _user(tree, join(beside, user_file))
            user = read if id_of(read.get("id")) and text_of(read.get("username")) else {}
        if index and not servers:
            servers = _names(tree, join(beside, index))
    ids: dict[str, str] = {}
    for server_id, name in servers.items():
        ids[name] = "" if name in ids else server_id
    owner = text_of(user.get("global_name")) or text_of(user.get("username")) or OWNER
    return Package(shown, owner, id_of(user.get("id")), names, servers, ids)


def channel_of(tree: Tree, folder: str, package: Package) -> Channel:
    """The channel of a folder: by what is in there, and by the package's lists."""
    described: dict[str, Any] = {}
    description = named(tree, folder, _CHANNEL)
    if description:
        try:
            value = lenient_json(_start_of(tree, join(folder, description), _LONGEST_CHANNEL))
            described = value if isinstance(value, dict) else {}
        except (OSError, ValueError, RecursionError):
            described = {}  # its messages are read all the same
    match = _CHANNEL_FOLDER.fullmatch(folder.rpartition("/")[2] or os.path.basename(tree.root))
    channel_id = id_of(described.get("id")) or (match.group(1) if match else "")
    listed = package.names.get(channel_id, "")
    guild = described.get("guild")
    recipients = described.get("recipients")
    is_direct = isinstance(recipients, list) or text_of(described.get("type")) in ("1", "3", "DM", "GROUP_DM")
    if isinstance(guild, dict) and id_of(guild.get("id")):
        guild_id = id_of(guild["id"])
        guild_name = text_of(guild.get("name")) or package.servers.get(guild_id, "")
        name = listed[: -len(guild_name) - 4] if listed.endswith(f" in {guild_name}") else listed
    elif is_direct or listed.startswith("Direct Message with "):
        guild_id, guild_name = "0", "Direct Messages"
        name = re.sub(r"^Direct Message with |#0{1,4}$", "", listed)
        if not name and isinstance(recipients, list):
            others = [id_of(one) for one in recipients if id_of(one) not in ("", package.owner_id)]
            name = ", ".join(others[:10])
    else:
        name, guild_id, guild_name = _split(listed, package)
    return Channel(
        id=channel_id,
        name=text_of(described.get("name")) or name or f"channel {channel_id}".rstrip(),
        guild_id=guild_id,
        guild_name=guild_name,
    )


def _split(listed: str, package: Package) -> tuple[str, str, str]:
    """``general in My Server`` → name, server's id and name; of servers that the package knows."""
    for match in re.finditer(" in ", listed):
        server = listed[match.end() :]
        if server in package.server_ids:
            return listed[: match.start()], package.server_ids[server] or "0", server
    return listed, "0", ""


def _names(tree: Tree, name: str) -> dict[str, str]:
    """A list of names by id, as far as it can be read; null where Discord knows none."""
    try:
        text = _start_of(tree, name, _LONGEST_INDEX).decode("utf-8", "replace")
    except OSError:
        return {}
    names: dict[str, str] = {}
    for match in _NAMED.finditer(text):
        try:
            named = text_of(lenient_json(match.group(2).encode("utf-8", "replace")))
        except ValueError:
            continue
        if named and named != "None":
            names[match.group(1)] = named[:_LONGEST_NAME]
        if len(names) >= _MOST_NAMES:
            break
    return names


def _user(tree: Tree, name: str) -> dict[str, Any]:
    try:
        with tree.open(name) as file:
            stream: ElementStream[None] = ElementStream(file, "", lambda _: [], lambda _: None, r"\{")
            for _ in stream:
                if stream.bytes_read > _LONGEST_USER:
                    break
    except OSError:
        return {}
    return stream.members


def _start_of(tree: Tree, name: str, longest: int) -> bytes:
    with tree.open(name) as file:
        pieces = []
        while longest > 0:
            piece = file.read(longest)
            if not piece:
                break
            pieces.append(piece)
            longest -= len(piece)
        return b"".join(pieces)


def holds_channels(tree: Tree, folder: str) -> bool:
    """Whether it is a package's folder of messages. That of servers has a list and folders of the same names."""
    if not named(tree, folder, INDEX):
        return False
    channels = [name for name in tree.folders(folder) if _CHANNEL_FOLDER.fullmatch(name)]
    return any(named(tree, join(folder, name), _CHANNEL, *_MESSAGES) for name in channels[:_LOOKED_AT])


def named(tree: Tree, folder: str, *names: str) -> str | None:
    """The file in the folder that has the first of these names that one has, in whatever case."""
    there = {name.lower(): name for name in tree.files(folder)}
    return next((there[name] for name in names if name in there), None)


def join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
