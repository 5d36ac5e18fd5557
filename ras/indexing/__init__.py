"""From records to embeddings and features: the pipeline that makes them, and what keeps its outcome."""

from __future__ import annotations

from ras.indexing.compute import usable_cores
from ras.indexing.filling import fill_store
from ras.indexing.outcomes import Described, Embedded
from ras.indexing.pipeline import embed_images

__all__ = ["Described", "Embedded", "embed_images", "fill_store", "usable_cores"]
