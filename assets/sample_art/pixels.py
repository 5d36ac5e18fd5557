"""Pixel art, map art, top-down terrain and isometric builds."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from sample_art.canvas import Canvas, draw_picture, enlarge, mix, noise, picture, plane, ramp, rgb, skyline, to_image

# The base colours of blocks as an in-game map shows them; each appears in four shades.
MAP_COLOURS = """
7fb238 f7e9a3 c7c7c7 ff0000 a0a0ff a7a7a7 007c00 ffffff a4a8b8 976d4d 707070 4040ff 8f7748 fffcf5 d87f33 b24cd8
6699d8 e5e533 7fcc19 f27fa5 4c4c4c 999999 4c7f99 7f3fb2 334cb2 664c33 667f33 993333 191919 faee4d 5cdbd5 4a80ff
00d93a 815631 700200 d1b1a1 9f5224 95576c 706c8a ba8524 677535 a04d4e 392923 876b62 575c5c 7a4958 4c3e5c 4c3223
4c522a 8e3c2e 251610 bd3031 943f61 5c191d 167e86 3a8e8c 562c3e 14b485 646464 d8af93 7fa796
"""
SHADES = (180 / 255, 220 / 255, 1.0)


def map_art(image: Image.Image, size: tuple[int, int] = (128, 128), flat: bool = False) -> Image.Image:
    """A picture built from blocks on a map: one pixel a block, dithered to the colours that a map has."""
    shades = (220 / 255,) if flat else SHADES
    blocks = np.stack([rgb("#" + c) for c in MAP_COLOURS.split()])
    table = np.concatenate([blocks * shade for shade in shades]).round().astype(np.uint8)
    palette = Image.new("P", (1, 1))
    palette.putpalette(table.tobytes())
    small = ImageOps.fit(image.convert("RGB"), size, Image.Resampling.LANCZOS)
    return enlarge(small.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG), 4)


@picture
def map_sunset(rng: np.random.Generator) -> Image.Image:
    return map_art(draw_picture("sea_sunset"))


@picture
def map_lighthouse(rng: np.random.Generator) -> Image.Image:
    return map_art(draw_picture("lighthouse").crop((0, 0, 520, 520)))


@picture
def map_nebula(rng: np.random.Generator) -> Image.Image:
    return map_art(draw_picture("nebula"))


@picture
def map_alpine_wide(rng: np.random.Generator) -> Image.Image:
    """Two maps side by side in item frames."""
    art = map_art(draw_picture("alpine"), (192, 128))
    wall = Image.new("RGB", (art.width + 64, art.height + 64), "#5d4632")
    draw = ImageDraw.Draw(wall)
    for y in range(0, wall.height, 64):
        draw.rectangle((0, y, wall.width, y + 3), fill="#4a3726")
        for x in range((y // 64 % 2) * 96, wall.width, 192):
            draw.rectangle((x, y, x + 3, y + 63), fill="#4a3726")
    draw.rectangle((20, 20, wall.width - 21, wall.height - 21), fill="#8a6a45")
    wall.paste(art.convert("RGB"), (32, 32))
    return wall


@picture
def overworld(rng: np.random.Generator) -> Image.Image:
    """A terrain map from above: shores, biomes and shading by slope."""
    size = 168
    x, y = plane(size, size)
    land = noise(rng, size, size, (3, 3), 6) - 0.55 * (np.hypot(x - size / 2, y - size / 2) / (size * 0.62)) ** 2.4
    wet = noise(rng, size, size, (3, 3), 4)
    colours = ramp(["#2436a0", "#3250d0", "#4a7bea", "#f2e3a0"], np.clip(land / 0.34, 0, 1))
    biome = ramp(["#d8c36a", "#9fbf45", "#7fb238", "#4f8f34", "#2f6f3a"], wet)
    colours = np.where((land > 0.35)[..., None], biome, colours)
    colours = np.where(
        (land > 0.62)[..., None], ramp(["#7d7d7d", "#b5b5b5", "#fafafa"], np.clip((land - 0.62) / 0.2, 0, 1)), colours
    )
    slope = np.zeros_like(land)
    slope[1:] = land[1:] - land[:-1]
    step = np.where(slope > 0.004, 1.0, np.where(slope < -0.004, 0.71, 0.86))
    step = np.where(land < 0.34, 0.92 + 0.08 * (((x + y) % 2) * (np.abs(land * 40 % 1 - 0.5) < 0.14)), step)
    trees = (rng.random((size, size)) < np.clip(wet - 0.45, 0, 0.5)) & (land > 0.40) & (land < 0.62)
    pixels = colours * step[..., None]
    pixels[trees] = rgb("#1f5a2a") * 0.92
    image = to_image(pixels)
    draw = ImageDraw.Draw(image)
    dry = np.argwhere((land > 0.38) & (land < 0.55) & (x > 16) & (x < size - 20) & (y > 16) & (y < size - 20))
    towns = [dry[int(i)] for i in rng.integers(0, len(dry), 5)]
    for (y0, x0), (y1, x1) in zip(towns, towns[1:]):
        for t in np.linspace(0, 1, 160):
            px, py = int(x0 + (x1 - x0) * t + 4 * np.sin(t * 9)), int(y0 + (y1 - y0) * t + 4 * np.cos(t * 7) - 4)
            if land[py, px] > 0.345:
                image.putpixel((px, py), (196, 160, 104))
    for ty, tx in towns:
        for _ in range(9):
            hx, hy = int(tx + rng.integers(-8, 8)), int(ty + rng.integers(-8, 8))
            draw.rectangle((hx, hy, hx + 3, hy + 2), fill=["#a04d3a", "#8f5f3a", "#b5653f"][int(rng.integers(3))])
            draw.line((hx, hy + 3, hx + 3, hy + 3), fill="#3a2a1c")
    return enlarge(image, 4)


def sprite(rows: Sequence[str], colours: dict[str, str], mirrored: bool = True) -> Image.Image:
    """Rows of letters as a picture with transparency and a dark outline; ``mirrored`` rows give the left half."""
    full = [row + row[::-1] if mirrored else row for row in rows]
    image = Image.new("RGBA", (len(full[0]) + 2, len(full) + 2))
    for y, row in enumerate(full):
        for x, letter in enumerate(row):
            if letter in colours:
                image.putpixel((x + 1, y + 1), (*(int(v) for v in rgb(colours[letter])), 255))
    solid = image.getchannel("A")
    # A plus-shaped neighbourhood, so that corners of the outline stay open as pixel artists draw them.
    ring = np.asarray(solid) > 0
    grown = ring.copy()
    grown[1:] |= ring[:-1]
    grown[:-1] |= ring[1:]
    grown[:, 1:] |= ring[:, :-1]
    grown[:, :-1] |= ring[:, 1:]
    outline = Image.new("RGBA", image.size, "#1a1423")
    outline.putalpha(Image.fromarray((grown * 255).astype(np.uint8)))
    outline.alpha_composite(image)
    return outline


HERO = [
    "......",
    "...hhh",
    "..hhhh",
    ".hhHhh",
    ".hhsss",
    ".hsess",
    ".hssss",
    "..Sssm",
    "...ccc",
    "..cccc",
    ".Ccccg",
    ".Sccbb",
    "..CCCC",
    "..ppp.",
    "..ppp.",
    "..kkk.",
]
HATS = {
    "bare": [],
    "wizard": [".....w", "....ww", "...www", "...ggg", "wwwwww"],
    "crown": ["......", "..g.g.", "..gggg", "..grgg"],
    "helmet": ["...iii", "..iiii", ".iIiii", ".iIiii", ".iIooo", ".iosos", ".iIooo", "..Iiii"],
    "horns": [".w....", ".ww...", "..iiii", ".iiiii", ".iIIII"],
    "hood": ["...ccc", "..cccc", ".ccccc", ".cCccc", ".cCooo", ".cosos", ".cCooo", "..CCcc"],
}


def hero(rng: np.random.Generator, hat: str) -> Image.Image:
    skin = ["#ffd9b8", "#f0b88a", "#c98a5e", "#8a5a3c", "#7fc46a"][int(rng.integers(5))]
    hair = ["#3a2a24", "#8f4a2a", "#e0a040", "#d8dce6", "#c0397a", "#3a8fb5"][int(rng.integers(6))]
    cloth = ["#c8403f", "#3f6fc8", "#3f9f5f", "#8a4fc0", "#e08a2f", "#39405a"][int(rng.integers(6))]
    colours = {
        "h": hair, "H": mix(hair, "#ffffff", 0.3), "s": skin, "S": mix(skin, "#7a3a3a", 0.3), "e": "#1a1423",
        "m": "#b5524a", "c": cloth, "C": mix(cloth, "#1a1423", 0.35), "g": "#ffd24a", "b": "#5a3a24", "p": "#4a4560",
        "k": "#2a2236", "w": mix(cloth, "#ffffff", 0.15), "r": "#e0405f", "i": "#b8c0d0", "I": "#7a8298",
        "o": "#241c30",
    }  # fmt: skip
    rows = list(HERO)
    for i, row in enumerate(HATS[hat]):
        rows[i] = "".join(a if a != "." else b for a, b in zip(row, rows[i]))
    return sprite(rows, colours)


@picture
def hero_sheet(rng: np.random.Generator) -> Image.Image:
    image = Image.new("RGB", (132, 92), "#3b3550")
    for row in range(4):
        for column in range(6):
            x, y = 3 + column * 21, 2 + row * 22
            ImageDraw.Draw(image).rectangle((x, y, x + 19, y + 20), fill="#4a4468" if (row + column) % 2 else "#544d76")
            figure = hero(rng, list(HATS)[int(rng.integers(6)) if row else column])
            ImageDraw.Draw(image).ellipse((x + 4, y + 16, x + 15, y + 19), fill="#2e2842")
            image.paste(figure, (x + 3, y + 1), figure)
    return enlarge(image, 6)


def read_sprites(path: Path) -> dict[str, list[str]]:
    """Sprites drawn in letters: a name, then its rows, indented."""
    sprites: dict[str, list[str]] = {}
    name = ""
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("  "):
            sprites[name].append(line.strip())
        elif line:
            name = line
            sprites[name] = []
    return sprites


ITEMS = read_sprites(Path(__file__).with_name("sprites.txt"))
ITEM_COLOURS = {
    **{"w": "#f2f4fa", "W": "#b4bccf", "b": "#8a5a34", "d": "#6b4226", "D": "#9a6a3e", "r": "#e0364f", "R": "#ff9aa2"},
    **{"y": "#f2b632", "Y": "#fff0a0", "c": "#3fa7e0", "C": "#b5ecff", "e": "#2b2838", "E": "#6a6880", "g": "#58b84a"},
}


def item(name: str, hue: str | None = None) -> Image.Image:
    colours = dict(ITEM_COLOURS)
    if hue:
        colours.update(dict.fromkeys("rcy", hue), **{k: mix(hue, "#ffffff", 0.55) for k in "RCY"})
    return sprite(ITEMS[name], colours, mirrored=False)


@picture
def item_icons(rng: np.random.Generator) -> Image.Image:
    image = Image.new("RGB", (128, 96), "#e8dcc0")
    names = list(ITEMS)
    for k in range(24):
        name = names[k % 12]
        x, y = 4 + k % 6 * 20 + 1, 4 + k // 6 * 22 + 1
        ImageDraw.Draw(image).rounded_rectangle((x, y, x + 18, y + 19), 3, fill="#d3c29a", outline="#a58f63")
        icon = item(name, None if k < 12 else ["#8a4fc0", "#3f9f5f", "#e08a2f", "#e05f9f"][k % 4])
        image.paste(icon, (x + 2, y + 3), icon)
    return enlarge(image, 6)


def dithered(width: int, height: int, colours: Sequence[str], bands: int) -> Image.Image:
    """A vertical gradient in few colours with ordered dithering, as on old consoles."""
    bayer = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16
    t = (
        np.linspace(0, bands - 1.001, height)[:, None]
        + np.tile(bayer, (height // 4 + 1, width // 4 + 1))[:height, :width]
    )
    return to_image(ramp(colours, np.clip(np.floor(t) / (bands - 1), 0, 1)))


@picture
def platformer(rng: np.random.Generator) -> Image.Image:
    w, h = 176, 104
    image = dithered(w, h, ["#4aa3e8", "#8fd0f5", "#d9f3ff"], 6)
    draw = ImageDraw.Draw(image)
    for base, colour, amount in ((70, "#8fc7b8", 26), (80, "#5fa58a", 20)):
        for x, rise in enumerate(skyline(rng, w, 4, 3)):
            draw.line((x, base - rise * amount, x, h), fill=colour)
    for cx, cy in ((28, 18), (92, 12), (140, 26)):
        for dx, r in ((-9, 4), (-3, 6), (4, 5), (10, 3)):
            draw.ellipse((cx + dx - r, cy - r, cx + dx + r, cy + r - 1), fill="#ffffff")
        draw.rectangle((cx - 13, cy + 2, cx + 13, cy + 4), fill="#ffffff")
        draw.line((cx - 12, cy + 5, cx + 12, cy + 5), fill="#c9e8f5")
    ground = [88] * 60 + [200] * 18 + [88] * 34 + [80] * 30 + [72] * 34
    for x, top in enumerate(ground):
        if top < h:
            draw.line((x, top, x, h), fill="#9a6238")
            draw.line((x, top, x, top + 3 + (x * 7 % 5 > 2)), fill="#5cb83a")
            draw.point((x, top), fill="#a5e05a")
            if x % 8 == 0:
                draw.line((x, top + 7, x, h), fill="#7d4c28")
    for y in range(96, h, 8):
        draw.line((0, y, w, y), fill="#7d4c28")
    draw.rectangle((60, 96, 77, h), fill="#2f6fd0")
    for x in range(60, 78, 4):
        draw.point((x, 96), fill="#bfe0ff")
    for x0, y0, count in ((34, 62, 3), (84, 52, 4)):
        for k in range(count):
            draw.rectangle((x0 + k * 9, y0, x0 + k * 9 + 8, y0 + 7), fill="#d08a3f", outline="#6b3d1c")
            draw.line((x0 + k * 9 + 2, y0 + 2, x0 + k * 9 + 6, y0 + 2), fill="#f0b86a")
    for x, y in ((86, 38), (96, 34), (106, 38)):
        draw.ellipse((x, y, x + 5, y + 6), fill="#ffd24a", outline="#8a5a14")
        draw.line((x + 2, y + 2, x + 2, y + 4), fill="#fff6c0")
    draw.rectangle((12, 70, 15, 88), fill="#7a4a2a")
    draw.ellipse((3, 52, 24, 74), fill="#2f8a4a")
    draw.ellipse((6, 54, 17, 64), fill="#58b85a")
    draw.rectangle((166, 42, 167, 72), fill="#e8e8f0")
    draw.polygon([(165, 43), (154, 47), (165, 51)], fill="#e0405f")
    figure = hero(np.random.default_rng(4), "bare")
    image.paste(figure, (48, 71), figure)
    slime = sprite(
        ["......", "...ggg", "..gGgg", ".gGggg", ".ggegg", "gggggg", "gggggg"],
        {"g": "#e0508f", "G": "#ffb0d0", "e": "#1a1423"},
    )
    image.paste(slime, (122, 72), slime)
    for k in range(3):
        heart = item("heart")
        image.paste(heart, (3 + k * 13, 3), heart)
    draw.fontmode = "1"
    draw.text((137, 3), "x 042", font=ImageFont.load_default(size=11), fill="#1a1423")
    coin = item("coin")
    image.paste(coin, (122, 2), coin)
    return enlarge(image, 5)


@picture
def neon_alley(rng: np.random.Generator) -> Image.Image:
    w, h, street = 150, 112, 84
    image = dithered(w, h, ["#120c26", "#241545", "#47205f"], 5)
    draw = ImageDraw.Draw(image)
    for x in range(0, w, 15):
        top = int(rng.integers(8, 34))
        draw.rectangle((x, top, x + 14, street), fill="#1d1438")
        for wy in range(top + 4, street - 16, 6):
            for wx in range(x + 3, x + 12, 5):
                if rng.random() < 0.3:
                    draw.rectangle(
                        (wx, wy, wx + 2, wy + 3), fill=["#f7c873", "#5a3f8a", "#ff8fb0"][int(rng.integers(3))]
                    )
    for x0, x1, wall in ((0, 42, "#2a1a44"), (106, w, "#24163d")):
        draw.rectangle((x0, 0, x1, street + 4), fill=wall)
        for y in range(0, street + 4, 5):
            draw.line((x0, y, x1, y), fill="#1c1130")
    draw.fontmode, font = "1", ImageFont.load_default(size=11)
    for x, y, text, colour in ((5, 31, "RAMEN", "#ff4f8f"), (110, 30, "PIXEL", "#3fe0ff"), (112, 46, "BAR", "#ffd24a")):
        width = int(font.getlength(text))
        draw.rectangle((x - 3, y - 1, x + width + 2, y + 12), fill="#140c22", outline=colour)
        draw.text((x, y), text, font=font, fill=colour)
    draw.rectangle((4, 52, 38, street + 3), fill="#120a1f")
    draw.rectangle((6, 54, 36, 74), fill="#f7c873")
    for x in range(6, 37, 6):
        draw.rectangle((x, 50, x + 5, 58), fill="#d0344f" if x // 6 % 2 else "#f2e6d8")
    for x in (14, 24):
        draw.ellipse((x - 3, 62, x + 3, 68), fill="#3a2030")
        draw.rectangle((x - 4, 68, x + 4, 74), fill="#3a2030")
    draw.rectangle((0, 74, 40, 77), fill="#6b3a2a")
    draw.rectangle((118, 62, 140, street + 3), fill="#3a2a5a")
    draw.rectangle((121, 65, 137, street + 3), fill="#58408a")
    draw.line((0, 12, 60, 24, 106, 20, w, 8), fill="#0c0818")
    for k in range(9):
        x = 8 + k * 16
        draw.rectangle((x, 17 + (k * 5) % 7, x + 3, 21 + (k * 5) % 7), fill="#ff6f5f")
    street_image = image.crop((0, street + 4 - 24, w, street + 4)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    image.paste(Image.blend(street_image, Image.new("RGB", street_image.size, "#150d2a"), 0.5), (0, street + 4))
    for y in range(street + 4, h, 2):
        shift = int(rng.integers(-3, 4))
        row = image.crop((0, y, w, y + 1))
        image.paste(row, (shift, y))
    cat = sprite(
        [
            "..b.........",
            "bbb......b..",
            "beb......bb.",
            "bbbbbbbb..b.",
            ".bbbbbbbbbb.",
            ".bbbbbbbb...",
            ".b.b..b.b...",
        ],
        {"b": "#0c0818", "e": "#ffd24a"},
        mirrored=False,
    )
    image.paste(cat, (66, street - 4), cat)
    for _ in range(150):
        x, y, length = int(rng.integers(0, w)), int(rng.integers(0, h)), int(rng.integers(2, 6))
        draw.line((x, y, x - 1, y + length), fill="#7a6fb5" if rng.random() < 0.6 else "#4a3f85")
    return enlarge(image, 5)


@picture
def pixel_voyage(rng: np.random.Generator) -> Image.Image:
    w, h, line = 160, 108, 70
    image = Image.new("RGB", (w, h))
    image.paste(dithered(w, line, ["#2b1b52", "#7a2f78", "#d9506a", "#ff9a56", "#ffe08a"], 9), (0, 0))
    draw = ImageDraw.Draw(image)
    draw.ellipse((92, 42, 128, 78), fill="#fff1b8")
    for y in (56, 61, 65):
        draw.rectangle((88, y, 132, y + 1), fill="#ffb765")
    image.paste(dithered(w, h - line, ["#b8466f", "#5f2a6b", "#2a1a4a"], 6), (0, line))
    for y in range(line, h):
        reach = 5 + (y - line) // 2
        for _ in range(4):
            x = 110 + int(rng.normal(0, reach * 0.8))
            draw.line((x - reach // 3, y, x + reach // 3, y), fill="#ffd98a" if rng.random() < 0.7 else "#ff9a56")
    hull = [(28, 74), (84, 74), (76, 86), (36, 86)]
    draw.polygon(hull, fill="#3a1c2c")
    draw.line((28, 74, 84, 74), fill="#8a4a3a")
    draw.line((33, 79, 80, 79), fill="#6b3433")
    for x, top in ((42, 34), (58, 24), (72, 38)):
        draw.line((x, top, x, 74), fill="#2a1420")
    for points, colour in (
        ([(44, 36), (44, 58), (53, 56), (50, 46)], "#f2d9b0"),
        ([(60, 26), (60, 46), (70, 44), (67, 34)], "#fff0cc"),
        ([(60, 48), (60, 68), (72, 66), (69, 56)], "#f2d9b0"),
        ([(74, 40), (74, 60), (81, 58), (79, 49)], "#e0b98a"),
        ([(40, 38), (40, 66), (27, 71)], "#e0b98a"),
    ):
        draw.polygon(points, fill=colour)
    draw.polygon([(58, 20), (58, 24), (66, 22)], fill="#e0405f")
    for x, y in ((20, 24), (30, 30), (120, 20), (136, 28), (128, 16)):
        draw.line((x - 3, y - 1, x - 1, y, x, y), fill="#1a1030")
        draw.line((x, y, x + 1, y, x + 3, y - 1), fill="#1a1030")
    return enlarge(image, 5)


def isometric(
    rng: np.random.Generator,
    blocks: dict[tuple[int, int, int], str],
    size: float,
    width: int,
    height: int,
    sky: Sequence[str],
    foot: float,
) -> Image.Image:
    """Draw unit cubes ``(x, y, z): colour`` from behind to the front, each face in its own light."""
    canvas = Canvas(width, height, sky)
    dx, dy = size * 0.866, size * 0.5
    spread = max(x for x, _, _ in blocks) + 1
    canvas.soft(
        16, lambda c: c.oval(width / 2, foot + spread * dy * 0.9, spread * dx * 0.95, spread * dy * 0.55, "#0a143055")
    )
    for x, y, z in sorted(blocks, key=lambda b: b[0] + b[1] + b[2]):
        colour = mix(blocks[x, y, z], "#000000" if rng.random() < 0.5 else "#ffffff", rng.uniform(0, 0.07))
        cx, cy = width / 2 + (x - y) * dx, foot + (x + y - spread) * dy - z * size
        top = [(cx, cy - size), (cx + dx, cy - size + dy), (cx, cy - size + 2 * dy), (cx - dx, cy - size + dy)]
        if (x, y, z + 1) not in blocks:
            canvas.poly(top, mix(colour, "#fff6d8", 0.16))
        if (x, y + 1, z) not in blocks:
            canvas.poly([top[3], top[2], (cx, cy + 2 * dy), (cx - dx, cy + dy)], mix(colour, "#1a1440", 0.16))
        if (x + 1, y, z) not in blocks:
            canvas.poly([top[2], top[1], (cx + dx, cy + dy), (cx, cy + 2 * dy)], mix(colour, "#1a1440", 0.38))
    return canvas.done()


def island(rng: np.random.Generator, n: int) -> dict[tuple[int, int, int], str]:
    """A floating disc of earth with grass on it."""
    blocks = {}
    for x in range(n):
        for y in range(n):
            away = np.hypot(x - (n - 1) / 2, y - (n - 1) / 2) / (n / 2)
            if away < 1.0 + rng.uniform(-0.06, 0.06):
                blocks[x, y, 0] = "#6fbf4a" if rng.random() < 0.8 else "#84cf58"
                for z in range(1, int((1.12 - away) * n * 0.42) + 1):
                    blocks[x, y, -z] = "#8a5f3c" if z < 2 else "#7d7f8a"
    return blocks


def tree(
    blocks: dict[tuple[int, int, int], str], rng: np.random.Generator, x: int, y: int, colours: Sequence[str]
) -> None:
    for z in range(1, 4):
        blocks[x, y, z] = "#6b4226"
    for i in range(-2, 3):
        for j in range(-2, 3):
            for z in range(3, 7):
                if i * i + j * j + (z - 4.4) ** 2 * 1.6 < 5.2 + rng.uniform(-0.9, 0.6):
                    blocks[x + i, y + j, z] = colours[int(rng.integers(len(colours)))]


@picture
def voxel_cottage(rng: np.random.Generator) -> Image.Image:
    blocks = island(rng, 17)
    for x in range(4, 10):
        for y in range(4, 11):
            edge = x in (4, 9) or y in (4, 10)
            for z in range(1, 5):
                if edge:
                    corner = x in (4, 9) and y in (4, 10)
                    blocks[x, y, z] = "#6b4a2f" if corner else "#e6d8ba"
    for y in (5, 6, 8, 9):
        blocks[9, y, 3] = "#8fd3f0"
    for x in (6, 7):
        blocks[x, 10, 3] = "#8fd3f0"
    blocks[9, 7, 1] = blocks[9, 7, 2] = "#7a4a24"
    for z in range(4):
        for x in range(3 + z, 11 - z):
            for y in range(3, 12):
                blocks[x, y, 5 + z] = "#b5483f" if (x + z) % 2 else "#c4564a"
    for z in range(5, 11):
        blocks[5, 5, z] = "#8a8a92"
    for x in range(10, 16):
        if (x, 7, 0) in blocks:
            blocks[x, 7, 0] = "#d9c48a"
    tree(blocks, rng, 13, 3, ["#3f8f3f", "#4fa34a", "#357f3a"])
    tree(blocks, rng, 4, 13, ["#f29ab8", "#f7b8cc", "#e884a8"])
    for x, y, colour in (
        (12, 10, "#ffd24a"),
        (11, 11, "#e0405f"),
        (12, 5, "#ffffff"),
        (8, 13, "#c48bff"),
        (10, 13, "#ffd24a"),
    ):
        blocks[x, y, 1] = colour
    return isometric(rng, blocks, 17, 640, 600, ["#8fd3ff", "#d9f2ff"], 330)


@picture
def voxel_castle(rng: np.random.Generator) -> Image.Image:
    blocks = island(rng, 19)
    stone = ["#9a9aa8", "#8d8d9c", "#a8a8b5"]

    def wall(x: int, y: int, top: int) -> None:
        for z in range(1, top + 1):
            blocks[x, y, z] = stone[int(rng.integers(3))]

    for k in range(4, 15):
        for x, y in ((k, 4), (k, 14), (4, k), (14, k)):
            wall(x, y, 5 + (k % 2))
    for cx, cy, top in ((4, 4, 10), (14, 4, 9), (4, 14, 9), (14, 14, 8), (9, 9, 14)):
        for i in range(-1, 2):
            for j in range(-1, 2):
                wall(cx + i, cy + j, top + (1 if (i + j) % 2 == 0 and (i or j) else 0))
        if (cx, cy) in ((9, 9), (4, 4)):
            for z in range(3):
                for i in range(-2 + z, 3 - z):
                    for j in range(-2 + z, 3 - z):
                        blocks[cx + i, cy + j, top + 1 + z] = "#3f5fb5"
        blocks[cx + 1, cy, top - 3] = "#ffe08a"
        blocks[cx, cy + 1, top - 3] = "#ffe08a"
    for y in (8, 9, 10):
        for z in (1, 2, 3):
            blocks[14, y, z] = "#5a3a22"
    for z in range(15, 21):
        blocks[9, 9, z] = "#5a3a22" if z > 17 else "#3f5fb5"
    blocks[9, 10, 20] = blocks[9, 11, 20] = blocks[9, 10, 19] = blocks[9, 11, 19] = "#e0405f"
    return isometric(rng, blocks, 14.5, 640, 640, ["#f7b58a", "#fbe0b8", "#fdf2da"], 400)


@picture
def voxel_beacon(rng: np.random.Generator) -> Image.Image:
    blocks = {}
    for x in range(19):
        for y in range(19):
            away = np.hypot(x - 8, y - 8)
            blocks[x, y, 0] = "#3f8fd9" if rng.random() < 0.7 else "#56a3e6"
            if away < 6.2:
                blocks[x, y, 1] = "#eddc9f"
            if away < 4.8:
                blocks[x, y, 2] = "#7d7f8a" if rng.random() < 0.4 else "#6fbf4a"
    for z in range(3, 15):
        radius = 2.3 if z < 7 else 1.6
        for x in range(5, 12):
            for y in range(5, 12):
                if np.hypot(x - 8, y - 8) <= radius:
                    blocks[x, y, z] = "#f4f1ea" if z // 3 % 2 else "#d9433f"
    for x in range(6, 11):
        for y in range(6, 11):
            blocks[x, y, 15] = "#4a4f5c"
    for x in range(7, 10):
        for y in range(7, 10):
            blocks[x, y, 16] = blocks[x, y, 17] = "#ffe36e"
            blocks[x, y, 18] = "#d9433f"
    blocks[8, 8, 19] = "#d9433f"
    for x, y in ((15, 5), (15, 6), (15, 7), (15, 8), (14, 6), (14, 7), (16, 6), (16, 7)):
        blocks[x, y, 1] = "#8a5a34"
    for z in range(2, 6):
        blocks[15, 6, z] = "#6b4226"
    for z in (3, 4, 5):
        blocks[15, 7, z] = "#ffffff"
    blocks[15, 8, 3] = blocks[15, 8, 4] = "#ffffff"
    return isometric(rng, blocks, 15, 640, 600, ["#26325f", "#6a5a94", "#f0a58a"], 400)
