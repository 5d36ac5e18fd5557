"""Shortcuts: how RAS is started, and on desktops of freedesktop.org that it is there, is right, and goes again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ras.desktop import freedesktop, program
from ras.desktop.program import ShortcutError, start_command
from ras.launch import main
from ras.paths import ASSETS, REPOSITORY
from tests.display import missing

PLAIN = ["/usr/bin/python3", "/opt/ras/run_app.py"]
ODD = ["/usr/bin/python3", '/home/me/My “odd” "folder" 100%f $HOME `id` it\'s \\ a;b&c #1 *?/run_app.py']

linux_only = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the desktops of freedesktop.org")


# -- how RAS is started ------------------------------------------------------------------------------------------------


def test_it_starts_this_repository_with_this_python() -> None:
    python, script = start_command()
    assert Path(script) == REPOSITORY / "run_app.py"
    assert os.path.isabs(python)
    assert os.access(python, os.X_OK)


def test_the_private_environment_s_python_is_not_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only run_app.py starts that one; it may be made anew, elsewhere or with another Python."""
    (tmp_path / "ras-environment.json").write_text("{}")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setattr(sys, "_base_executable", str(tmp_path / "bin" / "python"), raising=False)
    python = start_command()[0]
    assert not python.startswith(str(tmp_path))
    assert Path(python).exists()


def test_a_built_program_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert start_command() == [sys.executable]


def test_on_windows_a_built_program_starts_the_one_without_a_console(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "ras-cli.exe"))
    assert start_command() == [str(tmp_path / "ras-cli.exe")]
    (tmp_path / "RAS.exe").touch()
    assert start_command() == [str(tmp_path / "RAS.exe")]


# -- freedesktop.org ---------------------------------------------------------------------------------------------------


def as_a_desktop_reads(value: str) -> list[str]:
    """The arguments in a value of Exec, by the specification's own words and none of our code."""
    unescaped, place = "", 0
    while place < len(value):  # the escapes of every value of type string
        if value[place] == "\\":
            place += 1
            unescaped += {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}[value[place]]
        else:
            unescaped += value[place]
        place += 1
    arguments, place = [], 0
    while place < len(unescaped):
        argument = ""
        if unescaped[place] == '"':
            place += 1
            while unescaped[place] != '"':
                place += unescaped[place] == "\\"
                argument += unescaped[place]
                place += 1
            place += 1
        else:
            while place < len(unescaped) and unescaped[place] != " ":
                assert unescaped[place] not in "\t\n\"'\\><~|&;$*?#()`", "must be quoted"
                argument += unescaped[place]
                place += 1
        assert place == len(unescaped) or unescaped[place] == " "
        place += 1
        assert "%" not in argument.replace("%%", ""), "a field code"
        arguments.append(argument.replace("%%", "%"))
    return arguments


@given(st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f"), min_size=1)))
def test_any_path_arrives_as_it_is(command: list[str]) -> None:
    command = [each for each in command if each.isprintable()]
    assert as_a_desktop_reads(freedesktop.exec_value(command)) == command


@pytest.mark.parametrize("path", ["/home/two\nlines/run_app.py", "/home/\udcff/run_app.py", "/home/\t/run_app.py"])
def test_a_path_that_no_entry_can_name_is_refused(path: str) -> None:
    with pytest.raises(ShortcutError, match="Move the folder"):
        freedesktop.desktop_entry(["/usr/bin/python3", path], False)


def entry(command: list[str], open_json: bool = False) -> dict[str, dict[str, str]]:
    groups: dict[str, dict[str, str]] = {}
    group: dict[str, str] = {}
    for line in freedesktop.desktop_entry(command, open_json).splitlines():
        if line.startswith("["):
            group = groups.setdefault(line.strip("[]"), {})
        elif line:
            key, _, value = line.partition("=")
            group[key] = value
    return groups


def test_the_entry_opens_files_in_the_window_that_is_open_and_others_anew() -> None:
    groups = entry(ODD)
    command = groups["Desktop Entry"]["Exec"]
    assert command.endswith(" %F")
    assert as_a_desktop_reads(command[: -len(" %F")]) == ODD
    assert as_a_desktop_reads(groups["Desktop Action new-window"]["Exec"]) == [*ODD, "--new-window"]


def test_json_is_opened_by_choice_only() -> None:
    assert "MimeType" not in entry(PLAIN)["Desktop Entry"]
    assert entry(PLAIN, open_json=True)["Desktop Entry"]["MimeType"] == "application/json;"


@linux_only
@pytest.mark.parametrize("open_json", [False, True])
@pytest.mark.parametrize("command", [PLAIN, ODD])
def test_the_entry_is_valid(tmp_path: Path, command: list[str], open_json: bool) -> None:
    if shutil.which("desktop-file-validate") is None:
        missing("desktop-file-validate (package desktop-file-utils)")
    path = tmp_path / f"{program.ID}.desktop"
    path.write_text(freedesktop.desktop_entry(command, open_json), "utf-8")
    done = subprocess.run(["desktop-file-validate", str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a user without any programs; where the user's data goes, a path with a space."""
    for name, folder in {"XDG_DATA_HOME": "my data", "XDG_CONFIG_HOME": "config", "HOME": "home"}.items():
        (tmp_path / folder).mkdir()
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "system"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "none"))
    for name in ("XDG_CURRENT_DESKTOP", "DESKTOP_SESSION", "KDE_SESSION_VERSION", "GNOME_DESKTOP_SESSION_ID"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "my data"


def files(folder: Path) -> list[str]:
    found = (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if not name.endswith(".cache"))


@linux_only
def test_it_is_put_where_desktops_look_and_removed(desktop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["shortcut"]) == 0
    assert str(desktop / "applications" / "reverse-archive-search.desktop") in capsys.readouterr().out
    sizes = (128, 16, 24, 256, 32, 48, 512, 64)
    icons = [f"icons/hicolor/{size}x{size}/apps/reverse-archive-search.png" for size in sizes]
    assert files(desktop) == sorted(["applications/reverse-archive-search.desktop", *icons])
    for icon in icons:
        with Image.open(desktop / icon) as image:
            assert f"{image.width}x{image.height}" in icon
    assert "MimeType" not in (desktop / "applications" / "reverse-archive-search.desktop").read_text("utf-8")
    assert main(["shortcut", "--remove"]) == 0
    assert files(desktop) == []
    assert main(["shortcut", "--remove"]) == 0
    assert "There was no shortcut." in capsys.readouterr().out


@linux_only
def test_the_choice_can_be_changed(desktop: Path) -> None:
    path = desktop / "applications" / "reverse-archive-search.desktop"
    for arguments, offered in (([], False), (["--open-json"], True), ([], False)):
        assert main(["shortcut", *arguments]) == 0
        assert ("MimeType=application/json;" in path.read_text("utf-8")) == offered


@linux_only
def test_a_desktop_starts_it_from_any_folder(desktop: Path) -> None:
    """GLib, which GNOME and its kin start programs with, reads the entry and hands it a file."""
    if shutil.which("gio") is None:
        missing("gio (package libglib2.0-bin)")
    script = desktop / ODD[1].replace("/", "_") / "run_app.py"
    script.parent.mkdir()
    script.write_text("import sys, pathlib; pathlib.Path(__file__).with_name('told').write_text(repr(sys.argv))")
    freedesktop.install([sys.executable, str(script)], open_json=False)
    file = desktop / "an archive.json"
    file.write_text("{}")
    subprocess.run(["gio", "launch", str(freedesktop.entry_path()), str(file)], check=True, timeout=30)
    told = script.with_name("told")
    deadline = time.monotonic() + 20
    while not (told.exists() and told.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert told.read_text() == repr([str(script), str(file)])


@linux_only
def test_others_icons_and_programs_stay(desktop: Path) -> None:
    others = [desktop / "applications" / "a.desktop", desktop / "icons" / "hicolor" / "16x16" / "apps" / "a.png"]
    for other in others:
        other.parent.mkdir(parents=True)
        other.write_text("a")
    main(["shortcut"])
    main(["shortcut", "--remove"])
    assert [other.read_text() for other in others] == ["a", "a"]


@linux_only
def test_what_opens_json_by_default_stays(desktop: Path) -> None:
    """Of two programs that no list prefers, some desktops take the user's own: the one from before gets preferred."""
    for needed in ("xdg-mime", "update-desktop-database"):
        if shutil.which(needed) is None:
            missing(needed)
    system = desktop.parent / "system" / "applications"
    system.mkdir(parents=True)
    (system / "editor.desktop").write_text(
        "[Desktop Entry]\nType=Application\nName=Editor\nExec=true %F\nMimeType=application/json;\n"
    )
    subprocess.run(["update-desktop-database", str(system)], check=True)
    assert freedesktop.json_opener() == "editor.desktop"
    main(["shortcut", "--open-json"])
    assert freedesktop.json_opener() == "editor.desktop"
    preferred = (desktop.parent / "config" / "mimeapps.list").read_text()
    assert "application/json=editor.desktop" in preferred
    assert "reverse-archive-search" not in preferred


@linux_only
def test_a_relative_data_home_does_not_count(desktop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "somewhere")
    assert freedesktop.data_home() == Path.home() / ".local" / "share"


@linux_only
def test_a_folder_that_cannot_be_written_is_named(desktop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desktop / "icons").write_text("in the way")
    assert main(["shortcut"]) == 3
    error = capsys.readouterr().err
    assert str(desktop / "icons") in error
    assert "Traceback" not in error


@linux_only
@pytest.mark.parametrize("arguments", [["--delete"], ["--open-json", "--remove"], ["x"]])
def test_a_wrong_call_is_told(desktop: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["shortcut", *arguments]) == 2
    assert "Usage: run_app.py shortcut" in capsys.readouterr().err
    assert files(desktop) == []


@linux_only
def test_it_works_before_anything_is_installed(desktop: Path) -> None:
    """In a Python with its standard library alone (-S: no packages)."""
    command = [sys.executable, "-S", str(REPOSITORY / "run_app.py"), "shortcut"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=desktop, check=False)
    assert done.returncode == 0, done.stderr
    assert (desktop / "applications" / "reverse-archive-search.desktop").is_file()


# -- icons -------------------------------------------------------------------------------------------------------------


def test_the_icons_have_the_sizes_that_systems_want() -> None:
    with Image.open(ASSETS / "icon.icns") as image:
        assert {(16, 16, 2), (32, 32, 2), (128, 128, 1), (256, 256, 2), (512, 512, 2)} <= set(image.info["sizes"])
    with Image.open(ASSETS / "icon.ico") as image:
        assert {(16, 16), (20, 20), (24, 24), (32, 32), (40, 40), (48, 48), (64, 64), (256, 256)} <= image.info["sizes"]
