"""An export in which every text tries to harm who shows it."""

from __future__ import annotations

from pathlib import Path

from tests.exports import attachment, author, embed, make_export, message, picture
from tests.program import gradient

TITLE = "\x1b]0;owned\x07"  # sets a terminal's title
CLEAR = "\x1b[2J\x1b[31m\x9b2J"  # clears the screen, by escape and by C1
FORGED = "\r\nRAS: all your pictures were found\n2026-01-01 00:00:00,000 INFO ras: forged\u2028forged"
TURNED = "\u202egnp.exe\u2066\u200f"
FORMULA = "=cmd|' /C calc'!A0"
SCRIPT = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&lt;"
HOSTILE = TITLE + CLEAR + FORGED + TURNED + SCRIPT
ODD_NAME = f"{FORMULA}{TITLE}{CLEAR}{TURNED}".replace("/", "")


def hostile_export(parent: Path, *, odd_names: bool = True) -> Path:
    """Two pictures that can be had and three that cannot; files with odd names too, which Windows does not take."""
    folder = parent / (f"folder {TITLE}{TURNED}" if odd_names else "folder")
    folder.mkdir()
    by = author(FORMULA + HOSTILE, nickname="@SUM(1)" + HOSTILE)
    elsewhere = f"https://example.org:1/{HOSTILE}.png"
    posts = [
        message("+1" + HOSTILE, [attachment(f"-2{HOSTILE}.png", url="https://x/1.png", data=gradient(1))], by=by),
        message(FORMULA, [attachment("plain.png", data=gradient(2))], by=author("\t=1+1", nickname="\t=1+1")),
        message("", [attachment(f"gone{HOSTILE}.png", url=elsewhere)], by=by),
        message("", [attachment(f"bad{HOSTILE}.png", url="https://x/2.png", data=b"<html>" + TITLE.encode())], by=by),
        message("", embeds=[embed(image=picture(f"javascript:alert(1)//{HOSTILE}", f"file:///{HOSTILE}"))], by=by),
    ]
    return make_export(
        folder,
        messages=posts,
        media=True,
        name=f"export {ODD_NAME}.json" if odd_names else "export.json",
        guild=FORMULA + HOSTILE,
        channel="-" + HOSTILE,
        category=HOSTILE,
    )
