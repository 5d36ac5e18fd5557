"""Screenshots of programs that do not exist, and charts of things that were never counted."""

from __future__ import annotations

import math
from typing import Sequence

import numpy as np
from PIL import Image

from sample_art.canvas import Canvas, draw_picture, enlarge, mix, noise, picture
from sample_art.pixels import ITEMS, item


def window(canvas: Canvas, x: float, y: float, w: float, h: float, title: str, bar: str, face: str, ink: str) -> None:
    canvas.soft(14, lambda c: c.rect(x + 4, y + 12, w - 8, h, "#00000070", 12))
    canvas.rect(x, y, w, h, face, 10)
    canvas.rect(x, y, w, 30, bar, 10)
    canvas.rect(x, y + 18, w, 14, bar)
    for k, colour in enumerate(("#ff5f57", "#febc2e", "#28c840")):
        canvas.dot(x + 20 + k * 18, y + 16, 5.5, colour)
    canvas.text(x + w / 2, y + 21, title, 13, ink, "ms", weight=0.012)


def face_of(canvas: Canvas, x: float, y: float, r: float, name: str, colour: str) -> None:
    canvas.dot(x, y, r, colour)
    canvas.text(x, y, name[0], r * 1.05, "#ffffff", "mm", weight=0.03)


@picture
def chat_window(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(820, 540, "#262a36")
    canvas.rect(0, 0, 64, 540, "#1a1d27")
    for k, colour in enumerate(("#6c7cf5", "#e0709a", "#4fb060", "#f2a24a", "#5dc8ff")):
        canvas.rect(12, 14 + k * 52, 40, 40, colour, 20 if k else 13)
    canvas.rect(0, 22, 4, 24, "#ffffff", 2)
    canvas.rect(64, 0, 188, 540, "#20242f")
    canvas.text(80, 34, "Pixel Harbour", 16, "#f2f4fa", weight=0.022)
    for k, text in enumerate(("welcome", "showcase", "map-room", "tea-break", "bug-reports", "music")):
        if k == 1:
            canvas.rect(72, 60 + k * 32, 172, 28, "#363b4b", 5)
        canvas.text(84, 80 + k * 32, "#  " + text, 14, "#f2f4fa" if k == 1 else "#8a91a5")
    canvas.text(272, 34, "#  showcase", 16, "#f2f4fa", weight=0.022)
    canvas.line([(252, 52), (820, 52)], "#1a1d27", 2)
    talk = (
        ("Mara", "#5dc8ff", ("Morning! The fog did the thing again.",)),
        ("Tobi", "#4fb060", ("My roof is finally straight.", "Only took four tries and a spirit level.")),
        ("Juno", "#c48bff", ("Zoomed in until the numbers gave up.",)),
    )
    y = 78.0
    for name, colour, lines in talk:
        face_of(canvas, 290, y + 14, 18, name, colour)
        canvas.text(320, y + 8, name, 15, colour, weight=0.02)
        canvas.text(
            326 + canvas.text_width(name, 15, 0.02), y + 8, "Today at 09:4" + str(int(rng.integers(10))), 11, "#737a90"
        )
        for k, text in enumerate(lines):
            canvas.text(320, y + 30 + k * 20, text, 15, "#d9dce6")
        y += 42 + 20 * len(lines)
    canvas.paste(draw_picture("mountain_dawn"), 320, y - 14, 250, 158, 8)
    for k, (symbol, n) in enumerate((("+", 7), ("*", 4))):
        canvas.rect(320 + k * 54, y + 152, 48, 24, "#363b4b", 7)
        canvas.text(332 + k * 54, y + 169, symbol, 15, "#ffd24a", weight=0.04)
        canvas.text(350 + k * 54, y + 169, str(n), 13, "#d9dce6")
    canvas.rect(268, 484, 536, 42, "#363b4b", 9)
    canvas.text(318, 510, "Message #showcase", 15, "#737a90")
    canvas.dot(290, 505, 11, "#8a91a5")
    canvas.text(290, 505, "+", 18, "#363b4b", "mm", weight=0.03)
    return canvas.done()


def typewriter(canvas: Canvas, x: float, y: float, runs: Sequence[tuple[str, str]], size: float, pitch: float) -> None:
    """Type on a fixed pitch: every letter sits in a cell of its own; wide ones are squeezed."""
    column = 0
    for text, colour in runs:
        for letter in text:
            wide = canvas.text_width(letter, size)
            canvas.text(
                x + (column + 0.5) * pitch,
                y,
                letter,
                size,
                colour,
                "ms",
                stretch=min(1.0, pitch * 1.02 / wide) if letter != " " else 1,
            )
            column += 1


@picture
def terminal(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(760, 480, ["#3a2a5f", "#a04a7a"])
    window(canvas, 36, 30, 688, 420, "pim@harbour: ~/sprites", "#22283a", "#141823", "#a8b0c8")
    g, b, w, y, p, r = "#7fe08a", "#6fb5ff", "#d9dce6", "#ffd86f", "#e08bff", "#ff7a7a"
    lines = [
        [("~/sprites ", b), ("main ", p), ("$ ", g), ("make sheet", w)],
        [("slicing   ", w), ("hero.png ", y), ("24 frames", w)],
        [("packing   ", w), ("[##################", g), ("....]", "#4a5168"), (" 82 %", w)],
        [("warning   ", y), ("frog has five legs", w)],
        [("~/sprites ", b), ("main ", p), ("$ ", g), ("make fix-frog", w)],
        [("error     ", r), ("frog likes it this way", w)],
        [("~/sprites ", b), ("main ", p), ("$ ", g), ("git commit -m 'five legs, on purpose'", w)],
        [("[main 4f0a1c9] ", y), ("five legs, on purpose", w)],
        [(" 1 file changed, ", w), ("1 leg kept(+)", g)],
        [("~/sprites ", b), ("main ", p), ("$ ", g), ("uptime", w)],
        [(" 23:51  up 41 days, 2 users, tea: ", w), ("low", r)],
        [("~/sprites ", b), ("main ", p), ("$ ", g), ("_", w)],
    ]
    for k, runs in enumerate(lines):
        typewriter(canvas, 56, 92 + k * 29, runs, 16, 10.2)
    return canvas.done()


@picture
def code_editor(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(820, 520, "#1e2230")
    canvas.rect(0, 0, 820, 34, "#171a26")
    canvas.rect(170, 0, 150, 34, "#1e2230")
    canvas.rect(170, 0, 150, 3, "#f2a24a")
    for x, text, colour in (
        (186, "dither.py", "#f2f4fa"),
        (340, "palette.py", "#737a90"),
        (470, "notes.md", "#737a90"),
    ):
        canvas.text(x, 22, text, 14, colour)
    canvas.rect(0, 34, 170, 486, "#1a1d29")
    for k, (indent, text) in enumerate(
        (
            (0, "MAP-ART"),
            (1, "blocks"),
            (2, "wool.json"),
            (2, "terracotta.json"),
            (1, "dither.py"),
            (1, "palette.py"),
            (1, "notes.md"),
            (1, "README.md"),
        )
    ):
        canvas.text(
            14 + indent * 16,
            62 + k * 27,
            text,
            13,
            "#ffffff" if text == "dither.py" else "#8a91a5",
            weight=0.02 if not k else 0,
        )
    k_, f, n, c, w, t = "#e08bff", "#6fb5ff", "#ffb86f", "#6a7290", "#d9dce6", "#5dd6d0"
    code = [
        [("import ", k_), ("numpy ", t), ("as ", k_), ("np", t)],
        [],
        [("def ", k_), ("dither", f), ("(picture, palette):", w)],
        [("    # spread the error, keep the sky", c)],
        [("    out = np.", w), ("zeros_like", f), ("(picture)", w)],
        [("    for ", k_), ("y, x ", w), ("in ", k_), ("np.", w), ("ndindex", f), ("(128, 128):", w)],
        [("        old = picture[y, x]", w)],
        [("        new = ", w), ("nearest", f), ("(palette, old)", w)],
        [("        out[y, x] = new", w)],
        [("        error = old - new", w)],
        [("        for ", k_), ("dx, dy, part ", w), ("in ", k_), ("SPREAD:", t)],
        [("            picture[y+dy, x+dx] += error * part", w)],
        [("    return ", k_), ("out", w)],
        [],
        [("SPREAD ", t), ("= [(1, 0, ", w), ("7", n), ("/16), (-1, 1, ", w), ("3", n), ("/16),", w)],
        [("          (0, 1, ", w), ("5", n), ("/16), (1, 1, ", w), ("1", n), ("/16)]", w)],
    ]
    canvas.rect(170, 34 + 24 + 9 * 26 - 2, 650, 26, "#2a3046")
    for k, runs in enumerate(code):
        canvas.text(204, 76 + k * 26, str(k + 1), 13, "#4a5168", "rs")
        typewriter(canvas, 220, 76 + k * 26, runs, 15.5, 9.6)
    for k in range(60):
        canvas.rect(752, 44 + k * 5, float(rng.uniform(6, 50)), 2, mix("#2a3046", "#6fb5ff", float(rng.random()) * 0.5))
    canvas.rect(0, 496, 820, 24, "#5a4fcf")
    canvas.text(14, 513, "main     0 errors     1 warning: too pretty", 12, "#ffffff")
    canvas.text(806, 513, "Ln 10, Col 22     UTF-8     Python", 12, "#ffffff", "rs")
    return canvas.done()


@picture
def settings_dialog(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(700, 520, ["#8fc4e8", "#d9ecf7"])
    window(canvas, 50, 36, 600, 448, "Settings", "#e8ebf2", "#fbfcfe", "#4a5168")
    canvas.rect(50, 66, 160, 418, "#eff2f8", 10)
    canvas.rect(190, 66, 30, 418, "#fbfcfe")
    for k, text in enumerate(("General", "Appearance", "Sound", "Shortcuts", "Privacy", "About")):
        if k == 1:
            canvas.rect(60, 82 + k * 38, 132, 32, "#5a6cf0", 7)
        canvas.dot(78, 98 + k * 38, 5, "#ffffff" if k == 1 else "#a8b0c8")
        canvas.text(94, 103 + k * 38, text, 14, "#ffffff" if k == 1 else "#39405a")
    canvas.text(228, 110, "Appearance", 22, "#22283a", weight=0.025)
    for k, (text, note, on) in enumerate(
        (
            ("Follow the moon", "Darker theme on darker nights", True),
            ("Smooth scrolling", "Like a ferry on a calm day", True),
            ("Show frogs", "Everywhere", False),
        )
    ):
        y = 150 + k * 58
        canvas.text(228, y, text, 15, "#22283a", weight=0.012)
        canvas.text(228, y + 20, note, 12, "#8a91a5")
        canvas.rect(576, y - 12, 46, 26, "#34c77b" if on else "#cfd5e2", 13)
        canvas.dot(609 if on else 589, y + 1, 10, "#ffffff")
    canvas.text(228, 334, "Interface size", 15, "#22283a", weight=0.012)
    canvas.rect(228, 352, 394, 6, "#dfe4ee", 3)
    canvas.rect(228, 352, 240, 6, "#5a6cf0", 3)
    canvas.dot(468, 355, 11, "#ffffff", "#5a6cf0", 3)
    canvas.text(228, 398, "Accent", 15, "#22283a", weight=0.012)
    for k, colour in enumerate(("#5a6cf0", "#e0709a", "#f2a24a", "#34c77b", "#22a7c0")):
        canvas.dot(310 + k * 36, 393, 12, colour)
    canvas.dot(310, 393, 16, None, "#5a6cf0", 2)
    canvas.rect(430, 434, 90, 34, "#eff2f8", 7, "#cfd5e2", 1)
    canvas.text(475, 456, "Cancel", 14, "#39405a", "ms")
    canvas.rect(532, 434, 90, 34, "#5a6cf0", 7)
    canvas.text(577, 456, "Save", 14, "#ffffff", "ms", weight=0.012)
    return canvas.done()


@picture
def inventory_grid(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(740, 480, ["#2a3a2f", "#16241d"])
    canvas.rect(24, 24, 692, 432, "#c6b894", 10, "#4a3a26", 6)
    canvas.text(52, 66, "Satchel of the Absent-minded", 22, "#4a3a26", weight=0.025)
    canvas.text(690, 66, "31 / 32 kg", 16, "#a0453a", "rs", weight=0.02)
    names, rare = list(ITEMS), ["#8f8468", "#8f8468", "#3f8fd9", "#9a4fd0", "#e0a030"]
    for row in range(5):
        for column in range(8):
            x, y = 50 + column * 60, 88 + row * 70
            empty = rng.random() < 0.2
            canvas.rect(
                x,
                y,
                54,
                60,
                "#a8996f" if empty else "#8f8160",
                6,
                "#6b5d40" if empty else rare[int(rng.integers(5))],
                3,
            )
            if empty:
                continue
            icon = item(names[int(rng.integers(12))], [None, None, "#8a4fc0", "#3f9f5f"][int(rng.integers(4))])
            tile = Image.new("RGB", icon.size, "#8f8160")
            tile.paste(icon, (0, 0), icon)
            canvas.paste(enlarge(tile, 6), x + 6, y + 8, 42, 42)
            count = int(rng.integers(1, 65))
            if count > 1:
                canvas.text(
                    x + 50, y + 55, str(count), 14, "#ffffff", "rs", weight=0.03, outline="#2a2216", outline_width=1.5
                )
    canvas.rect(542, 88, 148, 340, "#b5a67c", 6, "#6b5d40", 3)
    sword = item("sword")
    tile = Image.new("RGB", sword.size, "#b5a67c")
    tile.paste(sword, (0, 0), sword)
    canvas.paste(enlarge(tile, 8), 566, 104, 100, 100)
    for k, (text, colour) in enumerate(
        (
            ("Butter Knife", "#9a4fd0"),
            ("of Destiny", "#9a4fd0"),
            ("+2 attack", "#4a3a26"),
            ("+40 toast", "#2f7a3f"),
            ("Slightly sticky", "#6b5d40"),
        )
    ):
        canvas.text(
            616,
            232 + k * 26 + (8 if k > 1 else 0),
            text,
            16 if k < 2 else 14,
            colour,
            "ms",
            weight=0.025 if k < 2 else 0.01,
        )
    canvas.rect(566, 380, 100, 32, "#4a7a3f", 6, "#2f4f28", 2)
    canvas.text(616, 402, "Equip", 16, "#ffffff", "ms", weight=0.02)
    return canvas.done()


@picture
def leaderboard(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(640, 560, ["#201a45", "#43306b"])
    canvas.text(320, 62, "WEEKLY REGATTA", 34, "#ffe08a", "ms", weight=0.045, tracking=3)
    canvas.text(320, 90, "season 7, race 12", 15, "#b5a8e0", "ms")
    rows = (
        ("sirquacks", 9840, "#ffd84d"),
        ("tobi_builds", 9715, "#6fbf4a"),
        ("yuki.draws", 9702, "#f29ab8"),
        ("juno0x", 8450, "#c48bff"),
        ("mara.lindqvist", 8112, "#5dc8ff"),
        ("kofi.beats", 7777, "#f2a24a"),
        ("pimpixels", 6404, "#ff7a7a"),
        ("a literal frog", 12, "#4fb060"),
    )
    for k, (name, score, colour) in enumerate(rows):
        y = 112 + k * 52
        canvas.rect(40, y, 560, 44, ["#6b5226", "#5a5f75", "#6b4632"][k] if k < 3 else "#352a5c", 10)
        canvas.text(72, y + 29, str(k + 1), 20, "#ffffff", "ms", weight=0.04)
        face_of(canvas, 118, y + 22, 15, name, colour)
        canvas.text(146, y + 28, name, 17, "#f2f0ff", weight=0.015)
        canvas.rect(350, y + 18, 140, 8, "#1a1438", 4)
        canvas.rect(350, y + 18, max(8, 140 * score / 9840), 8, colour, 4)
        canvas.text(582, y + 29, f"{score:,}", 18, "#ffe08a", "rs", weight=0.025)
    return canvas.done()


@picture
def music_player(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(420, 720, ["#4a1a4f", "#1a1030"])
    canvas.text(210, 52, "NOW PLAYING", 12, "#c9a8d9", "ms", tracking=3)
    canvas.soft(20, lambda c: c.rect(66, 104, 288, 288, "#00000090", 16))
    canvas.paste(draw_picture("synthwave").crop((150, 0, 650, 500)), 60, 84, 300, 300, 18)
    canvas.text(60, 436, "Night Ferry", 30, "#ffffff", weight=0.03)
    canvas.text(60, 464, "Kofi & the Slow Waves", 17, "#c9a8d9")
    loud = np.abs(np.sin(np.arange(60) * 0.37) * np.sin(np.arange(60) * 0.11 + 1)) * 0.7 + rng.random(60) * 0.3
    for k in range(60):
        h = 6 + 34 * float(loud[k])
        canvas.rect(60 + k * 5, 520 - h / 2, 3, h, "#ff5fa8" if k < 23 else "#6b4a80", 1.5)
    canvas.text(60, 566, "1:32", 13, "#c9a8d9")
    canvas.text(360, 566, "4:07", 13, "#c9a8d9", "rs")
    canvas.dot(210, 632, 38, "#ffffff")
    canvas.rect(197, 614, 9, 36, "#4a1a4f", 2)
    canvas.rect(214, 614, 9, 36, "#4a1a4f", 2)
    for side in (-1, 1):
        x = 210 + side * 92
        canvas.poly([(x - side * 12, 618), (x - side * 12, 646), (x + side * 10, 632)], "#ffffff")
        canvas.rect(x + side * 12 - 2, 618, 4, 28, "#ffffff")
    return canvas.done()


@picture
def kanban(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(820, 500, "#f0eef7")
    canvas.rect(0, 0, 820, 54, "#4b3fa8")
    canvas.text(24, 35, "Harbour Jam 07", 20, "#ffffff", weight=0.025)
    cards = {
        "Someday": ("Teach the frog to swim", "Palette with 3 blues", "Rename final_final_2"),
        "This week": ("Lighthouse sound", "Fix sea level (again)", "Poster: bigger anchor"),
        "In progress": ("Map of the old town", "Tea"),
        "Done": ("Sprites for 24 heroes", "Ferry timetable", "Buy more tea", "Sleep"),
    }
    tags = ["#ff7a7a", "#ffb86f", "#5dd68a", "#6fb5ff", "#c48bff"]
    for k, (title, texts) in enumerate(cards.items()):
        x = 20 + k * 200
        canvas.rect(x, 74, 184, 404, "#e2dff0", 10)
        canvas.text(x + 14, 102, title, 16, "#39305f", weight=0.025)
        canvas.text(x + 170, 102, str(len(texts)), 14, "#8a82b0", "rs")
        for j, text in enumerate(texts):
            y = 116 + j * 88
            canvas.soft(4, lambda c, x=x, y=y: c.rect(x + 10, y + 3, 164, 76, "#2a204f30", 8))
            canvas.rect(x + 10, y, 164, 78, "#ffffff", 8)
            canvas.rect(x + 20, y + 12, 36, 7, tags[int(rng.integers(5))], 3)
            canvas.rect(x + 60, y + 12, 24, 7, tags[int(rng.integers(5))], 3)
            canvas.text(x + 20, y + 44, text, 13.5, "#2a2440")
            face_of(canvas, x + 156, y + 62, 9, "MTJKPY"[int(rng.integers(6))], tags[int(rng.integers(5))])
    return canvas.done()


@picture
def ferry_dashboard(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(820, 520, "#111827")
    canvas.text(28, 44, "Ferry traffic", 24, "#f9fafb", weight=0.025)
    canvas.text(28, 68, "last 12 months, all piers", 14, "#9ca3af")
    for k, (label, value, colour) in enumerate(
        (
            ("Crossings", "4,218", "#60a5fa"),
            ("Passengers", "91.3 k", "#34d399"),
            ("Ducks", "17", "#fbbf24"),
            ("Delays", "3 min", "#f87171"),
        )
    ):
        x = 28 + k * 194
        canvas.rect(x, 88, 182, 84, "#1f2937", 12)
        canvas.text(x + 16, 116, label, 13, "#9ca3af")
        canvas.text(x + 16, 152, value, 28, colour, weight=0.025)
    canvas.rect(28, 188, 500, 304, "#1f2937", 12)
    for k in range(5):
        canvas.line([(70, 226 + k * 54), (512, 226 + k * 54)], "#374151", 1)
        canvas.text(62, 231 + k * 54, str(400 - k * 100), 12, "#9ca3af", "rs")
    for colour, phase, fill in (("#34d399", 0.4, "#34d39922"), ("#60a5fa", 2.1, "#60a5fa22")):
        points = [
            (80 + k * 38.6, 350 - 86 * math.sin(k * 0.62 + phase) - 3.2 * k + float(rng.normal(0, 9)))
            for k in range(12)
        ]
        canvas.poly([*points, (points[-1][0], 442), (80, 442)], fill)
        canvas.line(points, colour, 3)
        for x, y in points:
            canvas.dot(x, y, 4, "#1f2937", colour, 2)
    for k, month in enumerate("JFMAMJJASOND"):
        canvas.text(80 + k * 38.6, 470, month, 12, "#9ca3af", "ms")
    canvas.rect(544, 188, 248, 304, "#1f2937", 12)
    start = -90.0
    for share, colour, label, y in (
        (46, "#60a5fa", "Old town", 400),
        (27, "#34d399", "Lighthouse", 424),
        (18, "#fbbf24", "Market", 448),
        (9, "#f472b6", "Frog pond", 472),
    ):
        canvas.pie(668, 290, 78, start, start + share * 3.6, colour)
        start += share * 3.6
        canvas.rect(570, y - 10, 11, 11, colour, 3)
        canvas.text(590, y, label, 13, "#d1d5db")
        canvas.text(772, y, f"{share} %", 13, "#9ca3af", "rs")
    canvas.dot(668, 290, 48, "#1f2937")
    canvas.text(668, 290, "100 %", 20, "#f9fafb", "mm", weight=0.025)
    return canvas.done()


@picture
def tea_chart(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(680, 480, "#fffaf2")
    canvas.text(40, 54, "Cups of tea per bug fixed", 26, "#2a2440", weight=0.03)
    canvas.text(40, 80, "n = 1 developer, 8 bugs, 1 kettle", 14, "#8a7f9a")
    for k in range(5):
        y = 400 - k * 66
        canvas.line([(70, y), (650, y)], "#e8dfd0", 1.5)
        canvas.text(60, y + 5, str(k * 3), 14, "#8a7f9a", "rs")
    for k, (value, label) in enumerate(
        (
            (2, "typo"),
            (3, "css"),
            (5, "cache"),
            (4, "fonts"),
            (7, "dates"),
            (9, "unicode"),
            (12, "time zones"),
            (1, "frog"),
        )
    ):
        x, h = 84 + k * 71, value * 22
        colour = ["#7fc8a9", "#7fc8a9", "#f2c14e", "#f2c14e", "#f78154", "#f78154", "#d1495b", "#5fad56"][k]
        canvas.rect(x, 400 - h, 50, h, colour, 6)
        canvas.rect(x, 392, 50, 8, colour)
        canvas.text(x + 25, 400 - h - 9, str(value), 16, "#2a2440", "ms", weight=0.025)
        canvas.text(x + 25, 424, label, 13, "#5a5070", "ms")
    canvas.line([(70, 400), (650, 400)], "#2a2440", 2.5)
    return canvas.done()


@picture
def sleep_heatmap(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(820, 300, "#ffffff")
    canvas.text(30, 46, "1,204 pixels placed in the last year", 20, "#1f2937", weight=0.018)
    for k, month in enumerate(("Nov", "Jan", "Mar", "May", "Jul", "Sep")):
        canvas.text(66 + k * 122, 82, month, 13, "#6b7280")
    for k, day in enumerate(("Mon", "Wed", "Fri")):
        canvas.text(30, 120 + k * 44, day, 12, "#6b7280")
    busy = noise(rng, 52, 7, (8, 2), 3)
    for week in range(52):
        for day in range(7):
            level = int(np.clip(busy[day, week] * 5.4 - (1.4 if day > 4 else 0) + rng.normal(0, 0.7), 0, 4))
            canvas.rect(
                66 + week * 14, 94 + day * 22, 12, 18, ["#ebedf0", "#c9b8f5", "#9a7fe8", "#6b4fd0", "#3f2a94"][level], 3
            )
    canvas.text(604, 278, "Less", 12, "#6b7280")
    for k, colour in enumerate(("#ebedf0", "#c9b8f5", "#9a7fe8", "#6b4fd0", "#3f2a94")):
        canvas.rect(640 + k * 20, 264, 15, 15, colour, 3)
    canvas.text(748, 278, "More", 12, "#6b7280")
    return canvas.done()


@picture
def weather_app(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(400, 700, ["#2f6fd0", "#6fb5f0", "#bfe3f7"])
    canvas.text(200, 84, "Pixel Harbour", 26, "#ffffff", "ms", weight=0.012)
    canvas.text(206, 180, "14°", 92, "#ffffff", "ms")
    canvas.text(200, 214, "Fog, then ferry", 18, "#eaf4ff", "ms")
    canvas.dot(286, 300, 46, "#ffe08a")
    for dx, dy, r in ((-70, 10, 34), (-28, -8, 46), (22, 4, 38), (56, 18, 26)):
        canvas.dot(196 + dx, 318 + dy, r, "#ffffff")
    canvas.rect(126, 326, 152, 28, "#ffffff", 14)
    canvas.rect(24, 400, 352, 270, "#ffffff38", 22)
    for k, (day, low, high, colour) in enumerate(
        (
            ("Today", 9, 14, "#ffe08a"),
            ("Tue", 8, 16, "#ffe08a"),
            ("Wed", 10, 13, "#d9e6f2"),
            ("Thu", 7, 11, "#9fc0e8"),
            ("Fri", 6, 15, "#ffe08a"),
            ("Sat", 11, 19, "#ffb86f"),
        )
    ):
        y = 436 + k * 42
        canvas.text(46, y, day, 16, "#ffffff", weight=0.012)
        canvas.dot(132, y - 6, 9, colour)
        canvas.text(186, y, f"{low}°", 15, "#d9ecff", "rs")
        canvas.rect(200, y - 9, 120, 7, "#ffffff40", 3.5)
        canvas.rect(200 + (low - 5) * 8, y - 9, (high - low) * 8, 7, colour, 3.5)
        canvas.text(358, y, f"{high}°", 15, "#ffffff", "rs")
    return canvas.done()
