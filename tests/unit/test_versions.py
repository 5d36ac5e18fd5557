"""Versions are told without loading what they are of."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib import metadata

from ras import __version__
from ras.paths import REPOSITORY
from ras.versions import versions


def test_versions_of_what_is_installed() -> None:
    found = dict(versions("8.6.13"))
    assert found["Reverse Archive Search"] == __version__
    assert found["Python"] == f"{platform.python_version()}, Tk 8.6.13"
    assert found["Pillow"] == metadata.version("pillow")
    assert dict(versions())["Python"] == platform.python_version()


def test_nothing_heavy_is_loaded_for_it() -> None:
    program = "import sys; from ras.versions import versions; versions(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert not {"torch", "faiss", "cv2", "numpy", "PIL", "clip"} & set(done.stdout.split())
