"""What the command ``search`` takes. Standard library only, as ``parser``."""

from __future__ import annotations

import argparse
from typing import Any

from ras.called import NAME
from ras.cli.codes import EXIT_CODES
from ras.cli.shared_arguments import add_force, add_json, add_pictures_options, add_progress

SEARCH = """\
Search Discord archives for pictures. Results are ranked, the nearest first, and each says what it is: identical, the
same picture altered (and how), or one that looks alike.

PNG and JPEG files are the pictures to search for; every other file and every folder is an archive, and all of them
are searched together. Several pictures are searched for one by one, in one go. With --text, a text is searched for,
alone or together with each picture.
"""

FILTERS = """\
filters (several must all hold; author, channel and kind given several times: one of them):
  author=NAME  channel=NAME       whole names in any case, or ids
  after=2021-03-01  before=2021-03-01T18:30  on=2021-03-01
  text=yes|no  spoiler=yes|no     whether the message has a text, whether the picture is hidden as a spoiler
  name=PART or name=*.png         of the file's name
  kind=attachment|embed|forwarded|link|sticker|emoji|avatar
"""


def add_search(commands: Any) -> None:
    from ras.settings import MODES, SCOPES, Settings

    search = commands.add_parser(
        "search",
        help="search archives for a picture",
        usage=f"{NAME} search [options] ARCHIVE... PICTURE...\n"
        f"       {NAME} search [options] --indexed NAME PICTURE...\n"
        f"       {NAME} search [options] ARCHIVE... --text TEXT [PICTURE...]",
        description=SEARCH,
        epilog=f"{FILTERS}\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    search.add_argument(
        "files",
        nargs="*",  # a text may be searched for in what is indexed
        metavar="FILE",
        help="archives (exports, folders or zips of them) and pictures to search for (PNG, JPEG)",
    )
    search.add_argument(
        "--text",
        type=_some_text,
        metavar="TEXT",
        help='search for what looks like this, such as "cat with a hat" (with CLIP; English works best); '
        "with pictures, for what is like each of them and like the text",
    )
    search.add_argument(
        "--text-weight",
        type=_weight,
        metavar="SHARE",
        help="how much the text counts beside a picture, from 0 to 1 (default: 0.5)",
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
    search.add_argument(
        "--save",
        metavar="FILE",
        help="also write the results to a file: a page with pictures (.html), a table (.csv), or what --json prints "
        "(.json)",
    )
    add_force(search)
    add_json(search)
    add_progress(search)
    add_pictures_options(search)


def _some_text(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("there is nothing in it")
    return text.strip()


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = -1.0
    if not 0 <= weight <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to 1")
    return weight
