"""From what candidates are to results."""

from __future__ import annotations

import pytest

from ras.matching import same_bytes
from ras.records import Evidence, Verdict
from ras.settings import SCOPES
from ras.strategies.ranking import by_score, in_scope, result_of
from tests.pictures import record


@pytest.mark.parametrize(
    ("score", "verdict"),
    [(0.44, Verdict.UNLIKELY), (0.45, Verdict.ALIKE), (1.0, Verdict.ALIKE), (-1.0, Verdict.UNLIKELY)],
)
def test_an_embedding_alone_never_tells_a_copy(score: float, verdict: Verdict) -> None:
    finding = by_score(score, 0.45)
    assert (finding.verdict, finding.evidence) == (verdict, Evidence(cosine=score))
    assert (finding.changes, finding.region) == ((), None)


def test_each_verdict_is_in_one_scope_beside_all() -> None:
    assert set(SCOPES) == {"all", "copies", "alike"}
    for verdict in Verdict:
        assert in_scope(verdict, "all")
        assert [in_scope(verdict, "copies"), in_scope(verdict, "alike")] == [verdict.is_copy, not verdict.is_copy]


def test_a_result_says_all_that_was_found() -> None:
    finding = same_bytes(0.9)
    result = result_of(record(3), 7, 0.9, finding)
    assert (result.record, result.place, result.score, result.rank, result.preview) == (record(3), 7, 0.9, 0, None)
    assert (result.verdict, result.changes) == (Verdict.IDENTICAL, ())
    assert (result.matched_region, result.evidence) == (finding.region, finding.evidence)
    shown = result_of(record(3), 7, 0.9, finding, 2, b"preview")
    assert (shown.rank, shown.preview) == (2, b"preview")
