"""A server with every fault at once, and what must come of an archive that lies on it."""

from __future__ import annotations

import random
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from ras.errors import SkipReason
from tests.cdn_double import CdnDouble, Fault, _Handler
from tests.exports import Json, attachment, make_export, message
from tests.program import gradient

REPLY = b"<html><body>Not today.</body></html>"


def throttled_until(moment: float) -> Fault:
    """429 without a word on when to come again, until a moment of ``time.monotonic``."""
    refuse = Fault.throttled()

    def answer(handler: _Handler, data: bytes) -> None:
        if time.monotonic() < moment:
            refuse.answer(handler, data)
        else:
            handler.serve(data)

    return Fault(answer)


PASSING = {
    "closed before a byte": lambda: [Fault.reset()] * 2,
    "reset in the middle": lambda: [Fault.reset(300), Fault.reset(700)],
    "closed in the middle": lambda: [Fault.cut(400), Fault.broken(300)],
    "half of a chunk": lambda: [Fault.chunked(cut=True, after=500)],
    "no HTTP at all": lambda: [Fault.garbage()],
    "500 and 503": lambda: [Fault.status(500, REPLY), Fault.status(503, REPLY, retry_after="0")],
    "429": lambda: [Fault.throttled("0.1")],
    "longer than it says": lambda: [Fault.wrong_length(100_000)],
    "stalls, then goes on": lambda: [Fault.stall(200)],
    "slow to begin": lambda: [Fault.slow_headers(0.3)],
    "ends by closing": lambda: [Fault.wrong_length(None)],
    "a length that is none": lambda: [Fault.wrong_length("many")],
    "nothing wrong": list,
}
"""What another try gets over: faults in a row, and then the picture."""

LASTING = {
    "404": (Fault.status(404), {SkipReason.GONE}),
    "410": (Fault.status(410), {SkipReason.GONE}),
    "403": (Fault.status(403), {SkipReason.GONE, SkipReason.EXPIRED, SkipReason.NETWORK}),
    "a page": (Fault.error_page(), {SkipReason.NOT_A_PICTURE}),
    "a redirect in circles": (Fault.redirect("/circle"), {SkipReason.GONE, SkipReason.NETWORK}),
    "a redirect into this network": (Fault.redirect("http://192.168.0.1/a.png"), {SkipReason.BLOCKED}),
    "a redirect elsewhere": (Fault.redirect("https://example.org/a.png"), {SkipReason.BLOCKED}),
    "a redirect to a file": (Fault.redirect("file:///etc/passwd"), {SkipReason.BLOCKED, SkipReason.GONE}),
    "a body without an end": (Fault.endless(), {SkipReason.TOO_LARGE}),
    "a packed bomb": (Fault.encoded(b"\x1f\x8b" + bytes(5000)), {SkipReason.NOT_A_PICTURE}),
    "an endless header": (Fault.trickling_headers(), {SkipReason.NETWORK}),
    "a byte now and then": (Fault.trickle(0.2), {SkipReason.NETWORK}),
    "silence": (Fault.stall(100), {SkipReason.NETWORK}),
    "always reset": (Fault.reset(50), {SkipReason.NETWORK}),
}
"""What stays as it is, and the reasons that are true of it."""


BUSY = "429 from the whole server"


@dataclass(frozen=True)
class Expected:
    """Of one picture: the fault, and the reasons it may be left out for; none where it must be reached."""

    fault: str
    reasons: frozenset[SkipReason]


class BadNetwork:
    """A server, one with TLS, and one that answers everything by 429 for a while; a context manager."""

    def __init__(self, folder: Path, *, each: int, seed: int, throttled: float, plain: int = 0) -> None:
        """``each``: pictures of every fault; ``plain``: others for each of them, with which nothing is wrong. The third
        server begins to serve after ``throttled`` seconds.
        """
        self._stack = ExitStack()
        self._folder, self._each, self._throttled, self._plain = folder, each, throttled, plain
        self._random = random.Random(seed)
        self.expected: dict[str, Expected] = {}
        """By file name."""

    def __enter__(self) -> BadNetwork:
        self.servers = [self._stack.enter_context(CdnDouble(tls=tls)) for tls in (False, True, False)]
        for server in self.servers:
            server.serve("/circle", fault=Fault.redirect("/circle"))
        posts = list(self._posts())
        self._random.shuffle(posts)
        self.export = make_export(self._folder, messages=posts)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(server.host for server in self.servers)

    def _posts(self) -> Iterator[Json]:
        until = time.monotonic() + self._throttled
        number = 0
        for _ in range(self._each):
            kinds: list[tuple[str, list[Fault], Fault | None, set[SkipReason]]] = [
                *((name, make(), None, set()) for name, make in PASSING.items()),
                *((name, [], fault, reasons) for name, (fault, reasons) in LASTING.items()),
            ]
            kinds.append((BUSY, [], throttled_until(until), set()))
            kinds += [("plain", [], None, set())] * self._plain * len(kinds)
            for name, faults, lasting, reasons in kinds:
                number += 1
                file = f"{number}.png"
                server = self.servers[2] if name == BUSY else self._random.choice(self.servers[:2])
                url = server.serve(f"/{file}", gradient(number, 96), fault=lasting, faults=faults)
                self.expected[file] = Expected(name, frozenset(reasons))
                yield message("", [attachment(file, url=url, size=0)])

    def broken(self, left_out: dict[str, SkipReason]) -> list[str]:
        """What is not as it must be, by the reason of each file that was left out."""
        wrong = []
        for file, expected in self.expected.items():
            found = left_out.get(file)
            if found is None and expected.reasons:
                wrong.append(f"{file} ({expected.fault}) was taken for a picture")
            elif found is not None and not expected.reasons:
                wrong.append(f"{file} ({expected.fault}) was not reached: {found.value}")
            elif found is not None and found not in expected.reasons:
                wrong.append(f"{file} ({expected.fault}) was left out for a wrong reason: {found.value}")
        return wrong + [f"{file} is unknown" for file in left_out if file not in self.expected]
