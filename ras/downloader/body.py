"""A picture's bytes as they arrive, in as many answers as it takes: what broke off is kept, and the rest asked for."""

from __future__ import annotations

import logging
from typing import Callable
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from ras.downloader.answers import drain, too_large
from ras.downloader.hosts import PassingTrouble
from ras.downloader.media import quoted
from ras.downloader.ranges import content_length, strong_validator, whole_size
from ras.errors import FetchError, SkipReason
from ras.images import is_searched, kind_name, sniff_format
from ras.records import ImageRecord
from ras.settings import Settings
from ras.text import size

log = logging.getLogger(__name__)

# What is read at once; so much may be lost when a connection is reset or falls silent.
_CHUNK = 16 * 1024
_BEGINNING = 32
"""How many bytes tell the kind of picture."""


class UnfitRest(Exception):
    """The server sent something else than the rest that it was asked for. What there was is dropped: begin anew."""


class Body:
    """What has arrived of one picture. It belongs to one thread, and lives as long as the picture is asked for.

    The rest is asked for only from the very address that sent the beginning, and only as long as the server stands by
    it (``If-Range``). Once something unfit came, this picture is not gone on with any more.
    """

    def __init__(self, record: ImageRecord, settings: Settings, arrived: Callable[[int], None]) -> None:
        """``arrived`` is told of bytes that were not there before, in any answer."""
        self._record = record
        self._settings = settings
        self._arrived = arrived
        self._furthest = 0
        self._limit = settings.max_megabytes * 1_000_000
        self._data = bytearray()
        self._total: int | None = None
        """What the server says that the whole has."""
        self._url = ""
        self._validator = ""
        """Empty where the rest cannot be asked for."""
        self._kind_is_known = False
        self._resumable = True
        self._kept = False
        """Whether anything was kept when an answer broke off."""

    def headers(self, url: str) -> dict[str, str]:
        """What a request for ``url`` needs besides, so that only what is missing is sent."""
        if not self._data or not self._validator or url != self._url:
            return {}
        return {"Range": f"bytes={len(self._data)}-", "If-Range": self._validator}

    def read(self, response: requests.Response) -> bytes:
        """The whole picture, once this answer is read. Its status is 200, or 206 or 416 where ``headers`` were sent.

        Raises FetchError if it is no picture or too large, PassingTrouble if it was cut, UnfitRest.
        """
        if response.status_code == 200:
            self._begin(response)
        else:
            self._go_on(response)
        data = self._data
        before = len(data)
        try:
            for chunk in response.raw.stream(_CHUNK, decode_content=False):
                data += chunk
                if len(data) > self._furthest:
                    self._arrived(len(data) - self._furthest)
                    self._furthest = len(data)
                if not self._kind_is_known and len(data) >= _BEGINNING:
                    self._check_kind(response)
                if len(data) > self._limit:
                    raise too_large(self._record, self._settings)
        except (HTTPError, OSError, ValueError) as exc:
            raise self._cut(before, f"the connection broke off after {size(len(data))}") from exc
        if self._total is not None and len(data) < self._total:
            raise self._cut(before, f"only {size(len(data))} of {size(self._total)} arrived")
        if response.status_code == 206 and len(data) != self._total:
            raise self._unfit(response)
        if not data:
            raise FetchError(f"The server has nothing for {quoted(self._record)}.", SkipReason.NOT_A_PICTURE)
        if not self._kind_is_known:
            self._check_kind(response)
        expected = self._record.file_size
        if self._total is None and expected is not None and len(data) < expected:
            raise self._cut(before, f"only {size(len(data))} of {size(expected)} arrived")
        return bytes(data)

    def _begin(self, response: requests.Response) -> None:
        self._data.clear()
        self._kind_is_known = False
        self._url = str(response.request.url)
        self._validator = strong_validator(response.headers) if self._resumable else ""
        self._total = content_length(response)
        if self._total is not None and self._total > self._limit:
            raise too_large(self._record, self._settings)

    def _go_on(self, response: requests.Response) -> None:
        self._total = whole_size(response, len(self._data), self._total, self._validator)
        if self._total is None:
            raise self._unfit(response)
        if self._total > self._limit:
            raise too_large(self._record, self._settings)
        log.info("%s goes on after %s.", quoted(self._record), size(len(self._data)))

    def _unfit(self, response: requests.Response) -> UnfitRest:
        host = urlsplit(self._url).hostname
        log.info("%s did not send the rest of %s: it is begun anew.", host, quoted(self._record))
        self._resumable = False
        self._validator = ""
        self._data.clear()
        drain(response)
        return UnfitRest()

    def _cut(self, before: int, what: str) -> PassingTrouble:
        if not self._validator:
            self._data.clear()
        # What begins anew, again and again, does not get on, however far it comes.
        progress = len(self._data) > before and (before > 0 or not self._kept)
        self._kept = self._kept or progress
        return PassingTrouble(what, progress=progress)

    def _check_kind(self, response: requests.Response) -> None:
        """Stop the download of what would not be decoded: an error page, a video, perhaps a long animation."""
        self._kind_is_known = True
        kind = sniff_format(bytes(self._data[:_BEGINNING]))
        if kind is not None and is_searched(kind, extra_formats=self._settings.extra_formats):
            return
        drain(response)
        name = quoted(self._record)
        if kind is None:
            raise FetchError(f"The server sent something else than a picture for {name}.", SkipReason.NOT_A_PICTURE)
        raise FetchError(f"{name} is a {kind_name(kind)} picture.", SkipReason.UNSUPPORTED)
