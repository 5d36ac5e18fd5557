"""The search for copies in the store: who is a candidate, what is checked, and what is said of the rest."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from pathlib import Path
from typing import Iterator, Sequence

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from ras.encoders.fingerprint import FingerprintEncoder
from ras.errors import EncoderError
from ras.filters import EVERYTHING, Filter
from ras.matching import Features, Finding, QueryFeatures, inverted
from ras.matching.local import LocalExtractor
from ras.records import (
    Archive,
    Change,
    Event,
    Evidence,
    Job,
    Notice,
    Progress,
    Query,
    SearchReport,
    SearchResult,
    Verdict,
    finish,
)
from ras.store import EmbeddingStore, Entry, FeatureEntry
from ras.strategies import copies, exact, feature_index, stored
from ras.strategies.cached import CachedSearchStrategy
from ras.strategies.copies import BY_EMBEDDING, BY_HASH, BY_KEYPOINTS, CopySearch, interleaved
from ras.strategies.faiss_index import FAISSSearchStrategy
from ras.strategies.stored import Coverage
from tests.drawn_archives import Made, altered, drawn, drawn_archive, file_of, index, made_up, put, query_of
from tests.pictures import archive, record
from tests.stores import GivenEncoder

ENCODER = FingerprintEncoder()
EXTRACTOR = LocalExtractor()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddingStore]:
    with EmbeddingStore(tmp_path / "store") as opened:
        yield opened


@pytest.fixture(scope="module")
def made() -> list[Made]:
    return [Made(drawn(number)) for number in range(6)]


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The hashes of the pictures that were checked."""
    checked: list[bytes] = []
    check = copies.check

    def counted(query: QueryFeatures, features: Features, preview: bytes | None, *rest: float) -> Finding:
        checked.append(features.hash)
        return check(query, features, preview, *rest)

    monkeypatch.setattr(copies, "check", counted)
    return checked


def strategy_of(store: EmbeddingStore) -> CachedSearchStrategy:
    return CachedSearchStrategy(ENCODER, store, copies=CopySearch(ENCODER, store, EXTRACTOR))


def search(strategy: CachedSearchStrategy, query: Query, whole: Archive, top_k: int = 5) -> tuple[SearchResult, ...]:
    return finish(strategy.search([query], whole, top_k, EVERYTHING))[0].results


def run(job: Job[tuple[SearchReport, ...]]) -> tuple[list[Event], tuple[SearchReport, ...]]:
    events: list[Event] = []
    while True:
        try:
            events.append(next(job))
        except StopIteration as stop:
            return events, stop.value


def notices(events: Sequence[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice)]


def test_pictures_that_have_no_features_yet_are_said_once_and_found_by_their_embeddings(
    store: EmbeddingStore, made: list[Made]
) -> None:
    records = [record(number) for number in range(5)]
    whole = archive(records)
    store.register(whole)
    rows = [one.embedding for one in made]
    put(store, ENCODER, records, rows, [made[0].features, made[1].features, None, made[3].features, None])
    again = dataclasses.replace(whole, records=(*records, record(2, message_id="77")))
    strategy = strategy_of(store)
    queries = [altered("mirrored", 2), altered("mirrored", 3)]
    events, (lacking, whole_one) = run(strategy.search(queries, again, 3, EVERYTHING))
    (said,) = notices(events)
    assert " 3 of 6 pictures " in said, "the picture that stands in two messages counts twice"
    assert [(result.place, result.verdict) for result in lacking.results[:2]] == [
        (2, Verdict.ALIKE),
        (5, Verdict.ALIKE),
    ]
    assert whole_one.results[0].place == 3
    assert not notices(run(strategy.search(queries, again, 3, Filter(file_name="2.png")))[0])
    name = hashlib.sha256(b"a:4").hexdigest()
    store.add(ENCODER.id, 512, [], features=[FeatureEntry(name, EXTRACTOR.id, made[4].features.pack())])
    (said,) = notices(run(strategy.search(queries, again, 3, EVERYTHING))[0])
    assert " 2 of 6 pictures " in said
    name = hashlib.sha256(b"a:2").hexdigest()
    store.add(ENCODER.id, 512, [], features=[FeatureEntry(name, EXTRACTOR.id, made[2].features.pack())])
    assert not notices(run(strategy.search(queries, again, 3, EVERYTHING))[0])


def test_an_archive_without_any_features_is_searched_by_embeddings(store: EmbeddingStore, made: list[Made]) -> None:
    records = [record(number) for number in range(4)]
    whole = archive(records)
    store.register(whole)
    put(store, ENCODER, records, [one.embedding for one in made], [None] * 4)
    events, (report,) = run(strategy_of(store).search([altered("mirrored", 1)], whole, 3, EVERYTHING))
    assert " 4 of 4 pictures " in notices(events)[0]
    assert [result.verdict for result in report.results] == [Verdict.ALIKE, Verdict.UNLIKELY, Verdict.UNLIKELY]
    (without,) = finish(CachedSearchStrategy(ENCODER, store).search([altered("mirrored", 1)], whole, 3, EVERYTHING))
    assert report == without


def test_without_a_search_for_copies_nothing_is_one(tmp_path: Path, store: EmbeddingStore) -> None:
    whole = drawn_archive(tmp_path, range(3))
    index(whole, store, ENCODER, EXTRACTOR)
    strategy = CachedSearchStrategy(ENCODER, store)
    query = query_of(file_of(drawn(1)))
    first, *others = search(strategy, query, whole)
    assert (first.place, first.verdict) == (1, Verdict.ALIKE)
    assert first.evidence == Evidence(cosine=first.score)
    assert {result.verdict for result in others} == {Verdict.UNLIKELY}
    assert finish(strategy.search([query], whole, 3, EVERYTHING, "copies"))[0].results == ()
    assert len(finish(strategy.search([query], whole, 3, EVERYTHING, "alike"))[0].results) == 3


def test_features_that_are_damaged_leave_a_picture_to_its_embedding(store: EmbeddingStore, made: list[Made]) -> None:
    data = made[0].features.pack()
    keypoints = made[0].features.keypoints.copy()
    keypoints["word"] = 65535
    wrong = [b"", data[:-1], b"\xff" + data[1:], dataclasses.replace(made[0].features, keypoints=keypoints).pack()]
    records = [record(number) for number in range(5)]
    whole = archive(records)
    store.register(whole)
    put(store, ENCODER, records, [made[0].embedding] * 5, [*wrong, made[0].features], made[0].preview)
    results = search(strategy_of(store), altered("crop to 50 % of area", 0), whole)
    assert [(result.place, result.verdict.is_copy) for result in results] == [
        (4, True),
        *((place, False) for place in range(4)),
    ]


def test_the_very_file_is_known_whatever_else_is_not(store: EmbeddingStore, made: list[Made]) -> None:
    """By its hash alone: it needs neither features nor a preview; but it must be in the archive and pass the filter."""
    records = [record(number) for number in range(3)]
    whole, other = archive(records[:2]), archive(records[2:], "other.json")
    for one in (whole, other):
        store.register(one)
    put(store, ENCODER, records, [one.embedding for one in made[3:]], [None] * 3)
    strategy = strategy_of(store)
    queries = [Query(drawn(0), "query", hashlib.sha256(f"a:{number}".encode()).hexdigest()) for number in range(3)]
    reports = finish(strategy.search(queries, whole, 2, EVERYTHING))
    assert [report.results[0].verdict for report in reports] == [
        Verdict.IDENTICAL,
        Verdict.IDENTICAL,
        Verdict.UNLIKELY,
    ]
    assert [report.results[0].place for report in reports[:2]] == [0, 1]
    reports = finish(strategy.search(queries, whole, 2, Filter(file_name="1.png")))
    assert [[result.verdict.is_copy for result in report.results] for report in reports] == [[False], [True], [False]]


def test_a_file_that_another_encoder_knows_is_none_of_this_ones(store: EmbeddingStore, made: list[Made]) -> None:
    records = [record(number) for number in range(2)]
    whole = archive(records)
    store.register(whole)
    put(store, ENCODER, records[:1], [made[0].embedding], [made[0].features])
    put(store, GivenEncoder([1, 0]), records[1:], [np.array([1, 0], np.float32)], [made[1].features])
    query = Query(drawn(1), "query", hashlib.sha256(b"a:1").hexdigest())
    (result,) = search(strategy_of(store), query, whole)
    assert (result.place, result.verdict) == (0, Verdict.UNLIKELY)


def test_another_archives_pictures_are_not_found_and_neither_are_those_of_a_removed_one(
    store: EmbeddingStore, made: list[Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inverted, "SEGMENT_PICTURES", 8)  # so that the removed one stays in a file
    kept, removed = [record(number) for number in range(7)], [record(7)]
    whole = archive(kept, "kept.json")
    store.register(whole)
    store.register(archive(removed, "removed.json"))
    chance = np.random.default_rng(0)
    rows = [made[0].embedding] * 8
    put(store, ENCODER, [*kept, *removed], rows, [*(made_up(chance) for _ in kept), made[2].features], made[2].preview)
    strategy, query = strategy_of(store), altered("crop to 50 % of area", 2)
    both = archive([*kept, *removed])
    assert search(strategy, query, both)[0].record.key == "a:7"
    assert not any(result.verdict.is_copy for result in search(strategy, query, whole))
    unwanted = store.find(["removed.json"])
    assert unwanted is not None
    finish(store.remove(unwanted.id))
    assert len(store.segments(EXTRACTOR.id)) == 1
    for one in (whole, both):
        results = search(strategy, query, one, 20)
        assert [result.record.key for result in results] == [one.key for one in kept]
        assert not any(result.verdict.is_copy for result in results)


def test_pictures_without_keypoints_are_candidates_by_their_hashes(store: EmbeddingStore, made: list[Made]) -> None:
    """Here among a hundred that are nearer by their embeddings."""
    plain = Image.new("RGB", (300, 200), "white")
    ImageDraw.Draw(plain).ellipse((30, 20, 150, 110), fill="navy")
    ImageDraw.Draw(plain).polygon([(200, 180), (280, 180), (290, 90)], fill="crimson")
    own = Made(plain)
    records = [record(number) for number in range(101)]
    whole = archive(records)
    store.register(whole)
    chance = np.random.default_rng(0)
    near = ENCODER.encode_query(plain)[0]
    rows = [*[near] * 100, made[0].embedding]
    blank = dataclasses.replace(own.features, keypoints=own.features.keypoints[:0])
    put(store, ENCODER, records, rows, [*(made_up(chance) for _ in range(100)), blank], own.preview)
    best = search(strategy_of(store), Query(ImageOps.mirror(plain), "mirrored"), whole)[0]
    assert (best.place, best.verdict, best.changes) == (100, Verdict.ALTERED, (Change.MIRRORED,))


TWINS = 3000


def saved_again(made: Made, chance: np.random.Generator) -> Features:
    """As of the same picture, saved at another quality: a few keypoints are missing, a few bits are others."""
    hash = np.unpackbits(np.frombuffer(made.features.hash, np.uint8))
    hash[chance.integers(0, 256, 3)] ^= 1
    keypoints = made.features.keypoints.copy()
    keypoints["signature"] ^= np.uint64(1) << chance.integers(0, 64, len(keypoints)).astype(np.uint64)
    kept = np.sort(chance.permutation(len(keypoints))[: len(keypoints) * 9 // 10])
    return dataclasses.replace(made.features, hash=np.packbits(hash).tobytes(), keypoints=keypoints[kept])


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory, made: list[Made]) -> Iterator[tuple[Archive, EmbeddingStore]]:
    """3,000 pictures that look the same, and one other, which stands last."""
    chance = np.random.default_rng(1)
    records = [record(number) for number in range(TWINS + 1)]
    whole = archive(records)
    with EmbeddingStore(tmp_path_factory.mktemp("twins") / "store") as store:
        store.register(whole)
        put(
            store,
            ENCODER,
            records[:TWINS],
            [made[0].embedding] * TWINS,
            [saved_again(made[0], chance) for _ in range(TWINS)],
            made[0].preview,
        )
        put(store, ENCODER, records[TWINS:], [made[1].embedding], [made[1].features], made[1].preview)
        yield whole, store


def beside(one: Image.Image, other: Image.Image) -> Image.Image:
    """The first, large, with the other, small, beside it."""
    canvas = Image.new("RGB", (560, 300), "white")
    canvas.paste(one, (0, 0))
    canvas.paste(other.resize((150, 112)), (405, 90))
    return canvas


def test_a_picture_that_was_posted_by_the_thousand_leaves_room_for_others(
    twins: tuple[Archive, EmbeddingStore], checks: list[bytes]
) -> None:
    whole, store = twins
    query = Query(beside(drawn(0), drawn(1)), "collage")
    results = search(strategy_of(store), query, whole, 40)
    copied = {result.place for result in results if result.verdict.is_copy}
    assert TWINS in copied
    assert len(copied) == 40
    assert len(checks) <= BY_KEYPOINTS + BY_EMBEDDING + BY_HASH + 40


def test_a_query_for_it_fills_the_results_with_it(twins: tuple[Archive, EmbeddingStore], checks: list[bytes]) -> None:
    whole, store = twins
    results = search(strategy_of(store), altered("crop to 50 % of area", 0), whole, 60)
    assert {result.verdict for result in results} == {Verdict.ALTERED}
    assert len(results) == 60
    assert 60 <= len(checks) <= BY_KEYPOINTS + BY_EMBEDDING + BY_HASH + 60
    del checks[:]
    assert search(strategy_of(store), Query(drawn(3), "another"), whole, 60)
    assert len(checks) < 10, "a few of them were enough to know"


def test_what_a_filter_leaves_of_thousands_is_looked_into(twins: tuple[Archive, EmbeddingStore]) -> None:
    whole, store = twins
    strategy, query = strategy_of(store), altered("crop to 50 % of area", 0)
    last = Filter(after=whole.records[TWINS - 100].timestamp)
    (report,) = finish(strategy.search([query], whole, 60, last))
    assert {result.verdict for result in report.results} == {Verdict.ALTERED}
    assert all(result.place >= TWINS - 100 for result in report.results)
    assert report.searched == 101


def test_a_filter_is_forgotten_by_the_next_search(twins: tuple[Archive, EmbeddingStore]) -> None:
    whole, store = twins
    strategy, collage = strategy_of(store), Query(beside(drawn(0), drawn(1)), "collage")
    (few,) = finish(strategy.search([collage], whole, 20, Filter(before=whole.records[10].timestamp)))
    assert {result.place for result in few.results if result.verdict.is_copy} == set(range(10))
    (report,) = finish(strategy.search([collage], whole, 20, EVERYTHING))
    assert TWINS in {result.place for result in report.results if result.verdict.is_copy}


def test_where_what_is_alike_is_wanted_none_of_its_thousands_is_shown(
    twins: tuple[Archive, EmbeddingStore], checks: list[bytes]
) -> None:
    whole, store = twins
    query = altered("crop to 50 % of area", 0)
    (report,) = finish(strategy_of(store).search([query], whole, 10, EVERYTHING, "alike"))
    assert [result.place for result in report.results] == [TWINS], "it is behind all of them"
    assert len(checks) <= BY_KEYPOINTS + BY_EMBEDDING + BY_HASH + 10 + BY_EMBEDDING


@pytest.mark.parametrize("make", [CachedSearchStrategy, FAISSSearchStrategy])
def test_look_alikes_are_found_behind_copies_that_all_look_different(
    store: EmbeddingStore, made: list[Made], checks: list[bytes], make: type
) -> None:
    chance = np.random.default_rng(4)
    records = [record(number) for number in range(100)]
    whole = archive(records)
    store.register(whole)
    copied = [dataclasses.replace(saved_again(made[0], chance), hash=chance.bytes(32)) for _ in range(60)]
    aside = chance.standard_normal((40, ENCODER.dimension)).astype(np.float32)
    rows = made[0].embedding + np.arange(1, 41)[:, None] * 0.02 * aside / np.linalg.norm(aside, axis=1)[:, None]
    rows /= np.linalg.norm(rows, axis=1)[:, None]
    others = [made_up(chance) for _ in range(40)]
    put(store, ENCODER, records, [*[made[0].embedding] * 60, *rows], [*copied, *others], made[0].preview)
    strategy = make(ENCODER, store, copies=CopySearch(ENCODER, store, EXTRACTOR))
    queries = [altered("crop to 75 % of area", 0), altered("mirrored", 0)]
    try:
        reports = finish(strategy.search(queries, whole, 8, EVERYTHING, "alike"))
        plain = CachedSearchStrategy(ENCODER, store)
        expected = finish(plain.search(queries, archive(records[60:]), 8, EVERYTHING))
        for report, other in zip(reports, expected):
            assert [one.record for one in report.results] == [one.record for one in other.results]
    finally:
        strategy.close()
    assert len(checks) < 2 * (60 + 40)


def test_those_that_look_the_same_are_checked_when_any_of_the_first_is_a_copy(
    store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As dialogs with other words in them: the one that is nearest by embedding need not be it."""
    encoder = GivenEncoder([1, 0])
    records = [record(number) for number in range(12)]
    whole = archive(records)
    store.register(whole)
    features = dataclasses.replace(made_up(np.random.default_rng(0), 0), hash=b"\x0f" * 32)
    for number, one in enumerate(records):
        turn = 0.1 + 0.05 * number
        row = np.array([np.cos(turn), np.sin(turn)], np.float32)
        put(store, encoder, [one], [row], [features], b"another" if number in (0, 5) else b"copy")

    def by_preview(*given: object) -> Finding:
        return Finding(Verdict.ALTERED if given[2] == b"copy" else Verdict.UNLIKELY, Evidence(9, 0.9, 0, 0.5))

    monkeypatch.setattr(copies, "check", by_preview)
    strategy = CachedSearchStrategy(encoder, store, copies=CopySearch(encoder, store, EXTRACTOR))
    query = Query(Image.new("RGB", (1, 1)), "blank")
    results = search(strategy, query, whole, 12)
    assert [result.place for result in results] == [1, 2, 3, 4, *range(6, 12), 0, 5]
    assert [result.verdict.is_copy for result in results] == [True] * 10 + [False] * 2


def test_lists_are_taken_from_in_turns() -> None:
    assert interleaved(([1, 2, 3, 4], [5, 1, 6], [7]), (3, 3, 3)) == [1, 5, 7, 2, 3, 6]
    assert interleaved(([1, 2, 3], [1, 2, 3]), (1, 2)) == [1, 2]
    assert interleaved(([], []), (3, 3)) == []


def test_several_queries_answer_as_each_alone(tmp_path: Path, store: EmbeddingStore) -> None:
    whole = drawn_archive(tmp_path, range(6))
    index(whole, store, ENCODER, EXTRACTOR)
    strategy = strategy_of(store)
    queries = [altered("mirrored", number) for number in (4, 1, 4)] + [Query(drawn(77), "unknown")]
    together = finish(strategy.search(queries, whole, 4, EVERYTHING))
    assert [report.results[0].place for report in together[:3]] == [4, 1, 4]
    for query, report in zip(queries, together):
        assert finish(strategy.search([query], whole, 4, EVERYTHING)) == (report,)
    assert finish(strategy.search([], whole, 4, EVERYTHING)) == ()


@pytest.mark.parametrize("make", [CachedSearchStrategy, FAISSSearchStrategy])
def test_a_search_that_is_closed_at_any_event_leaves_no_thread(
    tmp_path: Path, store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch, make: type
) -> None:
    for module in (exact, feature_index):
        monkeypatch.setattr(module, "HEARTBEAT", 0.0)
    monkeypatch.setattr(copies, "_AT_ONCE", 1)
    whole = drawn_archive(tmp_path, range(4))
    index(whole, store, ENCODER, EXTRACTOR)
    strategy = make(ENCODER, store, copies=CopySearch(ENCODER, store, EXTRACTOR))
    before = set(threading.enumerate())
    queries = [altered("mirrored", 1)]
    events, expected = run(strategy.search(queries, whole, 3, EVERYTHING))
    assert len(events) > 8
    for stop in range(1, len(events) + 1):
        job = strategy.search(queries, whole, 3, EVERYTHING)
        for _ in zip(range(stop), job):
            pass
        job.close()
        left = {thread.name for thread in set(threading.enumerate()) - before}
        assert not {name for name in left if not name.startswith("index")}
    assert finish(strategy.search(queries, whole, 3, EVERYTHING)) == expected
    strategy.close()


@pytest.mark.parametrize("make", [CachedSearchStrategy, FAISSSearchStrategy])
def test_several_queries_can_be_cancelled_while_they_are_encoded(
    tmp_path: Path, store: EmbeddingStore, make: type
) -> None:
    whole = drawn_archive(tmp_path, range(2))
    index(whole, store, ENCODER, EXTRACTOR)
    strategy = make(ENCODER, store, copies=CopySearch(ENCODER, store, EXTRACTOR))
    job = strategy.search([altered("mirrored", 1)] * 3, whole, 3, EVERYTHING)
    assert [next(job) for _ in range(2)] == [Progress("Preparing the search", done, 3) for done in (1, 2)]
    job.close()
    strategy.close()


def test_an_encoder_that_fails_leaves_no_thread_and_describes_no_more_queries(
    store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing(FingerprintEncoder):
        def encode_query(self, image: Image.Image) -> np.ndarray:
            raise EncoderError("Out of memory.")

    described: list[object] = []
    of = QueryFeatures.of

    def counted(*given: object) -> QueryFeatures:
        described.append(given)
        return of(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(QueryFeatures, "of", counted)
    before = threading.active_count()
    strategy = CachedSearchStrategy(Failing(), store, copies=CopySearch(ENCODER, store, EXTRACTOR))
    with pytest.raises(EncoderError):
        next(strategy.search([Query(drawn(0), "query")] * 40, archive([]), 3, EVERYTHING))
    assert threading.active_count() == before
    assert len(described) < 40


def test_the_indexing_thread_makes_the_files_of_the_index(
    tmp_path: Path, store: EmbeddingStore, made: list[Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inverted, "SEGMENT_PICTURES", 4)
    records = [record(number) for number in range(6)]
    whole = archive(records)
    store.register(whole)
    put(store, ENCODER, records, [one.embedding for one in made], [one.features for one in made], made[0].preview)
    strategy = strategy_of(store)

    def prepare() -> None:
        with EmbeddingStore(store.folder) as own:
            finish(strategy.prepare(own))

    amounts: list[int] = []
    build = inverted.build

    def counted(keypoints: Sequence[np.ndarray], hashes: Sequence[bytes]) -> inverted.Segment:
        amounts.append(len(hashes))
        return build(keypoints, hashes)

    monkeypatch.setattr(inverted, "build", counted)
    thread = threading.Thread(target=prepare)
    thread.start()
    thread.join()
    assert [segment.rows for segment in store.segments(EXTRACTOR.id)] == [4]
    assert amounts == [4], "what stays in memory is of no use to another thread"
    assert search(strategy, altered("mirrored", 0), whole)[0].place == 0
    assert amounts == [4, 2]
    finish(CachedSearchStrategy(ENCODER, store).prepare(store))


@pytest.mark.parametrize(("make", "looks"), [(CachedSearchStrategy, 1), (FAISSSearchStrategy, 0)])
def test_what_a_filter_lets_through_is_looked_up_once(
    tmp_path: Path, store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch, make: type, looks: int
) -> None:
    """People search an archive repeatedly: what costs time for each record is not done again."""
    whole = drawn_archive(tmp_path, range(4))
    index(whole, store, ENCODER, EXTRACTOR)
    strategy = make(ENCODER, store, copies=CopySearch(ENCODER, store, EXTRACTOR))
    where, queries = Filter(authors=("Mira",)), [altered("mirrored", 1), altered("mirrored", 2)]
    expected = finish(strategy.search(queries, whole, 3, where))
    calls: list[str] = []
    for owner, name in ((Coverage, "allowed_rows"), (Coverage, "rows_of"), (Filter, "mask")):
        original = getattr(owner, name)

        def watched(self: object, *given: object, original: object = original, name: str = name) -> object:
            calls.append(name)
            return original(self, *given)  # type: ignore[operator]

        monkeypatch.setattr(owner, name, watched)
    assert finish(strategy.search(queries, whole, 3, where)) == expected
    # Cached asks which rows to scan; and each query asks for the row of its own file, one number.
    assert calls == ["allowed_rows"] * looks + ["rows_of"] * 2
    strategy.close()


def test_a_content_that_was_posted_ever_so_often_makes_no_more_results_than_are_shown(
    store: EmbeddingStore, made: list[Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    often = 2000
    records = [record(number) for number in range(often + 3)]
    whole = archive(records)
    store.register(whole)
    put(store, ENCODER, records[:4], [one.embedding for one in made], [one.features for one in made[:4]])
    name = hashlib.sha256(b"a:0").hexdigest()
    store.add(ENCODER.id, 512, [Entry(one.key, name, None, None) for one in records[4:]])
    amounts: list[int] = []
    result_of = stored.result_of

    def counted(*given: object) -> SearchResult:
        amounts.append(1)
        return result_of(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(stored, "result_of", counted)
    query = Query(drawn(0), "query", name)
    results = search(strategy_of(store), query, whole, 7)
    assert [result.place for result in results] == [0, *range(4, 10)]
    assert {result.verdict for result in results} == {Verdict.IDENTICAL}
    assert len(amounts) == 7
    assert len(search(strategy_of(store), query, whole, 5000)) == often + 3
