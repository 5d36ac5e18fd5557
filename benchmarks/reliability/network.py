"""The program, as a process with its own patience, indexes from servers that have every fault."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterator

from benchmarks.reliability.rows import Row
from ras.cli.codes import NOTHING, SUCCESS
from ras.errors import SkipReason
from tests.cdn_double import CA_FILE
from tests.reliability.bad_network import LASTING, PASSING, BadNetwork

THROTTLED = 60.0
"""Seconds for which some pictures are answered by 429 alone."""


def run(scale: float, seed: int, folder: Path) -> Iterator[Row]:
    """Four of every fault at full scale, and eight plain pictures beside each.

    Indexed again until nothing changes any more, twice: those that stall may all have come first, by chance.
    """
    each = max(1, round(4 * scale))
    with BadNetwork(folder / "export", each=each, seed=seed, throttled=THROTTLED, plain=8) as network:
        runs, same, took, most = 0, 0, 0.0, 0
        left_out: dict[str, SkipReason] = {}
        while same < 2:
            before = left_out
            left_out, seconds, memory = _index(network, folder / "failures.csv")
            same = same + 1 if runs and left_out == before else 0
            runs, took, most = runs + 1, took + seconds, max(most, memory)
        wrong = network.broken(left_out)
    for one in wrong:
        print(one, file=sys.stderr)
    kinds = len(PASSING) + len(LASTING) + 1
    note = f"all that can be had after {runs - 2} of {runs} runs, {took:.0f} s; {most / 1e6:.0f} MB at most"
    yield Row(f"{kinds} faults, one of them a minute of 429", len(network.expected), len(wrong), note)


def _index(network: BadNetwork, report: Path) -> tuple[dict[str, SkipReason], float, int]:
    """What was left out and why, the seconds that it took, and the most bytes of memory."""
    command = [sys.executable, "-m", "ras", "index", str(network.export), "--encoder", "fingerprint"]
    command += [
        "--failures",
        str(report),
        "--force",
        *(part for host in network.hosts for part in ("--allow-host", host)),
    ]
    environment = {**os.environ, "REQUESTS_CA_BUNDLE": CA_FILE}
    began, most = time.monotonic(), 0
    report.unlink(missing_ok=True)  # of the run before, which would stand for this one if that wrote none
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            while process.poll() is None:
                most = max(most, _resident(process.pid))
                time.sleep(0.2)
        except BaseException:
            process.kill()
            raise
    if process.returncode not in (SUCCESS, NOTHING):
        raise RuntimeError(f"ras index ended with {process.returncode}")
    words = {reason.text: reason for reason in SkipReason}
    with report.open(encoding="utf-8-sig", newline="") as file:
        left_out = {row["file name"]: words[row["reason"]] for row in csv.DictReader(file)}
    return left_out, time.monotonic() - began, most


def _resident(program: int) -> int:
    """Bytes of memory that the process and all that it started have in use (Linux: proc(5))."""
    family, pages = {program}, 0
    for process in sorted(map(int, filter(str.isdecimal, os.listdir("/proc")))):
        try:
            facts = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if process in family or int(facts[1]) in family:
            family.add(process)
            pages += int(facts[21])
    return pages * os.sysconf("SC_PAGE_SIZE")
