"""Results as one page for browsers, with pictures, that needs nothing else and lets nothing of an archive run."""

from __future__ import annotations

import base64
import contextlib
from collections import Counter
from datetime import datetime, timezone
from html import escape
from typing import TYPE_CHECKING, Sequence, TextIO
from urllib.parse import urlsplit

from ras import __version__
from ras.cdn import expires_at
from ras.images import make_preview
from ras.images.formats import sniff_format
from ras.records import Verdict
from ras.sheets.page_style import STYLE
from ras.text import clean, count, decimal, percent, whole

if TYPE_CHECKING:
    from ras.media import MediaReader
    from ras.records import ImageRecord, SearchReport, SearchResult
    from ras.sheets.answered import Answered

MOST_PICTURES = 2000
MOST_PICTURE_BYTES = 32_000_000
"""Of all results together: a page that is larger takes browsers long to open. What comes after has no picture."""
LARGEST_PICTURE = 500_000

QUERY_SIDE = 520

LONGEST_TEXT = 4000
"""As many characters as Discord lets people write."""

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)

_KINDS = {"PNG": "png", "JPEG": "jpeg"}

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

_SHORT = {
    Verdict.IDENTICAL: "Identical",
    Verdict.ALTERED: "Altered",
    Verdict.ALIKE: "Alike",
    Verdict.UNLIKELY: "Probably another",
}
_SHORT_FOR_TEXT = {**_SHORT, Verdict.ALIKE: "Looks like it", Verdict.UNLIKELY: "Probably not"}


def write_page(file: TextIO, answered: Sequence[Answered], _media: MediaReader) -> None:
    """All results, with their previews; those that are probably other pictures are folded up.

    It may be passed on: paths of this computer are left out.
    """
    names = ", ".join(_name(one) for one in answered[:3]) + (" …" if len(answered) > 3 else "")
    file.write(
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Search for {escape(names)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
    )
    pictures = _Pictures()
    for number, one in enumerate(answered, 1):
        file.write("<section>\n" + _heading(one, number, len(answered)))
        believed = [result for result in one.report.results if result.verdict is not Verdict.UNLIKELY]
        doubted = [result for result in one.report.results if result.verdict is Verdict.UNLIKELY]
        _write_cards(file, one, believed, pictures)
        if doubted:
            opened = "" if believed else " open"
            file.write(f"<details{opened}>\n<summary>{_rest(one.report, len(doubted), bool(believed))}</summary>\n")
            _write_cards(file, one, doubted, pictures)
            file.write("</details>\n")
        file.write("</section>\n")
    now = datetime.now(timezone.utc)
    file.write(
        f"<footer>Saved {_time(now)} by Reverse Archive Search {escape(__version__)}. Discord’s links to pictures "
        "expire; those to messages last.</footer>\n</body>\n</html>\n"
    )


def safe_link(url: str) -> str:
    """The link as an attribute's value, where it is one to the web or to Discord; else empty."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https", "discord") or not parts.netloc:
        return ""
    return escape(url) if url.isprintable() and " " not in url else ""


class _Pictures:
    """Pictures as URLs that hold them, as long as there is room for more."""

    def __init__(self) -> None:
        self._number = self._bytes = 0

    def of(self, data: bytes | None) -> str:
        """Empty where there is none, or no room."""
        if data is None or len(data) > LARGEST_PICTURE:
            return ""
        kind = _KINDS.get(sniff_format(data) or "")
        if kind is None or self._number >= MOST_PICTURES or self._bytes + len(data) > MOST_PICTURE_BYTES:
            return ""
        self._number += 1
        self._bytes += len(data)
        return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _heading(answered: Answered, number: int, of: int) -> str:
    query, report = answered.query, answered.report
    image = ""
    if query.image is not None:
        source = _Pictures().of(make_preview(query.image, QUERY_SIDE))
        image = f'<img src="{source}" alt="The picture that was searched for">'
    kicker = "Searched for" + (f", {number} of {of}" if of > 1 else "")
    level = "h1" if number == 1 else "h2"
    with_text = ""
    if query.text and query.image is not None:
        with_text = f'<p class="facts">together with the text “{escape(_shown(query.text))}”</p>'
    facts = f"{count(report.searched, 'picture')} compared by {escape(_encoder(report.encoder))}"
    left_out = sum(report.skipped.values()) + report.not_indexed
    if left_out:
        facts += f"; {whole(left_out)} more could not be"
    return (
        f'<div class="asked">{image}<div><p class="kicker">{kicker}</p>'
        f'<{level} class="name"><bdi>{escape(_name(answered))}</bdi></{level}>{with_text}'
        f'<p class="facts">{facts}.</p>{_counts(answered)}</div></div>\n'
    )


def _encoder(encoder_id: str) -> str:
    """``clip:ViT-B/32:0123456789ab`` → ``CLIP ViT-B/32``."""
    kind, _, rest = clean(encoder_id, longest=100).partition(":")
    return f"CLIP {rest.partition(':')[0]}" if kind == "clip" else kind.partition("-")[0]


def _name(answered: Answered) -> str:
    """Without the folder: the page may be passed on."""
    if answered.query.image is None:
        return f"“{_shown(answered.name)}”"
    return _shown(answered.name.replace("\\", "/").rstrip("/").rpartition("/")[2] or answered.name)


def _counts(answered: Answered) -> str:
    """How many there are of each verdict, and what it means where there is nothing convincing."""
    report = answered.report
    counted = Counter(result.verdict for result in report.results)
    words = {
        Verdict.IDENTICAL: "identical",
        Verdict.ALTERED: "altered",
        Verdict.ALIKE: "looks like it" if report.text else "looks alike",
    }
    if counted[Verdict.ALIKE] > 1:
        words[Verdict.ALIKE] = words[Verdict.ALIKE].replace("looks", "look")
    pills = "".join(
        f'<li class="pill {verdict.value}">{whole(counted[verdict])} {word}</li>'
        for verdict, word in words.items()
        if counted[verdict]
    )
    if pills:
        return f'<ul class="counts">{pills}</ul>'
    sentence = "Probably nothing of that kind in this archive" if report.text else "Probably not in this archive"
    return f'<p class="facts"><strong>{sentence}.</strong></p>'


def _rest(report: SearchReport, amount: int, more: bool) -> str:
    if not more:
        return "What comes nearest" if report.text else "The nearest pictures"
    if report.text:
        return f"{whole(amount)} more that {'fits' if amount == 1 else 'fit'} less"
    return "1 more is probably another picture" if amount == 1 else f"{whole(amount)} more are probably other pictures"


def _write_cards(file: TextIO, answered: Answered, results: Sequence[SearchResult], pictures: _Pictures) -> None:
    if results:
        file.write('<ol class="grid">\n')
        for result in results:
            file.write(_card(answered, result, pictures.of(result.preview)))
        file.write("</ol>\n")


def _card(answered: Answered, result: SearchResult, source: str) -> str:
    record, verdict = result.record, result.verdict
    word = (_SHORT_FOR_TEXT if answered.report.text else _SHORT)[verdict]
    parts = [
        _frame(record, source),
        f'<div class="told"><span class="pill {verdict.value}">{word}</span>'
        f'<span class="score">{result.rank}. · {_score(answered, result)}</span></div>',
    ]
    changes = ", ".join(change.text for change in result.changes)
    if changes:
        parts.append(f'<p class="changes">{escape(changes[:1].upper() + changes[1:])}</p>')
    parts.append(f'<p class="who"><b><bdi>{escape(_shown(record.author))}</bdi></b></p>')
    channel = f"<bdi>#{escape(_shown(record.channel.name))}</bdi>"
    if record.channel.guild_name:
        channel += f" · <bdi>{escape(_shown(record.channel.guild_name))}</bdi>"
    parts.append(f'<p class="where">{channel}<br>{_time(record.timestamp)}</p>')
    if record.content.strip():
        parts.append(f'<div class="message" dir="auto">{_message(record.content)}</div>')
    parts.append(f'<p class="file"><bdi>{escape(_shown(record.file_name))}</bdi></p>')
    parts.append(_links(record))
    return f'<li class="card">{"".join(parts)}</li>\n'


def _score(answered: Answered, result: SearchResult) -> str:
    """Cosines of texts are so low that a percentage of likeness would mislead."""
    return decimal(result.score, 2) if answered.report.text else f"{percent(result.score)} alike"


def _frame(record: ImageRecord, source: str) -> str:
    if not source:
        return '<div class="frame"><div class="none">No picture of it is kept here</div></div>'
    image = f'<img src="{source}" alt="" loading="lazy" decoding="async">'
    if not record.spoiler:
        return f'<div class="frame">{image}</div>'
    # What was shown once is hidden again when the page is opened anew.
    box = '<input type="checkbox" autocomplete="off" aria-label="Show the spoiler">'
    return f'<label class="frame veil">{box}<span class="word">SPOILER</span>{image}</label>'


def _message(text: str) -> str:
    """The text of a message; what stands between ``||`` is hidden until it is clicked, as in Discord."""
    parts = escape(clean(text, lines=True, longest=LONGEST_TEXT)).split("||")
    told = [parts[0]]
    for number, part in enumerate(parts[1:], 1):
        if number % 2 and number < len(parts) - 1:
            told.append(
                '<label class="hush"><input type="checkbox" autocomplete="off" aria-label="Show the spoiler">'
                f"<span>{part}</span></label>"
            )
        else:
            told.append(part if number % 2 == 0 else f"||{part}")
    return "".join(told)


def _links(record: ImageRecord) -> str:
    links = [(safe_link(record.message_link), "Message", "")]
    expiry = expires_at(record.url)
    links.append((safe_link(record.url), "Original", "" if expiry is None else f"Until {_words(expiry)}"))
    told = [
        f'<a href="{link}" target="_blank" rel="noopener noreferrer"'
        + (f' title="{escape(title)}"' if title else "")
        + f">{word}</a>"
        for link, word, title in links
        if link
    ]
    return f'<p class="links">{"".join(told)}</p>'


def _time(moment: datetime) -> str:
    return f'<time datetime="{moment.isoformat()}">{escape(_words(moment))}</time>'


def _words(moment: datetime) -> str:
    """``2 March 2021, 13:00``, in this computer's zone; in English, as the page is, whatever the user's region."""
    with contextlib.suppress(OverflowError, OSError, ValueError):  # Windows cannot convert years before 1970
        moment = moment.astimezone()
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}, {moment:%H:%M}"


def _shown(text: str) -> str:
    return clean(text, longest=300)
