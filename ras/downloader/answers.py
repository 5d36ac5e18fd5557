"""What an answer leads to, when it is no picture: the next address, another try, a connection that can serve again."""

from __future__ import annotations

import logging
from urllib.parse import urljoin

import requests
from urllib3.exceptions import HTTPError

from ras.downloader.hosts import Host, PassingTrouble, Patience, retry_after
from ras.downloader.media import quoted
from ras.errors import FetchError, SkipReason
from ras.records import ImageRecord
from ras.settings import Settings

log = logging.getLogger(__name__)

_PASSING = (408, 425, 429)
"""Besides 5xx: the same request may succeed a little later."""
_GONE = (404, 410)
"""What Discord answers to dead links, and whoever deleted a picture. For good: it is not asked for again."""
_OF_RANGES = (206, 416)
"""Answers to the request for the rest of a picture."""
_SHORT = 64 * 1024
"""What is cheaper to read than a new connection to open."""


def check_status(
    response: requests.Response, host: Host, started: float, record: ImageRecord, patience: Patience
) -> None:
    """Return if a picture follows, or a part of one where that was asked for. Raises FetchError, PassingTrouble."""
    status = response.status_code
    if status == 200 or (status in _OF_RANGES and "range" in response.request.headers):
        return
    drain(response)
    if status >= 500 or status in _PASSING:
        if status in (429, 503):
            host.pause(retry_after(response.headers.get("retry-after", "")), patience, started)
        raise PassingTrouble(f"{host.name} answers with status {status}", throttled=status == 429)
    if status == 415:
        raise FetchError(f"The server has {quoted(record)} not as a picture.", SkipReason.UNSUPPORTED)
    if status in _GONE:
        raise FetchError(f"The server no longer has {quoted(record)} (status {status}).", SkipReason.GONE)
    # Perhaps it refuses this network or this hour (a filter, a wall, a proxy that wants a password), not the picture.
    raise PassingTrouble(f"{host.name} refuses it with status {status}", final=True)


def too_large(record: ImageRecord, settings: Settings) -> FetchError:
    return FetchError(
        f"{quoted(record)} is larger than {settings.max_megabytes} MB, the limit in the settings.",
        SkipReason.TOO_LARGE,
    )


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
    left = response.raw.length_remaining
    if left is not None and left > _SHORT:
        return
    received = 0
    try:
        for chunk in response.raw.stream(_SHORT, decode_content=False):
            received += len(chunk)
            if received > _SHORT:
                return
    except (HTTPError, OSError, ValueError) as exc:
        log.debug("The rest of an answer with status %d is lost: %s", response.status_code, exc)
