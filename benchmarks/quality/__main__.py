"""How well are altered copies found, and how often is another picture taken for one? Beside pHash and PDQ.

    python -m benchmarks.quality                                     drawn pictures only
    python -m benchmarks.quality --pictures FOLDER --distractors FOLDER --absent FOLDER
    python -m benchmarks.quality --distractors 3000 --encoder clip --seed 2
    python -m benchmarks.quality --copies FOLDER                     each subfolder has copies of one picture
    python -m benchmarks.quality --growth                            the same index grown to 100,000 pictures

All pictures are indexed. Some of ``--pictures`` (``--sources``) are altered in each of 24 ways and searched for; a
picture that is a strict near-duplicate of the source counts as a hit too. Pictures that are not in the index
(``--absent``) are altered in the same ways, to count what is wrongly called a copy. ``--look FOLDER`` saves those.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from random import Random
from typing import Callable

from benchmarks.quality import corpus, costs, growth, report, trials
from benchmarks.quality.corpus import PictureRef, Thumbs
from benchmarks.quality.doubtful import save_pair
from benchmarks.quality.kept import keep
from benchmarks.quality.methods import Local, Method, Pdq, PHash, Vectors
from benchmarks.quality.program import Program
from benchmarks.quality.report import Outcome, outcome
from benchmarks.quality.transforms import TRANSFORMS
from benchmarks.quality.trials import Bench, Trial

METHODS: dict[str, Callable[[str], Method]] = {
    "phash": lambda encoder: PHash(),
    "pdq": lambda encoder: Pdq(),
    "vectors": Vectors,
    "local": lambda encoder: Local(),
    "program": Program,
}
"""What is compared, by the encoder's name."""

_OUTSIDE = 60
"""Pictures that stand beside copies in collages and chats."""
_TIMED = 60
"""Queries and pictures that are timed."""


class Benchmark:
    """The pictures of one run, in the index and outside, with what methods keep of them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.seed: str = options.seed
        self.methods: list[Method] = [METHODS[name](options.encoder) for name in options.methods]
        given = corpus.of_choice(options.pictures, f"{self.seed}/pictures")
        self.groups = corpus.of_folder(options.copies) if options.copies else []
        absent: list[PictureRef]
        if options.absent.isdigit() and not options.pictures.isdigit():
            given, absent = corpus.held_out(given, int(options.absent), f"{self.seed}/absent")
        else:
            absent = corpus.of_choice(options.absent, f"{self.seed}/absent")
        distractors = corpus.of_choice(options.distractors, f"{self.seed}/distractors")
        self.refs = [*given, *distractors, *self.groups]
        # Equal scores are ranked by number: no kind of picture may come first.
        Random(f"{self.seed}/order").shuffle(self.refs)
        self.numbers = {ref.key: number for number, ref in enumerate(self.refs)}
        sources = Random(self.seed).sample(given, min(options.sources, len(given)))
        self.sources = [self.numbers[ref.key] for ref in sources]
        kinds = dict.fromkeys(["thumb", *(kind for method in self.methods for kind in method.kinds)])
        self.kept = keep(list(kinds), self.refs, options.processes)
        self.thumbs = Thumbs(self.kept.pop("thumb"))
        of_absent = keep(["thumb"], absent, options.processes)["thumb"]
        self.absent = [ref for ref, thumb in zip(absent, of_absent) if not len(self.thumbs.near_duplicates(thumb))]
        outside = self.absent if len(self.absent) > 3 else corpus.drawn(_OUTSIDE, f"{self.seed}/outside")
        self.bench = Bench(self.methods, outside[:: max(1, len(outside) // _OUTSIDE)], self.seed)
        for method in self.methods:
            method.index(self.kept)

    def describe(self) -> None:
        print(
            f"{len(self.refs)} pictures in the index, {len(self.sources)} sources, {len(self.absent)} absent pictures, "
            f"seed {self.seed}\n"
        )

    def search_sources(self) -> None:
        """Recall of every method, and the verdicts on what is there."""
        errands = trials.of_sources(self.refs, self.sources)
        found = []
        for trial in trials.run(self.bench, errands, self.options.processes, "searched for sources"):
            hits = self._same(trial.number)
            for name, answer in trial.answers.items():
                one = outcome(answer, hits)
                found.append((trial.transform, name, one))
                self._look("present", trial, self.refs[trial.number], name, one)
        outcomes = report.by_transform(found)
        report.print_recall(self.methods, outcomes)
        for method in self._judging():
            report.print_verdicts(method.name, outcomes)

    def search_absent(self) -> None:
        """Verdicts on what is not there."""
        judging = self._judging()
        if not judging or not self.absent:
            return
        bench = Bench(judging, self.bench.outside, self.seed)
        errands = trials.of_absent(self.absent, self.options.ways)
        found = list(trials.run(bench, errands, self.options.processes, "searched for absent pictures"))
        for method in judging:
            report.print_false_alarms(method.name, found)
            for trial in found:
                one = outcome(trial.answers[method.name], frozenset())
                self._look("absent", trial, self.absent[trial.number], method.name, one)

    def search_groups(self) -> None:
        """Real copies of each other: each is searched for among all others."""
        if not self.groups:
            return
        members: dict[str, set[int]] = {}
        for ref in self.groups:
            members.setdefault(str(ref.path.parent) if ref.path else "", set()).add(self.numbers[ref.key])
        of = {number: group for group in members.values() if len(group) > 1 for number in group}
        found: dict[str, list[Outcome]] = {method.name: [] for method in self.methods}
        errands = trials.as_they_are(self.refs, sorted(of))
        for trial in trials.run(self.bench, errands, self.options.processes, "searched for real copies"):
            hits = frozenset(of[trial.number] | self._same(trial.number)) - {trial.number}
            for name, answer in trial.answers.items():
                one = outcome(answer.without(trial.number), hits)
                found[name].append(one)
                self._look("group", trial, self.refs[trial.number], name, one)
        report.print_groups(self.methods, found, len(self.refs) - 1)

    def measure_costs(self) -> None:
        pictures = [self.refs[number].load() for number in self.sources[:_TIMED]]
        names = list(TRANSFORMS)
        copies = [
            self.bench.copy_of(self.refs[number], names[place % len(names)])
            for place, number in enumerate(self.sources[:_TIMED])
        ]
        costs.print_costs(self.methods, self.kept, pictures, copies)
        if self.options.growth:
            growth.print_growth(self.kept["local"], copies)
            growth.print_program_growth(self.options.encoder, self.kept, copies)

    def _same(self, number: int) -> frozenset[int]:
        """The picture and its near-duplicates."""
        return frozenset(map(int, self.thumbs.near_duplicates(self.thumbs.of(number)))) | {number}

    def _judging(self) -> list[Method]:
        return [method for method in self.methods if method.judges]

    def _look(self, where: str, trial: Trial, ref: PictureRef, name: str, one: Outcome) -> None:
        """Save what was wrongly called a copy beside what it was called a copy of."""
        if self.options.look is None:
            return
        for number in one.mistaken[:2]:
            title = f"{where} {name} {trial.transform or 'as it is'}: {ref.name} is not {self.refs[number].name}"
            save_pair(self.options.look, title, self.bench.copy_of(ref, trial.transform), self.refs[number].load())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__.splitlines()[0])
    either = "a folder with its subfolders, or how many to draw"
    parser.add_argument("--pictures", default="200", help=f"pictures to find copies of: {either} (default 200)")
    parser.add_argument("--distractors", default="200", help=f"pictures that are indexed too: {either} (default 200)")
    parser.add_argument("--sources", type=int, default=200, help="how many to alter and search for (default 200)")
    parser.add_argument(
        "--absent",
        default="60",
        help=f"pictures that are not indexed: {either}, or to hold back of a folder (default 60)",
    )
    parser.add_argument("--ways", type=int, default=4, help="in how many ways to alter each absent picture (default 4)")
    parser.add_argument("--copies", type=Path, help="a folder whose subfolders have copies of one picture each")
    parser.add_argument("--encoder", choices=["fingerprint", "clip"], default="fingerprint")
    parser.add_argument("--methods", default=",".join(METHODS), help=f"of {', '.join(METHODS)} (default all)")
    parser.add_argument("--growth", action="store_true", help="also measure an index of 100,000 pictures")
    parser.add_argument("--look", type=Path, help="a folder for pictures of what was wrongly called a copy")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", default="1")
    options = parser.parse_args()
    options.methods = options.methods.split(",")
    if not set(options.methods) <= set(METHODS):
        parser.error(f"--methods takes some of {', '.join(METHODS)}.")
    benchmark = Benchmark(options)
    benchmark.describe()
    benchmark.search_sources()
    benchmark.search_absent()
    benchmark.search_groups()
    benchmark.measure_costs()


if __name__ == "__main__":
    main()
