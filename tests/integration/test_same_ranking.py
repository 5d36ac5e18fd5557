"""Every mode gives the same ranking, and with a filter the one that brute force gives: over random archives."""

from __future__ import annotations

import io
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Callable, Iterator, Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from ras.downloader import Downloader
from ras.encoders.base import Encoder
from ras.encoders.fingerprint import FingerprintEncoder
from ras.filters import Filter
from ras.indexing import fill_store
from ras.records import Archive, Channel, ImageRecord, Query, Results, SearchReport, SearchResult, finish
from ras.scoring import to_stored
from ras.settings import Settings
from ras.store import EmbeddingStore
from ras.strategies.base import SearchStrategy
from ras.strategies.cached import CachedSearchStrategy
from ras.strategies.faiss_index import FAISSSearchStrategy
from ras.strategies.realtime import RealTimeSearchStrategy
from tests.pictures import CHANNEL, NOON, archive, local_record, picture

MAX_PIXELS = 1_000_000

# Mode → how to make it. One more mode is one more line.
MODES: dict[str, Callable[[Encoder, EmbeddingStore], SearchStrategy]] = {
    "realtime": lambda encoder, store: RealTimeSearchStrategy(
        encoder, lambda: Downloader(Settings()), connections=4, max_pixels=MAX_PIXELS, extra_formats=False
    ),
    "cached": CachedSearchStrategy,
    "faiss": FAISSSearchStrategy,
}

CHANNELS = (CHANNEL, Channel("21", "memes", "10", "Test guild"))
EXPIRED = "https://cdn.discordapp.com/attachments/20/1/a.png?ex=65000000&is=64000000&hm=00"
"""A link that nobody tries: nothing here needs a network."""

AUTHORS = (("7", "Mira"), ("8", "Tom"), ("9", "Ina"))
SHADES = (0, 60, 61, 120, 200)


class CrowdedEncoder(Encoder):
    """Embeddings that are hard to tell apart: few directions, and steps of the last bit of a float16 between them."""

    id = "crowded-1"
    name = "Crowded"
    device = "cpu"
    dimension = 24
    batch_size = 8

    def preprocess(self, image: Image.Image) -> np.ndarray:
        return np.asarray(image.resize((1, 1), Image.Resampling.BOX), np.int64).reshape(3)

    def encode_batch(self, rows: np.ndarray) -> np.ndarray:
        return np.stack([self._embedding(*row.tolist()) for row in rows])

    def _embedding(self, red: int, green: int, blue: int) -> np.ndarray:
        """Red chooses the direction, green the place of the step; blue changes nothing."""
        vector = np.random.default_rng(red).standard_normal(self.dimension).astype(np.float32)
        vector /= np.linalg.norm(vector)
        vector[green % self.dimension] *= 1 + 2.0**-10 * (green % 2)
        return vector

    def query_views(self, image: Image.Image) -> list[Image.Image]:
        return [image, Image.eval(image, lambda value: 255 - value)]


@st.composite
def archives(draw: st.DrawFn) -> tuple[list[tuple[bytes, dict[str, object]]], list[Filter]]:
    """Pictures with what is said of them, many of them of the same bytes or the same embedding; and filters."""
    shade = st.sampled_from(SHADES)
    pictures = []
    for number in range(draw(st.integers(0, 40))):
        kind = draw(st.integers(0, 9))
        size = (draw(st.integers(1, 3)), 2)
        data = (
            b"no picture" if kind == 0 else b"" if kind == 1 else picture((draw(shade), draw(shade), draw(shade)), size)
        )
        author_id, author = draw(st.sampled_from(AUTHORS))
        about: dict[str, object] = {
            "url": EXPIRED,
            "author_id": author_id,
            "author": author,
            "channel": draw(st.sampled_from(CHANNELS)),
            "timestamp": NOON + timedelta(hours=draw(st.integers(0, 5))),
            "content": draw(st.sampled_from(["", " ", "look"])),
            "file_name": draw(st.sampled_from(["", "SPOILER_"])) + f"{draw(st.sampled_from('abc'))}{number}.png",
        }
        pictures.append((data, about))
    moments = st.none() | st.integers(0, 5).map(lambda hours: NOON + timedelta(hours=hours))
    names = st.sampled_from(["mira", "Tom", "9", "nobody"])
    filters = st.builds(
        Filter,
        authors=st.just(()) | st.lists(names, max_size=2).map(tuple),
        channels=st.sampled_from([(), (), ("#memes",), ("20",), ("memes", "general")]),
        after=moments,
        before=moments,
        has_text=st.sampled_from([None, None, True, False]),
        file_name=st.sampled_from(["", "", "a", "*1?.png"]),
        spoiler=st.sampled_from([None, None, True, False]),
    )
    return pictures, [Filter(), draw(filters), draw(filters)]


def brute_force(
    embeddings: dict[int, np.ndarray], views: np.ndarray, records: Sequence[ImageRecord], where: Filter, top_k: int
) -> list[tuple[float, int]]:
    """(score, place) of the best: every picture that could be encoded and passes, ranked at leisure."""
    ranked = []
    for place, embedding in embeddings.items():
        if where.matches(records[place]):
            stored = to_stored(embedding).astype(np.float64)
            ranked.append((max(float((stored * view.astype(np.float64)).sum()) for view in views), place))
    return sorted(ranked, key=lambda pair: (-pair[0], pair[1]))[:top_k]


def index(whole: Archive, store: EmbeddingStore, encoder: Encoder) -> None:
    with Downloader(Settings()) as downloader:
        finish(fill_store(whole, store, downloader.fetch, encoder, connections=4, max_pixels=MAX_PIXELS))


def opened(encoder: Encoder, store: EmbeddingStore) -> Iterator[tuple[str, SearchStrategy]]:
    for mode, make in MODES.items():
        strategy = make(encoder, store)
        assert strategy.mode == mode
        try:
            finish(strategy.prepare(store))
            yield mode, strategy
        finally:
            strategy.close()


def bare(results: Sequence[SearchResult]) -> list[tuple[float, int]]:
    return [(result.score, result.place) for result in results]


@settings(
    deadline=None,
    derandomize=True,
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(archives(), st.lists(st.sampled_from(SHADES), min_size=1, max_size=3), st.integers(1, 12))
def test_all_modes_rank_as_brute_force_does(
    tmp_path_factory: pytest.TempPathFactory,
    drawn: tuple[list[tuple[bytes, dict[str, object]]], list[Filter]],
    wanted: list[int],
    top_k: int,
) -> None:
    folder = tmp_path_factory.mktemp("archive")
    pictures, filters = drawn
    encoder = CrowdedEncoder()
    records = [local_record(folder, number, data, **about) for number, (data, about) in enumerate(pictures)]
    whole = archive(records)
    readable = [number for number, (data, _) in enumerate(pictures) if data.startswith(b"\x89PNG")]
    images = [Image.open(io.BytesIO(pictures[number][0])).convert("RGB") for number in readable]
    embeddings = dict(zip(readable, encoder.encode_images(images)))
    queries = [Query(Image.new("RGB", (4, 4), (red, 60, 60)), str(red)) for red in wanted]
    views = [encoder.encode_query(query.image) for query in queries]
    with EmbeddingStore(folder / "store") as store:
        index(whole, store, encoder)
        for mode, strategy in opened(encoder, store):
            for where in filters:
                if strategy.unavailable(whole) is not None:
                    assert not embeddings
                    assert mode != "realtime"
                    continue
                events = list(strategy.search(queries, whole, top_k, where))
                reports = finish(strategy.search(queries, whole, top_k, where))
                for number, report in enumerate(reports):
                    best = brute_force(embeddings, views[number], records, where, top_k)
                    assert bare(report.results) == best, (mode, where)
                    assert [result.rank for result in report.results] == list(range(1, len(best) + 1))
                    assert all(result.record is records[result.place] and result.preview for result in report.results)
                    assert report.searched == sum(where.matches(records[place]) for place in readable)
                    left_out = int(where.mask(records).sum()) - report.searched
                    assert sum(report.skipped.values()) + report.not_indexed == left_out
                    final = [event for event in events if isinstance(event, Results) and event.final]
                    assert final[number] == Results(report.results, final=True, query=number)


def test_the_real_encoder_ranks_the_same_in_all_modes(tmp_path: Path) -> None:
    """With previews, and with pictures whose embeddings are not made up."""
    chance = np.random.default_rng(1)
    records = []
    for number in range(60):
        pixels = chance.integers(0, 256, (6, 6, 3), np.uint8)
        data = io.BytesIO()
        Image.fromarray(pixels).resize((160, 120), Image.Resampling.BICUBIC).save(data, "PNG")
        records.append(local_record(tmp_path, number, data.getvalue()))
        if number % 9 == 0:  # posted again
            records.append(local_record(tmp_path, 100 + number, data.getvalue(), author="Tom"))
    whole = archive(records)
    encoder = FingerprintEncoder()
    queries = []
    for name in (0, 30, 59):
        image = Image.open(tmp_path / f"{name}.png").convert("RGB")
        queries.append(Query(image.transpose(Image.Transpose.ROTATE_90).resize((90, 120)), str(name)))
    reports: dict[str, tuple[SearchReport, ...]] = {}
    with ExitStack() as stack:
        store = stack.enter_context(EmbeddingStore(tmp_path / "store"))
        index(whole, store, encoder)
        for mode, strategy in opened(encoder, store):
            assert strategy.unavailable(whole) is None
            reports[mode] = finish(strategy.search(queries, whole, 20, Filter()))
    for mode, found in reports.items():
        for one, other in zip(found, reports["realtime"]):
            assert one.results == other.results, mode
    assert [report.results[0].record.key for report in reports["cached"]] == ["a:0", "a:30", "a:59"]
