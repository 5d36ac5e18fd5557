"""Sentences for the user that came up where nobody listens: whoever can speak takes them.

What opens the store first may have to save what can be read of it, and need not be what tells the user things.
"""

from __future__ import annotations

from collections import deque

_sentences: deque[str] = deque(maxlen=20)


def leave(sentence: str) -> None:
    """May be called by any thread."""
    _sentences.append(sentence)


def take() -> list[str]:
    """Those since the last call; they may have been told by others meanwhile."""
    taken = []
    while _sentences:
        taken.append(_sentences.popleft())
    return taken
