"""Decodes JSON as leniently as can be."""

from __future__ import annotations

import json
import re
from typing import Any


def lenient_json(raw: bytes) -> Any:
    """One JSON value: NaN, bare control characters and broken UTF-8 are taken.

    Lone surrogates become U+FFFD: no file, database or window could hold them. Raises ValueError or RecursionError.
    """
    text = raw.decode("utf-8", "replace")
    value = _LENIENT.decode(text)
    return _without_surrogates(value) if re.search(r"\\u[dD][89a-fA-F]", text) else value


def _bounded_int(digits: str) -> int:
    # Python before 3.11 takes minutes for a million digits; Discord's numbers have 20.
    return int(digits) if len(digits) <= 30 else 0


_LENIENT = json.JSONDecoder(strict=False, parse_int=_bounded_int)


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_without_surrogates(inner) for inner in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(inner) for key, inner in value.items()}
    return value
