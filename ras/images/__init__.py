"""Pictures: what kind they are, their pixels, the query, previews."""

from ras.images.decoders import decode_image, decode_shrunk, decoder_notices
from ras.images.formats import is_searched, kind_name, sniff_format
from ras.images.header import upright_size
from ras.images.memory import is_large
from ras.images.preview import make_preview, preview_pixels
from ras.images.query import load_query
from ras.images.shrunk import Shrunk

__all__ = [
    "Shrunk",
    "decode_image",
    "decode_shrunk",
    "decoder_notices",
    "is_large",
    "is_searched",
    "kind_name",
    "load_query",
    "make_preview",
    "preview_pixels",
    "sniff_format",
    "upright_size",
]
