"""The command line: the same jobs as in the window. Nothing but results goes to standard output."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import traceback
from pathlib import Path
from typing import Sequence

from ras import number_format, token_variable
from ras.cli.codes import FAILURE, INTERRUPTED, SUCCESS, USER_ERROR
from ras.cli.follow import Log, complain, say, show_progress
from ras.cli.output import ReaderGone, print_text, results
from ras.cli.parser import build_parser
from ras.crashes import watch
from ras.errors import OUT_OF_MEMORY, ArchiveError, DecodeError, ModeError, RASError, SettingsError
from ras.launch.commands import COMMANDS as LAUNCHER_COMMANDS
from ras.launch.commands import NEW_WINDOW, files_of, opens_window
from ras.log_file import log_fault, log_path, start_log, without_secrets

__all__ = ["build_parser", "main", "run"]

_LONGEST = 1000
"""Characters of what a fault says of itself; all of it is in the log."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. Arguments that argparse refuses exit with 2."""
    token_variable.take()
    arguments = list(sys.argv[1:] if argv is None else argv)
    # Read when numpy is imported. The fingerprint's products are small, and the pipeline has threads of its own: with
    # OpenBLAS's beside them, indexing took 12.7 s of CPU time where it takes 5.5 s without. torch is not affected.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # there is none without a console (pythonw), or it was closed
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  for as long as the program runs
        elif isinstance(stream, io.TextIOWrapper):
            # A console or pipe that cannot show an emoji shows its number.
            stream.reconfigure(errors="backslashreplace")
    logging.basicConfig(format="%(message)s", level=logging.WARNING, handlers=[Log()])
    logging.captureWarnings(True)  # Pillow warns of odd metadata in the middle of a progress bar
    logging.getLogger("py.warnings").setLevel(logging.ERROR)
    try:
        code = _run(arguments)
        with results():  # what is in the buffer yet
            return code
    except KeyboardInterrupt:
        complain("Interrupted.")
        return INTERRUPTED
    except ReaderGone:
        return SUCCESS
    except (ArchiveError, DecodeError, SettingsError, ModeError) as exc:
        complain(str(exc))
        return USER_ERROR
    except RASError as exc:
        complain(str(exc))
        return FAILURE
    except MemoryError as exc:
        traceback.clear_frames(exc.__traceback__)  # of what they hold: telling takes memory, too
        complain(OUT_OF_MEMORY)
        return FAILURE
    except Exception as exc:  # noqa: BLE001  a bug: kept whole in the log, one sentence for the user
        report = watch.keep_fault(exc)  # first: whatever fails below, there is that
        with contextlib.suppress(Exception):
            _tell_fault(exc, report)
        return FAILURE
    finally:
        watch.end()


def _run(arguments: list[str]) -> int:
    if opens_window(arguments):
        return _open_window(arguments)
    if arguments[0] in LAUNCHER_COMMANDS and not {"-h", "--help"}.intersection(arguments):
        from ras.launch import main as launch

        return launch(arguments)
    options = build_parser().parse_args(arguments)
    start_log()
    show_progress(getattr(options, "progress", "auto"))
    from ras.settings import load_settings

    options.saved = load_settings()  # once: what is wrong with them is told once
    number_format.use(options.saved.dates)
    watch.begin(f"command {options.command}")
    chosen = ("mode", "encoder", "show")
    watch.note({name: str(getattr(options, name)) for name in chosen if getattr(options, name, None) is not None})
    for path in watch.collect():
        say(f"RAS ended unexpectedly the last time. A report, without what anybody wrote, is in {path}.")
    if options.command == "search":
        from ras.cli.search import search

        return search(options)
    if options.command == "index":
        from ras.cli.index import index

        return index(options)
    if options.command == "show":
        from ras.cli.show import show

        return show(options)
    if options.command == "archives":
        from ras.cli.archives import archives

        return archives(options)
    if options.command == "token":
        from ras.cli.token import token

        return token(options)
    from ras.doctor import main as doctor

    return doctor(as_json=options.json, show=print_text)


def _open_window(arguments: list[str]) -> int:
    from ras.one_window import enter

    paths = files_of(arguments)
    reception, taken = enter(paths, another=NEW_WINDOW in arguments)
    if taken:
        return SUCCESS
    from ras.gui import main as open_window
    from ras.settings import load_settings

    watch.begin("window")
    return open_window(load_settings(), paths, reception)


def run() -> None:
    """The entry point of the installed ``ras`` command."""
    sys.exit(main())


def _tell_fault(error: Exception, report: Path | None) -> None:
    """Keep the error with its traceback in the log; a sentence on it, and on what of it can be read and sent."""
    said = f"RAS failed, which is a fault of the program: {without_secrets(repr(error))[:_LONGEST]}."
    if log_fault(error):
        said += f" Details are in {log_path()}."
    if report is not None:
        said += f" A report without what anybody wrote, to send: {report}."
    complain(said)
