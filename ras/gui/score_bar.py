"""A score as a bar, beside the word and the number that say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from ras.gui import shapes
from ras.records import Verdict
from ras.text import whole_percent

if TYPE_CHECKING:
    from PIL import ImageTk

    from ras.gui.theme import Theme
    from ras.records import SearchResult


def score_bar(theme: Theme, result: SearchResult, size: tuple[int, int], behind: str) -> ImageTk.PhotoImage:
    """Of ``size``, filled as far as the score goes, and quiet where it is probably another picture; on ``behind``."""
    colours, part = theme.palette, whole_percent(result.score)
    colour = colours.muted if result.verdict is Verdict.UNLIKELY else colours.link  # 4 : 1 and more on the rest of it

    def draw() -> Image.Image:
        bar = shapes.rounded_box(size, size[1] // 2, colours.hover, behind=behind)
        if part > 0:  # of little, a dot
            filled = max(size[1], round(size[0] * part / 100))
            done = shapes.rounded_box((filled, size[1]), size[1] // 2, colour)
            bar.paste(done, (0, 0), done)
        return bar

    return theme.image(("score", part, colour, size, behind), draw)
