"""The small window in which the bot token that refreshes dead links is kept, used and forgotten."""

from __future__ import annotations

import tkinter as tk
from dataclasses import dataclass
from tkinter import ttk
from typing import TYPE_CHECKING, Callable

from ras.bot_token import ENVIRONMENT, BotToken, check_keyring, find_token, forget_token
from ras.errors import RASError
from ras.gui import dialogs
from ras.records import Job
from ras.token_variable import VARIABLE

if TYPE_CHECKING:
    from ras.gui.pump import Pump
    from ras.gui.theme import Theme
    from ras.worker import Worker

_WHAT = (
    "Discord’s links live for about a day. With the token of a bot of yours RAS asks Discord for new ones, 50 at a "
    "time, and downloads the pictures by them."
)
_HOW = (
    "Make an application at discord.com/developers/applications and copy its token under “Bot”. Never use the token of "
    "your own account: Discord forbids that, and may close the account."
)
_WHERE = (
    "The token is kept in this computer’s keyring and sent to discord.com alone. If the environment variable "
    f"{VARIABLE} is set, it is used instead."
)


@dataclass(frozen=True)
class TokenState:
    source: str
    """Where the token comes from; empty without one."""
    trouble: str
    """Why none can be kept on this machine, or the one there is cannot be used; else empty."""


class TokenDialog:
    """``then`` is called, once, when the user goes on with a token; without it tokens are only kept and forgotten."""

    def __init__(
        self, parent: tk.Tk, theme: Theme, pump: Pump, worker: Worker, then: Callable[[], None] | None = None
    ) -> None:
        self._theme, self._pump, self._worker, self._then = theme, pump, worker, then
        self._state = TokenState("", "")
        self._busy = True
        self.window, frame, row = dialogs.dialog_with_row(parent, theme, "Refresh dead links")
        px = theme.px
        self.main_button = ttk.Button(row, command=self._go_on)
        self.main_button.pack(side="right", padx=(0, px(8)))
        self.forget_button = ttk.Button(row, text="Forget the token", command=self._forget)
        self.forget_button.pack(side="left")
        for text, style in ((_WHAT, "TLabel"), (_HOW, "TLabel"), (_WHERE, "Muted.TLabel")):
            label = ttk.Label(frame, text=text, style=style, justify="left", wraplength=px(500))
            label.pack(anchor="w", pady=(0, px(10)))
        ttk.Label(frame, text="Bot token", style="Strong.TLabel").pack(anchor="w", pady=(px(4), px(4)))
        self.field = tk.Entry(frame, show="•", borderwidth=0, font="RasBody", highlightthickness=px(2))
        self.field.pack(fill="x", ipady=px(5))
        self._said = ttk.Label(frame, style="Muted.TLabel", justify="left", wraplength=px(500))
        self._said.pack(anchor="w", pady=(px(8), 0))
        self.field.bind("<KeyRelease>", lambda _event: self._enable())
        self.field.bind("<Return>", lambda _event: self._go_on())
        self._recolour()
        self.window.bind("<<ThemeChanged>>", lambda _event: self._recolour(), add=True)
        self.say("Looking for a token …")
        self._enable()
        dialogs.centre(self.window, parent)
        self.field.focus_set()
        self._look()

    @property
    def said(self) -> str:
        """The sentence under the field."""
        return str(self._said.cget("text"))

    def say(self, text: str) -> None:
        self._said.configure(text=text)

    def _look(self) -> None:
        self._pump.start(self._worker, _look, done=self._found, failed=self._not_done)

    def _found(self, state: TokenState) -> None:
        if not self.window.winfo_exists():
            return
        self._busy, self._state = False, state
        self.say(state_text(state))
        self._enable()
        if state.source and self._then is not None:
            self.main_button.focus_set()

    def _go_on(self) -> None:
        """Keep what is in the field, if there is something; then do what the token is for."""
        text = self.field.get()
        if self._busy or not (text.strip() or (self._state.source and self._then is not None)):
            return
        if not text.strip():
            self._over()
            return
        try:
            token = BotToken(text)
        except RASError as exc:
            self.say(str(exc))
            return
        self._work("The token is being kept; the keyring may ask to be unlocked …")
        self._pump.start(self._worker, lambda: _keep(token), done=lambda _: self._kept(), failed=self._not_done)

    def _kept(self) -> None:
        if not self.window.winfo_exists():
            return
        self.field.delete(0, "end")
        if self._then is not None:
            self._over()
        else:
            self._look()

    def _over(self) -> None:
        then, self._then = self._then, None
        self.window.destroy()
        if then is not None:
            then()

    def _forget(self) -> None:
        self._work("The token is being removed …")
        self._pump.start(self._worker, _forget, done=self._found, failed=self._not_done)

    def _not_done(self, error: BaseException) -> None:
        if not isinstance(error, RASError):
            raise error
        if self.window.winfo_exists():
            self._busy = False
            self.say(str(error))
            self._enable()

    def _work(self, said: str) -> None:
        self._busy = True
        self.say(said)
        self._enable()

    def _enable(self) -> None:
        filled, from_outside = bool(self.field.get().strip()), self._state.source == ENVIRONMENT
        possible = not self._busy and not from_outside and not self._state.trouble
        self.field.configure(state="normal" if possible or self._busy else "disabled")
        use = not filled and bool(self._state.source) and self._then is not None
        label = "Refresh links" if use else "Save" if self._then is None else "Save and refresh"
        self.main_button.configure(
            text=label, state="normal" if (use and not self._busy) or (filled and possible) else "disabled"
        )
        forget = bool(self._state.source) and not from_outside and not self._busy
        self.forget_button.configure(state="normal" if forget else "disabled")

    def _recolour(self) -> None:
        colours = self._theme.palette
        self.field.configure(
            background=colours.panel,
            foreground=colours.text,
            insertbackground=colours.text,
            disabledbackground=colours.well,
            disabledforeground=colours.muted,
            selectbackground=colours.accent,
            selectforeground=colours.on_accent,
            highlightbackground=colours.line,
            highlightcolor=colours.link,
        )


def state_text(state: TokenState) -> str:
    if state.source == ENVIRONMENT:
        return f"The token in the environment variable {VARIABLE} is used."
    if state.source:
        return "A token is kept in this computer’s keyring."
    return state.trouble or "No token is kept yet."


def _look() -> Job[TokenState]:
    yield from ()
    try:
        token = find_token()
        if token is None:
            check_keyring()
    except RASError as exc:
        return TokenState("", str(exc))
    return TokenState("" if token is None else token.source, "")


def _keep(token: BotToken) -> Job[None]:
    yield from ()
    token.keep()


def _forget() -> Job[TokenState]:
    forget_token()
    return (yield from _look())
