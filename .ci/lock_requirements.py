"""Writes ras/launch/locked.txt: the exact releases that the set-up installs, with their checksums.

    python .ci/lock_requirements.py          with uv in this Python's environment, or on the PATH

Run it when requirements.txt or a stage changed, or when `pip-audit` (SECURITY.md) names a release; then run the tests.
uv resolves requirements.txt for every Python and platform that RAS is promised for. torch and torchvision are left out:
which file fits the machine is found at the set-up, and PyTorch's own index has other files than PyPI.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ras.launch.locked import LOCKED  # noqa: E402  (the path comes first)
from ras.launch.stages import CLIP, CORE, FAISS, KEYRING, OPENCV, lines_of  # noqa: E402

PYTHONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
PLATFORMS = {
    "windows": 'sys_platform == "win32"',
    "x86_64-manylinux_2_28": 'sys_platform == "linux" and platform_machine != "aarch64"',
    "aarch64-manylinux_2_28": 'sys_platform == "linux" and platform_machine == "aarch64"',
    "aarch64-apple-darwin": 'sys_platform == "darwin" and platform_machine == "arm64"',
    "x86_64-apple-darwin": 'sys_platform == "darwin" and platform_machine == "x86_64"',
}
SYSTEMS = {
    ("windows",): 'sys_platform == "win32"',
    ("x86_64-manylinux_2_28", "aarch64-manylinux_2_28"): 'sys_platform == "linux"',
    ("aarch64-apple-darwin", "x86_64-apple-darwin"): 'sys_platform == "darwin"',
}
STAGES = (CORE, OPENCV, FAISS, KEYRING, CLIP)
HEAD = """\
# The releases that the set-up installs, and the checksums of their files: pip takes no other file for them.
# Where one of these releases cannot be had, the set-up goes by requirements.txt, and says so.
# Made by `python .ci/lock_requirements.py`; each [stage] has what the ones before it do not have already.
"""

Pin = tuple  # (name, version)


class Resolved:
    """What uv found for one Python and platform."""

    def __init__(self, text: str) -> None:
        self.versions: dict[str, str] = {}
        self.hashes: dict[str, list[str]] = {}
        self.via: dict[str, set[str]] = {}
        name = ""
        for line in text.splitlines():
            pin = re.match(r"([\w.-]+)==([^\s;\\]+)", line)
            if pin:
                name = pin.group(1)
                self.versions[name], self.hashes[name], self.via[name] = pin.group(2), [], set()
            self.hashes.get(name, []).extend(re.findall(r"--hash=(\S+)", line))
            word = re.match(r"\s+#(?: via)?\s*([\w.-]+)?$", line)
            if word and word.group(1):
                self.via[name].add(word.group(1))

    def closure(self, names: set[str]) -> set[str]:
        """The packages and all that they need."""
        found = {name for name in self.versions if name in names}
        while True:
            more = {name for name, parents in self.via.items() if parents & found} - found
            if not more:
                return found
            found |= more


def resolve(lines: list[str], python: str, platform: str, *options: str) -> Resolved:
    uv = shutil.which("uv", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))))
    if uv is None:
        raise SystemExit("uv is missing; it is part of the extra “test”.")
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "asked.txt"
        asked.write_text("\n".join(lines), "utf-8")
        command = [uv, "pip", "compile", "--quiet", "--no-config", "--generate-hashes", "--only-binary", ":all:"]
        command += ["--no-header", "--python-version", python, "--python-platform", platform, *options, str(asked)]
        run = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    if run.returncode != 0:
        raise SystemExit(f"Python {python}, {platform}: {run.stderr.strip()}")
    return Resolved(run.stdout)


def marker(combinations: set[tuple[str, str]]) -> str:
    """Where a release is for, as pip reads it; empty for everywhere."""
    by_platforms: dict[tuple[str, ...], list[str]] = {}
    for python in PYTHONS:
        platforms = tuple(platform for platform in PLATFORMS if (python, platform) in combinations)
        if platforms:
            by_platforms.setdefault(platforms, []).append(python)
    parts = []
    for platforms, pythons in by_platforms.items():
        where = system_of(platforms)
        when = " or ".join(spans(pythons))
        both = [f"({text})" if " or " in text else text for text in (when, where) if text]
        parts.append(" and ".join(both))
    return "" if "" in parts else " or ".join(f"({part})" if len(parts) > 1 else part for part in parts)


def spans(pythons: list[str]) -> list[str]:
    """Unbroken ranges of versions; what the newest one gets is tried with later ones, too."""
    places = [PYTHONS.index(python) for python in pythons]
    starts = [place for place in places if place - 1 not in places]
    ends = [place for place in places if place + 1 not in places]
    texts = []
    for start, end in zip(starts, ends):
        bounds = [f'python_version >= "{PYTHONS[start]}"'] if start > 0 else []
        bounds += [f'python_version < "{PYTHONS[end + 1]}"'] if end + 1 < len(PYTHONS) else []
        texts.append(" and ".join(bounds))
    return texts


def system_of(platforms: tuple[str, ...]) -> str:
    if len(platforms) == len(PLATFORMS):
        return ""
    left, parts = list(platforms), []
    for system, text in SYSTEMS.items():
        if all(platform in left for platform in system):
            parts.append(text)
            left = [platform for platform in left if platform not in system]
    parts += [f"({PLATFORMS[platform]})" for platform in left]
    return " or ".join(parts)


def main() -> None:
    lines = [line for stage in STAGES if stage is not CLIP for line in lines_of(stage)]
    combinations = [(python, platform) for python in PYTHONS for platform in PLATFORMS]
    with ThreadPoolExecutor(4) as pool:
        found = dict(zip(combinations, pool.map(lambda pair: resolve(lines, *pair), combinations)))
        clip = dict(zip(combinations[:1], [resolve(lines_of(CLIP), "3.8", "windows", "--no-deps")]))
    text, placed = HEAD, set()
    for stage in STAGES:
        wanted = {re.split(r"[^\w.-]", line)[0].lower() for line in lines_of(stage)}
        where: dict[tuple[str, str], set[tuple[str, str]]] = {}
        hashes: dict[tuple[str, str], set[str]] = {}
        for pair, resolved in (clip if stage is CLIP else found).items():
            for name in resolved.closure(wanted):
                pin = (name, resolved.versions[name])
                if (pin, pair) in placed:
                    continue
                placed.add((pin, pair))
                where.setdefault(pin, set()).update(combinations if stage is CLIP else [pair])
                hashes.setdefault(pin, set()).update(resolved.hashes[name])
        text += f"\n# [{stage.name}]\n"
        for (name, version), pairs in sorted(where.items()):
            condition = marker(pairs)
            text += f"{name}=={version}" + (f" ; {condition}" if condition else "")
            text += "".join(f" \\\n    --hash={each}" for each in sorted(hashes[name, version])) + "\n"
    LOCKED.write_text(text, "utf-8")
    print(f"{LOCKED.relative_to(ROOT)}: {len(text.splitlines()):,} lines.")


if __name__ == "__main__":
    main()
