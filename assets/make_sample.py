"""Makes the sample archive, ``assets/sample``: an invented channel in DiscordChatExporter's JSON with its media.

Run from the repository root: ``python assets/make_sample.py``. Needs Pillow and numpy, nothing else; the same versions
give the same bytes. The layout is that of DiscordChatExporter 2.47 with ``--media``: ``JsonMessageWriter.cs`` gives
the order of the keys, ``ExportAssetDownloader.cs`` the names of the media files.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from PIL import Image
from sample_art import cartoons, landscapes, patterns, pixels, posters, screens
from sample_art.canvas import PICTURES, draw_picture
from sample_art.story import Post, read_story
from sample_art.variants import VARIANTS, crop

# Importing these registers their pictures.
DRAWN_IN = (cartoons, landscapes, patterns, pixels, posters, screens)
HERE = Path(__file__).resolve().parent
SAMPLE = HERE / "sample"
MEDIA = "sample.json_Files"
ZONE = timezone(timedelta(hours=1))
"""Where the invented exporter lives: since 2.41, exports carry local time."""

DISCORD_EPOCH_MS = 1420070400000
PALETTE_NOTE = """harbour ink, 9 colours
1a1423 night    3b3550 slate    8a5a34 plank
e0364f buoy     f2b632 lamp     fff0a0 glow
58b84a moss     3fa7e0 tide     f2f4fa foam
free for everyone in the harbour, no credit needed
"""


def snowflake(time: datetime, low_bits: int) -> str:
    """Discord's id of something made at ``time``: milliseconds in the upper bits."""
    milliseconds = (time - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(milliseconds=1)
    return str(((milliseconds - DISCORD_EPOCH_MS) << 22) | (low_bits & 0x3FFFFF))


def day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=timezone.utc) + timedelta(hours=11, minutes=7)


FOUNDED = day("2024-09-01")
GUILD_ID = snowflake(FOUNDED, 4096)
CATEGORY_ID = snowflake(FOUNDED + timedelta(minutes=3), 8192)
CHANNEL_ID = snowflake(FOUNDED + timedelta(minutes=4), 8193)
NEWS_CHANNEL_ID = snowflake(FOUNDED + timedelta(minutes=5), 8194)
GUILD_ICON = ("badge_harbour", (40, 40, 560, 560))

# key: (user name, nickname, colour, role, registered, picture of the avatar, box in it)
MEMBERS: dict[str, tuple[str, str, str | None, str | None, str, str, tuple[int, int, int, int]]] = {
    "mara": (
        "mara.lindqvist",
        "Mara ⚓",
        "#5DC8FF",
        "Harbour Crew",
        "2018-03-11",
        "mountain_dawn",
        (430, 120, 630, 320),
    ),
    "pim": ("pimpixels", "Pim", "#FF7A7A", "Harbour Crew", "2019-07-02", "item_icons", (264, 24, 384, 144)),
    "tobi": ("tobi_builds", "Tobi", "#6FBF4A", "Builder", "2020-01-19", "voxel_castle", (230, 60, 410, 240)),
    "noor": ("noor.geometry", "نور الهندسة", "#F2B84B", "Artist", "2017-11-23", "star_tiles", (128, 128, 256, 256)),
    "quacks": (
        "sirquacks",
        "Sir Reginald Quackington III of Upper Puddleshire, Keeper of the Bread",
        "#FFD84D",
        "Nobility",
        "2021-04-01",
        "meme_duck_gentleman",
        (140, 100, 420, 380),
    ),
    "juno": ("juno0x", "juno", "#C48BFF", "Builder", "2016-08-30", "newton_bloom", (180, 180, 420, 420)),
    "kofi": ("kofi.beats", "Kofi 🎧", None, None, "2019-12-05", "synthwave", (270, 80, 530, 340)),
    "yuki": ("yuki.draws", "雪 Yuki", "#F29AB8", "Artist", "2022-02-14", "meme_build_passed", (80, 110, 300, 330)),
    "bot": ("Harbourmaster", "Harbourmaster", "#4F9FD9", "Bots", "2023-05-05", "badge_harbour", (180, 180, 420, 420)),
}
ROLES = ("Bots", "Nobility", "Artist", "Builder", "Harbour Crew")
QUERIES = {
    "cropped.jpg": ("mountain_dawn", lambda image: crop(image, 0.85)),
    "recompressed.jpg": ("meme_tea_frog", VARIANTS["squeezed"]),
    "mirrored.png": (
        "lighthouse",
        lambda image: VARIANTS["mirrored"](image).resize((570, 390), Image.Resampling.LANCZOS),
    ),
    "recoloured.jpg": ("low_poly_fox", VARIANTS["recoloured"]),
    "bordered.png": ("meme_space_dog", VARIANTS["bordered"]),
}


def encode(image: Image.Image, name: str, quality: int = 84) -> bytes:
    """The file that a picture of this name is: by its ending."""
    buffer = io.BytesIO()
    ending = name.rsplit(".", 1)[1]
    if ending == "jpg":
        image.convert("RGB").save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
    elif ending == "png":
        flat = image if image.mode == "P" else image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
        flat.save(buffer, "PNG", optimize=True)
    elif ending == "gif":
        image.convert("RGB").quantize(64, dither=Image.Dither.NONE).save(buffer, "GIF")
    else:
        image.resize((320, 320), Image.Resampling.LANCZOS).save(buffer, "WEBP", quality=75)
    return buffer.getvalue()


def variant(drawing: str, drawn: dict[str, Image.Image]) -> Image.Image:
    name, _, change = drawing.partition("~")
    return VARIANTS[change](drawn[name].convert("RGB")) if change else drawn[name]


class Export:
    """One export in the making: media are written as they are named."""

    def __init__(self, drawn: dict[str, Image.Image]) -> None:
        self.drawn = drawn
        self.users: dict[str, dict[str, Any]] = {key: self.user(key) for key in MEMBERS}

    def media(self, url: str, data: bytes) -> str:
        """Write a downloaded file under the name that 2.47 gives it; return its path as the JSON has it."""
        stem, _, ending = url.rsplit("/", 1)[1].split("?")[0].rpartition(".")
        # A URL of the CDN is hashed without its signature; what is left of its query follows the path without a "?".
        hashed = url.replace("?", "") if "//cdn.discordapp.com/" in url else url
        digest = hashlib.sha256(hashed.encode()).hexdigest()
        name = f"{stem[:42]}-{digest[:16]}.{ending}"
        (SAMPLE / MEDIA / name).write_bytes(data)
        return f"{MEDIA}/{name}"

    def icon(self, url: str, picture: str, box: tuple[int, int, int, int]) -> str:
        small = self.drawn[picture].convert("RGB").crop(box).resize((80, 80), Image.Resampling.LANCZOS)
        return self.media(url, encode(small, "icon.png"))

    def user(self, key: str) -> dict[str, Any]:
        name, nickname, colour, role, registered, picture, box = MEMBERS[key]
        user_id = snowflake(day(registered), 131072)
        avatar = hashlib.md5(name.encode()).hexdigest()
        roles = []
        if role:
            position = ROLES.index(role) + 1
            role_id = snowflake(FOUNDED + timedelta(hours=position), 0)
            roles = [{"id": role_id, "name": role, "color": colour, "position": position}]
        return {
            "id": user_id,
            "name": name,
            "discriminator": "4821" if key == "bot" else "0000",
            "nickname": nickname,
            "color": colour,
            "isBot": key == "bot",
            "roles": roles,
            "avatarUrl": self.icon(f"https://cdn.discordapp.com/avatars/{user_id}/{avatar}.png?size=512", picture, box),
        }

    def attachment(self, drawing: str, name: str, channel_id: str, time: datetime, number: int) -> dict[str, Any]:
        attachment_id = snowflake(time - timedelta(milliseconds=640 - 7 * number), 65536 + number)
        url = f"https://cdn.discordapp.com/attachments/{channel_id}/{attachment_id}/{name}"
        if drawing == "missing":
            # The download failed, so the export kept the link; it was good for a day.
            issued = int(time.timestamp())
            signature = hashlib.sha256(url.encode()).hexdigest()
            signed = f"{url}?ex={issued + 86400:x}&is={issued:x}&hm={signature}&"
            return {"id": attachment_id, "url": signed, "fileName": name, "fileSizeBytes": 482133}
        data = PALETTE_NOTE.encode() if drawing == "palette_note" else encode(variant(drawing, self.drawn), name)
        return {"id": attachment_id, "url": self.media(url, data), "fileName": name, "fileSizeBytes": len(data)}

    def embed(self, drawing: str, name: str, title: str, text: str) -> dict[str, Any]:
        page = "https://pixel-harbour.example/gallery"
        proxy = f"https://images-ext-1.discordapp.net/external/{hashlib.md5(name.encode()).hexdigest()}/https/{page[8:]}/{name}"
        image = self.drawn[drawing]
        shown = {
            "url": self.media(proxy, encode(image, name)),
            "canonicalUrl": f"{page}/{name}",
            "width": image.width,
            "height": image.height,
        }
        return {
            "title": title,
            "url": page,
            "timestamp": None,
            "description": text,
            "color": "#4F9FD9",
            "image": shown,
            "footer": {"text": "Pixel Harbour Gallery"},
            "images": [shown],
            "fields": [],
            "inlineEmojis": [],
        }

    def reaction(self, emoji: str, count: int, post: Post) -> dict[str, Any]:
        others = [key for key in MEMBERS if key not in (post.author, "bot")]
        who = [{k: v for k, v in self.users[key].items() if k != "roles"} for key in others[:count]]
        return {"emoji": standard_emoji(emoji), "count": max(1, len(who)), "users": who}

    def message(self, index: int, posts: list[Post], ids: list[str]) -> dict[str, Any]:
        post = posts[index]
        mentioned = [key for key in re.findall(r"@(\w+)", post.text) if key in MEMBERS]
        content = re.sub(r"@(\w+)", lambda m: "@" + MEMBERS[m[1]][1] if m[1] in MEMBERS else m[0], post.text)
        message: dict[str, Any] = {
            "id": ids[index],
            "type": "Default" if post.reply_to is None else "Reply",
            "timestamp": stamp(post.time),
            "timestampEdited": stamp(post.time + timedelta(seconds=95)) if post.edited else None,
            "callEndedTimestamp": None,
            "isPinned": sum(count for _, count in post.reactions) > 14,
            "content": content,
            "author": self.users[post.author],
            "attachments": [self.attachment(d, n, CHANNEL_ID, post.time, k) for k, (d, n) in enumerate(post.pictures)],
            "embeds": [self.embed(*post.embed)] if post.embed else [],
            "stickers": [],
            "reactions": [self.reaction(emoji, count, post) for emoji, count in post.reactions],
            "mentions": [self.users[key] for key in mentioned],
        }
        if post.reply_to is not None:
            message["mentions"] = [self.users[posts[post.reply_to].author]]
            message["reference"] = reference("Default", ids[post.reply_to], CHANNEL_ID)
        if post.forwarded:
            drawing, name, time, text = post.forwarded
            message["reference"] = reference("Forward", snowflake(time, 77), NEWS_CHANNEL_ID)
            message["forwardedMessage"] = {
                "timestamp": stamp(time),
                "timestampEdited": None,
                "content": text,
                "attachments": [self.attachment(drawing, name, NEWS_CHANNEL_ID, time, 0)],
                "embeds": [],
                "stickers": [],
            }
        emoji = list(dict.fromkeys(re.findall("[\U0001f300-\U0001faff]", content)))
        message["inlineEmojis"] = [standard_emoji(e) for e in emoji]
        return message


def standard_emoji(emoji: str) -> dict[str, Any]:
    code = "-".join(f"{ord(c):x}" for c in emoji if c != "\ufe0f")
    names = {"🔥": "fire", "😂": "joy", "🐸": "frog", "❤️": "heart", "🦆": "duck", "✨": "sparkles", "🎉": "tada"}
    image = f"https://cdn.jsdelivr.net/gh/twitter/twemoji@latest/assets/svg/{code}.svg"
    return {"id": "", "name": emoji, "code": names.get(emoji, code), "isAnimated": False, "imageUrl": image}


def reference(kind: str, message_id: str, channel_id: str) -> dict[str, str]:
    return {"type": kind, "messageId": message_id, "channelId": channel_id, "guildId": GUILD_ID}


def stamp(time: datetime) -> str:
    """ISO 8601 as .NET writes it: local offset, no trailing zeros in the fraction."""
    local = time.astimezone(ZONE)
    fraction = f".{local.microsecond:06d}".rstrip("0").rstrip(".")
    return local.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "+01:00"


def as_exported(document: dict[str, Any]) -> str:
    """Indented by two, everything readable but characters beyond the basic plane, which become ``\\uXXXX`` pairs."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    pairs = re.compile("[\U00010000-\U0010ffff]")
    return pairs.sub(lambda m: "".join(f"\\u{u:04X}" for u in surrogates(ord(m[0]))), text)


def surrogates(point: int) -> tuple[int, int]:
    """The surrogate pair of a code point beyond the basic plane."""
    high, low = divmod(point - 0x10000, 0x400)
    return 0xD800 + high, 0xDC00 + low


def main() -> None:
    posts = read_story(HERE / "sample_art" / "story.txt")
    with ProcessPoolExecutor() as pool:
        drawn = dict(zip(PICTURES, pool.map(draw_picture, PICTURES)))
    shutil.rmtree(SAMPLE, ignore_errors=True)
    (SAMPLE / MEDIA).mkdir(parents=True)
    (SAMPLE / "queries").mkdir()

    export = Export(drawn)
    ids = [snowflake(post.time, 65536 * 3 + index) for index, post in enumerate(posts)]
    icon = f"https://cdn.discordapp.com/icons/{GUILD_ID}/{hashlib.md5(b'harbour').hexdigest()}.png?size=512"
    document = {
        "guild": {"id": GUILD_ID, "name": "Pixel Harbour", "iconUrl": export.icon(icon, *GUILD_ICON)},
        "channel": {
            "id": CHANNEL_ID,
            "type": "GuildTextChat",
            "categoryId": CATEGORY_ID,
            "category": "The Pier",
            "name": "showcase",
            "topic": "Show us what you made, found, built or drew. Be kind. Bread optional.",
        },
        "dateRange": {"after": None, "before": None},
        "exportedAt": stamp(posts[-1].time + timedelta(days=2, seconds=1234, microseconds=567890)),
        "messages": [export.message(index, posts, ids) for index in range(len(posts))],
        "messageCount": len(posts),
    }
    (SAMPLE / "sample.json").write_bytes(as_exported(document).encode())
    for name, (drawing, change) in QUERIES.items():
        image = change(drawn[drawing].convert("RGB"))
        (SAMPLE / "queries" / name).write_bytes(encode(image, name, 60 if name == "recompressed.jpg" else 86))

    files = [path for path in SAMPLE.rglob("*") if path.is_file()]
    used = {drawing.partition("~")[0] for post in posts for drawing, _ in post.pictures}
    used |= {post.embed[0] for post in posts if post.embed}
    print(f"{len(posts)} messages, {len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.2f} MB")
    print("drawn but never posted:", ", ".join(sorted(set(PICTURES) - used)) or "none")


if __name__ == "__main__":
    main()
