"""What ``search --json`` says of a query and of each result."""

from __future__ import annotations

import json

import numpy as np
from PIL import Image

from ras.media import MediaReader
from ras.records import Change, Evidence, MatchedRegion, Query, SearchReport, SearchResult, Verdict
from ras.sheets import Answered
from ras.sheets.report_json import report_as_json
from tests.pictures import record

CORNERS = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.66666666), (0.0, 0.5))
COPY = SearchResult(
    1,
    0.981234567,
    record(1),
    verdict=Verdict.ALTERED,
    changes=(Change.CROPPED, Change.TILTED),
    matched_region=MatchedRegion(CORNERS, CORNERS[::-1]),
    evidence=Evidence(37, float(np.float32(0.91)), 12, float(np.float32(0.98123))),
)
OTHER = SearchResult(2, 0.5, record(2), evidence=Evidence(cosine=0.5))
BARE = SearchResult(3, 0.4, record(3))


PICTURE = Query(Image.new("RGB", (2, 2)), "a.png")


def told(*results: SearchResult, scope: str = "all", query: Query = PICTURE) -> dict[str, object]:
    report = SearchReport("cached", "fake-1", "cpu", 9, {"gone": 1}, results, 4)
    answered = Answered(query, query.name, report, scope)
    answer: dict[str, object] = json.loads(json.dumps(report_as_json(answered, MediaReader())))
    return answer


def test_a_query_says_what_came_of_it() -> None:
    answer = told(COPY, OTHER, scope="copies")
    results = answer.pop("results")
    assert answer == {
        "query": "a.png",
        "text": None,
        "text_weight": None,
        "verdict": "altered",
        "scope": "copies",
        "mode": "cached",
        "encoder": "fake-1",
        "device": "cpu",
        "searched": 9,
        "skipped": {"gone": 1},
        "not_indexed": 4,
    }
    assert isinstance(results, list)
    assert [result["verdict"] for result in results] == ["altered", "unlikely"]  # none is left out
    assert told(OTHER)["verdict"] == told()["verdict"] == "unlikely"


def test_a_text_is_told_and_how_much_it_weighed() -> None:
    alone = told(query=Query(None, "cat", text="cat"))
    assert (alone["query"], alone["text"], alone["text_weight"]) == ("cat", "cat", None)
    both = told(query=Query(PICTURE.image, "a.png", text="cat", text_weight=0.3))
    assert (both["query"], both["text"], both["text_weight"]) == ("a.png", "cat", 0.3)


def test_a_result_says_what_it_is_and_what_that_rests_on() -> None:
    results = told(COPY, OTHER, BARE)["results"]
    assert isinstance(results, list)
    copy, other, bare = results
    assert copy == {
        "rank": 1,
        "score": 0.981235,
        "verdict": "altered",
        "changes": ["cropped", "seen at an angle"],
        "matched_region": {
            "query": [[0.0, 0.0], [1.0, 0.0], [1.0, 0.6667], [0.0, 0.5]],
            "picture": [[0.0, 0.5], [1.0, 0.6667], [1.0, 0.0], [0.0, 0.0]],
        },
        "evidence": {"inliers": 37, "agreement": 0.91, "hash_distance": 12, "cosine": 0.98123},
        "message_id": "1001",
        "attachment_id": "1",
        "file_name": "1.png",
        "url": COPY.record.url,
        "message_link": "https://discord.com/channels/10/20/1001",
        "author": "Mira",
        "channel": "general",
        "timestamp": "2021-03-02T12:01:00+00:00",
        "path": None,
    }
    assert other["evidence"] == {"inliers": 0, "agreement": None, "hash_distance": None, "cosine": 0.5}
    assert (bare["changes"], bare["matched_region"], bare["evidence"]) == ([], None, None)
