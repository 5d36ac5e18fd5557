"""The limits in force: asked for where they are kept, so that what is told is what holds."""

from __future__ import annotations

from ras.health.facts import Limit
from ras.records import MOST_PICTURES, MOST_TEXT
from ras.settings import Settings
from ras.text import size, whole

ENOUGH_DISK = 1_000_000_000
"""Bytes that should be free: with less, RAS warns before something cannot be written."""


def limits(settings: Settings) -> tuple[Limit, ...]:
    from ras.crashes.folder import KEPT
    from ras.images.child import MOST_SECONDS
    from ras.images.decoding import MAX_PIXELS
    from ras.images.memory import most_memory
    from ras.images.query import MAX_QUERY_BYTES
    from ras.indexing.pipeline import MOST_BYTES

    megabytes, megapixels = settings.max_megabytes, settings.max_megapixels
    return (
        Limit("A picture of an archive", f"up to {whole(megabytes)} MB", "max_megabytes"),
        Limit("Its pixels", f"up to {whole(megapixels)} million", "max_megapixels"),
        Limit("Decoding a picture", f"{size(most_memory(settings.max_pixels))} of memory, {MOST_SECONDS:.0f} s"),
        Limit(
            "A picture to search for", f"up to {size(MAX_QUERY_BYTES)}, {whole(MAX_PIXELS // 1_000_000)} million pixels"
        ),
        Limit("Pictures of an archive", f"up to {whole(MOST_PICTURES)}, with {size(MOST_TEXT)} of texts"),
        Limit("Downloads at a time", f"{settings.connections}", "connections"),
        Limit("Waiting in memory", f"{size(MOST_BYTES)}, then downloads wait"),
        Limit("Free disk", f"a warning below {size(ENOUGH_DISK)}"),
        Limit("Crash reports", f"the newest {KEPT} are kept"),
    )
