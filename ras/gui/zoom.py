"""Which part of a picture is seen in a pane, and how large. No Tk here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Tuple

Size = Tuple[int, int]

_LARGEST = 16.0
"""Pixels of the screen for one of the picture, at most; more where a tiny picture has to be enlarged so far to fit."""


@dataclass(frozen=True)
class Zoom:
    """``factor`` 1 shows the whole picture as large as it fits; (``x``, ``y``) is in the pane's middle."""

    factor: float = 1.0
    x: float = 0.5
    """In shares of the picture's sides."""
    y: float = 0.5

    def scale(self, picture: Size, room: Size) -> float:
        """Pixels of the screen for one of the picture."""
        return self.factor * fit(picture, room)

    def scaled(self, scale: float, picture: Size, room: Size) -> Zoom:
        """With so many pixels of the screen for one of the picture, as far as that is sensible."""
        whole = fit(picture, room)
        return replace(self, factor=max(min(1.0, 1 / whole), min(scale / whole, max(1.0, _LARGEST / whole)))).kept(
            picture, room
        )

    def magnified(self, times: float, at: tuple[float, float], picture: Size, room: Size) -> Zoom:
        """Larger by ``times``; what is at the pane's pixel ``at`` stays there."""
        before = self.scale(picture, room)
        after = self.scaled(before * times, picture, room).scale(picture, room)
        away = [pixel - side / 2 for pixel, side in zip(at, room)]
        shift = [offset * (1 / before - 1 / after) / side for offset, side in zip(away, picture)]
        return replace(self, factor=after / fit(picture, room), x=self.x + shift[0], y=self.y + shift[1]).kept(
            picture, room
        )

    def moved(self, pixels: tuple[float, float], picture: Size, room: Size) -> Zoom:
        """The picture dragged by so many pixels of the screen."""
        scale = self.scale(picture, room)
        x, y = (pixel / scale / side for pixel, side in zip(pixels, picture))
        return replace(self, x=self.x - x, y=self.y - y).kept(picture, room)

    def kept(self, picture: Size, room: Size) -> Zoom:
        """Without empty space beside the picture where there is enough of it to fill the pane."""
        scale = self.scale(picture, room)
        middle = []
        for at, side, seen in zip((self.x, self.y), picture, room):
            half = seen / 2 / scale / side
            middle.append(0.5 if half >= 0.5 else max(half, min(at, 1 - half)))
        return replace(self, x=middle[0], y=middle[1])


def fit(picture: Size, room: Size) -> float:
    """The scale at which the whole picture is as large as the room allows."""
    return max(1e-6, min(seen / side for seen, side in zip(room, picture)))
