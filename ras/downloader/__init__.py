"""Fetching: a record's bytes, from the media beside the export or from the network."""

from ras.downloader.downloader import Cancelled, Downloader
from ras.downloader.hosts import Patience
from ras.downloader.refresh import LinkRefresher

__all__ = ["Cancelled", "Downloader", "LinkRefresher", "Patience"]
