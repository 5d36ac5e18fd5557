"""What the window says of a single result's verdict: on its tile, and what it rests on in the details."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ras.records import Verdict
from ras.text import count, decimal, percent

if TYPE_CHECKING:
    from ras.records import Evidence, SearchResult

_HASH_BITS = 256


def badge_text(result: SearchResult) -> str:
    """``Identical``, ``Altered``, ``Alike 62 %``, ``38 %``: the verdict as a tile has room for it.

    Of a text without a percentage, which would mislead: cosines with texts are low.
    """
    if result.of_text:
        return "Looks like it" if result.verdict is Verdict.ALIKE else "Fits less"
    if result.verdict is Verdict.IDENTICAL:
        return "Identical"
    if result.verdict is Verdict.ALTERED:
        return "Altered"
    score = percent(result.score)
    return f"Alike {score}" if result.verdict is Verdict.ALIKE else score


def verdict_word(verdict: Verdict) -> str:
    """The verdict as a column has room for it."""
    return {Verdict.IDENTICAL: "Identical", Verdict.ALTERED: "Altered", Verdict.ALIKE: "Alike"}.get(verdict, "Unlikely")


def changes_text(result: SearchResult) -> str:
    """``Cropped, mirrored``; empty where nothing is known to have changed."""
    said = ", ".join(change.text for change in result.changes)
    return said[:1].upper() + said[1:]


def score_text(score: float, encoder_id: str, *, of_text: bool = False) -> str:
    """``87 % alike by the fingerprint``; of an encoder without a plain name only how much. Of a text ``score 0.27``."""
    if of_text:
        return f"Score {decimal(score, 2)} with these words"
    names = {"fingerprint": "the fingerprint", "clip": "CLIP"}
    name = next((name for start, name in names.items() if encoder_id.startswith(start)), "")
    return f"{percent(score)} alike by {name}" if name else f"{percent(score)} alike"


def evidence_text(evidence: Evidence | None) -> str:
    """``143 points match, brightness to 93 %``; empty where there is nothing to be said."""
    if evidence is None:
        return ""
    parts = []
    if evidence.inliers:
        parts.append("1 point matches" if evidence.inliers == 1 else f"{count(evidence.inliers, 'point')} match")
    if evidence.agreement is not None:
        agrees = "brightness" if parts else "brightness agrees"
        parts.append(f"{agrees} to {percent(evidence.agreement)}")
    if not parts and evidence.hash_distance is not None:
        bits = evidence.hash_distance
        parts.append(f"hashes differ in {bits} of {_HASH_BITS} bits" if bits else "their hashes are the same")
    said = ", ".join(parts)
    return said[:1].upper() + said[1:]
