"""A ``requests`` session that connects to checked addresses only, and whose every wait can be broken off.

With a proxy (``HTTPS_PROXY`` and the like, or the system's) the connection goes to the proxy, which is the user's own
choice and may be private, and the proxy looks up the names: then only host names are checked, by the caller. SOCKS
proxies are not supported: ``requests`` refuses them without the package PySocks, which RAS does not bring.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from concurrent.futures import Future, wait
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Callable, Sequence, Tuple, TypeVar
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.connection import allowed_gai_family
from urllib3.util.ssl_ import create_urllib3_context
from urllib3.util.wait import wait_for_write

from ras import __version__
from ras.downloader.addresses import AllowedHosts, is_allowed, is_public
from ras.errors import FetchError, SkipReason

SLICE = 0.2
"""Seconds that a wait for the network lasts before the watch is asked again."""

Watch = Callable[[], None]
"""Raises what shall end the calling thread's request, or returns at once."""

_AddressInfo = Sequence[Tuple[int, int, int, str, Tuple[Any, ...]]]
_Value = TypeVar("_Value")


class Session(requests.Session):
    """One that finds out what the environment says of a host (its proxy, its certificates) once, and can be stopped."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch
        self._found_out: dict[tuple[str, str], Future[dict[str, Any]]] = {}
        self._lock = threading.Lock()

    def environment(self, url: str, patience: float | None) -> dict[str, Any]:
        """What ``merge_environment_settings`` says, which may look the host up on Windows and macOS.

        Raises socket.timeout, what the watch raises, and what ``requests`` does.
        """
        parts = urlsplit(url)
        with self._lock:
            answer = self._found_out.get((parts.scheme, parts.netloc))
            if answer is None or (answer.done() and answer.exception() is not None):
                answer = _begin("proxy", lambda: dict(self.merge_environment_settings(url, {}, True, None, None)))
                self._found_out[parts.scheme, parts.netloc] = answer
        return _wait(answer, self._watch, patience)


def open_session(connections: int, allowed: AllowedHosts, watch: Watch) -> Session:
    """A session that keeps up to ``connections`` connections to each host.

    It connects to public addresses, and to others only for hosts in ``allowed``: any other try raises FetchError
    (BLOCKED). ``watch`` is called in the requesting thread before and during every wait for a name, a connection,
    TLS or data, at least every ``SLICE`` seconds; what it raises ends the request. It does not reach into TLS inside
    TLS, nor into SOCKS proxies where somebody has installed PySocks: there the ordinary time limits hold.
    """
    session = Session(watch)
    session.headers.update(
        {
            "User-Agent": f"ReverseArchiveSearch/{__version__} (desktop program)",
            "Accept": "image/*,*/*;q=0.5",
            # Pictures are compressed already. Nothing is ever unpacked here, so that no answer can be a bomb.
            "Accept-Encoding": "identity",
        }
    )
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.auth = _no_credentials
    adapter = _GuardedAdapter(connections, allowed, watch)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """In place of what ``requests`` would look up in the user's ``.netrc``."""
    return request


class _GuardedAdapter(HTTPAdapter):
    def __init__(self, connections: int, allowed: AllowedHosts, watch: Watch) -> None:
        self._pools = _pool_classes(allowed, watch)
        super().__init__(pool_maxsize=connections)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = self._pools
        return manager


def _pool_classes(allowed: AllowedHosts, watch: Watch) -> dict[str, Any]:
    """urllib3's connection pools, with connections of ours."""

    class PlainSocket(socket.socket):
        def recv_into(self, *args: Any, **kwargs: Any) -> int:
            return _in_slices(self, watch, lambda: super(PlainSocket, self).recv_into(*args, **kwargs))

    class TLSSocket(ssl.SSLSocket):
        def recv_into(self, *args: Any, **kwargs: Any) -> int:
            return _in_slices(self, watch, lambda: super(TLSSocket, self).recv_into(*args, **kwargs))

        def do_handshake(self, block: bool = False) -> None:
            try:
                _in_slices(self, watch, lambda: super(TLSSocket, self).do_handshake(block))
            except BaseException:
                self.close()  # ssl itself closes it for an OSError only
                raise

    def connect(connection: HTTPConnection) -> socket.socket:
        host, port, patience = connection.host, connection.port, connection.timeout
        private = connection.proxy is not None or is_allowed(host, port, allowed)
        try:
            found = _resolve(host, port, watch, patience)
            usable = [info for info in found if private or is_public(str(info[4][0]))]
            if found and not usable:
                raise FetchError(
                    f"The name {host} leads to {found[0][4][0]}, no address of the public internet; RAS connects there "
                    "only if the setting “allowed_hosts” names the host.",
                    SkipReason.BLOCKED,
                )
            return _connect(usable, PlainSocket, connection.socket_options, watch, patience)
        except socket.timeout as exc:
            raise ConnectTimeoutError(connection, f"No connection to {host} within {patience} s") from exc
        except OSError as exc:
            raise NewConnectionError(connection, f"No connection to {host}: {exc}") from exc

    class PlainConnection(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self)

    class TLSConnection(HTTPSConnection):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            # One context a connection, as urllib3 does: loading certificates into a shared one is not thread-safe.
            self.ssl_context = create_urllib3_context()
            self.ssl_context.sslsocket_class = TLSSocket

        def _new_conn(self) -> socket.socket:
            return connect(self)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class TLSPool(HTTPSConnectionPool):
        ConnectionCls = TLSConnection

    return {"http": PlainPool, "https": TLSPool}


def _in_slices(sock: socket.socket, watch: Watch, operation: Callable[[], _Value]) -> _Value:
    """Do a blocking operation that can be taken up again after a timeout, watching, within the socket's timeout."""
    patience = sock.gettimeout()
    limit = None if patience is None else time.monotonic() + patience
    sock.settimeout(SLICE)
    try:
        while True:
            watch()
            try:
                return operation()
            except socket.timeout:
                if limit is not None and time.monotonic() >= limit:
                    raise
    finally:
        sock.settimeout(patience)


def _resolve(host: str, port: int, watch: Watch, patience: float | None) -> _AddressInfo:
    """Look a name up. Raises OSError."""
    try:
        return _wait(
            _begin("resolve", lambda: socket.getaddrinfo(host, port, allowed_gai_family(), socket.SOCK_STREAM)),
            watch,
            patience,
        )
    except UnicodeError as exc:
        raise OSError(f"{host} is no host name") from exc


def _begin(name: str, question: Callable[[], _Value]) -> Future[_Value]:
    """Ask in a thread of its own, since nothing can break off a look-up; it is left behind if need be."""
    answer: Future[_Value] = Future()

    def ask() -> None:
        try:
            answer.set_result(question())
        except Exception as exc:  # noqa: BLE001  raised again by who waits
            answer.set_exception(exc)

    threading.Thread(target=ask, name=name, daemon=True).start()
    return answer


def _wait(answer: Future[_Value], watch: Watch, patience: float | None) -> _Value:
    """Raises socket.timeout, what the watch raises, and what the question raised."""
    limit = None if patience is None else time.monotonic() + patience
    while True:
        watch()
        wait([answer], SLICE)
        if answer.done():
            return answer.result()
        if limit is not None and time.monotonic() >= limit:
            raise socket.timeout("no answer to a look-up")


def _connect(
    found: _AddressInfo, socket_class: type[socket.socket], options: Any, watch: Watch, patience: float | None
) -> socket.socket:
    """Connect to the first of the addresses that answers. Raises OSError."""
    failure: OSError = OSError("it has no address")
    for family, kind, protocol, _, address in found:
        try:
            sock = socket_class(family, kind, protocol)
        except OSError as exc:  # e.g. no IPv6 on this machine
            failure = exc
            continue
        try:
            for option in options or ():
                sock.setsockopt(*option)
            _connect_one(sock, address, watch, patience)
        except OSError as exc:
            failure = exc
            sock.close()
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failure


def _connect_one(sock: socket.socket, address: tuple[Any, ...], watch: Watch, patience: float | None) -> None:
    sock.setblocking(False)
    limit = None if patience is None else time.monotonic() + patience
    try:
        sock.connect(address)
    except BlockingIOError:
        while True:
            watch()
            if wait_for_write(sock, SLICE):
                break
            if limit is not None and time.monotonic() >= limit:
                raise socket.timeout("no answer") from None
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code)) from None
    sock.settimeout(patience)
