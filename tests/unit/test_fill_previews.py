"""Damaged previews: noticed in use or by verify, and made anew of pictures that can still be had, without encoding."""

from __future__ import annotations

import contextlib
import io
import zipfile
from pathlib import Path
from typing import Iterator

import pytest
from PIL import Image

from ras.downloader import Downloader
from ras.errors import SkipReason
from ras.gui.stored_archives import count_indexed
from ras.health import gather
from ras.health.care import repair
from ras.health.words import as_text
from ras.indexing import fill_store
from ras.indexing.commits import COMMIT_PICTURES
from ras.paths import store_folder
from ras.records import Archive, Progress, finish
from ras.settings import Settings
from ras.store import EmbeddingStore
from tests.extractors import ColourExtractor
from tests.pictures import ColourEncoder, archive, local_record, picture, record
from tests.unit.test_fill_features import DEAD, Server, fill, last, shade, stages

BIG = picture((9, 200, 30), (1200, 800), "JPEG")
"""Decoded at a fraction of its size, which the preview must be made of once more."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddingStore]:
    with EmbeddingStore(tmp_path / "store") as opened:
        yield opened


def previews(store: EmbeddingStore, what: Archive) -> dict[str, bytes]:
    """Key → its preview, of those that have one."""
    contents = store.contents_of(what.records, ColourEncoder.id).tolist()
    found = store.previews([content for content in contents if content >= 0])
    return {one.key: found[content] for one, content in zip(what.records, contents) if content in found}


def flip(store: EmbeddingStore, preview: bytes) -> None:
    """Flip a byte of the preview where it stands in facts.sqlite, as a disk does: SQLite notices nothing."""
    store._facts.tidy_up()
    path = store.folder / "facts.sqlite"
    data = bytearray(path.read_bytes())
    assert data.count(preview) == 1
    data[data.find(preview) + len(preview) // 2] ^= 0xFF
    path.write_bytes(bytes(data))


def harm(store: EmbeddingStore, what: Archive, *numbers: int) -> None:
    """Flip a byte in the previews of these records."""
    contents = store.contents_of([what.records[number] for number in numbers], ColourEncoder.id).tolist()
    flipped = "CAST(substr(data, 1, 99) || x'00' || substr(data, 101) AS BLOB)"
    for content in contents:
        done = store._facts.connection.execute(f"UPDATE previews SET data = {flipped} WHERE content = ?", (content,))
        assert done.rowcount == 1


def counted(store: EmbeddingStore) -> None:
    """The bytes that are told are those that there are."""
    there = store._facts.connection.execute("SELECT sum(length(data)) FROM previews").fetchone()[0]
    assert store.usage().preview_bytes == (there or 0)


@pytest.mark.parametrize("by", ["use", "verify"])
@pytest.mark.parametrize("extractor", [None, ColourExtractor()])
def test_what_a_disk_made_of_previews_is_noticed_and_made_anew(
    store: EmbeddingStore, by: str, extractor: ColourExtractor | None
) -> None:
    server, encoder = Server(a3=BIG), ColourEncoder()
    what = archive([record(number) for number in range(8)])
    fill(store, what, server.fetch, extractor)
    before = previews(store, what)
    assert len(before) == 8
    server.asked.clear()
    flip(store, before["a:3"])
    with EmbeddingStore(store.folder) as opened:
        if by == "verify":
            report = finish(opened.verify())
            assert (report.lost, report.previews, report.to_make) == (0, 1, "1 preview")
            (told,) = report.damaged
            assert "those of 1 picture: index the archive once more, which makes them anew" in told
        assert previews(opened, what) == {key: data for key, data in before.items() if key != "a:3"}
        assert opened.lacking_previews(what.records, encoder.id).tolist() == [n == 3 for n in range(8)]
        counted(opened)
        report_, events = fill(opened, what, server.fetch, extractor, encoder)
        assert previews(opened, what) == before
        assert (report_.indexed, report_.encoded) == (8, 0)
        assert not encoder.batches, "nothing is encoded for a preview"
        assert dict(server.asked) == {"a:3": 1}, "nothing else is fetched"
        assert stages(events) == ["Indexing", "Indexing previews"]
        assert last(events, "Indexing previews").done == 1
        counted(opened)
        assert not opened.lacking_previews(what.records, encoder.id, again=True).any()
        _, events = fill(opened, what, server.fetch, extractor)
        assert stages(events) == ["Indexing"]
        assert finish(opened.verify()).damaged == ()


def test_they_are_made_of_as_many_pixels_as_at_first(store: EmbeddingStore) -> None:
    """Of other pixels, the same picture becomes another file."""

    class SmallEncoder(ColourEncoder):
        decode_side = 40

    detailed = Image.effect_noise((1200, 800), 90).convert("RGB")
    file = io.BytesIO()
    detailed.save(file, "JPEG")
    server = Server(a0=file.getvalue())
    what = archive([record(0)])
    for extractor in (None, ColourExtractor()):
        with EmbeddingStore(store.folder.with_name(f"with {extractor}")) as opened:
            fill(opened, what, server.fetch, extractor, SmallEncoder())
            before = previews(opened, what)
            harm(opened, what, 0)
            assert previews(opened, what) == {}
            fill(opened, what, server.fetch, extractor, SmallEncoder())
            assert previews(opened, what) == before


def test_of_local_files_and_zips_without_the_network(store: EmbeddingStore, tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as zipped:
        zipped.writestr("media/7.png", shade(7))
    inside = {
        "local_path": str(tmp_path / "export.zip" / "media" / "7.png"),
        "media_root": str(tmp_path / "export.zip"),
    }
    what = archive([local_record(tmp_path / "media", 1, shade(1)), record(7, url=DEAD, **inside)])
    settings = Settings()
    with contextlib.closing(Downloader(settings)) as downloader:
        fill(store, what, downloader.fetch)
        before = previews(store, what)
        assert len(before) == 2
        harm(store, what, 0, 1)
        assert previews(store, what) == {}
        fill(store, what, downloader.fetch)
        assert previews(store, what) == before


def test_nothing_of_a_picture_that_is_gone_is_lost_and_it_is_tried_again(store: EmbeddingStore) -> None:
    server, encoder = Server(), ColourEncoder()
    what = archive([record(number) for number in range(4)])
    fill(store, what, server.fetch)
    before = previews(store, what)
    contents = store.contents_of(what.records, encoder.id).tolist()
    harm(store, what, 1, 2)
    assert len(previews(store, what)) == 2
    server.answers = {"a:1": SkipReason.GONE, "a:2": SkipReason.NETWORK}
    report, events = fill(store, what, server.fetch, encoder=encoder)
    assert (report.indexed, report.encoded, report.skipped) == (4, 0, {}), "they stay indexed"
    assert store.failures() == {}
    assert last(events, "Indexing previews").failed == 0
    assert store.contents_of(what.records, encoder.id).tolist() == contents
    # Of the one that is gone nobody is told any more that it is to come; the network may be back at any time.
    assert store.lacking_previews(what.records, encoder.id).tolist() == [False, False, True, False]
    assert len(previews(store, what)) == 2
    report_ = finish(store.verify())
    assert report_.previews == len(report_.damaged) == 1
    server.answers = {"a:1": SkipReason.EXPIRED}
    fill(store, what, server.fetch, encoder=encoder)
    assert finish(store.verify()).damaged == ()
    assert store.lacking_previews(what.records, encoder.id, again=True).tolist() == [False, True, False, False]
    server.answers = {}
    fill(store, what, server.fetch, encoder=encoder)
    assert previews(store, what) == before
    assert not encoder.batches
    counted(store)


def test_a_picture_that_is_encoded_anew_brings_its_preview_where_there_was_none_to_be_had(
    store: EmbeddingStore,
) -> None:
    server = Server()
    what = archive([record(0)])
    fill(store, what, server.fetch)
    before = previews(store, what)
    harm(store, what, 0)
    assert previews(store, what) == {}
    server.answers = {"a:0": SkipReason.GONE}
    fill(store, what, server.fetch)
    store._facts.connection.execute("DELETE FROM fresh")
    store._facts.connection.execute("UPDATE encoders SET generation = generation + 1")
    server.answers = {}
    fill(store, what, server.fetch)
    assert previews(store, what) == before
    counted(store)


def test_other_bytes_are_taken_only_where_they_show_the_same(store: EmbeddingStore, tmp_path: Path) -> None:
    """An attachment never changes, and comes in another size; a file on this computer may be anything by now."""
    server = Server()
    local = local_record(tmp_path, 1, shade(1))
    linked = record(2, key="u:2", attachment_id=None)
    what = archive([record(0), local, linked])
    server.answers = {"u:2": shade(2)}
    fill(store, what, server.fetch)
    before = previews(store, what)
    harm(store, what, 0, 1, 2)
    assert previews(store, what) == {}
    others = [picture((1, 2, 3 + number), (40, 40)) for number in range(3)]
    server.answers = dict(zip(("a:0", "a:1", "u:2"), others))
    fill(store, what, server.fetch)
    assert list(previews(store, what)) == ["a:0"]
    assert list(before) == ["a:0", "a:1", "u:2"]


def test_what_was_made_before_a_stop_stays(store: EmbeddingStore) -> None:
    number = COMMIT_PICTURES + 20
    server = Server()
    what = archive([record(each) for each in range(number)])
    fill(store, what, server.fetch)
    harm(store, what, *range(number))
    assert previews(store, what) == {}
    job = fill_store(what, store, server.fetch, ColourEncoder(), connections=4, max_pixels=1_000_000)
    for event in job:
        if isinstance(event, Progress) and event.stage == "Indexing previews" and event.done:
            break
    job.close()
    there = len(previews(store, what))
    assert there > 0
    server.asked.clear()
    fill(store, what, server.fetch)
    assert sum(server.asked.values()) == number - there
    assert len(previews(store, what)) == number


def test_repair_counts_them_and_health_says_what_to_do() -> None:
    what = archive([record(number) for number in range(5)])
    with EmbeddingStore(store_folder()) as store:
        fill(store, what, Server().fetch)
        harm(store, what, 0, 4)
        previews(store, what)
    state = count_indexed(what, ColourEncoder.id)
    assert state is not None
    assert (state.indexed, state.unfinished) == (5, 2), "the window offers to finish it"
    with EmbeddingStore(store_folder()) as store:
        fill(store, what, Server().fetch)
        harm(store, what, 0, 4)
    repaired = finish(repair())
    assert (repaired.verified.lost, repaired.verified.previews) == (0, 2)
    assert repaired.incomplete == (("general", 2),)
    assert "Open and index again: “general” (2 pictures)." in repaired.sentence
    said = as_text(finish(gather(Settings())))
    assert "those of 2 pictures: index the archive once more" in said
    assert "2 previews must be made anew: open the archives and index them; then verify again." in said
