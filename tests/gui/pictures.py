"""Pictures and exports that the GUI tests make: small, varied, and the same every time."""

from __future__ import annotations

import io
import json
import math
import random
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

from tests.cdn_double import CdnDouble


def picture(seed: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """A landscape of its own: a sky, a sun, hills."""
    rng = random.Random(seed)
    width, height = size
    top, bottom, ground = ([rng.randrange(30, 256) for _ in range(3)] for _ in range(3))
    sky = Image.new("RGB", (1, 64))
    sky.putdata([tuple(round(a + (b - a) * y / 63) for a, b in zip(top, bottom)) for y in range(64)])
    image = sky.resize(size)
    draw = ImageDraw.Draw(image)
    x, y, r = rng.uniform(0.1, 0.9) * width, rng.uniform(0.1, 0.5) * height, rng.uniform(0.05, 0.16) * width
    draw.ellipse((x - r, y - r, x + r, y + r), fill=tuple(min(255, c + 90) for c in bottom))
    for layer in range(3):
        shade = tuple(round(c * (0.9 - 0.27 * layer)) for c in ground)
        phase, waves = rng.uniform(0, 6), rng.uniform(0.6, 2.2)
        base = height * (0.5 + 0.16 * layer)
        hills = [
            (column, base + math.sin(phase + column / width * waves * 2 * math.pi) * height * 0.12)
            for column in range(0, width + 8, 8)
        ]
        draw.polygon([(0, height), *hills, (width, height)], fill=shade)
    return image.filter(ImageFilter.GaussianBlur(0.6))


AUTHORS = ("luna", "Tom Sawyer", "北斗", "m.eriksen", "🔥 blaze 🔥", "Ana-María Quintero de la Vega y Montes")
CHANNELS = ("general", "landscapes", "memes-and-other-important-things")


def encoded(image: Image.Image) -> bytes:
    """As a PNG file."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def write_export(
    folder: Path, amount: int, *, name: str = "export", expired: int = 0, cdn: CdnDouble | None = None, first: int = 0
) -> Path:
    """An export in DiscordChatExporter's format: ``amount`` pictures beside it, ``expired`` of them only dead links.

    With ``cdn`` none is beside it, and all are served there. ``first``: the number of the first picture.
    """
    media = folder / f"{name}.json_Files"
    media.mkdir(parents=True)
    messages = []
    for number in range(first, first + amount):
        file_name = f"{'SPOILER_' if number % 11 == 7 else ''}view-{number:03}.png"
        local = cdn is None and number < first + amount - expired
        if cdn is not None:
            url = cdn.serve(f"/attachments/7/{9000 + number}/{file_name}", encoded(picture(number)))
        elif local:
            picture(number).save(media / file_name)
            url = f"{media.name}/{file_name}"
        else:
            url = f"https://cdn.discordapp.com/attachments/7/{9000 + number}/{file_name}?ex=65000000&is=64000000&hm=0&"
        author = AUTHORS[number % len(AUTHORS)]
        attachment = {"id": str(9000 + number), "url": url, "fileName": file_name, "fileSizeBytes": None}
        if local:
            attachment["fileSizeBytes"] = (media / file_name).stat().st_size
        messages.append(
            {
                "id": str(1_000_000 + number),
                "type": "Default",
                "timestamp": f"2021-{number % 12 + 1:02}-{number % 28 + 1:02}T1{number % 10}:05:00+00:00",
                "isPinned": False,
                "content": f"View number {number}, taken on a walk. What do you think of the light?",
                "author": {
                    "id": str(number % 6),
                    "name": author,
                    "discriminator": "0000",
                    "nickname": author,
                    "isBot": False,
                },
                "attachments": [attachment],
                "embeds": [],
                "reactions": [],
                "mentions": [],
            }
        )
    export = {
        "guild": {"id": "5", "name": "Wanderers", "iconUrl": ""},
        "channel": {"id": "7", "type": "GuildTextChat", "categoryId": "6", "category": "Talk", "name": "landscapes"},
        "dateRange": {"after": None, "before": None},
        "messages": messages,
        "messageCount": len(messages),
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(export), "utf-8")
    return path
