"""One request, as the user's proxy and certificates say; what goes wrong is a trouble whose text ends a sentence."""

from __future__ import annotations

import logging
import socket
from urllib.parse import urlsplit

import requests
from requests.exceptions import InvalidProxyURL, RequestException, SSLError
from urllib3.exceptions import HTTPError

from ras.downloader.connections import Session
from ras.downloader.hosts import PassingTrouble, Patience

log = logging.getLogger(__name__)


def send(session: Session, request: requests.PreparedRequest, patience: Patience) -> requests.Response:
    """The answer's status and headers; its body is still to be read. No redirect is followed. Raises PassingTrouble."""
    url = str(request.url)
    host = urlsplit(url).hostname
    try:
        environment = session.environment(url, patience.connect)
        # By the adapter: Session.send would read the whole body of a redirect, however large.
        return session.get_adapter(url).send(
            request,
            stream=True,
            timeout=(patience.connect, patience.read),
            verify=environment["verify"] or True,
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
    except InvalidProxyURL as exc:
        raise PassingTrouble("the address of the proxy is not valid", final=True) from exc
    except (requests.Timeout, socket.timeout) as exc:
        raise PassingTrouble(f"{host} does not answer") from exc
    except (RequestException, HTTPError, OSError, ValueError) as exc:
        log.info("No answer from %s: %s", host, exc)
        raise PassingTrouble(f"{host} cannot be reached") from exc
