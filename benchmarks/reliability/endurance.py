"""Somebody uses the window for days: does anything grow that should not, once all is warm?"""

from __future__ import annotations

from pathlib import Path
from typing import Iterator, Sequence

from benchmarks.reliability.rows import Row
from tests.display import screen
from tests.reliability import gauges
from tests.reliability.long_use import Plan, samples_of

PICTURES, SEARCHES, ROUNDS = 100_000, 10_000, 200


def run(scale: float, seed: int, folder: Path) -> Iterator[Row]:
    """Rows for the indexing, and for the rounds of searches with all that is done between them."""
    rounds = max(12, round(ROUNDS * scale**0.5))
    plan = Plan(
        str(folder / "endurance"),
        pictures=max(300, round(PICTURES * scale)),
        rounds=rounds,
        searches=max(5, round(SEARCHES * scale / rounds)),
        seed=seed,
    )
    taken: dict[str, list[dict[str, float]]] = {"indexing": [], "round": []}
    with screen():
        for sample in samples_of(plan):
            taken[str(sample["what"])].append(sample)  # type: ignore[arg-type]
    if len(taken["indexing"]) >= 9:
        verdicts = gauges.judge_indexing(taken["indexing"], plan.pictures)
        yield from _rows("while pictures are indexed", plan.pictures, verdicts)
    last = taken["round"][-1]
    searched, missed = int(last["searched"]), int(last["searched"] - last["found"])
    yield Row("searches", searched, missed, f"{searched - missed:,} had their picture first, of {plan.pictures:,}")
    yield from _rows(f"in {rounds} rounds of searches", searched, gauges.judge(taken["round"], plan.searches))


def _rows(when: str, runs: int, verdicts: Sequence[gauges.Verdict]) -> Iterator[Row]:
    for kind in dict.fromkeys(verdict.gauge.kind for verdict in verdicts):
        those = [verdict for verdict in verdicts if verdict.gauge.kind == kind]
        grown = "".join(f"; {verdict.gauge.name.upper()} GROWS" for verdict in those if verdict.grows)
        note = ", ".join(verdict.said for verdict in those) + grown
        yield Row(f"{kind}, {when}", runs, sum(verdict.grows for verdict in those), note)
