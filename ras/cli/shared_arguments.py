"""Options that several commands take. Standard library only, as ``parser``."""

from __future__ import annotations

import argparse
from typing import Any

from ras.cli.follow import PROGRESS

KINDS = ("links", "stickers", "emoji", "avatars")
"""What messages show besides what they have attached or embedded."""


def _kinds(text: str) -> list[str]:
    kinds = [kind.strip() for kind in text.lower().split(",") if kind.strip()]
    for kind in kinds:
        if kind not in KINDS:
            raise argparse.ArgumentTypeError(f"{kind!r} is none of {', '.join(KINDS)}")
    return kinds


def add_json(parser: argparse.ArgumentParser, default: Any = False) -> None:
    parser.add_argument("--json", action="store_true", default=default, help="print one JSON object instead of text")


def add_force(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--force", action="store_true", help="overwrite the file if there is one of that name")


def add_progress(parser: argparse.ArgumentParser, default: Any = "auto") -> None:
    parser.add_argument(
        "--progress",
        choices=PROGRESS,
        default=default,
        help="how progress is shown on standard error: auto, a bar on a terminal; json, one JSON object a line for "
        "every event and sentence; none (default: auto)",
    )


def add_pictures_options(parser: argparse.ArgumentParser) -> None:
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
    add_archive_options(parser)


def add_archive_options(parser: argparse.ArgumentParser) -> None:
    """Which pictures count, and where they may be had from."""
    parser.add_argument(
        "--media", action="append", metavar="FOLDER", help="a folder in which the archive’s media may lie"
    )
    parser.add_argument(
        "--also",
        type=_kinds,
        action="extend",
        default=[],
        metavar="KINDS",
        help=f"take pictures of these kinds too, separated by commas: {', '.join(KINDS)} (default: links)",
    )
    parser.add_argument("--no-links", action="store_true", help="leave out pictures that texts only link to")
    parser.add_argument(
        "--allow-host",
        action="append",
        metavar="HOST",
        help="a host to download from besides Discord’s (host or host:port)",
    )
