"""A record's bytes: from its media file where there is one, else from the network, politely and within limits."""

from __future__ import annotations

import logging
import random
import threading
import time
from contextlib import closing, contextmanager
from types import TracebackType
from typing import Iterator
from urllib.parse import urlsplit

import requests
from requests.exceptions import InvalidProxyURL, RequestException, SSLError
from urllib3.exceptions import HTTPError

from ras.cdn import expires_at, is_discord_host, is_expired
from ras.downloader.addresses import is_allowed, parse_allowed
from ras.downloader.answers import drain, next_url, too_large
from ras.downloader.body import Body, UnfitRest
from ras.downloader.connections import open_session
from ras.downloader.hosts import Host, PassingTrouble, Patience, retry_after
from ras.downloader.media import quoted, read_media
from ras.errors import FetchError, SkipReason
from ras.records import ImageRecord
from ras.settings import Settings
from ras.text import clean, duration

log = logging.getLogger(__name__)

_REDIRECTS = 5
_REDIRECT_STATUSES = (301, 302, 303, 307, 308)
_PASSING_STATUSES = (408, 425, 429)
"""Besides 5xx: the same request may succeed a little later."""
_RANGE_STATUSES = (206, 416)
"""Answers to the request for the rest of a picture."""
_PORTS = {"http": 80, "https": 443}

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
    asks for a pause, that it cannot be reached) holds for all threads. A picture that broke off midway is gone on with
    where the server can do that (see ``Body``).
    """

    def __init__(self, settings: Settings, patience: Patience = DEFAULT_PATIENCE) -> None:
        self._settings = settings
        self._patience = patience
        self._limit = settings.max_megabytes * 1_000_000
        self._allowed = parse_allowed(settings.allowed_hosts)
        self._session = open_session(settings.connections, self._allowed, self._watch)
        self._cancelled = threading.Event()
        self._mine = threading.local()
        self._hosts: dict[str, Host] = {}
        self._hosts_lock = threading.Lock()
        self._reached = False

    def __enter__(self) -> Downloader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def cancel(self) -> None:
        """End every fetch in flight within half a second, and every later one at once, with ``Cancelled``."""
        self._cancelled.set()
        # A copy is enough: who comes to a new host looks at the word above before waiting for it.
        for host in list(self._hosts.values()):
            host.wake()

    def close(self) -> None:
        """Cancel, and close all connections."""
        self.cancel()
        self._session.close()

    def fetch(self, record: ImageRecord) -> bytes:
        """The picture's bytes; they begin like a picture's. Thread-safe.

        The local media file is taken if it is whole, else the network is asked; if that fails, a media file that was
        cut is better than nothing. Raises FetchError, and nothing else.
        """
        self._stop_if_cancelled()
        if record.local_path is None:
            return self._download(record)
        try:
            local = read_media(record, self._settings.media_folders, self._limit)
        except FetchError as missing:
            if missing.reason is SkipReason.TOO_LARGE or not _has_link(record):
                raise
            try:
                return self._download(record)
            except Cancelled:
                raise
            except FetchError as exc:
                raise FetchError(f"{missing} {exc}", exc.reason) from exc
        if record.file_size is not None and len(local) < record.file_size and _has_link(record):
            try:
                return self._download(record)
            except Cancelled:
                raise
            except FetchError as exc:
                log.info("%s of %d bytes are used of %s: %s", len(local), record.file_size, record.local_path, exc)
        return local

    def _download(self, record: ImageRecord) -> bytes:
        name = quoted(record)
        if not _has_link(record):
            raise FetchError(f"The export has neither a file nor a link for {name}.", SkipReason.MISSING)
        if is_expired(record.url):
            raise FetchError(
                f"The link to {name} expired on {expires_at(record.url):%Y-%m-%d}: export the channel again, best "
                "with its media, and it can be searched.",
                SkipReason.EXPIRED,
            )
        if record.file_size is not None and record.file_size > self._limit:
            raise too_large(record, self._settings)
        self._mine.deadline = time.monotonic() + self._patience.total
        patience = self._patience
        body = Body(record, self._settings, self._arrived)
        tries = failures = pauses = 0
        while True:
            tries += 1
            try:
                return self._try_once(record, body)
            except UnfitRest:
                continue  # this happens to a picture once at most
            except PassingTrouble as trouble:
                if trouble.throttled:
                    pauses += 1
                else:
                    failures = 0 if trouble.progress else failures + 1
                in_vain = failures >= patience.tries or pauses >= 2 * patience.tries or tries >= patience.tries_in_all
                if in_vain or trouble.final:
                    raise FetchError(f"{name} could not be downloaded: {trouble}.", SkipReason.NETWORK) from trouble
                if not trouble.throttled:
                    self._wait(random.uniform(0, patience.backoff * 2 ** max(0, failures - 1)))

    def _try_once(self, record: ImageRecord, body: Body) -> bytes:
        """One request with its redirects. Raises PassingTrouble where another may succeed, and UnfitRest."""
        url = record.url
        for _ in range(_REDIRECTS + 1):
            request = self._prepare(url, record)
            request.headers.update(body.headers(str(request.url)))
            host = self._host(request)
            with self._turn(host) as started:
                try:
                    with closing(self._send(request)) as response:
                        self._reached = True
                        location = response.headers.get("location")
                        if response.status_code in _REDIRECT_STATUSES and location is not None:
                            drain(response)
                            url = next_url(str(request.url), location, record)
                            host.answered(started)
                            continue
                        self._check_status(response, host, started, record)
                        data = body.read(response)
                except PassingTrouble as trouble:
                    if trouble.progress:
                        host.answered(started)
                    else:
                        patience = self._patience.lost if self._reached else self._patience.unreached
                        host.failed(trouble, started, self._patience.throttled if trouble.throttled else patience)
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
        if is_allowed(host, port or _PORTS.get(scheme, 0), self._allowed):
            return request
        if not is_discord_host(host):
            raise FetchError(
                f"{quoted(record)} lies on {clean(host, longest=100)}: RAS downloads from Discord only, and from the "
                "hosts that the setting “allowed_hosts” names.",
                SkipReason.BLOCKED,
            )
        if scheme != "https" or port not in (None, 443):
            raise FetchError(f"The link to {quoted(record)} is not one of Discord's own.", SkipReason.BLOCKED)
        return request

    def _send(self, request: requests.PreparedRequest) -> requests.Response:
        url = str(request.url)
        host = urlsplit(url).hostname
        try:
            environment = self._session.merge_environment_settings(url, {}, True, None, None)
            # By the adapter: Session.send would read the whole body of a redirect, however large.
            return self._session.get_adapter(url).send(
                request,
                stream=True,
                timeout=(self._patience.connect, self._patience.read),
                verify=environment["verify"] or True,
                cert=environment["cert"],
                proxies=environment["proxies"],
            )
        except SSLError as exc:
            log.info("No secure connection to %s: %s", host, exc)
            if "certificate" not in str(exc).lower():
                raise PassingTrouble(f"the secure connection to {host} failed") from exc
            raise PassingTrouble(
                f"the certificate of {host} is not trusted; check the date of this computer, and what inspects its "
                "connections",
                final=True,
            ) from exc
        except InvalidProxyURL as exc:
            raise PassingTrouble("the address of the proxy is not valid", final=True) from exc
        except requests.Timeout as exc:
            raise PassingTrouble(f"{host} does not answer") from exc
        except (RequestException, HTTPError, OSError, ValueError) as exc:
            log.info("No answer from %s: %s", host, exc)
            raise PassingTrouble(f"{host} cannot be reached") from exc

    def _check_status(self, response: requests.Response, host: Host, started: float, record: ImageRecord) -> None:
        status = response.status_code
        if status == 200 or (status in _RANGE_STATUSES and "range" in response.request.headers):
            return
        drain(response)
        if status >= 500 or status in _PASSING_STATUSES:
            if status in (429, 503):
                host.pause(retry_after(response.headers.get("retry-after", "")), self._patience, started)
            raise PassingTrouble(f"{host.name} answers with status {status}", throttled=status == 429)
        if status == 415:
            raise FetchError(f"The server has {quoted(record)} not as a picture.", SkipReason.UNSUPPORTED)
        raise FetchError(f"The server no longer has {quoted(record)} (status {status}).", SkipReason.GONE)

    def _host(self, request: requests.PreparedRequest) -> Host:
        parts = urlsplit(str(request.url))
        port = "" if parts.port in (None, _PORTS.get(parts.scheme)) else f":{parts.port}"
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
