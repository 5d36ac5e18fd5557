"""What can be done with a result: open it, copy from it, show its file, search for pictures like it."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, Any, Callable, Generator, Sequence

from ras.gui import links
from ras.gui.action_board import Action
from ras.gui.commands import in_menu, shown_keys
from ras.gui.picture_out import Chore, PictureOut
from ras.text import clean

if TYPE_CHECKING:
    from ras.gui.theme import Theme
    from ras.records import ImageRecord, SearchResult


class ResultActions:
    """``chore`` runs a job beside the window; ``said`` gets a word on what was done; ``like`` searches for more like
    a result, of which ``veiled`` tells whether its picture may not be shown, ``reveal`` shows the selected one, and
    ``compare`` shows it large.
    """

    def __init__(
        self,
        root: tk.Tk,
        theme: Theme,
        *,
        chore: Chore,
        said: Callable[[str], None],
        media_folders: Callable[[], Sequence[str]],
        like: Callable[[SearchResult], None],
        veiled: Callable[[SearchResult], bool],
        reveal: Callable[[], None],
        compare: Callable[[], None],
    ) -> None:
        self._root, self._theme = root, theme
        self._chore, self._said, self._media_folders = chore, said, media_folders
        aqua = root.tk.call("tk", "windowingsystem") == "aqua"
        self._veiled = veiled

        def action(
            label: str,
            keys: str,
            do: Callable[[SearchResult], None],
            why_not: Callable[[SearchResult], str],
            short: str = "",
        ) -> Action:
            def run(result: SearchResult) -> None:
                reason = why_not(result)
                if reason:  # by a key, which knows of no disabled button
                    said(reason)
                else:
                    do(result)

            sequence = keys if "-" in keys else ""
            return Action(label, shown_keys(sequence, aqua) or keys, run, why_not, short, sequence)

        self.open_message = action("Open message", "Enter", self._open_message, _no_message)
        self.copy_url = action("Copy original URL", "Mod-c", self._copy_url, _no_url, "Copy URL")
        self.copy_link = action("Copy message link", "Mod-Shift-C", self._copy_link, _no_message, "Copy link")
        self.open_in_app = action(
            "Open message in the Discord app", "Shift-Return", self._open_in_app, _no_message, "Open in app"
        )
        self.open_picture = action("Open picture", "Mod-Return", self._open_picture, self._nowhere)
        self.show_in_folder = action("Show in folder", "", self._show_in_folder, self._not_here)
        self.reveal = action(
            "Show the spoiler",
            "Space",
            lambda _result: reveal(),
            lambda one: "" if veiled(one) else "It is no spoiler.",
        )
        self.compare = action("Compare with the query", "F4", lambda _result: compare(), lambda _result: "")
        out = PictureOut(root, chore, said, media_folders)
        self.copy_picture = action("Copy picture", "Mod-Shift-P", out.copy, self._no_picture)
        self.save_picture = action("Save picture as …", "Mod-Shift-S", out.save, self._no_picture, "Save as …")
        self.more_like = action("More like this", "Mod-l", like, self._not_a_query)
        self._menu = tk.Menu(root, tearoff=False)

    @property
    def in_panel(self) -> tuple[Action, ...]:
        halves = (self.copy_link, self.copy_url, self.open_picture, self.open_in_app)
        return (self.open_message, *halves, self.more_like, self.save_picture)

    @property
    def in_menu(self) -> tuple[Action | None, ...]:
        """None is a line between groups."""
        opening = (self.open_message, self.open_in_app, None, self.open_picture, self.show_in_folder, self.reveal)
        taking = (self.copy_picture, self.save_picture, None, self.copy_url, self.copy_link)
        return (self.compare, None, *opening, None, *taking, None, self.more_like)

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
                accelerator=in_menu(action.keys),
                command=lambda action=action: action.run(result),  # type: ignore[misc]
                state="normal" if action.possible(result) else "disabled",
            )
        menu.tk_popup(x, y)

    def _not_here(self, result: SearchResult) -> str:
        return "" if self._may_be_here(result.record) else "The archive names no file of this picture."

    def _nowhere(self, result: SearchResult) -> str:
        if result.record.url or self._may_be_here(result.record):
            return ""
        return "The archive has neither a link to this picture nor a file of it."

    def _not_a_query(self, result: SearchResult) -> str:
        if self._veiled(result):  # as the query it would be seen, whatever veils it as a result
            return "Show the spoiler first."
        return self._no_picture(result)

    def _no_picture(self, result: SearchResult) -> str:
        if result.preview is None and not self._may_be_here(result.record):
            return "There is neither a preview nor a file of this picture."
        return ""

    def _may_be_here(self, record: ImageRecord) -> bool:
        """Whether to look for a file: whether there is one, only a look at the disk tells."""
        return record.local_path is not None or bool(self._media_folders())

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
            from ras.gui.written_copy import write_copy
            from ras.media import MediaReader

            with MediaReader(folders) as media:
                file = media.find(record)
                if file is None:
                    links.open_link(record.url)
                else:
                    links.open_picture(write_copy(file, record.file_name) if file.holder else file.path)

        self._run(open_it)
        self._said("Opening the picture …")

    def _show_in_folder(self, result: SearchResult) -> None:
        record, folders = result.record, tuple(self._media_folders())

        def show() -> None:
            from ras.media import MediaReader

            with MediaReader(folders) as media:
                file = media.find(record)
            if file is None:
                raise links.OpenError(f"The file of “{clean(record.file_name)}” is not beside the archive.")
            links.show_in_folder(file.holder or file.path)

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


def _no_message(result: SearchResult) -> str:
    return "" if result.record.message_link else "This export does not say which message the picture is from."


def _no_url(result: SearchResult) -> str:
    return "" if result.record.url else "This export has no link to the picture."


def link_state(record: ImageRecord, there: bool | None) -> str:
    """A few words on whether the picture can still be had, and its message opened. ``there``: whether the file that
    was saved with the archive is where it was; None while that is not known.
    """
    from ras.cdn import expires_at, is_dead, is_expired
    from ras.gui.dates import long_date

    said = []
    expiry = expires_at(record.url)
    if record.local_path is not None:
        words = {
            True: "Saved with the archive",
            False: "Its saved file is not there now",
            None: "Looking for its file …",
        }
        said.append(words[there])
    if record.local_path is None or there is False:
        if not record.url:
            said.append("no link to the picture")
        elif expiry is not None:
            verb = "expired on" if is_expired(record.url) else "live until"
            said.append(f"link {verb} {long_date(expiry)}")
        elif is_dead(record.url):  # rebuilt, or unsigned in the export
            said.append("link expired")
    if not record.message_link:
        said.append("no link to the message")
    line = " · ".join(said)
    return line[:1].upper() + line[1:]
