"""Made-up answers for pictures of the window: every verdict, each with what goes with it, on pictures of the sample."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Sequence

from ras.images import decode_image, make_preview
from ras.records import Archive, Change, Evidence, ImageRecord, Job, MatchedRegion, SearchReport, SearchResult, Verdict

WHOLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
CROP = ((0.06, 0.12), (0.78, 0.12), (0.78, 0.94), (0.06, 0.94))
TILTED = ((0.14, 0.10), (0.90, 0.17), (0.84, 0.93), (0.10, 0.80))
# Name → how many results of each verdict.
ANSWERS = {
    "identical": (1, 0, 0, 29),
    "altered": (1, 3, 9, 17),
    "cropped": (0, 1, 0, 29),
    "alike": (0, 0, 4, 26),
    "unlikely": (0, 0, 0, 30),
    "reposted": (7, 3, 9, 17),
}


def made_up(name: str, archive: Archive, scope: str, first: str) -> Job[SearchReport]:
    """The answer ``name`` of a search in the archive; its results begin with the picture whose file is ``first``."""
    yield from ()
    results = answer(archive, ANSWERS[name], first)
    if name == "reposted":
        results = tuple(dataclasses.replace(one, content=str(min(one.rank // 8, 1) * one.rank)) for one in results)
        results = tuple(dataclasses.replace(one, preview=results[0].preview) for one in results[:7]) + results[7:]
    kept = {"all": list(Verdict), "copies": [Verdict.IDENTICAL, Verdict.ALTERED], "alike": list(Verdict)[2:]}[scope]
    results = tuple(result for result in results if result.verdict in kept)
    return SearchReport("faiss", "fingerprint-2", "cpu", len(archive.records), {}, results)


def answer(archive: Archive, amounts: Sequence[int], first: str) -> tuple[SearchResult, ...]:
    records = [record for record in archive.records if record.local_path and Path(record.local_path).is_file()]
    records.sort(key=lambda record: record.file_name != first)
    verdicts = [verdict for verdict, amount in zip(Verdict, amounts) for _ in range(amount)]
    return tuple(result(rank, record, verdict) for rank, (record, verdict) in enumerate(zip(records, verdicts), 1))


def result(rank: int, record: ImageRecord, verdict: Verdict) -> SearchResult:
    assert record.local_path is not None
    preview = make_preview(decode_image(Path(record.local_path).read_bytes(), extra_formats=True))
    plain = SearchResult(rank, 1.0, record, preview, rank, verdict)
    if verdict is Verdict.IDENTICAL:
        return dataclasses.replace(
            plain, matched_region=MatchedRegion(WHOLE, WHOLE), evidence=Evidence(311, 1.0, 0, 1.0)
        )
    if verdict is Verdict.ALTERED:
        changes = (
            (Change.CROPPED,),
            (Change.TILTED, Change.DARKER),
            (Change.MIRRORED, Change.CAPTION, Change.RECOLOURED),
        )
        region = (MatchedRegion(WHOLE, CROP), MatchedRegion(TILTED, WHOLE), MatchedRegion(CROP, TILTED))[
            (0, 2, 0, 1)[rank % 4 - 1]
        ]
        evidence = Evidence(143 - rank, 0.93, 61, 0.7)
        return dataclasses.replace(
            plain,
            score=0.87 - rank / 50,
            changes=changes[(0, 2, 0, 1)[rank % 4 - 1]],
            matched_region=region,
            evidence=evidence,
        )
    return dataclasses.replace(plain, score=(0.66 if verdict is Verdict.ALIKE else 0.42) - rank / 90)
