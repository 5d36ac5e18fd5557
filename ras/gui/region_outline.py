"""The outline of what two pictures share, drawn on one of them so that it shows on any ground. No Tk here."""

from __future__ import annotations

from typing import Sequence

from PIL import Image, ImageDraw

from ras.records import Point

_WHOLE = 0.94
"""Share of a picture from which on a region is as good as all of it: an outline would say nothing."""
_FINER, _THICK = 3, 5
"""Pillow's lines have no anti-aliasing: they are drawn this many times larger and scaled down. From so many pixels on,
on a screen of twice the scale, twice as large is smooth enough, and takes half the time.
"""
_HALO, _LINE = "#ffffff", "#4f5bdf"


def worth_outlining(region: Sequence[Point]) -> bool:
    """Whether the region (corners in shares of the sides) is there, and less than practically the whole picture."""
    return 0 < area(clipped(region, (0.0, 0.0, 1.0, 1.0))) < _WHOLE


def area(polygon: Sequence[Point]) -> float:
    total = 0.0
    for (x0, y0), (x1, y1) in zip(polygon, [*polygon[1:], *polygon[:1]]):
        total += x0 * y1 - x1 * y0
    return abs(total) / 2


def clipped(polygon: Sequence[Point], box: tuple[float, float, float, float]) -> list[Point]:
    """What of a polygon lies in a box (left, top, right, bottom), by Sutherland and Hodgman (1974)."""
    left, top, right, bottom = box
    found = list(polygon)
    for axis, edge, sign in ((0, left, 1), (0, right, -1), (1, top, 1), (1, bottom, -1)):
        before, found = found, []
        for start, end in zip([*before[-1:], *before[:-1]], before):
            start_in, end_in = sign * (start[axis] - edge) >= 0, sign * (end[axis] - edge) >= 0
            if start_in != end_in:
                share = (edge - start[axis]) / (end[axis] - start[axis])
                cut = [start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])]
                cut[axis] = edge
                found.append((cut[0], cut[1]))
            if end_in:
                found.append(end)
    return found


def draw_outline(image: Image.Image, region: Sequence[Point], at: tuple[int, int, int, int], line: int) -> None:
    """Outline ``region`` of a picture that stands in ``image`` at (left, top, width, height), and may reach beyond it.

    ``line``: the width of the line in pixels; a light edge of a third of it stands on either side.
    """
    left, top, width, height = at
    corners = [(left + x * width, top + y * height) for x, y in region]
    halo = line + 2 * max(1, round(line / 3))
    inset = halo / 2
    seen = (max(0, left), max(0, top), min(image.width, left + width), min(image.height, top + height))
    points = clipped(corners, (seen[0] + inset, seen[1] + inset, seen[2] - inset, seen[3] - inset))
    if len(points) < 3:
        return
    finer = _FINER if line < _THICK else 2
    closed = (*points, *points[:2])  # on past the first corner: a round joint there, too
    fine = [(x * finer, y * finer) for x, y in closed]
    for colour, wide in ((_HALO, halo), (_LINE, line)):
        mask = Image.new("L", (image.width * finer, image.height * finer), 0)
        ImageDraw.Draw(mask).line(fine, fill=255, width=wide * finer, joint="curve")
        image.paste(colour, (0, 0), mask.reduce(finer))
