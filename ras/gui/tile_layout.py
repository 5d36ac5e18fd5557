"""Where tiles stand: columns, sizes and places, worked out for the width that the grid has. No Tk calls here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ras.gui.list_columns import Column, place_columns
from ras.gui.tile import inset, tile_height

if TYPE_CHECKING:
    from ras.gui.theme import Theme


@dataclass(frozen=True)
class TileLayout:
    """Lengths in pixels. A place is the number of a result from 0, a row has ``columns`` of them."""

    columns: int
    gap: int
    tile: tuple[int, int]
    """Width and height of a tile."""
    face: tuple[int, int]
    """Width and height of the picture on it."""
    left: int
    """Of the first column."""
    columns_of_list: tuple[tuple[Column, int, int], ...] = ()
    """Of a row of the list, from its left edge; empty where they are tiles."""

    @property
    def pitch(self) -> int:
        """From one row to the next."""
        return self.tile[1] + self.gap

    def height(self, amount: int) -> int:
        """Of all rows that ``amount`` tiles make."""
        return -(-amount // self.columns) * self.pitch

    def origin(self, place: int) -> tuple[int, int]:
        """The top left corner of a tile."""
        row, column = divmod(place, self.columns)
        return self.left + column * (self.tile[0] + self.gap), self.gap // 2 + row * self.pitch

    def place_at(self, x: int, y: int) -> int | None:
        """The place of the tile at a point, whether or not there is a result; None between tiles."""
        column, in_x = divmod(x - self.left, self.tile[0] + self.gap)
        row, in_y = divmod(y - self.gap // 2, self.pitch)
        inside = 0 <= column < self.columns and row >= 0 and in_x < self.tile[0] and in_y < self.tile[1]
        return row * self.columns + column if inside else None

    def seen(self, top: int, height: int, amount: int) -> range:
        """The places of which something can be seen in a view from ``top`` that is ``height`` high."""
        first = max(0, top // self.pitch) * self.columns
        return range(first, min(amount, ((top + height) // self.pitch + 1) * self.columns))

    def rows_in(self, height: int) -> int:
        """How many whole rows a view holds, one at least."""
        return max(1, height // self.pitch)


# Size of tiles, as it is chosen → how many times as large as the middle one.
SIZES = {1: 0.62, 2: 0.8, 3: 1.0, 4: 1.25, 5: 1.6, 6: 2.0, 7: 2.5}


def lay_out(theme: Theme, width: int, size: int = 3) -> TileLayout:
    """As many columns as have room in ``width``; the tiles share what is left over. ``size`` is a key of ``SIZES``."""
    gap = theme.px(14)
    room = width - gap
    least = theme.px((144 if width < theme.px(900) else 172) * SIZES[size])
    columns = max(1, room // (least + gap))
    tile_width = max(theme.px(80), room // columns - gap)
    face_width = tile_width - 2 * inset(theme)
    face = (face_width, round(face_width * 0.8))
    return TileLayout(columns, gap, (tile_width, tile_height(theme, face[1])), face, gap)


def lay_out_list(theme: Theme, width: int) -> TileLayout:
    """A row for each result, as wide as there is room."""
    left, height = theme.px(14), max(theme.px(48), 2 * theme.line_height("RasBody"))
    row = (max(theme.px(200), width - 2 * left), height)
    face = (round((height - theme.px(8)) * 1.25), height - theme.px(8))
    columns = place_columns(theme, face[0] + theme.px(14), row[0])
    return TileLayout(1, theme.px(4), row, face, left, columns)
