"""Linux and its like: a desktop entry and icons, as the specifications of freedesktop.org want them.

Desktop Entry 1.1 (the key Exec, and the escapes of values), Icon Theme 0.13, Base Directory 0.8, MIME applications 1.0.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
from pathlib import Path
from typing import Sequence

from ras.desktop.program import ID, NAME, SUMMARY, ShortcutError
from ras.paths import ASSETS

log = logging.getLogger(__name__)

JSON = "application/json"
_RESERVED = frozenset(" \t\n\"'\\><~|&;$*?#()`")
_SECONDS = 10.0
"""That a program of the desktop may take."""


def data_home() -> Path:
    """Where a user's programs are registered; a relative path in the variable does not count."""
    named = os.environ.get("XDG_DATA_HOME", "")
    return Path(named) if os.path.isabs(named) else Path.home() / ".local" / "share"


def entry_path() -> Path:
    return data_home() / "applications" / f"{ID}.desktop"


def icon_paths() -> dict[Path, Path]:
    """The program's icons → where the theme that every desktop has looks for them."""
    theme = data_home() / "icons" / "hicolor"
    icons = sorted((ASSETS / "icons").glob("*.png"), key=lambda icon: int(icon.stem))
    return {icon: theme / f"{icon.stem}x{icon.stem}" / "apps" / f"{ID}.png" for icon in icons}


def desktop_entry(command: Sequence[str], open_json: bool) -> str:
    """The text of the .desktop file. Raises ShortcutError where a path cannot stand in one."""
    lines = [
        "[Desktop Entry]",
        "Type=Application",
        "Version=1.1",
        f"Name={NAME}",
        "GenericName=Picture search",
        f"Comment={SUMMARY}",
        f"Exec={exec_value(command)} %F",
        f"Icon={ID}",
        "Terminal=false",
        "Categories=Graphics;",
        "Keywords=Discord;picture;image;reverse;search;archive;",
        "StartupNotify=false",  # Tk does not tell when it is ready
        "StartupWMClass=Ras",
        *([f"MimeType={JSON};"] if open_json else []),
        "Actions=new-window;",
        "",
        "[Desktop Action new-window]",
        "Name=New window",
        f"Exec={exec_value(command)} --new-window",
    ]
    return "\n".join(lines) + "\n"


def exec_value(command: Sequence[str]) -> str:
    """The command as the value of Exec: quoted by its rules, then escaped as every value is."""
    for argument in command:
        if not argument.isprintable():
            raise ShortcutError(
                f"No shortcut can be made for {argument!r}: a desktop entry cannot name a path with a line break or "
                "with letters that are no Unicode. Move the folder and try again."
            )
    return " ".join(map(_quoted, command)).replace("\\", "\\\\")


def _quoted(argument: str) -> str:
    argument = argument.replace("%", "%%")  # else it is a field code
    if argument and not _RESERVED.intersection(argument):
        return argument
    for sign in '\\"`$':
        argument = argument.replace(sign, "\\" + sign)
    return f'"{argument}"'


def install(command: Sequence[str], open_json: bool) -> list[Path]:
    text = desktop_entry(command, open_json)
    before = json_opener() if open_json else ""
    made = []
    for source, target in icon_paths().items():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(source), str(target))
        made.append(target)
    entry = entry_path()
    entry.parent.mkdir(parents=True, exist_ok=True)
    unfinished = entry.with_name(f".{entry.name}.new")  # a desktop that watches the folder reads it whole or not at all
    unfinished.write_text(text, "utf-8")
    os.replace(str(unfinished), str(entry))
    _tell_the_desktop()
    # Where no program was ever preferred, some desktops prefer the one that the user has added: so the one that opened
    # such files until now is said to be the preferred one.
    if before not in ("", entry.name):
        _run("xdg-mime", "default", before, JSON)
    return [*made, entry]


def remove() -> list[Path]:
    removed = []
    for path in (entry_path(), *icon_paths().values()):
        try:
            path.unlink()
        except FileNotFoundError:
            continue
        removed.append(path)
        _remove_empty(path.parent)
    if removed:
        _tell_the_desktop()
    return removed


def _remove_empty(folder: Path) -> None:
    """Remove the folder and those that it is in, as far as nothing else is in them."""
    while folder != data_home() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def json_opener() -> str:
    """The desktop entry that opens JSON files by default; empty where there is none, or it cannot be asked for."""
    return _run("xdg-mime", "query", "default", JSON).strip()


def _tell_the_desktop() -> None:
    theme = data_home() / "icons" / "hicolor"
    if theme.is_dir():
        os.utime(str(theme))  # a desktop looks at the folder's date to learn whether its icons are new
    _run("update-desktop-database", "-q", str(entry_path().parent))


def _run(*command: str) -> str:
    """What a program of the desktop says; nothing where it is not there: a desktop reads the files by itself, later."""
    if shutil.which(command[0]) is None:
        return ""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError) as exc:
        log.warning("%s did not work: %s", command[0], exc)
        return ""
    return done.stdout
