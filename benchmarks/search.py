"""How fast, how complete and how large FAISS and Cached search are, over a store of made-up embeddings.

    python -m benchmarks.search [--rows 100000 1000000] [--views 1 5] [--queries 200] [--data pictures|isotropic]

Embeddings are made up, since nobody has a million pictures at hand: see ``Pictures``. Everything else is real: the
store, its shards, the index, the strategies. A query's embedding is given, so that only the search is measured; the
store's rows are at hand, as they are while a program runs. Each part runs in a process of its own. The baseline is
numpy with everything in memory in float32: the product and the sort of its 50 best.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Callable

import numpy as np
import psutil

from benchmarks.big_store import BLOCK, GivenEncoder, Isotropic, Pictures, fill_store_with, made_archive, picture_like
from ras.filters import Filter
from ras.records import finish
from ras.store import EmbeddingStore

TOP = 50
BATCH = 5


DATA: dict[str, type[Pictures]] = {"pictures": Pictures, "isotropic": Isotropic}


def queries_of(pictures: Pictures, rows: int, count: int, views: int) -> np.ndarray:
    """float32 (count, views, dimension): every second one an altered picture of the archive, the others new ones.

    Views beyond the first are pictures of their own: as far from it as a turned copy.
    """
    number = min(7, (rows - 1) // BLOCK)
    stored = pictures.draw(min(BLOCK, rows - number * BLOCK), number)
    queries = pictures.draw(count * views, 10**6).reshape(count, views, -1)
    half = len(queries[::2])
    queries[::2, 0] = pictures.altered(stored[np.random.default_rng(3).choice(len(stored), half)], 0)
    return queries


# What runs in a process of its own


def fill(folder: Path, options: argparse.Namespace) -> dict[str, float]:
    pictures = DATA[options.data](options.dimension)
    rows = picture_like(options.rows, pictures)
    archive = made_archive(options.rows)
    start = time.perf_counter()
    fill_store_with(folder, archive, rows)
    return {"seconds": time.perf_counter() - start, **described(pictures, rows)}


def described(pictures: Pictures, rows: np.ndarray) -> dict[str, float]:
    """Median cosines: of any two embeddings, and of queries with their nearest and their 50th."""
    some = rows[:: max(1, len(rows) // 20_000)].astype(np.float32)
    queries = queries_of(pictures, len(rows), 100, 1)[:, 0]
    near = np.sort(queries @ some.T, axis=1)
    return {
        "any_two": float(np.median(some[:1000] @ some[-1000:].T)),
        "nearest": float(np.median(near[:, -1])),
        "fiftieth": float(np.median(near[:, -50])),
    }


def build(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    from ras.strategies.faiss_index import FAISSSearchStrategy
    from ras.strategies.index_file import load_faiss

    load_faiss()
    with EmbeddingStore(folder) as store, Peak() as peak:
        strategy = FAISSSearchStrategy(GivenEncoder(options.dimension), store)
        start = time.perf_counter()
        finish(strategy.prepare(store))
        seconds = time.perf_counter() - start
        facts = store.index_facts(GivenEncoder.id)
        strategy.close()
    assert facts is not None
    return {"seconds": seconds, "kind": facts.kind, "nprobe": facts.nprobe, "megabytes": peak.megabytes()}


def search(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """One mode: what it takes to get ready, and each search."""
    from ras.strategies.cached import CachedSearchStrategy
    from ras.strategies.faiss_index import FAISSSearchStrategy
    from ras.strategies.index_file import load_faiss
    from ras.strategies.index_search import OpenIndex
    from ras.strategies.stored import Holdings

    pictures = DATA[options.data](options.dimension)
    archive = made_archive(options.rows)
    encoder = GivenEncoder(options.dimension)
    asked = [encoder.query(*views) for views in queries_of(pictures, options.rows, options.queries, options.views)]
    load_faiss()
    answer: dict[str, Any] = {}
    with EmbeddingStore(folder) as store:
        holdings = Holdings(encoder, store)
        holdings.of(archive)  # which record has which row: both modes need it, once for an archive
        if options.mode == "faiss":
            facts = store.index_facts(encoder.id)
            assert facts is not None
            start = time.perf_counter()
            opened = OpenIndex(store.indexes_folder, facts, options.dimension)
            answer["open_ms"] = 1000 * (time.perf_counter() - start)
            opened.close()
        with Peak() as peak:
            mode = {"faiss": FAISSSearchStrategy, "cached": CachedSearchStrategy}[options.mode]
            strategy = mode(encoder, store, holdings)
            start = time.perf_counter()
            assert strategy.unavailable(archive) is None
            answer["ready_ms"] = 1000 * (time.perf_counter() - start)
            taken = []
            for one in asked[: options.most]:
                start = time.perf_counter()
                finish(strategy.search([one], archive, TOP, Filter()))
                taken.append(1000 * (time.perf_counter() - start))
            # The first ones also pay for what is read or checked once a process.
            answer["first_ms"], answer["ms"] = taken[0], taken[len(taken) // 4 :]
            for name, where in (("author", Filter(authors=("Member 3",))), ("text", Filter(has_text=True))):
                finish(strategy.search(asked[:1], archive, TOP, where))
                start = time.perf_counter()
                for one in asked[:10]:
                    finish(strategy.search([one], archive, TOP, where))
                answer[f"{name}_ms"] = 100 * (time.perf_counter() - start)
            found = []
            start = time.perf_counter()
            for first in range(0, len(asked), BATCH):
                reports = finish(strategy.search(asked[first : first + BATCH], archive, TOP, Filter()))
                found += [report.results for report in reports]
            answer["batch_ms"] = 1000 * (time.perf_counter() - start) / len(asked)
        answer["megabytes"] = peak.megabytes()
        answer["found"] = [[result.place for result in results] for results in found]
        strategy.close()
    return answer


def baseline(folder: Path, options: argparse.Namespace) -> list[float]:
    pictures = DATA[options.data](options.dimension)
    query = queries_of(pictures, options.rows, 1, 1)[0, 0]
    rows = picture_like(options.rows, pictures).astype(np.float32)
    return timed(lambda: np.argpartition(rows @ query, -TOP)[-TOP:], 20)


def timed(work: Callable[[], object], times: int) -> list[float]:
    work()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - start))
    return taken


class Peak:
    """The most resident memory above that at the start, looked at every 5 ms; mapped pages of files count."""

    def __enter__(self) -> Peak:
        self._process = psutil.Process()
        self._before = self._most = self._process.memory_info().rss
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._ended.wait(0.005):
            self._most = max(self._most, self._process.memory_info().rss)

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def megabytes(self) -> float:
        return (self._most - self._before) / 1e6


PARTS = {"fill": fill, "build": build, "search": search, "baseline": baseline}


def run(part: str, folder: Path, **options: object) -> Any:
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.search", "--part", part, "--folder", str(folder), *words],
        check=True,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
    )
    return json.loads(done.stdout)


def measure(rows: int, folder: Path, options: argparse.Namespace) -> None:
    common = {"rows": rows, "data": options.data, "dimension": options.dimension}
    filled = run("fill", folder, **common)
    print(
        f"\n{rows:,} embeddings ({options.data}, {options.dimension} numbers each), stored in {filled['seconds']:.0f} s"
    )
    print(
        f"  median cosine of any two {filled['any_two']:.2f}; of a query with the nearest of 20,000 "
        f"{filled['nearest']:.2f}, with the 50th {filled['fiftieth']:.2f}"
    )
    built = run("build", folder, **common)
    print(
        f"  index {built['kind']}, {built['nprobe']} lists a search; built in {built['seconds']:.1f} s "
        f"with at most {built['megabytes']:.0f} MB more memory"
    )
    numpy_ms = float(np.median(run("baseline", folder, **common)))
    print(f"  numpy, float32 in memory, 1 view: median {numpy_ms:.1f} ms", flush=True)
    for views in options.views:
        answers = {}
        for mode, most in (("cached", min(options.queries, 21)), ("faiss", options.queries)):
            answers[mode] = answer = run(
                "search", folder, **common, mode=mode, most=most, views=views, queries=options.queries
            )
            median, late = np.percentile(answer["ms"], [50, 99])
            print(
                f"  {mode}, {views} view{'s' if views > 1 else ''}: median {median:.1f} ms, "
                f"99th percentile {late:.1f} ms, first {answer['first_ms']:.0f} ms; "
                f"{numpy_ms / median:.2f} times numpy's speed"
            )
            print(
                f"    one author of 97: {answer['author_ms']:.1f} ms; with text (2 of 3): {answer['text_ms']:.1f} ms; "
                f"in batches of {BATCH}: {answer['batch_ms']:.1f} ms; at most {answer['megabytes']:.0f} MB more memory"
            )
            if "open_ms" in answer:
                print(f"    index opened in {answer['open_ms']:.1f} ms, all ready in {answer['ready_ms']:.0f} ms")
        exact, faiss = answers["cached"], answers["faiss"]
        parts = [len(set(one) & set(other)) / len(one) for one, other in zip(exact["found"], faiss["found"])]
        print(
            f"    recall@{TOP} against Cached: {np.mean(parts[::2]):.4f} for altered pictures, "
            f"{np.mean(parts[1::2]):.4f} for new ones, {min(parts):.2f} for the worst of {len(parts)}; "
            f"{np.median(exact['ms']) / np.median(faiss['ms']):.1f} times the speed of Cached",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--views", type=int, nargs="+", default=[1, 5])
    parser.add_argument("--queries", type=int, default=200, help="a quarter of them only warms up")
    parser.add_argument("--dimension", type=int, default=512)
    parser.add_argument("--data", choices=list(DATA), default="pictures")
    for name in ("part", "folder", "mode"):
        parser.add_argument(f"--{name}", help=argparse.SUPPRESS)
    parser.add_argument("--most", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        options.rows, options.views = options.rows[0], options.views[0]
        json.dump(PARTS[options.part](Path(options.folder), options), sys.stdout)
        return
    print(f"{os.cpu_count()} processors; the median of {options.queries} queries, {TOP} results each")
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as folder:
            measure(rows, Path(folder) / "store", options)


if __name__ == "__main__":
    main()
