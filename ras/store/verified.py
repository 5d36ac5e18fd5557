"""When a store was read through the last time, and what was found: a small file in its folder, which goes with it."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from ras import store_files
from ras.regular_file import read_regular
from ras.store.values import VerifyReport

log = logging.getLogger(__name__)

FILE = store_files.VERIFIED
_MOST_BYTES = 1_000_000
_MOST_SENTENCES = 100


@dataclass(frozen=True)
class LastVerify:
    at: datetime
    """Aware."""
    report: VerifyReport


def keep(folder: Path, report: VerifyReport) -> None:
    """Write down what was found just now. Where that cannot be written, it is only logged."""
    told = {
        "at": datetime.now(timezone.utc).isoformat(),
        "shards": report.shards,
        "damaged": list(report.damaged[:_MOST_SENTENCES]),
        "lost": report.lost,
        "previews": report.previews,
    }
    part = folder / f".{secrets.token_hex(6)}.part"
    try:
        try:
            part.write_text(json.dumps(told), "utf-8")
            os.replace(str(part), str(folder / FILE))
        except BaseException:
            with contextlib.suppress(OSError):
                part.unlink()
            raise
    except OSError as exc:
        log.warning("What the verification found could not be kept in %s: %s", folder, exc)


def last_verify(folder: Path) -> LastVerify | None:
    """What ``keep`` wrote last; None where nothing was, or it cannot be read."""
    try:
        told = json.loads(read_regular(folder / FILE, _MOST_BYTES))
        at = datetime.fromisoformat(told["at"])
        lost, previews = int(told["lost"]), int(told.get("previews", 0))  # older ones say nothing of previews
        report = VerifyReport(int(told["shards"]), tuple(map(str, told["damaged"])), lost, previews)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, RecursionError, OverflowError) as exc:
        log.warning("%s cannot be read: %r", folder / FILE, exc)
        return None
    return LastVerify(at, report) if at.tzinfo is not None else None


def forget(folder: Path) -> None:
    """What was verified is gone."""
    with contextlib.suppress(OSError):
        (folder / FILE).unlink()
