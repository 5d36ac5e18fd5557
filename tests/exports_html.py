"""Small exports in DiscordChatExporter's HTML format, of every layout that it had, made of ``tests.exports`` messages.

    path = make_html(tmp_path)                                    # three messages, a picture each
    path = make_html(tmp_path, messages=[message("hi")], version="2.25", media=True)

Written after ``MessageGroupTemplate`` and ``PreambleTemplate`` of Tyrrrz/DiscordChatExporter: up to 2.20 Scriban
templates, then Razor, groups of containers since 2.30, minified (no needless quotes) since 2.35.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterable

from tests.exports import Json, _place_media, attachment, document, message
from tests.html_layouts import Layout, is_reply

VERSIONS = ("2.18", "2.25", "2.33", "2.35", "2.40.1", "2.42", "2.44", "2.46.1", "2.47")
STYLES = """.preamble{display:grid}.preamble__entry{color:#fff}.chatlog{padding:1rem 0}.chatlog__message-group{margin:0}
.chatlog__message-container{background-color:transparent}.chatlog__attachment-media{max-width:45vw}""" + (
    ".chatlog__embed{display:flex;margin-top:0.3rem;max-width:520px}\n" * 200
)
_SCRIPT = "function scrollToMessage(event, id) { if (a < b) return '<div data-message-id=1 class=chatlog__message>'; }"


def make_html(
    folder: Path,
    *,
    messages: Iterable[Json] | int = 3,
    version: str = "2.47",
    media: bool = False,
    name: str = "Test Server - Text channels - general [870000000000000002].html",
    slash: str = "/",
    encoding: str = "utf-8",
    **about: Any,
) -> Path:
    """Write an HTML export into ``folder`` and return its path; see ``tests.exports.make_export``."""
    if isinstance(messages, int):
        messages = [message(f"message {n}", [attachment(f"picture{n}.png")]) for n in range(messages)]
    whole = document(messages, version=version, **about)
    _place_media(whole, folder / f"{name}_Files" if media else None, version, slash)
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(page(whole, version).encode(encoding))
    return path


def page(whole: Json, version: str = "2.47") -> str:
    """The web page of a ``tests.exports.document``."""
    return "\n".join((head(whole, version), *groups(whole["messages"], version), tail(len(whole["messages"]), version)))


def head(whole: Json, version: str = "2.47") -> str:
    guild, channel, html = whole["guild"], whole["channel"], Layout(version)
    hierarchy = channel["name"] if html.scriban else f"{channel['category']} / {channel['name']}"
    entries = "".join(
        html.tag("div", {"class": "preamble__entry"}, html.text(text)) for text in (guild["name"], hierarchy)
    )
    small = html.tag("div", {"class": "preamble__entry preamble__entry--small"}, html.text(channel["topic"]))
    icon = html.tag(
        "img",
        {
            "class": "preamble__guild-icon",
            "src": f"https://cdn.discordapp.com/icons/{guild['id']}/2.png",
            "alt": "Guild icon",
        },
    )
    inner = html.tag("div", {"class": "preamble__guild-icon-container"}, icon)
    inner += html.tag("div", {"class": "preamble__entries-container"}, entries + small)
    return (
        f"<!DOCTYPE html><html lang=en><head><title>{html.text(guild['name'])} - {html.text(channel['name'])}</title>"
        f"<meta charset=utf-8><style>{STYLES}</style><script>{_SCRIPT}</script></head><body>"
        + html.tag("div", {"class": "preamble"}, inner)
        + '\n<div class="chatlog">\n'
    )


def tail(count: int, version: str = "2.47") -> str:
    html = Layout(version)
    entry = html.tag("div", {"class": "postamble__entry"}, f"Exported {count:,} message(s)")
    return "</div>\n" + html.tag("div", {"class": "postamble"}, entry) + "</body></html>\n"


def groups(messages: Iterable[Json], version: str = "2.47") -> list[str]:
    """One text for each run of messages of one author, without their replies in between."""
    html, runs = Layout(version), []
    for each in messages:
        last = runs[-1][-1] if runs else None
        if last is not None and last["author"] == each["author"] and not is_reply(each):
            runs[-1].append(each)
        else:
            runs.append([each])
    return [html.old_group(run) if html.scriban or html.razor else html.group(run) for run in runs]
