"""What macOS tells a program that runs, as far as it can be tried elsewhere."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Callable

from ras.gui.later_starts import listen_to_the_dock


def commands(system: str, *heard: Callable[..., object]) -> dict[str, Callable[..., Any]]:
    made: dict[str, Callable[..., Any]] = {}
    root = SimpleNamespace(tk=SimpleNamespace(call=lambda *_: system), createcommand=made.__setitem__)
    listen_to_the_dock(root, *heard)  # type: ignore[arg-type]
    return made


def test_to_quit_closes_the_window_as_its_button_does() -> None:
    """Tk would end the program itself, without a question while an archive is indexed, and nothing would be saved."""
    left: list[str] = []
    taken: list[object] = []
    made = commands("aqua", taken.append, lambda: left.append("closed"))
    made["::tk::mac::Quit"]()
    assert left == ["closed"]
    made["::tk::mac::OpenDocument"]("/a.json", "/b.png")
    assert taken == [["/a.json", "/b.png"]]


def test_elsewhere_there_is_no_dock() -> None:
    assert commands("x11", print, print) == {}
