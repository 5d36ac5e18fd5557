"""Asks pip which build of torch can be had for this machine, and which torchvision fits it."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from typing import Generator

from ras.launch import machine
from ras.launch.events import Event, StageError, Step
from ras.launch.pip import explain, pip_command
from ras.launch.runs import Runs

ONLY_CUDA = (
    "The package index only has builds with gigabytes of CUDA, of no use without an NVIDIA card, "
    "and PyTorch’s own index, which has smaller ones, did not answer or has none that fits."
)


def choose_torch(
    runs: Runs, requirement: str, card: machine.Nvidia | None
) -> Generator[Event, None, machine.Candidate]:
    """The first candidate that pip can resolve; no CUDA where there is no card for it. Raises StageError."""
    yield Step("torch", "Choosing the build for this machine", runs.base)
    reasons: list[str] = []
    for candidate in machine.candidates(requirement, card, machine.reachable()):
        reason = yield from _objection(runs, candidate)
        if reason is None:
            return candidate
        runs.log.write(f"Not {candidate}: {reason}\n")
        reasons.append(reason)
    raise StageError(reasons[-1] if len(set(reasons)) == 1 else " ".join(dict.fromkeys(reasons)))


def asked(candidate: machine.Candidate) -> list[str]:
    """What pip is asked for it."""
    return [candidate.requirement, *(["--extra-index-url", candidate.index] if candidate.index else [])]


def fitting_torchvision(runs: Runs, requirement: str, variant: str) -> Generator[Event, None, list[str]]:
    """What to ask for: torch 2.N goes with torchvision 0.(N+15) (the table in torchvision's README)."""
    lines: list[str] = []
    command = [str(runs.place.python), "-c", "import torch; print(torch.__version__)"]
    yield from runs.follow(command, "torchvision", lines)
    match = re.search(r"^2\.(\d+)", lines[-1] if lines else "")
    wanted = [f"torchvision==0.{int(match.group(1)) + 15}.*" if match else requirement]
    if sys.platform != "darwin" and machine.reachable():
        wanted += ["--extra-index-url", machine.INDEX + variant]
    return wanted


def _objection(runs: Runs, candidate: machine.Candidate) -> Generator[Event, None, str | None]:
    """What speaks against it, found without downloading it; None is a go-ahead."""
    if candidate.cuda or sys.platform == "darwin":
        return None
    # fast-deps reads a wheel's metadata with a few range requests where the index does not offer it alone: else
    # a mere dry run downloads gigabytes from such an index. An index that refuses that is asked in the plain way.
    objection = yield from _try_resolving(runs, candidate, "--use-feature=fast-deps")
    if objection not in (None, ONLY_CUDA):
        objection = yield from _try_resolving(runs, candidate)
    return objection


def _try_resolving(runs: Runs, candidate: machine.Candidate, *options: str) -> Generator[Event, None, str | None]:
    lines: list[str] = []
    command = pip_command(runs.place, "install", "--dry-run", "--prefer-binary", *options, *asked(candidate))
    asking = runs.follow(command, "torch", lines)
    try:
        while True:
            try:
                step = next(asking)
            except StopIteration as stop:
                return None if stop.value == 0 else explain(lines)
            if any(map(names_cuda, lines[-3:])):
                return ONLY_CUDA
            yield replace(step, overall=runs.base, text="Choosing the build for this machine", done=None, total=None)
    finally:
        asking.close()


def names_cuda(line: str) -> bool:
    """Whether a line of pip's says that CUDA comes: one of its packages, or a torch too large for less."""
    words = line.split()
    if len(words) < 2 or words[0] not in ("Collecting", "Processing", "Downloading"):
        return False
    if re.match(r"(nvidia-|nvidia_|cuda-|cuda_|triton|pytorch[-_]triton)", words[1].rpartition("/")[2]):
        return True
    large = re.search(r"torch-[^/]*\.whl \(([\d.]+) (MB|GB)\)", line)
    return large is not None and (large.group(2) == "GB" or float(large.group(1)) > 400)
