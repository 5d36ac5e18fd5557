"""A real HTTP server on loopback in the place of Discord's CDN: serves pictures, and misbehaves on demand.

::

    with CdnDouble() as cdn:
        cdn.serve("/1/2/cat.png", data)
        cdn.serve("/1/2/dog.png", data, fault=Fault.cut(100), times=2)   # twice cut, then fine
        cdn.serve("/1/2/cow.png", data, faults=[Fault.broken(100), Fault.throttled()])   # these two, then fine
        with Downloader(cdn.settings()) as downloader:
            downloader.fetch(cdn.record("/1/2/cat.png"))
        assert cdn.hits("/1/2/cat.png") == 1 and cdn.connections == 1
"""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, Sequence
from urllib.parse import urlsplit

from ras.records import Channel, ImageRecord
from ras.settings import Settings
from tests.cdn_faults import Fault

__all__ = ["CA_FILE", "CdnDouble", "Fault", "make_record"]

CA_FILE = str(Path(__file__).with_name("loopback_ca.pem"))
"""What a client must trust (``REQUESTS_CA_BUNDLE``) to speak to a ``CdnDouble(tls=True)``."""
_SERVER_FILE = str(Path(__file__).with_name("loopback_server.pem"))


@dataclass(frozen=True)
class Request:
    """A request as the server saw it."""

    path: str
    headers: dict[str, str]
    """Names in lower case."""
    moment: float
    """``time.monotonic()``"""


class CdnDouble:
    """The server; use it as a context manager. Its threads and connections end with it."""

    def __init__(self, *, tls: bool = False) -> None:
        self.scheme = "https" if tls else "http"
        self.connections = 0
        """Connections that were accepted."""
        self.requests: list[Request] = []
        self.most_at_once = 0
        """Requests that were answered at the same time, at most."""
        self._files: dict[str, _File] = {}
        self._lock = threading.Lock()
        self.answering = 0
        """Requests that are being answered at this moment."""
        self._closing = threading.Event()
        self._server = _Server(self, tls)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="cdn-double")

    def __enter__(self) -> CdnDouble:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.end_connections()
        self._server.server_close()

    def serve(
        self,
        path: str,
        data: bytes = b"",
        *,
        fault: Fault | None = None,
        times: int | None = None,
        faults: Sequence[Fault] = (),
        content_type: str = "image/png",
        etag: str | None = None,
        changed: float | None = None,
        ranges: bool = True,
    ) -> str:
        """Have ``data`` under ``path``; returns its URL.

        It has a fault (for the first ``times`` requests), or one fault after the other. ``etag`` "" stands for a
        strong one of the data, None for none; it was ``changed`` so many seconds ago, or that is not told. Who names
        either as it is can have the rest from a byte on, if there are ``ranges``.
        """
        if times is not None and fault is not None:
            fault, faults = None, [fault] * times
        headers = {"Content-Type": content_type}
        if etag is not None:
            headers["ETag"] = etag or f'"{hashlib.sha256(data).hexdigest()}"'
        if changed is not None:
            headers["Last-Modified"] = formatdate(time.time() - changed, usegmt=True)
        self._files[urlsplit(path).path] = _File(data, fault, list(faults), headers, ranges)
        return self.url(path)

    @property
    def host(self) -> str:
        """``127.0.0.1:<port>``, as ``Settings.allowed_hosts`` wants it."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def url(self, path: str) -> str:
        return f"{self.scheme}://{self.host}{path}"

    def hits(self, path: str) -> int:
        """How often the path was asked for."""
        return sum(urlsplit(request.path).path == path for request in self.requests)

    def settings(self, **chosen: Any) -> Settings:
        """Settings that allow this server."""
        return Settings(allowed_hosts=(self.host,), **chosen)

    def record(self, path: str, **values: Any) -> ImageRecord:
        """A record whose picture is at ``path``; any of its fields as a keyword."""
        return make_record(**{"url": self.url(path), "file_name": urlsplit(path).path.rsplit("/", 1)[-1], **values})

    def wait(self, seconds: float) -> bool:
        """Sleep; whether the server goes on."""
        return not self._closing.wait(seconds)

    def _answer(self, handler: _Handler) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        with self._lock:
            self.requests.append(Request(handler.path, headers, time.monotonic()))
            self.answering += 1
            self.most_at_once = max(self.most_at_once, self.answering)
        try:
            self._reply(handler)
        finally:
            with self._lock:
                self.answering -= 1

    def _reply(self, handler: _Handler) -> None:
        with self._lock:
            file = handler.file = self._files.get(urlsplit(handler.path).path)
            fault = file.next_fault() if file is not None else None
        if file is None:
            handler.reply(404, b"This content is no longer available.", {})
        elif fault is not None:
            fault.answer(handler, file.data)
        else:
            handler.serve(file.data)


def make_record(**values: Any) -> ImageRecord:
    """A record of a small made-up archive; any of its fields as a keyword."""
    defaults: dict[str, Any] = {
        "key": "a:1",
        "message_id": "10",
        "attachment_id": "1",
        "file_name": "cat.png",
        "url": "",
        "local_path": None,
        "file_size": None,
        "author_id": "5",
        "author": "ann",
        "channel": Channel("3", "general", "2", "Friends"),
        "timestamp": datetime(2024, 5, 1, 12, 0, tzinfo=timezone.utc),
    }
    return ImageRecord(**{**defaults, **values})


class _File:
    def __init__(
        self, data: bytes, fault: Fault | None, faults: list[Fault], headers: dict[str, str], ranges: bool
    ) -> None:
        self.data = data
        self.headers = headers
        self.ranges = ranges
        self._fault = fault
        self._faults = faults

    def next_fault(self) -> Fault | None:
        return self._faults.pop(0) if self._faults else self._fault


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or a body would wait 40 ms for the client to acknowledge its headers
    server: _Server
    file: _File | None = None

    @property
    def double(self) -> CdnDouble:
        return self.server.double

    def do_GET(self) -> None:
        self.double._answer(self)

    def range_start(self) -> int | None:
        """The first byte that was asked for; None for all of them."""
        asked = re.fullmatch("bytes=([0-9]+)-", self.headers.get("Range", ""))
        return None if asked is None else int(asked[1])

    def serve(self, data: bytes, *, cut: int | None = None) -> None:
        """The picture, or the rest of it where that was asked for; ``cut`` off after so many bytes."""
        assert self.file is not None
        start = self.range_start() if self.file.ranges else None
        validators = [value for name, value in self.file.headers.items() if name != "Content-Type"]
        if start is None or self.headers.get("If-Range", validators[0] if validators else "") not in validators:
            self.reply(200, data[:cut], {}, stated=len(data), close=cut is not None)
        elif start >= len(data):
            self.reply(416, b"", {"Content-Range": f"bytes */{len(data)}"})
        else:
            stated = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
            self.reply(206, data[start:][:cut], stated, stated=len(data) - start, close=cut is not None)

    def head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        if self.file is not None and status in (200, 206):
            chosen = {name.lower() for name in headers}
            ours = {name: value for name, value in self.file.headers.items() if name.lower() not in chosen}
            headers = {**ours, **headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def reply(
        self,
        status: int,
        body: bytes,
        headers: dict[str, str],
        *,
        stated: int | str | None = -1,
        close: bool = False,
    ) -> None:
        """An answer; ``stated`` is the Content-Length if it shall be another than the body's, None for none."""
        headers = dict(headers)
        if stated is not None:
            headers["Content-Length"] = str(len(body) if stated == -1 else stated)
        if close:
            headers["Connection"] = "close"
            self.close_connection = True
        self.head(status, headers)
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


class _Server(ThreadingMixIn, TCPServer):
    daemon_threads = False
    block_on_close = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, double: CdnDouble, tls: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.double = double
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if tls else None
        if self._context is not None:
            self._context.load_cert_chain(_SERVER_FILE)
        self._open: set[socket.socket] = set()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        with self.double._lock:
            self.double.connections += 1
        if self._context is not None:
            try:
                request = self._context.wrap_socket(request, server_side=True)
            except OSError:  # the client did not trust the certificate, or left
                request.close()
                return
        with self.double._lock:
            self._open.add(request)
        super().process_request_thread(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self.double._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that break off are what this server is for."""

    def end_connections(self) -> None:
        with self.double._lock:
            still_open = list(self._open)
        for connection in still_open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # it has just ended
                continue
