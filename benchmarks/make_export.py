"""Makes a big export like DiscordChatExporter's, the same one every time.

python -m benchmarks.make_export big.json --megabytes 100 --pictures 3500
"""

from __future__ import annotations

import argparse
import json
import random
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Iterator

_CHANNEL = "870000000000000002"
_LINE = "\n  "
_TEXT = """
the a so it is was what when you they we have had not but and or then look this that game build ship fix picture see
here again never always tomorrow thanks lol really wait over under music server channel röntgen naïve 日本 привет
"""
_WORDS = _TEXT.split()


def write_export(path: Path, megabytes: float, pictures: int, *, seed: int = 1, minified: bool = False) -> None:
    """Write an export of about this size, with this many attached pictures spread over it."""
    random_ = random.Random(seed)
    size = int(megabytes * 1e6)
    head = {
        "guild": {
            "id": "860000000000000001",
            "name": "Benchmark",
            "iconUrl": "https://cdn.discordapp.com/icons/1/2.png",
        },
        "channel": {
            "id": _CHANNEL,
            "type": "GuildTextChat",
            "categoryId": "850000000000000005",
            "category": "Text",
            "name": "general",
            "topic": None,
        },
        "dateRange": {"after": None, "before": None},
        "exportedAt": "2026-01-02T03:04:05.6789+01:00",
    }
    opening = _dump(head, minified, "")[:-1].rstrip()
    between = ":" if minified else ": "
    with path.open("wb") as file:
        written = file.write(f'{opening},{"" if minified else _LINE}"messages"{between}['.encode())
        made = number = 0
        for message in _messages(random_):
            number += 1
            if made < pictures * written / size:
                made += 1
                message["attachments"] = [_attachment(random_, made)]
            comma = "," if number > 1 else ""
            written += file.write((comma + _dump(message, minified, _LINE + "  ")).encode())
            if written >= size:
                break
        closing = "]" if minified else _LINE + "]"
        file.write(f'{closing},"messageCount"{between}{number}}}'.encode())


def _dump(value: Any, minified: bool, line: str) -> str:
    """JSON text, indented as DCE does unless ``minified``; ``line`` begins each of its lines."""
    if minified:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return line + text.replace("\n", line) if line else text


def _messages(random_: random.Random) -> Iterator[dict[str, Any]]:
    start = datetime(2019, 1, 1, tzinfo=timezone.utc)
    authors = [_author(random_, number) for number in range(80)]
    for number in range(100_000_000):
        when = start + timedelta(seconds=40 * number, milliseconds=random_.randrange(1000))
        since = (when - datetime(2015, 1, 1, tzinfo=timezone.utc)) // timedelta(milliseconds=1)
        yield {
            "id": str(since << 22),
            "type": "Reply" if random_.random() < 0.2 else "Default",
            "timestamp": when.isoformat(timespec="milliseconds"),
            "timestampEdited": None,
            "callEndedTimestamp": None,
            "isPinned": False,
            "content": " ".join(random_.choices(_WORDS, k=min(200, int(random_.expovariate(1 / 11)) + 1))),
            "author": random_.choice(authors),
            "attachments": [],
            "embeds": [_embed(random_)] if random_.random() < 0.03 else [],
            "stickers": [],
            "reactions": [_reaction(random_, authors)] if random_.random() < 0.08 else [],
            "mentions": random_.sample(authors, 1) if random_.random() < 0.15 else [],
            "inlineEmojis": [],
        }


def _author(random_: random.Random, number: int) -> dict[str, Any]:
    roles = ["Admin", "Moderator", "Booster", "Member", "Verified"]
    return {
        "id": str(810_000_000_000_000_000 + number),
        "name": f"user{number}",
        "discriminator": "0000",
        "nickname": f"User {number}",
        "color": "#992D22",
        "isBot": number < 3,
        "roles": [
            {"id": str(820_000_000_000_000_000 + place), "name": role, "color": None, "position": place}
            for place, role in enumerate(random_.sample(roles, random_.randrange(4)))
        ],
        "avatarUrl": f"https://cdn.discordapp.com/avatars/{number}/{random_.getrandbits(128):032x}.png?size=512",
    }


def _attachment(random_: random.Random, number: int) -> dict[str, Any]:
    id_, name = 880_000_000_000_000_000 + number, random_.choice(["unknown.png", "image.png", f"IMG_{number:04}.jpg"])
    signature = f"ex=6958b2c0&is=69576140&hm={random_.getrandbits(256):064x}&"
    return {
        "id": str(id_),
        "url": f"https://cdn.discordapp.com/attachments/{_CHANNEL}/{id_}/{name}?{signature}",
        "fileName": name,
        "fileSizeBytes": random_.randrange(10_000, 3_000_000),
    }


def _embed(random_: random.Random) -> dict[str, Any]:
    return {
        "title": "A video about something",
        "url": f"https://www.youtube.com/watch?v={random_.getrandbits(64):x}",
        "timestamp": None,
        "description": " ".join(random_.choices(_WORDS, k=30)),
        "color": "#FF0000",
        "author": {"name": "A channel", "url": "https://www.youtube.com/channel/x"},
        "footer": {"text": "YouTube"},
        "images": [],
        "fields": [],
    }


def _reaction(random_: random.Random, authors: list[dict[str, Any]]) -> dict[str, Any]:
    emoji = {
        "id": "",
        "name": "👍",
        "code": "thumbsup",
        "isAnimated": False,
        "imageUrl": "https://twemoji.test/1f44d.svg",
    }
    kept = ("id", "name", "discriminator", "nickname", "isBot", "avatarUrl")
    users = [{key: author[key] for key in kept} for author in random_.sample(authors, random_.randrange(1, 4))]
    return {"emoji": emoji, "count": len(users), "users": users}


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a big export like DiscordChatExporter's.")
    parser.add_argument("path", type=Path)
    parser.add_argument("--megabytes", type=float, default=100)
    parser.add_argument("--pictures", type=int, default=3500)
    options = parser.parse_args()
    write_export(options.path, options.megabytes, options.pictures)


if __name__ == "__main__":
    main()
