"""What the trials came to, as Markdown tables."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Iterable, Mapping, Sequence

import numpy as np

from benchmarks.quality.methods import Answer, Method
from benchmarks.quality.transforms import TRANSFORMS
from benchmarks.quality.trials import Trial

COPY = ("identical", "altered")
VERDICTS = (*COPY, "alike")


@dataclass(frozen=True)
class Outcome:
    """Whether a method found a copy's source."""

    rank: int
    """Of the best hit, 0 for the first; a large number where there is none among the best."""
    verdict: str
    """The surest one given to a hit; empty for none."""
    mistaken: tuple[int, ...]
    """Other pictures that were called a copy."""


def outcome(answer: Answer, hits: frozenset[int]) -> Outcome:
    rank = next((rank for rank, number in enumerate(answer.ranked) if number in hits), 1_000_000)
    given = {answer.verdicts[number] for number in hits if number in answer.verdicts}
    verdict = next((verdict for verdict in VERDICTS if verdict in given), "")
    mistaken = tuple(n for n, verdict in answer.verdicts.items() if verdict in COPY and n not in hits)
    return Outcome(rank, verdict, mistaken)


def print_recall(methods: Sequence[Method], outcomes: Mapping[tuple[str, str], Sequence[Outcome]]) -> None:
    """Recall@1/@10 of each (transform, method's name)."""
    print("Recall@1/@10\n")
    print(f"| transform | {' | '.join(method.name for method in methods)} |")
    print("|---" * (len(methods) + 1) + "|")
    means = defaultdict(list)
    for transform in TRANSFORMS:
        cells = []
        for method in methods:
            ranks = np.array([one.rank for one in outcomes[transform, method.name]])
            recalls = (ranks < 1).mean(), (ranks < 10).mean()
            means[method.name].append(recalls)
            cells.append("/".join(share(recall) for recall in recalls))
        print(f"| {transform} | {' | '.join(cells)} |")
    cells = ["/".join(share(value, 3) for value in np.mean(means[method.name], axis=0)) for method in methods]
    print(f"| **mean** | {' | '.join(f'**{cell}**' for cell in cells)} |")


def print_verdicts(name: str, outcomes: Mapping[tuple[str, str], Sequence[Outcome]]) -> None:
    """What a method said of copies whose source is there."""
    print(f"\nVerdicts of {name} on copies whose source is there, and other pictures called a copy of the query\n")
    print("| transform | identical or altered | identical | alike | nothing said | queries with another one accepted |")
    print("|---|---|---|---|---|---|")
    everything: list[Outcome] = []
    for transform in (*TRANSFORMS, "**all**"):
        rows = everything if transform == "**all**" else outcomes[transform, name]
        if transform != "**all**":
            everything += rows
        given = np.array([one.verdict for one in rows])
        cells = [np.isin(given, COPY).mean(), *((given == verdict).mean() for verdict in ("identical", "alike", ""))]
        mistaken = sum(bool(one.mistaken) for one in rows)
        print(f"| {transform} | {' | '.join(share(cell, 3) for cell in cells)} | {mistaken} of {len(rows)} |")


def print_false_alarms(name: str, trials: Sequence[Trial]) -> None:
    """What a method said of queries whose source is not in the index."""
    queries, pictures = len(trials), len({trial.number for trial in trials})
    print(f"\nFalse alarms of {name}: {queries} queries made of {pictures} pictures that are not in the index\n")
    print("| verdict | queries with such a result | pictures | such results | share of queries |")
    print("|---|---|---|---|---|")
    for label, verdicts in [*((verdict, (verdict,)) for verdict in VERDICTS), ("**identical or altered**", COPY)]:
        counts = [sum(verdict in verdicts for verdict in trial.answers[name].verdicts.values()) for trial in trials]
        of = len({trial.number for trial, count in zip(trials, counts) if count})
        wrong = sum(count > 0 for count in counts)
        print(f"| {label} | {wrong} | {of} | {sum(counts)} | {bounded(wrong, queries)} |")
    accepted = Counter(trial.transform for trial in trials if _accepted(trial.answers[name]))
    if accepted:
        tried = Counter(trial.transform for trial in trials)
        print("\nAccepted: " + ", ".join(f"{way} {accepted[way]} of {tried[way]}" for way in tried))


def _accepted(answer: Answer) -> bool:
    return any(verdict in COPY for verdict in answer.verdicts.values())


def print_groups(methods: Sequence[Method], outcomes: Mapping[str, Sequence[Outcome]], pictures: int) -> None:
    """How real copies were found, by the method's name."""
    searched = len(next(iter(outcomes.values())))
    print(f"\nReal copies: {searched} pictures, each searched for among {pictures} others, where it has copies\n")
    print("| method | recall@1/@10 | accepted (identical or altered) | alike | queries with another one accepted |")
    print("|---|---|---|---|---|")
    for method in methods:
        rows = outcomes[method.name]
        ranks, given = np.array([one.rank for one in rows]), np.array([one.verdict for one in rows])
        cells = [f"{share((ranks < 1).mean(), 3)}/{share((ranks < 10).mean(), 3)}"]
        if any(one.verdict or one.mistaken for one in rows):
            mistaken = sum(bool(one.mistaken) for one in rows)
            cells += [share(np.isin(given, COPY).mean(), 3), share((given == "alike").mean(), 3), f"{mistaken}"]
        else:
            cells += ["", "", ""]
        print(f"| {method.name} | {' | '.join(cells)} |")


def share(value: float, digits: int = 2) -> str:
    """.98; 1 and 0 where it is exactly that, 1.00 and .00 where nearly."""
    return f"{value:.0f}" if value in (0, 1) else f"{value:.{digits}f}".lstrip("0")


def bounded(wrong: int, queries: int) -> str:
    """A share in per cent; where it is 0, what it is at most with 95 % certainty."""
    if wrong or not queries:
        return f"{100 * wrong / max(queries, 1):.2f} %"
    return f"0 (95 % bound {100 * (1 - 0.05 ** (1 / queries)):.2f} %)"


def by_transform(pairs: Iterable[tuple[str, str, Outcome]]) -> dict[tuple[str, str], list[Outcome]]:
    """(transform, method's name, outcome) → outcomes by the first two."""
    found: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for transform, name, one in pairs:
        found[transform, name].append(one)
    return found
