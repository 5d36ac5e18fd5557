"""Finds where a JSON value in a buffer ends, without making anything of it, and looking at little more than it."""

from __future__ import annotations

import json
import re

_WINDOW = 4 * 1024
"""Bytes in which the end of a value is looked for first: whatever goes wrong in there, little was looked at."""

_SPACE = re.compile(rb"[ \t\r\n]*")

_scan = json.JSONDecoder(
    strict=False,
    # Only where values end matters here, and turning a million digits into a number takes minutes.
    parse_int=lambda _: 0,
    parse_float=lambda _: 0.0,
    object_pairs_hook=lambda _: None,
).raw_decode


class Malformed(ValueError):
    """The text at this place is no JSON, or there is too much of it. ``reach`` is how far it was looked at."""

    def __init__(self, reach: int) -> None:
        super().__init__(reach)
        self.reach = reach


class Incomplete(Malformed):
    """The text breaks off in the middle of a value."""


def end_of_value(buffer: bytes, start: int, longest: int) -> int:
    """Where the JSON value at this place ends; it may have ``longest`` bytes.

    Raises Incomplete where the buffer ends before it, else Malformed.
    """
    window = _WINDOW
    while window < longest:
        text = buffer[start : start + window].decode("latin-1")
        whole = start + window >= len(buffer)
        try:
            _, end = _scan(text)
        except json.JSONDecodeError as exc:
            # A word, a number or an escape may be cut a few characters before the end.
            cut = exc.msg.startswith("Unterminated string") or exc.pos >= len(text) - 12
            if not cut:
                raise Malformed(start + exc.pos) from exc
            if whole:
                raise Incomplete(start + len(text)) from exc
        except RecursionError as exc:
            raise Malformed(start + len(text)) from exc
        else:
            if end < len(text) or whole:
                return start + end
        window *= 4
    raise Malformed(start + len(text))


def skip_space(buffer: bytes, position: int) -> int:
    """The place of the next byte that is no white space."""
    match = _SPACE.match(buffer, position)
    assert match is not None
    return match.end()
