"""Windows: a shortcut in the Start menu, and an entry under “Open with” for JSON files; all of the user's own.

The registry is written below HKEY_CURRENT_USER\\Software\\Classes alone. A program that is listed in a type's
OpenWithProgids is offered for it; which one opens it by default is the user's choice, and is never touched
(learn.microsoft.com, “Programmatic identifiers” and “Best practices for file associations”).
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple, Sequence

from ras.desktop.program import NAME, SUMMARY, ShortcutError
from ras.paths import ASSETS

PROG_ID = "ReverseArchiveSearch.json.1"
CLASSES = r"Software\Classes"
OFFERED = CLASSES + r"\.json\OpenWithProgids"
_SECONDS = 60.0
"""That PowerShell may take; the first time it starts slowly."""


class Value(NamedTuple):
    """A text in the registry; ``name`` is empty for a key's own."""

    key: str
    name: str
    text: str


def shortcut_path() -> Path:
    base = os.environ.get("APPDATA")
    roaming = Path(base) if base else Path.home() / "AppData" / "Roaming"
    return roaming / "Microsoft" / "Windows" / "Start Menu" / "Programs" / f"{NAME}.lnk"


def shortcut_script(link: str, command: Sequence[str], icon: str) -> str:
    """What PowerShell has to do to make the shortcut ``link``."""
    values = {
        "TargetPath": command[0],
        "Arguments": subprocess.list2cmdline(command[1:]),
        "WorkingDirectory": _folder_of(command[-1]),
        "IconLocation": f"{icon},0",
        "Description": SUMMARY,
    }
    return "\n".join(
        (
            "$ErrorActionPreference = 'Stop'",
            f"$link = (New-Object -ComObject WScript.Shell).CreateShortcut({_text(link)})",
            *(f"$link.{name} = {_text(value)}" for name, value in values.items()),
            "$link.Save()",
        )
    )


def powershell_arguments(script: str) -> list[str]:
    """The arguments that run the script, which goes encoded: no shell reads its quotes."""
    encoded = base64.b64encode(script.encode("utf-16-le")).decode("ascii")
    return ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-EncodedCommand", encoded]


def registry_values(command: Sequence[str], icon: str) -> list[Value]:
    """What is written below HKEY_CURRENT_USER so that “Open with” offers RAS for JSON files."""
    prog_id = rf"{CLASSES}\{PROG_ID}"
    return [
        Value(prog_id, "", "Discord archive"),
        Value(prog_id + r"\DefaultIcon", "", f"{icon},0"),
        Value(prog_id + r"\shell\open", "FriendlyAppName", NAME),
        Value(prog_id + r"\shell\open\command", "", f'{subprocess.list2cmdline(command)} "%1"'),
        Value(OFFERED, PROG_ID, ""),
    ]


def registry_keys_of_ours() -> list[str]:
    """The keys that are removed, each after those below it."""
    prog_id = rf"{CLASSES}\{PROG_ID}"
    return [prog_id + below for below in (r"\shell\open\command", r"\shell\open", r"\shell", r"\DefaultIcon", "")]


def install(command: Sequence[str], open_json: bool) -> list[Path]:
    link, icon = shortcut_path(), str(ASSETS / "icon.ico")
    link.parent.mkdir(parents=True, exist_ok=True)
    _run_powershell(shortcut_script(str(link), command, icon))
    _unregister()
    if open_json:
        _register(registry_values(command, icon))
    return [link]


def remove() -> list[Path]:
    _unregister()
    link = shortcut_path()
    if not link.exists():
        return []
    link.unlink()
    return [link]


def _folder_of(path: str) -> str:
    return path.replace("/", "\\").rpartition("\\")[0]


def _text(value: str) -> str:
    """A text of PowerShell that stands for itself. Four signs end one, each doubled stands for itself."""
    for quote in "'‘’‚‛":
        value = value.replace(quote, quote * 2)
    return f"'{value}'"


def _run_powershell(script: str) -> None:
    system = Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "WindowsPowerShell" / "v1.0"
    program = shutil.which("powershell") or str(system / "powershell.exe")
    try:
        done = subprocess.run(
            [program, *powershell_arguments(script)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as exc:
        raise ShortcutError(f"The shortcut was not made, because PowerShell could not be used: {exc}.") from exc
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()[:300] or f"it ended with code {done.returncode}"
        raise ShortcutError(f"The shortcut was not made. PowerShell says: {said}")


def _register(values: Sequence[Value]) -> None:
    if sys.platform == "win32":
        import winreg

        for value in values:
            with winreg.CreateKey(winreg.HKEY_CURRENT_USER, value.key) as key:
                winreg.SetValueEx(key, value.name, 0, winreg.REG_SZ, value.text)
        _tell_the_shell()


def _unregister() -> None:
    """Remove what ``_register`` wrote, and keys of the type that are empty then; all of it may be gone already."""
    if sys.platform == "win32":
        import winreg

        user: Any = winreg.HKEY_CURRENT_USER
        try:
            with winreg.OpenKey(user, OFFERED, 0, winreg.KEY_SET_VALUE) as key:
                winreg.DeleteValue(key, PROG_ID)
        except FileNotFoundError:
            pass
        for name in registry_keys_of_ours():
            try:
                winreg.DeleteKey(user, name)
            except FileNotFoundError:
                continue
        for name in (OFFERED, CLASSES + r"\.json"):
            try:
                with winreg.OpenKey(user, name) as key:
                    empty = not any(winreg.QueryInfoKey(key)[:2])
                if empty:
                    winreg.DeleteKey(user, name)
            except FileNotFoundError:
                continue
        _tell_the_shell()


def _tell_the_shell() -> None:
    """Explorer reads anew what opens which files (SHCNE_ASSOCCHANGED)."""
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.shell32.SHChangeNotify(0x08000000, 0, None, None)
