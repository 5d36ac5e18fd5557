"""Every mode gives the same ranking, and with a filter the one that brute force gives: over random archives."""

from __future__ import annotations

import dataclasses
import io
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Callable, Iterator, Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from ras.downloader import Downloader
from ras.encoders.base import Encoder
from ras.encoders.fingerprint import FingerprintEncoder
from ras.engine import SearchEngine
from ras.filters import EVERYTHING, Filter
from ras.matching import FeatureExtractor
from ras.matching.load import HashExtractor
from ras.matching.local import LocalExtractor
from ras.records import (
    Archive,
    Change,
    Channel,
    Evidence,
    ImageRecord,
    Notice,
    Query,
    Results,
    SearchReport,
    SearchResult,
    Verdict,
    finish,
)
from ras.scoring import rank_key, to_stored
from ras.settings import Settings
from ras.store import EmbeddingStore
from ras.strategies import realtime
from ras.strategies.base import SearchStrategy
from ras.strategies.cached import CachedSearchStrategy
from ras.strategies.copies import CopySearch
from ras.strategies.faiss_index import FAISSSearchStrategy
from ras.strategies.realtime import RealTimeSearchStrategy
from tests import tiny_clip
from tests.drawn_archives import altered, drawn, drawn_archive, file_of, index, query_of
from tests.pictures import CHANNEL, NOON, archive, local_record, picture

MAX_PIXELS = 1_000_000

# Mode → how to make it; with an extractor, so that it tells copies. One more mode is one more line.
MODES: dict[str, Callable[[Encoder, EmbeddingStore, FeatureExtractor | None], SearchStrategy]] = {
    "realtime": lambda encoder, _, extractor: RealTimeSearchStrategy(
        encoder,
        lambda: Downloader(Settings()),
        connections=4,
        max_pixels=MAX_PIXELS,
        extra_formats=False,
        extractor=extractor,
    ),
    "cached": lambda encoder, store, extractor: CachedSearchStrategy(
        encoder, store, copies=copies_of(encoder, store, extractor)
    ),
    "faiss": lambda encoder, store, extractor: FAISSSearchStrategy(
        encoder, store, copies=copies_of(encoder, store, extractor)
    ),
}


def copies_of(encoder: Encoder, store: EmbeddingStore, extractor: FeatureExtractor | None) -> CopySearch | None:
    return None if extractor is None else CopySearch(encoder, store, extractor)


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


def opened(
    encoder: Encoder, store: EmbeddingStore, extractor: FeatureExtractor | None = None
) -> Iterator[tuple[str, SearchStrategy]]:
    for mode, make in MODES.items():
        strategy = make(encoder, store, extractor)
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
    with EmbeddingStore(folder / "store") as store, pytest.MonkeyPatch.context() as patch:
        patch.setattr(realtime, "SPARE", 0)
        index(whole, store, encoder, None)
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
        index(whole, store, encoder, None)
        for mode, strategy in opened(encoder, store):
            assert strategy.unavailable(whole) is None
            reports[mode] = finish(strategy.search(queries, whole, 20, Filter()))
    for mode, found in reports.items():
        for one, other in zip(found, reports["realtime"]):
            assert one.results == other.results, mode
    assert [report.results[0].record.key for report in reports["cached"]] == ["a:0", "a:30", "a:59"]


ALTERED = {
    "crop to 50 % of area": Change.CROPPED,
    "mirrored": Change.MIRRORED,
    "one of four in a collage": Change.EMBEDDED,
    "half of a screenshot": Change.EMBEDDED,
}
ELEVEN = [*range(8), 3, 3, 5]
"""What is posted: picture 3 three times, 5 twice; the last place is for picture 5 as it was saved again."""


@pytest.fixture(scope="module")
def posted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Archive, EmbeddingStore]]:
    """An archive that is indexed with its features."""
    folder = tmp_path_factory.mktemp("posted")
    whole = drawn_archive(folder, ELEVEN)
    saved_again = local_record(folder, len(ELEVEN), file_of(drawn(5), "JPEG", quality=85), author="Tom")
    whole = dataclasses.replace(whole, records=(*whole.records, saved_again))
    with EmbeddingStore(folder / "store") as store:
        index(whole, store, FingerprintEncoder(), LocalExtractor())
        yield whole, store


def answered(
    posted: tuple[Archive, EmbeddingStore],
    queries: Sequence[Query],
    top_k: int = 5,
    where: Filter = EVERYTHING,
    scope: str = "all",
) -> tuple[SearchReport, ...]:
    """What all modes answer, to the last bit, verdicts and previews too."""
    whole, store = posted
    reports: dict[str, tuple[SearchReport, ...]] = {}
    for mode, strategy in opened(FingerprintEncoder(), store, LocalExtractor()):
        events = []
        job = strategy.search(queries, whole, top_k, where, scope)
        try:
            while True:
                events.append(next(job))
        except StopIteration as stop:
            reports[mode] = stop.value
        assert not [event for event in events if isinstance(event, Notice)]
        final = [event.results for event in events if isinstance(event, Results) and event.final]
        assert final == [report.results for report in reports[mode]]
    for mode, found in reports.items():
        for one, other in zip(found, reports["realtime"]):
            assert one.results == other.results, mode
            assert list(one.results) == sorted(one.results, key=rank_key)
            assert [result.rank for result in one.results] == list(range(1, len(one.results) + 1))
            assert all(result.preview and result.record is whole.records[result.place] for result in one.results)
            assert (one.searched, one.skipped, one.not_indexed) == (other.searched, other.skipped, other.not_indexed)
    return reports["cached"]


def test_copies_are_found_first_and_told_alike_in_all_modes(posted: tuple[Archive, EmbeddingStore]) -> None:
    queries = [altered(how, number) for number, how in enumerate(ALTERED)]
    (*reports, same, unknown) = answered(posted, [*queries, query_of(file_of(drawn(6))), Query(drawn(77), "unknown")])
    for number, (how, report) in enumerate(zip(ALTERED, reports)):
        first, second = report.results[0], report.results[1 if number != 3 else 3]
        assert (first.place, first.verdict) == (number, Verdict.ALTERED), how
        assert ALTERED[how] in first.changes
        assert first.matched_region is not None
        assert first.evidence is not None
        assert first.evidence.cosine == first.score
        assert not second.verdict.is_copy
    first = same.results[0]
    assert (first.place, first.verdict, first.changes) == (6, Verdict.IDENTICAL, ())
    assert first.evidence is not None
    assert (first.evidence.agreement, first.evidence.hash_distance) == (1.0, 0)
    assert not any(result.verdict.is_copy for result in unknown.results)
    assert len(unknown.results) == 5


def test_a_picture_posted_several_times_is_several_results(posted: tuple[Archive, EmbeddingStore]) -> None:
    queries = [altered("half of a screenshot", 3), altered("mirrored", 5), query_of(file_of(drawn(5)))]
    thrice, mirrored, same = answered(posted, queries)
    assert [result.place for result in thrice.results if result.verdict.is_copy] == [3, 8, 9]
    assert sorted(result.place for result in mirrored.results if result.verdict.is_copy) == [5, 10, 11]
    assert mirrored.results[0].evidence != mirrored.results[2].evidence, "the file that was saved again is another"
    assert [result.place for result in same.results[:3]] == [5, 10, 11], "the very file comes before one like it"
    reports = answered(posted, queries, top_k=2)
    assert [report.results for report in reports] == [report.results[:2] for report in (thrice, mirrored, same)]


def test_a_scope_leaves_copies_or_what_is_alike(posted: tuple[Archive, EmbeddingStore]) -> None:
    queries = [altered("mirrored", 5), Query(drawn(77), "unknown")]
    everything = answered(posted, queries, top_k=12)
    copies = answered(posted, queries, top_k=12, scope="copies")
    alike = answered(posted, queries, top_k=12, scope="alike")
    for whole, some, others in zip(everything, copies, alike):
        assert len(whole.results) == 12
        told = [(result.place, result.verdict) for result in whole.results]
        assert [(result.place, result.verdict) for result in (*some.results, *others.results)] == told
        assert all(result.verdict.is_copy for result in some.results)
        assert not any(result.verdict.is_copy for result in others.results)
    assert [len(report.results) for report in copies] == [3, 0]


def test_filters_apply_to_copies(posted: tuple[Archive, EmbeddingStore]) -> None:
    queries = [altered("mirrored", 5), query_of(file_of(drawn(5)))]
    for report in answered(posted, queries, where=Filter(authors=("Tom",))):
        assert [result.place for result in report.results] == [11]
        assert report.results[0].verdict.is_copy
    last = Filter(after=posted[0].records[10].timestamp)
    for report in answered(posted, queries, where=last):
        assert [result.place for result in report.results] == [10, 11]
        assert report.searched == 2
    for report in answered(posted, queries, where=Filter(authors=("nobody",))):
        assert report.results == ()


@pytest.mark.parametrize(
    ("scope", "indexed"), [("all", (0, 1, 2, 3, 10)), ("copies", (5, 6, 7)), ("alike", (0, 3, 5, 8))]
)
def test_auto_ranks_what_is_indexed_and_what_is_not_as_one(
    posted: tuple[Archive, EmbeddingStore], tmp_path: Path, indexed: Sequence[int], scope: str
) -> None:
    whole, _ = posted
    encoder, extractor = FingerprintEncoder(), LocalExtractor()
    queries = [altered("mirrored", 5), query_of(file_of(drawn(3)))]
    with EmbeddingStore(tmp_path / "store") as store:
        part = dataclasses.replace(whole, records=tuple(whole.records[place] for place in indexed))
        index(part, store, encoder, extractor)
        strategies = {mode: make(encoder, store, extractor) for mode, make in MODES.items()}
        engine = SearchEngine(encoder, strategies)
        try:
            reports = finish(engine.search_many(queries, whole, top_k=6, scope=scope))
        finally:
            engine.close()
    cached = MODES["cached"](encoder, posted[1], extractor)
    expected = finish(cached.search(queries, whole, 6, EVERYTHING, scope))
    assert [report.results for report in reports] == [report.results for report in expected]
    assert [(report.searched, report.not_indexed) for report in reports] == [(12, 0)] * 2


TEXTS = ("a cat with a hat", "lake", "two people in the rain, at night")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    """A CLIP with random weights: it knows no words, but encodes any."""
    pytest.importorskip("torch")
    from ras.encoders.clip import load_clip

    path = tiny_clip.write_state_dict(tmp_path_factory.mktemp("clip") / "tiny.pt")
    return finish(load_clip(path, tiny_clip.sha256(path), "cpu"))


def test_texts_alone_and_with_pictures_rank_the_same_in_all_modes(tmp_path: Path, tiny: Encoder) -> None:
    extractor = LocalExtractor()
    whole = drawn_archive(tmp_path, [*range(12), 3, 7])
    mirrored = altered("mirrored", 5)
    queries = [Query(None, text, text=text) for text in TEXTS]
    queries += [dataclasses.replace(mirrored, text=TEXTS[0], text_weight=weight) for weight in (0.0, 0.3, 1.0)]
    with EmbeddingStore(tmp_path / "store") as store:
        index(whole, store, tiny, extractor)
        reports = {}
        for scope in ("all", "copies"):
            for mode, strategy in opened(tiny, store, extractor):
                assert strategy.unavailable(whole) is None
                reports[mode, scope] = finish(strategy.search(queries, whole, 6, EVERYTHING, scope))
    contents = tiny.encode_images([drawn(number) for number in range(12)])
    embeddings = {place: contents[number] for place, number in enumerate([*range(12), 3, 7])}
    for (mode, scope), found in reports.items():
        assert [report.results for report in found] == [report.results for report in reports["realtime", scope]], mode
        for text, report in zip(TEXTS, found):
            best = brute_force(embeddings, tiny.encode_text([text]), whole.records, EVERYTHING, 6)
            assert [place for _, place in bare(report.results)] == [place for _, place in best]
            assert not any(result.verdict.is_copy for result in report.results), "a text has no copies"
            assert all(result.evidence == Evidence(cosine=result.score) for result in report.results)
            assert tiny.convincing_text is not None
            for result in report.results:
                assert (result.verdict is Verdict.ALIKE) == (result.score >= tiny.convincing_text)
        for report in found[len(TEXTS) :]:
            first = report.results[0]
            assert (first.place, first.verdict) == (5, Verdict.ALTERED), (
                "with a text beside it, it is still that picture"
            )
            assert Change.MIRRORED in first.changes
    plain, tinged = (reports["cached", "all"][number].results for number in (3, 4))
    assert bare(plain) != bare(tinged), "the text counts"


def test_without_opencv_whole_pictures_are_told_by_their_hashes(tmp_path: Path) -> None:
    encoder, extractor = FingerprintEncoder(), HashExtractor()
    whole = drawn_archive(tmp_path, range(5))
    queries = [
        Query(ImageOps.mirror(drawn(1)), "mirrored"),
        query_of(file_of(drawn(2), "JPEG", quality=85)),
        query_of(file_of(drawn(3))),
        altered("crop to 50 % of area", 4),
    ]
    reports = {}
    with EmbeddingStore(tmp_path / "store") as store:
        index(whole, store, encoder, extractor)
        for mode, strategy in opened(encoder, store, extractor):
            reports[mode] = finish(strategy.search(queries, whole, 5, Filter()))
    for mode, found in reports.items():
        assert [report.results for report in found] == [report.results for report in reports["realtime"]], mode
        firsts = [report.results[0] for report in found]
        assert [(first.place, first.verdict) for first in firsts[:3]] == [
            (1, Verdict.ALTERED),
            (2, Verdict.IDENTICAL),
            (3, Verdict.IDENTICAL),
        ]
        assert firsts[0].changes == (Change.MIRRORED,)
        assert not firsts[3].verdict.is_copy
