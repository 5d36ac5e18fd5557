"""A picture's first bytes, which say how large it is."""

from __future__ import annotations

import requests
from urllib3.exceptions import HTTPError

from ras.downloader.hosts import PassingTrouble

_LENGTH = 32 * 1024
"""Bytes. In a PNG file the size is among the first 24; in a JPEG file it stands behind what cameras write."""


class Beginning:
    """In the place of a ``Body`` where no more of a picture is wanted."""

    def headers(self, url: str) -> dict[str, str]:
        return {"Range": f"bytes=0-{_LENGTH - 1}"}

    def read(self, response: requests.Response) -> bytes:
        """The beginning, also where the server would send all. Raises PassingTrouble."""
        data = b""
        try:
            for chunk in response.raw.stream(_LENGTH, decode_content=False):
                data += chunk
                if len(data) >= _LENGTH:
                    break
        except (HTTPError, OSError, ValueError) as exc:
            raise PassingTrouble("the connection broke off") from exc
        return data
