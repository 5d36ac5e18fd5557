"""“Copy picture” and “Save picture as”: what is taken out of the window, and what is said of it."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, Any, Callable, Generator, Protocol, Sequence

from ras.gui.picture_clipboard import copy_picture
from ras.gui.picture_file import ENDINGS, PictureFile, find_picture, save_picture
from ras.text import clean

if TYPE_CHECKING:
    from ras.records import SearchResult


class Chore(Protocol):
    """Runs a job beside the window, and calls ``done`` with what it returns."""

    def __call__(
        self, make_job: Callable[[], Generator[Any, None, Any]], done: Callable[[Any], None] | None = None
    ) -> None: ...


class PictureOut:
    """``said`` gets a word on what was done."""

    def __init__(
        self, root: tk.Tk, chore: Chore, said: Callable[[str], None], media_folders: Callable[[], Sequence[str]]
    ) -> None:
        self._root, self._chore, self._said, self._media_folders = root, chore, said, media_folders

    def copy(self, result: SearchResult) -> None:
        folders, window = tuple(self._media_folders()), self._root.winfo_id()
        name = _shown(result.record.file_name)

        def done(whole: bool) -> None:
            if whole:
                self._said(f"{name} is on the clipboard.")
            else:
                self._said(f"Only the preview of {name} is on the clipboard: the picture is not on this computer.")

        self._said("Copying the picture …")
        self._chore(lambda: copy_picture(result, folders, window), done)

    def save(self, result: SearchResult) -> None:
        """Looks for the picture first: only what it is tells the ending of its name."""
        folders = tuple(self._media_folders())
        self._chore(lambda: find_picture(result, folders), self._ask_soon)

    def _ask_soon(self, file: PictureFile) -> None:
        """Not within the call that tells of the job: while the dialog is open, nothing would be heard of others."""
        self._root.after(1, lambda: self._ask(file))

    def _ask(self, file: PictureFile) -> None:
        path = choose_file(self._root, file)
        if not path:
            return
        what = f"Only the preview of {_shown(file.name)} was saved" if file.is_preview else "Saved the picture"
        why = ": the picture is not on this computer." if file.is_preview else "."
        self._chore(
            lambda: save_picture(file, path), lambda _none: self._said(f"{what} to “{clean(path, longest=200)}”{why}")
        )


def choose_file(parent: tk.Misc, file: PictureFile) -> str | None:
    """Where to save; the dialog asks before a file is overwritten."""
    from tkinter import filedialog

    ending = ENDINGS.get(file.kind, "")
    chosen = filedialog.asksaveasfilename(
        parent=parent,
        title="Save the preview as" if file.is_preview else "Save picture as",
        initialfile=file.saved_name,
        defaultextension=ending,
        filetypes=[(f"{file.kind} pictures", f"*{ending}"), ("All files", "*")],
    )
    return str(chosen) if chosen else None


def _shown(name: str) -> str:
    return f"“{clean(name, longest=80)}”"
