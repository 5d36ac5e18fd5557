"""The window that says what could not be had, by reason and picture by picture, and what can be done about it."""

from __future__ import annotations

import tkinter as tk
from collections import Counter
from dataclasses import dataclass
from tkinter import ttk
from typing import TYPE_CHECKING, Callable, Iterator, Sequence

from ras.errors import SkipReason
from ras.gui import dialogs
from ras.gui.dates import short_date
from ras.gui.failure_words import MEDIA_MAY_HELP, WAY_OUT, about_group, heading, hosts_question, place_of
from ras.gui.question import Question
from ras.gui.row_list import RowGroup, RowList
from ras.gui.tooltip import Tooltip
from ras.text import count, whole

if TYPE_CHECKING:
    from ras.failures import ReasonGroup
    from ras.gui.theme import Theme
    from ras.records import ImageRecord, Skipped

_COLUMNS = (("Picture", 3.0), ("Author", 1.8), ("Date", 1.3), ("Channel", 1.6), ("Link or file", 4.0))
_ALL = "all"


@dataclass(frozen=True)
class Remedies:
    """What the window calls when it is asked for; the keys are those of the pictures that it is asked for."""

    try_again: Callable[[frozenset[str]], None]
    refresh: Callable[[frozenset[str]], None]
    choose_media: Callable[[frozenset[str]], None]
    allow: Callable[[Sequence[str], frozenset[str]], None]


class FailuresWindow:
    """Shows what it is told and reports what is asked for; decides nothing. ``remedies``: None where nothing can be
    tried again, because the archive is not open any more.
    """

    def __init__(
        self,
        parent: tk.Tk,
        theme: Theme,
        title: str,
        groups: Sequence[ReasonGroup],
        *,
        remedies: Remedies | None,
        save: Callable[[Sequence[Skipped]], None],
        opened: Callable[[ImageRecord], None],
    ) -> None:
        self._theme, self._all, self._groups = theme, tuple(groups), tuple(groups)
        self._remedies, self._opened = remedies, opened
        total = sum(len(group.pictures) for group in groups)
        self.window, frame, self._row = dialogs.dialog_with_row(parent, theme, f"{title} ({whole(total)})")
        px = theme.px
        self.again_button = ttk.Button(self._row, text="Try again", command=self._try_again)
        if remedies is not None and groups:
            self.again_button.pack(side="right", padx=(0, px(8)))
        foot = ttk.Frame(frame)
        foot.pack(side="bottom", fill="x")
        foot.columnconfigure(0, weight=1)
        top = ttk.Frame(frame)
        top.pack(fill="x", pady=(0, px(8)))
        top.columnconfigure(1, weight=1)
        self._reason = tk.StringVar(self.window)
        self.filter_button = ttk.Menubutton(top, style="Ground.TMenubutton")
        self.filter_menu = tk.Menu(self.filter_button, tearoff=False)
        self.filter_button.configure(menu=self.filter_menu)
        self.filter_button.grid(row=0, column=0)
        self._scope = ttk.Label(top, style="Muted.TLabel", anchor="e")
        self._scope.grid(row=0, column=1, sticky="e", padx=(px(12), 0))
        self.list = RowList(
            frame, theme, columns=_COLUMNS, cells=self._cells, changed=self._update, opened=self._open_row
        )
        self.list.pack(fill="both", expand=True)

        self._about = ttk.Label(foot, style="Strong.TLabel", anchor="w")
        self._about.grid(row=0, sticky="ew", pady=(px(8), 0))
        room = ttk.Frame(
            foot, height=theme.line_height("RasSmall") * 3 + px(2)
        )  # so that nothing moves as texts change
        room.grid(row=1, sticky="ew")
        room.pack_propagate(False)
        self._way_out = ttk.Label(room, style="Muted.TLabel", justify="left", anchor="nw")
        self._way_out.pack(fill="both", expand=True)
        self._said = ttk.Label(foot, style="Muted.TLabel", justify="left")
        self._said.grid(row=2, sticky="ew", pady=(px(8), 0))
        self._said.grid_remove()
        self._actions = ttk.Frame(self._row)
        self.refresh_button = ttk.Button(self._actions, command=self._refresh)
        self.media_button = ttk.Button(self._actions, text="Media folder …", command=self._choose_media)
        self.allow_button = ttk.Button(self._actions, command=self._ask_hosts)
        self.csv_button = ttk.Button(self._actions, text="Save as CSV …", command=lambda: save(self.chosen))
        for button, why_not in (
            (self.refresh_button, "None of these is a link of Discord’s that could be refreshed."),
            (self.media_button, "A file of one’s own would not help these."),
            (self.allow_button, "None of these lies on a host that could be allowed."),
        ):
            Tooltip(button, theme, lambda at=button, why=why_not: why if at.instate(["disabled"]) else "")  # type: ignore[misc]
        shown = [self.refresh_button, self.media_button, self.allow_button] if remedies is not None else []
        for column, button in enumerate((*shown, self.csv_button)):
            button.grid(row=0, column=column, padx=(px(8) if column else 0, 0))
        self._actions.pack(side="left")
        self.question = Question(foot, theme, no="Do not", yes="Allow", answered=lambda: self.list.canvas.focus_set())
        self.question.grid(row=3, sticky="ew", pady=(px(8), 0))
        self.question.grid_remove()
        self.window.bind("<Escape>", lambda _event: self._escape())
        self.window.bind("<Configure>", lambda _event: self._wrap())
        theme.colour_menu(self.filter_menu)
        self._fill_filter()
        self._place(parent)
        self.filter(_ALL)
        self.list.canvas.focus_set()

    # -- what is shown ---------------------------------------------------------------------------------------------

    @property
    def exists(self) -> bool:
        return bool(self.window.winfo_exists())

    @property
    def said(self) -> str:
        """The sentence at the bottom."""
        return str(self._said.cget("text"))

    @property
    def explained(self) -> str:
        """What is said about the row with the keyboard."""
        return f"{self._about.cget('text')}\n{self._way_out.cget('text')}"

    @property
    def scope(self) -> str:
        """Which pictures the buttons are about."""
        return str(self._scope.cget("text"))

    @property
    def chosen(self) -> tuple[Skipped, ...]:
        """The pictures that the buttons are about: those that are selected, all that are shown where none is."""
        return tuple(failure for group, part in self._parts() for failure in group.pictures[part])

    def filter(self, reason: str) -> None:
        """Show only what was left out for this reason (a value of ``SkipReason``), or ``all``."""
        self._reason.set(reason)
        self._groups = tuple(group for group in self._all if reason in (_ALL, group.reason.value))
        for label, value in self._filters():
            if value == reason:
                self.filter_button.configure(text=f"{label}  ")
        self.list.show(
            [RowGroup(heading(group.reason), about_group(group), len(group.pictures)) for group in self._groups]
        )

    def say(self, text: str) -> None:
        self._said.configure(text=text)
        self._said.grid()

    def close(self) -> None:
        self.window.destroy()

    def _filters(self) -> list[tuple[str, str]]:
        total = sum(len(group.pictures) for group in self._all)
        each = [(f"{heading(group.reason)} · {whole(len(group.pictures))}", group.reason.value) for group in self._all]
        return [(f"All reasons · {whole(total)}", _ALL), *each]

    def _fill_filter(self) -> None:
        for label, value in self._filters():
            self.filter_menu.add_radiobutton(
                label=label,
                value=value,
                variable=self._reason,
                command=lambda value=value: self.filter(value),  # type: ignore[misc]
            )

    def _cells(self, group: int, place: int) -> tuple[str, ...]:
        record, shown = self._groups[group].pictures[place].record, self._theme.shown
        return (
            shown(record.file_name),
            shown(record.author),
            short_date(record.timestamp),
            f"#{shown(record.channel.name)}",
            shown(place_of(record)),
        )

    def _parts(self) -> Iterator[tuple[ReasonGroup, slice]]:
        for group, part in self.list.rows.chosen:
            yield self._groups[group], part

    def _update(self) -> None:
        """Bring what is said and offered in line with the selection and the row with the keyboard."""
        numbers: Counter[SkipReason] = Counter()
        for group, part in self._parts():
            numbers[group.reason] += part.stop - part.start
        total, hosts = sum(numbers.values()), self._hosts()
        selected = self.list.rows.any_selected
        every = f"All {count(total, 'picture')}" if total > 1 else count(total, "picture")
        self._scope.configure(text=f"{count(total, 'picture')} selected{self._hint(total)}" if selected else every)
        dead = sum(group.refreshable(part) for group, part in self._parts())
        links = f"Refresh {count(dead, 'link')} …" if dead else "Refresh links …"
        self.refresh_button.configure(text=links, state="normal" if dead else "disabled")
        help_is_possible = any(numbers[reason] for reason in MEDIA_MAY_HELP)
        self.media_button.configure(state="normal" if help_is_possible else "disabled")
        allow = f"Allow {count(len(hosts), 'host')} …" if len(hosts) > 1 else "Allow host …"
        self.allow_button.configure(text=allow, state="normal" if hosts else "disabled")
        self.csv_button.configure(state="normal" if total else "disabled")
        self._explain()

    def _hint(self, chosen: int) -> str:
        """What can be done with the one picture that is selected."""
        group, place = self.list.at_cursor or (0, None)
        known = chosen == 1 and place is not None and self._groups[group].pictures[place].record.message_link
        return " · Enter opens its message" if known else ""

    def _explain(self) -> None:
        at = self.list.at_cursor
        if at is None:
            about, way_out = "Nothing was left out.", ""
        else:
            group, way_out = self._groups[at[0]], WAY_OUT[self._groups[at[0]].reason]
            about = heading(group.reason)
            if at[1] is not None:
                failure, shown = group.pictures[at[1]], self._theme.shown
                about = f"{about}: {shown(failure.record.file_name)[:80]}"
                width = max(1, self.window.winfo_width() - 2 * self._theme.px(20))
                detail = self._theme.elided(shown(failure.detail), "RasSmall", round(1.9 * width))
                place = shown(failure.record.local_path or failure.record.url)
                way_out = "\n".join([detail, self._theme.elided(place, "RasSmall", width)])
        self._about.configure(text=about)
        self._way_out.configure(text=way_out)

    def _hosts(self) -> list[str]:
        """That could be allowed, the one with most pictures first."""
        blocked = [group.hosts[part] for group, part in self._parts() if group.reason is SkipReason.BLOCKED]
        counted = Counter(host for hosts in blocked for host in hosts if host)
        return sorted(counted, key=lambda host: (-counted[host], host))

    # -- what is asked for -----------------------------------------------------------------------------------------

    def _keys(self, *reasons: SkipReason) -> frozenset[str]:
        return frozenset(
            failure.record.key
            for group, part in self._parts()
            for failure in (group.pictures[part] if not reasons or group.reason in reasons else ())
        )

    def _try_again(self) -> None:
        if self._remedies is not None:
            self._remedies.try_again(self._keys())

    def _refresh(self) -> None:
        if self._remedies is not None:
            self._remedies.refresh(self._keys(SkipReason.EXPIRED, SkipReason.GONE))

    def _choose_media(self) -> None:
        if self._remedies is not None:
            self._remedies.choose_media(self._keys(*MEDIA_MAY_HELP))

    def _open_row(self, group: int, place: int) -> None:
        self._opened(self._groups[group].pictures[place].record)

    def _ask_hosts(self) -> None:
        remedies, hosts, keys = self._remedies, self._hosts(), self._keys(SkipReason.BLOCKED)
        if remedies is not None and hosts:
            self.question.ask(hosts_question(hosts), lambda: remedies.allow(hosts, keys))

    def _escape(self) -> None:
        if self.question.text:
            self.question.dismiss()
        else:
            self.close()

    # -- room ------------------------------------------------------------------------------------------------------

    def _place(self, parent: tk.Tk) -> None:
        """Over the main window, and no larger than it."""
        px = self._theme.px
        width = min(px(1000), max(px(640), parent.winfo_width() - px(48)))
        height = min(px(620), max(px(440), parent.winfo_height() - px(40)))
        left = parent.winfo_rootx() + (parent.winfo_width() - width) // 2
        top = parent.winfo_rooty() + (parent.winfo_height() - height) // 3
        self.window.geometry(f"{width}x{height}+{max(0, left)}+{max(0, top)}")
        self.window.minsize(px(600), px(400))

    def _wrap(self) -> None:
        width = self.window.winfo_width() - 2 * self._theme.px(20)
        for label in (self._way_out, self._said):
            label.configure(wraplength=max(1, width))
        self.question.wrap(width)
        # Beside the buttons that are always there, or above them where there is no room.
        needed = sum(part.winfo_reqwidth() + self._theme.px(8) for part in self._row.winfo_children())
        side = "left" if needed <= width else "top"
        if self._actions.pack_info()["side"] != side:
            first = self._row.pack_slaves()[0] if side == "top" else None
            self._actions.pack_forget()
            if first is None:
                self._actions.pack(side="left")
            else:
                self._actions.pack(side="top", anchor="w", pady=(0, self._theme.px(8)), before=first)
