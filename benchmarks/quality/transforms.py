"""What people do to a picture before they post it again: 24 seeded transforms."""

from __future__ import annotations

import io
import math
from random import Random
from typing import Callable, Sequence

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from benchmarks.quality.screens import font, photographed, sentence, shown_in_chat

Transform = Callable[[Image.Image, Random, Sequence[Image.Image]], Image.Image]
"""(picture, random source, three other pictures) → the altered copy; all RGB."""


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def _posted(image: Image.Image, rng: Random) -> Image.Image:
    """Phones and programs save what was changed as a JPEG."""
    return jpeg(image, rng.randint(78, 92))


def _scaled(image: Image.Image, x: float, y: float) -> Image.Image:
    size = (max(1, round(image.width * x)), max(1, round(image.height * y)))
    return image.resize(size, Image.Resampling.BICUBIC)


def _cut(image: Image.Image, rng: Random, area: float) -> Image.Image:
    """A window with ``area`` of the picture's area, nearly its aspect, anywhere in it."""
    x = min(1.0, math.sqrt(area) * rng.uniform(0.92, 1.08))
    y = min(1.0, area / x)
    width, height = max(1, round(image.width * x)), max(1, round(image.height * y))
    left, top = rng.randint(0, image.width - width), rng.randint(0, image.height - height)
    return image.crop((left, top, left + width, top + height))


def _write(image: Image.Image, box: tuple[int, int, int, int], text: str, fill: str, stroke: str | None = None) -> None:
    """Draw ``text`` as large as fits into ``box`` (left, top, right, bottom) on one or two lines, centred."""
    draw = ImageDraw.Draw(image)
    words = text.split()
    lines = [" ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2 :])]
    width, height = box[2] - box[0], box[3] - box[1]
    size = max(8, int(min(height / 2.6, 1.7 * width / max(len(line) for line in lines))))
    edge = max(1, size // 14) if stroke else 0
    for number, line in enumerate(lines):
        place = ((box[0] + box[2]) / 2, box[1] + height * (0.27 + 0.46 * number))
        draw.text(place, line, fill=fill, font=font(size), anchor="mm", stroke_width=edge, stroke_fill=stroke)


def _resave(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    return jpeg(image, rng.randint(75, 90))


def _jpeg_30(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    return jpeg(image, 30)


def _gray(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    return _posted(image.convert("L").convert("RGB"), rng)


def _hue(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    hue, saturation, value = image.convert("HSV").split()
    turn = rng.randint(40, 216)
    hue = hue.point([(level + turn) % 256 for level in range(256)])
    return _posted(Image.merge("HSV", (hue, saturation, value)).convert("RGB"), rng)


def _brightness(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    factor = rng.choice([rng.uniform(0.45, 0.7), rng.uniform(1.3, 1.7)])
    return _posted(ImageEnhance.Brightness(image).enhance(factor), rng)


def _shrink(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    return _posted(_scaled(image, 0.25, 0.25), rng)


def _blur(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    return _posted(image.filter(ImageFilter.GaussianBlur(max(image.size) * rng.uniform(0.004, 0.008))), rng)


def _crop(area: float) -> Transform:
    def crop(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
        return _posted(_cut(image, rng, area), rng)

    return crop


def _rotate_5(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    """Three to eight degrees: the corners are filled, or cut off with a part of the picture."""
    degrees = rng.uniform(3, 8)
    colour = rng.choice(["black", "black", "#313338"])
    turned = image.rotate(rng.choice([-1, 1]) * degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=colour)
    if rng.random() < 0.5:
        width, height = image.size
        sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
        # the largest upright window of the same aspect inside of the turned picture
        scale = 1 / (cosine + max(width / height, height / width) * sine)
        cut = (max(1, int(width * scale)), max(1, int(height * scale)))
        left, top = (turned.width - cut[0]) // 2, (turned.height - cut[1]) // 2
        turned = turned.crop((left, top, left + cut[0], top + cut[1]))
    return _posted(turned, rng)


def _rotate_90(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    return _posted(image.transpose(rng.choice([Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270])), rng)


def _mirror(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    return _posted(ImageOps.mirror(image), rng)


def _mirror_crop(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    return _posted(ImageOps.mirror(_cut(image, rng, 0.8)), rng)


def _screen_photo(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    """The picture fills the screen and the screen nearly fills the photo."""
    photo = photographed(image, rng, share=rng.uniform(0.62, 0.85), tilt=rng.uniform(0.1, 0.3), longest=800)
    return jpeg(photo, rng.randint(65, 85))


def _far_photo(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    """A photo at an angle of a screen with a chat; the picture is about 20 to 30 % of the photo."""
    window, screen = rng.uniform(0.34, 0.4), rng.uniform(0.62, 0.76)
    shown = shown_in_chat(image, rng, others, window)
    photo = photographed(shown, rng, share=screen, tilt=rng.uniform(0.2, 0.42), longest=1000)
    return jpeg(photo, rng.randint(65, 85))


def _caption(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    bar = max(20, round(image.height * rng.uniform(0.12, 0.3)))
    back, ink = rng.choice([("white", "black"), ("white", "black"), ("black", "white")])
    canvas = Image.new("RGB", (image.width, image.height + bar), back)
    top = rng.random() < 0.75
    canvas.paste(image, (0, bar if top else 0))
    start = 0 if top else image.height
    _write(canvas, (0, start, image.width, start + bar), sentence(rng, 8), ink)
    return _posted(canvas, rng)


def _text(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    copy = image.copy()
    band = max(20, round(image.height * 0.2))
    _write(copy, (0, 0, image.width, band), sentence(rng, 6).upper(), "white", "black")
    _write(copy, (0, image.height - band, image.width, image.height), sentence(rng, 6).upper(), "white", "black")
    return _posted(copy, rng)


def _screenshot(share: float) -> Transform:
    def screenshot(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
        shown = shown_in_chat(image, rng, others, share)
        return _posted(shown, rng) if rng.random() < 0.5 else shown  # many programs save a PNG

    return screenshot


def _repost(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    return jpeg(_scaled(_cut(image, rng, 0.6), 0.5, 0.5), 40)


def _collage(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    """Two by two: the picture and three others, cut to the same cell."""
    four = [image, *others[:3]]
    rng.shuffle(four)
    width, height = image.size
    canvas = Image.new("RGB", (2 * width, 2 * height))
    for number, picture in enumerate(four):
        canvas.paste(ImageOps.fit(picture, (width, height)), (number % 2 * width, number // 2 * height))
    canvas.thumbnail((640, 640))
    return _posted(canvas, rng)


def _stretch(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    ratio = rng.uniform(1.15, 1.4)
    return _posted(_scaled(image, ratio, 1) if rng.random() < 0.5 else _scaled(image, 1, ratio), rng)


def _border(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    margin = round(min(image.size) * rng.uniform(0.03, 0.15))
    colour = rng.choice(["black", "white", "#313338", "#c01f2e", "#2b4fa0"])
    return _posted(ImageOps.expand(image, margin, colour), rng)


TRANSFORMS: dict[str, Transform] = {
    "saved again, JPEG q75–90": _resave,
    "JPEG q30": _jpeg_30,
    "gray": _gray,
    "hue turned": _hue,
    "brightness": _brightness,
    "quarter size": _shrink,
    "blur": _blur,
    "crop to 75 % of area": _crop(0.75),
    "crop to 50 % of area": _crop(0.5),
    "crop to 25 % of area": _crop(0.25),
    "crop 60 %, half size, q40": _repost,
    "rotated 3–8°": _rotate_5,
    "rotated 90°": _rotate_90,
    "mirrored": _mirror,
    "mirrored, crop to 80 %": _mirror_crop,
    "stretched 15–40 %": _stretch,
    "border": _border,
    "caption bar": _caption,
    "text over it": _text,
    "photo of a screen": _screen_photo,
    "photo of a chat from far": _far_photo,
    "half of a screenshot": _screenshot(0.5),
    "quarter of a screenshot": _screenshot(0.25),
    "one of four in a collage": _collage,
}


def apply(name: str, image: Image.Image, others: Sequence[Image.Image], seed: str) -> Image.Image:
    """The altered copy of ``image``; the same arguments give the same copy on every machine."""
    return TRANSFORMS[name](image, Random(f"{seed}/{name}"), others)
