"""A program that has RAS loaded and forks itself for every trial: a trial then costs no start, and may be killed.

with Forks(library) as forks:
    ended = forks.run("tests.reliability.work:index", folder, kill_after=0.3)
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import select
import signal
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator, NamedTuple, TypeVar

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0
"""Seconds; what takes longer hangs."""

_LOADED = ("tests.reliability.failing", "tests.reliability.kept", "ras.downloader", "ras.matching.local")
_LOADED += ("ras.cli.index", "ras.strategies.cached", "ras.strategies.faiss_index", "ras.strategies.realtime")
_LOADED += ("faiss", "cv2", "joblib", "filelock", "PIL.JpegImagePlugin", "PIL.PngImagePlugin")

_Trial = TypeVar("_Trial")
_Row = TypeVar("_Row")


class Ended(NamedTuple):
    """How a trial ended: its exit status (a signal is negative; None where it hung), and what it said."""

    status: int | None
    said: list[Any]
    hits: list[str]
    """Calls that the faulty disk told, such as ``fsync /store/shards/…``: the one that was hit, if any."""


class Forks:
    """Runs functions in forks of a program of its own. A function is called with strings, numbers and lists of them."""

    def __init__(self, library: Path | None = None, loaded: Iterable[str] = _LOADED) -> None:
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        if library is not None:
            environment["LD_PRELOAD"] = str(library)
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.forks", *loaded],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Forks:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate()

    def run(self, function: str, *arguments: Any, kill_after: float | None = None) -> Ended:
        """Call ``module:function`` in a fork; with ``kill_after`` (seconds), it is killed then if it is not through."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        order = {"function": function, "arguments": arguments, "kill_after": kill_after}
        self._server.stdin.write(json.dumps(order) + "\n")
        self._server.stdin.flush()
        answer = json.loads(self._server.stdout.readline())
        lines = [json.loads(line) for line in answer["said"].splitlines(keepends=True) if line.endswith("\n")]
        hits = [f"{line['hit']} {line['path']}" for line in lines if isinstance(line, dict) and "hit" in line]
        said = [line for line in lines if not (isinstance(line, dict) and "hit" in line)]
        return Ended(answer["status"], said, hits)


def each(servers: list[Forks], trials: Iterable[_Trial], run: Callable[[Forks, _Trial], _Row]) -> Iterator[_Row]:
    """Run the trials, as many at once as there are servers; what ``run`` returns, in the order of the trials."""
    free: queue.SimpleQueue[Forks] = queue.SimpleQueue()
    for server in servers:
        free.put(server)

    def one(trial: _Trial) -> _Row:
        server = free.get()
        try:
            return run(server, trial)
        finally:
            free.put(server)

    with ThreadPoolExecutor(len(servers)) as pool:
        yield from pool.map(one, trials)


SAYS = 1
"""The file descriptor of a fork to which ``say`` writes."""


def say(value: Any) -> None:
    """Tell the trial's owner something. It has heard it when this returns, whatever happens then."""
    os.write(SAYS, json.dumps(value).encode() + b"\n")


def _serve() -> None:
    for name in sys.argv[1:]:
        importlib.import_module(name)
    for line in sys.stdin:
        order = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _work(order, writing)
        os.close(writing)
        answer = _watched(child, reading, order["kill_after"])
        os.close(reading)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _work(order: Any, writing: int) -> None:
    status = 70
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(writing, SAYS)
        os.close(writing)
        module, _, name = order["function"].partition(":")
        status = getattr(importlib.import_module(module), name)(*order["arguments"]) or 0
    except BaseException:  # noqa: BLE001  whatever it is, this fork must not go on as if it were the server
        traceback.print_exc()
    sys.stderr.flush()
    os._exit(status)


def _watched(child: int, reading: int, kill_after: float | None) -> Any:
    """Read what it says until it ends, or its time has come."""
    said, began, killed, hung = b"", time.monotonic(), False, False
    while True:
        patience = PATIENCE if kill_after is None or killed else kill_after
        ready, _, _ = select.select([reading], [], [], max(0.0, began + patience - time.monotonic()))
        if not ready:
            if killed:
                break
            os.kill(child, signal.SIGKILL)
            killed, hung, began = True, kill_after is None, time.monotonic()
            continue
        part = os.read(reading, 65536)
        if not part:
            break
        said += part
    _, status = os.waitpid(child, 0)
    code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    return {"status": None if hung else code, "said": said.decode()}


if __name__ == "__main__":
    _serve()
