"""What a server answered: the picture in it, if it is one and whole, or the next address."""

from __future__ import annotations

import logging
import re
from urllib.parse import urljoin

import requests
from urllib3.exceptions import HTTPError

from ras.downloader.hosts import PassingTrouble
from ras.downloader.media import quoted
from ras.errors import FetchError, SkipReason
from ras.images import is_searched, kind_name, sniff_format
from ras.records import ImageRecord
from ras.settings import Settings
from ras.text import size

log = logging.getLogger(__name__)

_CHUNK = 64 * 1024


def read_picture(response: requests.Response, record: ImageRecord, settings: Settings) -> bytes:
    """The whole body. Raises FetchError if it is no picture or too large, PassingTrouble if it was cut."""
    limit = settings.max_megabytes * 1_000_000
    expected = _content_length(response)
    if expected is not None and expected > limit:
        raise too_large(record, settings)
    chunks: list[bytes] = []
    received = 0
    try:
        for chunk in response.raw.stream(_CHUNK, decode_content=False):
            if not received:
                _check_kind(chunk, record, settings.extra_formats)
            chunks.append(chunk)
            received += len(chunk)
            if received > limit:
                raise too_large(record, settings)
    except (HTTPError, OSError, ValueError) as exc:
        raise PassingTrouble(f"the connection broke off after {size(received)}") from exc
    if not received:
        raise FetchError(f"The server has nothing for {quoted(record)}.", SkipReason.NOT_A_PICTURE)
    if expected is None:
        expected = record.file_size
    if expected is not None and received < expected:
        raise PassingTrouble(f"only {size(received)} of {size(expected)} arrived")
    return b"".join(chunks)


def too_large(record: ImageRecord, settings: Settings) -> FetchError:
    return FetchError(
        f"{quoted(record)} is larger than {settings.max_megabytes} MB, the limit in the settings.",
        SkipReason.TOO_LARGE,
    )


def _check_kind(beginning: bytes, record: ImageRecord, extra_formats: bool) -> None:
    """Stop the download of what would not be decoded: an error page, a video, perhaps a long animation."""
    kind = sniff_format(beginning)
    if kind is None:
        raise FetchError(
            f"The server sent something else than a picture for {quoted(record)}.", SkipReason.NOT_A_PICTURE
        )
    if not is_searched(kind, extra_formats=extra_formats):
        raise FetchError(f"{quoted(record)} is a {kind_name(kind)} picture.", SkipReason.UNSUPPORTED)


def next_url(url: str, location: str, record: ImageRecord) -> str:
    try:
        # http.client reads headers as Latin-1, servers write UTF-8.
        url_after = urljoin(url, location.encode("latin-1").decode("utf-8", "replace"))
    except ValueError as exc:
        raise FetchError(f"The server has no valid link to {quoted(record)}.", SkipReason.GONE) from exc
    if url.startswith("https:") and not url_after.lower().startswith("https:"):
        raise FetchError(f"The server sends {quoted(record)} to an unprotected link.", SkipReason.BLOCKED)
    return url_after


def drain(response: requests.Response) -> None:
    """Read what is left of a short answer, so that its connection serves again; a long one's is closed."""
    received = 0
    try:
        for chunk in response.raw.stream(_CHUNK, decode_content=False):
            received += len(chunk)
            if received > _CHUNK:
                return
    except (HTTPError, OSError, ValueError) as exc:
        log.debug("The rest of an answer with status %d is lost: %s", response.status_code, exc)


def _content_length(response: requests.Response) -> int | None:
    stated = response.headers.get("content-length", "")
    return int(stated) if re.fullmatch("[0-9]{1,18}", stated) else None
