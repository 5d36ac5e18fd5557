"""Posters, record sleeves, badges and logos."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from sample_art.canvas import Canvas, grain, mix, picture, plane, ramp, regular, skyline, smooth, to_image


@picture
def poster_jam(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(560, 760, "#f2e8d5")
    canvas.pie(560, 760, 520, 180, 270, "#d1382c")
    canvas.pie(560, 760, 360, 180, 270, "#f2e8d5")
    canvas.pie(560, 760, 250, 180, 270, "#1f3d7a")
    canvas.dot(140, 470, 96, "#f2b632")
    canvas.pie(140, 470, 96, 90, 270, "#1f1a2b")
    for k in range(7):
        canvas.rect(36, 610 + k * 16, 130 - k * 12, 7, "#1f1a2b")
    for k, (text, colour) in enumerate((("PIXEL", "#1f1a2b"), ("HARBOUR", "#d1382c"), ("JAM 07", "#1f3d7a"))):
        canvas.text(34, 118 + k * 96, text, 100, colour, weight=0.055, stretch=0.92)
    canvas.text(36, 346, "48 hours. One palette. No sleep.", 16, "#1f1a2b", weight=0.012)
    canvas.text(206, 740, "7-9 June / Pier 3", 12.5, "#1f1a2b", weight=0.03)
    return grain(canvas.done(), rng, 2.5)


@picture
def poster_moon(rng: np.random.Generator) -> Image.Image:
    w, h = 540, 760
    canvas = Canvas(w, h, ["#12183a", "#2f3a7a", "#d9705f", "#f7c07a"])
    for _ in range(120):
        canvas.dot(rng.uniform(0, w), rng.uniform(0, 380), rng.uniform(0.5, 1.7), "#fff6ddcc")
    canvas.soft(30, lambda c: c.dot(270, 290, 190, "#ffe9c455"))
    canvas.dot(270, 290, 170, "#f7e6c4")
    for x, y, r in ((210, 230, 34), (320, 330, 46), (330, 210, 20), (230, 360, 24), (270, 280, 14), (180, 310, 15)):
        canvas.dot(x, y, r, "#e0c79a")
        canvas.dot(x + r * 0.12, y + r * 0.12, r * 0.86, "#ead4aa")
    for base, colour in ((560, "#a8485a"), (610, "#6b2f55"), (665, "#2f1a40")):
        canvas.poly(
            [(0, h), *smooth([(x, base + float(rng.uniform(-34, 26))) for x in range(-60, w + 120, 60)]), (w, h)],
            colour,
        )
    canvas.curve([(70, 640), (190, 560), (300, 430), (360, 250)], "#fff6dd", 3)
    canvas.poly([(352, 262), (346, 218), (364, 180), (382, 218), (376, 262)], "#fff6ea")
    canvas.poly([(346, 218), (364, 180), (382, 218)], "#d1382c")
    canvas.dot(364, 232, 7, "#2f3a7a")
    canvas.poly([(352, 250), (340, 272), (352, 264)], "#d1382c")
    canvas.poly([(376, 250), (388, 272), (376, 264)], "#d1382c")
    canvas.poly([(357, 264), (371, 264), (364, 290)], "#ffb347")
    canvas.text(w / 2, 94, "THE MOON", 76, "#fff3d6", "ms", weight=0.04, stretch=0.98, tracking=2)
    canvas.text(w / 2, 706, "LAST FERRY 23:59", 34, "#fff3d6", "ms", weight=0.03, tracking=4)
    canvas.text(w / 2, 734, "bring a jumper", 18, "#f7c07a", "ms")
    return grain(canvas.done(), rng, 2)


@picture
def poster_type(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(560, 700, "#ff5a36")
    words = ("SHIP", "IT ON", "A BOAT", "LITER", "ALLY.")
    for k, word in enumerate(words):
        width = canvas.text_width(word, 120, 0.075)
        canvas.text(
            280,
            154 + k * 124,
            word,
            120,
            "#fff4e0" if k % 2 == 0 else "#24123a",
            "ms",
            weight=0.075,
            stretch=500 / width,
        )
    return grain(canvas.done(), rng, 2)


@picture
def poster_gig(rng: np.random.Generator) -> Image.Image:
    w, h = 540, 720
    canvas = Canvas(w, h, "#16202c")
    # The farthest line first: each nearer one hides what it covers.
    for k in reversed(range(38)):
        t = k / 37
        line = [
            (30 + x, 612 - k * 12 - 92 * math.exp(-(((x - 240) / 95) ** 2)) * float(v))
            for x, v in zip(range(0, 484, 4), skyline(rng, 121, 9, 4))
        ]
        canvas.poly([*line, (512, 632), (30, 632)], "#16202c")
        canvas.line(line, mix("#ffb86f", "#5dd6d0", t), 1.6)
    canvas.text(30, 76, "THE SLOW WAVES", 46, "#fff4e0", weight=0.045, stretch=0.95)
    canvas.text(30, 664, "LIVE AT THE LIGHTHOUSE", 25, "#fff4e0", weight=0.025, tracking=2)
    canvas.text(30, 692, "doors 20:00, tide 21:14", 17, "#5dd6d0")
    return grain(canvas.done(), rng, 2)


@picture
def poster_tea(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(540, 720, "#1f5f5b")
    canvas.rect(24, 24, 492, 672, None, 12, "#f2e3c0", 4)
    canvas.text(270, 118, "Keep calm", 50, "#f2e3c0", "ms", weight=0.02)
    canvas.text(270, 170, "and let it steep", 34, "#f2b84b", "ms", slant=0.2)
    for k in (-1, 0, 1):
        x = 262 + k * 52
        canvas.curve([(x, 350), (x + 22, 312), (x - 18, 274), (x + 10, 226)], "#f2e3c0", 9)
    canvas.arc(392, 470, 52, 270, 100, "#c8553d", 24)
    canvas.gradient(
        smooth([(130, 392), (394, 392), (388, 500), (330, 572), (194, 572), (136, 500)], closed=True),
        ["#e0705a", "#a83f2c"],
    )
    canvas.oval(262, 392, 133, 26, "#f2e3c0")
    canvas.oval(262, 395, 117, 19, "#7a3a1a")
    canvas.oval(262, 592, 190, 22, "#f2b84b")
    canvas.oval(262, 588, 150, 12, "#d99a2f")
    canvas.line([(200, 392), (172, 470)], "#f2e3c0", 2.5)
    canvas.rect(154, 466, 38, 46, "#f2e3c0", 4)
    canvas.text(173, 498, "T", 26, "#1f5f5b", "ms", weight=0.05)
    canvas.text(270, 660, "HARBOUR TEA SOCIETY", 20, "#f2e3c0", "ms", weight=0.02, tracking=5)
    return grain(canvas.done(), rng, 2.5)


@picture
def sleeve_ferry(rng: np.random.Generator) -> Image.Image:
    w = 600
    _, y = plane(w, w)
    pixels = ramp(["#12062b", "#4a1259", "#c92f6b", "#ff8a5c"], np.clip(y / 420, 0, 1))
    canvas = Canvas.over(to_image(pixels))
    canvas.soft(24, lambda c: c.dot(300, 330, 130, "#ffd08a88"))
    canvas.gradient(regular(300, 330, 120, 64), ["#fff0a8", "#ff6f6b"])
    canvas.rect(0, 400, w, 200, "#1a0b36")
    for k in range(22):
        canvas.rect(
            300 - 130 + k * 3 + float(rng.normal(0, 8)),
            408 + k * 8,
            260 - k * 6,
            2.4,
            mix("#ffd08a", "#c92f6b", k / 22),
            1,
        )
    canvas.poly([(170, 386), (430, 386), (404, 424), (196, 424)], "#0b0518")
    canvas.rect(216, 356, 168, 32, "#0b0518")
    canvas.rect(250, 332, 90, 26, "#0b0518")
    canvas.rect(300, 300, 18, 34, "#0b0518")
    for k in range(9):
        canvas.rect(226 + k * 17, 366, 9, 9, "#ffe9a8")
    canvas.text(40, 84, "NIGHT FERRY", 54, "#fff0d6", weight=0.04, tracking=5, slant=0.18)
    canvas.text(562, 566, "kofi & the slow waves", 18, "#ff9a7a", "rs")
    return canvas.done()


@picture
def sleeve_shapes(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(600, 600, "#efe6d2")
    for k, colour in enumerate(("#274c77", "#c1440e", "#e0a526", "#2a6f5b")):
        x = 60 + k * 122
        canvas.rect(x, 150, 112, 300, colour)
        for j in range(3):
            shape, top = int(rng.integers(3)), 150 + j * 100
            ink = "#efe6d2" if (j + k) % 2 else "#1a1a22"
            if shape == 0:
                canvas.pie(x + 56, top + 100, 56, 180, 360, ink)
            elif shape == 1:
                canvas.dot(x + 56, top + 50, 36, ink)
            else:
                canvas.poly([(x, top + 100), (x + 112, top + 100), (x + 112, top)], ink)
    canvas.text(60, 112, "blue hour quartet", 42, "#1a1a22", weight=0.03)
    canvas.text(60, 500, "low tide, high hat", 24, "#c1440e", slant=0.2)
    canvas.text(538, 540, "STEREO", 15, "#1a1a22", "rs", tracking=4)
    return grain(canvas.done(), rng, 3)


@picture
def badge_harbour(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(600, 600, "#f4efe4", scale=3)
    canvas.dot(300, 300, 250, "#12355b")
    canvas.dot(300, 300, 232, None, "#f4efe4", 4)
    canvas.dot(300, 300, 168, "#f4efe4")
    canvas.dot(300, 300, 158, "#e2504c")
    text = "PIXEL HARBOUR  *  SINCE LAST TUESDAY  *  "
    for k, letter in enumerate(text):
        a = 360 * k / len(text) - 96
        canvas.text(
            300 + 200 * math.cos(math.radians(a)),
            300 + 200 * math.sin(math.radians(a)),
            letter,
            31,
            "#f4efe4",
            "mm",
            weight=0.03,
            turn=a + 90,
        )
    canvas.dot(300, 214, 22, None, "#f4efe4", 13)
    canvas.line([(300, 236), (300, 396)], "#f4efe4", 16)
    canvas.line([(252, 268), (348, 268)], "#f4efe4", 15)
    canvas.arc(300, 312, 84, 12, 168, "#f4efe4", 16)
    for side in (-1, 1):
        tip = (300 + side * 84, 322)
        canvas.poly([(tip[0] - side * 34, 334), (tip[0] + side * 16, 290), (tip[0] + side * 14, 352)], "#f4efe4")
    return canvas.done()


@picture
def crest_owl(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(560, 640, ["#241a3a", "#3f2f63"], scale=3)
    shield = smooth(
        [(110, 90), (280, 60), (450, 90), (462, 280), (410, 440), (280, 560), (150, 440), (98, 280)], closed=True
    )
    canvas.poly(shield, "#f2b632")
    canvas.poly([(280 + (x - 280) * 0.93, 300 + (y - 300) * 0.93) for x, y in shield], "#2a1f4a")
    for side in (-1, 1):
        canvas.poly([(280, 190), (280 + side * 130, 120), (280 + side * 110, 240)], "#b58be0")
        canvas.poly([(280 + side * 118, 250), (280 + side * 30, 470), (280, 300)], "#6b4fa8")
        canvas.poly([(280 + side * 118, 250), (280 + side * 120, 360), (280 + side * 34, 470)], "#8a6bc8")
        canvas.dot(280 + side * 56, 236, 54, "#f4efe4")
        canvas.dot(280 + side * 56, 236, 36, "#f2b632")
        canvas.dot(280 + side * 52, 236, 20, "#1a1230")
        canvas.dot(280 + side * 52 - 7, 229, 6, "#ffffff")
    canvas.poly([(260, 256), (300, 256), (280, 306)], "#ff8a3d")
    for row in range(4):
        for k in range(4 - row):
            x = 280 + (k - (3 - row) / 2) * 44
            canvas.poly(
                [(x - 20, 330 + row * 36), (x + 20, 330 + row * 36), (x, 366 + row * 36)],
                mix("#d9c4f2", "#8a6bc8", row / 4),
            )
    canvas.rect(120, 560, 320, 52, "#f2b632", 8)
    canvas.text(280, 597, "NIGHT SHIFT", 34, "#2a1f4a", "ms", weight=0.05, tracking=3)
    return canvas.done()


@picture
def logo_fold(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(640, 400, "#0f1226", scale=3)
    ribbon = [
        ("#6c7cf5", [(130, 270), (130, 130), (200, 130), (200, 270)]),
        ("#22c3b5", [(200, 130), (270, 130), (310, 170), (310, 200), (200, 200)]),
        ("#1a9a90", [(310, 170), (310, 230), (270, 270), (230, 270), (270, 200)]),
        ("#ff7a9a", [(200, 200), (270, 200), (230, 270), (200, 270)]),
    ]
    for colour, points in ribbon:
        canvas.poly(points, colour)
    canvas.text(346, 218, "paperboat", 54, "#f4f5ff", weight=0.025)
    canvas.text(348, 252, "folds anything", 20, "#8a91b5", tracking=1)
    return canvas.done()


@picture
def logo_comet(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(560, 560, "#fff3e0", scale=3)
    canvas.dot(280, 250, 170, "#24123a")
    for k, colour in enumerate(("#ff5a36", "#ff8f3d", "#ffc14d")):
        r = 62 - k * 16
        canvas.poly(
            [(330 - r * 0.7, 210 - r * 0.7), (330 + r * 0.7, 210 + r * 0.7), (130 + k * 46, 400 - k * 46)], colour
        )
    canvas.dot(330, 210, 62, "#fff3e0")
    canvas.dot(330, 210, 46, "#ffc14d")
    for x, y, r in ((200, 160, 5), (250, 120, 3), (390, 330, 4), (180, 260, 3), (330, 370, 5)):
        canvas.poly(regular(x, y, r * 2.4, 4, 0, r * 0.7), "#fff3e0")
    canvas.text(280, 500, "COMET CLUB", 56, "#24123a", "ms", weight=0.05, tracking=4)
    return canvas.done()
