"""What could not be had, of an indexing or a search: gathered, shown in a window, and set right where somebody can."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, Any, Callable, Iterable, Sequence

from ras.gui import dialogs, links
from ras.gui.failures_window import FailuresWindow, Remedies
from ras.records import Job, Skipped
from ras.text import clean, count

if TYPE_CHECKING:
    from ras.failures import ReasonGroup
    from ras.gui.pump import Pump
    from ras.gui.theme import Theme
    from ras.gui.token_dialog import TokenDialog
    from ras.records import Archive, ImageRecord
    from ras.settings import Settings
    from ras.worker import Worker

Again = Callable[["frozenset[str]"], None]
"""Tries the pictures with these keys again."""

_WAIT = "An indexing is under way: wait until it ends, or stop it."


class FailuresReport:
    """One window at a time. ``change`` changes settings; ``rebuild`` has the engine know them and then calls back.

    ``busy`` tells whether an indexing is under way.
    """

    def __init__(
        self,
        root: tk.Tk,
        theme: Theme,
        pump: Pump,
        worker: Worker,
        *,
        settings: Callable[[], Settings],
        change: Callable[..., None],
        rebuild: Callable[[Callable[[], None]], None],
        busy: Callable[[], bool],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._root, self._theme, self._pump, self._worker = root, theme, pump, worker
        self._settings, self._change, self._rebuild = settings, change, rebuild
        self._busy, self._failed = busy, failed
        self.window: FailuresWindow | None = None

    def show_left_out(self, archive: Archive, encoder_id: str, again: Again | None) -> None:
        """What of an archive could not be indexed. ``again``: None where it is not open any more."""
        self._show("Left out of the index", lambda: _left_out(archive, encoder_id), again)

    def show_skipped(self, skipped: Iterable[Skipped], again: Again) -> None:
        """What the last search skipped."""
        kept = tuple(skipped)
        self._show("Skipped pictures", lambda: _grouped(kept), again)

    def ask_for_token(self, then: Callable[[], None] | None = None) -> TokenDialog:
        """The dialog of the bot token that refreshes dead links; ``then`` is called once there is one."""
        from ras.gui.token_dialog import TokenDialog

        return TokenDialog(self._root, self._theme, self._pump, self._worker, then)

    def _show(self, title: str, make_job: Callable[[], Job[tuple[ReasonGroup, ...]]], again: Again | None) -> None:
        def done(groups: tuple[ReasonGroup, ...]) -> None:
            if self.window is not None and self.window.exists:
                self.window.close()
            self.window = FailuresWindow(
                self._root,
                self._theme,
                title,
                groups,
                remedies=None if again is None else self._remedies(again),
                save=self._save,
                opened=self._open_message,
            )
            self.window.window.bind("<Destroy>", self._closed, add=True)

        self._pump.start(self._worker, make_job, done=done)

    def _closed(self, event: tk.Event[tk.Misc]) -> None:
        if self.window is not None and event.widget is self.window.window:
            self.window = None

    def _remedies(self, again: Again) -> Remedies:
        def try_again(keys: frozenset[str]) -> None:
            if self._may_start():
                self._close()
                again(keys)

        def refresh(keys: frozenset[str]) -> None:
            if self._may_start():
                self.ask_for_token(lambda: try_again(keys))

        def choose_media(keys: frozenset[str]) -> None:
            folder = dialogs.choose_folder(self._window, "Choose the folder with the archive’s media")
            if folder:
                self._with(lambda: again(keys), media_folders=_added(self._settings().media_folders, [folder]))

        def allow(hosts: Sequence[str], keys: frozenset[str]) -> None:
            self._with(lambda: again(keys), allowed_hosts=_added(self._settings().allowed_hosts, hosts))

        return Remedies(try_again, refresh, choose_media, allow)

    @property
    def _window(self) -> tk.Misc:
        return self.window.window if self.window is not None and self.window.exists else self._root

    def _with(self, then: Callable[[], None], **settings: Any) -> None:
        """Change settings and go on with an engine that knows them."""
        if self._may_start():
            self._close()
            self._change(**settings)
            self._rebuild(then)

    def _may_start(self) -> bool:
        if self._busy():
            self._say(_WAIT)
        return not self._busy()

    def _save(self, failures: Sequence[Skipped]) -> None:
        path = dialogs.choose_csv(self._window)
        if not path:
            return

        def done(number: int) -> None:
            self._say(f"Saved {count(number, 'picture')} to “{clean(path, longest=300)}”.")

        self._pump.start(self._worker, lambda: _saved(path, failures), done=done, failed=self._not_done)

    def _open_message(self, record: ImageRecord) -> None:
        link = record.message_link
        if not link:
            self._say("This export does not say which message a picture is from, so it cannot be opened.")
            return
        self._say("Opening the message in the browser …")
        self._pump.start(self._worker, lambda: _opened(link), failed=self._not_done)

    def _not_done(self, error: BaseException) -> None:
        """A sentence stands where people look; what is no sentence is a fault of the program."""
        from ras.errors import RASError

        if isinstance(error, RASError) and self.window is not None and self.window.exists:
            self.window.say(str(error))
        else:
            self._failed(error)

    def _say(self, text: str) -> None:
        if self.window is not None and self.window.exists:
            self.window.say(text)

    def _close(self) -> None:
        if self.window is not None and self.window.exists:
            self.window.close()


def _added(before: tuple[str, ...], more: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*before, *more)))


def _grouped(failures: Sequence[Skipped]) -> Job[tuple[ReasonGroup, ...]]:
    yield from ()
    from ras.failures import by_reason

    return by_reason(failures)


def _left_out(archive: Archive, encoder_id: str) -> Job[tuple[ReasonGroup, ...]]:
    from ras.failures import by_reason
    from ras.gui.stored_archives import list_failures

    return by_reason((yield from list_failures(archive, encoder_id)))


def _saved(path: str, failures: Sequence[Skipped]) -> Job[int]:
    from ras.failures_csv import save_failures

    yield from ()
    return save_failures(path, failures, overwrite=True)  # the dialog has asked


def _opened(link: str) -> Job[None]:
    yield from ()
    links.open_link(link)
