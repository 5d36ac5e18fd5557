"""Discord on loopback: a CDN that signs, expires and forgets, and the endpoint that refreshes links.

It is a proxy as well: a client that has its ``environment()`` speaks to Discord's own host names, over TLS, and
arrives here; the program under test needs no seam for it. Facts: how Discord signs and refreshes its links, in the
docstrings below.

::

    with DiscordDouble() as discord:            # the fixture ``discord`` also sets the environment variables
        url = discord.post(1, 2, "cat.png", data)                # signed, alive for a day
        old = discord.post(1, 3, "dog.png", data, live=-60)      # expired a minute ago
        with Downloader(discord.settings()) as downloader:
            downloader.fetch(discord.record(url))
        discord.refresh_faults = [Fault.throttled("0.1")]        # once, then it answers again
        assert discord.refreshes == []                           # the batches that were asked for
"""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
import time
from typing import Any, Callable
from urllib.parse import parse_qs, urlsplit

from ras.records import ImageRecord
from ras.settings import Settings
from tests.cdn_double import _SERVER_FILE, CA_FILE, CdnDouble, Fault, _Handler, make_record

__all__ = ["CDN", "MEDIA", "TOKEN", "DiscordDouble", "Fault", "make_record"]

CDN = "cdn.discordapp.com"
MEDIA = "media.discordapp.net"
API = "discord.com"
FOREIGN = "foreign.example"
"""A host that is not Discord's; the double answers for it, so that a test sees who goes there."""
HOSTS = (CDN, MEDIA, "cdn.discord.com", "images-ext-1.discordapp.net", "images-ext-2.discordapp.net", API, FOREIGN)

REFRESH = "/api/v10/attachments/refresh-urls"
MOST_URLS = 50

TOKEN = "bXVzdC1uZXZlci1iZS1zZWVu.Made.Up_by-the-tests"
"""The bot token that the double takes."""


class DiscordDouble(CdnDouble):
    """Use it as a context manager. ``requests`` has all that was asked, each with its ``host`` in the headers."""

    def __init__(self) -> None:
        super().__init__()
        self._server.RequestHandlerClass = _DiscordHandler
        self._secret = b"known to Discord alone"
        self._dead: set[str] = set()
        self.token = TOKEN
        self.tunnels: list[str] = []
        """``host:port`` of each connection that was asked for."""
        self.refreshes: list[list[str]] = []
        """The URLs of each batch that was refreshed, or lied about."""
        self.refresh_faults: list[Fault] = []
        """One after the other, in place of refreshing; their ``data`` is the honest answer."""
        self.refresh_fault: Fault | None = None
        """From then on."""
        self.refresh_life = 86400.0
        """Seconds that a refreshed link lives."""
        self.refresh_headers: dict[str, str] = {}
        """Of its honest answers, besides."""
        self.takes: Callable[[str], bool] = lambda url: urlsplit(url).path.startswith("/attachments/")
        """Whether a URL is one to refresh; another one spoils its batch (400)."""
        self.lie: Callable[[str], str] = lambda url: url
        """What the endpoint says instead of the refreshed URL."""
        self.media: Fault | None = None
        """How media.discordapp.net answers, see ``media_proxy``; None: with what was posted."""

    def environment(self) -> dict[str, str]:
        """Environment variables with which a program finds the double where Discord would be."""
        return {"HTTPS_PROXY": f"http://{self.host}", "REQUESTS_CA_BUNDLE": CA_FILE}

    def settings(self, **chosen: Any) -> Settings:
        """Settings as they are by default: no host needs to be allowed."""
        return Settings(**chosen)

    def post(
        self, channel: object, attachment: object, name: str, data: bytes, *, live: float = 86400, **served: Any
    ) -> str:
        """Post a picture; its URL, signed for ``live`` seconds from now. ``served``: see ``CdnDouble.serve``."""
        path = f"/attachments/{channel}/{attachment}/{name}"
        self.serve(path, data, **served)
        return self.sign(f"https://{CDN}{path}", live)

    def sign(self, url: str, live: float = 86400) -> str:
        """``ex`` and ``is`` are Unix times in hexadecimal, ``hm`` authenticates them and the path."""
        now = time.time()
        parts = urlsplit(url)
        ex, issued = f"{int(now + live):x}", f"{int(now + min(live, 0)) - 1:x}"
        if self._hm(parts.path, ex, issued) in self._dead:  # expired within this very second
            issued = f"{int(issued, 16) + 1:x}"
        return f"https://{parts.netloc}{parts.path}?ex={ex}&is={issued}&hm={self._hm(parts.path, ex, issued)}&"

    def expire(self, url: str) -> None:
        """Serve this very URL no more, whatever its ``ex`` says; one that is signed anew works."""
        self._dead.add(self._signature(url))

    def delete(self, url: str) -> None:
        """The picture is gone; refreshing signs a link to nothing."""
        self._files.pop(urlsplit(url).path, None)

    def record(self, url: str, **values: Any) -> ImageRecord:
        """A record of the attachment at ``url``; any of its fields as a keyword."""
        _, _, _, attachment, name = urlsplit(url).path.split("/")
        known = {"url": url, "key": f"a:{attachment}", "attachment_id": attachment, "file_name": name}
        return make_record(**{**known, **values})

    def asked(self, host: str) -> list[str]:
        """The paths (with queries) that this host was asked for."""
        return [request.path for request in self.requests if request.headers.get("host") == host]

    def authorized(self) -> set[str]:
        """The hosts that were sent an Authorization header."""
        return {request.headers["host"] for request in self.requests if "authorization" in request.headers}

    def is_alive(self, target: str) -> bool:
        """Whether the path with its signature is served: it is ours, its time is not over, it was not expired."""
        parts, asked = urlsplit(target), parse_qs(urlsplit(target).query)
        ex, issued, hm = (asked.get(name, [""])[0] for name in ("ex", "is", "hm"))
        if not hmac.compare_digest(hm, self._hm(parts.path, ex, issued)) or self._signature(target) in self._dead:
            return False
        return int(ex, 16) > time.time()

    def _reply(self, handler: _Handler) -> None:
        assert isinstance(handler, _DiscordHandler)
        if handler.host == API:
            self._reply_as_api(handler)
        elif handler.host != FOREIGN and "attachments/" in handler.path and not self.is_alive(handler.path):
            handler.reply(404, b"This content is no longer available.", {"Content-Type": "text/plain"})
        elif handler.host == MEDIA and self.media is not None and urlsplit(handler.path).path in self._files:
            self.media.answer(handler, self._files[urlsplit(handler.path).path].data)
        else:
            super()._reply(handler)

    def _reply_as_api(self, handler: _DiscordHandler) -> None:
        if handler.command != "POST" or handler.path != REFRESH:
            handler.reply_json(404, {"message": "404: Not Found", "code": 0})
            return
        if not handler.headers.get("User-Agent", "").startswith("DiscordBot ("):  # so the reference wants it
            handler.reply_json(403, {"message": "internal network error", "code": 40333})
            return
        if handler.headers.get("Authorization") != f"Bot {self.token}":
            handler.reply_json(401, {"message": "401: Unauthorized", "code": 0})
            return
        urls = json.loads(handler.body)["attachment_urls"]
        fits = 1 <= len(urls) <= MOST_URLS and all(map(self.takes, urls))
        if not fits or handler.headers.get("Content-Type") != "application/json":
            handler.reply_json(400, {"message": "Invalid Form Body", "code": 50035})
            return
        with self._lock:
            self.refreshes.append(urls)
            fault = self.refresh_faults.pop(0) if self.refresh_faults else self.refresh_fault
        if fault is not None:
            fault.answer(handler, self.refreshed(urls))
        else:
            headers = {"Content-Type": "application/json", **self.refresh_headers}
            handler.reply(200, self.refreshed(urls), headers)

    def refreshed(self, urls: list[str]) -> bytes:
        """The honest answer of the endpoint."""
        fresh = [{"original": url, "refreshed": self.lie(self.sign(url, self.refresh_life))} for url in urls]
        return json.dumps({"refreshed_urls": fresh}).encode()

    def _hm(self, path: str, ex: str, issued: str) -> str:
        return hmac.new(self._secret, f"{path} {ex} {issued}".encode(), hashlib.sha256).hexdigest()

    @staticmethod
    def _signature(url: str) -> str:
        return parse_qs(urlsplit(url).query).get("hm", [""])[0]


class _DiscordHandler(_Handler):
    """Answers as the host that the tunnel leads to."""

    double: DiscordDouble  # type: ignore[assignment,mutable-override]
    host = ""
    body = b""

    def do_CONNECT(self) -> None:
        """Be the proxy, and then, inside of TLS, the host itself."""
        host, _, port = self.path.rpartition(":")
        self.double.tunnels.append(self.path)
        if host not in HOSTS or port != "443":
            self.reply(502, b"no such host", {}, close=True)
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_SERVER_FILE)
        self.host = host
        self.rfile.close()
        self.request = context.wrap_socket(self.connection, server_side=True, do_handshake_on_connect=False)
        with self.double._lock:
            self.server._open.add(self.request)
        self.setup()
        self.close_connection = False
        try:
            self.request.do_handshake()
        except OSError:  # the client did not trust the certificate, or left
            self.close_connection = True

    def finish(self) -> None:
        super().finish()
        if self.host:
            with self.double._lock:
                self.server._open.discard(self.request)
            self.request.close()

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.double._answer(self)

    def reply_json(self, status: int, answer: Any) -> None:
        self.reply(status, json.dumps(answer).encode(), {"Content-Type": "application/json"})
