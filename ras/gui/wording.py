"""What the window says of numbers: progress, how a search or an indexing went, what of an archive is indexed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ras.errors import reasons_text
from ras.text import count, decimal, duration, size, whole

if TYPE_CHECKING:
    from ras.engine import ModeState
    from ras.gui.bench import IndexState
    from ras.records import IndexReport, Progress, SearchReport

_FROM_THE_INDEX = ("cached", "faiss")


def progress_text(event: Progress, failed: str = "skipped") -> str:
    """``Searching: 1,204 of 3,561 pictures · about 1 min left · 38 pictures/s · 12 skipped · 412 MB``.

    What matters most stands first, since a narrow window cuts the end. ``failed`` is the word for pictures that could
    not be had.
    """
    if event.unit == "bytes":
        done, total = size(event.done), size(event.total) if event.total else None
        parts = [f"{event.stage}: {done} of {total}" if total else f"{event.stage}: {done}"]
    elif event.total:
        parts = [f"{event.stage}: {whole(event.done)} of {count(event.total, event.unit.rstrip('s'))}"]
    else:
        parts = [f"{event.stage}: {count(event.done, event.unit.rstrip('s'))}" if event.done else f"{event.stage} …"]
    if event.seconds_left is not None:
        parts.append(f"about {duration(event.seconds_left)} left".replace("about under", "under"))
    if event.rate is not None:
        parts.append(rate_text(event.rate, event.unit))
    if event.failed:
        parts.append(f"{whole(event.failed)} {failed}")
    if event.bytes_read:
        parts.append(size(event.bytes_read))
    return " · ".join(parts)


def rate_text(rate: float, unit: str) -> str:
    """``38 pictures/s``, ``3.4 pictures/s``, ``24 pictures/min``, ``under 1 picture/min``, ``2.4 MB/s``."""
    if unit == "bytes":
        return f"{size(round(rate))}/s"
    noun = unit.rstrip("s")
    if rate < 1:
        each_minute = round(rate * 60)
        return f"{count(each_minute, noun)}/min" if each_minute else f"under 1 {noun}/min"
    return f"{decimal(rate, 1) if rate < 9.95 else whole(round(rate))} {unit}/s"


def report_text(report: SearchReport, total: int, seconds: float) -> str:
    """``Compared 3,210 of 3,561 pictures in 41 s; skipped 351: 340 link expired, 11 other kind of file.``"""
    source = " from the index" if report.mode in _FROM_THE_INDEX else ""
    said = f"Compared {whole(report.searched)} of {count(total, 'picture')}{source} in {duration(seconds)}"
    if report.not_indexed:
        said += f"; {whole(report.not_indexed)} not indexed yet"
    if report.skipped:
        said += f"; skipped {whole(sum(report.skipped.values()))}: {reasons_text(report.skipped)}"
    return said + "."


def indexed_text(report: IndexReport) -> str:
    """``Indexed 3,210 of 3,561 pictures in 41 s; left out 351: 340 link expired, 11 other kind of file.``"""
    said = f"All {whole(report.pictures)} pictures are indexed" if report.pictures > 1 else "The picture is indexed"
    if report.indexed < report.pictures:
        said = f"{whole(report.indexed)} of {count(report.pictures, 'picture')} are indexed"
    said += f" ({duration(report.seconds)})"
    if report.skipped:
        said += f"; left out {whole(sum(report.skipped.values()))}: {reasons_text(report.skipped)}"
    return said + "."


def stopped_text(state: IndexState) -> str:
    """``Stopped. 1,204 of 3,561 pictures are indexed; press “Index 2,357 new” to go on.``"""
    verb = "is" if state.indexed == 1 else "are"
    said = f"Stopped. {whole(state.indexed)} of {count(state.pictures, 'picture')} {verb} indexed"
    if state.indexed == state.pictures:
        said = (
            f"Stopped. All {whole(state.pictures)} pictures are indexed"
            if state.pictures > 1
            else "Stopped. The picture is indexed"
        )
    if state.fresh:
        return f"{said}; press “{index_label(state)}” to go on."
    if state.unfinished:
        return f"{said}; details of {whole(state.unfinished)} are still to come: press “{index_label(state)}”."
    return f"{said}."


def index_label(state: IndexState) -> str:
    """What stands on the button that indexes the archive."""
    if state.fresh:
        return f"Index {whole(state.fresh)} new" if state.indexed else "Index archive"
    if state.unfinished:
        return "Finish indexing"
    if state.failed:
        return f"Indexed, {whole(state.failed)} left out …" if state.indexed else f"{whole(state.failed)} left out …"
    return "Indexed"


def not_indexed_text(state: IndexState) -> str:
    """``214 of 3,561 pictures are not indexed yet.``; empty where that is so of none, or of all."""
    if state.fresh and state.fresh == state.pictures:
        return "Index the archive once, and every search takes a moment."
    if state.fresh:
        verb = "is" if state.fresh == 1 else "are"
        return f"{whole(state.fresh)} of {count(state.pictures, 'picture')} {verb} not indexed yet."
    if state.unfinished:
        return f"Details of {count(state.unfinished, 'picture')} are still to come: altered copies may be missed."
    return ""


def mode_label(state: ModeState) -> str:
    """``Cached – under 1 s``, ``FAISS – not ready``: a mode and how long it takes."""
    return f"{state.label} – {state.time if state.available else 'not ready'}"


def mode_word(state: ModeState, more: str) -> str:
    """How long the chosen mode takes and a sentence ``more``, or why it is not ready."""
    said = f"{state.text[:1].upper()}{state.text[1:]}"
    return f"{said}. {more}" if more and state.available else said
