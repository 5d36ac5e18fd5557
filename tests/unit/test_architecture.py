"""The shape of the program: who imports whom, and what importing costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ras

PACKAGE = Path(ras.__file__).parent

HEAVY = {"tkinter", "torch", "torchvision", "faiss", "cv2", "clip", "tqdm"}

# Part of the program → the parts it may import. What is not named here imports nothing of RAS.
MAY_IMPORT = {
    "text": {"number_format"},
    "errors": {"text"},
    "records": {"errors"},
    "called": {"paths"},
    "regular_file": set(),
    "library": set(),
    "settings": {"errors", "paths", "records", "regular_file"},
    "settings_file": {"errors", "new_file", "regular_file", "settings", "text"},
    "log_file": {"paths"},
    "versions": {"paths"},
    "archive": {"cdn", "errors", "images", "pace", "records", "saved_names", "text", "trees"},
    "token_variable": set(),
    "bot_token": {"called", "errors", "paths", "token_variable"},
    "downloader": {"bot_token", "cdn", "errors", "images", "media", "records", "settings", "text"},
    "media": {"cdn", "errors", "images", "media_index", "records", "saved_names", "text", "trees"},
    "media_index": {"trees"},
    "condition": {"cdn", "downloader", "media", "records", "settings"},
    "images": {"called", "errors", "records", "text"},
    "encoders": {"called", "errors", "library", "pace", "paths", "records", "regular_file", "settings", "text"},
    "failures": {"cdn", "errors", "records", "store"},
    "csv_cells": set(),
    "new_file": {"errors", "text"},
    "failures_csv": {"csv_cells", "new_file", "records"},
    "sheets": {"cdn", "csv_cells", "errors", "images", "media", "new_file", "records", "text"},
    "filters": {"errors", "records"},
    "grouping": {"records"},
    "untold": set(),
    "store_files": set(),
    "store": {"errors", "records", "regular_file", "store_files", "text", "untold"},
    "indexing": {"cdn", "encoders", "errors", "images", "matching", "media", "pace", "records", "store"},
    "matching": {"called", "encoders", "errors", "images", "library", "paths", "records", "text"},
    "scoring": {"records"},
    "strategies": {
        *("cdn", "downloader", "encoders", "errors", "filters", "indexing", "matching", "records", "scoring", "store"),
        *("called", "library", "text"),
    },
    "kept_store": {"errors", "paths", "store", "store_files"},
    "opening": {"archive", "errors", "kept_store", "paths", "records", "store", "text", "trees"},
    "engine": {
        *("bot_token", "downloader", "encoders", "errors", "filters", "indexing", "matching", "paths", "records"),
        *("settings", "scoring", "store", "strategies", "text"),
    },
    "crashes": {"launch", "log_file", "paths", "versions"},
    "health": {
        *("crashes", "errors", "images", "indexing", "kept_store", "log_file", "paths", "records", "settings", "store"),
        *("store_files", "text"),
    },
    "doctor": {
        *("bot_token", "encoders", "errors", "health", "launch", "matching", "paths", "records", "settings", "store"),
        *("called", "images", "store_files", "text"),
    },
    "file_urls": set(),
    "one_window": {"launch", "paths", "regular_file"},
    "desktop": {"called", "paths"},
    "launch": {"called", "cli", "desktop", "doctor", "file_urls", "gui", "paths", "regular_file", "token_variable"},
    "cli": {
        *("archive", "bot_token", "doctor", "engine", "errors", "filters", "gui", "images", "launch", "media"),
        *(
            "condition",
            "failures",
            "failures_csv",
            "kept_store",
            "opening",
            "paths",
            "records",
            "settings",
            "store",
            "text",
            "trees",
        ),
        *("called", "crashes", "log_file", "new_file", "number_format", "one_window", "sheets", "token_variable"),
    },
    "__main__": {"cli"},
    "gui": {
        *(
            "crashes",
            "downloader",
            "health",
            "kept_store",
            "log_file",
            "number_format",
            "regular_file",
            "settings_file",
            "versions",
        ),
        *("archive", "bot_token", "cdn", "condition", "doctor", "encoders", "engine", "errors", "failures"),
        *("failures_csv", "file_urls", "filters", "grouping", "images", "launch", "media", "one_window", "opening"),
        *("called", "paths", "records", "settings", "sheets", "store", "text", "token_variable", "trees", "untold"),
        *("kept_store", "worker"),
    },
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    """The part a module belongs to: ``ras/gui/window.py`` → ``gui``."""
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module or "")
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_only_what_its_layer_may(path: Path) -> None:
    part = part_of(path)
    parts = {name.split(".")[1] for name in imports(path) if name.startswith("ras.")}
    parts -= {part, "__version__"}
    assert parts <= MAY_IMPORT.get(part, set())


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_gui_imports_tkinter(path: Path) -> None:
    names = {name.split(".")[0] for name in imports(path)}
    if part_of(path) not in ("gui", "doctor"):  # doctor tries whether it loads
        assert "tkinter" not in names


def test_importing_the_core_loads_nothing_heavy() -> None:
    names = [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for path in modules()
        if part_of(path) not in ("gui", "__main__") and path.stem != "__init__"
    ]
    program = f"import sys, {', '.join(names)}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=PACKAGE.parent
    )
    assert len(names) > 10
    assert not HEAVY & set(loaded.stdout.split())


def test_the_core_does_not_print_or_exit() -> None:
    for path in modules():
        if part_of(path) in ("cli", "doctor", "launch", "__main__"):
            continue
        calls = {
            ast.unparse(node.func) if sys.version_info >= (3, 9) else getattr(node.func, "id", "")
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Call)
        }
        assert not calls & {"print", "sys.exit", "exit"}, path
