"""What of an export is missing, in sentences for the user."""

from __future__ import annotations

from datetime import datetime

from ras.text import count


def what_is_missing(
    shown: str, damaged: int, closed: bool, message_count: int, last: datetime | None = None
) -> list[str]:
    """``damaged`` messages could not be read; the file goes to its end where it is ``closed``, else to ``last``."""
    sentences = []
    if damaged:
        sentences.append(f"“{shown}” is damaged inside: {count(damaged, 'message')} could not be read.")
    if not closed:
        when = "" if last is None else f" up to {last.day} {last:%B %Y}"
        were = "was" if message_count == 1 else "were"
        sentences.append(
            f"“{shown}” ends in the middle: {count(message_count, 'message')}{when} {were} read; "
            "export the channel again to get the rest."
        )
    return sentences
