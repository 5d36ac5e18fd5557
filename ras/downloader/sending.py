"""One request, as the user's proxy and certificates say; what goes wrong is a trouble whose text ends a sentence."""

from __future__ import annotations

import logging
import os
import socket
from urllib.parse import urlsplit

import requests
from requests.exceptions import RequestException, SSLError
from requests.utils import select_proxy
from urllib3.exceptions import HTTPError

from ras.downloader.connections import Session
from ras.downloader.hosts import PassingTrouble, Patience
from ras.text import clean

log = logging.getLogger(__name__)


def send(session: Session, request: requests.PreparedRequest, patience: Patience) -> requests.Response:
    """The answer's status and headers; its body is still to be read. No redirect is followed. Raises PassingTrouble."""
    url = str(request.url)
    host = urlsplit(url).hostname
    proxy = None
    try:
        environment = session.environment(url, patience.connect)
        proxy = select_proxy(url, environment["proxies"])
        # By the adapter: Session.send would read the whole body of a redirect, however large.
        return session.get_adapter(url).send(
            request,
            stream=True,
            timeout=(patience.connect, patience.read),
            verify=_certificates(environment["verify"], url),
            cert=environment["cert"],
            proxies=environment["proxies"],
        )
    except SSLError as exc:
        log.info("No secure connection to %s: %s", host, exc)
        if "certificate" not in str(exc).lower():
            raise PassingTrouble(f"the secure connection to {host} failed") from exc
        raise PassingTrouble(
            f"the certificate of {host} is not trusted; check the date of this computer, and what inspects its "
            "connections",
            final=True,
        ) from exc
    except (requests.Timeout, socket.timeout) as exc:
        raise PassingTrouble(f"{host} does not answer") from exc
    except (RequestException, HTTPError, OSError, ValueError) as exc:
        if proxy is not None and isinstance(exc, ValueError):
            # The request's own address is a valid one, and the text of the error may quote the proxy's password.
            log.info("The proxy cannot be used: %s", type(exc).__name__)
            raise PassingTrouble(
                "the address of the proxy is not valid, or of a kind that RAS cannot use", final=True
            ) from None
        log.info("No answer from %s: %s", host, exc)
        raise PassingTrouble(f"{host} cannot be reached") from exc


def _certificates(named: str | bool | None, url: str) -> str | bool:
    """Those to trust: a file or folder, or the usual ones. Raises PassingTrouble."""
    if isinstance(named, str) and url.startswith("https:") and not os.path.exists(named):
        raise PassingTrouble(
            f"there is no “{clean(named, longest=300)}”, which the environment variable REQUESTS_CA_BUNDLE or "
            "CURL_CA_BUNDLE names for the certificates",
            final=True,
        )
    return named or True
