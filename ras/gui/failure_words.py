"""What the window says of pictures that could not be had: each reason, what can be done about it, where they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Sequence

from ras.errors import SkipReason
from ras.text import count, whole

if TYPE_CHECKING:
    from ras.failures import ReasonGroup
    from ras.records import ImageRecord

WAY_OUT = {
    SkipReason.EXPIRED: (
        "Discord’s links live for about a day. Refresh them with a bot token, choose the folder with the media if they "
        "were saved, or export the channel anew."
    ),
    SkipReason.GONE: (
        "The server does not have it: the picture was deleted, or the link lacks its signature, which a bot token "
        "brings back. If the picture was saved, choose the folder."
    ),
    SkipReason.NETWORK: "The network or the server did not answer. Try again when it does.",
    SkipReason.BLOCKED: (
        "The picture does not lie with Discord, and RAS asks no other host unless you allow it: whoever runs it would "
        "see that you have this link."
    ),
    SkipReason.TOO_LARGE: "More bytes or pixels than the settings max_megabytes and max_megapixels take.",
    SkipReason.MISSING: "The export names a file that is not beside it. Choose the folder in which its media lie now.",
    SkipReason.UNSUPPORTED: "RAS searches PNG and JPEG; with the setting extra_formats, GIF, WebP and BMP as well.",
    SkipReason.NOT_A_PICTURE: "What came was something else: an error page saved as a picture, a video, a text.",
    SkipReason.DAMAGED: "The file is cut off or broken. It may be whole elsewhere: choose the folder if you have it.",
    SkipReason.CRASHED: (
        "The file is broken, or made to do harm: decoding it was stopped, and nothing else was touched. Do not open it "
        "with other programs."
    ),
    SkipReason.BLANK: "There is too little in the picture to tell it from others.",
}

MEDIA_MAY_HELP = frozenset(SkipReason) - {SkipReason.TOO_LARGE, SkipReason.UNSUPPORTED, SkipReason.BLANK}
"""Reasons for which a file of one's own can stand in."""


def heading(reason: SkipReason) -> str:
    """``Link expired``."""
    return reason.text[:1].upper() + reason.text[1:]


def about_group(group: ReasonGroup) -> str:
    """``340 pictures``, ``8 pictures: imgur.com 5, example.org 3``."""
    said = count(len(group.pictures), "picture")
    hosts = ", ".join(f"{host} {whole(number)}" for host, number in group.hosts_counted)
    return f"{said}: {hosts}" if hosts else said


def place_of(record: ImageRecord) -> str:
    """The file on this computer that was tried, else the link: ``…/media/cat.png``, ``cdn.discordapp.com/…/cat.png``.

    What tells one from the other stands at either end.
    """
    if record.local_path:
        return "/".join(["…", *re.split(r"[/\\]", record.local_path[-400:])[-2:]])
    if not record.url:
        return "neither a link nor a file"
    host, _, path = record.url.partition("://")[2].partition("?")[0].partition("/")
    parts = path[-400:].split("/")
    return f"{host[:100]}/{'…/' if len(parts) > 2 else ''}{'/'.join(parts[-2:])}" if host else record.url[:400]


def hosts_question(hosts: Sequence[str]) -> str:
    """What is asked before hosts are allowed."""
    named = ", ".join(hosts[:4]) + (f" and {whole(len(hosts) - 4)} more" if len(hosts) > 4 else "")
    whose = "Whoever runs it sees" if len(hosts) == 1 else "Whoever runs them sees"
    return f"Download pictures from {named}, now and from now on? {whose} your address on the network."
