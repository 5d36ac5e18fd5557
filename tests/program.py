"""RAS as a program: runs command lines in processes of their own, on small archives."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Sequence

from tests.cdn_double import CdnDouble
from tests.exports import attachment, make_export, message, signed

REPOSITORY = Path(__file__).resolve().parents[1]

FINGERPRINT = ("--encoder", "fingerprint")


def ras(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """``ras("search", export, picture)``; the data folder is the test's own."""
    with start(*arguments, **environment) as process:
        try:
            stdout, stderr = process.communicate(timeout=60)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def start(*arguments: object, **environment: str) -> subprocess.Popen[str]:
    """The same, without waiting for its end."""
    return subprocess.Popen(
        [sys.executable, "-m", "ras", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "utf-8", **environment},
    )


def gradient(seed: int, side: int = 320) -> bytes:
    """The file of a picture with structure enough for a fingerprint; the same seed in another size is a copy."""
    import numpy as np
    from PIL import Image

    blocks = np.random.default_rng(seed).integers(0, 255, (6, 6, 3)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(blocks).resize((side, side), Image.Resampling.BICUBIC).save(file, "PNG")
    return file.getvalue()


def unprivileged(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run RAS so that permissions count, which for root they do not."""
    command = [sys.executable, "-m", "ras", *map(str, arguments)]
    if os.geteuid() == 0:
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, timeout=60, check=False)


def in_terminal(*arguments: object, answer: str | None = None) -> tuple[int, str]:
    """Run RAS on a pseudo-terminal of 120 columns; exit code and all that was seen on it."""
    code, seen, _ = on_terminal([sys.executable, "-m", "ras", *map(str, arguments)], 120, answer=answer)
    return code, seen


def on_terminal(
    command: Sequence[str], columns: int, *, only_errors: bool = False, answer: str | None = None
) -> tuple[int, str, str]:
    """Run a command on a pseudo-terminal; its exit code, what was seen there, and its standard output.

    With ``only_errors`` the terminal has standard error alone; else all, and the last one is empty.
    """
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "TERM": "xterm"}
    stdout = subprocess.PIPE if only_errors else theirs
    with subprocess.Popen(command, stdin=theirs, stdout=stdout, stderr=theirs, env=environment) as process:
        os.close(theirs)
        if answer is not None:
            os.write(ours, answer.encode() + b"\n")
        seen = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            seen += part
        os.close(ours)
        printed = process.stdout.read() if process.stdout else b""
    return process.returncode, seen.decode("utf-8", "replace"), printed.decode("utf-8", "replace")


def picture(path: Path, seed: int) -> Path:
    path.write_bytes(gradient(seed, 200))
    return path


def local_export(folder: Path, *seeds: int, **about: Any) -> Path:
    """An export with pictures beside it: ``<seed>.png`` for each."""
    messages = [message(f"number {seed}", [attachment(f"{seed}.png", data=gradient(seed))]) for seed in seeds]
    return make_export(folder, messages=messages, media=True, **about)


def online_export(folder: Path, cdn: CdnDouble, *seeds: int, expires: datetime | None = None) -> Path:
    """An export of links to the double, which serves them, signed as Discord does; ids are the same every time."""
    messages = []
    for seed in seeds:
        url = signed(cdn.serve(f"/attachments/1/{seed}/{seed}.png", gradient(seed)), expires)
        messages.append(message("", [attachment(f"{seed}.png", url=url, id=str(seed))], id=str(10_000 + seed)))
    return make_export(folder, messages=messages)


def index(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    done = ras("index", *arguments, *FINGERPRINT, **environment)
    assert "Traceback" not in done.stderr
    return done


def search(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return ras("search", *arguments, *FINGERPRINT, **environment)


def found(*arguments: object) -> Any:
    done = search(*arguments, "--json")
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def names(report: Any) -> list[str]:
    return [result["file_name"] for result in report["results"]]


def listed() -> list[Any]:
    return json.loads(ras("archives", "--json").stdout)["archives"]
