"""Runs a program of the environment, pip above all, as a job that can be stopped, and reads pip's words."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Generator, Sequence, TextIO
from urllib.parse import unquote

from ras.launch.place import Place, child_environment

Follow = Generator["str | None", None, int]
"""Yields lines of output, and None now and then while there is none; returns the exit code."""


def follow(
    command: Sequence[str], place: Place, log: TextIO, pass_fds: Sequence[int] = (), extra: dict[str, str] | None = None
) -> Follow:
    """Run a command. ``close()`` on the generator ends it, and all that it started, within a second."""
    log.write(f"\n$ {subprocess.list2cmdline(command)}\n")
    log.flush()
    windows = sys.platform == "win32"
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=str(place.folder),
        env={**child_environment(), "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8", **(extra or {})},
        encoding="utf-8",
        errors="replace",
        start_new_session=not windows,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        pass_fds=() if windows else tuple(pass_fds),
    )
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
    reader.start()
    try:
        while True:
            try:
                line = lines.get(timeout=0.1)
            except queue.Empty:
                yield None
                continue
            if line is None:
                return process.wait()
            if not line.startswith("Progress "):
                log.write(line)
                log.flush()
            yield line.rstrip()
    finally:
        if process.poll() is None:
            _end(process)
            log.write("(stopped)\n")
        reader.join(1)
        if process.stdout is not None and not reader.is_alive():
            process.stdout.close()


def _read(process: subprocess.Popen[str], lines: queue.SimpleQueue[str | None]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
    lines.put(None)


def _end(process: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        subprocess.run(
            ["taskkill", "/F", "/T", "/PID", str(process.pid)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    else:
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, signal_number)
                process.wait(0.5)
                break
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
    process.wait()


def pip_command(place: Place, *arguments: str) -> list[str]:
    """pip's command line. The user's own configuration counts; only where to install is ours to say."""
    # An empty value counts on the command line alone: pip passes over one in the environment or in a file, and a
    # target = of a pip.conf would go past the environment.
    ours = ["--target="] if arguments[0] == "install" else []
    return [str(place.python), "-m", "pip", *arguments[:1], *ours, *arguments[1:]]


def pip_environment(place: Place) -> dict[str, str]:
    ours = {
        "PIP_USER": "0",  # user = true in a pip.conf would go past the environment
        "PIP_PREFIX": "",
        "PIP_NO_INPUT": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_COLOR": "1",
        "TMPDIR": str(place.scratch),
        "TEMP": str(place.scratch),
        "TMP": str(place.scratch),
    }
    if "PIP_RESUME_RETRIES" not in os.environ:
        ours["PIP_RESUME_RETRIES"] = "5"
    return ours


def pip_version(place: Place) -> tuple[int, ...]:
    """(26, 3); (0,) where there is none."""
    found = [
        tuple(map(int, re.findall(r"\d+", path.name)[:2])) for path in site_packages(place).glob("pip-*.dist-info")
    ]
    return max(found, default=(0,))


def site_packages(place: Place) -> Path:
    folders = [*place.folder.glob("lib/python*/site-packages"), place.folder / "Lib" / "site-packages"]
    return folders[0]


@dataclass
class Reading:
    """What pip is at, by the lines it wrote so far."""

    text: str = ""
    done: int | None = None
    """Bytes of the file that is being downloaded."""
    total: int | None = None
    fetched: int = 0
    """Bytes of all files so far."""
    installing: bool = False

    def take(self, line: str) -> None:
        progress = re.match(r"Progress (\d+) of (\d+)", line)  # pip --progress-bar raw, since 24.1
        if progress:
            done, total = int(progress.group(1)), int(progress.group(2))
            if total > 0:
                self.fetched += max(0, done - (self.done or 0))
                self.done, self.total = done, total
            return
        words = line.split()
        if not words:
            return
        if words[0] == "Downloading" and len(words) > 1 and ".metadata" not in words[1]:
            self.text, self.done, self.total = f"Downloading {_package(words[1])}", None, None
        elif words[0] in ("Collecting", "Processing", "Obtaining"):
            name = re.split(r"[<>=!~;\[]", words[1])[0] if words[0] == "Collecting" else _package(words[1])
            if words[0] != "Obtaining":
                self.text, self.done, self.total = f"Looking at {name}", None, None
        elif line.startswith("Installing collected packages:"):
            names = line.partition(":")[2].split(",")
            last = names[-1].strip()
            self.text = (
                f"Unpacking {last}" if len(names) == 1 else f"Unpacking {len(names)} packages, {last} among them"
            )
            self.done, self.total, self.installing = None, None, True


def _package(path: str) -> str:
    """``…/torch-2.13.0%2Bcpu-cp311-….whl`` → ``torch 2.13.0``."""
    parts = unquote(path).replace("\\", "/").rpartition("/")[2].split("-")
    return f"{parts[0]} {parts[1].partition('+')[0]}" if len(parts) > 1 else parts[0]


def explain(lines: Sequence[str]) -> str:
    """Why pip failed, in a sentence, by its last words."""
    text = "\n".join(lines)
    for pattern, sentence in _REASONS:
        match = re.search(pattern, text, re.IGNORECASE)
        if match:
            return sentence.format(*match.groups())
    errors = [line.partition("ERROR:")[2].strip() for line in lines if "ERROR:" in line]
    last = errors[-1] if errors else next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
    return f"pip failed: {last[:300].rstrip('.')}."


def is_tampered(lines: Sequence[str]) -> bool:
    """Whether pip refused a file because of its checksum."""
    return re.search(_TAMPERED, "\n".join(lines)) is not None


_TAMPERED = r"THESE PACKAGES DO NOT MATCH THE HASHES"
_REASONS = (
    (r"No space left on device|not enough space on the disk|\[Errno 28\]", "The disk is full."),
    (
        r"CERTIFICATE_VERIFY_FAILED",
        "The package index shows a certificate that is not trusted here; behind a company’s proxy, tell pip its "
        "certificate (pip config set global.cert FILE).",
    ),
    (
        r"NewConnectionError|NameResolutionError|Failed to establish a new connection|ConnectTimeout|ProxyError"
        r"|Read timed out|Connection (?:refused|reset|aborted|broken)|Network is unreachable|IncompleteRead",
        "The package index could not be reached, or the connection broke; check the network.",
    ),
    (
        r"No matching distribution found for (\S+)",
        "No release of {0} was found that fits this Python and this machine.",
    ),
    (r"Permission denied|Access is denied", "A file could not be written: permission was denied."),
    (
        _TAMPERED,
        "A downloaded file is not the one that RAS was tested with: it was damaged or changed on the way, or the "
        "package index has another one. Nothing of it was installed; try again, in another network if it stays so.",
    ),
)
