"""The search engine: picks the strategy for a mode and walks the fallback chain. ``build_engine`` wires the parts."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, AbstractSet, Callable, Mapping, Sequence, Union

from ras.errors import EncoderError, ModeError, RASError, StoreError
from ras.filters import EVERYTHING, Filter
from ras.records import Archive, IndexReport, Job, Notice, Progress, Query, Results, SearchReport, SearchResult
from ras.scoring import rank_key
from ras.settings import MODES
from ras.text import count, duration, whole

if TYPE_CHECKING:
    from ras.encoders.base import Encoder
    from ras.settings import Settings
    from ras.store import EmbeddingStore
    from ras.strategies.base import SearchStrategy

CHAIN = tuple(MODES)
Retry = Union[bool, AbstractSet[str]]
"""What is tried again, see ``fill_store``."""


@dataclass(frozen=True)
class ModeState:
    """What a mode can do for an archive, here and now."""

    mode: str
    label: str
    available: bool
    text: str
    """How long it will take (``about 40 s for 3,561 pictures``), or why it cannot be used."""
    time: str = ""
    """In short: ``about 40 s``; empty where it cannot be used."""


class SearchEngine:
    """Searches an archive for pictures, by the mode that is asked for or the next one that can.

    ``index`` makes the job that ``SearchEngine.index`` runs; without it nothing can be indexed, for the reason
    ``store_trouble``. ``store`` is closed with the engine, which belongs to the thread that made it; ``index`` may run
    on any.
    """

    def __init__(
        self,
        encoder: Encoder,
        strategies: Mapping[str, SearchStrategy],
        index: Callable[[Archive, Retry], Job[IndexReport]] | None = None,
        store: EmbeddingStore | None = None,
        store_trouble: str = "it is not part of this engine.",
        features_id: str = "",
    ) -> None:
        self.encoder = encoder
        self.features_id = features_id
        """Of the features that it indexes; empty where it makes none."""
        self.strategies = dict(strategies)
        self._index = index
        self._store = store
        self._store_trouble = store_trouble

    def search(
        self,
        query: Query,
        archive: Archive,
        mode: str = "auto",
        top_k: int = 30,
        where: Filter = EVERYTHING,
        scope: str = "all",
    ) -> Job[SearchReport]:
        """``search_many`` for one query."""
        return (yield from self.search_many([query], archive, mode, top_k, where, scope))[0]

    def search_many(
        self,
        queries: Sequence[Query],
        archive: Archive,
        mode: str = "auto",
        top_k: int = 30,
        where: Filter = EVERYTHING,
        scope: str = "all",
    ) -> Job[tuple[SearchReport, ...]]:
        """Search by ``mode``, or where it cannot, by the next of the chain FAISS → Cached → Real-time.

        Each step down that the user did not ask for is a Notice; ``auto`` starts at the top, takes the first that is
        ready, and goes on in Real-time with the pictures that are not indexed yet. Only pictures that pass ``where``
        are found, and of copies and look-alikes what ``scope`` (a key of ``SCOPES``) says; of a text, all that
        looks like it. Raises ModeError when no mode is left, and what the last one raises.
        """
        self.check(queries)
        reports = yield from self._by_the_chain(queries, archive, mode, top_k, where, scope)
        return tuple(
            dataclasses.replace(report, text=query.text) if query.image is None else report
            for query, report in zip(queries, reports)
        )

    def check(self, queries: Sequence[Query]) -> None:
        """Raises EncoderError where one has a text and the encoder knows none."""
        if self.encoder.convincing_text is None and any(query.text for query in queries):
            raise self.encoder.no_text()

    def _by_the_chain(
        self, queries: Sequence[Query], archive: Archive, mode: str, top_k: int, where: Filter, scope: str
    ) -> Job[tuple[SearchReport, ...]]:
        if mode != "auto" and mode not in MODES:
            raise ModeError(f"There is no search mode “{mode}”; choose auto, {', '.join(MODES)}.")
        chain = CHAIN if mode == "auto" else CHAIN[CHAIN.index(mode) :]
        for name in chain:
            reason = self._unavailable(name, archive)
            unexpected = mode != "auto"
            if reason is None:
                try:
                    if mode == "auto" and name != chain[-1]:
                        return (yield from self._search_and_complete(name, queries, archive, top_k, where, scope))
                    reports = yield from self.strategies[name].search(queries, archive, top_k, where, scope)
                    if reports and reports[0].not_indexed:
                        yield Notice(_left_out(reports[0], archive))
                    return reports
                except EncoderError:
                    raise  # every mode needs the encoder
                except RASError as exc:
                    reason, unexpected = str(exc), True
            trouble = f"{MODES[name]} search cannot be used: {reason}"
            if unexpected and name != chain[-1]:
                yield Notice(f"{trouble} The next mode is tried instead.")
        raise ModeError(trouble)

    def _search_and_complete(
        self, name: str, queries: Sequence[Query], archive: Archive, top_k: int, where: Filter, scope: str
    ) -> Job[tuple[SearchReport, ...]]:
        """Search what the strategy can, then the rest in Real-time; results of both are ranked as one."""
        strategy, last = self.strategies[name], self.strategies.get(CHAIN[-1])
        # Asked before and after: what another program indexes meanwhile, or what turns out damaged, is not lost.
        unsearched = set(strategy.unsearched(archive))
        reports = yield from _not_final(strategy.search(queries, archive, top_k, where, scope))
        unsearched.update(strategy.unsearched(archive))
        rest = [place for place in sorted(unsearched) if where.matches(archive.records[place])]
        if not rest or last is None:
            yield from _final(reports)
            return reports
        others = dataclasses.replace(archive, records=tuple(archive.records[place] for place in rest))

        def both(query: int, found: Sequence[SearchResult]) -> tuple[SearchResult, ...]:
            moved = (dataclasses.replace(result, place=rest[result.place]) for result in self._named(found))
            by_place = {result.place: result for result in (*moved, *reports[query].results)}
            ranked = sorted(by_place.values(), key=rank_key)
            return tuple(dataclasses.replace(result, rank=rank) for rank, result in enumerate(ranked[:top_k], 1))

        try:
            later = last.search(queries, others, top_k, where, scope)
            while True:
                try:
                    event = next(later)
                except StopIteration as stop:
                    completed: tuple[SearchReport, ...] = stop.value
                    break
                if isinstance(event, Results):
                    event = dataclasses.replace(event, results=both(event.query, event.results))
                yield event
        except EncoderError:
            raise
        except RASError as exc:
            yield Notice(f"{_left_out(reports[0], archive)} {exc}")
            yield from _final(reports)
            return reports
        finally:
            later.close()
        return tuple(
            dataclasses.replace(
                report,
                searched=report.searched + more.searched,
                skipped=dict(Counter(report.skipped) + Counter(more.skipped)),
                results=both(query, more.results),
                not_indexed=0,
            )
            for query, (report, more) in enumerate(zip(reports, completed))
        )

    def _named(self, results: Sequence[SearchResult]) -> Sequence[SearchResult]:
        """Results of Real-time, their contents named as in results from the store, where it knows them."""
        try:
            hashes = {result.content for result in results if result.content}
            known = self._store.content_ids(sorted(hashes)) if self._store is not None else {}
        except StoreError:
            return results  # a picture that was posted again shows as another one
        return [dataclasses.replace(one, content=str(known.get(one.content, one.content))) for one in results]

    def index(self, archive: Archive, retry: Retry = False) -> Job[IndexReport]:
        """Bring the archive's pictures into the store, so that Cached and FAISS can search them; see ``fill_store``.

        Opens what it needs itself: it may run on another thread than searches, at the same time. Raises StoreError.
        """
        if self._index is None:
            raise StoreError(f"Nothing can be indexed: {self._store_trouble}")
        return (yield from self._index(archive, retry))

    def has_cache(self, archive: Archive) -> bool:
        """Whether Cached can answer for this archive now."""
        return self._unavailable("cached", archive) is None

    def mode_states(self, archive: Archive) -> tuple[ModeState, ...]:
        """What each mode, ``auto`` first, can do for this archive."""
        states = [self._state(name, archive) for name in CHAIN]
        ready = next((state for state in states if state.available), None)
        if ready is None:
            return (ModeState("auto", "Auto", False, "No mode can search this archive."), *states)
        text = f"{ready.label}, {ready.text}"
        left_out = self.not_indexed(archive) if ready.mode != CHAIN[-1] and CHAIN[-1] in self.strategies else 0
        if left_out:
            text += f", then {whole(left_out)} more in {MODES[CHAIN[-1]]}, {_about(self.indexing_seconds(archive))}"
        return (ModeState("auto", "Auto", True, text, f"{ready.label}, {ready.time}"), *states)

    def indexing_seconds(self, archive: Archive) -> float | None:
        """How long it will take to index what is not indexed yet; None where nobody can tell."""
        if CHAIN[-1] not in self.strategies:
            return None
        waiting = archive
        if self.has_cache(archive):
            places = self.strategies["cached"].unsearched(archive)
            waiting = dataclasses.replace(archive, records=tuple(archive.records[place] for place in places))
        return self.strategies[CHAIN[-1]].estimate(waiting)  # it does the same work

    def not_indexed(self, archive: Archive) -> int:
        """How many pictures Cached would leave out that might be indexed."""
        if self._unavailable("cached", archive) is None:
            return len(self.strategies["cached"].unsearched(archive))
        return len(archive.records)

    def close(self) -> None:
        """Let go of files and threads. Called on the thread that made the engine."""
        for strategy in self.strategies.values():
            strategy.close()
        if self._store is not None:
            self._store.close()

    def _state(self, name: str, archive: Archive) -> ModeState:
        reason = self._unavailable(name, archive)
        if reason is not None:
            return ModeState(name, MODES[name], False, reason)
        time = _about(self.strategies[name].estimate(archive))
        pictures = count(self.strategies[name].searchable(archive), "picture")
        return ModeState(name, MODES[name], True, f"{time} for {pictures}", time)

    def _unavailable(self, name: str, archive: Archive) -> str | None:
        if name not in self.strategies:
            return self._store_trouble
        return self.strategies[name].unavailable(archive)


def _about(seconds: float | None) -> str:
    return "for an unknown time" if seconds is None else f"about {duration(seconds)}".replace("about under", "under")


def _left_out(report: SearchReport, archive: Archive) -> str:
    """``214 of 3,561 pictures are not indexed yet and were left out. “Index archive” …``"""
    pictures = f"{whole(report.not_indexed)} of {count(len(archive.records), 'picture')}"
    verb = "is" if report.not_indexed == 1 else "are"
    return f"{pictures} {verb} not indexed yet and left out; index the archive, or search by Auto, to have all."


def _not_final(job: Job[tuple[SearchReport, ...]]) -> Job[tuple[SearchReport, ...]]:
    """The job's events; its final results are not the last ones."""
    try:
        while True:
            try:
                event = next(job)
            except StopIteration as stop:
                reports: tuple[SearchReport, ...] = stop.value
                return reports
            yield dataclasses.replace(event, final=False) if isinstance(event, Results) else event
    finally:
        job.close()


def _final(reports: Sequence[SearchReport]) -> Job[None]:
    for query, report in enumerate(reports):
        yield Results(report.results, final=True, query=query)


def build_engine(settings: Settings, allow_download: bool = True) -> Job[SearchEngine]:
    """Load the encoder that the settings name (the slow part: seconds, or the download of its weights) and wire all.

    Raises EncoderError where the settings insist on an encoder that cannot be had; ``auto`` falls back with a Notice.
    Where the store cannot be opened, a Notice says so, and Real-time search is what is left.
    """
    from ras.bot_token import find_token
    from ras.downloader import Downloader, LinkRefresher
    from ras.encoders import load_encoder
    from ras.indexing import fill_store
    from ras.matching import load_extractor
    from ras.paths import store_folder
    from ras.store import EmbeddingStore
    from ras.strategies.cached import CachedSearchStrategy
    from ras.strategies.copies import CopySearch
    from ras.strategies.faiss_index import FAISSSearchStrategy
    from ras.strategies.realtime import RealTimeSearchStrategy
    from ras.strategies.stored import Holdings

    encoder = yield from load_encoder(
        settings.encoder, settings.clip_model, settings.clip_weights, settings.device, allow_download
    )
    extractor = yield from load_extractor()

    def open_downloader() -> Downloader:
        return Downloader(settings, refresher=LinkRefresher(find_token) if settings.refresh_links else None)

    realtime = RealTimeSearchStrategy(
        encoder,
        open_downloader,
        extractor=extractor,
        connections=settings.connections,
        max_pixels=settings.max_pixels,
        extra_formats=settings.extra_formats,
    )
    yield Progress("Opening the embedding store", 0)  # seconds, or minutes where it is an earlier version's, or damaged
    try:
        store = EmbeddingStore(store_folder())
    except StoreError as exc:
        yield Notice(f"Only Real-time search can be used. {exc}")
        return SearchEngine(encoder, {realtime.mode: realtime}, store_trouble=str(exc), features_id=extractor.id)
    for sentence in store.notices:
        yield Notice(sentence)
    holdings = Holdings(encoder, store, settings.limits)
    copies = CopySearch(encoder, store, extractor)
    stored = (
        FAISSSearchStrategy(encoder, store, holdings, copies=copies),
        CachedSearchStrategy(encoder, store, holdings, copies),
    )
    strategies = {strategy.mode: strategy for strategy in (*stored, realtime)}

    def index(archive: Archive, retry: Retry) -> Job[IndexReport]:
        with EmbeddingStore(store.folder) as own, open_downloader() as downloader:
            report = yield from fill_store(
                archive,
                own,
                downloader.fetch,
                encoder,
                connections=settings.connections,
                limits=settings.limits,
                max_pixels=settings.max_pixels,
                extra_formats=settings.extra_formats,
                retry=retry,
                extractor=extractor,
                expect=downloader.expect,
            )
            for sentence in downloader.take_notices():
                yield Notice(sentence)
            for strategy in strategies.values():
                yield from strategy.prepare(own)
            return report

    return SearchEngine(encoder, strategies, index, store, features_id=extractor.id)
