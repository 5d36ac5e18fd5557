"""Is it this very picture? Features of pictures, an index of them, the check of a candidate, the verdict."""

from __future__ import annotations

from ras.matching.checking import Finding, check, same_bytes
from ras.matching.extractor import FeatureExtractor
from ras.matching.features import Features
from ras.matching.load import load_extractor
from ras.matching.query import QueryFeatures

__all__ = ["FeatureExtractor", "Features", "Finding", "QueryFeatures", "check", "load_extractor", "same_bytes"]
