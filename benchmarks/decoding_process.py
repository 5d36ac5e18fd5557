"""What it costs, or saves, to decode pictures in processes of their own: indexing, with them and without.

    python -m benchmarks.decoding_process [--pictures 300] [--rounds 3] [--folder FOLDER] [--encoder fingerprint]
        [--downloaded]

A folder of real-sized pictures (see ``picture_folder``) is indexed into an empty store with features, both ways in
turns, each in a fresh process. Every file was read before. Most of them are decoded twice: first to be searched, later
for their features. With ``--downloaded`` they are taken for pictures that came by links, which are decoded once. With
``--encoder clip`` the model is a ViT-B/32 of random weights below ``--weights``, which costs the same as the published.

Memory is the highest sum that was seen of the resident memory of the program and its processes (Linux only).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.picture_folder import DEFAULT_PARENT, picture_folder, pictures_of, summary

WAYS = ("threads", "processes")
WEIGHTS = "ViT-B-32-torchscript.pt"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=DEFAULT_PARENT, help="where the pictures are kept for reuse")
    parser.add_argument("--encoder", choices=("fingerprint", "clip"), default="fingerprint")
    parser.add_argument("--weights", type=Path, default=DEFAULT_PARENT / "peers", help="folder of the random weights")
    parser.add_argument("--downloaded", action="store_true", help="as if the pictures came by their links")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        way, folder = options.measure
        print(json.dumps(indexed(way, Path(folder), options)))
        return
    folder = picture_folder(options.folder.resolve(), options.pictures)
    for one in pictures_of(folder):
        (folder / one["name"]).read_bytes()  # so that the disk does not count
    if options.encoder == "clip" and not (options.weights / WEIGHTS).is_file():
        from benchmarks.encode import random_archive

        options.weights.mkdir(parents=True, exist_ok=True)
        random_archive(options.weights)
    print(summary(pictures_of(folder)))
    runs: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    for turn in range(options.rounds):
        for way in WAYS if turn % 2 else WAYS[::-1]:
            command = [sys.executable, "-m", "benchmarks.decoding_process", "--measure", way, str(folder)]
            command += ["--encoder", options.encoder, "--weights", str(options.weights)]
            command += ["--downloaded"] * options.downloaded
            done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
            runs[way].append(json.loads(done.stdout.splitlines()[-1]))
            print(f"round {turn + 1}: {way}: {told(runs[way][-1])}", flush=True)
    where = "downloaded" if options.downloaded else "files"
    print(f"\n{options.encoder}, {where}, {len(os.sched_getaffinity(0))} cores, medians of {options.rounds} rounds\n")
    print("| decoding in | pictures/s | CPU a picture | memory | first picture after |")
    print("| --- | --- | --- | --- | --- |")
    for way in WAYS:
        rate, cpu, memory, first = (
            statistics.median(run[key] for run in runs[way]) for key in ("rate", "cpu", "memory", "first")
        )
        print(f"| {way} | {rate:.1f} | {1e3 * cpu:.1f} ms | {memory / 1e6:,.0f} MB | {first:.2f} s |")


def told(run: dict[str, Any]) -> str:
    return f"{run['rate']:.1f} pictures/s, {1e3 * run['cpu']:.1f} ms of CPU each, {run['memory'] / 1e6:,.0f} MB"


def indexed(way: str, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Index the folder in this process."""
    from benchmarks.index_local import archive_of
    from ras.encoders.base import Encoder
    from ras.encoders.fingerprint import FingerprintEncoder
    from ras.images import decoders
    from ras.indexing import fill_store
    from ras.matching.local import LocalExtractor
    from ras.records import Progress, Skipped
    from ras.store import EmbeddingStore

    if way == "threads":
        decoders.shared = within_this_process()
    encoder: Encoder = FingerprintEncoder()
    if options.encoder == "clip":
        from benchmarks.index_local import load

        encoder = load(options.weights.resolve() / WEIGHTS)
    extractor = LocalExtractor()
    paths = [folder / one["name"] for one in pictures_of(folder)]
    archive = archive_of(paths)
    path_of = {record.key: path for record, path in zip(archive.records, paths)}
    if options.downloaded:
        linked = (replace(record, local_path=None, media_root=None) for record in archive.records)
        archive = replace(archive, records=tuple(linked))
    memory = Memory()
    with tempfile.TemporaryDirectory() as place, EmbeddingStore(Path(place)) as store:
        before, start = os.times(), time.perf_counter()
        job = fill_store(
            archive,
            store,
            lambda record: path_of[record.key].read_bytes(),
            encoder,
            connections=6,
            max_pixels=120_000_000,
            extractor=extractor,
        )
        first = 0.0
        report: Any = None
        while report is None:
            try:
                event = next(job)
            except StopIteration as stop:
                report = stop.value
                break
            assert not isinstance(event, Skipped), event
            if not first and isinstance(event, Progress) and event.done:
                first = time.perf_counter() - start
        seconds = time.perf_counter() - start
    decoders.shared.close()  # so that what its processes took is counted
    after = os.times()
    assert report.indexed == len(archive.records), report
    cpu = sum(after[:4]) - sum(before[:4])
    count = report.indexed
    return {"rate": count / seconds, "cpu": cpu / count, "memory": memory.stop(), "first": first}


def within_this_process() -> Any:
    """Decoders that start no process."""
    from ras.images.decoders import Decoders

    class Within(Decoders):
        def _take(self, fresh: bool) -> None:
            return None

    return Within()


class Memory:
    """Looks at the resident memory of this process and those that it started, until it is told to stop."""

    def __init__(self) -> None:
        self._most = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """Bytes, the most that were seen."""
        self._stopped.set()
        self._thread.join()
        return self._most

    def _look(self) -> None:
        from ras.images import decoders

        while not self._stopped.wait(0.02):
            everybody = [os.getpid(), *decoders.shared.pids]
            self._most = max(self._most, sum(map(resident, everybody)))


def resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


if __name__ == "__main__":
    main()
