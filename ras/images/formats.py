"""Which kind of picture some bytes are, told by how they begin."""

from __future__ import annotations

_SEARCHED = ("PNG", "JPEG")
EXTRA_FORMATS = ("WEBP", "GIF", "BMP")
_NAMES = {"WEBP": "WebP", "HEIF": "HEIC", "JXL": "JPEG XL", "JP2": "JPEG 2000", "PSD": "Photoshop", "ICO": "icon"}
_BMP_HEADER_SIZES = (12, 16, 40, 52, 56, 64, 108, 124)


def sniff_format(data: bytes) -> str | None:
    """The kind of picture by its first 32 bytes, with Pillow's name (``PNG``, ``JPEG``, ``WEBP``, …); None if none."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    # Two letters alone would take any text that begins with "BM" for a picture.
    if data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in _BMP_HEADER_SIZES:
        return "BMP"
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        if brand in (b"avif", b"avis"):
            return "AVIF"
        return "HEIF" if brand in (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1") else None
    for magic, name in (
        (b"II*\x00", "TIFF"),
        (b"MM\x00*", "TIFF"),
        (b"8BPS", "PSD"),
        (b"\x00\x00\x01\x00", "ICO"),
        (b"\xff\x0a", "JXL"),
        (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "JXL"),
        (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JP2"),
    ):
        if data.startswith(magic):
            return name
    return None


def is_searched(kind: str, *, extra_formats: bool = False) -> bool:
    """Whether RAS decodes pictures of this kind (as ``sniff_format`` names it)."""
    return kind in _SEARCHED or (extra_formats and kind in EXTRA_FORMATS)


def kind_name(kind: str) -> str:
    """The kind of picture in the user's words: ``WebP``."""
    return _NAMES.get(kind, kind)
