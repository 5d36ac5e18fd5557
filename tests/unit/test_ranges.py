"""When a download may go on, and what is the rest of it; against a server: integration/test_resuming.py."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from ras.downloader.ranges import strong_validator, whole_size

NOW = "Tue, 03 Nov 2026 12:01:00 GMT"
MINUTE_BEFORE = "Tue, 03 Nov 2026 12:00:00 GMT"


def validator(**headers: str) -> str:
    return strong_validator(answer(**headers).headers)


def answer(status: int = 200, **headers: Any) -> requests.Response:
    """An answer with these headers, named by keywords."""
    response = requests.Response()
    response.status_code = status
    response.headers.update({name.replace("_", "-"): str(value) for name, value in headers.items()})
    return response


def rest(content_range: str | None, start: int = 100, total: int | None = 1000, **headers: Any) -> int | None:
    stated = {} if content_range is None else {"content_range": content_range}
    return whole_size(answer(206, **stated, **headers), start, total, '"a"')


@pytest.mark.parametrize("etag", ['"a"', '"5f1-!#~"', '"W/a"'])
def test_a_strong_etag(etag: str) -> None:
    assert validator(etag=etag) == etag
    assert validator(ETAG=etag, last_modified=MINUTE_BEFORE, date=NOW) == etag


@pytest.mark.parametrize(
    "etag",
    ["", "a", '"', '""', 'W/"a"', 'w/"a"', '"a', '"a"b"', '"a", "b"', '"a b"', '"a\x7f"', '"ä"', f'"{"a" * 999}"'],
)
def test_an_etag_of_no_use_leaves_no_room_for_a_date(etag: str) -> None:
    assert validator(etag=etag) == ""
    assert validator(etag=etag, last_modified=MINUTE_BEFORE, date=NOW) == ""


@pytest.mark.parametrize(
    ("changed", "sent", "strong"),
    [
        (MINUTE_BEFORE, NOW, True),
        ("Mon, 02 Nov 2026 12:00:00 GMT", NOW, True),
        ("Tue, 03 Nov 2026 12:00:01 GMT", NOW, False),
        (NOW, MINUTE_BEFORE, False),
        (MINUTE_BEFORE, "", False),
        (MINUTE_BEFORE, "now", False),
        ("Tue, 03 Nov 2026 12:00:00 +0000", NOW, False),
        ("Tuesday, 03-Nov-26 12:00:00 GMT", NOW, False),
        ("Tue, 99 Nov 2026 12:00:00 GMT", NOW, False),
        ("Tue, 03 Xxx 2026 12:00:00 GMT", NOW, False),
        ("2026-11-03", NOW, False),
    ],
)
def test_a_date_that_is_old_enough(changed: str, sent: str, strong: bool) -> None:
    assert validator(last_modified=changed, date=sent) == (changed if strong else "")


def test_no_validator_of_who_knows_no_ranges_or_sent_something_else() -> None:
    assert validator(etag='"a"', accept_ranges="bytes", content_encoding="identity") == '"a"'
    assert validator(etag='"a"', accept_ranges=" None ") == ""
    assert validator(etag='"a"', content_encoding="gzip") == ""


def test_the_rest() -> None:
    assert rest("bytes 100-999/1000") == 1000
    assert rest("BYTES 100-999/1000", content_length=900, etag='"a"', content_encoding="identity") == 1000
    assert rest("bytes 100-1999/2000", total=None) == 2000
    assert rest("bytes 999-999/1000", start=999) == 1000


@pytest.mark.parametrize(
    "content_range",
    [
        *("bytes 0-999/1000", "bytes 99-999/1000", "bytes 101-999/1000", "bytes 100-998/1000", "bytes 100-1000/1000"),
        *(
            "bytes 100-1000/1001",
            "bytes 100-98/99",
            "bytes 999-100/1000",
            "bytes 100-999/*",
            "bytes */1000",
            "bytes 100-",
        ),
        *("100-999/1000", "items 100-999/1000", "bytes=100-999/1000", "bytes 100-999/1000 ", "bytes  100-999/1000"),
        *("bytes +100-999/1000", "bytes 100-999/1000, bytes 100-999/1000", "bytes ١٠٠-999/1000", "", None),
        "bytes 100-",
        f"bytes {'0' * 5000}100-999/1000",
    ],
)
def test_another_range_is_not_the_rest(content_range: str | None) -> None:
    assert rest(content_range) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"content_length": 899},
        {"content_length": 1000},
        {"content_encoding": "gzip"},
        {"content_type": "multipart/byteranges; boundary=x"},
        {"content_type": "image/png, Multipart/byteranges"},
        {"etag": '"b"'},
        {"etag": 'W/"a"'},
    ],
    ids=str,
)
def test_the_right_range_of_something_else(headers: dict[str, Any]) -> None:
    assert rest("bytes 100-999/1000", **headers) is None


def test_the_date_is_compared_where_it_was_asked_with() -> None:
    for changed, size in ((MINUTE_BEFORE, 1000), (NOW, None)):
        response = answer(206, content_range="bytes 100-999/1000", last_modified=changed, etag='"new"')
        assert whole_size(response, 100, 1000, MINUTE_BEFORE) == size


def test_another_status() -> None:
    assert whole_size(answer(416, content_range="bytes 100-999/1000"), 100, 1000, '"a"') is None
