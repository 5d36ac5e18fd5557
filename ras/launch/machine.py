"""Which build of torch fits this machine: CUDA where there is an NVIDIA card, never where there is none."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import NamedTuple

INDEX = "https://download.pytorch.org/whl/"


@dataclass(frozen=True)
class Nvidia:
    """An NVIDIA card. A number that the driver did not tell is None."""

    driver: float | None
    capability: float | None


@dataclass(frozen=True)
class Candidate:
    """Something to ask pip for. ``variant`` is recorded: ``cpu``, ``cu130``, ``default``."""

    requirement: str
    variant: str
    index: str | None = None
    """An index of PyTorch's own, asked besides the user's."""
    cuda: bool = False
    """Whether gigabytes of CUDA are meant to come."""


class _Cuda(NamedTuple):
    variant: str
    driver: int
    least: float
    most: float
    below: str
    registry_below: str | None


# The builds that PyTorch publishes on its own index: the least driver (docs.nvidia.com/deploy/cuda-compatibility, minor
# version compatibility: CUDA 13 needs 580, 12 needs 525, 11 needs 450; Blackwell came with 570), the cards' compute
# capability and the first torch without that build (PyTorch's RELEASE.md and its issues 178665, 190355, 190385). The
# last column: the torch releases whose build in the general registry is no newer a CUDA, for when that index is away.
CUDA_BUILDS = (
    _Cuda("cu130", 580, 7.5, 99.0, "3", "3"),
    _Cuda("cu128", 570, 7.5, 12.1, "2.12", "2.11"),
    _Cuda("cu126", 525, 5.0, 9.0, "2.15", "2.8"),
    _Cuda("cu118", 450, 3.7, 9.0, "2.8", None),
)


def find_nvidia() -> Nvidia | None:
    """The NVIDIA card with a driver that works, or None. Costs some 10 ms; at most 10 s where the driver hangs."""
    if sys.platform == "darwin":
        return None
    program = shutil.which("nvidia-smi") or shutil.which("nvidia-smi", path="/usr/lib/wsl/lib")
    if program is not None:
        for query in ("driver_version,compute_cap", "driver_version"):  # old drivers do not know the second
            numbers = re.findall(r"\d+\.\d+", _output(program, f"--query-gpu={query}", "--format=csv,noheader"))
            if numbers:
                return Nvidia(float(numbers[0]), float(numbers[1]) if "," in query and len(numbers) > 1 else None)
    try:
        with open("/proc/driver/nvidia/version", encoding="utf-8", errors="replace") as file:
            match = re.search(r"\s(\d{3,}\.\d+)", file.readline())
    except OSError:
        return None
    return Nvidia(float(match.group(1)) if match else None, None)


def _output(*command: str) -> str:
    try:
        hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        run = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=5, creationflags=hidden, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return run.stdout.decode("utf-8", "replace") if run.returncode == 0 else ""


def reachable(url: str = INDEX, seconds: float = 4.0) -> bool:
    """Whether anything answers there, through the user's proxy if there is one; the answer comes within ``seconds``."""
    if os.environ.get("PIP_NO_INDEX", "0").lower() not in ("", "0", "false", "no", "off"):
        return False
    answered: list[bool] = []

    def ask() -> None:
        import ssl
        import urllib.error
        import urllib.request

        try:
            urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=seconds).close()
            answered.append(True)
        except urllib.error.HTTPError as exc:
            answered.append(exc.code < 500)
        except (OSError, ValueError) as exc:
            # Python's own certificates may be missing where pip's are not.
            answered.append(isinstance(getattr(exc, "reason", None), ssl.SSLError))

    # In a thread of its own, because a name server that does not answer knows no time limit.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return answered == [True]


def cuda_build(card: Nvidia) -> _Cuda | None:
    """The newest CUDA that card and driver can run, or None."""
    for build in CUDA_BUILDS:
        driver_fits = card.driver is None or card.driver >= build.driver
        if driver_fits and (card.capability is None or build.least <= card.capability <= build.most):
            return build
    return None


def variant_wanted(card: Nvidia | None) -> str:
    """The variant that this machine should have: ``cu130`` …, or ``cpu``."""
    build = cuda_build(card) if card is not None else None
    return build.variant if build is not None else "cpu"


def candidates(
    requirement: str, card: Nvidia | None, index_answers: bool, platform: str = sys.platform
) -> list[Candidate]:
    """What to ask pip for, best first; ``requirement`` is ``torch>=2.0,<2.14``."""
    name, floor, ceiling = re.split(">=|,<", requirement.partition(";")[0].strip())

    def below(version: str) -> str:
        return f"{name}>={floor},<{min(version, ceiling, key=lambda text: [int(part) for part in text.split('.')])}"

    if platform == "darwin":
        return [Candidate(requirement, "cpu")]
    found = []
    build = cuda_build(card) if card is not None else None
    if build is not None:
        if index_answers:
            found.append(Candidate(below(build.below), build.variant, INDEX + build.variant, cuda=True))
        if platform != "win32" and build.registry_below:  # the registry's builds for Windows are without CUDA
            found.append(Candidate(below(build.registry_below), build.variant, cuda=True))
    if index_answers:
        found.append(Candidate(requirement, "cpu", INDEX + "cpu"))
    found.append(Candidate(requirement, "cpu"))
    return found
