"""What the pixels of an overlay tell: other colours, brightness, and parts that are covered."""

from __future__ import annotations

import numpy as np

from ras.matching.alignment import Overlay
from ras.records import Change

_FEWEST = 100
"""Pixels without which nothing is said."""

_COLOURLESS = 3
"""Mean length of (Cb, Cr) below which a picture is black and white."""

_COLOURS_OFF = 0.5
"""Share of their length by which colours may differ in the mean."""

_COVERED = 0.2
"""Correlation below which a block shows something else."""

_COVERED_SHARE = 0.12


def colour_changes(overlay: Overlay) -> list[Change]:
    """Black and white, other colours, brighter or darker: what is plain to see."""
    inside = overlay.inside
    if inside.sum() < _FEWEST:
        return []
    query, picture = (pixels[inside].astype(np.float32) for pixels in (overlay.pixels, overlay.preview))
    changes = []
    chroma = [_chroma(pixels) for pixels in (query, picture)]
    strength = [float(np.hypot(*one.T).mean()) for one in chroma]
    if strength[0] < _COLOURLESS and strength[1] > 8:
        changes.append(Change.GRAY)
    elif float(np.hypot(*(chroma[0] - chroma[1]).T).mean()) > 8 + 0.4 * max(strength):
        changes.append(Change.RECOLOURED)
    lighter = float(query.mean() - picture.mean())
    if abs(lighter) > 20:
        changes.append(Change.BRIGHTER if lighter > 0 else Change.DARKER)
    return changes


def same_colours(overlay: Overlay) -> bool:
    """Whether both have about the same colours, or one of them has none; brightness may differ."""
    chroma = [_chroma(pixels[overlay.inside].astype(np.float32)) for pixels in (overlay.pixels, overlay.preview)]
    strengths = [float(np.hypot(*one.T).mean()) for one in chroma]
    if min(strengths) < _COLOURLESS:
        return True
    return float(np.hypot(*(chroma[0] - chroma[1]).T).mean()) <= _COLOURS_OFF * max(strengths)


def is_covered(overlay: Overlay) -> bool:
    """Whether a part of the picture is hidden by something else, such as a text."""
    compared = overlay.compared
    return len(compared) >= 12 and float((compared < _COVERED).mean()) >= _COVERED_SHARE


def _chroma(pixels: np.ndarray) -> np.ndarray:
    """RGB (n, 3) → Cb and Cr (n, 2), around 0."""
    red, green, blue = pixels.T
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return np.stack([0.564 * (blue - luma), 0.713 * (red - luma)], axis=1)
