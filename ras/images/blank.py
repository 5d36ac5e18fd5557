"""Tells a picture that has too little in it to be found by: blank, nearly blank, or of a few pixels."""

from __future__ import annotations

import math

from PIL import Image, ImageFilter

from ras.text import whole

SMALLEST = 8
"""Pixels of the shorter side."""
_VIEW = 256
"""The picture is looked at with about so many pixels squared: in fewer, a hairline on a page melts into the paper."""
_SPECKS = 12
"""Places that stand out of the noise, as some letters do on a page, or a logo. A speck of dust has fewer."""
_FAINTEST = 6
"""Levels of 255 by which a place differs from the picture's colour without being noise or a fold in the paper."""
_NOISE = 5
"""A place stands out where it differs by so many times as much as half of the picture does."""
_SHARE = 0.02
"""Of the picture, smoothed, that differs faintly: so does a sky, in which nothing stands out."""


def too_little(image: Image.Image) -> str | None:
    """Why the picture (RGB) cannot be told from others, to stand behind a colon; None where it can.

    Blank is what hardly differs from its median colour, noise of the camera aside: neither by details, which stand out
    in few places, nor by shades, which are faint and wide.
    """
    if min(image.size) < SMALLEST:
        return f"it is only {whole(image.width)} × {whole(image.height)} pixels large"
    if image.getcolors(1) is not None:
        return "it is of one colour all over"
    return "it is of nearly one colour all over" if _is_blank(image) else None


def _is_blank(image: Image.Image) -> bool:
    import numpy as np

    factor = max(1, int(math.sqrt(image.width * image.height) / _VIEW))
    view = image.reduce((min(factor, image.width), min(factor, image.height))) if factor > 1 else image
    view = view.filter(ImageFilter.GaussianBlur(1))
    colour = np.median(np.asarray(view).reshape(-1, 3), axis=0)
    differs = np.abs(np.asarray(view) - colour).max(axis=2)
    noise = float(np.median(differs))
    if (differs > max(_FAINTEST, _NOISE * noise)).sum() >= _SPECKS:
        return False
    smooth = np.asarray(view.reduce((min(4, view.width), min(4, view.height))))
    return bool((np.abs(smooth - colour).max(axis=2) > _FAINTEST).mean() < _SHARE)
