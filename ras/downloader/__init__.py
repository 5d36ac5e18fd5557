"""Fetching: a record's bytes, from the media beside the export or from the network."""

from ras.downloader.downloader import Cancelled, Downloader
from ras.downloader.hosts import Patience

__all__ = ["Cancelled", "Downloader", "Patience"]
