"""One window for each user and data folder: a later start hands its files to the window that is open, and ends.

The window holds a lock of the operating system, which is gone when its process is, however that ended; it listens on a
socket of the file system, or where there is none, on loopback. Where to, and a secret without which nobody is listened
to, stands in a file that only the user can read. Standard library only: a later start loads nothing else.
"""

from __future__ import annotations

import hmac
import json
import logging
import os
import queue
import socket
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

from ras.launch.lock import Lock
from ras.paths import data_folder
from ras.regular_file import read_regular

log = logging.getLogger(__name__)

LONGEST = 1_000_000
"""Bytes of a message; a command line is rarely longer."""
PATIENCE = 3.0
"""Seconds that a later start waits for an answer."""
HEARING = 1.0
"""Seconds in which it must have said all. Less than the above: the next one waits meanwhile."""
_STARTING = 2.0
"""Seconds in which a window that has the lock must answer; it listens within milliseconds, and closes in a second."""
_TAKEN = b"taken\n"
_IN_FILES: int | None = getattr(socket, "AF_UNIX", None)
"""The family of sockets in the file system; Windows' Python has none."""


@dataclass(frozen=True)
class Handed:
    """What a later start hands over; without files, the window is only asked to come to the front."""

    paths: tuple[str, ...]


class Reception:
    """Listens for later starts on a thread of its own; ``take`` is called by the owner, on the owner's thread."""

    def __init__(self, lock: Lock, listener: socket.socket, secret: str, files: Sequence[Path]) -> None:
        self._lock, self._listener, self._secret, self._files = lock, listener, secret, files
        self._handed: queue.SimpleQueue[Handed] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._listen, name="reception", daemon=True)
        self._thread.start()

    def take(self) -> list[Handed]:
        """What was handed over since the last call."""
        handed = []
        while True:
            try:
                handed.append(self._handed.get_nowait())
            except queue.Empty:
                return handed

    def close(self) -> None:
        """From now on another start opens a window of its own."""
        self._closed = True
        for file in self._files:
            _remove(file)
        try:
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread; not on every system
        except OSError as exc:
            log.debug("The reception was not shut down: %s", exc)
        self._listener.close()
        self._lock.release()

    def _listen(self) -> None:
        while not self._closed:
            try:
                connection, _ = self._listener.accept()
            except OSError as exc:
                if not self._closed:
                    log.warning("Later starts are not listened to any more: %s", exc)
                return
            with connection:
                try:
                    self._receive(connection)
                except (OSError, ValueError, RecursionError) as exc:
                    log.warning("A later start was not understood: %s", exc)

    def _receive(self, connection: socket.socket) -> None:
        message = json.loads(_read_line(connection, HEARING))
        if not isinstance(message, dict) or not hmac.compare_digest(
            str(message.get("secret")).encode("utf-8", "replace"), self._secret.encode()
        ):
            raise ValueError("it does not know the secret")
        paths = message.get("paths")
        if not isinstance(paths, list) or not all(_is_path(path) for path in paths):
            raise ValueError("it hands over something else than paths")
        self._handed.put(Handed(tuple(paths)))
        connection.sendall(_TAKEN)


def enter(paths: Sequence[str], another: bool = False) -> tuple[Reception | None, bool]:
    """Become the one window, or hand ``paths`` (absolute) to it; whether it has taken them, and this start is done.

    Without a Reception this process opens a window all the same: it was asked for as ``another`` one, the one that is
    open does not answer, or the data folder cannot be written.
    """
    folder = data_folder()
    lock = Lock(folder / "window.lock")
    deadline = time.monotonic() + _STARTING
    try:
        while not lock.acquire():
            if another:
                return None, False
            if hand_over(paths):
                return None, True
            if time.monotonic() > deadline:
                log.warning("The window that is open does not answer; another one is opened.")
                return None, False
            time.sleep(0.03)
        try:
            return _open(folder, lock), False
        except BaseException:
            lock.release()
            raise
    except OSError as exc:
        log.warning("Later starts will open windows of their own: %s", exc)
        return None, False


def hand_over(paths: Sequence[str]) -> bool:
    """Whether a window that is open has taken the paths."""
    try:
        address = json.loads(read_regular(_address_file(data_folder())))
        with _connect(address) as connection:
            _let_come_to_the_front()
            message = {"secret": address["secret"], "paths": list(paths)}
            connection.sendall(json.dumps(message).encode() + b"\n")
            return _read_line(connection, PATIENCE) == _TAKEN
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as exc:
        log.info("No window has taken the files: %s", exc)
        return False


def _open(folder: Path, lock: Lock) -> Reception:
    """Listen, and write where. What a window left behind that crashed is replaced."""
    secret = os.urandom(16).hex()
    name = folder / "window.socket"
    files = [_address_file(folder)]
    _remove(files[0])
    listener = _listen_in_files(name)
    if listener is not None:
        files.append(name)
        address: dict[str, Any] = {"socket": str(name), "secret": secret}
    else:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            if sys.platform == "win32":
                # Else another program could listen at the same port and take what is meant for us.
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            listener.bind(("127.0.0.1", 0))
            listener.listen(8)
        except OSError:
            listener.close()
            raise
        address = {"port": listener.getsockname()[1], "secret": secret}
    try:
        _write_private(files[0], json.dumps(address))
    except OSError:
        listener.close()
        raise
    return Reception(lock, listener, secret, files)


def _listen_in_files(name: Path) -> socket.socket | None:
    """None where the system, the file system, or a path that is too long (some 100 bytes) has no such sockets."""
    if _IN_FILES is None:
        return None
    _remove(name)
    listener = socket.socket(_IN_FILES, socket.SOCK_STREAM)
    try:
        listener.bind(str(name))
        os.chmod(str(name), 0o600)
        listener.listen(8)
    except OSError as exc:
        listener.close()
        log.info("%s: %s; loopback is used.", name, exc)
        return None
    return listener


def _connect(address: Any) -> socket.socket:
    in_files = _IN_FILES is not None and "socket" in address
    connection = socket.socket(_IN_FILES if in_files else socket.AF_INET, socket.SOCK_STREAM)  # type: ignore[arg-type]
    try:
        connection.settimeout(PATIENCE)
        connection.connect(address["socket"] if in_files else ("127.0.0.1", address["port"]))
    except BaseException:
        connection.close()
        raise
    return connection


def _read_line(connection: socket.socket, seconds: float) -> bytes:
    """A line, which must be there in time as a whole. Raises OSError and ValueError."""
    line = b""
    deadline = time.monotonic() + seconds
    while not line.endswith(b"\n"):
        connection.settimeout(max(0.01, deadline - time.monotonic()))
        part = connection.recv(65536)
        if not part:
            raise ValueError("it broke off")
        line += part
        if len(line) > LONGEST:
            raise ValueError("it is too long")
        if time.monotonic() > deadline:
            raise ValueError("it took too long")
    return line


def _is_path(value: object) -> bool:
    return isinstance(value, str) and os.path.isabs(value) and "\0" not in value


def _address_file(folder: Path) -> Path:
    return folder / "window.json"


def _write_private(path: Path, text: str) -> None:
    """Written whole or not at all, by and for the user alone (mkstemp's files are)."""
    handle, temporary = tempfile.mkstemp(dir=str(path.parent), prefix=".window-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, str(path))
    except BaseException:
        os.unlink(temporary)
        raise


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except FileNotFoundError:
        pass
    except OSError as exc:
        log.info("%s could not be removed: %s", path, exc)


def _let_come_to_the_front() -> None:
    """Windows lets only the program that the user has just started take the front; it may pass that on."""
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.user32.AllowSetForegroundWindow(-1)
