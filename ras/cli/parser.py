"""What the command line takes. Standard library only: ``--help`` works before anything is installed."""

from __future__ import annotations

import argparse
from typing import Any, Sequence

from ras import __version__
from ras.cli.codes import EXIT_CODES
from ras.cli.follow import PROGRESS
from ras.launch.commands import COMMANDS as LAUNCHER_COMMANDS
from ras.launch.commands import PASSED_ON

EXAMPLES = """\
examples:
  python run_app.py                                          open the window
  python run_app.py search channel.json picture.png          search from the command line
  python run_app.py search channel.json picture.png --json   the same for a program
  python run_app.py index channel.json                       from now on it is searched at once, also offline
  python run_app.py search --indexed all picture.png         search everything that was indexed
  python run_app.py doctor                                   what works here and what does not
"""

SEARCH = """\
Search Discord archives for pictures. Results are ranked, the nearest first, and each says what it is: identical, the
same picture altered (and how), or one that looks alike.

PNG and JPEG files are the pictures to search for; every other file and every folder is an archive, and all of them
are searched together. Several pictures are searched for one by one, in one go.
"""

INDEX = """\
Fetch and encode the pictures of archives once and keep what searches need: from then on they are searched at once,
with no network and with every link expired. What is indexed already is not done again; it can be stopped at any time
(Ctrl+C) and goes on from there. Each ARCHIVE is an archive of its own: a JSON file, or a folder of them.
"""

FILTERS = """\
filters (several must all hold; author and channel given several times: one of them):
  author=NAME  channel=NAME       whole names in any case, or ids
  after=2021-03-01  before=2021-03-01T18:30  on=2021-03-01
  text=yes|no  spoiler=yes|no     whether the message has a text, whether the picture is hidden as a spoiler
  name=PART or name=*.png         of the file's name
"""


class Parser(argparse.ArgumentParser):
    """A parser whose commands take files before, between and behind options."""

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> argparse.Namespace:  # type: ignore[override]
        """As ever; a file that stands behind an option, which argparse does not expect there, counts as well."""
        options: argparse.Namespace
        options, rest = self.parse_known_args(args, namespace)
        files: list[str] | None = getattr(options, "files", None)
        if rest and (files is None or any(argument.startswith("-") for argument in rest)):
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        if files is not None:
            files += rest
        if options.command is None:
            self.error(f"name a command: {', '.join(PASSED_ON)}")
        if options.command == "search" and len(options.files) < 2 and not options.indexed:
            self.error("search needs an archive and a picture: search ARCHIVE PICTURE, or search --indexed all PICTURE")
        return options


def build_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="run_app.py",
        description="Find where in a Discord archive a picture was posted, by whom, and when.",
        epilog=f"{EXAMPLES}\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"Reverse Archive Search {__version__}")
    commands = parser.add_subparsers(
        title="commands (without one, the window opens)", dest="command", metavar="COMMAND"
    )
    _add_search(commands)
    _add_index(commands)
    _add_archives(commands)
    doctor = commands.add_parser("doctor", help="say what works here and what does not, and the way out")
    _add_json(doctor)
    for name, text in LAUNCHER_COMMANDS.items():
        commands.add_parser(name, help=text)
    return parser


def _add_search(commands: Any) -> None:
    from ras.settings import MODES, SCOPES, Settings

    search = commands.add_parser(
        "search",
        help="search archives for a picture",
        usage="run_app.py search [options] ARCHIVE... PICTURE...\n"
        "       run_app.py search [options] --indexed NAME PICTURE...",
        description=SEARCH,
        epilog=f"{FILTERS}\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    search.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="exports (JSON files of DiscordChatExporter, or folders of them) and pictures to search for (PNG, JPEG)",
    )
    search.add_argument(
        "--indexed",
        action="append",
        default=[],
        metavar="NAME",
        help="an archive that was indexed, by the name or number that archives shows, or all; "
        "its export need not exist any more (repeatable)",
    )
    search.add_argument(
        "--mode",
        choices=["auto", *MODES],
        default=None,
        help="how to search; a mode that cannot be used falls back to the next (default: auto)",
    )
    search.add_argument(
        "--filter",
        action="append",
        default=[],
        metavar="TERM",
        help="find only pictures that pass, such as author=Mira (repeatable; see below)",
    )
    search.add_argument(
        "--top-k", type=int, metavar="N", help=f"how many results to show (default: {Settings().top_k})"
    )
    search.add_argument(
        "--show",
        choices=tuple(SCOPES),
        default=None,
        help="which results are wanted: copies, the picture itself, altered or not; alike, others that look like it; "
        f"all, both (default: {Settings().scope})",
    )
    search.add_argument(
        "--nearest",
        action="store_true",
        help="print the nearest pictures also where they are probably other ones (--json always has them)",
    )
    _add_json(search)
    _add_progress(search)
    _add_pictures_options(search)


def _add_index(commands: Any) -> None:
    index = commands.add_parser(
        "index",
        help="prepare archives once, so that searches answer at once and offline",
        usage="run_app.py index [options] ARCHIVE...",
        description=INDEX,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    index.add_argument(
        "files", nargs="+", metavar="ARCHIVE", help="an export: a JSON file of DiscordChatExporter, or a folder of them"
    )
    index.add_argument(
        "--retry", action="store_true", help="also try the pictures again that were given up for good before"
    )
    _add_json(index)
    _add_progress(index)
    _add_pictures_options(index)


def _add_archives(commands: Any) -> None:
    archives = commands.add_parser(
        "archives",
        help="list, remove or check what was indexed",
        description="The archives that were indexed, and the store that keeps what searches need of them.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_json(archives)
    _add_progress(archives)
    actions = archives.add_subparsers(title="actions (without one: list)", dest="action", metavar="ACTION")
    archives.set_defaults(action="list")
    # A subparser's default would win over what stands before its name: archives --json list.
    kept = argparse.SUPPRESS
    listing = actions.add_parser("list", help="number, name, size and date of each")
    remove = actions.add_parser("remove", help="forget archives, and free what only they used")
    remove.add_argument(
        "files", nargs="+", metavar="ARCHIVE", help="its number, its name, or the path that it was indexed from"
    )
    remove.add_argument("--yes", action="store_true", help="do not ask")
    verify = actions.add_parser("verify", help="read everything and check it; what is damaged is set aside")
    compact = actions.add_parser("compact", help="give back space that is not used any more")
    for action in (listing, remove, verify, compact):
        _add_json(action, kept)
        _add_progress(action, kept)


def _add_json(parser: argparse.ArgumentParser, default: Any = False) -> None:
    parser.add_argument("--json", action="store_true", default=default, help="print one JSON object instead of text")


def _add_progress(parser: argparse.ArgumentParser, default: Any = "auto") -> None:
    parser.add_argument(
        "--progress",
        choices=PROGRESS,
        default=default,
        help="how progress is shown on standard error: auto, a bar on a terminal; json, one JSON object a line for "
        "every event and sentence; none (default: auto)",
    )


def _add_pictures_options(parser: argparse.ArgumentParser) -> None:
    """How pictures are fetched and encoded: the same in a search and in indexing."""
    from ras.settings import ENCODERS, Settings

    parser.add_argument(
        "--encoder",
        choices=ENCODERS,
        default=None,
        help="what pictures are compared by; auto takes CLIP where it can be had, else the fingerprint",
    )
    parser.add_argument(
        "--clip-model", metavar="NAME", help=f"a published CLIP model (default: {Settings().clip_model})"
    )
    parser.add_argument("--clip-weights", metavar="FILE", help="a file with CLIP weights, instead of the download")
    parser.add_argument("--device", metavar="DEVICE", help="auto, cpu, cuda, cuda:1, mps (default: auto)")
    parser.add_argument(
        "--all-formats", action="store_true", help="take WebP, GIF and BMP pictures too (their first frame)"
    )
    parser.add_argument(
        "--media", action="append", metavar="FOLDER", help="a folder in which the archive's media may lie"
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        metavar="HOST",
        help="a host to download from besides Discord's (host or host:port)",
    )
