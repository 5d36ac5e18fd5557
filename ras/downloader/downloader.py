"""A record's bytes: from its media file where there is one, else from the network, politely and within limits."""

from __future__ import annotations

import dataclasses
import logging
import random
import threading
import time
from contextlib import closing, contextmanager
from types import TracebackType
from typing import Iterator, Sequence
from urllib.parse import urlsplit

import requests
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from ras.cdn import expires_at, is_dead, is_discord_host
from ras.downloader.addresses import is_allowed, parse_allowed
from ras.downloader.answers import check_status, drain, next_url, too_large
from ras.downloader.beginning import Beginning
from ras.downloader.body import Body, UnfitRest
from ras.downloader.connections import open_session
from ras.downloader.hosts import Host, PassingTrouble, Patience
from ras.downloader.media import quoted
from ras.downloader.refresh import LinkRefresher
from ras.downloader.renditions import Renditions
from ras.downloader.sending import send
from ras.errors import FetchError, SkipReason
from ras.media import MediaReader
from ras.records import ImageRecord
from ras.settings import Settings
from ras.text import clean, duration

log = logging.getLogger(__name__)

_REDIRECTS = 5
_REDIRECT_STATUSES = (301, 302, 303, 307, 308)
PORTS = {"http": 80, "https": 443}

DEFAULT_PATIENCE = Patience()


class Cancelled(FetchError):
    """The downloader was cancelled or closed."""

    def __init__(self) -> None:
        super().__init__("The download was cancelled.", SkipReason.NETWORK)


class Downloader:
    """Fetches pictures for one search, in as many threads as ``settings.connections`` says.

    No host gets more requests than that at the same time, whoever calls, and fewer if it refuses some (see ``Host``).
    Only Discord's hosts (HTTPS) and those of ``settings.allowed_hosts`` are asked, at public addresses unless the
    setting names the host; see ``connections`` for what holds behind a proxy. What is learnt of a host (that it
    asks for a pause, that it cannot be reached) holds for all threads. What broke off is gone on with (see ``Body``).
    """

    def __init__(
        self, settings: Settings, patience: Patience = DEFAULT_PATIENCE, refresher: LinkRefresher | None = None
    ) -> None:
        """With a ``refresher``, which is closed with the downloader, dead links of Discord are refreshed first."""
        self._settings = settings
        self._refresher = refresher
        self._patience = patience
        self._limit = settings.max_megabytes * 1_000_000
        self._media = MediaReader(settings.media_folders)
        self._allowed = parse_allowed(settings.allowed_hosts)
        self._session = open_session(settings.connections, self._allowed, self._watch)
        self._cancelled = threading.Event()
        self._mine = threading.local()
        self._hosts: dict[str, Host] = {}
        self._hosts_lock = threading.Lock()
        self._reached = False
        self._renditions = Renditions(settings, self._get, self._get_small, self._get_beginning)

    def __enter__(self) -> Downloader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def cancel(self) -> None:
        """End every fetch in flight within half a second, and every later one at once, with ``Cancelled``."""
        self._cancelled.set()
        self._media.cancel()
        # A copy is enough: who comes to a new host looks at the word above before waiting for it.
        for host in list(self._hosts.values()):
            host.wake()
        if self._refresher is not None:
            self._refresher.cancel()

    def close(self) -> None:
        """Cancel, and close all connections."""
        self.cancel()
        self._session.close()
        self._media.close()
        if self._refresher is not None:
            self._refresher.close()

    def expect(self, records: Sequence[ImageRecord]) -> None:
        """The records that will be fetched, about in this order: their dead links are refreshed together."""
        if self._refresher is not None:
            self._refresher.expect(records, self._media.is_there)

    def take_notices(self) -> list[str]:
        """Sentences for the user about links that were refreshed and what small previews saved, each once."""
        refreshed = self._refresher.take_notices() if self._refresher is not None else []
        return [*refreshed, *self._renditions.notices()]

    def fetch(self, record: ImageRecord) -> bytes:
        """The picture's bytes; they begin like a picture's. Thread-safe.

        The local media file is taken if it is whole, else the network is asked; if that fails, a media file that was
        cut is better than nothing. Raises FetchError, and nothing else.
        """
        self._stop_if_cancelled()
        if record.local_path is None and not self._media.is_there(record):
            return self._download(record)
        try:
            local = self._media.read(record, self._limit)
        except FetchError as missing:
            if missing.reason is SkipReason.TOO_LARGE or not _has_link(record):
                raise
            try:
                return self._download(record)
            except Cancelled:
                raise
            except FetchError as exc:
                raise type(exc)(f"{missing} {exc}", exc.reason) from exc  # HostGivenUp stays one
        if record.file_size is not None and len(local) < record.file_size and _has_link(record):
            try:
                return self._download(record)
            except Cancelled:
                raise
            except FetchError as exc:
                log.info("%s of %d bytes are used of %s: %s", len(local), record.file_size, record.local_path, exc)
        return local

    def _download(self, record: ImageRecord) -> bytes:
        return self._follow(record) if self._refresher is None else self._refresher.revive(record, self._follow)

    def _follow(self, record: ImageRecord) -> bytes:
        self._stop_if_cancelled()
        name = quoted(record)
        if not _has_link(record):
            raise FetchError(f"The export has neither a file nor a link for {name}.", SkipReason.MISSING)
        if is_dead(record.url):
            expiry = expires_at(record.url)
            why = f"expired on {expiry:%Y-%m-%d}" if expiry else "has no signature, and Discord serves it no more"
            raise FetchError(
                f"The link to {name} {why}: export the channel again, best with its media, or set a bot token, with "
                "which RAS refreshes it.",
                SkipReason.EXPIRED,
            )
        if record.file_size is not None and record.file_size > self._limit:
            raise too_large(record, self._settings)
        return self._renditions.fetch(record)

    def _get(self, record: ImageRecord) -> bytes:
        return self._persist(record, Body(record, self._settings, self._arrived))

    def _get_small(self, record: ImageRecord) -> bytes:
        """What has fewer bytes than ``file_size`` says of the original."""
        limit = min(self._settings.max_megabytes, 1 + (record.file_size or 0) // 1_000_000)
        settings = dataclasses.replace(self._settings, max_megabytes=limit)
        body = Body(dataclasses.replace(record, file_size=None), settings, self._arrived)
        return self._persist(record, body, small=True)

    def _get_beginning(self, record: ImageRecord) -> bytes:
        return self._persist(record, Beginning(), small=True)

    def _persist(self, record: ImageRecord, body: Body | Beginning, small: bool = False) -> bytes:
        """Ask again while that may help; for what is ``small``, and can be done without, no more than twice."""
        name = quoted(record)
        self._mine.deadline = time.monotonic() + self._patience.total
        patience = self._patience
        most = min(2, patience.tries) if small else patience.tries
        tries = failures = pauses = 0
        while True:
            tries += 1
            try:
                return self._try_once(record, body, small)
            except UnfitRest:
                continue  # this happens to a picture once at most
            except PassingTrouble as trouble:
                if trouble.throttled:
                    pauses += 1
                else:
                    failures = 0 if trouble.progress else failures + 1
                in_vain = failures >= most or pauses >= 2 * most or tries >= patience.tries_in_all
                if in_vain or trouble.final:
                    raise FetchError(f"{name} could not be downloaded: {trouble}.", SkipReason.NETWORK) from trouble
                if not trouble.throttled:
                    self._wait(random.uniform(0, patience.backoff * 2 ** max(0, failures - 1)))

    def _try_once(self, record: ImageRecord, body: Body | Beginning, small: bool) -> bytes:
        """One request with its redirects. Raises PassingTrouble where another may succeed, and UnfitRest."""
        url = record.url
        for _ in range(1 if small else _REDIRECTS + 1):
            request = self._prepare(url, record)
            request.headers.update(body.headers(str(request.url)))
            host = self._host(request)
            answered = False
            with self._turn(host) as started:
                try:
                    with closing(send(self._session, request, self._patience)) as response:
                        self._reached = answered = True
                        location = response.headers.get("location")
                        if response.status_code in _REDIRECT_STATUSES and location is not None:
                            drain(response)
                            url = next_url(str(request.url), location, record)
                            host.answered(started)
                            continue
                        check_status(response, host, started, record, self._patience)
                        data = body.read(response)
                except PassingTrouble as trouble:
                    if trouble.progress:
                        host.answered(started)
                    else:
                        silent = self._patience.lost if self._reached else self._patience.unreached
                        # What can be done without is worth no longer wait.
                        host.failed(trouble, started, silent, silent if small else self._patience.useless, answered)
                    raise
                except UnfitRest:
                    host.answered(started)
                    raise
                except FetchError as exc:
                    if exc.reason is not SkipReason.NETWORK:
                        host.answered(started)
                    raise
                host.answered(started)
                return data
        raise FetchError(f"The server sends the request for {quoted(record)} in circles.", SkipReason.GONE)

    def _prepare(self, url: str, record: ImageRecord) -> requests.PreparedRequest:
        """The request, once its host is found to be allowed.

        It is the prepared URL that is checked: parsers differ on hostile ones, and this is what the connection uses.
        """
        try:
            request = self._session.prepare_request(requests.Request("GET", url))
            parts = urlsplit(str(request.url))
            scheme, host, port = parts.scheme, parts.hostname or "", parts.port
        except (RequestException, ValueError, HTTPError) as exc:
            raise FetchError(f"The link to {quoted(record)} is not a valid one.", SkipReason.MISSING) from exc
        if is_allowed(host, port or PORTS.get(scheme, 0), self._allowed):
            return request
        if not is_discord_host(host):
            raise FetchError(
                f"{quoted(record)} lies on {clean(host, longest=100)}: RAS downloads from Discord only, and from the "
                "hosts that the setting “allowed_hosts” names.",
                SkipReason.BLOCKED,
            )
        if scheme != "https" or port not in (None, 443):
            raise FetchError(f"The link to {quoted(record)} is not one of Discord’s own.", SkipReason.BLOCKED)
        return request

    def _host(self, request: requests.PreparedRequest) -> Host:
        parts = urlsplit(str(request.url))
        port = "" if parts.port in (None, PORTS.get(parts.scheme)) else f":{parts.port}"
        name = f"{parts.hostname}{port}"
        with self._hosts_lock:
            return self._hosts.setdefault(name, Host(name, self._settings.connections))

    @contextmanager
    def _turn(self, host: Host) -> Iterator[float]:
        """Wait until the host may be asked, and keep the place meanwhile. Raises FetchError if it was given up.

        Gives the moment from which on the request can count. Waiting for it is not held against the picture.
        """
        asked = time.monotonic()
        started = host.enter(self._stop_if_cancelled)
        try:
            self._mine.deadline += started - asked
            yield started
        finally:
            host.leave()

    def _arrived(self, size: int) -> None:
        """So many bytes of a picture are there: a large one on a slow line may take its time."""
        self._mine.deadline += size / self._patience.slowest

    def _wait(self, seconds: float) -> None:
        self._cancelled.wait(seconds)
        self._stop_if_cancelled()

    def _stop_if_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled

    def _watch(self) -> None:
        """Called during every wait for the network, in the thread that waits."""
        self._stop_if_cancelled()
        if time.monotonic() > self._mine.deadline:
            raise PassingTrouble(f"it took longer than {duration(self._patience.total)}", final=True)


def _has_link(record: ImageRecord) -> bool:
    return record.url.lower().startswith(("https://", "http://"))
