"""Importing a library that RAS can do without: it may be missing, or be there and broken."""

from __future__ import annotations

import functools
import importlib
import sys
from types import ModuleType


def load_library(name: str) -> ModuleType:
    """The module. Raises ImportError with the reason where it cannot be had, whatever it raised itself."""
    reason = _broken(name)
    if reason:
        raise ImportError(reason, name=name)
    return importlib.import_module(name)


@functools.lru_cache(maxsize=None)
def _broken(name: str) -> str:
    """Why it does not load though it is there, or nothing. Raises ModuleNotFoundError where it is not there.

    Kept: a broken library takes seconds to fail, and would take them in each search. That it is missing shows at once.
    """
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as exc:
        if exc.name == name:
            raise
        forget(name)
        return first_line(exc)
    # A damaged or unfitting installation fails with anything: OSError for a DLL, RuntimeError, AttributeError …
    except Exception as exc:  # noqa: BLE001
        forget(name)
        return first_line(exc)
    return ""


def forget(name: str) -> None:
    """Drop what was imported of a package that failed: it would make a second import fail with a misleading error."""
    for module in [one for one in sys.modules if one == name or one.startswith(f"{name}.")]:
        del sys.modules[module]


def first_line(exc: BaseException) -> str:
    """The first line of a foreign error's text, to stand in a sentence."""
    lines = str(exc).strip().splitlines()
    text = lines[0].strip().rstrip(".") if lines else ""
    return (text if len(text) <= 200 else text[:200] + "…") or type(exc).__name__
