"""Cartoon characters, the memes they star in, and comics."""

from __future__ import annotations

import math
from typing import Sequence

import numpy as np
from PIL import Image

from sample_art.canvas import Canvas, mix, picture, regular, smooth

INK = "#1f1a2b"


def caption(canvas: Canvas, text: str, y: float, size: float, x: float | None = None) -> None:
    """Condensed white capitals with a black edge."""
    canvas.text(
        canvas.width / 2 if x is None else x,
        y,
        text,
        size,
        "#ffffff",
        "ms",
        weight=0.05,
        stretch=0.82,
        outline="#000000",
        outline_width=size * 0.075,
    )


def eyes(
    canvas: Canvas,
    x: float,
    y: float,
    gap: float,
    size: float,
    look: tuple[float, float] = (0, 0),
    mood: str = "open",
    iris: str = INK,
) -> None:
    for side in (-1, 1):
        ex = x + side * gap
        if mood == "happy":
            canvas.arc(ex, y + size * 0.4, size * 0.8, 200, 340, INK, size * 0.3)
        elif mood == "shut":
            canvas.arc(ex, y - size * 0.3, size * 0.8, 20, 160, INK, size * 0.3)
        elif mood == "flat":
            canvas.dot(ex, y, size, "#ffffff", INK, size * 0.16)
            canvas.dot(ex + look[0] * size, y + size * 0.15, size * 0.5, iris)
            canvas.pie(ex, y, size * 1.04, 180, 360, INK)
        else:
            canvas.dot(ex, y, size, "#ffffff", INK, size * 0.16)
            canvas.dot(ex + look[0] * size * 0.4, y + look[1] * size * 0.4, size * 0.58, iris)
            canvas.dot(
                ex + look[0] * size * 0.4 - size * 0.18, y + look[1] * size * 0.4 - size * 0.22, size * 0.2, "#ffffff"
            )


def cat(
    canvas: Canvas,
    x: float,
    y: float,
    s: float,
    fur: str = "#f2a24a",
    mood: str = "open",
    look: tuple[float, float] = (0, 0),
    body: bool = True,
) -> None:
    """A cat sitting upright; ``x, y`` is the middle of its face, ``s`` about half a face."""
    dark = mix(fur, "#3a1a10", 0.32)
    if body:
        canvas.curve(
            [
                (x + s * 0.9, y + s * 2.6),
                (x + s * 2.0, y + s * 2.5),
                (x + s * 1.9, y + s * 1.4),
                (x + s * 2.3, y + s * 1.0),
            ],
            INK,
            s * 0.42,
        )
        canvas.curve(
            [
                (x + s * 0.9, y + s * 2.6),
                (x + s * 2.0, y + s * 2.5),
                (x + s * 1.9, y + s * 1.4),
                (x + s * 2.3, y + s * 1.0),
            ],
            fur,
            s * 0.30,
        )
        canvas.blob(
            [
                (x - s * 0.7, y + s * 0.7),
                (x + s * 0.7, y + s * 0.7),
                (x + s * 1.2, y + s * 2.0),
                (x + s * 1.1, y + s * 2.8),
                (x - s * 1.1, y + s * 2.8),
                (x - s * 1.2, y + s * 2.0),
            ],
            fur,
            INK,
            s * 0.07,
        )
        canvas.oval(x, y + s * 1.75, s * 0.55, s * 0.75, mix(fur, "#ffffff", 0.65))
        for side in (-1, 1):
            canvas.oval(x + side * s * 0.45, y + s * 2.78, s * 0.38, s * 0.2, mix(fur, "#ffffff", 0.5), INK, s * 0.06)
    for side in (-1, 1):
        canvas.poly(
            [
                (x + side * s * 0.22, y - s * 0.7),
                (x + side * s * 0.92, y - s * 1.42),
                (x + side * s * 1.08, y - s * 0.3),
            ],
            fur,
            INK,
            s * 0.08,
        )
        canvas.poly(
            [
                (x + side * s * 0.48, y - s * 0.76),
                (x + side * s * 0.84, y - s * 1.12),
                (x + side * s * 0.92, y - s * 0.55),
            ],
            "#f7b8b0",
        )
    canvas.oval(x, y, s * 1.22, s * 0.98, fur, INK, s * 0.08)
    for k in (-1, 0, 1):
        canvas.line([(x + k * s * 0.24, y - s * 0.9), (x + k * s * 0.2, y - s * 0.55)], dark, s * 0.11)
    for side in (-1, 1):
        for k in (0, 1):
            canvas.line(
                [(x + side * s * 1.14, y + s * (0.12 + 0.24 * k)), (x + side * s * 0.82, y + s * (0.16 + 0.18 * k))],
                dark,
                s * 0.09,
            )
            canvas.line(
                [(x + side * s * 0.55, y + s * (0.42 + 0.12 * k)), (x + side * s * 1.65, y + s * (0.30 + 0.28 * k))],
                "#ffffff",
                s * 0.035,
            )
    canvas.oval(x, y + s * 0.46, s * 0.46, s * 0.32, mix(fur, "#ffffff", 0.65))
    eyes(canvas, x, y - s * 0.05, s * 0.46, s * 0.27, look, mood, "#2f6b4a")
    canvas.poly([(x - s * 0.12, y + s * 0.28), (x + s * 0.12, y + s * 0.28), (x, y + s * 0.42)], "#e0607f")
    for side in (-1, 1):
        canvas.arc(
            x + side * s * 0.14, y + s * 0.44, s * 0.14, 10 if side > 0 else 20, 160 if side > 0 else 170, INK, s * 0.06
        )


def dog(
    canvas: Canvas,
    x: float,
    y: float,
    s: float,
    fur: str = "#d9a066",
    mood: str = "open",
    look: tuple[float, float] = (0, 0),
    tongue: bool = True,
) -> None:
    dark = mix(fur, "#3a1a10", 0.45)
    canvas.blob(
        [
            (x - s * 0.9, y + s * 0.9),
            (x + s * 0.9, y + s * 0.9),
            (x + s * 1.3, y + s * 2.9),
            (x - s * 1.3, y + s * 2.9),
        ],
        fur,
        INK,
        s * 0.07,
    )
    canvas.oval(x, y + s * 2.1, s * 0.6, s * 0.8, mix(fur, "#ffffff", 0.55))
    canvas.rect(x - s * 0.82, y + s * 0.86, s * 1.64, s * 0.26, "#3f6fc8", s * 0.12, INK, s * 0.06)
    canvas.dot(x, y + s * 1.2, s * 0.17, "#ffd24a", INK, s * 0.05)
    canvas.oval(x, y, s * 1.1, s * 1.05, fur, INK, s * 0.08)
    for side in (-1, 1):
        canvas.blob(
            [
                (x + side * s * 0.72, y - s * 0.85),
                (x + side * s * 1.35, y - s * 0.7),
                (x + side * s * 1.5, y + s * 0.35),
                (x + side * s * 1.1, y + s * 0.5),
                (x + side * s * 0.95, y - s * 0.1),
            ],
            dark,
            INK,
            s * 0.08,
        )
    canvas.oval(x + s * 0.42, y - s * 0.2, s * 0.44, s * 0.5, mix(fur, "#ffffff", 0.5))
    canvas.oval(x, y + s * 0.48, s * 0.62, s * 0.46, mix(fur, "#ffffff", 0.7), INK, s * 0.06)
    if tongue:
        canvas.rect(x - s * 0.17, y + s * 0.66, s * 0.34, s * 0.46, "#f0708a", s * 0.17, INK, s * 0.06)
    canvas.arc(x - s * 0.2, y + s * 0.5, s * 0.2, 10, 160, INK, s * 0.07)
    canvas.arc(x + s * 0.2, y + s * 0.5, s * 0.2, 20, 170, INK, s * 0.07)
    canvas.oval(x, y + s * 0.3, s * 0.24, s * 0.17, INK)
    eyes(canvas, x, y - s * 0.18, s * 0.42, s * 0.22, look, mood, "#4a2a1a")


def frog(
    canvas: Canvas, x: float, y: float, s: float, mood: str = "flat", look: tuple[float, float] = (0.1, 0)
) -> None:
    skin = "#6fbf4a"
    canvas.oval(x, y + s * 1.6, s * 1.35, s * 1.15, skin, INK, s * 0.08)
    canvas.oval(x, y + s * 1.85, s * 0.85, s * 0.8, "#d8efb0")
    for side in (-1, 1):
        canvas.oval(x + side * s * 1.25, y + s * 2.5, s * 0.62, s * 0.26, skin, INK, s * 0.08)
        canvas.dot(x + side * s * 0.62, y - s * 0.62, s * 0.48, skin, INK, s * 0.08)
    canvas.oval(x, y, s * 1.3, s * 0.88, skin, INK, s * 0.08)
    for side in (-1, 1):
        canvas.dot(x + side * s * 0.62, y - s * 0.58, s * 0.42, skin)
        canvas.oval(x + side * s * 0.85, y + s * 0.25, s * 0.2, s * 0.12, "#f29ab0")
    eyes(canvas, x, y - s * 0.62, s * 0.62, s * 0.32, look, mood)
    canvas.curve(
        [
            (x - s * 0.8, y + s * 0.22),
            (x - s * 0.35, y + s * 0.40),
            (x + s * 0.35, y + s * 0.40),
            (x + s * 0.8, y + s * 0.22),
        ],
        INK,
        s * 0.09,
    )
    for side in (-1, 1):
        canvas.dot(x + side * s * 0.12, y - s * 0.05, s * 0.04, INK)


def robot(
    canvas: Canvas, x: float, y: float, s: float, shell: str = "#8fb8d9", screen: str = "#123", face: str = "smile"
) -> None:
    dark = mix(shell, "#10243f", 0.4)
    canvas.line([(x, y - s * 0.9), (x, y - s * 1.35)], INK, s * 0.1)
    canvas.dot(x, y - s * 1.45, s * 0.17, "#ff5d5d", INK, s * 0.07)
    for side in (-1, 1):
        canvas.curve(
            [
                (x + side * s * 0.95, y + s * 1.35),
                (x + side * s * 1.55, y + s * 1.6),
                (x + side * s * 1.6, y + s * 2.2),
            ],
            INK,
            s * 0.36,
        )
        canvas.curve(
            [
                (x + side * s * 0.95, y + s * 1.35),
                (x + side * s * 1.55, y + s * 1.6),
                (x + side * s * 1.6, y + s * 2.2),
            ],
            dark,
            s * 0.22,
        )
        canvas.dot(x + side * s * 1.6, y + s * 2.3, s * 0.26, shell, INK, s * 0.07)
        canvas.rect(x + side * s * 0.5 - s * 0.26, y + s * 2.4, s * 0.52, s * 0.55, dark, s * 0.12, INK, s * 0.07)
        canvas.rect(x + side * s * 1.22 - s * 0.15, y - s * 0.35, s * 0.3, s * 0.6, dark, s * 0.1, INK, s * 0.07)
    canvas.rect(x - s * 0.95, y + s * 0.95, s * 1.9, s * 1.6, shell, s * 0.25, INK, s * 0.08)
    canvas.rect(x - s * 0.5, y + s * 1.35, s, s * 0.7, mix(shell, "#ffffff", 0.55), s * 0.1, INK, s * 0.05)
    for k, colour in enumerate(("#ff5d5d", "#ffd24a", "#5dd68a")):
        canvas.dot(x - s * 0.28 + k * s * 0.28, y + s * 1.7, s * 0.1, colour)
    canvas.rect(x - s * 1.15, y - s * 0.9, s * 2.3, s * 1.75, shell, s * 0.4, INK, s * 0.08)
    canvas.rect(x - s * 0.9, y - s * 0.62, s * 1.8, s * 1.2, "#12263f", s * 0.28, INK, s * 0.06)
    glow = "#6ff2e0"
    for side in (-1, 1):
        if face == "smile":
            canvas.rect(x + side * s * 0.4 - s * 0.13, y - s * 0.38, s * 0.26, s * 0.42, glow, s * 0.13)
        elif face == "happy":
            canvas.arc(x + side * s * 0.42, y - s * 0.02, s * 0.2, 190, 350, glow, s * 0.1)
        else:
            canvas.line(
                [(x + side * s * 0.4 - s * 0.14, y - s * 0.3), (x + side * s * 0.4 + s * 0.14, y - s * 0.02)],
                glow,
                s * 0.1,
            )
            canvas.line(
                [(x + side * s * 0.4 + s * 0.14, y - s * 0.3), (x + side * s * 0.4 - s * 0.14, y - s * 0.02)],
                glow,
                s * 0.1,
            )
    if face == "error":
        canvas.curve(
            [
                (x - s * 0.3, y + s * 0.3),
                (x - s * 0.1, y + s * 0.2),
                (x + s * 0.1, y + s * 0.34),
                (x + s * 0.3, y + s * 0.22),
            ],
            glow,
            s * 0.09,
        )
    else:
        canvas.arc(x, y + s * 0.12, s * 0.26, 20, 160, glow, s * 0.09)


def duck(canvas: Canvas, x: float, y: float, s: float, hat: bool = True) -> None:
    canvas.blob(
        [
            (x - s * 0.5, y + s * 0.7),
            (x + s * 0.6, y + s * 0.8),
            (x + s * 1.9, y + s * 1.0),
            (x + s * 2.3, y + s * 0.7),
            (x + s * 1.9, y + s * 2.1),
            (x + s * 0.4, y + s * 2.5),
            (x - s * 0.9, y + s * 1.9),
        ],
        "#ffd84d",
        INK,
        s * 0.08,
    )
    canvas.blob(
        [
            (x + s * 0.3, y + s * 1.2),
            (x + s * 1.5, y + s * 1.25),
            (x + s * 1.2, y + s * 1.9),
            (x + s * 0.4, y + s * 1.9),
        ],
        "#f2b92f",
        INK,
        s * 0.06,
    )
    canvas.dot(x, y, s * 0.95, "#ffd84d", INK, s * 0.08)
    canvas.blob(
        [
            (x - s * 0.75, y + s * 0.05),
            (x - s * 1.6, y + s * 0.22),
            (x - s * 1.5, y + s * 0.5),
            (x - s * 0.7, y + s * 0.5),
        ],
        "#f28c38",
        INK,
        s * 0.07,
    )
    canvas.line([(x - s * 1.4, y + s * 0.32), (x - s * 0.8, y + s * 0.30)], INK, s * 0.05)
    canvas.dot(x - s * 0.28, y - s * 0.22, s * 0.22, "#ffffff", INK, s * 0.05)
    canvas.dot(x - s * 0.34, y - s * 0.22, s * 0.12, INK)
    if hat:
        canvas.oval(x + s * 0.1, y - s * 0.82, s * 0.95, s * 0.18, "#2b2838", INK, s * 0.05, -8)
        canvas.poly(
            [
                (x - s * 0.5, y - s * 0.82),
                (x - s * 0.52, y - s * 1.75),
                (x + s * 0.52, y - s * 1.9),
                (x + s * 0.68, y - s * 0.98),
            ],
            "#2b2838",
        )
        canvas.poly(
            [
                (x - s * 0.5, y - s * 0.92),
                (x - s * 0.5, y - s * 1.15),
                (x + s * 0.63, y - s * 1.3),
                (x + s * 0.66, y - s * 1.06),
            ],
            "#c8403f",
        )
        canvas.dot(x - s * 0.3, y - s * 0.22, s * 0.34, None, "#d9a93a", s * 0.07)
        canvas.curve([(x - s * 0.1, y + s * 0.08), (x + s * 0.1, y + s * 0.5), (x, y + s * 0.9)], "#d9a93a", s * 0.05)


def octopus(canvas: Canvas, x: float, y: float, s: float) -> None:
    skin = "#e0709a"
    for k in range(6):
        side = k - 2.5
        path = [
            (x + side * s * 0.32, y + s * 0.6),
            (x + side * s * 0.62, y + s * 1.3),
            (x + side * s * 0.95, y + s * 1.5),
            (x + side * s * 1.1, y + s * (1.1 + 0.1 * (k % 2))),
        ]
        canvas.curve(path, INK, s * 0.42)
        canvas.curve(path, skin, s * 0.29)
    canvas.blob(
        [
            (x - s * 0.95, y - s * 0.2),
            (x - s * 0.6, y - s * 1.15),
            (x + s * 0.6, y - s * 1.15),
            (x + s * 0.95, y - s * 0.2),
            (x + s * 0.75, y + s * 0.8),
            (x - s * 0.75, y + s * 0.8),
        ],
        skin,
        INK,
        s * 0.08,
    )
    for dx, dy, r in ((-0.4, -0.8, 0.14), (-0.15, -0.95, 0.09), (0.5, -0.7, 0.1)):
        canvas.dot(x + dx * s, y + dy * s, r * s, mix(skin, "#ffffff", 0.4))
    eyes(canvas, x, y + s * 0.02, s * 0.38, s * 0.25, (0.1, 0.3))
    canvas.arc(x, y + s * 0.36, s * 0.18, 20, 160, INK, s * 0.07)


def desk(canvas: Canvas, top: float, colour: str = "#a8693a") -> None:
    canvas.rect(0, top, canvas.width, canvas.height - top, colour)
    canvas.rect(0, top, canvas.width, 10, mix(colour, "#ffffff", 0.25))
    for k in range(4):
        canvas.curve(
            [(0, top + 28 + k * 26), (canvas.width * 0.4, top + 22 + k * 28), (canvas.width, top + 30 + k * 26)],
            mix(colour, "#000000", 0.12),
            2,
        )


def mug(canvas: Canvas, x: float, y: float, s: float, colour: str) -> None:
    canvas.arc(x + s * 0.62, y + s * 0.55, s * 0.3, 250, 110, INK, s * 0.24)
    canvas.arc(x + s * 0.62, y + s * 0.55, s * 0.3, 250, 110, colour, s * 0.12)
    canvas.rect(x - s * 0.6, y, s * 1.2, s * 1.15, colour, s * 0.15, INK, s * 0.07)
    canvas.oval(x, y + s * 0.04, s * 0.57, s * 0.16, "#4a2a1a", INK, s * 0.07)
    for k in (-1, 0, 1):
        canvas.curve(
            [
                (x + k * s * 0.25, y - s * 0.2),
                (x + k * s * 0.25 + s * 0.1, y - s * 0.45),
                (x + k * s * 0.25 - s * 0.08, y - s * 0.65),
                (x + k * s * 0.25 + s * 0.05, y - s * 0.9),
            ],
            "#ffffff",
            s * 0.08,
        )


@picture
def meme_build_passed(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(640, 520, ["#39508f", "#7088c8"])
    desk(canvas, 400)
    canvas.rect(395, 190, 200, 150, "#20242f", 12, INK, 5)
    canvas.rect(408, 203, 174, 116, "#0f1a16", 5)
    for k in range(7):
        canvas.rect(418, 214 + k * 13, float(rng.uniform(40, 130)), 5, "#4fe08a" if k != 6 else "#f2f4fa", 2)
    canvas.text(495, 306, "ALL GREEN", 20, "#4fe08a", "ms", weight=0.05)
    canvas.poly([(470, 340), (520, 340), (535, 398), (455, 398)], "#2b303d", INK, 4)
    canvas.rect(360, 408, 230, 26, "#d8dce6", 6, INK, 3)
    cat(canvas, 190, 230, 84, mood="open", look=(0.9, 0.1))
    mug(canvas, 330, 356, 44, "#e05f5f")
    caption(canvas, "WHEN THE BUILD PASSES", 58, 48)
    caption(canvas, "AND YOU CHANGED NOTHING", 502, 44)
    return canvas.done()


@picture
def meme_tea_frog(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(600, 560, ["#2f6b4f", "#8fc48a"])
    for k in range(9):
        canvas.oval(40 + k * 68, 520 - (k % 3) * 18, 70, 22, mix("#3f8f5a", "#a8d98a", (k % 4) / 4))
    for x, y, r in ((80, 120, 26), (520, 150, 34), (470, 80, 16)):
        canvas.dot(x, y, r, "#ffffff22")
    frog(canvas, 300, 230, 118)
    canvas.oval(418, 432, 66, 14, "#f2f4fa", INK, 4)
    mug(canvas, 414, 362, 56, "#f2f4fa")
    canvas.oval(330, 404, 40, 22, "#6fbf4a", INK, 7, 18)
    caption(canvas, "I READ THE WHOLE THREAD", 58, 46)
    caption(canvas, "ANYWAY, THE TEA IS EXCELLENT", 540, 41)
    return canvas.done()


@picture
def meme_space_dog(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(600, 600, ["#0d0b26", "#2b1f5c", "#5b3a8a"])
    for _ in range(130):
        canvas.dot(rng.uniform(0, 600), rng.uniform(0, 600), rng.uniform(0.5, 2), "#ffffffd0")
    canvas.soft(20, lambda c: c.dot(470, 130, 66, "#6fc3ff66"))
    canvas.dot(470, 130, 54, "#4f9fd9")
    canvas.blob([(440, 110), (470, 96), (490, 118), (466, 140), (450, 132)], "#7fc46a")
    canvas.blob([(486, 150), (512, 140), (510, 166), (490, 172)], "#7fc46a")
    canvas.oval(300, 620, 420, 130, "#b8b3c9")
    for x, y, r in ((120, 540, 30), (470, 555, 40), (300, 575, 22)):
        canvas.oval(x, y, r, r * 0.4, "#958fae")
    canvas.rect(170, 375, 260, 230, "#f2f4fa", 70, INK, 7)
    dog(canvas, 300, 270, 92)
    canvas.rect(205, 400, 190, 200, "#f2f4fa", 40, INK, 6)
    canvas.rect(250, 455, 100, 60, "#3a4668", 10, INK, 4)
    for k, colour in enumerate(("#ff5d5d", "#ffd24a", "#5dd68a")):
        canvas.dot(275 + k * 25, 485, 8, colour)
    canvas.dot(300, 268, 158, "#bfe3ff2e", "#ffffff", 6)
    canvas.arc(300, 268, 138, 200, 250, "#ffffff", 9)
    canvas.rect(205, 395, 190, 34, "#c9d0e0", 17, INK, 6)
    caption(canvas, "ONE SMALL STEP FOR A DOG", 58, 44)
    caption(canvas, "ONE GIANT BALL TO FETCH", 582, 46)
    return canvas.done()


@picture
def meme_robot_plant(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(640, 520, ["#f7d9b0", "#fbe9cf"])
    canvas.rect(60, 90, 180, 190, "#9fd3f0", 4, INK, 6)
    canvas.line([(150, 90), (150, 280)], INK, 5)
    canvas.line([(60, 185), (240, 185)], INK, 5)
    desk(canvas, 410, "#c98a5a")
    robot(canvas, 300, 240, 66, "#e8a0b0", face="happy")
    canvas.poly([(440, 340), (560, 340), (542, 430), (458, 430)], "#c8553d", INK, 5)
    canvas.rect(430, 322, 140, 26, "#d96a4f", 6, INK, 5)
    canvas.curve([(500, 322), (496, 270), (504, 220)], "#2f8f4a", 8)
    for side, y in ((-1, 285), (1, 262), (-1, 240)):
        canvas.oval(500 + side * 26, y, 26, 11, "#4fb060", INK, 3, -28 * side)
    canvas.poly(regular(504, 208, 26, 8, 0, 15), "#ffd24a", INK, 3)
    canvas.dot(504, 208, 9, "#8a4b1f")
    canvas.poly([(398, 330), (440, 302), (444, 312), (410, 346)], "#8fa0b8", INK, 3)
    for k in range(7):
        canvas.line([(446 + k * 3, 312 + k * 2), (450 + k * 6, 330 + k)], "#5dc8ff", 3)
    caption(canvas, "HAVE YOU TRIED", 62, 52)
    caption(canvas, "WATERING IT OFF AND ON AGAIN", 502, 42)
    return canvas.done()


@picture
def meme_duck_gentleman(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(600, 540, ["#6b2f3f", "#9a4a55"])
    for x in range(0, 600, 50):
        canvas.rect(x, 0, 24, 540, "#00000014")
    canvas.rect(90, 70, 420, 400, "#d9a93a", 6, INK, 6)
    canvas.rect(112, 92, 376, 356, "#2f4a5f", 2, INK, 4)
    canvas.soft(30, lambda c: c.oval(300, 260, 150, 140, "#6f9ab888"))
    duck(canvas, 270, 248, 78)
    canvas.rect(220, 452, 160, 30, "#f2d98a", 4, INK, 3)
    canvas.text(300, 473, "SIR QUACKS", 16, "#4a2a1a", "ms", weight=0.03, tracking=2)
    caption(canvas, "INDEED", 62, 60)
    caption(canvas, "I SHALL ALLOW THE BREAD", 524, 46)
    return canvas.done()


@picture
def meme_octopus(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(640, 520, ["#1f8fb0", "#0d3f6b"])
    for _ in range(26):
        canvas.dot(rng.uniform(0, 640), rng.uniform(60, 460), rng.uniform(3, 10), "#ffffff30")
    octopus(canvas, 320, 240, 104)
    for k, (x, y) in enumerate(((90, 350), (180, 420), (470, 420), (556, 350), (130, 200), (512, 200))):
        canvas.rect(x - 34, y - 24, 68, 48, "#2b303d", 6, INK, 3)
        canvas.rect(x - 28, y - 18, 56, 34, ["#ffb05c", "#5dd68a", "#c48bff", "#5dc8ff", "#ff7a8f", "#ffd24a"][k], 3)
        for row in range(3):
            canvas.rect(x - 22, y - 12 + row * 9, float(rng.uniform(15, 42)), 4, "#ffffffa0", 2)
    caption(canvas, "EIGHT ARMS, SIX TABS OPEN", 58, 46)
    caption(canvas, "STILL ONE DEADLINE", 502, 50)
    return canvas.done()


@picture
def meme_two_panels(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(640, 640, "#ffffff")
    for row, (sky, mood) in enumerate((("#f2b8a0", "flat"), ("#a8d9b0", "happy"))):
        panel = Canvas(320, 320, sky)
        for k in range(12):
            rays = [
                (160 + 330 * math.cos(a), 160 + 330 * math.sin(a))
                for a in (math.radians(k * 30), math.radians(k * 30 + 15))
            ]
            panel.poly([(160, 160), *rays], mix(sky, "#ffffff", 0.25))
        cat(panel, 160, 130, 66, "#b8b3c9", mood, (0.7, 0))
        canvas.paste(panel.done(), 0, row * 320, 320, 320)
    canvas.rect(320, 0, 320, 640, "#fffdf7")
    for row, lines in enumerate(
        (("Naming it", "screenshot_7", "_final(2).png"), ("Searching", "with the", "picture itself"))
    ):
        for k, text in enumerate(lines):
            canvas.text(480, row * 320 + 130 + k * 48, text, 38, INK, "ms", weight=0.028)
    for line in ([(320, 0), (320, 640)], [(0, 320), (640, 320)]):
        canvas.line(line, INK, 6)
    canvas.rect(0, 0, 640, 640, None, 0, INK, 6)
    return canvas.done()


@picture
def meme_keyboard_cat(rng: np.random.Generator) -> Image.Image:
    """A black cat on a keyboard."""
    canvas = Canvas(600, 500, ["#f5d76e", "#f0a85a"])
    desk(canvas, 330, "#6b5a8a")
    canvas.rect(70, 352, 460, 120, "#e8ebf2", 14, INK, 6)
    for row in range(4):
        for column in range(14):
            canvas.rect(84 + column * 31.4, 362 + row * 26, 26, 21, "#ffffff", 4, "#9aa3b8", 1.5)
    canvas.oval(300, 340, 190, 82, "#3a3448", INK, 7)
    canvas.curve([(470, 360), (540, 350), (560, 290), (530, 262)], INK, 34)
    canvas.curve([(470, 360), (540, 350), (560, 290), (530, 262)], "#3a3448", 22)
    cat(canvas, 220, 250, 78, "#3a3448", "shut", body=False)
    canvas.text(420, 170, "z", 38, INK, "ms", weight=0.05, turn=-12)
    canvas.text(455, 140, "z", 50, INK, "ms", weight=0.05, turn=8)
    canvas.text(500, 106, "Z", 64, INK, "ms", weight=0.05, turn=-8)
    caption(canvas, "MEETING? WHAT MEETING", 58, 46)
    caption(canvas, "hjkkkkkkkl;;;;;;;;;", 480, 38)
    return canvas.done()


def bubble(
    canvas: Canvas, x: float, y: float, w: float, lines: Sequence[str], tail: tuple[float, float], size: float = 19
) -> None:
    h = len(lines) * size * 1.25 + 18
    canvas.poly([(x + w * 0.4, y + h - 8), (x + w * 0.6, y + h - 8), tail], "#ffffff", INK, 3)
    canvas.rect(x, y, w, h, "#ffffff", 16, INK, 3)
    canvas.poly(
        [
            (x + w * 0.4 + 3, y + h - 9),
            (x + w * 0.6 - 3, y + h - 9),
            (x + w * 0.5 + (tail[0] - x - w * 0.5) * 0.6, y + h + 4),
        ],
        "#ffffff",
    )
    for k, text in enumerate(lines):
        canvas.text(x + w / 2, y + 10 + (k + 0.82) * size * 1.25, text, size, INK, "ms", weight=0.018)


@picture
def comic_robot_cat(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(900, 330, "#fffaf0")
    scenes = [("#bfe3f0", ("I indexed every", "picture we own."), ("Any of me?",), "smile", "open"),
              ("#f7e0a8", ("4,812 results.",), ("...only?",), "smile", "flat"),
              ("#f2c0c0", ("Disk is full.",), ("Worth it.",), "error", "happy")]  # fmt: skip
    for k, (sky, said, answer, face, mood) in enumerate(scenes):
        x = 15 + k * 295
        panel = Canvas(280, 300, sky)
        panel.rect(0, 240, 280, 60, mix(sky, "#6b4a3a", 0.4))
        robot(panel, 78, 178, 36, face=face)
        cat(panel, 208, 192, 30, mood=mood, look=(-0.9, 0))
        bubble(panel, 10, 12, 160, said, (84, 126), 17)
        bubble(panel, 160, 86, 108, answer, (206, 146), 17)
        canvas.paste(panel.done(), x, 15, 280, 300, 4)
        canvas.rect(x, 15, 280, 300, None, 4, INK, 4)
    return canvas.done()


@picture
def comic_frog_weather(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(640, 640, "#fffaf0")
    scenes = [
        ("#9fd3f0", ("Lovely day,", "no clouds."), "happy"),
        ("#8fb0c8", ("Hm. One cloud.",), "flat"),
        ("#6f87a8", ("Several clouds.",), "flat"),
        ("#56698a", ("PERFECT.",), "happy"),
    ]
    for k, (sky, said, mood) in enumerate(scenes):
        panel = Canvas(296, 296, sky)
        panel.rect(0, 236, 296, 60, "#5a8f5a")
        if k == 0:
            panel.dot(246, 48, 30, "#ffe08a")
        for _ in range(k * k):
            cx, cy = rng.uniform(10, 286), rng.uniform(14, 60)
            for dx, r in ((-18, 13), (0, 18), (18, 13)):
                panel.dot(cx + dx, cy, r, "#dfe6ee" if k < 3 else "#a8b3c4")
        if k == 3:
            for _ in range(70):
                rx, ry = rng.uniform(0, 296), rng.uniform(60, 296)
                panel.line([(rx, ry), (rx - 4, ry + 14)], "#bfe0ff", 2)
        frog(panel, 110, 176, 46, mood)
        bubble(panel, 130, 74, 150, said, (150, 150), 18)
        at = (16 + k % 2 * 312, 16 + k // 2 * 312)
        canvas.paste(panel.done(), *at, 296, 296, 4)
        canvas.rect(*at, 296, 296, None, 4, INK, 4)
    return canvas.done()


@picture
def sticker_set(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(720, 480, "#ece6ff")
    for row in range(2):
        for column in range(3):
            x, y = 120 + column * 240, 120 + row * 240
            canvas.soft(8, lambda c, x=x, y=y: c.dot(x, y + 6, 100, "#2a1f4a40"))
            canvas.dot(x, y, 100, "#ffffff")
            canvas.dot(x, y, 90, ["#ffd6a8", "#bfe3f0", "#cdeab0", "#f7c8d6", "#fff0a8", "#d0c8f7"][row * 3 + column])
    cat(canvas, 120, 100, 42, mood="happy", body=False)
    dog(canvas, 360, 76, 26, mood="happy")
    frog(canvas, 600, 84, 34, "happy")
    robot(canvas, 120, 328, 32, face="happy")
    duck(canvas, 345, 330, 34)
    octopus(canvas, 600, 352, 30)
    canvas.poly(smooth([(150, 44), (160, 32), (172, 44), (150, 68), (128, 44), (140, 32)], closed=True), "#e0405f")
    return canvas.done()
