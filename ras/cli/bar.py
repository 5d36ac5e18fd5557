"""The bar of ``tqdm`` on a terminal: how far a job is, with the numbers that the job tells."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from ras.text import decimal, size, whole

if TYPE_CHECKING:
    from ras.records import Progress

WIDTH = 79
"""Of a terminal that does not tell its own, in columns."""

NARROWEST = 5
"""Columns of the bar itself: rather than make it shorter, less is said."""


class Bar:
    """One bar at a time, of the stage of the moment; ``failed`` is the word for pictures that could not be had."""

    def __init__(self, failed: str) -> None:
        self._failed = failed
        self._stage = ""
        self._told = False
        self._bar: Any = None

    def show(self, event: Progress) -> None:
        """Never more than a line: on a narrow terminal what is said last is left out, or cut."""
        if self._bar is None or event.stage != self._stage:
            self.close()
            self._stage, self._told = event.stage, False
        # A job that tells what it reads will tell how fast that goes, once it can; until then nobody knows it better.
        self._told = self._told or event.rate is not None or event.bytes_read > 0 or event.failed > 0
        said = self._said(event)
        if self._bar is None:
            self._bar = _make(event, self._line(event, said))
        self._bar.total = event.total
        self._bar.bar_format = self._line(event, said)
        while said and not self._fits():
            said.pop()
            self._bar.bar_format = self._line(event, said)
        self._bar.update(event.done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _line(self, event: Progress, said: list[str]) -> str:
        """The line for ``tqdm`` to fill in: its fields are in braces."""
        after = "".join(f", {each}" for each in said)
        if event.total:
            return f"{{l_bar}}{{bar}}| {{n_fmt}}/{{total_fmt}} [{{elapsed}}<{self._left(event)}{after}]"
        return f"{{desc}}: {{n_fmt}}{{unit}} [{{elapsed}}{after}]" if event.done else "{desc}: {elapsed}"

    def _left(self, event: Progress) -> str:
        from tqdm import tqdm

        if event.seconds_left is not None:
            return str(tqdm.format_interval(event.seconds_left))
        return "?" if self._told else "{remaining}"

    def _said(self, event: Progress) -> list[str]:
        """What stands behind the times: how fast it is, what could not be had, how much was read."""
        said = [f"? {event.unit}/s" if self._told else "{rate_noinv_fmt}"]
        if event.rate is not None:
            said = [
                f"{size(round(event.rate))}/s" if event.unit == "bytes" else f"{decimal(event.rate, 2)} {event.unit}/s"
            ]
        if event.failed:
            said.append(f"{whole(event.failed)} {self._failed}")
        if event.bytes_read:
            said.append(size(event.bytes_read))
        return said

    def _fits(self) -> bool:
        facts = self._bar.format_dict
        bare = {**facts, "bar_format": facts["bar_format"].replace("{bar}", ""), "ncols": None}
        return len(self._bar.format_meter(**bare)) + NARROWEST <= (facts["ncols"] or WIDTH)


def _make(event: Progress, bar_format: str) -> Any:
    from tqdm import tqdm

    in_bytes = event.unit == "bytes"
    return tqdm(
        desc=event.stage,
        total=event.total,
        initial=event.done,  # of a download that goes on from where it was: that was not done in the first moment
        unit="B" if in_bytes else f" {event.unit}",
        unit_scale=in_bytes,
        file=sys.stderr,
        miniters=0,  # an event that counts no more than the one before it may have other news
        leave=False,
        bar_format=bar_format,
        **({"dynamic_ncols": True} if _has_width() else {"ncols": WIDTH}),
    )


def _has_width() -> bool:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns > 0
    except (OSError, ValueError):
        return False
