"""How large a picture is, by its first bytes."""

from __future__ import annotations

import io
import logging

from PIL import JpegImagePlugin, PngImagePlugin

from ras.images.formats import sniff_format

log = logging.getLogger(__name__)

_ORIENTATION = 0x0112
"""EXIF's; from 5 on width and height change places."""


def upright_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) of a PNG or JPEG file, or of its beginning, as ``decode_image`` would lay it; None if unknown.

    Within this process, for it is Python alone that reads a header: no decoder of pixels sees the bytes.
    """
    openers = {"PNG": PngImagePlugin.PngImageFile, "JPEG": JpegImagePlugin.JpegImageFile}
    opener = openers.get(sniff_format(data) or "")
    if opener is None:
        return None
    try:
        with opener(io.BytesIO(data)) as image:
            turned = "exif" in image.info and int(image.getexif().get(_ORIENTATION, 1)) >= 5
            width, height = image.size
    except Exception as exc:  # noqa: BLE001  Pillow raises whatever its parsers run into
        log.debug("The size of a picture cannot be read: %r", exc)
        return None
    return (height, width) if turned else (width, height)
