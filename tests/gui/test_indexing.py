"""Indexing in the real window: beside searches, stopped and gone on with, and what can be done once it is through."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from ras.errors import SkipReason, StoreError
from ras.gui import encoder_choice
from ras.gui.app import App
from ras.gui.bench import EngineFacts, IndexState, Readiness
from ras.gui.stored_archives import count_indexed
from ras.paths import store_folder
from ras.records import Archive, IndexReport, Job, Progress, Skipped
from ras.settings import Settings
from ras.store import EmbeddingStore
from tests.cdn_double import CdnDouble, Fault, _Handler
from tests.gui.conftest import Driver
from tests.gui.pictures import encoded, picture, write_export
from tests.gui.streams import STATES, StreamBench
from tests.store_samples import ENCODER, FEATURES, archive_of, describe, fill

AMOUNT = 24
HELD = 8


class Gate:
    """Holds the last pictures of an export back until it is opened."""

    def __init__(self, cdn: CdnDouble, amount: int = AMOUNT, held: int = HELD) -> None:
        self._opened = threading.Event()
        self.paths = [path_of(number) for number in range(amount - held, amount)]
        for number, path in enumerate(self.paths, amount - held):
            cdn.serve(path, encoded(picture(number)), fault=Fault(self._answer))

    def open(self) -> None:
        self._opened.set()

    def _answer(self, handler: _Handler, data: bytes) -> None:
        while not self._opened.is_set():
            if not handler.double.wait(0.02):
                return
        handler.reply(200, data, {})


def path_of(number: int) -> str:
    return f"/attachments/7/{9000 + number}/{'SPOILER_' if number % 11 == 7 else ''}view-{number:03}.png"


def opened(driver: Driver, cdn: CdnDouble, path: Path, **settings: object) -> App:
    app = driver.open(allowed_hosts=(cdn.host,), **settings)
    app.inputs.open_archive([str(path)])
    driver.until(lambda: app.inputs.archive is not None and app.encoder.facts is not None)
    driver.until(lambda: app.index.readiness.index is not None)
    return app


def indexed(driver: Driver, app: App) -> None:
    app.archive_bar.index_button.invoke()
    assert app.index.run.running
    driver.until(lambda: not app.index.run.running)
    settled(driver, app)


def settled(driver: Driver, app: App) -> None:
    """Wait until what the searches' worker was asked for has been shown."""
    shown: list[object] = []
    app.pump.start(app.searches, app.bench.readiness, done=shown.append)
    driver.until(lambda: shown)


def button(app: App) -> str:
    bar = app.archive_bar.index_button
    return str(bar.cget("text")) if bar.winfo_ismapped() else ""


def modes(app: App) -> list[str]:
    menu = app.query_panel.mode_menu
    return [str(menu.entrycget(place, "label")) for place in range(menu.index("end") + 1)]  # type: ignore[operator]


def test_once_indexed_every_search_answers_without_a_network(driver: Driver, tmp_path: Path) -> None:
    with CdnDouble() as cdn:
        app = opened(driver, cdn, write_export(tmp_path, AMOUNT, cdn=cdn))
        assert button(app) == "Index archive"
        assert modes(app)[1:3] == ["FAISS – not ready", "Cached – not ready"]
        app.choose_mode("faiss")
        assert "indexed yet" in app.query_panel.word
        app.choose_mode("auto")
        assert "Index the archive once" in app.query_panel.word
        titles, lines = set(), set()
        app.archive_bar.index_button.invoke()
        assert button(app) == "Indexing …"
        while app.index.run.running:
            driver.live(0.01)
            titles.add(app.root.title())
            lines.add(app.status.indexing.text)
        settled(driver, app)
        driver.live(0.05)
    assert any(" % · Indexing – " in title for title in titles)
    assert any(f"of {AMOUNT} pictures" in line for line in lines)
    assert " % " not in app.root.title()
    assert f"All {AMOUNT} pictures are indexed" in app.status.text
    assert not app.status.skipped.winfo_ismapped()
    assert not app.status.indexing.winfo_ismapped()
    assert button(app) == "Indexed"
    assert "disabled" in app.archive_bar.index_button.state()
    faiss, cached = modes(app)[1:3]
    assert faiss.startswith("FAISS – ")
    assert cached.startswith("Cached – ")
    assert "not ready" not in faiss + cached
    assert "not indexed" not in app.query_panel.word
    asked = len(cdn.requests)
    app.inputs.load_query(picture(5), "five")
    driver.until(lambda: app.run.report is not None)
    report = app.run.report
    assert report is not None
    assert report.mode == "faiss"
    assert report.searched == AMOUNT
    assert report.results[0].record.file_name == "view-005.png"
    assert all(result.preview for result in report.results)
    assert f"Compared {AMOUNT} of {AMOUNT} pictures from the index" in app.status.text
    driver.live(0.3)
    assert app.results._images.ready(report.results[0], veiled=False) is not None
    assert len(cdn.requests) == asked


def test_stopping_keeps_what_is_done_and_pressing_again_goes_on(driver: Driver, cdn: CdnDouble, tmp_path: Path) -> None:
    path = write_export(tmp_path, AMOUNT, cdn=cdn)
    gate = Gate(cdn)
    app = opened(driver, cdn, path)
    app.archive_bar.index_button.invoke()
    driver.until(lambda: app.index.run.percent == 100 * (AMOUNT - HELD) // AMOUNT)
    app.status.indexing.stop.invoke()
    assert app.index.run.running
    driver.until(lambda: not app.index.run.running)
    settled(driver, app)
    engine, archive = app.bench._engine, app.inputs.archive
    assert engine is not None
    assert archive is not None
    state = count_indexed(archive.archive, engine.encoder.id, engine.features_id)
    assert state is not None
    left = f"Index {HELD} new"
    assert app.status.text == (f"Stopped. {AMOUNT - HELD} of {AMOUNT} pictures are indexed; press “{left}” to go on.")
    driver.live(0.05)
    assert button(app) == left
    assert f"{HELD} of {AMOUNT} pictures are not indexed yet." in app.query_panel.word
    gate.open()
    indexed(driver, app)
    assert button(app) == "Indexed"
    kept = [path_of(number) for number in range(AMOUNT) if path_of(number) not in gate.paths]
    hits = [cdn.hits(path) for path in kept]
    assert hits.count(1) >= len(kept) - state.unfinished  # what lacked details was fetched for these
    assert max(hits) <= 2
    settled(driver, app)
    assert app.index.readiness.index == IndexState(AMOUNT, AMOUNT, 0, 0)


def test_searches_go_on_while_the_archive_is_indexed(driver: Driver, cdn: CdnDouble, tmp_path: Path) -> None:
    path = write_export(tmp_path, AMOUNT, cdn=cdn)
    gate = Gate(cdn)
    app = opened(driver, cdn, path, mode="cached")
    app.archive_bar.index_button.invoke()
    driver.until(lambda: indexed_now(app) == AMOUNT - HELD)
    app.inputs.load_query(picture(3), "three")
    driver.until(lambda: app.run.report is not None)
    assert app.index.run.running
    assert app.run.report is not None
    assert app.run.report.mode == "cached"
    assert app.run.report.not_indexed == HELD
    assert app.results.selection is not None
    assert app.results.selection.record.file_name == "view-003.png"
    assert f"{HELD} not indexed yet" in app.status.text
    gate.open()
    driver.until(lambda: not app.index.run.running)
    settled(driver, app)
    driver.live(0.05)
    assert button(app) == "Indexed"


def test_results_are_there_while_the_rest_is_searched_for(driver: Driver, cdn: CdnDouble, tmp_path: Path) -> None:
    path = write_export(tmp_path, AMOUNT, cdn=cdn)
    gate = Gate(cdn)
    app = opened(driver, cdn, path)
    app.archive_bar.index_button.invoke()
    driver.until(lambda: indexed_now(app) == AMOUNT - HELD)
    app.index.run.stop()
    driver.until(lambda: not app.index.run.running)
    settled(driver, app)
    app.inputs.load_query(picture(AMOUNT - 1), "last")
    driver.until(lambda: app.results.amount == AMOUNT - HELD and f"of {HELD} pictures" in app.status.text)
    assert app.run.running
    gate.open()
    driver.until(lambda: app.run.report is not None)
    assert app.run.report is not None
    assert app.run.report.searched == AMOUNT
    assert app.results.selection is not None
    assert app.results.selection.record.file_name == f"view-{AMOUNT - 1:03}.png"


def indexed_now(app: App) -> int:
    assert app.inputs.archive is not None
    assert app.encoder.facts is not None
    state = count_indexed(app.inputs.archive.archive, app.encoder.facts.encoder_id)
    return state.indexed if state is not None else 0


def test_what_was_left_out_is_listed_and_tried_again(driver: Driver, cdn: CdnDouble, tmp_path: Path) -> None:
    path = write_export(tmp_path, AMOUNT, cdn=cdn)
    lost = [path_of(number) for number in (2, 9, 20)]
    for gone in lost:
        cdn.serve(gone, fault=Fault.status(404))
    app = opened(driver, cdn, path)
    indexed(driver, app)
    assert f"{AMOUNT - 3} of {AMOUNT} pictures are indexed" in app.status.text
    assert "left out 3: 3 no longer on the server" in app.status.text
    driver.live(0.05)
    assert button(app) == "Indexed, 3 left out …"
    assert app.status.skipped.winfo_ismapped()
    for number, gone in zip((2, 9, 20), lost):
        cdn.serve(gone, encoded(picture(number)))
    app.status.skipped.invoke()
    driver.until(lambda: app.report.window is not None)
    window = app.report.window
    assert window is not None
    listed = [failure.record.file_name for failure in window.chosen]
    assert listed == ["view-002.png", "view-009.png", "view-020.png"]
    window.again_button.invoke()
    driver.until(lambda: app.status.text.startswith(f"All {AMOUNT} pictures are indexed"))
    settled(driver, app)
    driver.live(0.05)
    assert button(app) == "Indexed"
    assert [cdn.hits(gone) for gone in lost] == [2, 2, 2]


def test_keys_index_the_archive(driver: Driver, cdn: CdnDouble, tmp_path: Path) -> None:
    app = opened(driver, cdn, write_export(tmp_path, 3, cdn=cdn))
    driver.live(0.1)
    driver.press(app.results.canvas, "<Control-i>")
    driver.until(lambda: app.index.readiness.index == IndexState(3, 3, 0))


def test_closing_while_indexing_ends_it_and_keeps_what_is_done(driver: Driver, cdn: CdnDouble, tmp_path: Path) -> None:
    path = write_export(tmp_path, AMOUNT, cdn=cdn)
    Gate(cdn)
    app = opened(driver, cdn, path)
    app.archive_bar.index_button.invoke()
    driver.until(lambda: app.index.run.percent == 100 * (AMOUNT - HELD) // AMOUNT)
    app.close()
    assert app.indexer.close(timeout=0)
    assert indexed_now(app) == AMOUNT - HELD


class EndlessIndexing(StreamBench):
    """Its indexing goes on until it is stopped, however many are skipped; its engine changes with the setting."""

    def __init__(self) -> None:
        super().__init__(rounds=1, shown=3)
        self.progress = Progress("Indexing", 1, 3)
        self.started: list[str] = []
        self.stopped = 0
        self._encoder = ""

    def build(self, settings: Settings) -> Job[EngineFacts]:
        yield from ()
        self._encoder = settings.encoder
        return EngineFacts(settings.encoder, settings.encoder, "cpu", self.now)

    def readiness(self) -> Job[Readiness]:
        yield from ()
        return self.now

    @property
    def now(self) -> Readiness:
        return Readiness(STATES, IndexState(3, 0, 0))

    def index(self, archive: Archive, retry: bool) -> Job[IndexReport]:
        self.started.append(self._encoder)
        try:
            while True:
                yield Skipped(archive.records[0], SkipReason.EXPIRED, "for the test")
                yield self.progress
                threading.Event().wait(0.01)
        finally:
            self.stopped += 1

    def count_indexed(self, archive: Archive) -> Job[IndexState]:
        yield from ()
        return IndexState(3, 1, 0)


@pytest.fixture
def clip_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the fingerprint would be built for every choice."""

    def missing(_settings: Settings) -> Job[str]:
        yield from ()
        return ""

    monkeypatch.setattr(encoder_choice, "_only_weights_missing", missing)


@pytest.mark.usefixtures("clip_is_there")
def test_another_encoder_takes_the_indexing_over(driver: Driver) -> None:
    bench = EndlessIndexing()
    app = driver.open(bench)
    app.inputs.open_archive(["stream.json"])
    driver.until(lambda: app.inputs.archive is not None)
    app.index.refresh()
    driver.until(lambda: app.index.possible)
    app.index.start()
    driver.until(lambda: bench.started == ["fingerprint"] and app.index.run.percent == 33)
    app.encoder.choose("auto")
    driver.until(lambda: bench.started == ["fingerprint", "auto"])
    assert bench.stopped == 1
    assert app.index.run.running
    app.encoder.build()
    driver.live(0.2)
    assert len(bench.started) == 2  # the same encoder again is no reason
    app.index.run.stop()
    driver.until(lambda: not app.index.run.running)
    assert bench.stopped == 2
    assert app.status.text == "Stopped. 1 of 3 pictures is indexed; press “Index 2 new” to go on."


@pytest.mark.usefixtures("clip_is_there")
def test_how_far_how_long_how_fast_and_what_was_left_out_are_one_sentence(driver: Driver) -> None:
    bench = EndlessIndexing()
    bench.progress = Progress("Indexing", 2, 3, "pictures", 58, 38.2, 412_000_000, 1204)
    app = driver.open(bench)
    app.inputs.open_archive(["stream.json"])
    driver.until(lambda: app.inputs.archive is not None)
    app.index.refresh()
    driver.until(lambda: app.index.possible)
    app.index.start()
    line = app.status.indexing
    assert line.text == "Indexing …"
    driver.until(lambda: app.index.run.percent == 66)
    assert line.text == "Indexing: 2 of 3 pictures · about 1 min left · 38 pictures/s · 1,204 left out · 412 MB"
    driver.root.geometry("900x600")
    driver.live(0.2)
    assert "1,204 left out" in str(line._text.cget("text"))
    bench.progress = Progress("Indexing", 1, 3)
    app.encoder.choose("auto")  # it begins anew, and so does what is counted
    driver.until(lambda: len(bench.started) == 2 and app.index.run.percent == 33)
    assert line.text == "Indexing: 1 of 3 pictures"
    app.index.run.stop()
    assert line.text == "Stopping …"
    driver.until(lambda: not app.index.run.running)
    assert line.text == ""


class UnfinishedIndexing(EndlessIndexing):
    """Every picture is indexed, but of two the details are to come; they do not while the test looks."""

    @property
    def now(self) -> Readiness:
        return Readiness(STATES, IndexState(3, 3, 0, 2))

    def count_indexed(self, archive: Archive) -> Job[IndexState]:
        yield from ()
        return IndexState(3, 3, 0, 1)


def test_details_that_are_to_come_are_offered_to_be_finished(driver: Driver) -> None:
    bench = UnfinishedIndexing()
    app = driver.open(bench)
    app.inputs.open_archive(["stream.json"])
    driver.until(lambda: app.inputs.archive is not None)
    app.index.refresh()
    driver.until(lambda: app.index.possible)
    driver.live(0.05)
    assert button(app) == "Finish indexing"
    assert app.query_panel.word.endswith("Details of 2 pictures are still to come: altered copies may be missed.")
    driver.press(app.archive_bar.index_button, "<Return>")
    driver.until(lambda: len(bench.started) == 1 and app.index.run.percent == 33)
    assert button(app) == "Indexing …"
    app.index.run.stop()
    driver.until(lambda: not app.index.run.running)
    assert app.status.text == (
        "Stopped. All 3 pictures are indexed; details of 1 are still to come: press “Finish indexing”."
    )
    driver.press(app.results.canvas, "<Control-i>")
    driver.until(lambda: len(bench.started) == 2)


def test_what_lacks_details_is_counted_in_the_store() -> None:
    archive = archive_of(range(7))
    with EmbeddingStore(store_folder()) as store:
        fill(store, range(5))
        describe(store, (1, 3))
    assert count_indexed(archive, ENCODER, FEATURES) == IndexState(7, 5, 0, 3)
    assert count_indexed(archive, ENCODER, "others-1") == IndexState(7, 5, 0, 5)
    assert count_indexed(archive, ENCODER) == IndexState(7, 5, 0, 0)
    assert count_indexed(archive, "another", FEATURES) == IndexState(7, 0, 0, 0)


class BrokenIndexing(EndlessIndexing):
    def index(self, archive: Archive, retry: bool) -> Job[IndexReport]:
        yield Progress("Indexing", 1, 3)
        raise StoreError("The disk is full.")


def test_a_full_disk_is_one_sentence_and_it_can_be_tried_again(driver: Driver) -> None:
    app = driver.open(BrokenIndexing())
    app.inputs.open_archive(["stream.json"])
    driver.until(lambda: app.inputs.archive is not None)
    app.index.refresh()
    driver.until(lambda: app.index.possible)
    app.index.start()
    driver.until(lambda: not app.index.run.running)
    assert app.notices.sentences[-1] == ("Error", "The disk is full.")
    assert "what was done is kept" in app.status.text
    assert app.index.possible
    assert not app.status.indexing.winfo_ismapped()


def test_another_archive_can_be_opened_meanwhile(driver: Driver, cdn: CdnDouble, tmp_path: Path) -> None:
    first = write_export(tmp_path / "first", AMOUNT, cdn=cdn)
    gate = Gate(cdn)
    other = write_export(tmp_path / "other", 5, first=100)
    app = opened(driver, cdn, first)
    app.archive_bar.index_button.invoke()
    driver.until(lambda: app.index.run.percent == 100 * (AMOUNT - HELD) // AMOUNT)
    app.inputs.open_archive([str(other)])
    driver.until(lambda: not app.inputs.opening)
    driver.live(0.05)
    assert button(app) == "Indexing another …"
    gate.open()
    driver.until(lambda: not app.index.run.running)
    settled(driver, app)
    assert "Wanderers › landscapes: All 24 pictures are indexed" in app.status.text
    driver.live(0.05)
    assert button(app) == "Index archive"
    assert indexed_now(app) == 0


def test_without_a_store_nothing_is_offered(driver: Driver, export: Path, ras_home: Path) -> None:
    (ras_home / "store").write_text("a file is in the way")
    app = driver.open()
    app.inputs.open_archive([str(export)])
    driver.until(lambda: app.inputs.archive is not None and app.encoder.facts is not None)
    driver.until(lambda: app.notices.sentences)
    settled(driver, app)
    assert button(app) == ""
    assert not app.index.possible
    app.inputs.load_query(picture(5), "five")
    driver.until(lambda: app.run.report is not None)
