"""Benches whose searches stream as fast, or as long, as a test needs."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timezone
from typing import Sequence

from ras.engine import ModeState
from ras.errors import SkipReason
from ras.gui.bench import ArchiveFacts, Bench, EngineFacts, Readiness
from ras.images import make_preview
from ras.records import (
    DEFAULT_KINDS,
    Archive,
    Change,
    Channel,
    Evidence,
    ImageRecord,
    Job,
    MatchedRegion,
    PictureKinds,
    Progress,
    Query,
    Results,
    SearchReport,
    SearchResult,
    Skipped,
    Verdict,
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

    def open(self, paths: Sequence[str], kinds: PictureKinds = DEFAULT_KINDS) -> Job[ArchiveFacts]:
        yield from ()
        records = tuple(result.record for result in self.results)
        return ArchiveFacts(Archive(tuple(paths), "stream", (CHANNEL,), 10, records), Readiness(STATES))

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


WHOLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
PART = ((0.2, 0.2), (0.7, 0.2), (0.7, 0.8), (0.2, 0.8))
OTHER_PART = ((0.1, 0.3), (0.6, 0.2), (0.7, 0.9), (0.2, 0.8))
ALTERED = {
    "changes": (Change.CROPPED, Change.MIRRORED),
    "matched_region": MatchedRegion(PART, OTHER_PART),
    "evidence": Evidence(inliers=143, agreement=0.93),
}


def judged(identical: int = 0, altered: int = 0, alike: int = 0, unlikely: int = 0) -> tuple[SearchResult, ...]:
    """Results of each verdict, the surest first, scores falling from 1 in steps of 0.01."""
    amounts = zip(Verdict, (identical, altered, alike, unlikely))
    verdicts = [verdict for verdict, amount in amounts for _ in range(amount)]
    return tuple(
        replace(
            result,
            score=1 - place / 100,
            verdict=verdict,
            **(ALTERED if verdict is Verdict.ALTERED else {}),  # type: ignore[arg-type]
        )
        for place, (result, verdict) in enumerate(zip(results(len(verdicts)), verdicts))
    )


class AnswerBench(StreamBench):
    """Its search comes to what ``results`` are, as far as the scope has them."""

    def __init__(self, results: tuple[SearchResult, ...]) -> None:
        super().__init__(rounds=0, shown=1)
        self.results = results
        self.searched: list[tuple[str, str]] = []
        """(name of the query, scope) of each search."""

    def search(self, settings: Settings, query: Query, archive: Archive) -> Job[SearchReport]:
        yield Progress("Searching", 0, len(archive.records))
        self.searched.append((query.name, settings.scope))
        found = tuple(
            result
            for result in self.results
            if settings.scope == "all" or result.verdict.is_copy == (settings.scope == "copies")
        )
        return SearchReport("realtime", "fingerprint-2", "cpu", len(archive.records), {}, found)
