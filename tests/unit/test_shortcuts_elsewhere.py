"""Shortcuts of Windows, as the texts that it is given, and of macOS, whose bundle is a folder with a script."""

from __future__ import annotations

import base64
import plistlib
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ras.desktop import macos, windows
from ras.desktop.program import ShortcutError
from ras.paths import ASSETS

PLAIN = ["/usr/bin/python3", "/opt/ras/run_app.py"]


# -- Windows -----------------------------------------------------------------------------------------------------------

PYTHONW = r"C:\Program Files\Python\pythonw.exe"
ON_WINDOWS = [PYTHONW, r"D:\O'Brien’s “RAS” $x\run_app.py"]


def test_powershell_is_given_each_text_as_it_is() -> None:
    script = windows.shortcut_script(r"C:\Users\Zoë\RAS.lnk", ON_WINDOWS, r"D:\O'Brien’s “RAS” $x\assets\icon.ico")
    lines = script.splitlines()
    assert lines[1] == r"$link = (New-Object -ComObject WScript.Shell).CreateShortcut('C:\Users\Zoë\RAS.lnk')"
    assert rf"$link.TargetPath = '{PYTHONW}'" in lines
    assert r"""$link.Arguments = '"D:\O''Brien’’s “RAS” $x\run_app.py"'""" in lines
    assert r"$link.WorkingDirectory = 'D:\O''Brien’’s “RAS” $x'" in lines
    assert r"$link.IconLocation = 'D:\O''Brien’’s “RAS” $x\assets\icon.ico,0'" in lines
    assert lines[-1] == "$link.Save()"


def test_powershell_s_script_is_read_by_no_shell() -> None:
    *options, encoded = windows.powershell_arguments("$a = 'é'")
    assert options[-1] == "-EncodedCommand"
    assert base64.b64decode(encoded).decode("utf-16-le") == "$a = 'é'"


def test_the_registry_gets_an_offer_and_no_default() -> None:
    values = windows.registry_values(ON_WINDOWS, r"D:\icon.ico")
    command = next(value.text for value in values if value.key.endswith(r"\command"))
    assert command == rf'"{PYTHONW}" "{ON_WINDOWS[1]}" "%1"'
    assert all(value.key.startswith("Software\\Classes\\") for value in values)
    about_json = [value for value in values if r"\.json" in value.key]
    assert about_json == [(r"Software\Classes\.json\OpenWithProgids", windows.PROG_ID, "")]


def test_every_key_of_the_registry_is_removed_after_those_below_it() -> None:
    removed = windows.registry_keys_of_ours()
    written = {value.key for value in windows.registry_values(ON_WINDOWS, "icon.ico")} - {windows.OFFERED}
    needed = {key[: len(key) - len(rest)] for key in written for rest in ["", *_ends_of(key)]}
    needed = {key for key in needed if windows.PROG_ID in key}
    assert set(removed) == needed
    assert all(not later.startswith(key + "\\") for place, key in enumerate(removed) for later in removed[place:])


def _ends_of(key: str) -> list[str]:
    parts = key.split("\\")
    return ["\\" + "\\".join(parts[place:]) for place in range(1, len(parts))]


# -- macOS -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    return tmp_path


@pytest.mark.skipif(sys.platform == "win32", reason="runs a script of sh")
def test_the_bundle_starts_the_program_with_its_files(home: Path) -> None:
    tell = home / 'it\'s a "program" $x.py'
    tell.write_text("import sys; print(sys.argv[1:])")
    [bundle] = macos.install([sys.executable, str(tell)], open_json=False)
    assert bundle == home / "Applications" / "Reverse Archive Search.app"
    with (bundle / "Contents" / "Info.plist").open("rb") as file:
        info = plistlib.load(file)
    started = bundle / "Contents" / "MacOS" / info["CFBundleExecutable"]
    done = subprocess.run([str(started), "-psn_0_1", "a b.json"], capture_output=True, text=True, check=True)
    assert done.stdout == "['a b.json']\n"
    assert (bundle / "Contents" / "Resources" / "icon.icns").read_bytes() == (ASSETS / "icon.icns").read_bytes()
    assert "CFBundleDocumentTypes" not in info
    assert shlex.quote(str(tell)) in started.read_text("utf-8")


def test_the_bundle_offers_json_by_choice_and_as_no_first_choice() -> None:
    [kind] = macos.bundle_info(open_json=True)["CFBundleDocumentTypes"]
    assert (kind["LSHandlerRank"], kind["LSItemContentTypes"]) == ("Alternate", ["public.json"])


def test_the_bundle_goes_again_and_only_ours(home: Path) -> None:
    macos.install(PLAIN, open_json=True)
    [removed] = macos.remove()
    assert not removed.exists()
    assert macos.remove() == []
    (removed / "Contents").mkdir(parents=True)
    (removed / "Contents" / "Info.plist").write_bytes(plistlib.dumps({"CFBundleIdentifier": "somebody.else"}))
    with pytest.raises(ShortcutError, match="another program"):
        macos.remove()
    with pytest.raises(ShortcutError, match="another program"):
        macos.install(PLAIN, open_json=False)
