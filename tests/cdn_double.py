"""A real HTTP server on loopback in the place of Discord's CDN: serves pictures, and misbehaves on demand.

::

    with CdnDouble() as cdn:
        cdn.serve("/1/2/cat.png", data)
        cdn.serve("/1/2/dog.png", data, fault=Fault.cut(100), times=2)   # twice cut, then fine
        with Downloader(cdn.settings()) as downloader:
            downloader.fetch(cdn.record("/1/2/cat.png"))
        assert cdn.hits("/1/2/cat.png") == 1 and cdn.connections == 1
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, Callable
from urllib.parse import urlsplit

from ras.records import Channel, ImageRecord
from ras.settings import Settings

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


class Fault:
    """A way to misbehave: answers in the place of the server."""

    def __init__(self, answer: Callable[[_Handler, bytes], None]) -> None:
        self.answer = answer

    @staticmethod
    def status(code: int, body: bytes = b"This content is no longer available.", **headers: str) -> Fault:
        """Another status; headers as keywords, ``retry_after="1"``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Fault(lambda handler, data: handler.reply(code, body, {"Content-Type": "text/plain", **named}))

    @staticmethod
    def throttled(retry_after: str | None = None) -> Fault:
        """429, with a ``Retry-After`` of seconds or an HTTP date."""
        return Fault.status(429, b"slow down", **({"retry_after": retry_after} if retry_after is not None else {}))

    @staticmethod
    def redirect(location: str, code: int = 302) -> Fault:
        return Fault.status(code, b"", location=location)

    @staticmethod
    def error_page() -> Fault:
        """Status 200, and no picture."""
        return Fault(lambda handler, data: handler.reply(200, b"<html><body>Oops!</body></html>", {}))

    @staticmethod
    def cut(after: int) -> Fault:
        """The stated Content-Length, then only so many bytes."""
        return Fault(lambda handler, data: handler.reply(200, data[:after], {}, stated=len(data), close=True))

    @staticmethod
    def wrong_length(stated: int | str | None) -> Fault:
        """Another Content-Length than the body's, or none."""
        return Fault(lambda handler, data: handler.reply(200, data, {}, stated=stated, close=True))

    @staticmethod
    def chunked(cut: bool = False) -> Fault:
        """Transfer-Encoding: chunked; ``cut`` leaves the end out."""

        def answer(handler: _Handler, data: bytes) -> None:
            handler.head(200, {"Transfer-Encoding": "chunked", "Content-Type": "image/png"})
            for start in range(0, len(data), 1000):
                piece = data[start : start + 1000]
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            if cut:
                handler.close_connection = True
            else:
                handler.wfile.write(b"0\r\n\r\n")

        return Fault(answer)

    @staticmethod
    def encoded(body: bytes, encoding: str = "gzip") -> Fault:
        """A compressed body that nobody asked for."""
        return Fault(lambda handler, data: handler.reply(200, body, {"Content-Encoding": encoding}))

    @staticmethod
    def slow_headers(seconds: float) -> Fault:
        """Nothing at all for a while, then the picture."""

        def answer(handler: _Handler, data: bytes) -> None:
            if handler.double.wait(seconds):
                handler.reply(200, data, {})

        return Fault(answer)

    @staticmethod
    def trickling_headers(pause: float = 0.05) -> Fault:
        """Header after header, without an end."""

        def answer(handler: _Handler, data: bytes) -> None:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Endless: ")
            while handler.double.wait(pause):
                handler.wfile.write(b"x")

        return Fault(answer)

    @staticmethod
    def trickle(pause: float = 0.05, step: int = 1) -> Fault:
        """The body a few bytes at a time."""

        def answer(handler: _Handler, data: bytes) -> None:
            handler.head(200, {"Content-Length": str(len(data)), "Content-Type": "image/png"})
            for start in range(0, len(data), step):
                if not handler.double.wait(pause):
                    return
                handler.wfile.write(data[start : start + step])

        return Fault(answer)

    @staticmethod
    def stall(after: int = 0) -> Fault:
        """So many bytes of the body, then silence."""

        def answer(handler: _Handler, data: bytes) -> None:
            handler.head(200, {"Content-Length": str(len(data)), "Content-Type": "image/png"})
            handler.wfile.write(data[:after])
            handler.double.wait(60)

        return Fault(answer)

    @staticmethod
    def endless() -> Fault:
        """A body without length and end that begins like the picture."""

        def answer(handler: _Handler, data: bytes) -> None:
            handler.head(200, {"Connection": "close", "Content-Type": "image/png"})
            handler.close_connection = True
            handler.wfile.write(data)
            while handler.double.wait(0):
                handler.wfile.write(bytes(65536))

        return Fault(answer)

    @staticmethod
    def reset(after: int = 0) -> Fault:
        """TCP reset, after so many bytes of the body."""

        def answer(handler: _Handler, data: bytes) -> None:
            if after:
                handler.head(200, {"Content-Length": str(len(data)), "Content-Type": "image/png"})
                handler.wfile.write(data[:after])
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.connection.close()
            handler.close_connection = True

        return Fault(answer)

    @staticmethod
    def garbage() -> Fault:
        """Something that is no HTTP."""

        def answer(handler: _Handler, data: bytes) -> None:
            handler.wfile.write(b"\x00\x01 what is this?\r\n" * 5)
            handler.close_connection = True

        return Fault(answer)


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
        self._answering = 0
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
        content_type: str = "image/png",
    ) -> str:
        """Have ``data`` under ``path``, with a fault (for the first ``times`` requests); returns its URL."""
        self._files[urlsplit(path).path] = _File(data, fault, times, content_type)
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
            self._answering += 1
            self.most_at_once = max(self.most_at_once, self._answering)
            file = self._files.get(urlsplit(handler.path).path)
            fault = file.next_fault() if file is not None else None
        try:
            if file is None:
                handler.reply(404, b"This content is no longer available.", {})
            elif fault is not None:
                fault.answer(handler, file.data)
            else:
                handler.reply(200, file.data, {"Content-Type": file.content_type})
        finally:
            with self._lock:
                self._answering -= 1


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
    def __init__(self, data: bytes, fault: Fault | None, times: int | None, content_type: str) -> None:
        self.data = data
        self.content_type = content_type
        self._fault = fault
        self._left = times

    def next_fault(self) -> Fault | None:
        if self._left is None:
            return self._fault
        self._left -= 1
        return self._fault if self._left >= 0 else None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    @property
    def double(self) -> CdnDouble:
        return self.server.double

    def do_GET(self) -> None:
        self.double._answer(self)

    def head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
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
        headers = {"Content-Type": "image/png", **headers}
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
