"""For setuptools: what RAS reads at run time goes into the package, so that it is there where pip has installed it."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools.command.build_py import build_py

ASSETS = ("*.npz", "icon.*", "icons/*", "licences.md", "sample/**/*")
"""Of the folder assets; the scripts that made it stay out."""


class BuildPy(build_py):
    def run(self) -> None:
        super().run()
        if getattr(self, "editable_mode", False):  # the package stays where it is, beside its assets
            return
        source, target = Path("assets"), Path(self.build_lib) / "ras" / "assets"
        for pattern in ASSETS:
            for file in sorted(source.glob(pattern)):
                if file.is_file():
                    copy = target / file.relative_to(source)
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(str(file), str(copy))
