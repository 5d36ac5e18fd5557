"""What people do to a picture before they post it again: 24 seeded transforms."""

from __future__ import annotations

import io
import math
from random import Random
from typing import Callable, Sequence

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

Transform = Callable[[Image.Image, Random, Sequence[Image.Image]], Image.Image]
"""(picture, random source, three other pictures) → the altered copy; all RGB."""

_WORDS = "when you finally find that one picture from last year and nobody believes me at all today so here it is"


def _jpeg(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def _scaled(image: Image.Image, x: float, y: float) -> Image.Image:
    size = (max(1, round(image.width * x)), max(1, round(image.height * y)))
    return image.resize(size, Image.Resampling.BICUBIC)


def _crop(image: Image.Image, rng: Random, area: float) -> Image.Image:
    """A window with ``area`` of the picture's area, nearly its aspect, anywhere in it."""
    x = min(1.0, math.sqrt(area) * rng.uniform(0.92, 1.08))
    y = min(1.0, area / x)
    width, height = max(1, round(image.width * x)), max(1, round(image.height * y))
    left, top = rng.randint(0, image.width - width), rng.randint(0, image.height - height)
    return image.crop((left, top, left + width, top + height))


def _sentence(rng: Random, count: int) -> str:
    return " ".join(rng.choice(_WORDS.split()) for _ in range(count))


def _write(image: Image.Image, box: tuple[int, int, int, int], text: str, fill: str, stroke: str | None = None) -> None:
    """Draw ``text`` as large as fits into ``box`` (left, top, right, bottom) on one or two lines, centred."""
    draw = ImageDraw.Draw(image)
    words = text.split()
    lines = [" ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2 :])]
    width, height = box[2] - box[0], box[3] - box[1]
    size = max(8, int(min(height / 2.6, 1.7 * width / max(len(line) for line in lines))))
    font = ImageFont.load_default(size)
    edge = max(1, size // 14) if stroke else 0
    for number, line in enumerate(lines):
        place = ((box[0] + box[2]) / 2, box[1] + height * (0.27 + 0.46 * number))
        draw.text(place, line, fill=fill, font=font, anchor="mm", stroke_width=edge, stroke_fill=stroke)


def _resave(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    return _jpeg(image, rng.randint(75, 90))


def _jpeg_30(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    return _jpeg(image, 30)


def _gray(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    return image.convert("L").convert("RGB")


def _hue(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    hue, saturation, value = image.convert("HSV").split()
    turn = rng.randint(40, 216)
    hue = hue.point([(level + turn) % 256 for level in range(256)])
    return Image.merge("HSV", (hue, saturation, value)).convert("RGB")


def _brightness(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(rng.choice([rng.uniform(0.45, 0.7), rng.uniform(1.3, 1.7)]))


def _contrast(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    return ImageEnhance.Contrast(image).enhance(rng.choice([rng.uniform(0.4, 0.7), rng.uniform(1.4, 2.0)]))


def _shrink(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    return _scaled(image, 0.25, 0.25)


def _blur(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(max(image.size) * rng.uniform(0.004, 0.008)))


def _stretch(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    ratio = rng.uniform(1.15, 1.4)
    return _scaled(image, ratio, 1) if rng.random() < 0.5 else _scaled(image, 1, ratio)


def _border(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    margin = round(min(image.size) * rng.uniform(0.03, 0.15))
    colour = rng.choice(["black", "white", "#313338", "#c01f2e", "#2b4fa0"])
    return _jpeg(ImageOps.expand(image, margin, colour), 85)


def _letterbox(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    side = max(image.size) if max(image.size) > 1.15 * min(image.size) else round(1.4 * max(image.size))
    size = (side, max(side, image.height)) if image.width >= image.height else (max(side, image.width), side)
    return _jpeg(ImageOps.pad(image, size, color=rng.choice(["black", "black", "white"])), 80)


def _caption(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    bar = max(20, round(image.height * rng.uniform(0.12, 0.3)))
    canvas = Image.new("RGB", (image.width, image.height + bar), "white")
    top = rng.random() < 0.75
    canvas.paste(image, (0, bar if top else 0))
    start = 0 if top else image.height
    _write(canvas, (0, start, image.width, start + bar), _sentence(rng, 8), "black")
    return _jpeg(canvas, 80)


def _text(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    copy = image.copy()
    band = max(20, round(image.height * 0.2))
    _write(copy, (0, 0, image.width, band), _sentence(rng, 6).upper(), "white", "black")
    _write(copy, (0, image.height - band, image.width, image.height), _sentence(rng, 6).upper(), "white", "black")
    return _jpeg(copy, 80)


def _crop_90(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    return _crop(image, rng, 0.9)


def _crop_75(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    return _crop(image, rng, 0.75)


def _crop_50(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    return _crop(image, rng, 0.5)


def _repost(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    return _jpeg(_scaled(_crop(image, rng, 0.6), 0.5, 0.5), 40)


def _rotate_5(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    angle = rng.choice([-1, 1]) * rng.uniform(3, 5)
    return image.rotate(angle, Image.Resampling.BICUBIC, expand=True)


def _rotate_90(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    return image.transpose(rng.choice([Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270]))


def _mirror(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    return ImageOps.mirror(image)


def _mirror_crop(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    return ImageOps.mirror(_crop(image, rng, 0.8))


def _screen_photo(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    """A hand-held photo of a monitor: perspective, dark surroundings, a light gradient, noise, slight blur."""
    width, height = image.size

    def corner(x: float, y: float) -> tuple[float, float]:
        reach = [rng.uniform(0.03, 0.1), rng.uniform(0.03, 0.1)]
        return x * width + (1 if x else -1) * reach[0] * width, y * height + (1 if y else -1) * reach[1] * height

    quad = corner(0, 0) + corner(0, 1) + corner(1, 1) + corner(1, 0)
    framed = ImageOps.expand(image, max(width, height), "#1a1a1d")
    shift = max(width, height)
    quad = tuple(value + shift for value in quad)
    photo = framed.transform((width, height), Image.Transform.QUAD, quad, Image.Resampling.BICUBIC)
    light = Image.linear_gradient("L").rotate(rng.choice([0, 90, 180, 270])).resize(photo.size)
    light = light.point([round(150 + level * 0.41) for level in range(256)]).convert("RGB")
    noise = Image.frombytes("L", photo.size, rng.getrandbits(8 * width * height).to_bytes(width * height, "big"))
    noise = noise.point([level // 10 for level in range(256)]).convert("RGB")
    photo = ImageChops.add(ImageChops.multiply(photo, light), noise)
    return _jpeg(photo.filter(ImageFilter.GaussianBlur(max(photo.size) * 0.002)), 70)


def _screenshot(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    """A chat window with the picture in it; the picture is half of the screenshot's area."""
    grow = math.sqrt(2)
    width, height = round(image.width * grow), round(image.height * grow)
    dark = rng.random() < 0.7
    canvas = Image.new("RGB", (width, height), "#313338" if dark else "#ffffff")
    ink = "#dbdee1" if dark else "#313338"
    left = round((width - image.width) * rng.uniform(0.3, 0.9))
    top = round((height - image.height) * rng.uniform(0.3, 0.8))
    draw = ImageDraw.Draw(canvas)
    size = max(8, height // 32)
    font = ImageFont.load_default(size)
    for y in range(size, height - size, round(size * 1.7)):
        draw.text((left, y), _sentence(rng, rng.randint(2, 9)), fill=ink, font=font)
    draw.ellipse((left // 4, top, left * 3 // 4, top + left // 2), fill="#5865f2")
    canvas.paste(image, (left, top))
    return _jpeg(canvas, 85)


def _collage(image: Image.Image, rng: Random, others: Sequence[Image.Image]) -> Image.Image:
    """Two by two: the picture and three others, cut to the same cell."""
    four = [image, *others[:3]]
    rng.shuffle(four)
    width, height = image.size
    canvas = Image.new("RGB", (2 * width, 2 * height))
    for number, picture in enumerate(four):
        canvas.paste(ImageOps.fit(picture, (width, height)), (number % 2 * width, number // 2 * height))
    canvas.thumbnail((640, 640))
    return _jpeg(canvas, 85)


TRANSFORMS: dict[str, Transform] = {
    "saved again, JPEG q75–90": _resave,
    "JPEG q30": _jpeg_30,
    "gray": _gray,
    "hue turned": _hue,
    "brightness": _brightness,
    "contrast": _contrast,
    "quarter size": _shrink,
    "blur": _blur,
    "stretched 15–40 %": _stretch,
    "border": _border,
    "letterbox": _letterbox,
    "caption bar": _caption,
    "text over it": _text,
    "crop to 90 % of area": _crop_90,
    "crop to 75 % of area": _crop_75,
    "crop to 50 % of area": _crop_50,
    "crop 60 %, half size, q40": _repost,
    "rotated 3–5°": _rotate_5,
    "rotated 90°": _rotate_90,
    "mirrored": _mirror,
    "mirrored, crop to 80 %": _mirror_crop,
    "photo of a screen": _screen_photo,
    "half of a screenshot": _screenshot,
    "one of four in a collage": _collage,
}


def apply(name: str, image: Image.Image, others: Sequence[Image.Image], seed: str) -> Image.Image:
    """The altered copy of ``image``; the same arguments give the same copy on every machine."""
    return TRANSFORMS[name](image, Random(f"{seed}/{name}"), others)
