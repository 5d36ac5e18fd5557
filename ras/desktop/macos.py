"""macOS: a small application bundle in the user's Applications that starts RAS."""

from __future__ import annotations

import plistlib
import shlex
import shutil
from pathlib import Path
from typing import Any, Sequence

from ras import __version__
from ras.desktop.program import NAME, ShortcutError
from ras.paths import ASSETS

BUNDLE_ID = "io.github.reverse-archive-search.shortcut"
_PROGRAM = "RAS"


def bundle_path() -> Path:
    return Path.home() / "Applications" / f"{NAME}.app"


def bundle_info(open_json: bool) -> dict[str, Any]:
    """The bundle's Info.plist."""
    info: dict[str, Any] = {
        "CFBundleIdentifier": BUNDLE_ID,
        "CFBundleName": NAME,
        "CFBundleExecutable": _PROGRAM,
        "CFBundleIconFile": "icon",
        "CFBundlePackageType": "APPL",
        "CFBundleShortVersionString": __version__,
        "CFBundleVersion": __version__,
        "NSHighResolutionCapable": True,
    }
    if open_json:
        # Offered under “Open With”; what opens such files by default stays as it is.
        info["CFBundleDocumentTypes"] = [
            {
                "CFBundleTypeName": "Discord archive",
                "CFBundleTypeRole": "Viewer",
                "LSHandlerRank": "Alternate",
                "LSItemContentTypes": ["public.json"],
            }
        ]
    return info


def start_script(command: Sequence[str]) -> str:
    """What the bundle runs. The Finder of older systems puts a number of its own first (-psn_…)."""
    quoted = " ".join(map(shlex.quote, command))
    return f'#!/bin/sh\ncase "$1" in -psn_*) shift ;; esac\nexec {quoted} "$@"\n'


def install(command: Sequence[str], open_json: bool) -> list[Path]:
    bundle = bundle_path()
    remove()
    contents = bundle / "Contents"
    for folder in ("MacOS", "Resources"):
        (contents / folder).mkdir(parents=True)
    (contents / "Info.plist").write_bytes(plistlib.dumps(bundle_info(open_json)))
    program = contents / "MacOS" / _PROGRAM
    program.write_text(start_script(command), "utf-8")
    program.chmod(0o755)
    shutil.copyfile(str(ASSETS / "icon.icns"), str(contents / "Resources" / "icon.icns"))
    return [bundle]


def remove() -> list[Path]:
    bundle = bundle_path()
    if not bundle.exists():
        return []
    try:
        ours = plistlib.loads((bundle / "Contents" / "Info.plist").read_bytes()).get("CFBundleIdentifier") == BUNDLE_ID
    except (OSError, ValueError, plistlib.InvalidFileException):
        ours = False
    if not ours:
        raise ShortcutError(f"{bundle} is another program’s, or the built RAS itself; it was left as it is.")
    shutil.rmtree(str(bundle))
    return [bundle]
