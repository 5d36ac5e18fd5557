"""What the platform says of its screen: scale, dark or light, and whether Tk may draw emoji."""

from __future__ import annotations

import ctypes
import logging
import os
import sys
import tkinter as tk

log = logging.getLogger(__name__)

_COLOUR_GLYPHS = 20305
"""libXft 2.3.5 learnt colour fonts; with older ones a single emoji ends the program by an X error (BadLength)."""


def claim_true_pixels() -> None:
    """Before Tk starts: tell Windows that this program scales itself, so that it is not drawn small and blown up."""
    if sys.platform == "win32":
        try:
            ctypes.windll.shcore.SetProcessDpiAwareness(1)
        except (AttributeError, OSError) as exc:  # before Windows 8.1, or a manifest has said it already
            log.info("DPI awareness was not set: %s", exc)


def screen_scale(root: tk.Tk) -> float:
    """How much larger than on a 96-dpi screen things are to be drawn; sets Tk's own scaling to it where that is off."""
    system = root.tk.call("tk", "windowingsystem")
    if system == "aqua":
        return 1.0
    dots = _xft_dpi() if system == "x11" else None
    if dots is not None:
        root.tk.call("tk", "scaling", dots / 72)
    return max(1.0, min(4.0, float(root.winfo_fpixels("1i")) / 96))


def _xft_dpi() -> float | None:
    """The desktop's scale on X11 (the resource Xft.dpi), which Tk 8.6 does not look at."""
    try:
        x11 = ctypes.CDLL("libX11.so.6")  # find_library would start three programs to learn this name
    except OSError as exc:
        log.info("libX11 cannot be asked for the screen's scale: %s", exc)
        return None
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XGetDefault.restype = ctypes.c_char_p
    x11.XGetDefault.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
    x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    display = x11.XOpenDisplay(None)
    if not display:
        return None
    try:
        value = x11.XGetDefault(display, b"Xft", b"dpi")
        dots = float(value) if value else 0.0
    except ValueError:
        dots = 0.0
    finally:
        x11.XCloseDisplay(display)
    return dots if 48 <= dots <= 480 else None


def system_theme() -> str:
    """``dark`` or ``light``, as the desktop is set; dark where it does not say."""
    if sys.platform == "win32":
        import winreg

        path = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, path) as key:
                return "light" if winreg.QueryValueEx(key, "AppsUseLightTheme")[0] else "dark"
        except OSError:
            return "dark"
    if sys.platform == "darwin":
        return "dark" if "Dark" in _said_by("defaults", "read", "-g", "AppleInterfaceStyle") else "light"
    if not os.environ.get("XDG_CURRENT_DESKTOP"):
        return "dark"
    said = _said_by("gsettings", "get", "org.gnome.desktop.interface", "color-scheme")
    return "light" if "prefer-light" in said or "default" in said else "dark"


def _said_by(*command: str) -> str:
    import shutil
    import subprocess

    if shutil.which(command[0]) is None:
        return ""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=0.5, check=False).stdout
    except (OSError, subprocess.SubprocessError) as exc:
        log.info("%s did not answer: %s", command[0], exc)
        return ""


def draws_emoji(root: tk.Tk) -> bool:
    """Whether Tk survives an emoji here: always but on X11, where the libXft that Tk has loaded must be new enough."""
    if root.tk.call("tk", "windowingsystem") != "x11":
        return True
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
            paths = {line.split(None, 5)[5].strip() for line in maps if "libXft" in line}
    except OSError:
        return False
    if not paths:  # linked into Tk: its version cannot be asked
        return False
    return bool(ctypes.CDLL(paths.pop()).XftGetVersion() >= _COLOUR_GLYPHS)
