"""The locked releases fit what is asked for, on every Python and platform, and none is without a checksum."""

from __future__ import annotations

import re

import pytest
from pip._vendor.packaging.requirements import Requirement

from ras.launch.locked import locked_lines
from ras.launch.stages import CLIP, CORE, FAISS, KEYRING, OPENCV, lines_of
from ras.paths import ASSETS

STAGES = (CORE, OPENCV, FAISS, KEYRING, CLIP)
PLATFORMS = (("win32", "AMD64"), ("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"), ("darwin", "x86_64"))


def pins(stage: str) -> list[tuple[Requirement, int]]:
    """Each release with the number of its checksums."""
    entries = re.split(r"\n(?=\S)", locked_lines(stage))
    return [
        (Requirement(re.split(r" \\\n", entry)[0]), len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", entry)))
        for entry in entries
    ]


def holds(requirement: Requirement, place: dict[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(place)


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_every_release_is_exact_and_has_checksums(stage: object) -> None:
    found = pins(stage.name)  # type: ignore[attr-defined]
    assert found
    for requirement, hashes in found:
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), requirement
        assert hashes >= 1, requirement


@pytest.mark.parametrize("python", ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"])
@pytest.mark.parametrize(("system", "machine"), PLATFORMS)
def test_what_is_asked_for_is_locked_once(python: str, system: str, machine: str) -> None:
    place = {"python_version": python, "sys_platform": system, "platform_machine": machine}
    known: dict[str, str] = {}
    for stage in STAGES:
        for requirement, _hashes in pins(stage.name):
            if holds(requirement, place):
                assert requirement.name not in known, f"{requirement.name} twice"
                known[requirement.name] = str(requirement.specifier)[2:]
    for asked in (Requirement(line) for stage in STAGES for line in lines_of(stage)):
        if holds(asked, place):
            assert known[asked.name.lower()] in asked.specifier, asked


def test_the_licence_of_every_release_is_listed() -> None:
    listed = re.findall(r"^\| ([\w.-]+) \| \w", (ASSETS / "licences.md").read_text("utf-8"), re.MULTILINE)
    known = {requirement.name for stage in STAGES for requirement, _hashes in pins(stage.name)}
    assert known | {"torch", "torchvision"} <= set(listed)


@pytest.mark.parametrize("stage", ["torch", "torchvision", "pip", "tests"])
def test_a_stage_that_is_not_locked_has_no_section(stage: str) -> None:
    assert locked_lines(stage) == ""
