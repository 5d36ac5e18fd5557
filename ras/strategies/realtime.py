"""Real-time search: download, encode and rank while the search runs, in memory."""

from __future__ import annotations

import bisect
import time
from collections import Counter
from contextlib import closing
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Callable, Sequence

from PIL import Image

from ras.cdn import is_expired
from ras.filters import Filter
from ras.indexing import Embedded, embed_images, usable_cores
from ras.records import Archive, Job, Query, Results, SearchReport, SearchResult, Skipped
from ras.scoring import exact_scores, to_stored
from ras.strategies.base import SearchStrategy

if TYPE_CHECKING:
    from ras.downloader import Downloader
    from ras.encoders.base import Encoder

# The best so far is shown anew at most this often (seconds): faster is flicker.
REFRESH = 0.25

# Typical costs on one core and one connection (seconds), for an estimate before anything was measured: a picture
# of 1 to 2 megapixels, and a few hundred kilobytes from a CDN.
DECODE_SECONDS = 0.02
DOWNLOAD_SECONDS = 0.4


class RealTimeSearchStrategy(SearchStrategy):
    """Needs no index and keeps nothing: every search fetches and encodes all that passes its filter."""

    mode = "realtime"

    def __init__(
        self,
        encoder: Encoder,
        open_downloader: Callable[[], Downloader],
        *,
        connections: int,
        max_pixels: int,
        extra_formats: bool,
    ) -> None:
        self._encoder = encoder
        self._open_downloader = open_downloader
        self._connections = connections
        self._max_pixels = max_pixels
        self._extra_formats = extra_formats
        self._encode_seconds: float | None = None
        self._last_search: tuple[tuple[tuple[str, ...], int], float] | None = None
        """Which archive (see ``_which``), and how long it took."""

    def estimate(self, archive: Archive) -> float:
        """How long the last search of this archive took, else by the encoder's measured pace and typical downloads."""
        if self._last_search is not None and self._last_search[0] == _which(archive):
            return self._last_search[1]
        now = datetime.now(timezone.utc)
        local = sum(record.local_path is not None for record in archive.records)
        downloads = sum(record.local_path is None and not is_expired(record.url, now) for record in archive.records)
        computing = (local + downloads) * (DECODE_SECONDS / usable_cores() + self._seconds_to_encode())
        return max(computing, downloads * DOWNLOAD_SECONDS / self._connections)

    def _seconds_to_encode(self) -> float:
        """Seconds a picture, measured once on a small batch."""
        if self._encode_seconds is None:
            images = [Image.new("RGB", (224, 224), (shade, 128, 128)) for shade in range(0, 256, 64)]
            self._encoder.encode_images(images[:1])  # the first call also pays for what is set up lazily
            start = time.perf_counter()
            self._encoder.encode_images(images)
            together = min(self._encoder.batches_at_once, usable_cores())
            self._encode_seconds = (time.perf_counter() - start) / len(images) / together
        return self._encode_seconds

    def search(
        self, queries: Sequence[Query], archive: Archive, top_k: int, where: Filter
    ) -> Job[tuple[SearchReport, ...]]:
        started = time.monotonic()
        encoder = self._encoder
        views = [encoder.encode_query(query.image) for query in queries]
        places = where.mask(archive.records).nonzero()[0].tolist()
        best = [_Best(archive, top_k) for _ in queries]
        skipped: Counter[str] = Counter()
        shown_at = 0.0
        # One entry a content, not one embedding: its score for each query and (where it ranks) a preview.
        scores: dict[str, list[float]] = {}
        searched = 0
        with self._open_downloader() as downloader, closing(
            embed_images(
                [archive.records[place] for place in places],
                downloader.fetch,
                encoder,
                connections=self._connections,
                max_pixels=self._max_pixels,
                extra_formats=self._extra_formats,
            )
        ) as events:
            for event in events:
                if isinstance(event, Embedded):
                    searched += 1
                    if event.embedding is not None:
                        row = to_stored(event.embedding)[None]
                        scores[event.content_hash] = [float(exact_scores(one, row)[0]) for one in views]
                    for ranking, score in zip(best, scores[event.content_hash]):
                        ranking.offer(score, places[event.index], event.content_hash, event.preview)
                    continue
                if isinstance(event, Skipped):
                    skipped[event.reason.value] += 1
                yield event
                if time.monotonic() - shown_at >= REFRESH and any(ranking.changed for ranking in best):
                    shown_at = time.monotonic()
                    for number, ranking in enumerate(best):
                        if ranking.changed:
                            yield Results(ranking.results(), query=number)
        if not where:
            self._last_search = (_which(archive), time.monotonic() - started)
        reports = []
        for number, ranking in enumerate(best):
            results = ranking.results()
            yield Results(results, final=True, query=number)
            reports.append(
                SearchReport(
                    self.mode, encoder.id, encoder.device, searched, dict(skipped), results, encoder.convincing
                )
            )
        return tuple(reports)


def _which(archive: Archive) -> tuple[tuple[str, ...], int]:
    """Tells an archive from another, and from a part of it."""
    return archive.paths, len(archive.records)


class _Best:
    """The ``top_k`` best so far, with previews for these alone."""

    def __init__(self, archive: Archive, top_k: int) -> None:
        self._archive = archive
        self._top_k = top_k
        self._ranking: list[tuple[float, int, str]] = []
        """(-score, place in the archive, content hash), ascending: ties go to what the archive has first."""
        self._previews: dict[str, tuple[float, bytes]] = {}
        """Content hash → (-score, preview)."""
        self.changed = False

    def offer(self, score: float, index: int, content_hash: str, preview: bytes | None) -> None:
        if self._is_full and -score > self._ranking[-1][0]:
            return
        if preview is not None:
            self._previews[content_hash] = (-score, preview)
        bisect.insort(self._ranking, (-score, index, content_hash))
        del self._ranking[self._top_k :]
        self.changed = True

    def results(self) -> tuple[SearchResult, ...]:
        """The best so far; drops the previews of pictures that can no longer be among them."""
        self.changed = False
        if self._is_full:
            worst = self._ranking[-1][0]
            # A tie with the last may come back: a repost of it that stands earlier in the archive takes its place.
            self._previews = {key: value for key, value in self._previews.items() if value[0] <= worst}
        return tuple(
            SearchResult(rank, -negative, self._archive.records[index], self._previews[content_hash][1], index)
            for rank, (negative, index, content_hash) in enumerate(self._ranking, 1)
        )

    @property
    def _is_full(self) -> bool:
        return len(self._ranking) == self._top_k
