"""The window in which a result is looked at closely, beside the query or under it."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import TYPE_CHECKING, Callable

from PIL import Image

from ras.gui import dialogs, shapes
from ras.gui.accessible import PICTURE, describe, name_icon
from ras.gui.pane import Pane
from ras.gui.tooltip import Tooltip

if TYPE_CHECKING:
    from ras.gui.comparing import Comparing
    from ras.gui.theme import Theme


class CompareWindow(tk.Toplevel):
    """Widgets alone: ``Comparing`` says what is shown, and hears what is to be done."""

    def __init__(self, parent: tk.Tk, theme: Theme, does: Comparing) -> None:
        px = theme.px
        super().__init__(parent, background=theme.palette.ground)
        self.withdraw()
        self._theme, self._does = theme, does
        self._captions_said = ("", "")
        self._is_mac = self.tk.call("tk", "windowingsystem") == "aqua"
        frame = ttk.Frame(self, padding=(px(16), px(12), px(16), px(14)))
        frame.pack(fill="both", expand=True)
        frame.columnconfigure((0, 1), weight=1, uniform="pane")
        frame.rowconfigure(2, weight=1)
        self._frame = frame
        head = ttk.Frame(frame)
        head.grid(row=0, column=0, columnspan=2, sticky="ew")
        self.counter = ttk.Label(head, style="Muted.TLabel")
        self.counter.pack(side="right", anchor="s")
        self.heading = ttk.Label(head, style="Title.TLabel")
        self.heading.pack(side="left")
        self.captions = (ttk.Label(frame, style="Muted.TLabel"), ttk.Label(frame, style="Muted.TLabel"))
        self.query_pane, self.pane = (
            Pane(frame, theme, dragged=does.dragged, magnified=does.turned, resized=does.draw) for _ in range(2)
        )
        for pane, name in ((self.query_pane, "The query"), (self.pane, "The picture of the result")):
            describe(pane, name, role=PICTURE, help="Plus and minus change its size, Left and Right the result.")
        self.mode = tk.StringVar(self, "side")
        self.blend = tk.DoubleVar(self, 0.5)
        self._blending = self._make_blending(frame)
        self._make_row(frame)
        self._bind_keys()
        frame.bind("<Configure>", lambda _event: self._fit_captions())
        self.bind("<<ThemeChanged>>", self._recolour, add=True)
        dialogs.place_over(self, parent, theme, (4000, 3000), (640, 420))
        self.deiconify()
        self.pane.focus_set()

    def lay_out(self, *, over: bool, alone: bool) -> None:
        """Two panes, or one: the query ``over`` the picture, or the picture ``alone``."""
        one, gap = over or alone, self._theme.px(6)
        left, right = self.captions
        if one:
            self.query_pane.grid_remove()
            left.grid_remove()
        else:
            left.grid(row=1, column=0, sticky="w", pady=(self._theme.px(2), gap))
            self.query_pane.grid(row=2, column=0, sticky="nsew", padx=(0, gap))
        right.grid(
            row=1,
            column=0 if one else 1,
            sticky="w",
            padx=(0 if one else gap, 0),
            pady=(self._theme.px(2), gap),
        )
        self.pane.grid(
            row=2, column=0 if one else 1, columnspan=2 if one else 1, sticky="nsew", padx=(0 if one else gap, 0)
        )
        if over:
            self._blending.grid(row=1, column=1, sticky="e", pady=(self._theme.px(2), gap))
        else:
            self._blending.grid_remove()
        self.over_button.configure(state="disabled" if alone else "normal")

    def say(self, title: str, place: str, query: str, picture: str) -> None:
        self.heading.configure(text=title)
        self.counter.configure(text=place)
        self._captions_said = (query, picture)
        self._fit_captions()

    def _fit_captions(self) -> None:
        theme = self._theme
        half = (self._frame.winfo_width() - 2 * theme.px(16)) // 2 - theme.px(10)
        for label, text in zip(self.captions, self._captions_said):
            label.configure(text=theme.elided(text, "RasSmall", max(theme.px(100), half)))

    def _make_blending(self, frame: ttk.Frame) -> ttk.Frame:
        row = ttk.Frame(frame)
        ttk.Label(row, text="Picture", style="Muted.TLabel").pack(side="left")
        self.slider = ttk.Scale(
            row,
            variable=self.blend,
            length=self._theme.px(150),
            style="Blend.Horizontal.TScale",
            command=lambda _value: self._does.draw(),
        )
        self.slider.pack(side="left", padx=self._theme.px(8))
        Tooltip(self.slider, self._theme, lambda: "How much of the query is seen; B switches between the two")
        ttk.Label(row, text="Query", style="Muted.TLabel").pack(side="left")
        return row

    def _make_row(self, frame: ttk.Frame) -> None:
        px, does = self._theme.px, self._does
        row = ttk.Frame(frame)
        row.grid(row=3, column=0, columnspan=2, sticky="ew", pady=(px(12), 0))

        def button(text: str, command: Callable[[], None], tip: str, gap: int = 0, **look: object) -> ttk.Button:
            made = ttk.Button(row, text=text, command=command, **look)  # type: ignore[arg-type]
            made.pack(side="left", padx=(px(gap), 0))
            Tooltip(made, self._theme, lambda: tip)
            return made

        self.previous = button("", lambda: does.step(-1), "The result before (Left)")
        self.next = button("", lambda: does.step(1), "The next result (Right)", 4)
        name_icon(self.previous, "The result before")
        name_icon(self.next, "The next result")
        for value, text, tip in (
            ("side", "Side by side", "The query beside the picture (S)"),
            ("over", "Overlaid", "The query over the picture (O)"),
        ):
            choice = ttk.Radiobutton(
                row, text=text, value=value, variable=self.mode, style="Page.TRadiobutton", command=does.lay_out
            )
            choice.pack(side="left", padx=(px(10 if value == "side" else 2), 0))
            Tooltip(choice, self._theme, lambda tip=tip: tip)  # type: ignore[misc]
            self.over_button = choice
        ttk.Button(row, text="Close", style="Accent.TButton", command=self.destroy).pack(side="right")
        self.whole = button("Fit", does.fit, "The whole picture (0)", 10)
        self.true_size = button("100 %", does.true_size, "One pixel of the screen for each of the picture (1)", 4)
        self.smaller = button("−", lambda: does.magnify(1 / 1.5), "Smaller (−, or the wheel)", 4)
        self.larger = button("+", lambda: does.magnify(1.5), "Larger (+, or the wheel)", 4)
        self.scale = ttk.Label(row, style="Muted.TLabel", width=7)
        self.scale.pack(side="left", padx=(px(8), 0))
        self._recolour()

    def _bind_keys(self) -> None:
        does = self._does
        keys: dict[str, Callable[[], None]] = {
            "<Left>": lambda: does.step(-1),
            "<Right>": lambda: does.step(1),
            "<Prior>": lambda: does.step(-1),
            "<Next>": lambda: does.step(1),
            "<plus>": lambda: does.magnify(1.5),
            "<equal>": lambda: does.magnify(1.5),  # plus without Shift
            "<KP_Add>": lambda: does.magnify(1.5),
            "<minus>": lambda: does.magnify(1 / 1.5),
            "<KP_Subtract>": lambda: does.magnify(1 / 1.5),
            "<Key-0>": does.fit,
            "<Key-1>": does.true_size,
            "<s>": lambda: does.choose("side"),
            "<o>": lambda: does.choose("over"),
            "<b>": does.switch,
        }
        for key, command in keys.items():
            for each in {key, key.upper()} if len(key) == 3 else {key}:
                self.bind(each, lambda event, command=command: self._press(event, command))  # type: ignore[misc]
        for sequence, run in does.keys_of_actions():
            self.bind(sequence, lambda _event, run=run: run())  # type: ignore[misc]
        self.bind("<Escape>", lambda _event: self.destroy())
        self.bind("<F4>", lambda _event: self.destroy())
        for pane in (self.query_pane, self.pane):
            for menu in ("<Button-3>", "<Shift-F10>", "<Control-Button-1>" if self._is_mac else "<Menu>"):
                pane.bind(menu, does.pop_up)
            pane.bind("<space>", lambda _event: does.space())
            pane.bind("<Double-Button-1>", lambda _event: does.double_click())

    def _press(self, event: tk.Event[tk.Misc], command: Callable[[], None]) -> None:
        # The slider's own arrows move it; Ctrl+1 and the like are no commands of this window.
        held = int(event.state) & (0x4 | 0x8)
        if not held and not (event.widget is self.slider and event.keysym in ("Left", "Right")):
            command()

    def _recolour(self, _event: object = None) -> None:
        theme, colours = self._theme, self._theme.palette
        self.configure(background=colours.ground)
        side = theme.px(16)
        self.next.configure(image=theme.icon("right", 16, colours.text))
        back = theme.image(("left", side, colours.text), lambda: _mirrored(side, colours.text))
        self.previous.configure(image=back)


def _mirrored(side: int, colour: str) -> Image.Image:
    return shapes.icon("right", side, colour).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
