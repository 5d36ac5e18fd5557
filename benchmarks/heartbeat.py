"""Whether a Tk loop comes round in time: a beat every two milliseconds, and the frames of what scrolls."""

from __future__ import annotations

import time
import tkinter as tk
from dataclasses import dataclass
from typing import Callable, Sequence

BEAT_MS = 2
FRAME = 1 / 60


@dataclass(frozen=True)
class Gaps:
    """Between the beats of some time, without the two milliseconds that are asked for; in seconds."""

    longest: float
    usual: float
    """The 99th percentile."""
    over: int
    """How many were longer than 50 ms."""
    busiest: float
    """The most processor time of the thread between two beats: what the program took, however busy the machine was."""


class Heartbeat:
    """Beats from now on, for as long as the window lives; ``since`` looks back."""

    def __init__(self, root: tk.Misc) -> None:
        self._root = root
        self.beats: list[tuple[float, float]] = []
        """When, and the processor time of the thread until then."""
        self._beat()

    def _beat(self) -> None:
        self.beats.append((time.perf_counter(), time.thread_time()))
        self._root.after(BEAT_MS, self._beat)


def gaps_of(beats: Sequence[tuple[float, float]], since: float, until: float) -> Gaps:
    """Of the beats, those from one moment to another; a gap that began before ``until`` counts as a whole."""
    pairs = [(one, two) for one, two in zip(beats, beats[1:]) if one[0] < until and two[0] > since]
    walls = sorted(max(0.0, two[0] - one[0] - BEAT_MS / 1000) for one, two in pairs)
    if not walls:
        return Gaps(until - since, until - since, 1, 0.0)
    busiest = max(two[1] - one[1] for one, two in pairs)
    return Gaps(walls[-1], percentile(walls), sum(wall > 0.05 for wall in walls), busiest)


def percentile(ordered: Sequence[float], share: float = 0.99) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Frames:
    """Of what scrolls on a canvas: each is drawn, and the screen has it, before it counts."""

    def __init__(self, canvas: tk.Canvas) -> None:
        self._canvas = canvas
        self.costs: list[float] = []
        self.moments: list[float] = []
        """When each was there."""

    def draw(self, move: Callable[[], object]) -> None:
        started = time.perf_counter()
        move()
        self._canvas.update_idletasks()
        self._canvas.winfo_pointerxy()  # a round trip to the screen: all is drawn
        self.moments.append(time.perf_counter())
        self.costs.append(self.moments[-1] - started)

    @property
    def said(self) -> str:
        """How many a second while it moved, how long one took, and how many came later than a 60th of a second."""
        between = [two - one for one, two in zip(self.moments, self.moments[1:]) if two - one < 0.09]
        if not between:
            return ""
        costs = sorted(self.costs)
        late = sum(seconds > FRAME for seconds in costs)
        return (
            f"{len(between) / sum(between):.0f} frames/s, one {costs[len(costs) // 2] * 1000:.1f} ms "
            f"(99 %: {percentile(costs) * 1000:.1f}), {late} of {len(costs):,} over 16.7"
        )
