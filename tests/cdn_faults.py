"""Ways in which a server misbehaves; see ``cdn_double``."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    from tests.cdn_double import _Handler


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
    def broken(after: int) -> Fault:
        """What was asked for, a range too, but only so many bytes of it."""
        return Fault(lambda handler, data: handler.serve(data, cut=after))

    @staticmethod
    def rest(
        content_range: str = "bytes {start}-{last}/{total}",
        status: int = 206,
        body: Callable[[bytes, int], bytes] = lambda data, start: data[start:],
        stated: int | str | None = -1,
        **headers: str,
    ) -> Fault:
        """To who asks for the rest, this as it; headers as keywords. The body is made from the whole and the start."""

        def answer(handler: _Handler, data: bytes) -> None:
            start = handler.range_start()
            assert start is not None, "no rest was asked for"
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            if content_range:
                named["Content-Range"] = content_range.format(start=start, last=len(data) - 1, total=len(data))
            handler.reply(status, body(data, start), named, stated=stated, close=stated is None)

        return Fault(answer)

    @staticmethod
    def crowded(most: int, retry_after: str | None = None) -> Fault:
        """429 to who comes when ``most`` others are being answered, for a moment; what else is asked takes a moment."""
        refuse = Fault.throttled(retry_after)

        def answer(handler: _Handler, data: bytes) -> None:
            if handler.double.answering > most:
                refuse.answer(handler, data)
            elif handler.double.wait(0.02):
                handler.reply(200, data, {})

        return Fault(answer)

    @staticmethod
    def wrong_length(stated: int | str | None) -> Fault:
        """Another Content-Length than the body's, or none."""
        return Fault(lambda handler, data: handler.reply(200, data, {}, stated=stated, close=True))

    @staticmethod
    def chunked(cut: bool = False, after: int | None = None) -> Fault:
        """Transfer-Encoding: chunked, ``after`` so many bytes nothing more; ``cut`` leaves the end out."""

        def answer(handler: _Handler, data: bytes) -> None:
            handler.head(200, {"Transfer-Encoding": "chunked", "Content-Type": "image/png"})
            sent = data[:after]
            for start in range(0, len(sent), 1000):
                piece = sent[start : start + 1000]
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
    def slow_headers(seconds: float, then: Fault | None = None) -> Fault:
        """Nothing at all for a while, then the picture, or another fault."""

        def answer(handler: _Handler, data: bytes) -> None:
            if handler.double.wait(seconds):
                then.answer(handler, data) if then is not None else handler.reply(200, data, {})

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
