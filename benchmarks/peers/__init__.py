"""Programs that RAS is compared with, each in an environment of its own below one folder; nothing of RAS uses them.

The scripts beside this file run there: they import nothing of RAS, and print ``ready`` once their model is loaded and,
at the end, a JSON object with their ``seconds`` and how many ``pictures`` these took.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Iterator

SCRIPTS = Path(__file__).resolve().parent
RCLIP = "3.3.0"
_RCLIP_NEEDS = ("numpy", "onnxruntime", "pillow", "pi-heif", "tqdm", "ftfy", "regex", "requests", "huggingface-hub")


class PeerError(Exception):
    """A peer cannot be installed here; the text says why."""


def rclip_python(folder: Path) -> Path:
    """The interpreter of an environment with rclip below the folder, made unless it is there. Raises PeerError."""
    place = folder / f"rclip-{RCLIP}"
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = place / "installed.txt"
    if done.is_file():
        return python
    print(f"installing rclip {RCLIP} into {place} …", flush=True)
    _run([_python_for_rclip(), "-m", "venv", "--clear", str(place)])
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        _run([*pip, f"rclip=={RCLIP}"])
        note = "as its metadata asks"
    except PeerError as exc:
        print(f"not as its metadata asks ({exc}); its dependencies are taken as they can be had", flush=True)
        _run([*pip, "--no-deps", f"rclip=={RCLIP}"])
        missing = []
        for name in _RCLIP_NEEDS:
            try:
                _run([*pip, name])
            except PeerError:
                missing.append(name)
        note = f"with other releases of its dependencies than it asks for, without: {', '.join(missing) or 'none'}"
    _run([str(python), "-c", "import rclip.main, onnxruntime, pi_heif"])
    done.write_text(note + "\n", "utf-8")
    return python


def onnx_folder(folder: Path) -> Path | None:
    """Where ``onnx`` is, which torch needs to write such files; None where it can be imported. Raises PeerError."""
    if importlib.util.find_spec("onnx") is not None:
        return None
    place = folder / "onnx"
    if not (place / "onnx" / "__init__.py").is_file():
        print(f"installing onnx into {place} …", flush=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "--target", str(place), "onnx"])
    return place


def rclip_data(folder: Path, side: int) -> Path:
    """A folder as rclip's own, with the vision half of a ViT-B/32 of random weights for pictures of this side."""
    data = folder / f"rclip-data-{side}"
    # Where rclip looks for its model before it would download it (rclip/model_download.py).
    model = data / "ViT-B-32-256-datacomp_s34b_b86k" / "visual.onnx"
    if not model.is_file():
        model.parent.mkdir(parents=True, exist_ok=True)
        unfinished = model.with_suffix(".part")
        packages = onnx_folder(folder)
        _run(
            [sys.executable, str(SCRIPTS / "export_vision.py"), str(unfinished), str(side)]
            + ([str(packages)] if packages else []),
            cwd=SCRIPTS.parent.parent,
        )
        unfinished.replace(model)
    return data


def _python_for_rclip() -> str:
    """rclip wants Python 3.11 to 3.13."""
    check = "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))"
    for python in _pythons():
        if subprocess.run([python, "-c", check], capture_output=True, check=False).returncode == 0:
            return python
    raise PeerError("rclip needs Python 3.11, 3.12 or 3.13, and none was found")


def _pythons() -> Iterator[str]:
    yield sys.executable
    for minor in (11, 12, 13):
        found = shutil.which(f"python3.{minor}")
        if found:
            yield found


def _run(command: list[str], cwd: Path | None = None) -> None:
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)
    if ran.returncode:
        last = (ran.stderr.strip() or ran.stdout.strip() or f"status {ran.returncode}").splitlines()[-1]
        raise PeerError(f"{' '.join(command[:5])} …: {last}")
