"""Pictures: what kind they are, their pixels, the query, previews."""

from ras.images.decoding import decode_image, decode_shrunk, is_large
from ras.images.formats import is_searched, kind_name, sniff_format
from ras.images.header import upright_size
from ras.images.preview import make_preview
from ras.images.query import load_query
from ras.images.shrunk import Shrunk

__all__ = [
    "Shrunk",
    "decode_image",
    "decode_shrunk",
    "is_large",
    "is_searched",
    "kind_name",
    "load_query",
    "make_preview",
    "sniff_format",
    "upright_size",
]
