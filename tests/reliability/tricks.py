"""What a text must not have that anybody is shown."""

from __future__ import annotations

import unicodedata


def tricks(text: str) -> set[str]:
    """Characters that steer a terminal, turn the direction of a text, or are no text at all.

    Those that this Python does not know are none: a newer Unicode may have them.
    """
    joiners = "\u200c\u200d"
    kinds = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return {one for one in text if unicodedata.category(one) in kinds and one not in "\n" + joiners}
