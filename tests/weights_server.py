"""A real HTTP server on loopback in the place of OpenAI's: serves one file with ranges, and misbehaves on demand."""

from __future__ import annotations

import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class WeightsServer:
    """Serves ``data`` under any path. ``faults`` are used up one a request, then it behaves.

    A fault is a number (cut after so many bytes), ``"503"`` (or any status), ``"ignores-range"``, ``"wrong-bytes"``,
    ``"wrong-range"``, ``"web-page"``, ``"silent"`` (never answers), ``"stalls"`` (half of the file, then nothing),
    ``"empty"`` (a file of no bytes), ``"endless"`` (no length, and twenty times as much), ``"too-long"`` (says that it
    is), ``"no-numbers"`` (503, and to wait for "²") or a URL, to which it sends on.
    """

    def __init__(self, data: bytes, faults: tuple[int | str, ...] = ()) -> None:
        self.data = data
        self.faults = list(faults)
        self.ranges: list[str | None] = []
        """The Range header of each request."""
        self.authorizations: list[str | None] = []
        self.gate = threading.Event()
        """Answers wait until it is set, as it is unless a test clears it."""
        self.gate.set()
        self._closing = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.close_connection = True
                server.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> WeightsServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range")
        self.ranges.append(asked)
        self.authorizations.append(handler.headers.get("Authorization"))
        self.gate.wait(30)
        fault = self.faults.pop(0) if self.faults else None
        if fault == "silent":
            self._closing.wait(30)
            return
        if isinstance(fault, str) and fault.isdigit():
            handler.send_response(int(fault))
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        if fault == "no-numbers" or (isinstance(fault, str) and fault.startswith("http")):
            handler.send_response(302 if fault.startswith("http") else 503)
            handler.send_header(
                "Location" if fault.startswith("http") else "Retry-After", fault.replace("no-numbers", "²")
            )
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        start = 0 if fault == "ignores-range" or asked is None else int(re.findall(r"\d+", asked)[0])
        if start >= len(self.data):
            handler.send_response(416)
            handler.send_header("Content-Range", f"bytes */{len(self.data)}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        if fault in ("web-page", "empty"):
            handler.send_response(200)
            handler.send_header("Content-Type", "text/html" if fault == "web-page" else "application/octet-stream")
            handler.send_header("Content-Length", "5" if fault == "web-page" else "0")
            handler.end_headers()
            handler.wfile.write(b"Hello" if fault == "web-page" else b"")
            return
        body = self.data[start:]
        handler.send_response(206 if start else 200)
        if start:
            first = start + 1 if fault == "wrong-range" else start
            body = self.data[first:]
            handler.send_header("Content-Range", f"bytes {first}-{len(self.data) - 1}/{len(self.data)}")
        if fault != "endless":
            handler.send_header("Content-Length", str(len(body) + (fault == "too-long")))
        handler.end_headers()
        if fault == "endless":
            for _ in range(20):
                handler.wfile.write(body)
            return
        if fault == "wrong-bytes":
            body = bytes(len(body))
        elif isinstance(fault, int):
            body = body[:fault]
        elif fault == "stalls":
            handler.wfile.write(body[: len(body) // 2])
            self._closing.wait(30)
            return
        for offset in range(0, len(body), 100_000):
            handler.wfile.write(body[offset : offset + 100_000])
            time.sleep(0.001)
