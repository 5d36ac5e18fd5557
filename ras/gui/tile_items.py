"""What tiles and rows on the canvas of the results have in common: items that move and change, and are never made anew.

Only what differs is changed, and when the canvas is told to: see ``TileCanvas``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ras.gui.tile_canvas import TileCanvas


class TileItems:
    def __init__(self, canvas: TileCanvas) -> None:
        self._canvas = canvas
        self._at = (0, 0)
        self._tag = canvas.new_tag()
        self._shown: dict[int, object] = {}

    def put(self, x: int, y: int) -> None:
        """Move them, the top left corner to (x, y) of the canvas; hidden ones, too."""
        if self._at != (x, y):
            self._canvas.later("move", self._tag, x - self._at[0], y - self._at[1])
            self._at = (x, y)

    def hide(self) -> None:
        self.put(-10_000, -10_000)

    def _change(self, item: int, **option: str) -> None:
        if self._shown.get(item) != option:
            words = [word for name, value in option.items() for word in (f"-{name}", value)]
            self._canvas.later("itemconfigure", item, *words)
            self._shown[item] = option
