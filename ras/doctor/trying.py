"""Tries code in a process of its own, where a crash of a library harms nobody."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from typing import Any


@functools.lru_cache(maxsize=None)
def probe(code: str, seconds: float = 120) -> dict[str, Any]:
    """Run code in a process of its own, where a crash of a library harms nobody; it answers by ``say(name=value)``.

    An ``error`` in the answer says in a few words why it did not get that far.
    """
    program = (
        "import sys, json; sys.path.pop(0)\n"  # the current folder, which may be anybody's
        f"def say(**values): print('\\n' + json.dumps(values), flush=True)\n{code}"
    )
    try:
        run = subprocess.run(
            [sys.executable, "-c", program],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as exc:
        return {"error": f"{type(exc).__name__} after {seconds:.0f} s" if "Timeout" in type(exc).__name__ else str(exc)}
    try:
        answer: dict[str, Any] = json.loads(run.stdout.strip().rpartition("\n")[2])
    except ValueError:
        words = run.stderr.strip().rpartition("\n")[2].strip() or f"it ended with code {run.returncode}"
        return {"error": words[:200].rstrip(".")}
    return answer
