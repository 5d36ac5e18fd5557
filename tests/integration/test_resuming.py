"""Pictures whose download breaks off: the rest is asked for where that is safe, and nothing wrong is put together."""

from __future__ import annotations

import gzip
import io
import math
from dataclasses import replace
from typing import Any, Iterator

import numpy as np
import pytest
from PIL import Image

from ras.downloader import Downloader, Patience
from ras.errors import FetchError, SkipReason
from tests.cdn_double import CA_FILE, CdnDouble, Fault, Request

pytestmark = pytest.mark.usefixtures("no_proxy")

QUICK = Patience(connect=5, read=5, total=60, backoff=0.01, longest_pause=5, unreached=20, lost=20, useless=20)
PIECE = 16 * 1024
"""What is read at once, and may be lost when a connection is reset."""


def noise(seed: int, kind: str = "PNG", size: tuple[int, int] = (600, 400)) -> bytes:
    buffer = io.BytesIO()
    Image.frombytes("RGB", size, np.random.default_rng(seed).bytes(3 * size[0] * size[1])).save(buffer, kind)
    return buffer.getvalue()


BIG = noise(1)
OTHER = noise(2)
assert len(BIG) > 700_000


@pytest.fixture
def downloader(cdn: CdnDouble) -> Iterator[Downloader]:
    with Downloader(cdn.settings(max_megabytes=1), QUICK) as fetching:
        yield fetching


def refusal(downloader: Downloader, cdn: CdnDouble, **values: Any) -> SkipReason:
    with pytest.raises(FetchError) as caught:
        downloader.fetch(cdn.record("/big.png", **values))
    return caught.value.reason


def ranges(requests: list[Request]) -> list[str | None]:
    """From where on each request asked."""
    return [request.headers.get("range") for request in requests]


def test_the_rest_is_asked_for(cdn: CdnDouble, downloader: Downloader) -> None:
    cdn.serve("/big.png", BIG, faults=[Fault.broken(300_000)], etag='"one"')
    assert downloader.fetch(cdn.record("/big.png")) == BIG
    first, second = cdn.requests
    assert "range" not in first.headers
    assert "if-range" not in first.headers
    assert second.headers["range"] == "bytes=300000-"
    assert second.headers["if-range"] == '"one"'
    assert second.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault.reset(500_000), id="reset"),
        pytest.param(Fault.stall(500_000), id="silence"),
        pytest.param(Fault.cut(500_000), id="end"),
    ],
)
def test_what_had_arrived_is_kept_however_it_ended(cdn: CdnDouble, fault: Fault) -> None:
    cdn.serve("/big.png", BIG, faults=[fault], etag="")
    with Downloader(cdn.settings(), replace(QUICK, read=0.5)) as downloader:
        assert downloader.fetch(cdn.record("/big.png")) == BIG
    (start,) = [int(asked[6:-1]) for asked in ranges(cdn.requests) if asked]
    # A reset also throws away what the system had not handed over yet.
    assert start == 500_000 or (0 < start < 500_000 and start % PIECE == 0)


def test_inside_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", CA_FILE)
    with CdnDouble(tls=True) as cdn, Downloader(cdn.settings(), QUICK) as downloader:
        cdn.serve("/big.png", BIG, faults=[Fault.broken(300_000)], etag="")
        assert downloader.fetch(cdn.record("/big.png")) == BIG
        assert len(ranges(cdn.requests)) == 2
        assert ranges(cdn.requests)[1] is not None


def test_a_line_that_breaks_often_gets_there(cdn: CdnDouble, downloader: Downloader) -> None:
    """In more tries than there would be if each brought nothing, and each byte is sent once."""
    cdn.serve("/big.png", BIG, fault=Fault.broken(60_000), etag="")
    assert downloader.fetch(cdn.record("/big.png")) == BIG
    assert ranges(cdn.requests)[1:] == [f"bytes={start}-" for start in range(60_000, len(BIG), 60_000)]
    assert len(cdn.requests) > 2 * QUICK.tries


def test_tries_that_bring_next_to_nothing_end(cdn: CdnDouble, downloader: Downloader) -> None:
    cdn.serve("/big.png", BIG, fault=Fault.broken(1), etag="")
    assert refusal(downloader, cdn) is SkipReason.NETWORK
    assert len(cdn.requests) == QUICK.tries_in_all


@pytest.mark.parametrize("fault", [Fault.cut(300_000), Fault.reset(300_000)])
def test_tries_that_bring_the_same_again_end_as_those_that_bring_nothing(
    cdn: CdnDouble, downloader: Downloader, fault: Fault
) -> None:
    cdn.serve("/big.png", BIG, fault=fault, etag="")
    assert refusal(downloader, cdn) is SkipReason.NETWORK
    assert len(cdn.requests) == QUICK.tries + 1, "the first brought something"


def test_a_large_picture_on_a_slow_line_may_take_longer(cdn: CdnDouble) -> None:
    """What arrives at all may take its time; what arrives too slowly is given up."""
    cdn.serve("/big.png", BIG, fault=Fault.trickle(0.02, 5000))
    for slowest, arrives in ((len(BIG) / 20, True), (math.inf, False)):
        with Downloader(cdn.settings(max_megabytes=1), replace(QUICK, total=0.8, slowest=slowest)) as downloader:
            if arrives:
                assert downloader.fetch(cdn.record("/big.png")) == BIG
            else:
                assert refusal(downloader, cdn) is SkipReason.NETWORK


def test_time_is_limited_over_all_tries(cdn: CdnDouble) -> None:
    cdn.serve("/big.png", BIG, fault=Fault.broken(PIECE), etag="")
    with Downloader(cdn.settings(), replace(QUICK, total=0.5, slowest=math.inf, backoff=1)) as downloader:
        assert refusal(downloader, cdn) is SkipReason.NETWORK
    assert len(cdn.requests) < QUICK.tries_in_all


@pytest.mark.parametrize(
    ("told", "validator"),
    [
        pytest.param({"etag": '"a"'}, '"a"', id="ETag"),
        pytest.param({"etag": '"a"', "changed": 3600}, '"a"', id="ETag and date"),
        pytest.param({"changed": 3600}, "date", id="date"),
        pytest.param({}, None, id="neither"),
        pytest.param({"etag": 'W/"a"'}, None, id="weak ETag"),
        pytest.param({"etag": 'W/"a"', "changed": 3600}, None, id="weak ETag and date"),
        pytest.param({"etag": "a"}, None, id="no ETag at all"),
        pytest.param({"etag": '"a", "b"'}, None, id="two ETags"),
        pytest.param({"changed": 1}, None, id="changed just now"),
        pytest.param({"changed": -3600}, None, id="changed in the future"),
    ],
)
def test_only_what_surely_is_the_same_picture_is_gone_on_with(
    cdn: CdnDouble, downloader: Downloader, told: dict[str, Any], validator: str | None
) -> None:
    cdn.serve("/big.png", BIG, faults=[Fault.broken(300_000)], **told)
    assert downloader.fetch(cdn.record("/big.png")) == BIG
    asked = cdn.requests[1].headers
    assert ("range" in asked) == ("if-range" in asked) == (validator is not None)
    if validator == "date":
        assert asked["if-range"].endswith(" GMT")
    elif validator is not None:
        assert asked["if-range"] == validator
    assert len(cdn.requests) == 2


@pytest.mark.parametrize(("name", "value"), [("Accept-Ranges", "none"), ("Content-Encoding", "br")])
def test_who_says_that_it_cannot_is_not_asked_for_the_rest(
    cdn: CdnDouble, downloader: Downloader, name: str, value: str
) -> None:
    def broken(handler: Any, data: bytes) -> None:
        handler.reply(200, data[:300_000], {name: value}, stated=len(data), close=True)

    cdn.serve("/big.png", BIG, faults=[Fault(broken)], etag="")
    assert downloader.fetch(cdn.record("/big.png")) == BIG
    assert ranges(cdn.requests) == [None, None]


def test_a_picture_that_changed_meanwhile_is_begun_anew(cdn: CdnDouble, downloader: Downloader) -> None:
    def change(handler: Any, data: bytes) -> None:
        cdn.serve("/big.png", OTHER, etag="")
        handler.serve(data, cut=300_000)

    cdn.serve("/big.png", BIG, fault=Fault(change), etag="")
    assert downloader.fetch(cdn.record("/big.png")) == OTHER
    assert ranges(cdn.requests) == [None, "bytes=300000-"]


def test_a_server_without_ranges_begins_anew(cdn: CdnDouble, downloader: Downloader) -> None:
    cdn.serve("/big.png", BIG, faults=[Fault.broken(300_000), Fault.broken(600_000)], etag="", ranges=False)
    assert downloader.fetch(cdn.record("/big.png")) == BIG
    assert ranges(cdn.requests) == [None, "bytes=300000-", "bytes=600000-"]


ODD = [
    pytest.param(Fault.rest("bytes {start}-{last}/*"), id="no total"),
    pytest.param(Fault.rest("bytes {start}-{last}/999999"), id="other total"),
    pytest.param(Fault.rest("bytes 0-{last}/{total}", body=lambda data, start: data), id="from the beginning"),
    pytest.param(Fault.rest("bytes 1-{last}/{total}", body=lambda data, start: data[1:]), id="from elsewhere"),
    pytest.param(Fault.rest("bytes {start}-{start}/{total}", body=lambda data, start: data[:1]), id="less"),
    pytest.param(Fault.rest("bytes {last}-{start}/{total}"), id="backwards"),
    pytest.param(Fault.rest("bytes */{total}"), id="no range"),
    pytest.param(Fault.rest("pages {start}-{last}/{total}"), id="other unit"),
    pytest.param(Fault.rest("bytes {start}-{last}/{total}, bytes 0-1/{total}"), id="two ranges"),
    pytest.param(Fault.rest("bytes -{start}-{last}/{total}"), id="negative"),
    pytest.param(Fault.rest("bytes ٣-{last}/{total}".encode().decode("latin-1")), id="other digits"),
    pytest.param(Fault.rest("9" * 5000), id="long"),
    pytest.param(Fault.rest(""), id="no Content-Range"),
    pytest.param(Fault.rest("", content_type="multipart/byteranges; boundary=x"), id="multipart"),
    pytest.param(Fault.rest(content_type="Multipart/ByteRanges; boundary=x"), id="multipart with a range"),
    pytest.param(Fault.rest(content_encoding="gzip", body=lambda data, start: gzip.compress(data)), id="gzip"),
    pytest.param(Fault.rest(etag='"another"'), id="other ETag"),
    pytest.param(Fault.rest(stated=5), id="other length"),
    pytest.param(Fault.rest(stated=None, body=lambda data, start: data[start:] + b"more"), id="more than the rest"),
    pytest.param(Fault.rest("bytes */{total}", status=416, body=lambda data, start: b""), id="416"),
    pytest.param(Fault.rest("", status=416), id="416 with a body"),
]


@pytest.mark.parametrize("fault", ODD)
def test_what_is_not_the_rest_is_not_taken_and_the_picture_begun_anew(
    cdn: CdnDouble, downloader: Downloader, fault: Fault
) -> None:
    cdn.serve("/big.png", BIG, faults=[Fault.broken(300_000), fault], etag="")
    assert downloader.fetch(cdn.record("/big.png")) == BIG
    assert ranges(cdn.requests) == [None, "bytes=300000-", None]


@pytest.mark.parametrize("fault", ODD)
def test_a_server_that_goes_on_like_that_is_asked_for_the_rest_once(
    cdn: CdnDouble, downloader: Downloader, fault: Fault
) -> None:
    faults = [Fault.broken(300_000), fault, *[Fault.broken(300_000)] * 100]
    cdn.serve("/big.png", BIG, faults=faults, etag="")
    assert refusal(downloader, cdn) is SkipReason.NETWORK
    assert [asked for asked in ranges(cdn.requests) if asked] == ["bytes=300000-"]
    assert QUICK.tries <= len(cdn.requests) <= 2 * QUICK.tries


def test_a_range_that_nobody_asked_for(cdn: CdnDouble, downloader: Downloader) -> None:
    stated = {"Content-Range": f"bytes 0-{len(BIG) - 1}/{len(BIG)}"}
    cdn.serve("/big.png", BIG, fault=Fault(lambda handler, data: handler.reply(206, data, stated)), etag="")
    assert refusal(downloader, cdn) is SkipReason.NETWORK
    assert len(cdn.requests) == 1


def test_without_a_length_the_range_tells_the_total(cdn: CdnDouble, downloader: Downloader) -> None:
    cdn.serve("/big.png", BIG, faults=[Fault.chunked(cut=True, after=400_000), Fault.broken(1000)], etag="")
    assert downloader.fetch(cdn.record("/big.png")) == BIG
    start = int((ranges(cdn.requests)[1] or "")[6:-1])
    assert 0 < start <= 400_000
    assert ranges(cdn.requests)[2] == f"bytes={start + 1000}-"


def test_all_of_it_but_the_end_mark_arrived(cdn: CdnDouble, downloader: Downloader) -> None:
    """Of a body without a length; there is no rest, and nobody knows whether that was all."""
    cdn.serve("/big.png", BIG, faults=[Fault.chunked(cut=True)], etag="")
    assert downloader.fetch(cdn.record("/big.png")) == BIG
    assert ranges(cdn.requests) == [None, f"bytes={len(BIG)}-", None]


def test_the_limit_holds_for_the_sum(cdn: CdnDouble) -> None:
    """Of a body that does not say how long it is; 600 KB and 600 KB are more than 1 MB."""
    data = BIG + bytes(600_000)
    beginning = Fault.chunked(cut=True, after=600_000)
    liar = Fault.rest("bytes {start}-999999/1000000", stated=None, body=lambda data, start: bytes(2_000_000))
    for rest in (Fault.broken(10**9), liar):
        with Downloader(cdn.settings(max_megabytes=1), QUICK) as downloader:
            cdn.serve("/big.png", data, faults=[beginning, rest], etag="")
            assert refusal(downloader, cdn) is SkipReason.TOO_LARGE
    assert len(cdn.requests) == 4


def test_a_rest_that_would_be_too_much_is_not_read(cdn: CdnDouble, downloader: Downloader) -> None:
    def promise(handler: Any, data: bytes) -> None:
        start = handler.range_start()
        stated = {"Content-Range": f"bytes {start}-1999999/2000000"}
        handler.reply(206, b"", stated, stated=2_000_000 - start, close=True)

    cdn.serve("/big.png", BIG, faults=[Fault.chunked(cut=True, after=600_000), Fault(promise)], etag="")
    assert refusal(downloader, cdn) is SkipReason.TOO_LARGE
    assert len(cdn.requests) == 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"<html>" + bytes(5000), SkipReason.NOT_A_PICTURE), (noise(3, "GIF", (50, 50)), SkipReason.UNSUPPORTED)],
    ids=["page", "GIF"],
)
@pytest.mark.parametrize("after", [1, 5, 31])
def test_the_kind_is_told_by_the_beginning_though_it_came_in_two(
    cdn: CdnDouble, downloader: Downloader, body: bytes, reason: SkipReason, after: int
) -> None:
    cdn.serve("/big.png", body, faults=[Fault.broken(after)], etag="")
    assert refusal(downloader, cdn) is reason
    assert ranges(cdn.requests) == [None, f"bytes={after}-"]


def test_a_picture_in_two_of_which_the_first_is_tiny(cdn: CdnDouble, downloader: Downloader) -> None:
    cdn.serve("/big.png", BIG, faults=[Fault.broken(3)], etag="")
    assert downloader.fetch(cdn.record("/big.png")) == BIG


def test_what_happens_in_between_does_not_lose_what_is_there(cdn: CdnDouble, downloader: Downloader) -> None:
    between = [Fault.throttled("0"), Fault.status(502), Fault.reset(), Fault.garbage(), Fault.slow_headers(0.1)]
    cdn.serve("/big.png", BIG, faults=[Fault.broken(300_000), *between[:-1], Fault.broken(1000)], etag="")
    assert downloader.fetch(cdn.record("/big.png")) == BIG
    assert ranges(cdn.requests) == [None, *["bytes=300000-"] * 5, "bytes=301000-"]


@pytest.mark.parametrize("status", [404, 410])
def test_a_picture_that_goes_meanwhile_is_gone(cdn: CdnDouble, downloader: Downloader, status: int) -> None:
    cdn.serve("/big.png", BIG, faults=[Fault.broken(300_000), Fault.status(status)], etag="")
    assert refusal(downloader, cdn) is SkipReason.GONE
    assert len(cdn.requests) == 2


def test_the_rest_is_asked_for_behind_a_redirect(cdn: CdnDouble, downloader: Downloader) -> None:
    """Of the address that sent the beginning, and of no other: elsewhere the same ETag may mean another picture."""
    cdn.serve("/big.png", fault=Fault.redirect("/there.png"), etag="")
    cdn.serve("/there.png", BIG, faults=[Fault.broken(300_000)], etag='"1"')
    assert downloader.fetch(cdn.record("/big.png")) == BIG
    assert [(request.path, request.headers.get("range")) for request in cdn.requests] == [
        *[("/big.png", None), ("/there.png", None), ("/big.png", None), ("/there.png", "bytes=300000-")]
    ]


def test_another_address_with_the_same_etag_is_another_picture(cdn: CdnDouble, downloader: Downloader) -> None:
    cdn.serve("/big.png", faults=[Fault.redirect("/one.png"), Fault.redirect("/two.png")])
    cdn.serve("/one.png", BIG, fault=Fault.broken(300_000), etag='"1"')
    cdn.serve("/two.png", OTHER, etag='"1"')
    assert downloader.fetch(cdn.record("/big.png")) == OTHER
    assert set(ranges(cdn.requests)) == {None}


def test_the_rest_behind_a_forbidden_redirect_is_not_fetched(cdn: CdnDouble, downloader: Downloader) -> None:
    with CdnDouble() as router:
        router.serve("/big.png", BIG, etag='"1"')
        cdn.serve("/big.png", BIG, faults=[Fault.broken(300_000), Fault.redirect(router.url("/big.png"))], etag='"1"')
        assert refusal(downloader, cdn) is SkipReason.BLOCKED
        assert router.connections == 0


def test_pictures_do_not_share_what_is_kept(cdn: CdnDouble, downloader: Downloader) -> None:
    cdn.serve("/big.png", BIG, fault=Fault.cut(300_000), etag="")
    assert refusal(downloader, cdn) is SkipReason.NETWORK
    cdn.serve("/big.png", BIG, etag="")
    assert downloader.fetch(cdn.record("/big.png")) == BIG
    assert ranges(cdn.requests)[-1] is None


def test_what_is_not_gone_on_with_is_not_kept(cdn: CdnDouble, downloader: Downloader) -> None:
    """A cut whose rest cannot be asked for leaves nothing that a later answer could be joined to."""
    cdn.serve("/big.png", BIG, faults=[Fault.broken(300_000)])
    assert downloader.fetch(cdn.record("/big.png", file_size=len(BIG))) == BIG


def test_a_lasting_break_gives_up_no_host(cdn: CdnDouble) -> None:
    """Every download breaks all the time and gets on: that is a bad line, and not a host that is lost."""
    for number in range(6):
        cdn.serve(f"/{number}.png", BIG, fault=Fault.broken(100_000), etag="")
    with Downloader(cdn.settings(), replace(QUICK, lost=0, unreached=0)) as downloader:
        for number in range(6):
            assert downloader.fetch(cdn.record(f"/{number}.png")) == BIG
