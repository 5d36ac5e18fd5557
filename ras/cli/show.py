"""The command ``show``: what is in archives and in what state. No encoder is loaded, nothing is downloaded."""

from __future__ import annotations

import argparse
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from ras.called import NAME
from ras.cli.codes import SUCCESS, USER_ERROR
from ras.cli.follow import follow, say
from ras.cli.options import settings_of
from ras.cli.output import print_json, print_text
from ras.condition import Condition, Source, condition, pictures_by_channel
from ras.errors import ArchiveError
from ras.opening import open_archive
from ras.text import whole

if TYPE_CHECKING:
    from ras.records import Archive

_MOST_CHANNELS = 12
"""So many are listed; all of them are in ``--json``."""
_SOON = timedelta(days=14)
_ONE_MOMENT = timedelta(minutes=1)


def show(options: argparse.Namespace) -> int:
    """Say of every archive of the call what is in it and where its pictures can be had from; the exit code.

    An archive that cannot be read is said, and the others are shown all the same.
    """
    settings = settings_of(options)
    shown: list[dict[str, Any]] = []
    refused: list[dict[str, str]] = []
    for path in options.files:
        try:
            archive = follow(open_archive([path], kinds=settings.kinds), path=path)
        except ArchiveError as exc:
            if len(options.files) == 1:
                raise
            say(str(exc))
            refused.append({"path": path, "error": str(exc)})
            continue
        for warning in archive.warnings:
            say(warning)
        state = follow(condition(archive, settings), path=path)
        if options.json:
            shown.append(_as_json(path, archive, state))
        else:
            print_text(*_lines(path, archive, state))
    if options.json:
        print_json({"archives": shown, "refused": refused})
    return USER_ERROR if refused else SUCCESS


def _lines(path: str, archive: Archive, state: Condition) -> list[str]:
    from ras.archive.export import shown_name
    from ras.text import clean, count

    posted = f"{count(archive.message_count, 'message')}, {count(state.pictures, 'picture')}"
    if state.first is not None and state.last is not None:
        people = "1 person" if state.people == 1 else f"{whole(state.people)} people"
        first, last = _day(state.first), _day(state.last)
        posted += f" by {people}, {first}" + (f" to {last}" if last != first else "")
    lines = [f"{clean(archive.name)}   ({shown_name(path)})", posted]
    if len(archive.channels) > 1:
        lines.append(_channels(archive))
    if state.pictures:
        lines.append(", ".join(_parts(state)))
    return ["\n  ".join([*lines, *(f"→ {hint}" for hint in hints(state))])]


def _channels(archive: Archive) -> str:
    from ras.text import clean, count

    rows = sorted(pictures_by_channel(archive), key=lambda row: -row[2])
    named = ", ".join(f"{clean(name)} ({whole(number)})" for _, name, number in rows[:_MOST_CHANNELS])
    more = f", and {whole(len(rows) - _MOST_CHANNELS)} more" if len(rows) > _MOST_CHANNELS else ""
    return f"{count(len(rows), 'channel')}: {named}{more}"


def _parts(state: Condition) -> list[str]:
    """``2,900 on this computer``, ``214 links live until 3 May 2024 18:00``, ``447 links expired``."""
    from ras.text import clean, count

    links = {source: count(state.count(source), "link") for source in Source if state.count(source)}
    parts = []
    if state.count(Source.ON_DISK) or not links:
        parts.append(f"{whole(state.count(Source.ON_DISK))} on this computer")
    else:
        parts.append("none on this computer")
    if Source.LIVE in links and state.next_expiry is not None and state.last_expiry is not None:
        first, last = _moment(state.next_expiry), _moment(state.last_expiry)
        if state.last_expiry - state.next_expiry < _ONE_MOMENT:
            parts.append(f"{links[Source.LIVE]} live until {first}")
        else:
            parts.append(f"{links[Source.LIVE]} live (the first until {first}, the last until {last})")
    if Source.LASTING in links:
        parts.append(f"{links[Source.LASTING]} without a date of expiry")
    if Source.EXPIRED in links:
        parts.append(f"{links[Source.EXPIRED]} expired")
    if Source.UNSIGNED in links:
        parts.append(f"{links[Source.UNSIGNED]} without Discord’s signature (dead as well)")
    if Source.BLOCKED in links:
        hosts = ", ".join(f"{clean(host, longest=60)}: {whole(number)}" for host, number in state.blocked_hosts)
        parts.append(f"{links[Source.BLOCKED]} to hosts that are not allowed ({hosts})")
    if Source.NONE in links:
        parts.append(f"{whole(state.count(Source.NONE))} with neither a file nor a link")
    return parts


def hints(state: Condition) -> list[str]:
    """What can be done about pictures that cannot be had, or not for long: sentences, the most useful first."""
    from ras.text import clean

    found = []
    if state.lost:
        files = "The file of 1 picture is" if state.lost == 1 else f"The files of {whole(state.lost)} pictures are"
        found.append(f"{files} missing beside the export: if the media lie elsewhere, name their folder with --media.")
    if state.dead:
        links = "the dead link" if state.dead == 1 else f"the {whole(state.dead)} dead links"
        found.append(
            f"To have {links} live again, set a bot token ({NAME} token set) or export again, best with the media."
        )
    soon = state.next_expiry is not None and state.next_expiry - datetime.now(timezone.utc) < _SOON
    if state.count(Source.LIVE) and soon:
        found.append(f"Index the archive while its links live ({NAME} index): then it can be searched ever after.")
    if state.blocked_hosts:
        host = clean(state.blocked_hosts[0][0], longest=60)
        found.append(f"To download from other hosts than Discord’s, allow them: --allow-host {host}")
    return found


def _as_json(path: str, archive: Archive, state: Condition) -> dict[str, Any]:
    return {
        "path": path,
        "name": archive.name,
        "files": list(archive.paths),
        "messages": archive.message_count,
        "pictures": state.pictures,
        "people": state.people,
        "first": _iso(state.first),
        "last": _iso(state.last),
        "channels": [
            {"server": server, "name": name, "pictures": number}
            for server, name, number in pictures_by_channel(archive)
        ],
        "sources": {source.value: state.count(source) for source in Source},
        "live_until": {"first": _iso(state.next_expiry), "last": _iso(state.last_expiry)},
        "lost_files": state.lost,
        "blocked_hosts": [{"host": host, "pictures": number} for host, number in state.blocked_hosts],
        "warnings": list(archive.warnings),
        "hints": hints(state),
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _day(moment: datetime) -> str:
    moment = _local(moment)
    return f"{moment.day} {moment:%B} {moment.year}"


def _moment(moment: datetime) -> str:
    return f"{_day(moment)} {_local(moment):%H:%M}"


def _local(moment: datetime) -> datetime:
    try:
        return moment.astimezone()
    except (OverflowError, OSError, ValueError):  # Windows cannot convert years before 1970
        return moment
