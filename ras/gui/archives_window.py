"""The window that lists the indexed archives, with the space they take, and offers what can be done with them."""

from __future__ import annotations

import tkinter as tk
from collections import Counter
from pathlib import Path
from tkinter import ttk
from typing import TYPE_CHECKING, Callable, Sequence

from ras.gui import dialogs
from ras.gui.dates import short_date
from ras.gui.progress_line import ProgressLine
from ras.text import count, size, whole

if TYPE_CHECKING:
    from ras.gui.stored_archives import ArchiveRow, StoreContents
    from ras.gui.theme import Theme

_COLUMNS = {
    "name": ("Archive", 280),
    "pictures": ("Pictures", 90),
    "date": ("Indexed", 110),
    "files": ("Export file", 200),
}


class ArchivesWindow:
    """Shows what it is told and reports what is asked for; decides nothing."""

    def __init__(
        self,
        parent: tk.Tk,
        theme: Theme,
        *,
        open_archives: Callable[[Sequence[ArchiveRow]], None],
        remove: Callable[[Sequence[ArchiveRow]], None],
        verify: Callable[[], None],
        compact: Callable[[], None],
        stop: Callable[[], None],
    ) -> None:
        px = theme.px
        self._theme, self._open, self._remove = theme, open_archives, remove
        self._rows: dict[str, ArchiveRow] = {}
        self._busy = False
        self.window, frame = dialogs.dialog(parent, theme, "Indexed archives")
        self._foot = ttk.Frame(frame)
        self._foot.pack(side="bottom", fill="x")
        self._foot.columnconfigure(0, weight=1)
        self._usage = ttk.Label(frame, text="Looking …", style="Muted.TLabel")
        self._usage.pack(anchor="w", pady=(0, px(8)))
        self.table = dialogs.table(frame, theme, _COLUMNS, stretch="name", height=9)
        self.table.configure(selectmode="extended")
        self.table.column("pictures", anchor="e")
        self.table.heading("pictures", anchor="e")
        self.table.bind("<<TreeviewSelect>>", lambda _event: self._enable())
        self.table.bind("<Double-1>", lambda event: self._double_clicked(event))
        self.table.bind("<Return>", lambda _event: self._open_selected())
        self.table.bind("<Delete>", lambda _event: self._ask())
        self.table.bind("<Control-a>", lambda _event: self.table.selection_set(tuple(self._rows)))

        row = ttk.Frame(self._foot)
        row.grid(row=0, sticky="ew", pady=(px(10), 0))
        row.columnconfigure(2, weight=1)
        self.open_button = ttk.Button(row, text="Open", command=self._open_selected)
        self.remove_button = ttk.Button(row, text="Remove …", command=self._ask)
        self.verify_button = ttk.Button(row, text="Verify", command=verify)
        self.compact_button = ttk.Button(row, text="Compact", command=compact)
        places = ((self.open_button, 0), (self.remove_button, 1), (self.verify_button, 3), (self.compact_button, 4))
        for button, column in places:
            button.grid(row=0, column=column, padx=(0 if column == 0 else px(8), 0))
        self._said = ttk.Label(self._foot, style="Muted.TLabel", justify="left")
        self._said.grid(row=1, sticky="ew", pady=(px(10), 0))
        self._said.grid_remove()
        self._line = ProgressLine(self._foot, theme, stop_label="Stop", stop=stop)
        self._line.grid(row=2, sticky="ew", pady=(px(8), 0))
        self._line.hide()
        self._question = self._make_question()
        self.window.bind("<Escape>", lambda _event: self._escape())
        self.window.bind("<Configure>", lambda _event: self._wrap())
        self.window.minsize(px(560), px(380))
        self._enable()
        dialogs.centre(self.window, parent)
        self.table.focus_set()

    @property
    def said(self) -> str:
        """The sentence under the table."""
        return str(self._said.cget("text"))

    @property
    def usage(self) -> str:
        return str(self._usage.cget("text"))

    @property
    def asked(self) -> str:
        """The question before something is removed."""
        return str(self._asked.cget("text"))

    @property
    def exists(self) -> bool:
        return bool(self.window.winfo_exists())

    def show(self, contents: StoreContents) -> None:
        kept = {self._rows[item].id for item in self.table.selection()}
        self.table.delete(*self.table.get_children())
        self._rows = {}
        alike = Counter((archive.name, _files(archive)) for archive in contents.archives)
        for archive in contents.archives:
            name, date = self._theme.shown(archive.name), short_date(archive.indexed_at)
            files = _files(archive)
            if alike[archive.name, files] > 1:
                files += f" in {Path(archive.paths[0]).parent.name}"
            values = (name, f"{whole(archive.pictures)}", date, self._theme.shown(files))
            self._rows[self.table.insert("", "end", values=values)] = archive
        chosen = [item for item, archive in self._rows.items() if archive.id in kept] or list(self._rows)[:1]
        if chosen:
            self.table.selection_set(chosen)
            self.table.focus(chosen[0])
        self.say_of_store(_usage_text(contents))
        self._enable()

    def say_of_store(self, text: str) -> None:
        """What all takes, or why nobody can tell."""
        self._usage.configure(text=text)

    def say(self, text: str) -> None:
        self._said.configure(text=text)
        if text:
            self._said.grid()
        else:
            self._said.grid_remove()

    def work(self, line: Callable[[ProgressLine], None] | None) -> None:
        """``line`` shows how far something is that goes on; None when it is over."""
        self._busy = line is not None
        if line is None:
            self._line.hide()
        else:
            line(self._line)
        self._enable()

    def close(self) -> None:
        self.window.destroy()

    @property
    def selected(self) -> list[ArchiveRow]:
        return [self._rows[item] for item in self.table.selection()]

    def _enable(self) -> None:
        chosen, filled = bool(self.table.selection()), bool(self._rows)
        for button, possible in (
            (self.open_button, chosen),
            (self.remove_button, chosen and not self._busy),
            (self.verify_button, filled and not self._busy),
            (self.compact_button, filled and not self._busy),
        ):
            button.configure(state="normal" if possible else "disabled")

    def _double_clicked(self, event: tk.Event[tk.Misc]) -> None:
        if self.table.identify_row(event.y):
            self._open_selected()

    def _open_selected(self) -> None:
        if self.selected:
            self._open(self.selected)

    # -- the question before something is removed ------------------------------------------------------------------

    def _make_question(self) -> ttk.Frame:
        px = self._theme.px
        frame = ttk.Frame(self._foot, style="Panel.TFrame", padding=px(12))
        frame.columnconfigure(0, weight=1)
        self._asked = ttk.Label(frame, style="Card.TLabel", justify="left")
        self._asked.grid(row=0, column=0, sticky="ew")
        self.keep_button = ttk.Button(frame, text="Keep", style="Card.TButton", command=self._answered)
        self.keep_button.grid(row=0, column=1, padx=px(8))
        self.confirm_button = ttk.Button(frame, text="Remove", style="Card.Accent.TButton")
        self.confirm_button.grid(row=0, column=2)
        frame.grid(row=3, sticky="ew", pady=(px(10), 0))
        frame.grid_remove()
        return frame

    def _ask(self) -> None:
        chosen = self.selected
        if not chosen or self._busy:
            return
        what = f"“{self._theme.shown(chosen[0].name)}”" if len(chosen) == 1 else count(len(chosen), "archive")
        pictures = count(sum(archive.pictures for archive in chosen), "picture")
        gone = any(archive.gone for archive in chosen)
        after = "Its export file is gone: it cannot be indexed again." if gone else "The export itself stays."
        if gone and len(chosen) > 1:
            after = "Some export files are gone: those cannot be indexed again."
        self._asked.configure(text=f"Remove {what} ({pictures}) from the index? {after}")
        self.confirm_button.configure(command=lambda: self._answered(chosen))
        self._question.grid()
        self.keep_button.focus_set()

    def _answered(self, removed: Sequence[ArchiveRow] = ()) -> None:
        self._question.grid_remove()
        self.table.focus_set()
        if removed:
            self._remove(removed)

    def _escape(self) -> None:
        if self._question.winfo_ismapped():
            self._answered()
        else:
            self.close()

    def _wrap(self) -> None:
        width = self.window.winfo_width() - 2 * self._theme.px(20)
        for label, taken in ((self._usage, 0), (self._said, 0), (self._asked, 240)):
            label.configure(wraplength=max(1, width - self._theme.px(taken)))


def _usage_text(contents: StoreContents) -> str:
    """``2 archives · 7,122 pictures · 32.3 MB: embeddings 7.3 MB, details 20.0 MB, …, the rest 4.1 MB``."""
    usage = contents.usage
    if not contents.archives:
        return "No archive is indexed yet. Open one and press “Index archive”."
    parts = {
        "embeddings": usage.embedding_bytes,
        "details": usage.feature_bytes,
        "previews": usage.preview_bytes,
        "FAISS index": usage.index_bytes,
    }
    parts["the rest"] = usage.total_bytes - sum(parts.values())
    named = ", ".join(f"{name} {size(amount)}" for name, amount in parts.items() if amount > 0)
    said = f"{count(len(contents.archives), 'archive')} · {count(usage.pictures, 'picture')}"
    return " · ".join([said, f"{size(usage.total_bytes)}: {named}" if named else size(usage.total_bytes)])


def _files(archive: ArchiveRow) -> str:
    """``general.json``, ``general.json (gone)``, ``3 files, 1 gone``."""
    if len(archive.paths) == 1:
        return f"{Path(archive.paths[0]).name}{' (gone)' if archive.gone else ''}"
    return f"{count(len(archive.paths), 'file')}{f', {whole(len(archive.gone))} gone' if archive.gone else ''}"
