"""What can be done with a result: open it, copy from it, show its file, search for pictures like it."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, Any, Callable, Generator, Sequence

from ras.gui import links
from ras.gui.action_board import Action
from ras.gui.commands import shown_keys
from ras.media import media_path
from ras.text import clean

if TYPE_CHECKING:
    from ras.gui.theme import Theme
    from ras.records import ImageRecord, SearchResult

Chore = Callable[[], Generator[Any, None, Any]]


class ResultActions:
    """``chore`` runs a job beside the window; ``said`` gets a word on what was done; ``like`` searches for more like
    a result, of which ``veiled`` tells whether its picture may not be shown.
    """

    def __init__(
        self,
        root: tk.Tk,
        theme: Theme,
        *,
        chore: Callable[[Chore], None],
        said: Callable[[str], None],
        media_folders: Callable[[], Sequence[str]],
        like: Callable[[SearchResult], None],
        veiled: Callable[[SearchResult], bool],
    ) -> None:
        self._root, self._theme = root, theme
        self._chore, self._said, self._media_folders = chore, said, media_folders
        aqua = root.tk.call("tk", "windowingsystem") == "aqua"
        self.open_message = Action("Open message", "Enter", self._open_message)
        self.copy_url = Action("Copy original URL", shown_keys("Mod-c", aqua), self._copy_url, short="Copy URL")
        self.copy_link = Action(
            "Copy message link", shown_keys("Mod-Shift-C", aqua), self._copy_link, short="Copy link"
        )
        self.open_in_app = Action(
            "Open message in the Discord app", "Shift+Enter", self._open_in_app, short="Open in app"
        )
        self.open_picture = Action("Open picture", shown_keys("Mod-Return", aqua), self._open_picture)
        self.show_in_folder = Action(
            "Show in folder", "", self._show_in_folder, lambda result: result.record.local_path is not None
        )
        self.more_like = Action(
            "More like this",
            shown_keys("Mod-l", aqua),
            like,
            # As the query it would be seen, whatever veils it as a result.
            lambda result: (result.preview is not None or result.record.local_path is not None) and not veiled(result),
        )
        self._menu = tk.Menu(root, tearoff=False)

    @property
    def in_panel(self) -> tuple[Action, ...]:
        halves = (self.copy_link, self.copy_url, self.open_picture, self.open_in_app)
        return (self.open_message, *halves, self.more_like)

    @property
    def in_menu(self) -> tuple[Action | None, ...]:
        """None is a line between groups."""
        opening = (self.open_message, self.open_in_app, None, self.open_picture, self.show_in_folder)
        return (*opening, None, self.copy_url, self.copy_link, None, self.more_like)

    def pop_up(self, result: SearchResult, x: int, y: int) -> None:
        menu = self._menu
        menu.delete(0, "end")
        self._theme.colour_menu(menu)
        for action in self.in_menu:
            if action is None:
                menu.add_separator()
                continue
            menu.add_command(
                label=action.label,
                accelerator=action.keys,
                command=lambda action=action: action.run(result),  # type: ignore[misc]
                state="normal" if action.possible(result) else "disabled",
            )
        menu.tk_popup(x, y)

    def _open_message(self, result: SearchResult) -> None:
        self._run(lambda: links.open_link(result.record.message_link))
        self._said("Opening the message in the browser …")

    def _open_in_app(self, result: SearchResult) -> None:
        from ras.cdn import app_link

        self._run(lambda: links.open_link(app_link(result.record.message_link)))
        self._said("Opening the message in Discord …")

    def _open_picture(self, result: SearchResult) -> None:
        record, folders = result.record, tuple(self._media_folders())

        def open_it() -> None:
            path = media_path(record, folders)
            if path is None:
                links.open_link(record.url)
            else:
                links.open_picture(str(path))

        self._run(open_it)
        self._said("Opening the picture …")

    def _show_in_folder(self, result: SearchResult) -> None:
        record, folders = result.record, tuple(self._media_folders())

        def show() -> None:
            path = media_path(record, folders)
            if path is None:
                raise links.OpenError(f"The file of “{clean(record.file_name)}” is not beside the archive.")
            links.show_in_folder(str(path))

        self._run(show)

    def _copy_url(self, result: SearchResult) -> None:
        self._copy(result.record.url, "The original URL")

    def _copy_link(self, result: SearchResult) -> None:
        self._copy(result.record.message_link, "The link to the message")

    def _copy(self, text: str, what: str) -> None:
        self._root.clipboard_clear()
        # Cleaned: a line break hidden in a foreign URL would run as a command where it is pasted into a terminal.
        self._root.clipboard_append(clean(text))
        self._said(f"{what} is on the clipboard.")

    def _run(self, do: Callable[[], None]) -> None:
        def job() -> Generator[Any, None, None]:
            yield from ()
            do()

        self._chore(job)


def link_state(record: ImageRecord) -> str:
    """A few words on whether the picture can still be had."""
    from ras.cdn import expires_at, is_expired
    from ras.gui.dates import long_date

    if record.local_path is not None:
        return "Saved with the archive"
    expiry = expires_at(record.url)
    if expiry is None:
        return ""
    return f"Link expired on {long_date(expiry)}" if is_expired(record.url) else f"Link live until {long_date(expiry)}"
