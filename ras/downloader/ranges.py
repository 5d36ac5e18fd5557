"""When a download may go on where it broke off, and whether what then comes is the rest: the rules of RFC 9110."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Mapping

import requests

# An ETag that is not marked as weak; a comma-joined list of two does not match.
_STRONG_ETAG = r'"[\x21\x23-\x7e]{1,200}"'
_HTTP_DATE = r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT"
# A date of change is a strong validator if the answer is that much later (8.8.2.2): within the same second a file may
# change twice. The RFC leaves room for clocks that differ; its predecessor (7232) asked for a minute.
_SETTLED = timedelta(seconds=60)
_RANGE = r"(?i:bytes) ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})"


def strong_validator(headers: Mapping[str, str]) -> str:
    """What ``If-Range`` may carry to ask for the rest of this answer, if it breaks off; empty if nothing.

    The ETag if it is strong, and the date of the last change only where there is no ETag (13.1.5). ``headers`` are
    those of an answer, as ``requests`` has them.
    """
    if headers.get("accept-ranges", "").strip().lower() == "none" or not _is_plain(headers):
        return ""
    etag = headers.get("etag")
    if etag is not None:
        return etag if re.fullmatch(_STRONG_ETAG, etag) else ""
    changed, sent = _moment(headers.get("last-modified", "")), _moment(headers.get("date", ""))
    if changed is None or sent is None or sent - changed < _SETTLED:
        return ""
    return headers["last-modified"]


def whole_size(response: requests.Response, start: int, total: int | None, validator: str) -> int | None:
    """The size of the whole picture if this answer is its rest from byte ``start`` on, else None.

    ``total`` and ``validator`` are what the answer with the beginning said (total: None if it did not).
    """
    headers = response.headers
    stated = re.fullmatch(_RANGE, headers.get("content-range", ""))
    if response.status_code != 206 or stated is None or not _is_plain(headers):
        return None
    if "multipart/" in headers.get("content-type", "").lower():
        return None
    first, last, size = map(int, stated.groups())
    fits = (
        first == start
        and first <= last == size - 1
        and total in (None, size)
        and content_length(response) in (None, size - start)
        and headers.get("last-modified" if validator.endswith("GMT") else "etag", validator) == validator
    )
    return size if fits else None


def content_length(response: requests.Response) -> int | None:
    stated = response.headers.get("content-length", "")
    return int(stated) if re.fullmatch("[0-9]{1,18}", stated) else None


def _is_plain(headers: Mapping[str, str]) -> bool:
    """Whether the body is the picture itself, as was asked for, and not compressed."""
    return headers.get("content-encoding", "").strip().lower() in ("", "identity")


def _moment(stated: str) -> datetime | None:
    if not re.fullmatch(_HTTP_DATE, stated):
        return None
    try:
        return parsedate_to_datetime(stated)
    except (TypeError, ValueError):
        return None
