"""The sample archive that comes with RAS, and the pictures to search for in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ras.paths import ASSETS
from ras.records import Archive, Job

if TYPE_CHECKING:
    from PIL.Image import Image

SAMPLE = ASSETS / "sample" / "sample.json"
QUERIES = SAMPLE.parent / "queries"
FIRST_QUERY = QUERIES / "cropped.jpg"
"""What is searched for when the user tries the sample."""

_THUMBNAIL = 320
"""Pixels a side at most: enough for a screen of any scale."""


@dataclass(frozen=True)
class SampleQuery:
    path: Path
    name: str
    """What was done to the picture: ``mirrored``."""
    thumbnail: Image


def is_sample(archive: Archive) -> bool:
    return [Path(path) for path in archive.paths] == [SAMPLE]


def sample_queries() -> Job[tuple[SampleQuery, ...]]:
    """The sample's queries with their thumbnails; none where the folder is missing."""
    from ras.images import load_query

    found = []
    for path in sorted(QUERIES.glob("*.*")):
        yield from ()
        thumbnail = load_query(path).image
        assert thumbnail is not None  # it came from a picture
        thumbnail.thumbnail((_THUMBNAIL, _THUMBNAIL))
        found.append(SampleQuery(path, path.stem, thumbnail))
    return tuple(found)
