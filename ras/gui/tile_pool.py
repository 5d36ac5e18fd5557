"""The tiles, or the rows of the list, that exist just now: used again for other results as these come into view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Iterator, Mapping, Union

from ras.gui.list_row import ListRow
from ras.gui.tile import Tile

if TYPE_CHECKING:
    from ras.gui.arrangement import Mark
    from ras.gui.theme import Theme
    from ras.gui.tile_canvas import TileCanvas
    from ras.gui.tile_images import Signs, TileImages
    from ras.gui.tile_layout import TileLayout
    from ras.records import SearchResult

AnyTile = Union[Tile, ListRow]


class TilePool(Mapping[str, AnyTile]):
    """By the key of the record that each shows."""

    def __init__(self, canvas: TileCanvas, theme: Theme) -> None:
        self._canvas, self._theme = canvas, theme
        self._tiles: dict[str, AnyTile] = {}
        self._spare: list[AnyTile] = []

    def __len__(self) -> int:
        return len(self._tiles)

    def __iter__(self) -> Iterator[str]:
        return iter(self._tiles)

    def __getitem__(self, key: str) -> AnyTile:
        return self._tiles[key]

    def take(self, key: str, layout: TileLayout) -> AnyTile:
        """The one of this record; one that nobody needs, or a new one, where it has none."""
        tile = self._tiles.get(key)
        if tile is None:
            tile = self._tiles[key] = self._spare.pop() if self._spare else self._make(layout)
        return tile

    def keep(self, wanted: Callable[[str], bool]) -> None:
        """Put away those of all other records."""
        for key in [key for key in self._tiles if not wanted(key)]:
            tile = self._tiles.pop(key)
            tile.hide()
            self._spare.append(tile)

    def drop(self) -> None:
        """Delete them all: they fit no longer."""
        self._canvas.clear()
        self._tiles.clear()
        self._spare.clear()

    def _make(self, layout: TileLayout) -> AnyTile:
        if layout.columns_of_list:
            return ListRow(self._canvas, self._theme, layout.face, layout.tile[1], layout.columns_of_list)
        return Tile(self._canvas, self._theme, layout.face)


def is_joined(mark: Mark | None) -> bool:
    """Whether a result is one of several postings of its picture that stand side by side."""
    return mark is not None and mark.unfolded


def dress(
    tile: AnyTile,
    images: TileImages,
    layout: TileLayout,
    result: SearchResult,
    mark: Mark | None,
    state: str,
    *,
    veiled: bool,
) -> bool:
    """Give a tile its images; whether its picture is among them, or has still to be decoded."""
    joined = is_joined(mark)
    signs = signs_on(tile, images, layout, result, mark)
    card = images.card(layout.tile, state, joined=joined)
    face = images.ready(result, veiled=veiled, joined=joined) or images.blank(layout.face, signs, joined=joined)
    if isinstance(tile, Tile):
        tile.dress(card=card, face=face, veiled=veiled)
    else:
        tile.dress(
            card=card,
            face=face,
            bar=images.score_bar(result, joined=joined),
            mark=None if mark is None else images.mark_pill(mark),
            veiled=veiled,
        )
    return images.bears(result, signs, veiled=veiled, joined=joined) or result.preview is None


def signs_on(
    tile: AnyTile, images: TileImages, layout: TileLayout, result: SearchResult, mark: Mark | None
) -> Signs | None:
    """What the picture of a tile bears; that of a row bears nothing."""
    return images.signs(result, mark, layout.face) if isinstance(tile, Tile) else None
