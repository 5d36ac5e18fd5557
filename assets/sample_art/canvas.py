"""What all pictures are drawn with: seeded noise, colour ramps and a supersampled painter."""

from __future__ import annotations

import math
import zlib
from functools import lru_cache
from typing import Callable, Iterable, Sequence, Tuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Point = Tuple[float, float]
PICTURES: dict[str, Callable[[np.random.Generator], Image.Image]] = {}


def picture(function: Callable[[np.random.Generator], Image.Image]) -> Callable[[np.random.Generator], Image.Image]:
    """Register a picture under its function's name."""
    PICTURES[function.__name__] = function
    return function


def draw_picture(name: str) -> Image.Image:
    """Draw a registered picture. Its seed is its name, so that pictures do not depend on each other."""
    return PICTURES[name](np.random.default_rng(zlib.crc32(name.encode())))


def rgb(colour: str) -> np.ndarray:
    """``#rrggbb`` as three floats, 0 to 255."""
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.float32)


def mix(a: str, b: str, t: float) -> str:
    """The colour between ``a`` (t = 0) and ``b`` (t = 1)."""
    return "#{:02x}{:02x}{:02x}".format(*(round(v) for v in rgb(a) * (1 - t) + rgb(b) * t))


def ramp(colours: Sequence[str], t: np.ndarray, stops: Sequence[float] | None = None) -> np.ndarray:
    """Map ``t`` (any shape, 0 to 1) onto a gradient through ``colours``; adds an axis of three."""
    at = np.linspace(0, 1, len(colours)) if stops is None else np.asarray(stops)
    table = np.stack([rgb(c) for c in colours])
    return np.stack([np.interp(t, at, table[:, k]) for k in range(3)], axis=-1).astype(np.float32)


def to_image(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(pixels + 0.5, 0, 255).astype(np.uint8))


def plane(width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Pixel coordinates ``x`` (0 to width) and ``y`` (0 to height) as arrays of height × width."""
    return np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))


def noise(
    rng: np.random.Generator, width: int, height: int, cells: tuple[float, float], octaves: int = 5
) -> np.ndarray:
    """Fractal value noise, 0 to 1, height × width; ``cells`` counts the coarsest bumps across and down."""
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        shape = [max(2, round(c * 2**octave) + 2) for c in cells]
        lattice = Image.fromarray(rng.random((shape[1], shape[0]), dtype=np.float32))
        total += np.asarray(lattice.resize((width, height), Image.Resampling.BICUBIC)) * 0.5**octave
    low, high = np.percentile(total, [0.5, 99.5])
    return np.clip((total - low) / (high - low), 0, 1)


def skyline(rng: np.random.Generator, width: int, cells: float, octaves: int = 7, gain: float = 0.5) -> np.ndarray:
    """One-dimensional fractal noise, 0 to 1: the outline of hills."""
    total = np.zeros(width)
    for octave in range(octaves):
        knots = max(3, int(cells * 2**octave) + 3)
        at = np.linspace(0, knots - 1.001, width)
        i, f = at.astype(int), at % 1
        f = f * f * (3 - 2 * f)
        values = rng.random(knots + 1)
        total += (values[i] * (1 - f) + values[i + 1] * f) * gain**octave
    return (total - total.min()) / np.ptp(total)


def blend(base: np.ndarray, colour: np.ndarray | str, mask: np.ndarray) -> np.ndarray:
    """Lay ``colour`` over ``base`` (h × w × 3) where ``mask`` (h × w, 0 to 1) is."""
    over = rgb(colour) if isinstance(colour, str) else colour
    return base + (over - base) * np.clip(mask, 0, 1)[..., None]


def add_stars(pixels: np.ndarray, rng: np.random.Generator, count: int, mask: np.ndarray | None = None) -> np.ndarray:
    """Add stars of many sizes and temperatures; ``mask`` dims them."""
    height, width = pixels.shape[:2]
    sky = np.zeros((height + 8, width + 8, 3), np.float32)
    yy, xx = np.mgrid[-4:5, -4:5]
    for brightness in rng.pareto(1.7, count):
        x, y = rng.uniform(4, width + 3), rng.uniform(4, height + 3)
        i, j = int(y), int(x)
        radius = min(0.5 + 0.16 * brightness, 1.7)
        spot = np.exp(-((xx - x + j) ** 2 + (yy - y + i) ** 2) / (2 * radius**2))
        tint = ramp(["#ffd9b0", "#ffffff", "#b9d0ff"], np.array(rng.random()))
        sky[i - 4 : i + 5, j - 4 : j + 5] += (spot * min(0.22 + 0.3 * brightness, 1.2))[..., None] * tint
    sky = sky[4:-4, 4:-4]
    return np.clip(pixels + sky * (1 if mask is None else mask[..., None]), 0, 255)


def grain(image: Image.Image, rng: np.random.Generator, amount: float) -> Image.Image:
    """Fine paper or film grain; the same in all three channels."""
    pixels = np.asarray(image, np.float32)
    return to_image(pixels + rng.normal(0, amount, pixels.shape[:2])[..., None])


def enlarge(image: Image.Image, times: int) -> Image.Image:
    """Whole-number enlargement with hard edges: how pixel art is shown."""
    return image.resize((image.width * times, image.height * times), Image.Resampling.NEAREST)


def smooth(points: Sequence[Point], closed: bool = False, steps: int = 12) -> list[Point]:
    """A Catmull-Rom curve through ``points``."""
    p = list(points)
    p = [p[-1], *p, p[0], p[1]] if closed else [p[0], *p, p[-1]]
    t = np.linspace(0, 1, steps, endpoint=False)
    powers = np.stack([np.ones_like(t), t, t**2, t**3], axis=1)
    basis = 0.5 * np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]])
    weights = powers @ basis
    curve = [weights @ np.array(p[i : i + 4], dtype=float) for i in range(len(p) - 3)]
    out = [(float(x), float(y)) for x, y in np.concatenate(curve)]
    return out if closed else [*out, points[-1]]


def regular(x: float, y: float, radius: float, sides: int, turn: float = 0.0, inner: float = 0.0) -> list[Point]:
    """A regular polygon, or a star when ``inner`` (a radius) is given; ``turn`` in degrees, 0 points up."""
    count = sides * 2 if inner else sides
    corners = []
    for k in range(count):
        r = inner if inner and k % 2 else radius
        a = math.radians(turn - 90 + 360 * k / count)
        corners.append((x + r * math.cos(a), y + r * math.sin(a)))
    return corners


@lru_cache(maxsize=256)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size=size)


class Canvas:
    """A painter with anti-aliasing: coordinates are final pixels, drawing happens ``scale`` times larger.

    Colours are ``#rrggbb`` or ``#rrggbbaa``.
    """

    def __init__(self, width: int, height: int, background: str | Sequence[str] = "#ffffff", scale: int = 2) -> None:
        self.width, self.height, self.scale = width, height, scale
        size = (width * scale, height * scale)
        if isinstance(background, str):
            self.image = Image.new("RGBA" if len(background) == 9 else "RGB", size, background)
        else:
            column = ramp(background, np.linspace(0, 1, height))[:, None]
            self.image = to_image(np.repeat(column, width, axis=1)).resize(size, Image.Resampling.BILINEAR)
        self._ready()

    @classmethod
    def over(cls, image: Image.Image, scale: int = 2) -> Canvas:
        """Paint on top of a finished picture."""
        canvas = cls(image.width, image.height, scale=scale)
        canvas.image = image.convert("RGB").resize(canvas.image.size, Image.Resampling.BICUBIC)
        canvas._ready()
        return canvas

    def _ready(self) -> None:
        self._draw = ImageDraw.Draw(self.image, "RGBA")

    def _at(self, points: Iterable[Point]) -> list[Point]:
        return [(x * self.scale, y * self.scale) for x, y in points]

    def poly(self, points: Sequence[Point], fill: str, line: str | None = None, width: float = 2) -> None:
        self._draw.polygon(self._at(points), fill=fill)
        if line:
            self.line([*points, points[0]], line, width)

    def blob(self, points: Sequence[Point], fill: str, line: str | None = None, width: float = 2) -> None:
        """A smooth closed shape through ``points``."""
        self.poly(smooth(points, closed=True), fill, line, width)

    def line(self, points: Sequence[Point], fill: str, width: float = 2) -> None:
        """A line with round joints and ends."""
        thick = max(1, round(width * self.scale))
        at = self._at(points)
        self._draw.line(at, fill=fill, width=thick, joint="curve")
        if thick > 3 and len(fill) == 7:
            r = thick / 2 - 0.5
            for x, y in (at[0], at[-1]):
                self._draw.ellipse((x - r, y - r, x + r, y + r), fill=fill)

    def curve(self, points: Sequence[Point], fill: str, width: float = 2) -> None:
        self.line(smooth(points), fill, width)

    def oval(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        fill: str | None,
        line: str | None = None,
        width: float = 2,
        turn: float = 0,
    ) -> None:
        """An ellipse about its centre; ``turn`` in degrees."""
        angles = np.linspace(0, 2 * math.pi, 72, endpoint=False)
        c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        points = [
            (x + rx * math.cos(a) * c - ry * math.sin(a) * s, y + rx * math.cos(a) * s + ry * math.sin(a) * c)
            for a in angles
        ]
        if fill:
            self._draw.polygon(self._at(points), fill=fill)
        if line:
            self.line([*points, points[0]], line, width)

    def dot(
        self, x: float, y: float, radius: float, fill: str | None, line: str | None = None, width: float = 2
    ) -> None:
        k = self.scale
        box = ((x - radius) * k, (y - radius) * k, (x + radius) * k, (y + radius) * k)
        self._draw.ellipse(box, fill=fill, outline=line, width=round(width * k) if line else 0)

    def arc(self, x: float, y: float, radius: float, start: float, end: float, fill: str, width: float = 2) -> None:
        """Part of a circle's outline; degrees, 0 is east, clockwise; ``radius`` to the middle of the stroke."""
        k, r = self.scale, radius + width / 2
        box = ((x - r) * k, (y - r) * k, (x + r) * k, (y + r) * k)
        self._draw.arc(box, start, end, fill=fill, width=round(width * k))

    def pie(self, x: float, y: float, radius: float, start: float, end: float, fill: str) -> None:
        k = self.scale
        self._draw.pieslice(
            ((x - radius) * k, (y - radius) * k, (x + radius) * k, (y + radius) * k), start, end, fill=fill
        )

    def rect(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        fill: str | None,
        radius: float = 0,
        line: str | None = None,
        width: float = 1,
    ) -> None:
        k = self.scale
        box = (x * k, y * k, (x + w) * k - 1, (y + h) * k - 1)
        self._draw.rounded_rectangle(box, radius * k, fill=fill, outline=line, width=round(width * k) if line else 0)

    def gradient(self, points: Sequence[Point], colours: Sequence[str]) -> None:
        """A polygon filled from top to bottom with a gradient."""
        at = self._at(points)
        left, top = (int(min(p[i] for p in at)) for i in (0, 1))
        right, bottom = (int(max(p[i] for p in at)) + 1 for i in (0, 1))
        mask = Image.new("L", (right - left, bottom - top), 0)
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in at], fill=255)
        column = to_image(ramp(colours, np.linspace(0, 1, mask.height))[:, None])
        self.image.paste(column.resize(mask.size, Image.Resampling.NEAREST), (left, top), mask)

    def text_width(self, text: str, size: float, weight: float = 0, stretch: float = 1, tracking: float = 0) -> float:
        font = _font(round(size * self.scale))
        bold = 2 * round(weight * size * self.scale)
        return (font.getlength(text) + bold) * stretch / self.scale + tracking * max(0, len(text) - 1)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        fill: str,
        anchor: str = "ls",
        weight: float = 0,
        stretch: float = 1,
        tracking: float = 0,
        slant: float = 0,
        outline: str | None = None,
        outline_width: float = 0,
        turn: float = 0,
    ) -> None:
        """One line of type. ``weight`` thickens strokes by that part of the size (0.03 is bold, 0.07 black);
        ``stretch`` widens, ``slant`` leans, ``anchor`` is l/m/r and a/m/s as in Pillow, ``turn`` in degrees.
        """
        k = self.scale
        pixels = round(size * k)
        font = _font(pixels)
        bold, edge = round(weight * pixels), round(outline_width * k)
        pad = bold + edge + int(abs(slant) * pixels) + 4
        letters = list(text) if tracking else [text]
        advance = [font.getlength(part) + tracking * k / stretch for part in letters]
        length = sum(advance) - (tracking * k / stretch if tracking else 0) + 2 * bold
        box = (int(length) + 2 * pad, int(pixels * 1.5) + 2 * pad)
        base = pad + int(pixels * 1.1)
        left = length * {"l": 0, "m": 0.5, "r": 1}[anchor[0]]
        rise = {"s": 0, "m": 0.36 * pixels, "a": 0.74 * pixels}[anchor[1]]
        for colour, stroke in ((outline, bold + edge), (fill, bold)):
            if not colour:
                continue
            mask = Image.new("L", box, 0)
            pen, at = ImageDraw.Draw(mask), float(pad + bold)
            for part, step in zip(letters, advance):
                pen.text((at, base), part, fill=255, font=font, anchor="ls", stroke_width=stroke)
                at += step
            if slant:
                shear = (1, slant, -slant * base, 0, 1, 0)
                mask = mask.transform(mask.size, Image.Transform.AFFINE, shear, Image.Resampling.BICUBIC)
            if stretch != 1:
                mask = mask.resize((int(mask.width * stretch), mask.height), Image.Resampling.BICUBIC)
            dx, dy = (pad + left) * stretch, base - rise
            if turn:
                side = 2 * (max(mask.size) + 2)
                square = Image.new("L", (side, side), 0)
                square.paste(mask, (int(side / 2 - dx), int(side / 2 - dy)))
                mask, dx, dy = square.rotate(-turn, Image.Resampling.BICUBIC), side / 2, side / 2
            if len(colour) == 9:
                mask = mask.point(lambda v, a=int(colour[7:], 16): v * a // 255)
            self.image.paste(colour[:7], (int(x * k - dx), int(y * k - dy)), mask)

    def soft(self, blur: float, paint: Callable[[Canvas], None]) -> None:
        """Let ``paint`` draw on a transparent layer that is then blurred and laid over: shadows, glows, mist."""
        layer = Canvas(self.width, self.height, "#00000000", scale=1)
        paint(layer)
        # Blur of premultiplied colour: otherwise the black of the empty layer darkens every edge.
        pixels = np.asarray(layer.image, np.float32)
        alpha = pixels[..., 3:] / 255
        stack = to_image(np.concatenate([pixels[..., :3] * alpha, pixels[..., 3:]], axis=-1))
        blurred = np.asarray(stack.filter(ImageFilter.GaussianBlur(blur)), np.float32)
        colour = blurred[..., :3] / np.maximum(blurred[..., 3:] / 255, 1 / 255)
        over = to_image(np.concatenate([colour, blurred[..., 3:]], axis=-1))
        over = over.resize(self.image.size, Image.Resampling.BILINEAR)
        self.image.paste(over.convert("RGB"), (0, 0), over.getchannel("A"))

    def paste(self, image: Image.Image, x: float, y: float, width: float, height: float, radius: float = 0) -> None:
        """Lay a picture into a box, with rounded corners if wanted."""
        size = (int(width * self.scale), int(height * self.scale))
        mask = Image.new("L", size, 0)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), radius * self.scale, fill=255)
        at = (int(x * self.scale), int(y * self.scale))
        self.image.paste(image.convert("RGB").resize(size, Image.Resampling.LANCZOS), at, mask)

    def done(self) -> Image.Image:
        return self.image.resize((self.width, self.height), Image.Resampling.BOX)
