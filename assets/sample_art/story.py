"""Reads the screenplay of the sample, ``story.txt``, into posts.

== 2024-09-14 08:02                       the clock, in UTC
mara: text                                a message
pim > mara: text                          a reply to the last message of mara
  + picture~variant name.jpg              an attachment: a drawing (see ``canvas.PICTURES``), changed or not
  ^ 🔥 5, 😍 3                            reactions
  edited
forward picture name.jpg | time | text    a message that kofi forwards from another channel
  embed picture name.jpg | title | text   an embed with a picture
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np


@dataclass
class Post:
    author: str
    text: str
    time: datetime
    reply_to: int | None = None
    """Index of the post that this one answers."""
    pictures: list[tuple[str, str]] = field(default_factory=list)
    """Drawing (with ``~variant``) and file name."""
    reactions: list[tuple[str, int]] = field(default_factory=list)
    edited: bool = False
    embed: tuple[str, str, str, str] | None = None
    """Drawing, file name, title, description."""
    forwarded: tuple[str, str, datetime, str] | None = None
    """Drawing, file name, time and text of the message that is passed on."""


def read_story(path: Path) -> list[Post]:
    rng = np.random.default_rng(2024)
    posts: list[Post] = []
    clock = datetime.min
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("== "):
            clock = utc(line[3:])
        elif line.startswith("  + "):
            drawing, name = line[4:].split()
            posts[-1].pictures.append((drawing, name))
        elif line.startswith("  ^ "):
            posts[-1].reactions += [
                (emoji, int(count)) for emoji, count in (part.split() for part in line[4:].split(", "))
            ]
        elif line.startswith("  embed "):
            picture, title, text = line[8:].split(" | ")
            posts[-1].embed = (*picture.split(), title, text)
        elif line == "  edited":
            posts[-1].edited = True
        else:
            # Thousandths too: the id of a message carries them.
            clock += timedelta(seconds=int(rng.integers(14, 210)), milliseconds=int(rng.integers(1, 1000)))
            if line.startswith("forward "):
                picture, when, text = line[8:].split(" | ")
                drawing, name = picture.split()
                posts.append(Post("kofi", "", clock, forwarded=(drawing, name, utc(when), text)))
            else:
                author, answered, text = re.fullmatch(r"(\w+)(?: > (\w+))?: (.*)", line).groups()
                target = max(i for i, post in enumerate(posts) if post.author == answered) if answered else None
                posts.append(Post(author, text, clock, target))
    return posts


def utc(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=timezone.utc)
