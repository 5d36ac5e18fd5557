"""Real-time search: download, encode and rank while the search runs, in memory."""

from __future__ import annotations

import bisect
import dataclasses
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Callable, Sequence

from PIL import Image

from ras.cdn import is_dead
from ras.encoders.encoded_query import PREPARING, EncodedQuery
from ras.filters import Filter
from ras.indexing import Described, Embedded, embed_images, usable_cores
from ras.matching import Features, Finding, QueryFeatures, check, same_bytes
from ras.records import Archive, Job, Notice, Progress, Query, Results, SearchReport, SearchResult, Skipped, Verdict
from ras.scoring import RankKey, exact_scores, rank_key, to_stored
from ras.strategies.base import SearchStrategy
from ras.strategies.ranking import by_score, in_scope, result_of

if TYPE_CHECKING:
    from ras.downloader import Downloader
    from ras.encoders.base import Encoder
    from ras.matching import FeatureExtractor

# The best so far is shown anew at most this often (seconds): faster is flicker.
REFRESH = 0.25

# Results beyond those that are shown which are kept.
SPARE = 50

# Typical costs on one core and one connection (seconds), for an estimate before anything was measured: a picture
# of 1 to 2 megapixels, and a few hundred kilobytes from a CDN.
DECODE_SECONDS = 0.02
FEATURES_SECONDS = 0.05
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
        extractor: FeatureExtractor | None = None,
    ) -> None:
        """Without an ``extractor`` verdicts go by embeddings alone."""
        self._encoder, self._extractor = encoder, extractor
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
        downloads = sum(record.local_path is None and not is_dead(record.url, now) for record in archive.records)
        each = DECODE_SECONDS + (FEATURES_SECONDS if self._extractor is not None and self._extractor.is_local else 0)
        computing = (local + downloads) * (each / usable_cores() + self._seconds_to_encode())
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
        self, queries: Sequence[Query], archive: Archive, top_k: int, where: Filter, scope: str = "all"
    ) -> Job[tuple[SearchReport, ...]]:
        started = time.monotonic()
        encoder = self._encoder
        places = where.mask(archive.records).nonzero()[0].tolist()
        best = [_Best(archive, top_k, query.scope(scope)) for query in queries]
        # A text has nothing in common with a picture that keypoints could tell.
        extractor = self._extractor if any(query.image is not None for query in queries) else None
        comparison = _Comparison(queries, encoder, extractor, best)
        yield from comparison.prepare()
        skipped: Counter[str] = Counter()
        shown_at = 0.0
        searched = 0
        with self._open_downloader() as downloader, closing(
            embed_images(
                [archive.records[place] for place in places],
                downloader.fetch,
                encoder,
                connections=self._connections,
                max_pixels=self._max_pixels,
                extra_formats=self._extra_formats,
                extractor=extractor,
                expect=downloader.expect,
            )
        ) as events:
            for event in events:
                if isinstance(event, Embedded):
                    searched += 1
                    comparison.take(event, places[event.index])
                    continue
                if isinstance(event, Described):
                    comparison.look_into(event)
                    continue
                if isinstance(event, Skipped):
                    skipped[event.reason.value] += 1
                yield event
                if time.monotonic() - shown_at >= REFRESH and any(ranking.changed for ranking in best):
                    shown_at = time.monotonic()
                    for number, ranking in enumerate(best):
                        if ranking.changed:
                            yield Results(ranking.results(), query=number)
            for sentence in downloader.take_notices():
                yield Notice(sentence)
        if not where and extractor is self._extractor:
            self._last_search = (_which(archive), time.monotonic() - started)
        reports = []
        for number, ranking in enumerate(best):
            results = ranking.results()
            yield Results(results, final=True, query=number)
            left_out = dict(sorted(skipped.items()))  # which of them failed first is chance
            reports.append(SearchReport(self.mode, encoder.id, encoder.device, searched, left_out, results))
        return tuple(reports)


@dataclass
class _Content:
    """What is known of one content. Its preview is kept until its features came."""

    scores: list[float]
    """Of each query."""
    findings: list[Finding]
    places: list[int]
    preview: bytes | None


class _Comparison:
    """Compares what arrives with the queries: first by embeddings, then, when its features are there, thoroughly."""

    def __init__(
        self, queries: Sequence[Query], encoder: Encoder, extractor: FeatureExtractor | None, best: Sequence[_Best]
    ) -> None:
        self._queries, self._encoder, self._extractor, self._best = queries, encoder, extractor, best
        self._encoded: list[EncodedQuery] = []
        self._described: list[QueryFeatures | None] = []
        self._is_thorough = extractor is not None
        # One entry a content, not one embedding.
        self._contents: dict[str, _Content] = {}

    def prepare(self) -> Job[None]:
        """Encode the queries and find their keypoints, before all else; yields between two, to be cancelled."""
        for number, query in enumerate(self._queries):
            if number:
                yield Progress(PREPARING, number, len(self._queries))
            self._encoded.append(EncodedQuery.of(query, self._encoder))
            if self._extractor is None or query.image is None:
                self._described.append(None)
            else:
                features = QueryFeatures.of(query.image, query.content_hash, self._extractor.is_local)
                self._described.append(features)

    def take(self, event: Embedded, place: int) -> None:
        content = self._contents.get(event.content_hash)
        preview = event.preview
        if content is None:
            assert event.embedding is not None  # the first of its content
            row = to_stored(event.embedding)[None]
            scores = [float(exact_scores(one.views, row)[0]) for one in self._encoded]
            findings = [
                same_bytes(score)
                if self._is_thorough and event.content_hash == query.content_hash
                else by_score(score, one.convincing)
                for query, one, score in zip(self._queries, self._encoded, scores)
            ]
            content = _Content(scores, findings, [], preview if self._is_thorough else None)
            self._contents[event.content_hash] = content
        content.places.append(place)
        # Until its features came and its preview was used.
        open_ends = [content.preview is not None and query is not None for query in self._described]
        for ranking, score, finding, open_end in zip(self._best, content.scores, content.findings, open_ends):
            result = _result(ranking, place, score, finding, event.content_hash)
            ranking.offer(result, event.content_hash, preview, may_be_copy=open_end)

    def look_into(self, event: Described) -> None:
        content = self._contents[event.content_hash]
        preview, content.preview = content.preview, None
        features = Features.unpack(event.features)
        for number, (query, ranking) in enumerate(zip(self._described, self._best)):
            score, convincing = content.scores[number], self._encoded[number].convincing
            if query is None or content.findings[number].verdict is Verdict.IDENTICAL:
                continue
            finding = content.findings[number] = check(query, features, preview, score, convincing)
            for place in content.places:
                ranking.offer(_result(ranking, place, score, finding, event.content_hash), event.content_hash, preview)


def _result(ranking: _Best, place: int, score: float, finding: Finding, content_hash: str) -> SearchResult:
    return result_of(ranking.archive.records[place], place, score, finding, content=content_hash)


def _which(archive: Archive) -> tuple[tuple[str, ...], int]:
    """Tells an archive from another, and from a part of it."""
    return archive.paths, len(archive.records)


class _Best:
    """The best so far, with previews for these alone."""

    def __init__(self, archive: Archive, top_k: int, scope: str) -> None:
        self.archive = archive
        self._top_k, self._scope = top_k, scope
        self._most = top_k + SPARE
        self._ranking: list[tuple[RankKey, str]] = []
        """Keys and content hashes, ascending."""
        self._results: dict[int, SearchResult] = {}
        """Place → the result there, of those in the ranking."""
        self._open: set[int] = set()
        """Places of those in the ranking that may turn out copies and go out of scope: they take no other's place."""
        self._previews: dict[str, tuple[RankKey, bytes]] = {}
        """Content hash → key, preview."""
        self.changed = False

    def offer(self, result: SearchResult, content_hash: str, preview: bytes | None, may_be_copy: bool = False) -> None:
        """A result, or a better one for the same place. ``may_be_copy``: nobody has looked into it yet."""
        key = rank_key(result)
        before = self._results.pop(result.place, None)
        if before is not None:
            del self._ranking[bisect.bisect_left(self._ranking, (rank_key(before), content_hash))]
            self._open.discard(result.place)
            self.changed = True
        if self._scope == "alike" and result.verdict.is_copy:
            self._previews.pop(content_hash, None)
            return
        # A tie with the last is kept: reposts of it come without a preview, and may stand earlier in the archive.
        if self._is_full and key[:-1] > self._ranking[-1][0][:-1]:
            return
        if preview is not None:
            self._previews[content_hash] = (key, preview)
        bisect.insort(self._ranking, (key, content_hash))
        self._results[result.place] = result
        if may_be_copy and self._scope == "alike":
            self._open.add(result.place)
        while self._is_full and (self._settled > self._most or self._ranking[-1][0][-1] in self._open):
            place = self._ranking.pop()[0][-1]
            del self._results[place]
            self._open.discard(place)
        self.changed = True

    @property
    def _settled(self) -> int:
        return len(self._ranking) - len(self._open)

    @property
    def _is_full(self) -> bool:
        return self._settled >= self._most

    def results(self) -> tuple[SearchResult, ...]:
        """The best so far; drops the previews of pictures that can no longer be among them."""
        self.changed = False
        if self._is_full:
            worst = self._ranking[-1][0][:-1]
            self._previews = {key: value for key, value in self._previews.items() if value[0][:-1] <= worst}
        wanted = [
            (self._results[key[-1]], content_hash)
            for key, content_hash in self._ranking
            if in_scope(self._results[key[-1]].verdict, self._scope)
        ]
        return tuple(
            dataclasses.replace(result, rank=rank, preview=self._previews[content_hash][1])
            for rank, (result, content_hash) in enumerate(wanted[: self._top_k], 1)
        )
