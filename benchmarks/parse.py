"""How fast RAS reads an export, and in how much memory, beside ``json.load``.

    python -m benchmarks.parse                     # 100 MB
    python -m benchmarks.parse --megabytes 1000
    python -m benchmarks.parse --file my.json      # an export of your own; my.html and my.csv are read alone

Each way runs in a fresh process, three times, after the file was read once (so that the disk does not count). Memory
is the peak of the resident set less what the process had before it began.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Callable

import psutil

from benchmarks.make_export import write_export

_WAYS = ("read_archive", "json.load")


def _read_archive(path: Path) -> int:
    from ras.archive import read_archive
    from ras.records import finish

    return len(finish(read_archive([path])).records)


def _json_load(path: Path) -> int:
    with path.open(encoding="utf-8-sig") as file:
        document = json.load(file)
    return sum(len(message["attachments"]) for message in document["messages"])


def _measure(way: str, path: Path) -> dict[str, Any]:
    """Run one way in this process."""
    read: Callable[[Path], int] = _read_archive if way == "read_archive" else _json_load
    if way == "read_archive":
        import ras.archive  # noqa: F401  the import is no part of reading
    process = psutil.Process()
    before = peak = process.memory_info().rss
    through = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not through.wait(0.01):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    start = time.perf_counter()
    pictures = read(path)
    seconds = time.perf_counter() - start
    peak = max(peak, process.memory_info().rss)
    through.set()
    watcher.join()
    return {"seconds": seconds, "memory": peak - before, "pictures": pictures}


def _fresh(way: str, path: Path) -> dict[str, Any]:
    """The best of three fresh processes."""
    command = [sys.executable, "-m", "benchmarks.parse", "--file", str(path), "--measure", way]
    runs = [json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(3)]
    best: dict[str, Any] = min(runs, key=lambda run: run["seconds"])
    return {**best, "memory": max(run["memory"] for run in runs)}


def _compare(path: Path) -> None:
    megabytes = path.stat().st_size / 1e6
    with path.open("rb", buffering=0) as file:
        while file.read(1 << 20):
            pass
    ways = _WAYS if path.suffix.lower() == ".json" else ("read_archive",)
    results = {way: _fresh(way, path) for way in ways}
    base = results[ways[-1]]
    print(f"{path.name}: {megabytes:,.0f} MB, Python {sys.version.split()[0]}\n")
    print(f"{'':14}{'pictures':>9}{'seconds':>9}{'MB/s':>7}{'memory':>10}{'of file':>9}{'speed':>8}{'memory':>8}")
    for way, run in results.items():
        print(
            f"{way:14}{run['pictures']:>9,}{run['seconds']:>9.2f}{megabytes / run['seconds']:>7.0f}"
            f"{run['memory'] / 1e6:>7.0f} MB{run['memory'] / 1e6 / megabytes:>9.1%}"
            f"{base['seconds'] / run['seconds']:>7.1f}x{run['memory'] / base['memory']:>8.3f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed and memory of reading an export, beside json.load.")
    parser.add_argument("--megabytes", type=float, default=100)
    parser.add_argument("--pictures", type=int, default=3500)
    parser.add_argument("--minified", action="store_true", help="without indentation")
    parser.add_argument("--file", type=Path, help="an export of your own instead of a made one")
    parser.add_argument("--measure", choices=_WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(_measure(options.measure, options.file)))
        return
    if options.file:
        _compare(options.file)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.json"
        write_export(path, options.megabytes, options.pictures, minified=options.minified)
        _compare(path)


if __name__ == "__main__":
    main()
