"""media.discordapp.net on loopback: makes small renditions of what was posted, honestly or not.

discord.media = proxy()                  # fits pictures into the square that is asked for
discord.media = proxy(knows="size")      # only exact sizes keep the picture whole, as where it is stretched
discord.media = LIES["wrong picture"]    # or any Fault
"""

from __future__ import annotations

import functools
import io
from random import Random
from typing import Callable
from urllib.parse import parse_qs, urlsplit

from PIL import Image, ImageDraw

from ras.images import sniff_format
from tests.cdn_double import _Handler
from tests.cdn_faults import Fault

Change = Callable[[Image.Image], Image.Image]


def drawn(number: int, kind: str = "PNG", size: tuple[int, int] = (1200, 800), clear: bool = False) -> bytes:
    """The file of a large picture; another number gives another picture. ``clear``: on a ground that is transparent."""
    rng = Random(number)
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        x, y, wide = rng.randrange(size[0]), rng.randrange(size[1]), rng.randint(100, 300)
        draw.ellipse((x - wide, y - wide, x + wide, y + wide), tuple(rng.randrange(256) for _ in "RGB"))
    image = Image.blend(image, Image.merge("RGB", [Image.effect_noise(size, 40) for _ in "RGB"]), 0.3)
    if clear:
        image.putalpha(Image.new("L", size, 255))
        image.paste((0, 0, 0, 0), (0, 0, size[0] // 2, size[1]))
    return encoded(image, kind, quality=95)


def encoded(image: Image.Image, kind: str, quality: int = 80) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **({"compress_level": 1} if kind == "PNG" else {"quality": quality}))
    return file.getvalue()


def proxy(
    knows: str = "box",
    before: Change = lambda image: image,
    after: Change = lambda image: image,
    kind: str | None = None,
    larger: float = 1,
) -> Fault:
    """Renditions that keep the kind of file and transparency and are never enlarged.

    It ``knows`` what a width and a height mean together (``box``), or a width alone (``width``); who asks for anything
    else gets a crop, or all of the original. By ``size`` pictures are stretched to what is asked for. ``before`` and
    ``after`` change the picture around shrinking, ``larger`` makes it so many times as large as was asked for.
    """

    @functools.lru_cache(maxsize=None)
    def made(data: bytes, width: int, height: int | None) -> bytes:
        with Image.open(io.BytesIO(data)) as file:
            image = before(file.copy())
        if knows == "width" and height is not None:
            image = image.crop((0, 0, *(min(image.size),) * 2))
        size = (width, height or 0)
        if knows != "size":
            scale = min(1.0, width / image.width, 1.0 if height is None else height / image.height)
            size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize((int(size[0] * larger), int(size[1] * larger)), Image.Resampling.LANCZOS)
        return encoded(after(image), kind or sniff_format(data) or "PNG")

    def answer(handler: _Handler, data: bytes) -> None:
        asked = parse_qs(urlsplit(handler.path).query)
        width, height = (int(asked[name][0]) if name in asked else None for name in ("width", "height"))
        is_known = width is not None and (height is not None or knows == "width")
        handler.reply(200, made(data, width or 0, height) if is_known else data, {})

    return Fault(answer)


def _on_black(image: Image.Image) -> Image.Image:
    ground = Image.new("RGB", image.size, "black")
    ground.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    return ground


def _enlarged(image: Image.Image) -> Image.Image:
    return image.resize((768, round(768 * image.height / image.width)))


ON_BLACK = proxy(before=_on_black)
ENLARGED = proxy(after=_enlarged)

LIES: dict[str, Fault] = {
    "wrong picture": proxy(before=lambda image: Image.open(io.BytesIO(drawn(999, size=image.size)))),
    "mirrored": proxy(before=lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
    "another aspect": proxy(after=lambda image: image.resize((600, 600))),
    "cropped to the aspect": proxy(before=lambda image: image.crop((0, 0, image.width // 2, image.height // 2))),
    "larger than asked": proxy(larger=1.3),
    "too small": proxy(larger=0.3),
    "another kind": proxy(kind="WEBP"),
    "grey": proxy(after=lambda image: Image.new(image.mode, image.size, "grey")),
    "original": Fault(lambda handler, data: handler.reply(200, data, {})),
    "error page": Fault.error_page(),
    "415": Fault.status(415),
    "404": Fault.status(404),
    "403": Fault.status(403),
    "500": Fault.status(500),
    "endless": Fault.endless(),
    "nothing": Fault(lambda handler, data: handler.reply(200, b"", {})),
    "cut": Fault(lambda handler, data: handler.reply(200, data[:1000], {})),
    "redirect to another host": Fault.redirect("https://foreign.example/picture.png"),
    "redirect to a Discord host": Fault.redirect("https://cdn.discordapp.com/attachments/1/1/other.png"),
    "redirect to itself": Fault.redirect("?"),
}
