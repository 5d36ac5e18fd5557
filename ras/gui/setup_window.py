"""The window of the first start: what is prepared, and how far it is. Plain tkinter: nothing is installed yet."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tkinter as tk
import webbrowser
from tkinter import font as tkfont
from tkinter import messagebox, ttk
from typing import Callable

from ras.gui.screen import claim_true_pixels, screen_scale
from ras.launch.events import Outcome, Plan, Preparation, Step
from ras.launch.place import Place
from ras.launch.state import DONE, FAILED, LEFT_OUT
from ras.launch.terminal import describe, megabytes
from ras.worker import Cancelled, Failed, Finished, Ticket, Worker

TITLE = "Reverse Archive Search – first start"

GROUND, PANEL, LINE, TEXT, MUTED, ACCENT, GOOD, BAD = (
    *("#f2f3f5", "#ffffff", "#e3e5e9", "#1e1f22", "#5a5d66", "#4f5bdf", "#22863a", "#b3261e"),
)

PENDING, RUNNING = "pending", "running"


def has_display() -> bool:
    """Whether a window can be opened here."""
    try:
        root = tk.Tk()
    except tk.TclError:
        return False
    root.destroy()
    return True


def show_message(text: str, error: bool = False) -> None:
    """One sentence in a message box."""
    claim_true_pixels()
    root = tk.Tk()
    root.withdraw()
    (messagebox.showerror if error else messagebox.showinfo)("Reverse Archive Search", text, parent=root)
    root.destroy()


def run(prepare: Callable[[], Preparation], leave_out: Callable[[], bool], place: Place) -> bool:
    """Show the window until the set-up is through or the user leaves; whether the program is to start."""
    claim_true_pixels()
    window = SetupWindow(prepare, leave_out, place)
    window.root.mainloop()
    return window.start


class SetupWindow:
    """``start`` tells, once the window is closed, whether the program is to start."""

    def __init__(self, prepare: Callable[[], Preparation], leave_out: Callable[[], bool], place: Place) -> None:
        self._prepare, self._leave_out, self._place = prepare, leave_out, place
        self.start = False
        self.root = root = tk.Tk(className="Ras")
        root.title(TITLE)
        root.configure(background=GROUND)
        root.resizable(False, False)
        self._scale = screen_scale(root)
        self._rows: dict[str, _Row] = {}
        self._marks: _Marks | None = None
        self._worker = Worker("set-up")
        self._leaving = self._closed = False
        self._overall = 0.0
        self._style()
        self._build()
        root.protocol("WM_DELETE_WINDOW", self._cancel)
        root.bind("<Escape>", lambda _event: self._cancel())
        self._try()
        self._poll()

    def _px(self, size: float) -> int:
        return round(size * self._scale)

    def _style(self) -> None:
        base = tkfont.Font(self.root, name="TkDefaultFont", exists=True).actual()
        family, size = str(base["family"]), abs(int(base["size"])) or 10
        self._fonts = {
            "title": tkfont.Font(self.root, family=family, size=size + 6, weight="bold"),
            "body": tkfont.Font(self.root, family=family, size=size),
            "strong": tkfont.Font(self.root, family=family, size=size, weight="bold"),
            "small": tkfont.Font(self.root, family=family, size=size - 1),
        }
        style = ttk.Style(self.root)
        style.theme_use("clam")
        style.configure(".", background=GROUND, foreground=TEXT, font=self._fonts["body"])
        style.configure("Title.TLabel", font=self._fonts["title"])
        style.configure("Muted.TLabel", foreground=MUTED)
        style.configure("Error.TLabel", foreground=BAD)
        padding = (self._px(16), self._px(7))
        for name, colour, hover, text in (
            ("TButton", "#e1e3e8", "#d3d6dd", TEXT),
            ("Accent.TButton", ACCENT, "#3f4ac4", "#ffffff"),
        ):
            style.configure(name, background=colour, foreground=text, relief="flat", padding=padding)
            style.configure(name, borderwidth=0, focusthickness=1, focuscolor=MUTED)
            style.map(
                name,
                background=[("disabled", GROUND), ("active", hover)],
                foreground=[("disabled", "#a0a3ab")],
                relief=[("pressed", "flat")],
            )

    def _build(self) -> None:
        px, width = self._px, self._px(500)
        body = ttk.Frame(self.root, padding=(px(28), px(24), px(28), px(22)))
        body.grid()
        ttk.Label(body, text="Preparing Reverse Archive Search", style="Title.TLabel").grid(sticky="w")
        self._subtitle = ttk.Label(body, style="Muted.TLabel", wraplength=width, text="Looking at this machine …")
        self._subtitle.grid(sticky="w", pady=(px(6), px(16)))
        self._panel = tk.Frame(body, background=PANEL, highlightthickness=1, highlightbackground=LINE, pady=px(8))
        self._panel.grid(sticky="ew")
        self._panel.columnconfigure(0, weight=1)
        body.columnconfigure(0, minsize=width)
        trough = tk.Frame(body, background="#dfe1e6", height=px(6))
        trough.grid(sticky="ew", pady=(px(20), px(10)))
        self._bar = tk.Frame(trough, background=ACCENT)
        self._status = ttk.Label(body, text="", wraplength=width, style="Muted.TLabel")
        self._status.grid(sticky="w")
        buttons = ttk.Frame(body)
        buttons.grid(sticky="ew", pady=(px(18), 0))
        buttons.columnconfigure(1, weight=1)
        self._log_button = ttk.Button(buttons, text="Show log", command=self._show_log)
        self._log_button.grid(row=0, column=0)
        self._without = ttk.Button(buttons, text="Start without CLIP", command=self._start_without, state="disabled")
        self._without.grid(row=0, column=2, padx=(0, px(10)))
        self._main = ttk.Button(buttons, text="Cancel", command=self._cancel)
        self._main.grid(row=0, column=3)
        self._main.focus_set()

    def _try(self) -> None:
        self._leaving = self._failed = self._finished = False
        self._overall = 0.0
        self._status.configure(style="Muted.TLabel", text="")
        self._main.configure(text="Cancel", style="TButton", command=self._cancel)
        self._ticket: Ticket = self._worker.submit(self._prepare)

    def _poll(self) -> None:
        for message in self._worker.drain():
            if message.ticket is self._ticket:
                self._take(message.event)
        if self._closed:
            return
        for row in self._rows.values():
            row.turn()
        self.root.after(60, self._poll)

    def _take(self, event: object) -> None:
        if isinstance(event, Plan):
            self._show_plan(event)
        elif isinstance(event, Step):
            self._show_step(event)
        elif isinstance(event, Outcome):
            needless = event.stage == "torchvision" and event.status != DONE
            self._rows[event.stage].show(LEFT_OUT if needless else event.status)
            if event.detail and not needless:
                self._rows[event.stage].say(event.detail, self._px(400))
            if event.stage == "core":
                self._without.configure(state="normal")
        elif isinstance(event, Finished):
            self._finish()
        elif isinstance(event, Cancelled):
            self._leave(start=self.start)
        elif isinstance(event, Failed):
            self._fail(event.error)

    def _show_plan(self, plan: Plan) -> None:
        what = "Once only" if plan.fresh else "Some packages are brought up to date"
        note = f" {self._place.note}" if self._place.note else ""
        self._subtitle.configure(
            text=f"{what}: about {megabytes(plan.download)} to download, {megabytes(plan.disk)} on disk. "
            f"Later starts need no network.{note}"
        )
        for row in self._rows.values():
            row.forget()
        self._rows = {}
        marks = self._marks = self._marks or _Marks(self.root, self._px(18))
        for stage in plan.stages:
            size = "" if stage.name in plan.settled else f"{megabytes(stage.download)}"
            self._rows[stage.name] = _Row(self._panel, stage.title, size, self._fonts, marks, self._px)
            self._rows[stage.name].show(DONE if stage.name in plan.settled else PENDING)
        self._without.configure(state="normal" if "core" in plan.settled else "disabled")

    def _show_step(self, step: Step) -> None:
        if self._leaving:
            return
        self._rows[step.stage].show(RUNNING)
        self._overall = max(self._overall, step.overall)
        self._bar.place(relwidth=self._overall, relheight=1)
        self._status.configure(text=f"{describe(step)} …" if step.done is None else describe(step))

    def _finish(self) -> None:
        lacking = [row.title for row in self._rows.values() if row.status == FAILED]
        if not lacking:
            self._leave(start=True)
            return
        self._finished = True
        self._bar.place(relwidth=1, relheight=1)
        self._status.configure(
            text=f"RAS works without {' and '.join(lacking)}. To try again later: python run_app.py setup"
        )
        self._without.configure(state="disabled")
        self._main.configure(text="Start", style="Accent.TButton", command=lambda: self._leave(start=True))

    def _fail(self, error: BaseException) -> None:
        self._failed = True
        for row in self._rows.values():
            if row.status == RUNNING:
                row.show(FAILED)
        self._status.configure(style="Error.TLabel", text=str(error))
        self._main.configure(text="Try again", style="Accent.TButton", command=self._try)

    def _cancel(self) -> None:
        if self._leaving:
            return
        if self._failed or self._finished:
            self._leave(start=False)
            return
        self._leaving = True
        self._status.configure(text="Stopping. Start again any time; it goes on from here.")
        self._main.configure(state="disabled")
        self._without.configure(state="disabled")
        self._ticket.cancel()

    def _start_without(self) -> None:
        self.start = True
        if self._failed:
            self._leave(start=True)
        self._cancel()

    def _leave(self, start: bool) -> None:
        """``start`` before the work was through: what is not done is left out."""
        self.start = start
        self._worker.close()
        if start and (self._leaving or self._failed):
            self.start = self._leave_out()
        self._closed = self._leaving = True
        self.root.destroy()

    def _show_log(self) -> None:
        path = os.path.realpath(self._place.log)
        if sys.platform == "win32":
            os.startfile(path)
        elif sys.platform == "darwin":
            subprocess.Popen(["open", path])
        else:
            webbrowser.open(f"file://{path}")


class _Row:
    """One stage: a mark, its title, its size."""

    def __init__(
        self,
        panel: tk.Frame,
        title: str,
        size: str,
        fonts: dict[str, tkfont.Font],
        marks: _Marks,
        px: Callable[[float], int],
    ) -> None:
        self.status, self.title = "", title
        self._fonts, self._marks, self._turns = fonts, marks, 0
        self._frame = tk.Frame(panel, background=PANEL)
        self._frame.grid(sticky="ew", padx=px(16), pady=px(6))
        self._frame.columnconfigure(1, weight=1)
        self._mark = tk.Label(self._frame, background=PANEL, borderwidth=0)
        self._mark.grid(row=0, column=0, padx=(0, px(10)))
        self._title = tk.Label(self._frame, text=title, background=PANEL, foreground=TEXT, font=fonts["body"])
        self._title.grid(row=0, column=1, sticky="w")
        self._size = tk.Label(self._frame, text=size, background=PANEL, foreground=MUTED, font=fonts["small"])
        self._size.grid(row=0, column=2, sticky="e")

    def forget(self) -> None:
        self._frame.destroy()

    def say(self, text: str, width: int) -> None:
        label = tk.Label(self._frame, text=text, background=PANEL, foreground=MUTED, font=self._fonts["small"])
        label.configure(wraplength=width, justify="left")
        label.grid(row=1, column=1, columnspan=2, sticky="w")

    def show(self, status: str) -> None:
        if status == self.status:
            return
        self.status = status
        self._title.configure(
            font=self._fonts["strong" if status == RUNNING else "body"], foreground=MUTED if status == PENDING else TEXT
        )
        if status in (DONE, FAILED, LEFT_OUT):
            self._size.configure(text={DONE: "ready", FAILED: "not available", LEFT_OUT: "left out"}[status])
        self._mark.configure(image=self._marks.turning[0] if status == RUNNING else self._marks.still[status])

    def turn(self) -> None:
        """Move the mark of a stage that is being worked on."""
        if self.status == RUNNING:
            self._turns += 1
            self._mark.configure(image=self._marks.turning[self._turns % len(self._marks.turning)])


class _Marks:
    """The marks of the stages, smooth at every scale: a canvas draws jagged circles on X11 and Windows."""

    def __init__(self, root: tk.Tk, side: int) -> None:
        self._root, self._side = root, side
        tick = ((0.27, 0.52), (0.44, 0.68), (0.74, 0.34))
        dash = ((0.3, 0.5), (0.7, 0.5))
        self.still = {
            PENDING: self._image(lambda x, y: "#c4c8d0" if _on_ring(x, y) else None),
            DONE: self._image(lambda x, y: _on_disc(x, y, GOOD, tick)),
            FAILED: self._image(lambda x, y: _on_disc(x, y, BAD, dash)),
            LEFT_OUT: self._image(lambda x, y: _on_disc(x, y, "#8b8f99", dash)),
        }
        self.turning = [self._turned(step * math.tau / 16) for step in range(16)]

    def _turned(self, start: float) -> tk.PhotoImage:
        def colour(x: float, y: float) -> str | None:
            if not _on_ring(x, y):
                return None
            return ACCENT if (math.atan2(y - 0.5, x - 0.5) - start) % math.tau < math.tau * 0.3 else "#dfe1f8"

        return self._image(colour)

    def _image(self, colour: Callable[[float, float], str | None]) -> tk.PhotoImage:
        """``colour`` says what is at a point of the unit square; each pixel is the mean of 4 × 4 points."""
        side, fine = self._side, 4
        image = tk.PhotoImage(master=self._root, width=side, height=side)
        rows = []
        for row in range(side):
            pixels = []
            for column in range(side):
                points = [
                    _rgb(colour((column + (i + 0.5) / fine) / side, (row + (j + 0.5) / fine) / side) or PANEL)
                    for i in range(fine)
                    for j in range(fine)
                ]
                pixels.append("#" + "".join(f"{round(sum(channel) / len(points)):02x}" for channel in zip(*points)))
            rows.append("{" + " ".join(pixels) + "}")
        image.put(" ".join(rows))
        return image


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


def _on_ring(x: float, y: float) -> bool:
    return 0.39 < math.hypot(x - 0.5, y - 0.5) < 0.49


def _on_disc(x: float, y: float, colour: str, line: tuple[tuple[float, float], ...]) -> str | None:
    if any(_distance(x, y, *start, *end) < 0.055 for start, end in zip(line, line[1:])):
        return "#ffffff"
    return colour if math.hypot(x - 0.5, y - 0.5) < 0.49 else None


def _distance(x: float, y: float, x0: float, y0: float, x1: float, y1: float) -> float:
    """From a point to a stretch."""
    along = ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / ((x1 - x0) ** 2 + (y1 - y0) ** 2)
    along = min(1.0, max(0.0, along))
    return math.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0))
