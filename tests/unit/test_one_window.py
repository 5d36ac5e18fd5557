"""The one window: who becomes it, what later starts hand over, and what is not listened to."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Iterator

import pytest

from ras import one_window
from ras.launch.lock import Lock
from ras.one_window import LONGEST, Handed, Reception, enter, hand_over
from ras.paths import REPOSITORY


@pytest.fixture(params=["socket of the file system", "loopback"])
def reception(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, ras_home: Path) -> Iterator[Reception]:
    if request.param == "loopback":
        monkeypatch.setattr(one_window, "_listen_in_files", lambda _name: None)
    elif not hasattr(socket, "AF_UNIX"):
        pytest.skip("this system has no such sockets")
    reception, taken = enter([])
    assert reception is not None
    assert not taken
    yield reception
    reception.close()


def handed(reception: Reception) -> list[Handed]:
    """What has come; a later start is told only after it was kept."""
    return reception.take()


def address(home: Path) -> Any:
    return json.loads((home / "window.json").read_text("utf-8"))


def raw(home: Path, message: bytes) -> bytes:
    """What is answered to bytes."""
    connection = one_window._connect(address(home))
    with connection:
        connection.sendall(message)
        connection.settimeout(10)
        try:
            return connection.recv(100)
        except ConnectionError:  # closed with bytes unread
            return b""


def test_a_later_start_hands_its_files_over(reception: Reception, tmp_path: Path) -> None:
    paths = [str(tmp_path / "ärchive “1”.json"), str(tmp_path / "picture.png")]
    assert enter(paths) == (None, True)
    assert handed(reception) == [Handed(tuple(paths))]


def test_a_name_of_any_bytes_arrives(reception: Reception) -> None:
    path = os.fsdecode(b"/somewhere/\xff\xfe.json")
    assert enter([path]) == (None, True)
    assert handed(reception) == [Handed((path,))]


def test_without_files_it_is_asked_for_the_front(reception: Reception) -> None:
    assert enter([]) == (None, True)
    assert handed(reception) == [Handed(())]


def test_another_window_is_opened_when_it_is_asked_for(reception: Reception) -> None:
    assert enter(["/a.json"], another=True) == (None, False)
    assert handed(reception) == []


def test_what_it_listens_at_is_the_user_s_alone(reception: Reception, ras_home: Path) -> None:
    where = address(ras_home)
    if sys.platform != "win32":
        assert stat.S_IMODE((ras_home / "window.json").stat().st_mode) == 0o600
    if "socket" in where:
        assert stat.S_IMODE(os.stat(where["socket"]).st_mode) == 0o600
    else:
        assert reception._listener.getsockname()[0] == "127.0.0.1"


def test_who_does_not_know_the_secret_is_not_listened_to(reception: Reception, ras_home: Path) -> None:
    assert raw(ras_home, b'{"secret": "guessed", "paths": ["/a.json"]}\n') == b""
    assert raw(ras_home, b'{"paths": ["/a.json"]}\n') == b""
    assert handed(reception) == []
    assert hand_over(["/b.json"])  # it goes on listening


@pytest.mark.parametrize(
    "paths", ["/a.json", ["relative.json"], ["/a\0.json"], [1], [["/a"]], {"/a": 1}, None, ["https://example.org/a"]]
)
def test_only_paths_are_taken(reception: Reception, ras_home: Path, paths: object) -> None:
    secret = address(ras_home)["secret"]
    assert raw(ras_home, json.dumps({"secret": secret, "paths": paths}).encode() + b"\n") == b""
    assert handed(reception) == []


@pytest.mark.parametrize(
    "message", [b"\n", b"[]\n", b"\xff\xfe\n", b"{" * 100_000 + b"\n", b"[" * 200_000 + b"\n", b'"secret"\n']
)
def test_nonsense_is_not_answered(reception: Reception, ras_home: Path, message: bytes) -> None:
    assert raw(ras_home, message) == b""
    assert hand_over(["/b.json"])


def test_a_message_is_bounded(reception: Reception, ras_home: Path) -> None:
    with one_window._connect(address(ras_home)) as connection:
        connection.settimeout(10)
        with contextlib.suppress(ConnectionError):
            connection.sendall(b"x" * LONGEST * 20)
            pytest.fail("it should have hung up")
    assert hand_over(["/b.json"])


def test_one_who_says_nothing_does_not_hold_up_the_next(
    reception: Reception, ras_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_window, "HEARING", 0.3)
    with one_window._connect(address(ras_home)):
        assert hand_over(["/b.json"])


def test_a_window_that_does_not_answer_is_not_waited_for(ras_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that hangs: it has the lock, and takes connections only as far as its system does."""
    monkeypatch.setattr(one_window, "PATIENCE", 0.2)
    monkeypatch.setattr(one_window, "_STARTING", 0.5)
    lock = Lock(ras_home / "window.lock")
    assert lock.acquire()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        (ras_home / "window.json").write_text(json.dumps({"port": listener.getsockname()[1], "secret": "x"}))
        assert enter(["/a.json"]) == (None, False)
    lock.release()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"port": 0, "secret": 1}', '{"port": 1e99}', '{"socket": 5}', "nul"])
def test_a_damaged_address_is_not_followed(ras_home: Path, text: str) -> None:
    (ras_home / "window.json").write_text(text)
    assert not hand_over(["/a.json"])


def test_two_that_start_at_the_same_time_become_one_window(ras_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second finds the lock taken before the first listens, and waits for it."""
    listens = threading.Event()

    def slowly(folder: Path, lock: Lock, whole=one_window._open) -> Reception:
        time.sleep(0.3)
        listens.set()
        return whole(folder, lock)

    monkeypatch.setattr(one_window, "_open", slowly)
    found: list = []
    first = threading.Thread(target=lambda: found.append(enter([])))
    first.start()
    while not (ras_home / "window.lock").exists():
        time.sleep(0.01)
    time.sleep(0.05)
    assert enter(["/a.json"]) == (None, True)
    first.join()
    reception = found[0][0]
    assert handed(reception) == [Handed(("/a.json",))]
    reception.close()


def test_a_crash_leaves_nothing_in_the_way(ras_home: Path) -> None:
    program = "import os; from ras.one_window import enter; print(enter([])[0] is not None, flush=True); os._exit(9)"
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.stdout == "True\n"
    assert (ras_home / "window.json").exists(), "the test is of what is left behind"
    reception, taken = enter(["/a.json"])
    assert reception is not None
    assert not taken
    assert hand_over(["/b.json"])
    reception.close()


def test_closed_it_leaves_no_trace_and_the_next_is_the_window(ras_home: Path) -> None:
    first, _ = enter([])
    assert first is not None
    first.close()
    first._thread.join(5)
    assert not first._thread.is_alive()
    assert {path.name for path in ras_home.iterdir()} == {"window.lock"}
    second, taken = enter(["/a.json"])
    assert second is not None
    assert not taken
    second.close()


def test_a_path_too_long_for_a_socket_uses_loopback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / ("long " * 30)
    monkeypatch.setenv("RAS_HOME", str(home))
    reception, _ = enter([])
    assert reception is not None
    assert "port" in address(home)
    assert enter(["/a.json"]) == (None, True)
    assert handed(reception) == [Handed(("/a.json",))]
    reception.close()


def test_each_data_folder_has_a_window_of_its_own(
    reception: Reception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAS_HOME", str(tmp_path / "other"))
    other, taken = enter(["/a.json"])
    assert other is not None
    assert not taken
    assert handed(reception) == []
    other.close()


def test_a_data_folder_that_cannot_be_made_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RAS_HOME", str(tmp_path / "file" / "home"))
    assert enter(["/a.json"]) == (None, False)


def test_a_later_start_loads_no_window() -> None:
    program = "import sys, ras.cli, ras.one_window; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert not {"tkinter", "numpy", "PIL", "ras.gui.app"} & set(done.stdout.split())
