"""The picture behind a link that the user gave: from any host, at public addresses and within the limits."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timezone
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import requests
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from ras.downloader.addresses import is_allowed, is_local_name
from ras.downloader.downloader import PORTS, Downloader
from ras.downloader.media import quoted
from ras.errors import FetchError, SkipReason
from ras.records import Channel, ImageRecord, Job, Progress
from ras.settings import Settings
from ras.text import clean

_NOWHERE = Channel("", "", "", "")


class LinkDownloader(Downloader):
    """Asks any host. For links that the user chose, never for those of an export."""

    def _prepare(self, url: str, record: ImageRecord) -> requests.PreparedRequest:
        try:
            request = self._session.prepare_request(requests.Request("GET", url))
            parts = urlsplit(str(request.url))
            scheme, host, port = parts.scheme, parts.hostname or "", parts.port
        except (RequestException, ValueError, HTTPError) as exc:
            raise FetchError(f"The link to {quoted(record)} is not a valid one.", SkipReason.MISSING) from exc
        if scheme not in ("http", "https"):
            raise FetchError(f"The link to {quoted(record)} leads to no web server.", SkipReason.BLOCKED)
        # Who connects looks at the address, too, but a proxy would connect to whatever it is told.
        if is_local_name(host) and not is_allowed(host, port or PORTS[scheme], self._allowed):
            raise FetchError(
                f"{clean(host, longest=100)} is no host of the public internet; RAS connects there only if the setting "
                "“allowed_hosts” names it.",
                SkipReason.BLOCKED,
            )
        return request


def fetch_link(url: str, settings: Settings) -> Job[bytes]:
    """The bytes of the PNG or JPEG picture behind an http(s) link. Raises FetchError with a sentence for the user.

    Private addresses are refused, unless the setting “allowed_hosts” names their host. It can be cancelled while the
    network is waited for.
    """
    record = ImageRecord(
        *("", "", None, name_of_link(url), url, None, None, "", "", _NOWHERE),
        timestamp=datetime.fromtimestamp(0, timezone.utc),
    )
    # As it is: a small rendition would be another picture.
    settings = dataclasses.replace(settings, small_previews=False, extra_formats=False, media_folders=())
    with LinkDownloader(settings) as downloader, ThreadPoolExecutor(1) as threads:
        fetched = threads.submit(downloader.fetch, record)
        try:
            while not wait([fetched], 0.1).done:
                yield Progress("Downloading the picture", 0, None)
        finally:
            downloader.cancel()
        try:
            return fetched.result()
        except FetchError as exc:
            more = {
                SkipReason.UNSUPPORTED: " RAS searches for PNG and JPEG pictures.",
                SkipReason.NOT_A_PICTURE: " Open the picture itself in the browser and drop that, or save it first.",
                SkipReason.GONE: " Save the picture in the browser and drop its file.",
            }
            raise FetchError(f"{exc}{more.get(exc.reason, '')}", exc.reason) from exc


def name_of_link(url: str) -> str:
    """``cat.png`` of ``https://example.org/a/cat.png?width=80``; of one without a name the host."""
    try:
        parts = urlsplit(url)
        return clean(unquote(PurePosixPath(parts.path).name) or parts.hostname or "picture", longest=100)
    except ValueError:
        return "picture"
