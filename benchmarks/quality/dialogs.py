"""Drawn windows of a few programs: in each family everything looks the same but for some of the words in it.

Pictures of one family are different pictures, which a matcher tends to take for copies of each other.
"""

from __future__ import annotations

from random import Random

from PIL import Image, ImageDraw, ImageFont

from benchmarks.quality.screens import font

FAMILIES = 16

_LETTERS = "eeeeeettttaaaooiinnsshhrrddllcumwfgypbvk"
_COMMON = "File Edit View Tools Help Open Save Close Cancel Apply OK Next Back Search Settings Options General Name"


def _word(rng: Random) -> str:
    return "".join(rng.choice(_LETTERS) for _ in range(rng.randint(3, 9)))


def _words(rng: Random, count: int) -> str:
    return " ".join(_word(rng) for _ in range(count))


def _icon(draw: ImageDraw.ImageDraw, rng: Random, x: int, y: int, side: int) -> None:
    colour = tuple(rng.randint(40, 220) for _ in range(3))
    box = (x, y, x + side, y + side)
    kind = rng.randint(0, 3)
    if kind == 0:
        draw.ellipse(box, outline=colour, width=2)
    elif kind == 1:
        draw.rectangle(box, fill=colour)
    elif kind == 2:
        draw.polygon([(x, y + side), (x + side // 2, y), (x + side, y + side)], fill=colour)
    else:
        draw.line([(x, y), (x + side, y + side), (x + side, y), (x, y + side)], fill=colour, width=2)


def dialog(rng: Random) -> Image.Image:
    """A window of one of the families, with other words in it than in its siblings."""
    family = Random(f"family/{rng.randrange(FAMILIES)}")
    size = (family.randint(420, 640), family.randint(280, 560))
    dark = family.random() < 0.5
    back, ink, line = (
        ((44, 46, 50), (220, 222, 225), (80, 84, 90)) if dark else ((240, 240, 238), (36, 38, 42), (186, 186, 182))
    )
    field = (28, 30, 33) if dark else (255, 255, 255)
    accent = tuple(family.randint(40, 200) for _ in range(3))
    letter = family.randint(10, 14)
    image = Image.new("RGB", size, back)
    draw = ImageDraw.Draw(image)
    text = font(letter)

    bar = 2 * letter
    draw.rectangle((0, 0, size[0], bar), fill=accent)
    draw.text(
        (size[0] / 2, bar / 2), f"{_word(family).title()} - {_words(rng, 1)}", fill="white", font=text, anchor="mm"
    )
    for number in range(3):
        _icon(draw, family, size[0] - (number + 1) * (letter + 8), bar // 4, letter)
    x = 8
    for name in family.sample(_COMMON.split(), family.randint(3, 6)):
        draw.text((x, bar + letter // 2), name, fill=ink, font=text)
        x += round(text.getlength(name)) + letter
    top = bar + 2 * letter
    if family.random() < 0.7:
        for number in range(family.randint(5, 14)):
            _icon(draw, family, 8 + number * (letter * 2 + 6), top + 4, letter * 2 - 6)
        top += letter * 2 + 8
    left = 8
    if family.random() < 0.6:
        left = size[0] // family.randint(3, 5)
        chosen = rng.randrange(6)
        for number in range((size[1] - top) // (2 * letter)):
            y = top + number * 2 * letter
            if number == chosen:
                draw.rectangle((0, y - 3, left - 6, y + letter + 5), fill=accent)
            draw.text((10, y), _words(family, family.randint(1, 2)), fill=ink, font=text)
        draw.line((left - 6, top, left - 6, size[1]), fill=line)
    _fields(draw, family, rng, (left, top, size[0] - 8, size[1] - 3 * letter), ink, line, field, text)
    x = size[0] - 8
    for name in family.sample(_COMMON.split(), family.randint(2, 3)):
        width = round(text.getlength(name)) + 2 * letter
        box = (x - width, size[1] - 2 * letter - 6, x, size[1] - 6)
        draw.rounded_rectangle(box, 4, outline=line, fill=field)
        draw.text(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), name, fill=ink, font=text, anchor="mm")
        x -= width + 8
    return image


def _fields(
    draw: ImageDraw.ImageDraw,
    family: Random,
    rng: Random,
    box: tuple[int, int, int, int],
    ink: tuple[int, int, int],
    line: tuple[int, int, int],
    field: tuple[int, int, int],
    text: ImageFont.ImageFont | ImageFont.FreeTypeFont,
) -> None:
    """Labels that all siblings have, and what stands beside them, of which each has its own."""
    left, y, right, bottom = box
    height = round(text.getbbox("X")[3]) + 8
    while y + height < bottom:
        kind = family.random()
        label = _words(family, family.randint(1, 2))
        draw.text((left + 4, y + 4), label, fill=ink, font=text)
        start = left + (right - left) * 2 // 5
        if kind < 0.55:
            draw.rectangle((start, y, right, y + height), fill=field, outline=line)
            most = int((right - start) / text.getlength("e")) - 2
            draw.text((start + 5, y + 4), _words(rng, rng.randint(1, 6))[: max(most, 1)], fill=ink, font=text)
        elif kind < 0.75:
            draw.rectangle((start, y + 3, start + height - 6, y + height - 3), fill=field, outline=line)
            if rng.random() < 0.5:
                draw.line([(start + 3, y + height // 2), (start + 6, y + height - 6), (start + 12, y + 5)], ink, 2)
            draw.text((start + height + 4, y + 4), _words(family, family.randint(1, 3)), fill=ink, font=text)
        else:
            draw.line((start, y + height // 2, right, y + height // 2), fill=line, width=3)
            place = start + (right - start) * rng.random()
            draw.ellipse((place - 6, y + height / 2 - 6, place + 6, y + height / 2 + 6), fill=field, outline=ink)
        y += height + 8
