"""From a bare Python to the running program: makes the private environment once, then starts RAS in it.

Standard library only. A start in an environment that is ready reads a few small files and starts one process.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import NoReturn, Sequence

from ras import token_variable
from ras.called import SETS_UP
from ras.launch.commands import COMMANDS, opens_window
from ras.launch.frozen import is_frozen, leave_libraries_to_others, stand_in
from ras.launch.lock import Lock
from ras.launch.place import Place, SetupError, child_environment, choose_place, find_place, is_ready
from ras.launch.state import read_state
from ras.paths import REPOSITORY

WRONG_CALL, FAILURE, INTERRUPTED = 2, 3, 130


def main(argv: Sequence[str]) -> int:
    """What ``run_app.py`` does; returns the exit code, or never, where this process becomes the program."""
    token_variable.take()
    arguments = list(argv)
    leave_libraries_to_others()
    if stand_in(arguments):
        return 0
    command = arguments[0] if arguments else ""
    window = opens_window(arguments)
    try:
        if command in COMMANDS and arguments[1:2] not in (["-h"], ["--help"]):
            return _own(command, arguments[1:])
        if {"-h", "--help", "--version"}.intersection(arguments) or _is_suitable():
            return _run_here(arguments)
        return _start(arguments, window)
    except SetupError as exc:
        _complain(str(exc), window)
        return FAILURE
    except KeyboardInterrupt:
        _say("\nStopped. Start again any time; it goes on from here.")
        return INTERRUPTED


def _own(command: str, arguments: list[str]) -> int:
    """One of the launcher's commands."""
    if command == "shortcut":
        from ras.launch.shortcut import shortcut

        return shortcut(arguments)
    if is_frozen() or not SETS_UP:
        _say("RAS was installed with all that it needs: there is nothing to set up or to test.")
        return FAILURE
    return _test(arguments) if command == "test" else _setup(arguments)


def environment_modules() -> tuple[str, ...]:
    """The core's modules that this Python cannot find; nothing is imported."""
    from ras.launch.stages import CORE_MODULES

    return tuple(name for name in CORE_MODULES if importlib.util.find_spec(name) is None)


def _is_suitable() -> bool:
    """Whether this process already runs in an environment that has what RAS needs, the private or the user's own."""
    if is_frozen():
        return True
    if os.environ.get("RAS_NO_ENV", "") not in ("", "0"):
        return True
    own = sys.prefix != sys.base_prefix or os.path.isdir(os.path.join(sys.prefix, "conda-meta"))
    return own and not environment_modules()


def _run_here(arguments: list[str]) -> int:
    from ras.cli import main as run

    return run(arguments)


def _start(arguments: list[str], window: bool) -> int:
    place = find_place()
    # From the private environment itself we come here only when it lacks something.
    if place is None or place.prefix_is_here() or not is_ready(place, read_state(place.folder)):
        if arguments[:1] == ["doctor"]:
            return _run_here(arguments)
        if window and importlib.util.find_spec("tkinter") is None:
            raise SetupError(missing_tkinter())
        if not window:
            from ras.cli import build_parser

            build_parser().parse_args(arguments)  # a wrong call is told before minutes of set-up
        place = choose_place()
        if not _prepare(place, window):
            return 0
    _become(place, arguments, window)


def _prepare(place: Place, window: bool) -> bool:
    """Make the environment, in a window if there is a display. False: the user left, or another process is at it."""
    from ras.launch import terminal
    from ras.launch.prepare import leave_out, prepare

    lock = Lock(place.lock)
    if window:
        from ras.gui import setup_window

        if setup_window.has_display():
            if not terminal.may_begin(lock):
                setup_window.show_message(f"{terminal.RUNNING}. RAS opens when it is done.")
                return False
            if is_ready(place, read_state(place.folder)):
                return True
            retry = place.prefix_is_here()
            return setup_window.run(
                lambda: prepare(place, retry=retry, pass_fds=lock.inheritable), lambda: leave_out(place), place
            )
    terminal.wait_for(lock)
    if not is_ready(place, read_state(place.folder)) or place.prefix_is_here():
        terminal.follow(lambda: prepare(place, retry=place.prefix_is_here(), pass_fds=lock.inheritable), place)
    return True


def _setup(arguments: list[str]) -> int:
    from ras.launch import terminal
    from ras.launch.prepare import prepare, remove_environment
    from ras.launch.state import DONE

    if arguments not in ([], ["--reset"]):
        _say("Usage: run_app.py setup [--reset]")
        return WRONG_CALL
    place = choose_place()
    lock = Lock(place.lock)
    terminal.wait_for(lock)
    if arguments and read_state(place.folder) is not None:
        try:
            remove_environment(place.folder)
        except OSError as exc:
            raise SetupError(
                f"The environment in {place.folder} could not be removed ({exc}); is RAS running?"
            ) from exc
    state = terminal.follow(lambda: prepare(place, retry=True, pass_fds=lock.inheritable), place)
    missing = [name for name, record in state.stages.items() if record.status != DONE and name != "torchvision"]
    if missing:
        _say("RAS works; run_app.py doctor says what it does without.")
    return 0


def _test(arguments: list[str]) -> int:
    from ras.launch.stages import STAGES, TESTS

    if _is_suitable() and importlib.util.find_spec("pytest") is not None:
        place = find_place()
        if place is None or not place.prefix_is_here():  # the user's own environment
            os.chdir(REPOSITORY)
            _replace([sys.executable, "-m", "pytest", *arguments], child_environment())
    from ras.launch import terminal
    from ras.launch.prepare import prepare

    place = choose_place()
    lock = Lock(place.lock)
    terminal.wait_for(lock)
    state = read_state(place.folder)
    if state is None or not all(state.settled(stage) for stage in (*STAGES, TESTS)):
        terminal.follow(lambda: prepare(place, (TESTS,), pass_fds=lock.inheritable), place)
    os.chdir(REPOSITORY)
    _replace([str(place.python), "-m", "pytest", *arguments], child_environment())


def _become(place: Place, arguments: list[str], window: bool) -> NoReturn:
    """Start RAS in the environment: run_app.py again, which finds itself there. The current folder stays."""
    command = [str(place.python), str(REPOSITORY / "run_app.py"), *arguments]
    environment = {**child_environment(), **token_variable.for_ras()}
    if window and sys.platform == "win32":
        import subprocess

        quiet = place.python.with_name("pythonw.exe")  # no console stays behind the window
        log = place.log.with_name("window.log")
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            subprocess.Popen([str(quiet), *command[1:]], env=environment, stdout=output, stderr=output)
        sys.exit(0)
    _replace(command, environment)


def _replace(command: list[str], environment: dict[str, str]) -> NoReturn:
    """This process becomes another one; on Windows, which cannot do that, it waits for it and ends as it ends."""
    sys.stdout.flush()
    sys.stderr.flush()
    if sys.platform != "win32":
        os.execve(command[0], command, environment)
    import subprocess

    process = subprocess.Popen(command, env=environment)
    while True:
        try:
            sys.exit(process.wait())
        except KeyboardInterrupt:  # the other process got it too, and decides
            continue


def missing_tkinter() -> str:
    version = "{}.{}".format(*sys.version_info)
    if sys.platform == "win32":
        way = "Run Python’s installer again, choose Modify, and tick “tcl/tk and IDLE”."
    elif sys.platform == "darwin":
        way = f"With Homebrew: brew install python-tk@{version}; or take the installer from https://www.python.org."
    else:
        way = (
            "On Debian and Ubuntu: sudo apt install python3-tk; on Fedora: sudo dnf install python3-tkinter; "
            "on Arch: sudo pacman -S tk."
        )
    return (
        f"The window needs tkinter, which this Python ({sys.executable}) lacks. {way} "
        "Searching on the command line works without: run_app.py search ARCHIVE PICTURE."
    )


def _say(text: str) -> None:
    from ras.launch.terminal import say

    say(text)


def _complain(text: str, window: bool) -> None:
    _say(text)
    if window and importlib.util.find_spec("tkinter") is not None:
        from ras.gui import setup_window

        if setup_window.has_display() and not (sys.stderr is not None and sys.stderr.isatty()):
            setup_window.show_message(text, error=True)
