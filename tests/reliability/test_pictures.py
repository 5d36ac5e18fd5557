"""Hostile pictures: they are decoded or left out with a reason, in bounded time and memory, and the others go on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Iterator

import pytest

from ras.encoders.fingerprint import FingerprintEncoder
from ras.errors import SkipReason
from ras.images import decoders
from ras.images.child import MOST_SECONDS, ROOM
from ras.images.decoders import PATIENCE, Decoders
from ras.images.memory import LARGE, MOST_MEMORY
from ras.indexing import fill_store
from ras.matching.local import LocalExtractor
from ras.records import ImageRecord, IndexReport, Notice, Skipped
from ras.store import EmbeddingStore
from tests.exports import attachment, make_export, message
from tests.pictures import archive, local_record
from tests.reliability import picture_trials
from tests.reliability.broken_decoder import MARKED
from tests.reliability.mutate_pictures import samples

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the trials limit memory as Linux does")

ROOT = Path(__file__).parents[2]
SMALL = 4_000_000
"""Pixels: what the mutated files may have here."""


def test_mutated_files_go_through_all_of_indexing_or_are_refused() -> None:
    """In one process without a second one to hide behind: a crash ends it, and its last line says where."""
    status, lines, told = picture_trials.run("mutated", 8, 0, 700, SMALL, 200_000_000)
    assert status == 0, f"it ended at file {lines[-1] if lines else 0} of seed 8"
    assert told is not None
    assert told["wrong"] == []
    assert told["slowest"] < MOST_SECONDS
    assert told["outcomes"]["decoded"] > 150
    assert told["outcomes"]["damaged"] > 100
    assert set(told["outcomes"]) <= {"decoded", *(reason.value for reason in SkipReason)}


def test_bombs_cost_little_time_and_memory() -> None:
    status, _, told = picture_trials.run("bombs")
    assert status == 0
    assert told is not None
    assert len(told["outcomes"]) > 40
    wrong = {name: found for name, (found, _, allowed) in told["outcomes"].items() if found not in allowed}
    assert wrong == {}
    assert max(seconds for _, seconds, _ in told["outcomes"].values()) < PATIENCE + 10
    assert told["child"] < MOST_MEMORY + ROOM
    assert told["grown"] < 100_000_000, "of the program itself"


def test_an_archive_of_giants_takes_the_memory_of_one() -> None:
    status, _, told = picture_trials.run("giants", 3, 30_000_000)
    assert status == 0
    assert told is not None
    assert told["indexed"] == 3
    one = 4 * 30_000_000
    assert one > LARGE
    assert one < told["child"] < one + ROOM
    assert told["together"] - told["program"] < 1.6 * one + ROOM, "two at once"


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Decoders]:
    made = Decoders(MARKED, most_seconds=6)
    monkeypatch.setattr(decoders, "shared", made)
    yield made
    made.close()


def records_of(folder: Path) -> list[ImageRecord]:
    """Records of pictures of which some crash a decoder, or stall it."""
    plain = [data for name, data in samples().items() if name.startswith(("png", "jpeg"))]
    marks = {3: b"CRASH", 5: b"STALL", 8: b"SEGV", 9: b"GREED"}
    files = [data + marks.get(number, b"") for number, data in enumerate(plain)]
    return [local_record(folder, number, data) for number, data in enumerate(files)]


def indexed(records: list[ImageRecord], store: EmbeddingStore) -> tuple[IndexReport, list[object]]:
    events: list[object] = []
    job = fill_store(
        archive(records),
        store,
        lambda record: Path(record.local_path or "").read_bytes(),
        FingerprintEncoder(),
        connections=4,
        max_pixels=120_000_000,
        extractor=LocalExtractor(),
    )
    while True:
        try:
            events.append(next(job))
        except StopIteration as stop:
            return stop.value, events


def test_pictures_that_crash_or_stall_the_decoder_are_left_out_for_good(
    marked: Decoders, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    records = records_of(tmp_path)
    with EmbeddingStore(tmp_path / "store") as store:
        report, events = indexed(records, store)
        assert report.skipped == {"crashed_decoder": 3, "too_large": 1}
        assert report.indexed == len(records) - 4
        left_out = {event.record.key: event for event in events if isinstance(event, Skipped)}
        assert set(left_out) == {"a:3", "a:5", "a:8", "a:9"}
        assert "crashes the decoder" in left_out["a:3"].detail
        assert "more than 6 s" in left_out["a:5"].detail
        assert "crashes the decoder" in left_out["a:8"].detail
        assert not any(isinstance(event, Notice) for event in events)
        kept = store.failures(["a:3", "a:5"])
        assert {failure.reason for failure in kept.values()} == {SkipReason.CRASHED}
        tried: list[object] = []
        decode = marked.decode
        monkeypatch.setattr(marked, "decode", lambda request: tried.append(request) or decode(request))
        again, _ = indexed(records, store)
        assert again.skipped == report.skipped
        assert tried == [], "they are not tried again"


def test_where_no_process_can_be_started_it_is_said_and_pictures_are_indexed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(decoders, "shared", Decoders("raise SystemExit(3)"))
    plain = [data for name, data in samples().items() if name.startswith(("png", "jpeg"))]
    records = [local_record(tmp_path, number, data) for number, data in enumerate(plain)]
    with EmbeddingStore(tmp_path / "store") as store:
        report, events = indexed(records, store)
    assert report.indexed == len(records)
    (notice,) = [event for event in events if isinstance(event, Notice)]
    assert "within the program" in notice.text


def test_the_command_line_lives_on(tmp_path: Path) -> None:
    """A picture of the archive crashes the decoder, then the one to search for does."""
    query = tmp_path / "query.png"
    query.write_bytes(samples()["png"])
    posted = [
        message("", [attachment(name, data=samples()["jpeg"] + mark)])
        for name, mark in (("a.jpg", b""), ("b.jpg", b"CRASH"), ("c.jpg", b"more"))
    ]
    export = make_export(tmp_path / "export", messages=posted, media=True)
    prelude = (
        "import sys; from ras.images import decoders; from tests.reliability.broken_decoder import MARKED\n"
        "decoders.shared = decoders.Decoders(MARKED); from ras.cli import run; run()"
    )

    def search(picture: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", prelude, "search", str(export), str(picture)]
        command += ["--encoder", "fingerprint", "--mode", "realtime", "--json"]
        return subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)

    done = search(query)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["skipped"] == {"crashed_decoder": 1}
    assert {result["file_name"] for result in told["results"]} == {"a.jpg", "c.jpg"}
    query.write_bytes(samples()["png"] + b"CRASH")
    done = search(query)
    assert done.returncode == 2, done.stderr
    assert "crashes the decoder" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
