"""Benches whose searches stream as fast, or as long, as a test needs."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Sequence

from ras.engine import ModeState
from ras.errors import SkipReason
from ras.gui.bench import ArchiveFacts, Bench, EngineFacts, Readiness
from ras.images import make_preview
from ras.records import (
    Archive,
    Channel,
    ImageRecord,
    Job,
    Progress,
    Query,
    Results,
    SearchReport,
    SearchResult,
    Skipped,
)
from ras.settings import Settings
from tests.gui.pictures import AUTHORS, picture

CHANNEL = Channel("7", "landscapes", "5", "Wanderers")
STATES = (
    ModeState("auto", "Auto", True, "Real-time, about 40 s for 9 pictures", "Real-time, about 40 s"),
    ModeState("realtime", "Real-time", True, "about 40 s for 9 pictures", "about 40 s"),
)


def record(number: int, **changes: object) -> ImageRecord:
    facts: dict[str, object] = {
        "key": f"a:{number}",
        "message_id": str(1000 + number),
        "attachment_id": str(number),
        "file_name": f"view-{number}.png",
        "url": f"https://cdn.discordapp.com/attachments/7/{number}/view-{number}.png",
        "local_path": None,
        "file_size": 1000,
        "author_id": "1",
        "author": AUTHORS[number % len(AUTHORS)],
        "channel": CHANNEL,
        "timestamp": datetime(2021, 3, 4, 5, 6, tzinfo=timezone.utc),
        "content": "What a view!",
    }
    return ImageRecord(**{**facts, **changes})  # type: ignore[arg-type]


def results(amount: int, offset: int = 0) -> tuple[SearchResult, ...]:
    previews = [make_preview(picture(number, (256, 192))) for number in range(8)]
    return tuple(
        SearchResult(place + 1, 1 - place / (amount + 1), record(place + offset), previews[place % 8])
        for place in range(amount)
    )


class StreamBench(Bench):
    """Yields ``rounds`` times progress, skips, and a new order of ``shown`` results; then ends, unless ``endless``."""

    def __init__(self, rounds: int, shown: int, *, endless: bool = False, pause: float = 0.0) -> None:
        super().__init__()
        self.rounds, self.endless, self.pause = rounds, endless, pause
        self.ended = False
        self.results = results(shown)

    def build(self, settings: Settings) -> Job[EngineFacts]:
        yield from ()
        return EngineFacts("stream", "Stream", "cpu", Readiness(STATES))

    def open(self, paths: Sequence[str]) -> Job[ArchiveFacts]:
        yield from ()
        records = tuple(result.record for result in self.results)
        return ArchiveFacts(Archive(tuple(paths), "stream", (CHANNEL,), 10, records), 0, Readiness(STATES))

    def search(self, settings: Settings, query: Query, archive: Archive) -> Job[SearchReport]:
        try:
            number = 0
            while number < self.rounds or self.endless:
                number += 1
                yield Progress("Searching", min(number, self.rounds), self.rounds)
                yield Skipped(self.results[0].record, SkipReason.DAMAGED, "for the test")
                turn = number % len(self.results)
                yield Results(self.results[turn:] + self.results[:turn])
                if self.pause:
                    time.sleep(self.pause)
            yield Results(self.results, final=True)
            return SearchReport("realtime", "stream", "cpu", number, {"damaged": number}, self.results)
        finally:
            self.ended = True
