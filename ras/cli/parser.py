"""What the command line takes. Standard library only: ``--help`` works before anything is installed."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any, NoReturn, Sequence

from ras import __version__
from ras.called import CALL, NAME
from ras.cli.codes import EXIT_CODES, USER_ERROR
from ras.cli.follow import complain, show_progress, tells_events
from ras.cli.output import results, told
from ras.cli.search_parser import add_search
from ras.cli.shared_arguments import (
    add_archive_options,
    add_force,
    add_json,
    add_pictures_options,
    add_progress,
)
from ras.cli.token_parser import TOKEN_ACTIONS, add_token
from ras.launch.commands import COMMANDS as LAUNCHER_COMMANDS
from ras.launch.commands import NEW_WINDOW, PASSED_ON
from ras.text import clean

EXAMPLES = f"""\
examples:
  {CALL}                                          open the window
  {CALL} channel.json picture.png                 open files in it (--new-window: in another one)
  {CALL} search channel.json picture.png          search from the command line
  {CALL} search channel.json picture.png --json   the same for a program
  {CALL} search channel.json --text "cat with a hat" --save cats.html
{" " * (len(CALL) + 44)}what looks like it, as a page with pictures
  {CALL} index channel.json                       from now on it is searched at once, also offline
  {CALL} show channel.json                        what is in it, and until when its links live
  {CALL} search --indexed all picture.png         search everything that was indexed
  {CALL} doctor                                   what works here and what does not
"""

INDEX = """\
Fetch and encode the pictures of archives once and keep what searches need: from then on they are searched at once,
with no network and with every link expired. What is indexed already is not done again; it can be stopped at any time
(Ctrl+C) and goes on from there. Each ARCHIVE is an archive of its own: an export, or a folder or zip of them.
"""


class Parser(argparse.ArgumentParser):
    """A parser whose commands take files before, between and behind options."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and end with 2; a name in it may be a file's, which anybody chose."""
        if tells_events():
            complain(message)
            self.exit(USER_ERROR)
        super().error(clean(message))

    def _print_message(self, message: str, file: Any = None) -> None:
        """All that argparse writes: help and version are results, the rest is told beside them."""
        with results() if file is sys.stdout else told():
            (file or sys.stderr).write(message)

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> argparse.Namespace:  # type: ignore[override]
        """As ever; a file that stands behind an option, which argparse does not expect there, counts as well."""
        options: argparse.Namespace
        arguments = list(sys.argv[1:] if args is None else args)
        show_progress("json" if _asks_for_events(arguments) else "auto")  # whoever follows reads refusals, too
        self._refuse_what_is_nothing(arguments)
        options, rest = self.parse_known_args(args, namespace)
        files: list[str] | None = getattr(options, "files", None)
        if options.command == "token" and (rest or options.action not in TOKEN_ACTIONS):
            self.error("token takes set, forget or status; the token itself is asked for, and never an argument")
        if rest and (files is None or any(argument.startswith("-") for argument in rest)):
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        if files is not None:
            files += rest
            if not all(file.strip() for file in files):  # the system would take it for the folder that is current
                self.error("one of the names is empty; perhaps a variable is not set")
        if options.command is None:
            self.error(f"name a command: {', '.join(PASSED_ON)}")
        if options.command == "search" and len(options.files) + len(options.indexed) + bool(options.text) < 2:
            self.error(
                "search needs an archive and a picture or a text: search ARCHIVE PICTURE, "
                "search --indexed all PICTURE, or search ARCHIVE --text TEXT"
            )
        return options

    def _refuse_what_is_nothing(self, arguments: Sequence[str]) -> None:
        """Files alone open the window; where one of them is missing, argparse would take the first for a command."""
        commands = (*LAUNCHER_COMMANDS, *PASSED_ON)
        arguments = [argument for argument in arguments if argument != NEW_WINDOW]
        if not arguments or arguments[0].startswith("-") or arguments[0] in commands:
            return
        names = [argument for argument in arguments if not argument.startswith("-")]
        missing = next((name for name in names if not os.path.exists(name)), None)
        if missing is not None:
            self.error(f"“{missing}” is neither a command ({', '.join(commands)}) nor a file that is there")


def _asks_for_events(arguments: Sequence[str]) -> bool:
    """Whether ``--progress json`` is among the arguments, whatever is wrong with the others."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--progress", nargs="?")
    return bool(parser.parse_known_args(arguments)[0].progress == "json")


def build_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog=NAME,
        description="Find where in a Discord archive a picture was posted, by whom, and when.",
        epilog=f"{EXAMPLES}\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"Reverse Archive Search {__version__}")
    commands = parser.add_subparsers(
        title="commands (without one, the window opens)", dest="command", metavar="COMMAND"
    )
    add_search(commands)
    _add_index(commands)
    _add_show(commands)
    _add_archives(commands)
    add_token(commands)
    doctor = commands.add_parser("doctor", help="say what works here and what does not, and the way out")
    add_json(doctor)
    for name, text in LAUNCHER_COMMANDS.items():
        commands.add_parser(name, help=text, description=text)
    return parser


def _add_index(commands: Any) -> None:
    index = commands.add_parser(
        "index",
        help="prepare archives once, so that searches answer at once and offline",
        usage=f"{NAME} index [options] ARCHIVE...",
        description=INDEX,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    index.add_argument(
        "files", nargs="+", metavar="ARCHIVE", help="an export of any format that RAS reads, or a folder or zip of them"
    )
    index.add_argument(
        "--retry", action="store_true", help="also try the pictures again that were given up for good before"
    )
    index.add_argument(
        "--failures", metavar="FILE", help="write a table (CSV) of the pictures that could not be had, and why"
    )
    add_force(index)
    add_json(index)
    add_progress(index)
    add_pictures_options(index)


def _add_show(commands: Any) -> None:
    show = commands.add_parser(
        "show",
        help="say what is in archives: messages, pictures, which are on disk, whose links live and until when",
        usage=f"{NAME} show [options] ARCHIVE...",
        description="What is in each archive and in what state, and what to do about what is missing. Nothing is "
        "downloaded.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    show.add_argument("files", nargs="+", metavar="ARCHIVE", help="an export, or a folder or zip of them")
    add_json(show)
    add_progress(show)
    add_archive_options(show)


def _add_archives(commands: Any) -> None:
    archives = commands.add_parser(
        "archives",
        help="list, remove or check what was indexed",
        description="The archives that were indexed, and the store that keeps what searches need of them.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_json(archives)
    add_progress(archives)
    actions = archives.add_subparsers(title="actions (without one: list)", dest="action", metavar="ACTION")
    archives.set_defaults(action="list")
    # A subparser's default would win over what stands before its name: archives --json list.
    kept = argparse.SUPPRESS
    listing = actions.add_parser("list", help="number, name, size and date of each")
    failures = actions.add_parser("failures", help="what was left out of archives: by reason, picture by picture")
    failures.add_argument(
        "files", nargs="+", metavar="ARCHIVE", help="its number, its name, or the path that it was indexed from"
    )
    failures.add_argument("--csv", metavar="FILE", help="write a table (CSV) instead")
    add_force(failures)
    remove = actions.add_parser("remove", help="forget archives, and free what only they used")
    remove.add_argument(
        "files", nargs="+", metavar="ARCHIVE", help="its number, its name, or the path that it was indexed from"
    )
    remove.add_argument("--yes", action="store_true", help="do not ask")
    verify = actions.add_parser("verify", help="read everything and check it; what is damaged is set aside")
    compact = actions.add_parser("compact", help="give back space that is not used any more")
    for action in (listing, failures, remove, verify, compact):
        add_json(action, kept)
        add_progress(action, kept)
