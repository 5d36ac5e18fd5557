"""From records to embeddings: the pipeline that fetches, decodes and encodes, and what keeps its outcome."""

from ras.indexing.compute import Embedded, usable_cores
from ras.indexing.filling import fill_store
from ras.indexing.pipeline import embed_images

__all__ = ["Embedded", "embed_images", "fill_store", "usable_cores"]
