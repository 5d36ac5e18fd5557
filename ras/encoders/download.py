"""Downloads one large file over HTTP: resumed where it was cut, however often and in whichever session that was."""

from __future__ import annotations

import queue
import re
import shutil
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ras.pace import Pace
from ras.records import Job, Progress
from ras.text import size

if TYPE_CHECKING:
    import requests

FIRST_ANSWER = 4.0
"""Seconds for the server's first answer, the look-up of its name included; else this computer counts as offline."""
SILENCE = 20.0
"""Seconds without a byte after which a connection counts as cut."""
RETRIES = 5
"""Attempts in a row that may bring nothing before it is given up."""
BACKOFF = 1.0
"""Seconds before the first retry; doubled each time."""
SPARE = 100_000_000
"""Bytes that must stay free on the disk."""

_CHUNK = 16 << 10
_HEARTBEAT = 0.2
_PASSING = (408, 429, 500, 502, 503, 504)


class DownloadError(Exception):
    """Why the file could not be had, in a few words that stand after a colon."""


class NoAnswer(DownloadError):
    """Nothing at all was heard: another host would not be heard either."""


class _Cut(Exception):
    """Passing trouble: worth another attempt, after ``wait`` seconds where the server asked for that."""

    def __init__(self, reason: str, wait: float = 0.0, silent: bool = False) -> None:
        super().__init__(reason)
        self.wait = wait
        self.silent = silent


def fetch_file(url: str, part: Path, stage: str, most: int) -> Job[None]:
    """Download ``url`` into ``part``, going on after what ``part`` holds already; refuse more than ``most`` bytes.

    The caller must verify the result: a server may have changed the file between two sessions. Cancelling keeps
    ``part``. Raises DownloadError, and OSError where ``part`` cannot be written.
    """
    failures = 0
    met = False
    while True:
        before = _length(part)
        try:
            yield from _attempt(url, part, stage, most, SILENCE if met else FIRST_ANSWER)
            return
        except _Cut as exc:
            met = met or _length(part) != before or exc.wait > 0
            failures = 0 if _length(part) > before else failures + 1
            if failures > RETRIES or not met:
                raise (NoAnswer if exc.silent and not met else DownloadError)(str(exc)) from exc
            pause = max(exc.wait, BACKOFF * 2 ** (max(failures, 1) - 1))
        resume = time.monotonic() + pause
        while time.monotonic() < resume:
            yield Progress(stage, _length(part), None, "bytes")
            time.sleep(min(_HEARTBEAT, pause))


def _attempt(url: str, part: Path, stage: str, most: int, patience: float) -> Job[None]:
    start = _length(part)
    stream = _Stream(url, start, patience)
    try:
        response = yield from stream.next_item(patience, Progress(stage, start, None, "bytes"))
        start, total = _accept(response, part, start)
        if total == 0:
            # It must not take the place of what was downloaded before.
            raise DownloadError("the server sent an empty file")
        if start == total:
            return
        if total is not None and total > most:
            raise _too_long(part)
        free = shutil.disk_usage(part.parent).free
        if total is not None and total - start + SPARE > free:
            raise DownloadError(
                f"the disk of {part.parent} has {size(free)} free, and {size(total - start)} are needed"
            )
        yield from _write(stream, part, stage, start, total, most)
    finally:
        stream.stop()


def _accept(response: requests.Response, part: Path, start: int) -> tuple[int, int | None]:
    """Judge the answer → where its bytes begin in the file, and the length of the whole file (None: not told)."""
    status, headers = response.status_code, response.headers
    if status == 416:
        # Nothing lies behind what we have: it is whole, or it is longer than the file and so is another one.
        told = re.fullmatch(r"bytes \*/([0-9]{1,18})", headers.get("Content-Range", ""))
        if told and int(told.group(1)) == start:
            return start, start
        part.unlink(missing_ok=True)
        raise _Cut("the server has a shorter file than the part that was downloaded before")
    if status == 206:
        told = re.fullmatch(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18})", headers.get("Content-Range", ""))
        if told and int(told.group(1)) == start:
            return start, int(told.group(2))
        part.unlink(missing_ok=True)
        raise _Cut("the server sent another part of the file than was asked for")
    if status == 200:
        if headers.get("Content-Type", "").startswith("text/"):
            # It must not take the place of what was downloaded before.
            raise DownloadError("this network answers with a web page; it may want you to sign in first")
        return 0, _number(headers.get("Content-Length", ""))
    if status in _PASSING:
        wait = _number(headers.get("Retry-After", ""))
        raise _Cut(f"the server answered {status}", BACKOFF if wait is None else min(30.0, wait))
    raise DownloadError(f"the server answered {status}")


def _number(told: str) -> int | None:
    """What a header says; None where it says something else."""
    return int(told) if re.fullmatch(r"[0-9]{1,18}", told) else None


def _write(stream: _Stream, part: Path, stage: str, start: int, total: int | None, most: int) -> Job[None]:
    done = start
    pace = Pace()
    told = 0.0
    with part.open("ab" if start else "wb") as file:
        while True:
            left = pace.seconds_left(done - start, None if total is None else total - start)
            progress = Progress(stage, done, total, "bytes", left)
            if time.monotonic() - told > _HEARTBEAT / 2:
                told = time.monotonic()
                yield progress
            chunk = yield from stream.next_item(SILENCE, progress)
            if chunk is None:
                break
            done += len(chunk)
            if done > most:
                raise _too_long(part)
            file.write(chunk)
    if total is not None and done < total:
        raise _Cut("the connection was cut")
    yield Progress(stage, done, done, "bytes")


def _too_long(part: Path) -> DownloadError:
    """What is there cannot be its beginning; it is removed."""
    part.unlink(missing_ok=True)
    return DownloadError("the server sends another file, a longer one")


def _length(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


class _Stream:
    """One request, read by a thread of its own, so that the job can be cancelled whatever the network does.

    The thread touches no file; it ends by itself once it is stopped.
    """

    def __init__(self, url: str, start: int, patience: float) -> None:
        self._items: queue.Queue[Any] = queue.Queue(maxsize=16)
        self._stopped = threading.Event()
        threading.Thread(target=self._read, args=(url, start, patience), name="download", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def next_item(self, patience: float, heartbeat: Progress) -> Job[Any]:
        """The response first, then chunks of bytes, then None. Raises _Cut when none comes for ``patience`` seconds."""
        deadline = time.monotonic() + patience
        while True:
            try:
                item = self._items.get(timeout=_HEARTBEAT)
            except queue.Empty:
                if time.monotonic() > deadline:
                    raise _Cut("the server does not answer", silent=True) from None
                yield heartbeat
                continue
            if isinstance(item, BaseException):
                raise _Cut(_reason(item), silent=_is_timeout(item)) from item
            return item

    def _read(self, url: str, start: int, patience: float) -> None:
        # Compression would make offsets meaningless.
        headers = {"Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        try:
            with _anonymous() as session, session.get(
                url, headers=headers, stream=True, timeout=(patience, SILENCE)
            ) as response:
                self._put(response)
                for chunk in response.iter_content(_CHUNK):
                    if not self._put(chunk):
                        return
            self._put(None)
        except Exception as exc:  # noqa: BLE001  urllib3's and ssl's errors leak through requests; handed to the job whole
            self._put(exc)

    def _put(self, item: Any) -> bool:
        while not self._stopped.is_set():
            try:
                self._items.put(item, timeout=_HEARTBEAT)
                return True
            except queue.Full:
                continue
        return False


def _anonymous() -> requests.Session:
    """A session that sends nobody what the user's ``.netrc`` has, a host that a redirect leads to included."""
    import requests

    class Anonymous(requests.Session):
        def rebuild_auth(self, *_: object) -> None:
            pass

    session = Anonymous()
    session.auth = lambda request: request
    return session


def _is_timeout(exc: BaseException) -> bool:
    import requests

    return isinstance(exc, requests.exceptions.Timeout)


def _reason(exc: BaseException) -> str:
    import requests

    if isinstance(exc, requests.exceptions.SSLError):
        return "the server’s certificate could not be verified; is this computer’s clock right?"
    if isinstance(exc, requests.exceptions.ProxyError):
        return "the proxy of this network refused"
    if _is_timeout(exc):
        return "the server does not answer"
    if "resolve" in str(exc) or "getaddrinfo" in str(exc):
        return "the server’s name was not found; this computer seems to be offline"
    if isinstance(exc, requests.exceptions.ConnectionError):
        return "the connection was refused or cut"
    return f"the download failed ({type(exc).__name__})"
